"""What the CloudFormation templates of a strategy hold, and what they never hold."""

import json
from dataclasses import replace

import pytest

from strongroom.compiler import RESOURCE_TYPES, UnknownResourceType, compile_strategy, read_role_template, render_template
from strongroom.compiler.template import Template
from strongroom.domain.governance import AlertEvent, Alerts, Framework, Report, ReportFormat, ReportTemplate
from strongroom.domain.names import EVERY_ACCOUNT, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Key, KeyKind, Lock, LockMode, Pick, RestoreTest, Selection, VaultType

SHARED = "arn:aws:kms:eu-west-2:333333333333:key/mrk-1234abcd12ab34cd56ef1234567890ab"
LOCK = Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=365, grace_days=14, origin=BuiltIn())


def _local(strategy):
    return json.loads(compile_strategy(strategy).stack_sets[0].template)


def _central(strategy):
    return json.loads(next(stack for stack in compile_strategy(strategy).stacks if stack.name == "tiers-central").template)


def _of_type(template, kind):
    return [resource["Properties"] for resource in template["Resources"].values() if resource["Type"] == kind]


def _statements(template):
    (key,) = _of_type(template, "AWS::KMS::Key")
    return {statement["Sid"]: statement for statement in key["KeyPolicy"]["Statement"]}


def test_local_stack_set_reaches_all_governed_ous_and_regions(three_tiers):
    """Every governed account gets the vault, in every governed Region."""
    stack_set = compile_strategy(three_tiers).stack_sets[0]
    assert (stack_set.name, stack_set.targets, stack_set.regions) == ("tiers-local", ("Workloads",), ("eu-west-2", "eu-west-1"))


