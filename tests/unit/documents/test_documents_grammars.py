"""Plans, selections, vault policies, templates and Terraform: what they become, and what is wrong where."""

import json

import pytest

from strongroom import checks, documents
from strongroom.documents import Kind
from strongroom.documents.selecting import NOT_KNOWN
from strongroom.domain.names import FOREVER, ResourceType
from strongroom.domain.strategy import KeyKind, LockMode
from strongroom.semantics.selection import matches

ROLE = "arn:aws:iam::111111111111:role/AWSBackup"
PLAN = """\
{"BackupPlan": {"BackupPlanName": "p", "Rules": [
  {"RuleName": "daily", "TargetBackupVaultName": "local", "ScheduleExpression": "cron(0 5 * * ? *)",
   "Lifecycle": {"DeleteAfterDays": 30},
   "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:222222222222:backup-vault:dr",
                    "Lifecycle": {"DeleteAfterDays": -1}}]}
]}, "BackupPlanArn": "arn:aws:backup:eu-west-2:111111111111:backup-plan:x"}
"""


def places(text, code, **options):
    """The places and messages of one code."""
    loaded = documents.parse(text, file="d", **options)
    return [(found.origin.line, found.origin.column, found.message) for found in loaded.findings if found.code == code]


def codes(text, **options):
    return {found.code for found in documents.parse(text, file="d", **options).findings}


def selection(**parts):
    return json.dumps({"SelectionName": "s", "IamRoleArn": ROLE} | parts)


def test_a_plan_of_the_api_becomes_rules_with_places():
    """Defaults are AWS's, "never" of a copy is the expiry of its source, the ARN tells account and Region."""
    estate = documents.parse(PLAN, file="d").estate
    (plan,) = estate.plans
    (rule,) = plan.rules
    assert (str(plan.origin), str(rule.origin), str(rule.copies[0].origin)) == ("d:1:16", "d:2:3", "d:4:20")
    assert (rule.start_within_minutes, rule.complete_within_minutes, rule.keep, rule.timezone) == (480, 10_080, 30, "Etc/UTC")
    assert (rule.copies[0].keep, rule.copies[0].account, rule.copies[0].region) == (30, "222222222222", "eu-west-1")
    assert plan.regions == ("eu-west-2",)


def test_vaults_that_a_document_does_not_declare_are_unknown():
    """They stand in the estate, so that checks can go on, and their lock and key are named as unknown."""
    loaded = documents.parse(PLAN, file="d")
    assert [vault.label for vault in loaded.estate.vaults] == [
        "local",
        "arn:aws:backup:eu-west-1:222222222222:backup-vault:dr",
    ]
    assert not loaded.estate.knows("vault local", "lock")
    assert not loaded.estate.knows("vault local", "key")
    assert loaded.estate.knows("rule p.daily", "rule")
    assert "DOC012" in {found.code for found in loaded.findings}
    checks.run(loaded.estate)


def test_mistakes_in_a_plan_are_found_where_they_are():
    """Unknown elements, wrong types, bounds, schedules, zones: line and column of each."""
    rule = """\
{"BackupPlanName": "p", "Rules": [{"RuleName": "r",
  "TargetBackupVaultName": "Default",
  "Schedule": "x",
  "ScheduleExpression": "rate(1 day)",
  "StartWindowMinutes": 5,
  "Lifecycle": {"DeleteAfterDays": "30"}},
 {"RuleName": "z", "TargetBackupVaultName": "v", "ScheduleExpressionTimezone": "Europe/Londno"}]}
"""
    found = documents.parse(rule, file="d").findings
    assert [(each.code, each.origin.line, each.origin.column) for each in found if each.code != "DOC012"] == [
        ("DOC018", 2, 28),
        ("DOC008", 3, 3),
        ("DOC013", 5, 25),
        ("DOC009", 6, 36),
        ("DOC021", 7, 80),
    ]


