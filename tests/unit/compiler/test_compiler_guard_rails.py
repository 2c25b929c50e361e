"""Guard rails, proven by the evaluator: each stops what it denies, lets the exempt through, and stops nothing that backups need."""

import json
from dataclasses import replace
from types import MappingProxyType

import pytest

from strongroom import checks, facts
from strongroom.aws import permissions
from strongroom.checks import guardproof
from strongroom.compiler import compile_strategy
from strongroom.domain.access import PrincipalKind
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.governance import Forbidden, GuardRails
from strongroom.domain.names import PolicyType, Region
from strongroom.domain.origin import FileOrigin
from strongroom.domain.strategy import ControlTower
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse

HERE = FileOrigin("strategy.yaml", 9, 1)
ALL = tuple(Forbidden)
KEY = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"kms:*","Resource":"*","Principal":{"AWS":"555555555555"}}}'
BY_BACKUP = {"aws:backup:source-resource": "i-1:job"}
OURS = {OWNER_TAG: "tiers"}


def railed(strategy, *deny, exempt=("break-glass",), **parts):
    rails = GuardRails(deny=deny or ALL, exempt=exempt, attach_to=strategy.organization.governs, origin=HERE)
    return replace(strategy, guard_rails=rails, **parts)


@pytest.fixture
def estate(three_tiers):
    """The demo with all guard rails."""
    return compile_strategy(railed(three_tiers))


def asked(estate, role, action, arn="*", *, tags=None, context=None, account="555555555555", kind=PrincipalKind.ROLE):
    """What an administrator's permissions come to for a principal of a workload account."""
    known = guardproof.administrator(estate)
    name = f"arn:aws:iam::{account}:{role if role == 'root' else f'role/{role}'}"
    actor = replace(known, arn=name, kind=PrincipalKind.ROOT if role == "root" else kind)
    policy = parse(KEY, name="key policy") if ":kms:" in arn else None
    target = Target(arn=arn, account=account, policy=policy, tags=MappingProxyType(tags or {}))
    return decide(actor, action, target, Context(values=MappingProxyType(context or {}), complete=True)).verdict


@pytest.mark.parametrize("denied", ALL)
def test_each_guard_rail_stops_what_it_says(three_tiers, denied):
    """An administrator of a workload account may do it without the guard rail, and may not with it alone."""
    without, with_it = compile_strategy(three_tiers), compile_strategy(railed(three_tiers, denied))
    assert guardproof.verdict(without, guardproof.administrator(without), denied) is Verdict.ALLOWED
    assert guardproof.verdict(with_it, guardproof.administrator(with_it), denied) is Verdict.DENIED


@pytest.mark.parametrize("denied", ALL)
def test_each_guard_rail_leaves_the_others_work_alone(three_tiers, denied):
    """What another guard rail denies stays allowed; images of backups are guarded by two of them."""
    deployed = compile_strategy(railed(three_tiers, denied))
    others = [each for each in ALL if each is not denied]
    assert {guardproof.verdict(deployed, guardproof.administrator(deployed), each) for each in others} == {Verdict.ALLOWED}


@pytest.mark.parametrize("role", ["break-glass", "strongroom-deploy", "stacksets-exec-0123456789abcdef"])
@pytest.mark.parametrize("denied", [each for each in ALL if each not in {Forbidden.LEAVE_ORGANIZATION, Forbidden.COPY_OUT}])
def test_exempt_roles_pass(estate, role, denied):
    """The one for emergencies, and those that deploy."""
    assert guardproof.verdict(estate, guardproof.administrator(estate, role), denied) is Verdict.ALLOWED


@pytest.mark.parametrize("denied", [Forbidden.LEAVE_ORGANIZATION, Forbidden.COPY_OUT])
def test_nobody_at_all_leaves_or_copies_out(estate, denied):
    """No emergency asks for it."""
    assert guardproof.verdict(estate, guardproof.administrator(estate, "break-glass"), denied) is Verdict.DENIED