def test_role_exists_in_the_home_region_only(three_tiers):
    """Two Regions would create the same named role twice."""
    template = _local(three_tiers)
    assert template["Resources"]["BackupRole"]["Condition"] == "IsHomeRegion"
    assert template["Conditions"]["IsHomeRegion"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-2"]}


def test_vaults_keys_and_roles_survive_their_stack(three_tiers):
    """Nothing that recovery points depend on is deleted with a stack."""
    for template in (_local(three_tiers), _central(three_tiers)):
        kept = [resource for resource in template["Resources"].values() if resource["Type"] != "AWS::KMS::Alias"]
        assert {(each["DeletionPolicy"], each["UpdateReplacePolicy"]) for each in kept} == {("RetainExceptOnCreate", "Retain")}


def test_all_that_takes_tags_carries_the_owner_tag(three_tiers):
    """What lacks the tag is never changed later, so nothing may lack it."""
    template = _local(three_tiers)
    assert _of_type(template, "AWS::Backup::BackupVault")[0]["BackupVaultTags"] == {"strongroom:strategy": "tiers"}
    for kind in ("AWS::KMS::Key", "AWS::IAM::Role"):
        assert _of_type(template, kind)[0]["Tags"] == [{"Key": "strongroom:strategy", "Value": "tiers"}]


def test_role_trusts_aws_backup_of_its_own_account(three_tiers):
    """AWS Backup of another account can't be talked into using the role."""
    (role,) = _of_type(_local(three_tiers), "AWS::IAM::Role")
    (statement,) = role["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "backup.amazonaws.com"}
    assert statement["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    assert [each["Fn::Sub"].rpartition("/")[2] for each in role["ManagedPolicyArns"]] == [
        "AWSBackupServiceRolePolicyForBackup",
        "AWSBackupServiceRolePolicyForS3Backup",
    ]


def test_local_key_can_be_read_by_accounts_that_receive_copies(three_tiers):
    """The destination's service-linked role decrypts the source through a grant, without kms:ViaService in the way."""
    statements = _statements(_local(three_tiers))
    receiving = {"AWS": [{"Fn::Sub": "arn:${AWS::Partition}:iam::333333333333:root"}]}
    assert statements["CopiesToOtherAccounts"]["Principal"] == receiving
    assert statements["CopiesToOtherAccountsGrants"]["Condition"] == {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    assert "kms:ViaService" not in json.dumps(statements)


def test_local_key_stays_in_the_account_without_copies(three_tiers, build):
    """Nobody else may use the key when nothing leaves the account."""
    statements = _statements(_local(replace(three_tiers, plans=(build.plan(),))))
    assert not [sid for sid in statements if sid.startswith("Copies")]


@pytest.mark.parametrize("where", [_local, _central])
def test_account_administers_its_own_key(three_tiers, where):
    """A key without its account's root is lost for ever."""
    statement = _statements(where(three_tiers))["AdministeredByThisAccount"]
    assert statement["Action"] == "kms:*"
    assert "Condition" not in statement


@pytest.mark.parametrize("where", [_local, _central])
def test_key_policies_name_no_role_as_principal(three_tiers, where):
    """KMS refuses a policy that names a role which doesn't exist yet."""
    for statement in _statements(where(three_tiers)).values():
        assert "role/" not in json.dumps(statement["Principal"])


def test_whatever_is_open_to_everybody_asks_for_the_organization(three_tiers):
    """A star among the principals never stands without aws:PrincipalOrgID."""
    template = _central(three_tiers)
    (vault,) = _of_type(template, "AWS::Backup::BackupVault")
    for statement in (*_statements(template).values(), *vault["AccessPolicy"]["Statement"]):
        if statement["Effect"] == "Allow" and statement["Principal"] in ("*", {"AWS": "*"}):
            assert statement["Condition"]["StringEquals"]["aws:PrincipalOrgID"] == {"Ref": "OrganizationId"}
    assert "OrganizationId" in template["Parameters"]


def test_central_vault_policy_uses_no_wildcards_and_locks_nobody_out(three_tiers):
    """AWS Backup refuses wildcard actions; denying the change of the policy would lock out whoever deploys."""
    (vault,) = _of_type(_central(three_tiers), "AWS::Backup::BackupVault")
    allowed, denied = vault["AccessPolicy"]["Statement"]
    assert allowed["Action"] == "backup:CopyIntoBackupVault"
    assert "*" not in "".join(denied["Action"])
    assert not {"backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"} & set(denied["Action"])


def test_one_central_stack_for_each_account_and_region(three_tiers):
    """Vaults of one account in two Regions are two stacks of one name."""
    stacks = [stack for stack in compile_strategy(three_tiers).stacks if stack.name == "tiers-central"]
    assert [(stack.name, stack.account, stack.region) for stack in stacks] == [
        ("tiers-central", "333333333333", "eu-west-1"),
        ("tiers-central", "333333333333", "eu-west-2"),
    ]


def test_aws_managed_key_makes_no_key(three_tiers):
    """A vault on the AWS-managed key names none: AWS takes alias aws/backup."""
    strategy = replace(three_tiers, keys=(replace(three_tiers.keys[0], kind=KeyKind.AWS_MANAGED),))
    for template in (_local(strategy), _central(strategy)):
        assert not _of_type(template, "AWS::KMS::Key")
        assert "EncryptionKeyArn" not in _of_type(template, "AWS::Backup::BackupVault")[0]


@pytest.mark.parametrize(
    ("lock", "expected"),
    [
        (LOCK, {"MinRetentionDays": 7, "MaxRetentionDays": 365, "ChangeableForDays": 14}),
        (replace(LOCK, mode=LockMode.GOVERNANCE, grace_days=None), {"MinRetentionDays": 7, "MaxRetentionDays": 365}),
        (replace(LOCK, mode=LockMode.GOVERNANCE, grace_days=None, max_days=None), {"MinRetentionDays": 7}),
    ],
)
def test_lock_is_compliance_by_the_presence_of_its_grace_time_alone(three_tiers, build, lock, expected):
    """A governance lock must not carry ChangeableForDays, or it becomes one that nobody can remove."""
    vaults = (three_tiers.vaults[0], build.vault("central", lock=lock), three_tiers.vaults[2])
    stacks = compile_strategy(replace(three_tiers, vaults=vaults)).stacks
    template = next(stack.template for stack in stacks if (stack.name, stack.region) == ("tiers-central", "eu-west-2"))
    (vault,) = _of_type(json.loads(template), "AWS::Backup::BackupVault")
    assert vault["LockConfiguration"] == expected


def test_vault_in_some_regions_has_a_condition(three_tiers, build):
    """A StackSet reaches all Regions; a vault that doesn't is left out of the others."""
    extra = build.vault("extra", account=EVERY_ACCOUNT, regions=(build.second,), key="second")
    key = Key(name="second", kind=KeyKind.PER_ACCOUNT, origin=BuiltIn())
    template = _local(replace(three_tiers, vaults=(*three_tiers.vaults, extra), keys=(*three_tiers.keys, key)))
    assert template["Resources"]["VaultExtra"]["Condition"] == template["Resources"]["KeySecond"]["Condition"] == "InEuWest1"
    assert template["Conditions"]["InEuWest1"] == {"Fn::Equals": [{"Ref": "AWS::Region"}, "eu-west-1"]}
    assert "Condition" not in template["Resources"]["VaultLocal"]


def test_more_than_ten_regions_are_nested_conditions(three_tiers, build):
    """Fn::Or takes ten conditions at most."""
    regions = tuple(Region(f"eu-west-{number}") for number in range(1, 31))
    extra = build.vault("extra", account=EVERY_ACCOUNT, regions=regions[:25])
    organization = replace(three_tiers.organization, regions=regions)
    template = _local(replace(three_tiers, organization=organization, vaults=(*three_tiers.vaults, extra)))
    condition = next(each for name, each in template["Conditions"].items() if name.startswith("InEuWest1EuWest2EuWest3"))
    sizes, seen = [], 0
    while condition:
        branches = condition["Fn::Or"]
        sizes.append(len(branches))
        seen += sum("Fn::Equals" in branch for branch in branches)
        condition = next((branch for branch in branches if "Fn::Or" in branch), None)
    assert (max(sizes), seen) == (10, 25)


def test_nothing_in_every_account_makes_no_stack_set(three_tiers):
    """A strategy without plans and local vaults leaves the accounts alone."""
    assert not compile_strategy(replace(three_tiers, plans=(), vaults=three_tiers.vaults[1:])).stack_sets


def test_unknown_resource_type_is_refused():
    """A type that nobody vouched for never reaches AWS."""
    with pytest.raises(UnknownResourceType, match="resource Trail has the type 'AWS::CloudTrail::Trail'"):
        render_template(Template(description="", resources={"Trail": {"Type": "AWS::CloudTrail::Trail"}}))


def _with_what_stands_around(strategy):
    here = BuiltIn()
    csv = (ReportFormat.CSV,)
    return replace(
        strategy,
        alerts=Alerts(emails=("team@example.com",), topic=None, key=None, events=tuple(AlertEvent), origin=here),
        reports=(
            Report(name="jobs", template=ReportTemplate.BACKUP_JOBS, formats=csv, bucket="reports", prefix="", frameworks=(), origin=here),
        ),
        frameworks=(Framework(name="audit", controls=(), origin=here),),
        restore_tests=(
            RestoreTest(
                name="weekly",
                schedule="cron(0 10 ? * SUN *)",
                timezone="UTC",
                select=Selection(types=(ResourceType.RDS,), origin=here),
                vaults=("local",),
                pick=Pick.LATEST,
                within_days=7,
                start_within_hours=24,
                validate_within_hours=0,
                origin=here,
            ),
        ),
    )


def test_templates_use_allowed_types_only(three_tiers):
    """Every type in a template is one of the list, and every one of the list is in a template."""
    shared = Key(name="shared", kind=KeyKind.MULTI_REGION, account=three_tiers.organization.accounts.central, arn=SHARED, origin=BuiltIn())
    lock = replace(LOCK, grace_days=0)
    accounts = three_tiers.organization.accounts
    shares = (accounts.backup_admin,)
    gap = replace(three_tiers.vaults[1], label="gap", name="tiers-gap", key="", lock=lock, type=VaultType.AIR_GAPPED, shared_with=shares)
    own = replace(three_tiers.plans[0], name="own", account=accounts.log_archive)
    strategy = replace(three_tiers, keys=(*three_tiers.keys, shared), vaults=(*three_tiers.vaults, gap), plans=(*three_tiers.plans, own))
    estate = compile_strategy(_with_what_stands_around(strategy))
    texts = [each.template for each in (*estate.stack_sets, *estate.stacks)] + [
        read_role_template("reader", (three_tiers.vaults[1].account,))
    ]
    found = {resource["Type"] for text in texts for resource in json.loads(text)["Resources"].values()}
    assert found == RESOURCE_TYPES


def test_same_strategy_gives_the_same_bytes(three_tiers):
    """Compilation is pure: a second apply finds nothing to do."""
    assert compile_strategy(three_tiers) == compile_strategy(three_tiers)
