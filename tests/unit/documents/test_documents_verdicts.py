"""Policies that others wrote, put to the evaluator: what stops AWS Backup is noted at its statement, what may not stop it isn't."""

import json

import pytest

from strongroom import compiler, documents, strategyfile
from strongroom.documents import Kind
from strongroom.domain.finding import Severity

ROOT = {"AWS": "arn:aws:iam::111122223333:root"}
BACKUP = {"Service": "backup.amazonaws.com"}
JUDGED = {"DOC020", *(f"DOC03{number}" for number in range(10))}
COPIES = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]


def allow(action, principal=None, condition=None, **more):
    found = {"Effect": "Allow", "Action": action, "Resource": "*", **more}
    return found | ({"Principal": principal} if principal else {}) | ({"Condition": condition} if condition else {})


def deny(action, principal=None, condition=None, **more):
    return allow(action, principal, condition, **more) | {"Effect": "Deny"}


def judged(kind, *statements):
    """Code, line and severity of what the evaluator found; each statement stands on a line of its own, the first on line 2."""
    text = '{"Version": "2012-10-17", "Statement": [\n' + ",\n".join(json.dumps(each) for each in statements) + "]}"
    found = documents.parse(text, file="p.json", kind=kind).findings
    return [(each.code, each.origin.line, each.severity.value) for each in found if each.code in JUDGED]


def messages(kind, *statements):
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return [each.message for each in documents.parse(text, file="p.json", kind=kind).findings if each.code in JUDGED]


def test_a_control_policy_that_stops_jobs_is_found_at_its_statement():
    """Backups, restores, copies and the expiry of volumes: one finding for the statement."""
    assert judged(Kind.SCP, deny("organizations:LeaveOrganization"), deny("ec2:*")) == [("DOC034", 3, "warning")]
    (message,) = messages(Kind.SCP, deny("ec2:*"))
    assert message.startswith(
        "service control policy stops backups, restores, copies to other accounts and the deletion of expired recovery"
    )
    assert message.endswith("of EBS and EC2: ec2:CreateSnapshot is denied to the role of AWS Backup")