def test_limits_of_plans_and_rules_are_counted():
    """Ten rules, five copies."""
    copy = {"DestinationBackupVaultArn": "arn:aws:backup:eu-west-1:222222222222:backup-vault:dr"}
    rules = [{"RuleName": f"r{number}", "TargetBackupVaultName": "v", "CopyActions": [copy] * 6} for number in range(11)]
    said = [message for _, _, message in places(json.dumps({"BackupPlanName": "p", "Rules": rules}), "DOC022")]
    assert said[0] == "plan p has 11 rules, 10 allowed"
    assert len(said) == 12


def test_a_retention_that_nobody_wrote_is_for_ever():
    """No lifecycle, no expiry."""
    text = json.dumps({"BackupPlanName": "p", "Rules": [{"RuleName": "r", "TargetBackupVaultName": "v"}]})
    assert documents.parse(text, file="d").estate.plans[0].rules[0].keep is FOREVER


def test_a_selection_becomes_tags_and_types():
    """Values of one key are a list, conditions are further terms, whole types are types."""
    tags = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "env", "ConditionValue": value} for value in ("prod", "dr")]
    conditions = {"StringNotEquals": [{"ConditionKey": "aws:ResourceTag/backup", "ConditionValue": "no"}]}
    text = selection(ListOfTags=tags, Resources=["arn:aws:dynamodb:*:*:table/*"], Conditions=conditions)
    by_types, by_tags = sorted((plan.select for plan in documents.parse(text, file="d").estate.plans), key=lambda each: not each.types)
    assert by_types.types == (ResourceType.DYNAMODB,)
    assert [(term.key, term.values) for term in by_tags.tags] == [("env", ("prod", "dr"))]
    assert [(term.key, term.values) for term in by_tags.not_tags] == [("backup", ("no",))]


@pytest.mark.parametrize(
    "parts",
    [
        {"Resources": ["*"], "Conditions": {"StringLike": [{"ConditionKey": "aws:ResourceTag/a", "ConditionValue": "b*"}]}},
        {"Resources": ["arn:aws:s3:::a*b*c*d*e*f*g*h*i*"]},
        {"Resources": ["*"], "NotResources": ["arn:aws:s3:::a*b*c*d*e*f*g*h*i*"]},
    ],
)
def test_what_tags_and_types_cannot_say_selects_nothing_and_is_said(parts):
    """An inventory is not compared with wildcards in conditions: that is a finding, not a pass and not a false alarm."""
    loaded = documents.parse(selection(**parts), file="d")
    assert all(NOT_KNOWN in plan.select.tags for plan in loaded.estate.plans)
    assert "DOC025" in {found.code for found in loaded.findings}
    assert not loaded.estate.knows("plan s", "selection")


def test_single_arns_and_patterns_are_compared_with_an_inventory():
    """Named ones are in, those left out are not; the types they can be of are named."""
    orders, carts = (f"arn:aws:dynamodb:eu-west-2:111111111111:table/{name}" for name in ("orders", "carts"))
    (plan,) = documents.parse(selection(Resources=[orders, "arn:aws:s3:::logs-*"], NotResources=["*/carts"]), file="d").estate.plans
    assert (plan.select.arns, plan.select.not_arns) == ((orders, "arn:aws:s3:::logs-*"), ("*/carts",))
    assert set(plan.select.types) == {ResourceType.DYNAMODB, ResourceType.S3}
    assert matches(plan.select, ResourceType.S3, {}, "arn:aws:s3:::logs-2")
    assert not matches(plan.select, ResourceType.DYNAMODB, {}, carts)


