"""A compiled estate as one workload account and the accounts that are named will have it, and the jobs that it asks AWS Backup for.

Only the compiler's own templates are read: its few functions and conditions are resolved, anything else is a mistake of ours.
The workload account is an example; every governed one is like it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, Final

from strongroom import facts
from strongroom.checks.walk import PlacedCopy, copy_subject, rule_subject
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
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.names import EVERY_ACCOUNT, Region, ResourceType, partition_of
from strongroom.domain.origin import BuiltIn, Origin, Unread
from strongroom.semantics.authorization import awsroles
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.calls import Call, Judged, calls_of, judge, unsupported
from strongroom.semantics.authorization.places import Operation, Places, When

ORGANIZATION: Final = "o-example000"
ROOT: Final = "r-ex00"
MANAGEMENT: Final = "111111111111"
_EXAMPLES: Final = ("555555555555", "666666666666", "777777777777", "888888888888", "999999999999", "555566667777")
_VARIABLE: Final = re.compile(r"\$\{([A-Za-z:]+)\}")
_EVERYTHING: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultThere:
    """A vault where a template puts it."""

    arn: str
    key: str | Unread | None  # ARN; None: AWS manages it


@dataclass(frozen=True)  # without slots: what is derived is kept
class Deployed:
    """A compiled estate in an example organization: one workload account, and the accounts that the strategy names."""

    estate: Estate

    @cached_property
    def workload(self) -> str:
        """The example account."""
        taken = {str(stack.account) for stack in self.estate.stacks}
        return next(each for each in _EXAMPLES if each not in taken)

    def role(self, operation: Operation) -> str:
        """ARN of the role that AWS Backup takes on for an operation in the workload account."""
        roles = self.estate.roles
        return f"arn:{self.partition}:iam::{self.workload}:role/{roles.restore if operation is Operation.RESTORE else roles.backup}"

    @property
    def organization_path(self) -> str:
        """Where the accounts are, as backup:CopyTargetOrgPaths has it."""
        return f"{ORGANIZATION}/{ROOT}/"

    def vault(self, name: str, account: str, region: str) -> VaultThere | None:
        """Return a vault by its name; None where no template makes it."""
        return self._vaults.get((name, account, region))

    @cached_property
    def access(self) -> Access:
        """Everything that decides who may do what."""
        accounts = sorted({self.workload, *(account for account, _, _ in self._templates)})
        return Access(
            organization_id=ORGANIZATION,
            accounts=tuple(AccessAccount(id=account, parents=(ROOT,)) for account in accounts),
            principals=(
                *(principal for account in accounts for principal in awsroles.service_linked_roles(account, self.partition)),
                *(_role(properties, account, region) for kind, properties, account, region, _ in self._resources if kind == "Role"),
            ),
            resources=tuple(self._guarded()),
            controls=tuple(self._controls()),
        )

    def key_arn(self, properties: Any, account: str, region: str, logical: str) -> str:
        """Return the ARN of a key that a template makes; a multi-Region key has one id, which the strategy may know."""
        primary = properties.get("PrimaryKeyArn")
        if primary is None and properties.get("MultiRegion"):
            named = (key for key in self.estate.keys if logical.lower() == "key" + "".join(filter(str.isalnum, key.name)).lower())
            primary = next((key.arn for key in named), None)
        name = primary.rpartition("/")[2] if primary else logical.lower()
        return f"arn:{partition_of(Region(region))}:kms:{region}:{account}:key/{name}"

    def _controls(self) -> Iterator[ControlPolicy]:
        """Yield the guard rails, as if they reached every account: what they stop there must not be needed anywhere."""
        texts = {"FullAWSAccess": _EVERYTHING, **{rail.name: rail.content for rail in self.estate.rails}}
        for name, content in texts.items() if self.estate.rails else ():
            policy = PolicyText(name=f"service control policy {name}", text=content, origin=BuiltIn())
            targets = (ROOT, *dict.fromkeys(account for account, _, _ in self._templates)) if name == "FullAWSAccess" else (ROOT,)
            yield ControlPolicy(id=f"p-{name}", name=name, type=ControlType.SCP, policy=policy, targets=targets)

    def _guarded(self) -> Iterator[GuardedResource]:
        for kind, properties, account, region, logical in self._resources:
            if kind in {"Key", "ReplicaKey"}:
                arn = self.key_arn(properties, account, region, logical)
                tags = tuple((each["Key"], each["Value"]) for each in properties["Tags"])
                yield _with_policy(arn, account, f"policy of key {logical} in account {account}, {region}", properties["KeyPolicy"], tags)
            elif kind == "BackupVault":
                arn, policy = _vault_arn(properties, account, region), properties.get("AccessPolicy")
                tags = tuple(properties["BackupVaultTags"].items())
                yield _with_policy(arn, account, f"access policy of vault {properties['BackupVaultName']}", policy, tags)

    @cached_property
    def _vaults(self) -> Mapping[tuple[str, str, str], VaultThere]:
        return {
            (properties["BackupVaultName"], account, region): VaultThere(
                arn=_vault_arn(properties, account, region), key=properties.get("EncryptionKeyArn")
            )
            for kind, properties, account, region, _ in self._resources
            if kind == "BackupVault"
        }

    @cached_property
    def _resources(self) -> tuple[tuple[str, Any, str, str, str], ...]:
        """Kind, properties, account, Region and logical id of everything."""
        return tuple(self._deployed())

    def _deployed(self) -> Iterator[tuple[str, Any, str, str, str]]:
        for account, region, text in self._templates:
            template = json.loads(text)
            place = _Place(self, account, region, template)
            for logical, resource in template["Resources"].items():
                if place.holds(resource.get("Condition")):
                    yield resource["Type"].rpartition("::")[2], place.resolved(resource["Properties"]), account, region, logical

    @cached_property
    def _templates(self) -> tuple[tuple[str, str, str], ...]:
        stacks = tuple((str(stack.account), str(stack.region), stack.template) for stack in self.estate.stacks)
        return (
            *((self.workload, str(region), each.template) for each in self.estate.stack_sets for region in each.regions),
            *stacks,
        )

    @property
    def partition(self) -> str:
        """The partition of AWS that the strategy is for."""
        return partition_of(self.estate.organization.home_region)


@dataclass(frozen=True)
class _Place:
    """A template in an account and Region."""

    deployed: Deployed
    account: str
    region: str
    template: Any

    def holds(self, condition: str | None) -> bool:
        return condition is None or self._truth(self.template["Conditions"][condition])

    def resolved(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self.resolved(each) for each in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, argument), *_ = value.items()
            if name == "Ref":
                return self._named(argument)
            if name == "Fn::Sub":
                return _VARIABLE.sub(lambda found: self._named(found[1]), argument)
            if name == "Fn::GetAtt":
                logical = argument[0]
                return self.deployed.key_arn(self.template["Resources"][logical]["Properties"], self.account, self.region, logical)
        return {key: self.resolved(each) for key, each in value.items()}

    def _named(self, name: str) -> Any:
        return {
            "AWS::AccountId": self.account,
            "AWS::Region": self.region,
            "AWS::Partition": partition_of(Region(self.region)),
            "OrganizationId": ORGANIZATION,
            "ManagementAccountId": MANAGEMENT,
            "GovernedPaths": [f"{ORGANIZATION}/{ROOT}/*"],
        }.get(name, name)

    def _truth(self, condition: Any) -> bool:
        (name, arguments), *_ = condition.items()
        if name == "Fn::Or":
            return any(self._truth(each) for each in arguments)
        if name == "Fn::Not":
            return not self._truth(arguments[0])
        one, other = (self.resolved(each) for each in arguments)
        return bool(one == other)


def _role(properties: Any, account: str, region: str) -> Principal:
    arn = f"arn:{partition_of(Region(region))}:iam::{account}:role/{properties['RoleName']}"
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=arn,
        identity=(
            *(_managed(each) for each in properties.get("ManagedPolicyArns", ())),
            *(
                PolicyText(name=f"policy {each['PolicyName']}", text=json.dumps(each["PolicyDocument"]), origin=BuiltIn())
                for each in properties.get("Policies", ())
            ),
        ),
        trust=PolicyText(
            name=f"trust policy of role {properties['RoleName']}", text=json.dumps(properties["AssumeRolePolicyDocument"]), origin=BuiltIn()
        ),
        origin=BuiltIn(),
    )


def _managed(arn: str) -> PolicyText:
    """Return a policy of AWS's, as it is in the partition of its ARN."""
    name, partition = arn.rpartition("/")[2], arn.split(":")[1]
    try:
        text: str | Unread = facts.managed_policy(name).text.replace("arn:aws:", f"arn:{partition}:")
    except facts.UnknownFact:
        text = Unread(f"the text of {name} isn't known")
    return PolicyText(name=name, text=text, origin=BuiltIn())


