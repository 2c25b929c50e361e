"""The calls of an operation, judged: AWS's own roles may do what they are for, and the one missing line is the one that is named."""

import json
from dataclasses import replace
from itertools import product

import pytest

from strongroom import facts
from strongroom.domain.access import Access, AccessAccount, ControlPolicy, ControlType, GuardedResource, PolicyText, Principal
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn, Unread
from strongroom.facts import Status
from strongroom.semantics.authorization import awsroles
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.calls import calls_of, judge, refused, unsupported, verdict
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.places import Operation, Places, When

HOME, CENTRAL = "111122223333", "222233334444"
SOURCE, LOCAL, RESTORED, HERE = (f"arn:aws:kms:eu-west-2:{HOME}:key/{name}" for name in ("source", "local", "restored", "other"))
REPLICA = f"arn:aws:kms:eu-west-1:{HOME}:key/mrk-replica"
THERE = f"arn:aws:kms:eu-west-2:{CENTRAL}:key/central"
VAULT, OTHER = (f"arn:aws:backup:eu-west-2:{HOME}:backup-vault:{name}" for name in ("local", "other"))
FAR = f"arn:aws:backup:eu-west-1:{HOME}:backup-vault:far"
VAULT_THERE = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
TOPIC, BUCKET, REPORTS = f"arn:aws:sns:eu-west-2:{HOME}:backup", "arn:aws:s3:::example", "arn:aws:s3:::reports"
POLICIES = awsroles.DEFAULT_POLICIES + awsroles.S3_POLICIES + ("AWSBackupRestoreAccessForSAPHANA",)
ROLE = awsroles.role(f"arn:aws:iam::{HOME}:role/backup", POLICIES)
ROLE_THERE = awsroles.role(f"arn:aws:iam::{CENTRAL}:role/backup", POLICIES)
ADMIN = awsroles.role(f"arn:aws:iam::{HOME}:role/admin", ("AdministratorAccess",), trusts="ec2.amazonaws.com")
USE = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"]
ALL_OPERATIONS = [operation for operation in Operation if operation is not Operation.COPY_BACK]


def policy(*statements, name="policy"):
    return PolicyText(name=name, text=json.dumps({"Version": "2012-10-17", "Statement": statements}), origin=BuiltIn())


def allow(actions, principal=None, condition=None, effect="Allow"):
    statement = {"Effect": effect, "Action": actions, "Resource": "*"}
    return statement | ({"Principal": principal} if principal else {}) | ({"Condition": condition} if condition else {})


def root(account):
    return {"AWS": f"arn:aws:iam::{account}:root"}


def key(arn, *statements):
    account = arn.split(":")[4]
    found = statements or (allow("kms:*", root(account)), allow(USE, root(CENTRAL if account == HOME else HOME)))
    return GuardedResource(arn=arn, account=account, policy=policy(*found, name=f"key policy of {arn}"), origin=BuiltIn())


def guarded(arn, *statements, account=HOME):
    return GuardedResource(arn=arn, account=account, policy=policy(*statements) if statements else None, origin=BuiltIn())


def world(*changed, role=ROLE, controls=()):
    """Two accounts as AWS's pages set them up; `changed` resources take the place of those with the same ARN."""
    service = {"Service": "backup.amazonaws.com"}
    reports = {"AWS": awsroles.service_linked_roles(HOME)[1].arn}
    resources = [
        *map(key, (SOURCE, LOCAL, RESTORED, HERE, REPLICA, THERE)),
        *map(guarded, (VAULT, OTHER, FAR, BUCKET)),
        guarded(VAULT_THERE, allow("backup:CopyIntoBackupVault", root(HOME)), account=CENTRAL),
        guarded(TOPIC, allow("sns:Publish", service)),
        guarded(REPORTS, allow("s3:PutObject", reports) | {"Resource": f"{REPORTS}/*"}),
    ]
    access = Access(
        organization_id="o-example1",
        accounts=(AccessAccount(id=HOME, parents=("r-root",)), AccessAccount(id=CENTRAL, parents=("r-root",))),
        principals=(role, ROLE_THERE, ADMIN, *awsroles.service_linked_roles(HOME), *awsroles.service_linked_roles(CENTRAL)),
        resources=tuple({resource.arn: resource for resource in (*resources, *changed)}.values()),
        controls=controls,
    )
    return Authorizer(access)