@pytest.mark.parametrize(
    ("parts", "code", "words"),
    [
        ({}, "DOC016", "names neither resources nor tags"),
        ({"Resources": [f"arn:aws:dynamodb:eu-west-2:111111111111:table/{n}" for n in range(501)]}, "DOC016", "501"),
        ({"Resources": [f"arn:aws:dynamodb:eu-west-2:111111111111:table/{n}*" for n in range(31)]}, "DOC016", "31"),
        ({"Resources": ["arn:aws:s3:::*-logs"]}, "DOC017", "wildcard inside the ARN"),
        ({"Resources": ["arn:aws:dynamodb:eu-west-2:222222222222:table/x"]}, "DOC027", "reaches account 111111111111 only"),
        ({"Resources": ["*"], "IamRoleArn": "arn:aws:iam::1:role/service-role/AWSBackupDefaultServiceRole"}, "DOC018", "console"),
        ({"Resources": ["*"], "Conditions": {"StringIs": []}}, "DOC008", "'StringIs' is no element here"),
        ({"Resources": ["*"], "Conditions": {"StringEquals": [{"ConditionKey": "a", "ConditionValue": "b"}]}}, "DOC009", "aws:ResourceTag"),
    ],
)
def test_what_aws_refuses_of_a_selection_is_found(parts, code, words):
    """P20, P21, P24, FM37."""
    (message,) = [message for _, _, message in places(selection(**parts), code)]
    assert words in message


@pytest.mark.parametrize(
    "pattern", ["arn:aws:rds:*:*:db:*", "arn:aws:s3:::*", "arn:aws:ec2:*", "*", "arn:aws:s3:::logs-*", "arn:aws-us-gov:ec2:*:*:volume/*"]
)
def test_wildcards_at_the_end_and_of_whole_types_pass(pattern):
    """What AWS documents is no finding."""
    assert "DOC017" not in codes(selection(Resources=[pattern]))


def test_a_vault_policy_is_checked():
    """Wildcards, a lock that includes its owner, actions that other accounts don't get."""
    text = """\
{"Version": "2012-10-17", "Statement": [
  {"Sid": "NoDelete", "Effect": "Deny", "Principal": "*", "Action": ["backup:PutBackupVaultAccessPolicy"], "Resource": "*"},
  {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": "backup:Delete*", "Resource": "*"},
  {"Effect": "Allow", "Principal": "*", "Action": ["backup:CopyIntoBackupVault", "backup:StartCopyJob"], "Resource": "*",
   "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}},
  {"Effect": "Allowed", "Principal": "*", "Actions": "backup:CopyIntoBackupVault", "Resource": "*"}]}
"""
    found = documents.parse(text, file="d").findings
    assert [(each.code, each.origin.line, each.origin.column) for each in found] == [
        ("DOC020", 2, 3),
        ("DOC019", 3, 59),
        ("DOC029", 4, 51),
        ("DOC010", 6, 3),
        ("DOC009", 6, 14),
        ("DOC008", 6, 43),
    ]