def _with_policy(arn: str, account: str, name: str, policy: Any, tags: tuple[tuple[str, str], ...]) -> GuardedResource:
    text = PolicyText(name=name, text=json.dumps(policy), origin=BuiltIn()) if policy else None
    return GuardedResource(arn=arn, account=account, policy=text, tags=tags, origin=BuiltIn())


def _vault_arn(properties: Any, account: str, region: str) -> str:
    return f"arn:{partition_of(Region(region))}:backup:{region}:{account}:backup-vault:{properties['BackupVaultName']}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Something that a rule makes AWS Backup do, or that must work afterwards, with a type of resources in one place."""

    subject: str  # "rule production.daily", "copy production.daily to central"
    operation: Operation
    type: ResourceType
    places: Places
    origin: Origin


def answers(estate: Estate, asks: Callable[[Call], bool] = lambda _: True) -> Iterator[tuple[Job, tuple[Judged, ...]]]:
    """Yield each job with what AWS would answer to those of its calls that somebody asks about.

    Jobs of different rules in the same places are judged once.
    """
    deployed = Deployed(estate)
    authorizer = Authorizer(deployed.access)

    @cache
    def judged(operation: Operation, kind: ResourceType, places: Places) -> tuple[Judged, ...]:
        return () if unsupported(operation, kind, places) else judge(authorizer, filter(asks, calls_of(operation, kind, places)))

    for job in _jobs(estate, deployed):
        yield job, judged(job.operation, job.type, job.places)