WAYS = {  # deeds of `who-can` that guard rails are about, and the calls that they leave open, with the reason
    "leave-organization": {"organizations:RemoveAccountFromOrganization"},  # only the management account can, which no guard rail reaches
    "close-account": set(),
    "change-key": set(),
    "unlock": set(),
    "open-vault": set(),
    "release-hold": set(),
    "delete": set(),
    "delete-vault": set(),
    "shorten": set(),
    "copy-out": {"backup:StartCopyJob", "iam:PassRole"},  # a copy within the organization is none: its target decides
    "change-plan": {
        "backup:CreateBackupSelection",  # adds protection
        "iam:PassRole",
        "organizations:UpdatePolicy",  # the management account's, or its delegate's by a policy of its own
    },
    "stop-backups": {
        "organizations:DetachPolicy",
        "organizations:UpdatePolicy",
        "organizations:DisablePolicyType",
        "organizations:DisableAWSServiceAccess",
    },
}
EXAMPLES = {
    "backup:": "arn:aws:backup:eu-west-2:555555555555:recovery-point:1",
    "ec2:DeregisterImage": "arn:aws:ec2:eu-west-2::image/ami-1",
    "ec2:ModifyImageAttribute": "arn:aws:ec2:eu-west-2::image/ami-1",
    "ec2:": "arn:aws:ec2:eu-west-2::snapshot/snap-1",
    "rds:DeleteDBCluster": "arn:aws:rds:eu-west-2:555555555555:cluster-snapshot:awsbackup:job-1",
    "rds:ModifyDBCluster": "arn:aws:rds:eu-west-2:555555555555:cluster-snapshot:awsbackup:job-1",
    "rds:": "arn:aws:rds:eu-west-2:555555555555:snapshot:awsbackup:job-1",
    "dynamodb:": "arn:aws:dynamodb:eu-west-2:555555555555:table/t/backup/1",
    "fsx:": "arn:aws:fsx:eu-west-2:555555555555:backup/backup-1",
    "redshift:": "arn:aws:redshift:eu-west-2:555555555555:snapshot:dw/awsbackup:job-1",
    "kms:": "arn:aws:kms:eu-west-2:555555555555:key/1",
    "iam:": "arn:aws:iam::555555555555:role/tiers-AWSBackup",
}


@pytest.mark.parametrize("deed", WAYS)
def test_every_way_to_a_deed_is_stopped(estate, deed):
    """Every permission that `who-can` knows for it is denied to an administrator, and to the root, but for those named here."""
    found = next(each for each in facts.deeds() if each.name == deed)
    actions = {need.action for way in found.ways for need in way.needs}
    for role in ("Administrator", "root"):
        left = set()
        for action in actions:
            arn = next((arn for start, arn in EXAMPLES.items() if action.startswith(start)), "*")
            if asked(estate, role, action, arn, tags={**BY_BACKUP, **OURS}) is not Verdict.DENIED:
                left.add(action)
        assert left == WAYS[deed], role


def test_decryption_is_not_the_guard_rails_matter(estate):
    """Who reads backups is the key policies' business: nothing about the use of keys is denied."""
    assert asked(estate, "Administrator", "kms:Decrypt", EXAMPLES["kms:"], tags=OURS) is Verdict.ALLOWED


@pytest.mark.parametrize(
    ("action", "arn"),
    [
        ("kms:ScheduleKeyDeletion", EXAMPLES["kms:"]),
        ("ec2:DeleteSnapshot", EXAMPLES["ec2:"]),
        ("ec2:DeregisterImage", EXAMPLES["ec2:DeregisterImage"]),
        ("ec2:DisableImage", EXAMPLES["ec2:DeregisterImage"]),
        ("rds:DeleteDBSnapshot", "arn:aws:rds:eu-west-2:555555555555:snapshot:by-hand"),
        ("redshift:DeleteClusterSnapshot", "arn:aws:redshift:eu-west-2:555555555555:snapshot:dw/by-hand"),
    ],
)
def test_what_is_no_backup_of_aws_backup_stays_its_owners(estate, action, arn):
    """Keys that are not ours, snapshots and images that somebody made by hand."""
    assert asked(estate, "Administrator", action, arn) is Verdict.ALLOWED