def test_a_policy_inside_a_text_is_found_at_the_text():
    """GetBackupVaultAccessPolicy returns JSON in a text."""
    inner = json.dumps({"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "backup:*"}]})
    text = json.dumps({"BackupVaultName": "v", "Policy": inner})
    assert [(line, column) for line, column, _ in places(text, "DOC019")] == [(1, 36)]
    assert "DOC001" in codes(json.dumps({"BackupVaultName": "v", "Policy": "{"}))


def test_a_denial_with_an_exemption_is_no_trap():
    """A condition leaves somebody who can change the policy."""
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "backup:PutBackupVaultAccessPolicy",
        "Condition": {"StringNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}},
    }
    assert codes(json.dumps({"Statement": [statement]})) == set()


TEMPLATE = """\
Parameters:
  Days: {Type: Number, Default: 30}
  Secret: {Type: String}
Mappings:
  Regions: {eu-west-2: {Days: 40}}
Conditions:
  Here: !Equals [!Ref "AWS::Region", eu-west-2]
  Long: !Equals [!Ref Days, 30]
Resources:
  Key: {Type: AWS::KMS::Key}
  Vault:
    Type: AWS::Backup::BackupVault
    Properties:
      BackupVaultName: !Sub "${AWS::StackName}-vault"
      EncryptionKeyArn: !GetAtt Key.Arn
      LockConfiguration: {MinRetentionDays: 7, MaxRetentionDays: !If [Long, 90, 10]}
  Plain: {Type: AWS::Backup::BackupVault, Properties: {BackupVaultName: plain}}
  Gapped:
    Type: AWS::Backup::LogicallyAirGappedBackupVault
    Properties: {BackupVaultName: gapped, MinRetentionDays: 7, MaxRetentionDays: 30}
  Plan:
    Type: AWS::Backup::BackupPlan
    Properties:
      BackupPlan:
        BackupPlanName: nightly
        BackupPlanRule:
          - RuleName: daily
            TargetBackupVault: !Ref Vault
            ScheduleExpression: cron(0 2 * * ? *)
            ScheduleExpressionTimezone: !If [Here, !Ref "AWS::NoValue", !Ref "AWS::NoValue"]
            Lifecycle: {DeleteAfterDays: !Ref Days}
            CopyActions: [{DestinationBackupVaultArn: !GetAtt Plain.BackupVaultArn}]
          - RuleName: secret
            TargetBackupVault: plain
            Lifecycle: {DeleteAfterDays: !Ref Secret}
          - RuleName: mapped
            TargetBackupVault: plain
            Lifecycle: {DeleteAfterDays: !FindInMap [Regions, !Ref "AWS::Region", Days]}
  Selection:
    Type: AWS::Backup::BackupSelection
    Properties:
      BackupPlanId: !Ref Plan
      BackupSelection:
        SelectionName: prod
        IamRoleArn: !Sub "arn:${AWS::Partition}:iam::${AWS::AccountId}:role/AWSBackup"
        Resources: [!Sub "arn:aws:dynamodb:*:*:table/*"]
"""


def test_a_template_is_read_through_its_functions():
    """References to vaults, keys and parameters are followed; a vault's generated name is its logical id."""
    estate = documents.parse(TEMPLATE, file="t").estate
    vaults = {vault.label: vault for vault in estate.vaults}
    (rule,) = estate.plans[0].rules
    assert (rule.label, rule.keep, rule.copies[0].label, rule.copies[0].account.value) == ("Vault", 30, "plain", "every-account")
    assert (vaults["Vault"].key, vaults["plain"].key) == (KeyKind.PER_ACCOUNT.value, KeyKind.AWS_MANAGED.value)
    assert (vaults["Vault"].lock.min_days, vaults["Vault"].lock.max_days, vaults["Vault"].lock.mode) == (7, 90, LockMode.GOVERNANCE)
    assert (vaults["gapped"].lock.mode, vaults["gapped"].lock.grace_days) == (LockMode.COMPLIANCE, 0)
    assert estate.plans[0].select.types == (ResourceType.DYNAMODB,)
    assert str(rule.origin) == "t:27:13"
    checks.run(estate)


def test_values_that_a_template_does_not_say_are_unknown():
    """The rules that need them are left out of the estate, and named as unknown where the value stands."""
    loaded = documents.parse(TEMPLATE, file="t")
    assert places(TEMPLATE, "DOC011") == [
        (35, 42, "DeleteAfterDays is unknown: parameter Secret has no default"),
        (38, 42, "DeleteAfterDays is unknown: Fn::FindInMap by region is only known when it is deployed"),
    ]
    assert {part.subject for part in loaded.estate.unknown if part.aspect == "rule"} == {"rule nightly.secret", "rule nightly.mapped"}


def test_the_region_of_the_caller_decides_conditions_and_maps(tmp_path):
    """What depends on the Region is known once somebody names it."""
    path = tmp_path / "t.yaml"
    path.write_text(TEMPLATE)
    estate = documents.load(path, region="eu-west-2").estate
    assert {rule.name: rule.keep for rule in estate.plans[0].rules} == {"daily": 30, "mapped": 40}


def test_a_lock_that_is_unknown_is_no_lock_and_no_pass():
    """The vault has no lock in the estate, and the estate says that it doesn't know."""
    vault = {
        "Type": "AWS::Backup::BackupVault",
        "Properties": {"BackupVaultName": "v", "LockConfiguration": {"MinRetentionDays": {"Ref": "P"}}},
    }
    loaded = documents.parse(json.dumps({"Parameters": {"P": {"Type": "Number"}}, "Resources": {"V": vault}}), file="t")
    assert loaded.estate.vaults[0].lock is None
    assert not loaded.estate.knows("vault v", "lock")


def test_a_template_without_backup_is_no_pass():
    """Nothing was looked at, and the finding says so."""
    assert codes('{"Resources": {"B": {"Type": "AWS::S3::Bucket"}}}') == {"DOC024"}


STATE = {
    "format_version": "1.0",
    "values": {
        "root_module": {
            "resources": [
                {"address": "aws_kms_key.k", "type": "aws_kms_key", "values": {"arn": "arn:aws:kms:eu-west-2:111111111111:key/1"}},
                {
                    "address": "aws_backup_vault.v",
                    "type": "aws_backup_vault",
                    "values": {
                        "name": "v",
                        "arn": "arn:aws:backup:eu-west-2:111111111111:backup-vault:v",
                        "kms_key_arn": "arn:aws:kms:eu-west-2:111111111111:key/1",
                    },
                },
                {
                    "address": "aws_backup_vault_lock_configuration.v",
                    "type": "aws_backup_vault_lock_configuration",
                    "values": {"backup_vault_name": "v", "min_retention_days": 7, "max_retention_days": 20},
                },
                {
                    "address": "aws_backup_plan.p",
                    "type": "aws_backup_plan",
                    "values": {
                        "name": "p",
                        "id": "uuid",
                        "arn": "arn:aws:backup:eu-west-2:111111111111:backup-plan:uuid",
                        "rule": [
                            {
                                "rule_name": "r",
                                "target_vault_name": "v",
                                "schedule": "cron(0 5 * * ? *)",
                                "lifecycle": [{"cold_storage_after": 0, "delete_after": 30}],
                            }
                        ],
                    },
                },
                {
                    "address": "aws_backup_selection.s",
                    "type": "aws_backup_selection",
                    "values": {
                        "name": "s",
                        "plan_id": "uuid",
                        "iam_role_arn": ROLE,
                        "selection_tag": [{"type": "STRINGEQUALS", "key": "env", "value": "prod"}],
                        "condition": [{"string_not_equals": [{"key": "aws:ResourceTag/x", "value": "y"}]}],
                    },
                },
            ]
        }
    },
}


def test_a_terraform_state_becomes_plans_vaults_and_locks():
    """A 0 is a number that nobody set; the lock belongs to its vault; the key to whoever made it."""
    estate = documents.parse(json.dumps(STATE), file="t").estate
    (vault,) = estate.vaults
    (plan,) = estate.plans
    assert (vault.lock.max_days, vault.key, vault.regions) == (20, KeyKind.PER_ACCOUNT.value, ("eu-west-2",))
    assert (plan.rules[0].keep, plan.rules[0].cold_after_days, plan.rules[0].label, plan.regions) == (30, None, "v", ("eu-west-2",))
    assert [(term.key, term.values) for term in plan.select.not_tags] == [("x", ("y",))]
    assert "LCK001" in {found.code for found in checks.run(estate)}


def test_what_terraform_knows_only_after_apply_is_unknown():
    """It is absent among the planned values, which doesn't mean that nobody wrote it."""
    plan = {
        "terraform_version": "1.9.0",
        "planned_values": {
            "root_module": {
                "resources": [
                    {
                        "address": "aws_backup_plan.p",
                        "type": "aws_backup_plan",
                        "values": {"name": "p", "rule": [{"rule_name": "r", "schedule": "cron(0 5 * * ? *)"}]},
                    }
                ]
            }
        },
        "resource_changes": [{"address": "aws_backup_plan.p", "change": {"after_unknown": {"rule": [{"target_vault_name": True}]}}}],
    }
    loaded = documents.parse(json.dumps(plan), file="t")
    assert [found.message for found in loaded.findings if found.code == "DOC011"] == [
        "target_vault_name is unknown: it is known only after apply"
    ]
    assert loaded.estate.plans[0].rules == ()


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.STRATEGY])
def test_an_empty_object_is_no_pass_for_any_kind(kind):
    """Whatever the kind, somebody is told."""
    assert any(found.severity != "info" for found in documents.parse("{}", file="d", kind=kind).findings)