def places(**changed):
    usual = {
        "job_role": ROLE.arn,
        "vault": VAULT,
        "caller": ADMIN.arn,
        "source_key": SOURCE,
        "vault_key": LOCAL,
        "restored_key": RESTORED,
        "topic": TOPIC,
        "report_bucket": REPORTS,
    }
    return Places(**{**usual, **changed})


TO = {
    "another vault": {"destination_vault": OTHER, "destination_key": HERE},
    "another Region": {"destination_vault": FAR, "destination_key": REPLICA},
    "another account": {"destination_vault": VAULT_THERE, "destination_key": THERE},
}


def judged(operation, resource_type, authorizer=None, **changed):
    return judge(authorizer or world(), calls_of(operation, resource_type, places(**changed)))


def wrong(found):
    return [
        (each.verdict, each.call.principal, each.call.action, each.call.resource) for each in found if each.verdict is not Verdict.ALLOWED
    ]


@pytest.mark.parametrize(
    ("operation", "resource_type"), list(product([Operation.BACKUP, Operation.RESTORE, Operation.RESTORE_TEST], ResourceType))
)
def test_roles_with_aws_own_policies_may_back_up_and_restore(operation, resource_type):
    """Every call that we say is made is one that AWS lets its own roles make: else it isn't made."""
    if unsupported(operation, resource_type, places()):
        with pytest.raises(ValueError, match="doesn't know"):
            judged(operation, resource_type)
        return
    found = judged(operation, resource_type)
    assert wrong(found) == []
    assert verdict(found) is Verdict.ALLOWED


@pytest.mark.parametrize(("to", "resource_type"), list(product(TO, ResourceType)))
def test_roles_with_aws_own_policies_may_copy(to, resource_type):
    """Within the account the role copies, across accounts the destination's service-linked role does."""
    reason = unsupported(Operation.COPY, resource_type, places(**TO[to]))
    assert bool(reason) is (
        resource_type is ResourceType.REDSHIFT or (to == "another account" and resource_type is ResourceType.CLOUDFORMATION)
    )
    if not reason:
        assert wrong(judged(Operation.COPY, resource_type, **TO[to])) == []


@pytest.mark.parametrize("operation", [each for each in ALL_OPERATIONS if each is not Operation.COPY])
def test_the_rest_is_allowed_too(operation):
    """Deletion, expiry, lifecycle, locks, holds, vaults, notifications and reports."""
    assert wrong(judged(operation, ResourceType.RDS)) == []


@pytest.mark.parametrize("resource_type", [ResourceType.EBS, ResourceType.RDS, ResourceType.AURORA, ResourceType.FSX, ResourceType.S3])
def test_copies_can_be_brought_back(resource_type):
    """From the central account with its own role, into the account that lost its data."""
    vault = guarded(VAULT, allow("backup:CopyIntoBackupVault", root(CENTRAL)))
    back = places(
        job_role=ROLE_THERE.arn,
        caller="",
        vault=VAULT_THERE,
        vault_key=THERE,
        source_key=None,
        destination_vault=VAULT,
        destination_key=LOCAL,
    )
    assert wrong(judge(world(vault), calls_of(Operation.COPY_BACK, resource_type, back))) == []
    closed = judge(world(), calls_of(Operation.COPY_BACK, resource_type, back))
    assert refused(closed).call.action == "backup:CopyIntoBackupVault"


def test_the_default_role_does_not_back_up_buckets():
    """S3's policies are not among the two of the default role, and AWS's message for it is known."""
    role = awsroles.default_role(HOME)
    found = judge(world(role=role), calls_of(Operation.BACKUP, ResourceType.S3, places(job_role=role.arn)))
    first = refused(found).call
    assert first.action == "s3:GetBucketTagging"
    assert first.message == facts.message("s3_versioning_denied")


def test_the_default_role_is_not_known_to_restore_hana():
    """AWSBackupRestoreAccessForSAPHANA allows more, but no page says that these calls are made: a doubt, no refusal."""
    role = awsroles.default_role(HOME)
    found = judge(world(role=role), calls_of(Operation.RESTORE, ResourceType.SAP_HANA, places(job_role=role.arn)))
    assert refused(found) is None
    assert "ssm-sap:RestoreDatabase" in {each.call.action for each in found if each.verdict is Verdict.UNKNOWN}