@pytest.mark.parametrize(
    "statement",
    [
        deny("organizations:LeaveOrganization"),
        deny("kms:ScheduleKeyDeletion"),
        deny("*", condition={"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}}),  # jobs run in those Regions
        deny("ec2:*", condition={"StringEquals": {"aws:PrincipalTag/team": "web"}}),  # nobody knows the role's tags
        deny("ec2:DeleteSnapshot", condition={"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}}),
        deny("ec2:*", condition={"StringLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/web-*"}}),
        deny("backup:DeleteRecoveryPoint"),
    ],
)
def test_a_control_policy_that_may_leave_jobs_alone_is_not_noted(statement):
    """What isn't certain isn't said."""
    assert judged(Kind.SCP, statement) == []


def test_a_control_policy_with_exemptions_names_them():
    """Whether the role of the plans is among them, only its owner knows."""
    statement = deny("backup:*", condition={"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}})
    assert judged(Kind.SCP, statement) == [("DOC034", 2, "info")]
    assert messages(Kind.SCP, statement)[0].endswith("denied to the role of AWS Backup, unless it is break-glass")


def test_our_own_guard_rails_pass():
    """A strategy's rendered guard rails are a control policy like any other: nothing is said about them but whom they exempt."""
    strategy = """strongroom: 1
name: own
organization: {home_region: eu-west-2, governs: [Workloads]}
vaults: {local: {in: every-account}}
plans: {p: {select: {tags: {a: b}}, rules: {daily: {at: "05:00", keep: 30d}}}}
guard_rails: {exempt: [break-glass]}
"""
    (rail,) = compiler.compile_strategy(strategyfile.parse(strategy, file="s.yaml").strategy).rails
    found = documents.parse(rail.content, file="p.json", kind=Kind.SCP).findings
    assert {(each.code, each.severity) for each in found} <= {("DOC034", Severity.INFO)}
    assert all("own-AWSBackup" in each.message for each in found)


THROUGH = {"StringLike": {"kms:ViaService": "backup.*.amazonaws.com"}}


@pytest.mark.parametrize(
    ("statements", "found"),
    [
        ([allow("kms:*", ROOT)], []),
        ([allow("kms:*", ROOT, THROUGH)], [("DOC030", 1, "warning")]),  # K02
        ([allow("kms:*", ROOT, {"StringLike": {"kms:ViaService": ["backup.*.amazonaws.com", "ec2.*.amazonaws.com"]}})], []),
        ([allow("kms:*", {"AWS": "arn:aws:iam::111122223333:role/admin"})], []),  # the role may be that of AWS Backup
        ([allow("kms:*", {"Service": "ec2.amazonaws.com"})], [("DOC031", 1, "info")]),
        ([allow("kms:*", ROOT), deny("kms:Decrypt", "*")], [("DOC031", 3, "info")]),
        ([allow("kms:*", "*", {"StringEquals": {"aws:PrincipalOrgID": "o-example12"}})], []),  # nobody knows the organization
        ([allow("kms:*", ROOT), allow(COPIES, {"AWS": "arn:aws:iam::999999999999:root"})], []),
        ([allow("kms:*", ROOT), allow(["kms:Decrypt"], {"AWS": "arn:aws:iam::999999999999:root"})], [("DOC032", 1, "warning")]),  # P16
        (
            [
                allow("kms:*", ROOT),
                allow("kms:*", {"Service": "logs.amazonaws.com"}, {"StringEquals": {"aws:SourceAccount": "111122223333"}}),
            ],
            [],
        ),
    ],
)
def test_key_policies(statements, found):
    """Who is let in, through which service, and whether a named account can receive copies."""
    assert judged(Kind.KEY_POLICY, *statements) == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (allow("sns:Publish", BACKUP), []),
        (allow("sns:Publish", ROOT), [("DOC033", 1, "warning")]),
        (allow("sns:Publish", {"Service": "events.amazonaws.com"}), [("DOC033", 1, "warning")]),
        (allow("sns:Publish", BACKUP, {"ArnLike": {"aws:SourceArn": "arn:aws:backup:eu-west-1:111122223333:backup-vault:prod-*"}}), []),
        (allow("sns:Publish", BACKUP, {"StringEquals": {"aws:SourceAccount": "111122223333"}}), []),
        (deny("sns:Publish", "*", {"Bool": {"aws:SecureTransport": "false"}}), [("DOC033", 1, "warning")]),
    ],
)
def test_topic_policies(statement, found):
    """FM22: AWS Backup publishes as a service, in the name of the vault."""
    resource = {"Resource": "arn:aws:sns:eu-west-1:111122223333:backup"}
    assert judged(Kind.TOPIC_POLICY, statement | resource) == found


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (deny("backup:DeleteRecoveryPoint", "*"), []),
        (deny("backup:DescribeBackupVault", "*"), [("DOC035", 2, "warning")]),
        (deny("backup:PutBackupVaultAccessPolicy", "*"), [("DOC020", 2, "error")]),  # V04
        (deny("backup:PutBackupVaultAccessPolicy", "*", {"StringNotLike": {"aws:userId": ["AROAEXAMPLE:*", "111122223333"]}}), []),
        (deny("backup:PutBackupVaultAccessPolicy", "*", {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/admin"}}), []),
        (deny("backup:PutBackupVaultAccessPolicy", "*", {"StringLike": {"aws:PrincipalArn": "arn:*"}}), [("DOC020", 2, "error")]),
    ],
)
def test_vault_policies(statement, found):
    """What stops jobs, and what nobody can undo: a condition that everybody meets is none."""
    assert judged(Kind.VAULT_POLICY, statement) == found


TEMPLATE = """AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {Service: %(service)s}, Action: "sts:AssumeRole"}]
      ManagedPolicyArns: [%(policies)s]
  Key:
    Type: AWS::KMS::Key
    Properties:
      KeyPolicy:
        Version: "2012-10-17"
        Statement: [{Effect: Allow, Principal: {AWS: !Sub "arn:aws:iam::${AWS::AccountId}:%(who)s"}, Action: "kms:*", Resource: "*"}]
  Publish:
    Type: AWS::SNS::TopicPolicy
    Properties:
      Topics: [!Ref Topic]
      PolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: %(publisher)s}, Action: "sns:Publish", Resource: "*"}]
  Vault:
    Type: AWS::Backup::BackupVault
    Properties:
      BackupVaultName: own
      EncryptionKeyArn: !GetAtt Key.Arn
      Notifications: {SNSTopicArn: !Ref Topic, BackupVaultEvents: [COPY_JOB_FAILED]}
  Plan:
    Type: AWS::Backup::BackupPlan
    Properties:
      BackupPlan:
        BackupPlanName: nightly
        BackupPlanRule:
          - {RuleName: nightly, TargetBackupVault: !Ref Vault, ScheduleExpression: "cron(0 2 * * ? *)", Lifecycle: {DeleteAfterDays: 30}}
  Selection:
    Type: AWS::Backup::BackupSelection
    Properties:
      BackupPlanId: !Ref Plan
      BackupSelection: {SelectionName: buckets, IamRoleArn: !GetAtt Role.Arn, Resources: ["%(resource)s"]}
"""
SOUND = {
    "service": "backup.amazonaws.com",
    "policies": "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup, "
    "arn:aws:iam::aws:policy/AWSBackupServiceRolePolicyForS3Backup",
    "who": "root",
    "publisher": "backup.amazonaws.com",
    "resource": "arn:aws:s3:::*",
}
WITHOUT_S3 = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"service": "ec2.amazonaws.com"}, [("DOC036", 7, "error")]),
        ({"policies": WITHOUT_S3}, [("DOC037", 3, "error")]),  # P25
        ({"policies": WITHOUT_S3, "resource": "arn:aws:ec2:*:*:volume/*"}, []),
        ({"policies": "arn:aws:iam::111122223333:policy/own"}, []),  # nobody knows what it allows
        ({"who": "role/admin"}, []),  # it may be that of AWS Backup
        ({"publisher": "events.amazonaws.com"}, [("DOC033", 21, "warning")]),
    ],
)
def test_templates(changed, found):
    """Role, key and topic of a template, as far as plans, vaults and selections name them."""
    text = TEMPLATE % (SOUND | changed)
    findings = documents.parse(text, file="t.yaml").findings
    assert [(each.code, each.origin.line, each.severity.value) for each in findings if each.code in JUDGED] == found