def attached(*pairs, policies=("a", "b")):
    """A state with backup policies, and which is attached where."""
    content = {name: {"plans": {f"plan-{name}": {"regions": {"@@assign": ["eu-west-2"]}}}} for name in policies}
    resources = [
        {
            "address": f"aws_organizations_policy.{name}",
            "type": "aws_organizations_policy",
            "values": {"id": f"p-{name}", "name": name, "type": "BACKUP_POLICY", "content": json.dumps(body)},
        }
        for name, body in content.items()
    ]
    resources.append(
        {
            "address": "aws_organizations_policy.tags",
            "type": "aws_organizations_policy",
            "values": {"id": "p-tags", "name": "tags", "type": "TAG_POLICY", "content": "{}"},
        }
    )
    resources += [
        {
            "address": f"aws_organizations_policy_attachment.n{number}",
            "type": "aws_organizations_policy_attachment",
            "values": {"policy_id": policy, "target_id": target},
        }
        for number, (policy, target) in enumerate(pairs)
    ]
    return json.dumps({"format_version": "1.0", "values": {"root_module": {"resources": resources}}})


def test_terraform_policies_are_merged_where_they_are_attached():
    """What the root has is above every OU and account; an account's own plans hold for that account."""
    loaded = documents.parse(attached(("p-a", "r-1"), ("p-b", "222222222222"), ("p-tags", "r-1")), file="t")
    assert [(part.accounts, part.estate.name) for part in loaded.parts] == [
        ((), "policies of r-1"),
        (("222222222222",), "policies of 222222222222"),
    ]
    places = {finding.subject for finding in loaded.findings if finding.code == "DOC010"}
    assert {"plans/plan-a/rules", "plans/plan-b/rules"} <= places