def test_one_missing_line_in_a_key_policy_stops_the_restore():
    """FM15: the key of the recovery point doesn't let the restoring role in."""
    shut = key(SOURCE, allow("kms:*", {"AWS": ADMIN.arn}))
    first = refused(judged(Operation.RESTORE, ResourceType.RDS, world(shut)))
    assert first.call.on == "recovery point key"
    assert first.call.failure_mode == "FM15"
    assert first.call.message == facts.message("key_unusable")
    assert "key policy" in first.decision.because


def test_each_replica_has_a_policy_of_its_own():
    """The primary's policy doesn't help where the replica's shuts the role out."""
    shut = key(REPLICA, allow("kms:*", {"AWS": ADMIN.arn}))
    first = refused(judged(Operation.COPY, ResourceType.EFS, world(shut), **TO["another Region"]))
    assert first.call.resource == REPLICA
    assert refused(judged(Operation.COPY, ResourceType.EFS, world(), **TO["another Region"])) is None
    # what a role does with the keys of a snapshot's copy, only AWS's policy for the role says
    assert verdict(judged(Operation.COPY, ResourceType.EBS, world(shut), **TO["another Region"])) is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("resource_type", "stopped"),
    [(ResourceType.EBS, True), (ResourceType.RDS, True), (ResourceType.AURORA, True), (ResourceType.S3, False), (ResourceType.EFS, False)],
)
def test_a_key_for_aws_backup_alone_stops_types_that_are_not_fully_managed(resource_type, stopped):
    """They call KMS through their own service, so a policy that wants kms:ViaService backup.* blocks their restores."""
    through = {"StringLike": {"kms:ViaService": "backup.*.amazonaws.com"}}
    narrow = key(SOURCE, allow("kms:*", root(HOME), through))
    first = refused(judged(Operation.RESTORE, resource_type, world(narrow)))
    assert (first is not None) is stopped
    assert not stopped or first.call.on == "recovery point key"


def test_a_source_key_that_is_not_shared_stops_copies_to_another_account():
    """FM01: green backup jobs, and copies that fail every night."""
    own = key(SOURCE, allow("kms:*", root(HOME)))
    first = refused(judged(Operation.COPY, ResourceType.EBS, world(own), **TO["another account"]))
    assert first.call.principal.endswith(f"{CENTRAL}:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup")
    assert (first.call.failure_mode, first.call.message) == ("FM01", "Given key ID is not accessible")


def test_a_vault_that_lets_nobody_in_stops_copies_from_another_account():
    """The destination's policy must allow backup:CopyIntoBackupVault."""
    shut = guarded(VAULT_THERE, account=CENTRAL)
    first = refused(judged(Operation.COPY, ResourceType.S3, world(shut), **TO["another account"]))
    assert (first.call.action, first.call.message) == ("backup:CopyIntoBackupVault", "Access Denied trying to call AWS Backup service")


def test_a_denied_storage_service_stops_what_the_vault_key_encrypts():
    """AWS Backup's grant on the vault's key doesn't help against a denial in the key's policy."""
    barred = key(LOCAL, allow("kms:*", root(HOME)), allow("kms:Decrypt", {"Service": "backup-storage.amazonaws.com"}, effect="Deny"))
    first = refused(judged(Operation.BACKUP, ResourceType.EFS, world(barred)))
    assert first.call.principal == "backup-storage.amazonaws.com"
    other = {"StringNotEquals": {"aws:SourceAccount": HOME}}  # the statement that AWS's page recommends
    careful = key(
        LOCAL, allow("kms:*", root(HOME)), allow("kms:Decrypt", {"Service": "backup-storage.amazonaws.com"}, other, effect="Deny")
    )
    assert wrong(judged(Operation.BACKUP, ResourceType.EFS, world(careful))) == []


def test_a_role_that_does_not_trust_aws_backup_stops_everything():
    """The trust policy is the first that is asked."""
    stranger = replace(ROLE, trust=awsroles.role(ROLE.arn, (), trusts="ec2.amazonaws.com").trust)
    first = refused(judged(Operation.BACKUP, ResourceType.EBS, world(role=stranger)))
    assert (first.call.action, first.call.message) == ("sts:AssumeRole", "cannot be assumed by AWS Backup")


