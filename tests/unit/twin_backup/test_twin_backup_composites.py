"""Backups of CloudFormation stacks, where something is in the way: what is missing makes the whole PARTIAL, never green."""

import pytest

from strongroom.twin.ports import ApiError

KEYED = {"AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}], "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}]}
TABLE = {"Type": "AWS::DynamoDB::Table", "Properties": KEYED | {"BillingMode": "PAY_PER_REQUEST"}}
BUCKET = {"Type": "AWS::S3::Bucket", "Properties": {}}


def _start(scene, stack, **more):
    started = scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=stack, IamRoleArn=scene.role(), **more)
    return lambda: scene.do("DescribeBackupJob", BackupJobId=started["BackupJobId"])


def _parent(scene, vault="local"):
    (found,) = [point for point in scene.points(vault) if point["IsParent"]]
    return found


def test_a_plan_backs_stacks_up_and_copies_them(scene, kit):
    """A selected stack of an opted-in type runs on schedule; the rule's copy takes its members along; nothing stays at the end."""
    scene.vault()
    away = scene.vault("away", region="eu-west-1")
    stack = scene.stack("shop", Orders=TABLE, Bills=TABLE)
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"CloudFormation": True})
    copied = kit.rule(Lifecycle={"DeleteAfterDays": 3}, CopyActions=[{"DestinationBackupVaultArn": away}])
    scene.plan(copied, Resources=["arn:aws:cloudformation:*:*:stack/*"])
    scene.wait(days=1)
    assert (_parent(scene)["Status"], _parent(scene)["ResourceArn"], len(scene.points())) == ("COMPLETED", stack, 4)
    assert len(scene.points("away", region="eu-west-1")) == 4
    (parent_job,) = [copy for copy in scene.copies() if copy["IsParent"]]
    assert {copy["ParentJobId"] for copy in scene.copies() if not copy["IsParent"]} == {parent_job["CopyJobId"]}
    assert {copy["CreatedBy"]["BackupPlanId"] for copy in scene.copies()} == {parent_job["CreatedBy"]["BackupPlanId"]}
    scene.wait(days=10)
    assert len(scene.points()) in {3 * 4, 4 * 4}  # those of three or four days


def test_members_need_no_opt_in(scene):
    """A bucket in a stack is backed up although S3 is not opted in."""
    scene.vault()
    job = _start(scene, scene.stack("shop", Receipts=BUCKET | {"Properties": {"VersioningConfiguration": {"Status": "Enabled"}}}))
    scene.wait(hours=1)
    assert (job()["State"], sorted(point["ResourceType"] for point in scene.points())) == (
        "COMPLETED",
        ["CloudFormation", "CloudFormation", "S3"],
    )


def test_a_member_that_fails_makes_the_job_partial(scene):
    """A bucket without versioning fails; the others are there, and the composite recovery point says what is missing."""
    scene.vault()
    job = _start(scene, scene.stack("shop", Orders=TABLE, Receipts=BUCKET))
    scene.wait(hours=1)
    assert (job()["State"], job()["ChildJobsInState"]) == ("PARTIAL", {"COMPLETED": 2, "FAILED": 1})
    assert (_parent(scene)["Status"], len(scene.points())) == ("PARTIAL", 3)


def test_what_the_vault_refuses_starts_nothing(scene):
    """Outside the lock's range the job of the stack fails at once, and no member's job is made."""
    scene.vault()
    scene.do("PutBackupVaultLockConfiguration", BackupVaultName="local", MinRetentionDays=30)
    job = _start(scene, scene.stack("shop", Orders=TABLE), Lifecycle={"DeleteAfterDays": 7})
    scene.wait(hours=1)
    assert (job()["State"], job()["NumberOfChildJobs"], len(scene.jobs()), scene.points()) == ("FAILED", 0, 1, [])


def test_a_stack_is_not_copied_to_another_account(scene):
    """FM14: AWS Backup copies stacks to other Regions only; nothing of one arrives."""
    scene.vault()
    central = scene.central_vault()
    _start(scene, scene.stack("shop", Orders=TABLE))
    scene.wait(hours=1)
    scene.do(
        "StartCopyJob",
        RecoveryPointArn=_parent(scene)["RecoveryPointArn"],
        SourceBackupVaultName="local",
        DestinationBackupVaultArn=central,
        IamRoleArn=scene.role(name="copies"),
    )
    scene.wait(hours=1)
    (copy,) = scene.copies()
    assert (copy["State"], copy["NumberOfChildJobs"], "StatusMessage" in copy) == ("FAILED", 0, True)
    assert scene.points("central", account="333333333333") == []


def test_a_stopped_job_stops_those_of_its_members(scene):
    """Stopping the job of a stack aborts what can be aborted; no composite recovery point is made."""
    scene.vault()
    job = _start(scene, scene.stack("shop", Orders=TABLE))
    scene.wait(minutes=2)
    assert job()["State"] == "RUNNING"
    scene.do("StopBackupJob", BackupJobId=job()["BackupJobId"])
    scene.wait(hours=1)
    assert {each["State"] for each in scene.jobs()} == {"ABORTED"}
    assert scene.points() == []


def test_a_locked_vault_keeps_a_composite_recovery_point_together(scene):
    """Nobody deletes the members before the parent, and nobody the parent: the lock says no to both."""
    scene.vault()
    scene.do("PutBackupVaultLockConfiguration", BackupVaultName="local", MinRetentionDays=1)
    _start(scene, scene.stack("shop", Orders=TABLE), Lifecycle={"DeleteAfterDays": 30})
    scene.wait(hours=1)
    for point in scene.points():
        with pytest.raises(ApiError, match="InvalidRequestException"):
            scene.do("DeleteRecoveryPoint", BackupVaultName="local", RecoveryPointArn=point["RecoveryPointArn"])
    assert len(scene.points()) == 3


def test_members_that_outlive_the_composite_one_go_on_alone(scene):
    """A member held by law stays when the composite recovery point ends, and has no parent any more."""
    scene.vault()
    stack = scene.stack("shop", Orders=TABLE)
    _start(scene, stack, Lifecycle={"DeleteAfterDays": 2})
    scene.wait(hours=1)
    (table,) = [point for point in scene.points() if point["ResourceType"] == "DynamoDB"]
    selected = {"ResourceIdentifiers": [table["ResourceArn"]]}
    scene.do("CreateLegalHold", Title="case", Description="case", RecoveryPointSelection=selected)
    scene.wait(days=4)
    (left,) = scene.points()
    assert (left["RecoveryPointArn"], left.get("ParentRecoveryPointArn")) == (table["RecoveryPointArn"], None)