def test_more_policies_on_a_target_than_aws_takes_are_found():
    """Those that the document doesn't have count too, and what they change is unknown."""
    pairs = [("p-a", "ou-1"), *((f"p-other{number}", "ou-1") for number in range(10))]
    loaded = documents.parse(attached(*pairs), file="t")
    said = {finding.code: finding.message for finding in loaded.findings}
    assert said["DOC022"] == "ou-1 has 11 policies, 10 allowed"
    assert said["DOC012"].endswith("on ou-1 is not in the document: what it changes is unknown")
    assert "DOC022" not in {finding.code for finding in documents.parse(attached(*pairs[:10]), file="t").findings}


def test_a_copy_without_a_lifecycle_inherits_the_archive():
    """It inherits all of the rule's lifecycle; one of its own says what it says."""
    arn = "arn:aws:backup:eu-west-1:222222222222:backup-vault:dr"
    cold = {"DeleteAfterDays": 400, "MoveToColdStorageAfterDays": 30, "OptInToArchiveForSupportedResources": True}
    copies = [{"DestinationBackupVaultArn": arn}, {"DestinationBackupVaultArn": arn, "Lifecycle": {"DeleteAfterDays": 90}}]
    rule = {"RuleName": "r", "TargetBackupVaultName": "v", "Lifecycle": cold, "CopyActions": copies}
    text = json.dumps({"BackupPlanName": "p", "Rules": [rule]})
    found = documents.parse(text, file="d").estate.plans[0].rules[0].copies
    assert [(copy.archive, copy.cold_after_days, copy.keep, copy.asked) for copy in found] == [(True, 30, 400, None), (False, None, 90, 90)]