def test_a_role_that_is_gone_leaves_expired_recovery_points():
    """FM27: at the end of the lifecycle nobody may delete."""
    poor = replace(ROLE, identity=())
    first = refused(judged(Operation.EXPIRE, ResourceType.EBS, world(role=poor)))
    assert (first.call.action, first.call.failure_mode) == ("ec2:DeleteSnapshot", "FM27")
    assert "stays and costs" in first.call.effect


def test_the_role_of_an_instance_profile_must_be_passed():
    """FM17: the restore of an instance with its profile needs iam:PassRole on the profile's role."""
    profile = f"arn:aws:iam::{HOME}:role/web"
    narrow = PolicyText(
        name="no web", text=json.dumps({"Statement": {"Effect": "Deny", "Action": "iam:PassRole", "Resource": profile}}), origin=BuiltIn()
    )
    careful = replace(ROLE, identity=(*ROLE.identity, narrow))
    first = refused(judged(Operation.RESTORE, ResourceType.EC2, world(role=careful), instance_role=profile))
    assert (first.call.action, first.call.failure_mode) == ("iam:PassRole", "FM17")
    assert refused(judged(Operation.RESTORE, ResourceType.EC2, world(role=careful))) is None


@pytest.mark.parametrize(("name", "passes"), [("backup", False), ("AWSBackup-restores", True)])
def test_backup_administrators_pass_only_roles_with_the_right_name(name, passes):
    """FM17: AWSBackupFullAccess lets roles be passed whose names contain AWSBackup or AwsBackup, and no others."""
    operator = awsroles.role(f"arn:aws:iam::{HOME}:role/operator", ("AWSBackupFullAccess",), trusts="ec2.amazonaws.com")
    job = awsroles.role(f"arn:aws:iam::{HOME}:role/{name}", POLICIES)
    access = world(role=job).access
    authorizer = Authorizer(replace(access, principals=(*access.principals, operator)))
    found = judge(authorizer, calls_of(Operation.RESTORE, ResourceType.EFS, places(job_role=job.arn, caller=operator.arn)))
    first = refused(found)
    assert (first is None) is passes
    assert passes or (first.call.action, first.call.failure_mode) == ("iam:PassRole", "FM17")


def test_a_guard_rail_that_stops_recovery_itself_shows():
    """A control policy over the accounts reaches the job's role, not the service-linked one."""
    content = policy(allow("*"), allow(["ec2:CreateVolume", "ec2:CopySnapshot"], effect="Deny"), name="no volumes")
    rails = (ControlPolicy(id="p-1", name="no volumes", type=ControlType.SCP, policy=content, targets=("r-root", HOME, CENTRAL)),)
    restored = refused(judged(Operation.RESTORE, ResourceType.EBS, world(controls=rails)))
    assert restored.call.action == "ec2:CreateVolume"
    assert refused(judged(Operation.COPY, ResourceType.EBS, world(controls=rails), **TO["another account"])) is None
    assert refused(judged(Operation.COPY, ResourceType.EBS, world(controls=rails), **TO["another vault"])).call.action == "ec2:CopySnapshot"


def test_a_topic_that_does_not_know_aws_backup_stays_silent():
    """FM22: the topic's policy must name the service; whether a key that shuts it out does too, isn't documented where we read."""
    shut = guarded(TOPIC, allow("sns:Publish", root(HOME)))
    first = refused(judged(Operation.NOTIFY, ResourceType.EBS, world(shut)))
    assert (first.call.action, first.call.failure_mode) == ("sns:Publish", "FM22")
    from_vault = guarded(TOPIC, allow("sns:Publish", {"Service": "backup.amazonaws.com"}, {"ArnLike": {"aws:SourceArn": VAULT}}))
    assert wrong(judged(Operation.NOTIFY, ResourceType.EBS, world(from_vault))) == []
    key_shut = judged(Operation.NOTIFY, ResourceType.EBS, world(), topic_key=LOCAL)
    assert [each.call.on for each in key_shut if each.verdict is Verdict.UNKNOWN] == ["topic key", "topic key"]