def types_of(estate: Estate, plan: BackupPlan) -> tuple[ResourceType, ...]:
    """Return the types that a plan may select: those it names, else those that are opted in, else all."""
    kinds = plan.select.types or estate.organization.opt_in or tuple(ResourceType)
    return tuple(kind for kind in kinds if kind not in plan.select.not_types)


def _jobs(estate: Estate, deployed: Deployed) -> Iterator[Job]:
    for plan in estate.plans:
        kinds = types_of(estate, plan) if plan.account is None else ()
        for rule in plan.rules:
            for region in plan.regions:
                vault = deployed.vault(rule.vault_name, deployed.workload, region)
                if vault is not None:
                    for kind in kinds:
                        yield from _of_rule(deployed, plan, rule, vault, kind)
                        for copy in rule.copies:
                            yield from _of_copy(deployed, PlacedCopy(plan, rule, copy), vault, kind)


def _of_rule(deployed: Deployed, plan: BackupPlan, rule: BackupRule, vault: VaultThere, kind: ResourceType) -> Iterator[Job]:
    for operation in (Operation.BACKUP, Operation.RESTORE, Operation.EXPIRE):
        places = _places(deployed, operation, vault)
        yield Job(subject=rule_subject(plan, rule), operation=operation, type=kind, places=places, origin=rule.origin)


def _of_copy(deployed: Deployed, placed: PlacedCopy, vault: VaultThere, kind: ResourceType) -> Iterator[Job]:
    copy = placed.copy
    account = deployed.workload if copy.account is EVERY_ACCOUNT else str(copy.account)
    there = deployed.vault(copy.vault_name, account, copy.region)
    if there is None:
        return
    subject = copy_subject(placed)
    places = _places(deployed, Operation.COPY, vault, there)
    yield Job(subject=subject, operation=Operation.COPY, type=kind, places=places, origin=copy.origin)
    if account == deployed.workload:  # elsewhere it is copied back first, by a role of that account
        again = _places(deployed, Operation.RESTORE, there, copied=True)
        yield Job(subject=subject, operation=Operation.RESTORE, type=kind, places=again, origin=copy.origin)


def _places(
    deployed: Deployed, operation: Operation, vault: VaultThere, destination: VaultThere | None = None, *, copied: bool = False
) -> Places:
    """The key of the resource itself is its owner's: it isn't asked here."""
    return Places(
        job_role=deployed.role(operation),
        vault=vault.arn,
        vault_key=vault.key,
        destination_vault=destination.arn if destination else "",
        destination_key=destination.key if destination else None,
        destination_path=deployed.organization_path if destination else "",
        situation=frozenset({When.COPY}) if copied else frozenset(),
    )
