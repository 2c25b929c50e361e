"""The rights of a compiled estate as if it were deployed: a small organization with what the templates make in it, for the evaluator.

CloudFormation is read naively on purpose: nothing of it is shared with the compiler or with the twin.
"""

import json
import re

from strongroom import facts
from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.origin import LiveOrigin

ORGANIZATION, ROOT, WORKLOADS, SECURITY = "o-example000", "r-ex00", "ou-ex00-11111111", "ou-ex00-22222222"
MANAGEMENT, ADMIN, CENTRAL, LOGS = "111111111111", "222222222222", "333333333333", "444444444444"
SHOP, LEDGER = "555555555555", "666666666666"  # governed
STRANGER = "999999999999"  # in another organization
HOME = "eu-west-2"
EVERYWHERE = (ROOT, WORKLOADS, SECURITY, ADMIN, CENTRAL, LOGS, SHOP, LEDGER)
PARAMETERS = {"OrganizationId": ORGANIZATION, "GovernedPaths": [f"{ORGANIZATION}/{ROOT}/{WORKLOADS}/*"]}
# buckets have policies of their own, which a strategy doesn't write
BUCKETS = tuple(
    GuardedResource(arn=f"arn:aws:s3:::{name}", account=SHOP, origin=LiveOrigin(SHOP, "", name)) for name in ("example", "example-restored")
)
# a vault without any policy: what a role may do there, its own policies allow
BARE = GuardedResource(arn=f"arn:aws:backup:{HOME}:{SHOP}:backup-vault:bare", account=SHOP, origin=LiveOrigin(SHOP, HOME, "bare"))
LINKED = {
    "backup.amazonaws.com/AWSServiceRoleForBackup": "AWSBackupServiceLinkedRolePolicyForBackup",
    "restore-testing.backup.amazonaws.com/AWSServiceRoleForBackupRestoreTesting": "AWSServiceRolePolicyForBackupRestoreTesting",
}


def access(estate, *, rails=False):
    """Everything that the estate's templates make, in two governed accounts and in the accounts of its stacks."""
    places = [(each.template, account, region) for each in estate.stack_sets for account in (SHOP, LEDGER) for region in each.regions]
    places += [(each.template, each.account, each.region) for each in estate.stacks]
    made = [thing for place in places for thing in things(*place)]
    everybody = (ADMIN, CENTRAL, LOGS, SHOP, LEDGER)
    controls = [
        _control("FullAWSAccess", '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}', *EVERYWHERE)
    ]
    controls += [_control(each.name, each.content, WORKLOADS) for each in estate.rails] if rails else []
    return Access(
        organization_id=ORGANIZATION,
        accounts=(
            AccessAccount(id=MANAGEMENT, parents=(ROOT,), management=True),
            *(AccessAccount(id=account, parents=(ROOT, WORKLOADS)) for account in (SHOP, LEDGER)),
            *(AccessAccount(id=account, parents=(ROOT, SECURITY)) for account in (ADMIN, CENTRAL, LOGS)),
        ),
        principals=(
            *(thing for thing in made if isinstance(thing, Principal)),
            *(_linked(account, role, policy) for account in everybody for role, policy in LINKED.items()),
        ),
        resources=(*(thing for thing in made if isinstance(thing, GuardedResource)), *BUCKETS, BARE),
        controls=tuple(controls),
    )


def things(template, account, region):
    """Yield the roles, keys and vaults that a template makes in one place."""
    document = json.loads(template)
    for name, resource in document["Resources"].items():
        if not _holds({"Condition": resource["Condition"]} if "Condition" in resource else True, document, account, region):
            continue
        properties = resolved(resource.get("Properties", {}), document, account, region)
        here = LiveOrigin(account, region, name)
        if resource["Type"] == "AWS::IAM::Role":
            yield _role(account, properties, here)
        elif resource["Type"] in {"AWS::KMS::Key", "AWS::KMS::ReplicaKey"}:
            yield _guarded(key_arn(account, region, name), account, properties["KeyPolicy"], here)
        elif resource["Type"].endswith("BackupVault"):
            arn = vault_arn(account, properties["BackupVaultName"], region)
            yield _guarded(arn, account, properties.get("AccessPolicy"), here, air_gapped="Logically" in resource["Type"])


def vault_arn(account, name, region=HOME):
    return f"arn:aws:backup:{region}:{account}:backup-vault:{name}"


def role_arn(account, name):
    return f"arn:aws:iam::{account}:role/{name}"


def key_arn(account, region=HOME, logical="KeyBackup"):
    return f"arn:aws:kms:{region}:{account}:key/{logical}"


def resolved(value, document, account, region):
    """What CloudFormation makes of a value in one account and Region."""
    if isinstance(value, list):
        return [resolved(each, document, account, region) for each in value]
    if not isinstance(value, dict):
        return value
    if set(value) == {"Ref"}:
        return _known(account, region).get(value["Ref"], value["Ref"])
    if set(value) == {"Fn::Sub"}:
        known = _known(account, region)
        return re.sub(r"\$\{([A-Za-z:]+)\}", lambda found: known.get(found[1], found[0]), value["Fn::Sub"])
    if set(value) == {"Fn::GetAtt"}:
        return key_arn(account, region, value["Fn::GetAtt"][0])
    return {key: resolved(each, document, account, region) for key, each in value.items()}


def _known(account, region):
    return {"AWS::AccountId": account, "AWS::Region": region, "AWS::Partition": "aws", "AWS::StackName": "stack", **PARAMETERS}


def _holds(condition, document, account, region):
    if isinstance(condition, bool):
        return condition
    ((name, argument),) = condition.items()
    if name == "Condition":
        return _holds(document["Conditions"][argument], document, account, region)
    if name == "Fn::Equals":
        first, second = resolved(argument, document, account, region)
        return first == second
    held = [_holds(each, document, account, region) for each in argument]
    return {"Fn::Or": any(held), "Fn::And": all(held), "Fn::Not": not held[0]}[name]


def _role(account, properties, here):
    name = properties["RoleName"]
    texts = [(policy["PolicyName"], json.dumps(policy["PolicyDocument"])) for policy in properties.get("Policies", [])]
    texts += [(arn, facts.managed_policies()[arn].text) for arn in properties.get("ManagedPolicyArns", [])]
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=role_arn(account, name),
        identity=tuple(PolicyText(name=each, text=text, origin=here) for each, text in texts),
        trust=PolicyText(name=f"trust of {name}", text=json.dumps(properties["AssumeRolePolicyDocument"]), origin=here),
        origin=here,
    )


def _guarded(arn, account, policy, here, *, air_gapped=None):
    text = None if policy is None else PolicyText(name=f"policy of {arn}", text=json.dumps(policy), origin=here)
    tags = (("strongroom:strategy", "tiers"),)
    return GuardedResource(arn=arn, account=account, policy=text, tags=tags, air_gapped=air_gapped, origin=here)


def _linked(account, role, policy):
    here = LiveOrigin(account, "", role)
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=f"arn:aws:iam::{account}:role/aws-service-role/{role}",
        identity=(PolicyText(name=policy, text=facts.managed_policy(policy).text, origin=here),),
        trust=None,
        origin=here,
    )


def _control(name, text, *targets):
    written = PolicyText(name=name, text=text, origin=LiveOrigin(MANAGEMENT, "", name))
    return ControlPolicy(id=f"p-{name.lower()}", name=name, type=ControlType.SCP, policy=written, targets=targets)