def test_a_role_with_more_policies_is_not_judged():
    """An inline policy, or one that is attached elsewhere, may hold what is missing."""
    more = "  More:\n    Type: AWS::IAM::Policy\n    Properties: {PolicyName: more, PolicyDocument: {Statement: []}, Roles: [!Ref Role]}\n"
    findings = documents.parse(TEMPLATE % (SOUND | {"policies": WITHOUT_S3}) + more, file="t.yaml").findings
    assert not JUDGED & {each.code for each in findings}


def terraform(*resources, references=()):
    listed = [
        {"address": f"{kind}.{name}", "mode": "managed", "type": kind, "name": name, "values": values} for kind, name, values in resources
    ]
    configured = [
        {"address": address, "expressions": {key: {"references": [f"{target}.arn", target]}}} for address, key, target in references
    ]
    unknown = [{"address": address, "change": {"after_unknown": {key: True}}} for address, key, _ in references]
    return json.dumps(
        {
            "format_version": "1.2",
            "terraform_version": "1.9.0",
            "planned_values": {"root_module": {"resources": listed}},
            "resource_changes": unknown,
            "configuration": {"root_module": {"resources": configured}},
        }
    )


def trust(service):
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}]}
    )


@pytest.mark.parametrize(
    ("service", "policy", "found"),
    [
        ("backup.amazonaws.com", "AWSBackupServiceRolePolicyForS3Backup", set()),
        ("backup.amazonaws.com", "service-role/AWSBackupServiceRolePolicyForBackup", {"DOC037"}),
        ("ec2.amazonaws.com", "AWSBackupServiceRolePolicyForS3Backup", {"DOC036"}),
    ],
)
def test_terraform_plans(service, policy, found):
    """The role of a selection is known by the configuration where its ARN is known only after apply."""
    text = terraform(
        ("aws_iam_role", "backup", {"name": "backup", "assume_role_policy": trust(service)}),
        ("aws_iam_role_policy_attachment", "s3", {"role": "backup", "policy_arn": f"arn:aws:iam::aws:policy/{policy}"}),
        ("aws_backup_plan", "p", {"name": "p", "rule": [{"rule_name": "r", "target_vault_name": "v", "schedule": "cron(0 2 * * ? *)"}]}),
        ("aws_backup_selection", "s", {"name": "s", "plan_id": "p", "resources": ["arn:aws:s3:::*"]}),
        references=[("aws_backup_selection.s", "iam_role_arn", "aws_iam_role.backup")],
    )
    assert {each.code for each in documents.parse(text, file="plan.json").findings} & JUDGED == found