@pytest.mark.parametrize("name", ["break-glass", "strongroom-deploy", "stacksets-exec-1", "tiers-AWSBackup"])
@pytest.mark.parametrize("action", ["iam:CreateRole", "iam:UpdateAssumeRolePolicy", "iam:PutRolePolicy", "iam:DeleteRole"])
def test_nobody_becomes_exempt_by_a_name(estate, name, action):
    """An exemption is a name: who could make or change a role of that name would be exempt; the exempt themselves may."""
    role = f"arn:aws:iam::555555555555:role/{name}"
    assert asked(estate, "Administrator", action, role) is Verdict.DENIED
    assert asked(estate, "stacksets-exec-1", action, role) is Verdict.ALLOWED
    assert asked(estate, "Administrator", action, "arn:aws:iam::555555555555:role/web") is Verdict.ALLOWED


def test_copies_stay_in_the_organization(estate):
    """A target inside passes, one outside doesn't, and neither does one of several; a call without a target isn't judged."""
    call = ("backup:CopyFromBackupVault", EXAMPLES["backup:"])
    inside, outside = "o-example000/r-ex00/ou-1/", "o-stranger00/r-st00/"
    assert asked(estate, "break-glass", *call, context={"backup:CopyTargetOrgPaths": (inside,)}) is Verdict.ALLOWED
    assert asked(estate, "break-glass", *call, context={"backup:CopyTargetOrgPaths": (outside,)}) is Verdict.DENIED
    assert asked(estate, "break-glass", *call) is Verdict.ALLOWED


@pytest.mark.parametrize("permission", permissions.PERMISSIONS, ids=lambda each: f"{'-'.join(each.verbs)}: {each.principal}")
def test_strongrooms_own_calls_pass(estate, permission):
    """The read role may read, the deploy role may deploy; whoever works in the management account is not reached at all."""
    role = "strongroom-read" if "read role" in permission.principal else "strongroom-deploy"
    refused = {action for action in permission.actions if asked(estate, role, action, tags=OURS) is Verdict.DENIED}
    assert refused == set()


def test_accounts_can_be_enrolled_under_guard_rails(estate):
    """The role that apply brings for it sets the opt-in that nobody else may change, and nobody else takes its name."""
    assert asked(estate, "tiers-enrol", "backup:UpdateRegionSettings") is Verdict.ALLOWED
    assert asked(estate, "Administrator", "backup:UpdateRegionSettings") is Verdict.DENIED
    role = "arn:aws:iam::555555555555:role/tiers-enrol"
    assert asked(estate, "Administrator", "iam:PutRolePolicy", role) is Verdict.DENIED


def test_the_console_role_expires_what_it_made(estate):
    """Accounts may have plans of their own with AWS's default role: its native deletions go on, nothing else is open to it."""
    role = "service-role/AWSBackupDefaultServiceRole"
    assert asked(estate, role, "ec2:DeleteSnapshot", EXAMPLES["ec2:"], tags=BY_BACKUP) is Verdict.ALLOWED
    assert asked(estate, role, "backup:DeleteRecoveryPoint", EXAMPLES["backup:"]) is Verdict.DENIED


def test_guard_rails_fit_and_are_few(estate):
    """All of them are one policy within AWS's limit."""
    (only,) = estate.rails
    assert only.name == "tiers-guard-rails"
    assert only.targets == ("Workloads",)
    assert len(only.content) <= facts.limit("scp_characters").value
    assert parse(only.content, name="scp").problems == ()