def test_an_unverified_call_is_a_doubt_and_no_refusal():
    """A page that doesn't say that a call is made never makes an operation fail."""
    without = tuple(
        policy(*(s for s in json.loads(each.text)["Statement"] if s.get("Sid") != "BackupVaultCopyPermissions")) for each in ROLE.identity
    )
    found = judged(Operation.COPY, ResourceType.EFS, world(role=replace(ROLE, identity=without)), **TO["another vault"])
    doubted = [each for each in found if each.verdict is not Verdict.ALLOWED]
    assert [(each.call.action, each.call.status) for each in doubted] == [("backup:CopyFromBackupVault", Status.UNVERIFIED)]
    assert doubted[0].decision.verdict is Verdict.DENIED
    assert refused(found) is None
    assert verdict(found) is Verdict.UNKNOWN


def test_what_was_not_read_is_unknown():
    """An unread key, an unread bucket policy and an unnamed caller never pass."""
    assert verdict(judged(Operation.RESTORE, ResourceType.RDS, source_key=Unread("access denied"))) is Verdict.UNKNOWN
    assert verdict(judged(Operation.BACKUP, ResourceType.S3, source="arn:aws:s3:::never-seen")) is Verdict.UNKNOWN
    assert verdict(judged(Operation.DELETE, ResourceType.EFS, caller="")) is Verdict.UNKNOWN
    assert verdict(judged(Operation.REPORT, ResourceType.EFS, report_bucket="")) is Verdict.UNKNOWN
    assert verdict(()) is Verdict.UNKNOWN


def test_recovery_points_are_guarded_by_their_vault():
    """A denial in the vault's policy reaches the recovery point, whatever service its ARN is of; the service itself doesn't ask it."""
    closed = guarded(VAULT, allow("backup:DeleteRecoveryPoint", "*", effect="Deny"))
    assert refused(judged(Operation.DELETE, ResourceType.RDS, world(closed))).call.action == "backup:DeleteRecoveryPoint"
    expiring = judged(Operation.EXPIRE, ResourceType.RDS, world(closed))
    assert wrong(expiring) == []


def test_a_copy_is_deleted_by_the_service_linked_role():
    """Who made the original can't delete what another account's service-linked role made."""
    found = calls_of(Operation.EXPIRE, ResourceType.EBS, places(situation=frozenset({When.COPY})))
    assert [(call.maker, call.action) for call in found] == [("service-linked role", "ec2:DeleteSnapshot")]


@pytest.mark.parametrize("operation", ALL_OPERATIONS)
def test_calls_are_named_once(operation):
    """The same call with the same context isn't listed twice, and everything in it is filled in."""
    for resource_type in ResourceType:
        here = places(**TO["another account"])
        if unsupported(operation, resource_type, here):
            continue
        found = calls_of(operation, resource_type, here)
        seen = [(call.principal, call.action, call.resource, call.asked, sorted(call.context.values.items())) for call in found]
        assert len(seen) == len({repr(each) for each in seen})
        assert "{" not in repr([(call.resource, list(call.context.values.items())) for call in found])


def test_principals_are_whole():
    """AWS's roles are principals like any other, with AWS's policies and trust."""
    linked = awsroles.service_linked_roles(HOME)
    assert all(isinstance(each, Principal) and each.service_linked for each in linked)
    assert not awsroles.default_role(HOME).service_linked
    with pytest.raises(facts.UnknownFact, match="did you mean 'AWSBackupFullAccess'"):
        awsroles.role(f"arn:aws:iam::{HOME}:role/x", ("AWSBackupFullAcces",))


@pytest.mark.parametrize("kind", [ResourceType.DYNAMODB, ResourceType.EFS, ResourceType.S3])
def test_a_restore_from_a_shared_vault_runs_in_the_account_of_its_role(kind):
    """The air-gapped vault is another account's: the role is assumed for the account of the job, which owns what is made."""
    vault = "arn:aws:backup:eu-west-2:333333333333:backup-vault:airgap"
    places = Places(
        job_role="arn:aws:iam::555555555555:role/restore", vault=vault, situation=frozenset({When.COPY, When.OUT_OF_AIR_GAPPED})
    )
    calls = list(calls_of(Operation.RESTORE, kind, places))
    [assumed] = [each for each in calls if each.action == "sts:AssumeRole"]
    assert assumed.context.values["aws:SourceAccount"] == ("555555555555",)
    made = [each for each in calls if each.on.startswith("restored ") and not each.on_key and each.resource != "*"]
    assert {each.owner for each in made} == {"555555555555"}