def test_control_policies_of_terraform_are_judged():
    """They stand among the backup policies."""
    content = json.dumps({"Version": "2012-10-17", "Statement": [deny("rds:*")]})
    values = {"name": "no-databases", "type": "SERVICE_CONTROL_POLICY", "content": content}
    backup = {"name": "b", "type": "BACKUP_POLICY", "content": '{"plans": {}}'}
    found = documents.parse(
        terraform(("aws_organizations_policy", "s", values), ("aws_organizations_policy", "b", backup)), file="plan.json"
    ).findings
    assert "DOC034" in {each.code for each in found}


def test_a_policy_that_aws_refuses_is_not_judged():
    """What it would do is not known: the mistake is enough."""
    assert judged(Kind.SCP, deny("ec2:*") | {"Efect": "Deny"}) == []


def access_document(*denied, boundary=None):
    """One account with a role that AWS Backup can take on, below a control policy."""
    full = {"Version": "2012-10-17", "Statement": [allow("*")]}
    role = {
        "arn": "arn:aws:iam::555555555555:role/backup",
        "policies": [full],
        "trust": {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": BACKUP, "Action": "sts:AssumeRole"}]},
    }
    if boundary:
        role["boundary"] = {"Version": "2012-10-17", "Statement": [boundary]}
    statements = [deny(each) for each in denied] or [deny("organizations:LeaveOrganization")]
    return json.dumps(
        {
            "access": 1,
            "organization": {"id": "o-exampleorg1", "root": "r-ab12", "units": {"Workloads": {"id": "ou-ab12-11111111"}}},
            "accounts": {"111111111111": {"management": True}, "555555555555": {"in": "Workloads"}},
            "principals": [role],
            "controls": [
                {"name": "keep", "type": "scp", "policy": {"Version": "2012-10-17", "Statement": statements}, "attached": ["Workloads"]}
            ],
        }
    )


@pytest.mark.parametrize(
    ("denied", "boundary", "layer"),
    [
        ((), None, ""),
        (("ec2:*",), None, "service control policy"),
        (("kms:ScheduleKeyDeletion",), allow("*"), ""),
        ((), allow("s3:*"), "permissions boundary"),
    ],
)
def test_an_access_document_tells_which_roles_are_stopped(denied, boundary, layer):
    """Control policies above the account, and the boundary of the role itself; what its own policies lack may be meant."""
    found = documents.parse(access_document(*denied, boundary=boundary), file="access.yaml", kind=Kind.ACCESS).findings
    said = [each.message for each in found if each.code == "DOC034"]
    assert len(said) == bool(layer)
    assert all(each.startswith(f"the {layer} stops backups") and "by role backup" in each for each in said)