def test_many_exemptions_make_several_policies(three_tiers):
    """Cut between statements: each part fits, and together they say what one would."""
    names = tuple(f"emergency-role-of-a-team-with-a-long-name-{number:03}" for number in range(60))
    estate = compile_strategy(railed(three_tiers, exempt=names))
    assert [rail.name for rail in estate.rails][:2] == ["tiers-guard-rails", "tiers-guard-rails-2"]
    assert all(len(rail.content) <= facts.limit("scp_characters").value for rail in estate.rails)
    sids = [each["Sid"] for rail in estate.rails for each in json.loads(rail.content)["Statement"]]
    (whole,) = compile_strategy(railed(three_tiers)).rails
    assert sids == [each["Sid"] for each in json.loads(whole.content)["Statement"]]
    assert len(sids) == len(set(sids))


def test_a_statement_that_fits_nowhere_is_found_by_check(three_tiers):
    """Hundreds of exemptions can't be cut: AWS would refuse the policy, and POL001 says so before."""
    names = tuple(f"emergency-role-of-a-team-with-a-long-name-{number:03}" for number in range(200))
    estate = compile_strategy(railed(three_tiers, exempt=names))
    found = [finding for finding in checks.run(estate) if finding.code == "POL001"]
    assert "guard rails tiers-guard-rails-2" in {finding.subject for finding in found}
    assert "each guarded OU" in {finding.subject for finding in found}
    assert {finding.origin for finding in found} == {HERE}


def test_order_of_declaration_does_not_matter(three_tiers):
    """Equal guard rails are equal text."""
    one, other = (compile_strategy(railed(three_tiers, *deny)).rails for deny in (ALL, tuple(reversed(ALL))))
    assert one == other


def test_china_has_its_own_partition(three_tiers):
    """Roles and snapshots are named as they are called there."""
    there = replace(three_tiers.organization, home_region=Region("cn-north-1"), regions=(Region("cn-north-1"),))
    (rail,) = compile_strategy(railed(three_tiers, organization=there)).rails
    assert "arn:aws-cn:iam::*:role/break-glass" in rail.content
    assert "arn:aws:" not in rail.content


def test_control_tower_goes_on_governing(three_tiers):
    """Where it has a part in backups, its execution role passes; elsewhere it is a role like any other."""
    tower = ControlTower(enabled_on=("Workloads",), key=None, origin=HERE)
    governed = compile_strategy(railed(three_tiers, organization=replace(three_tiers.organization, control_tower=tower)))
    role, call = "AWSControlTowerExecution", ("backup:PutBackupVaultAccessPolicy", EXAMPLES["backup:"])
    assert asked(governed, role, *call) is Verdict.ALLOWED
    assert asked(compile_strategy(railed(three_tiers)), role, *call) is Verdict.DENIED


def test_without_guard_rails_there_are_none(three_tiers):
    """Nothing is denied by default."""
    assert compile_strategy(three_tiers).rails == ()


def test_declared_and_attached_last(estate):
    """What forbids comes after all that it must not be in the way of, at the OUs that are declared."""
    assert estate.undeployed == ()
    last = estate.organization_policies[-len(estate.rails) :]
    assert {(each.type, each.targets) for each in last} == {(PolicyType.SERVICE_CONTROL, ("Workloads",))}


def test_role_arns_of_exemptions_are_taken_as_they_are(three_tiers):
    """An ARN pattern, such as that of a permission set, which has a path."""
    pattern = "arn:aws:iam::*:role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_Emergency_*"
    estate = compile_strategy(railed(three_tiers, exempt=(pattern,)))
    role = "aws-reserved/sso.amazonaws.com/eu-west-2/AWSReservedSSO_Emergency_0123"
    assert asked(estate, role, "backup:DeleteBackupVault", EXAMPLES["backup:"]) is Verdict.ALLOWED
    assert asked(estate, "Administrator", "backup:DeleteBackupVault", EXAMPLES["backup:"]) is Verdict.DENIED
