"""Laws of restores, restore tests and holds: the same in any steps, and nobody loses what is held, whatever is tried."""

import itertools
import json
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from strongroom.twin.ports import ApiError

HALF = timedelta(days=18)


def _estate(another_scene, kit):
    """Backups every night, tests of them every day, a bucket of continuous backups, two restores and a hold."""
    kit.clear()
    scene = another_scene()
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    for number in range(3):
        scene.table(f"table-{number}", environment="prod")
    scene.volume(size=300, environment="prod")
    scene.bucket("receipts", environment="prod")
    scene.plan(
        kit.rule(Lifecycle={"DeleteAfterDays": 5}),
        kit.rule("log", ScheduleExpression="cron(0 9 * * ? *)", EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}),
    )
    points = {
        "Algorithm": "RANDOM_WITHIN_WINDOW",
        "IncludeVaults": ["*"],
        "RecoveryPointTypes": ["SNAPSHOT", "CONTINUOUS"],
        "SelectionWindowDays": 6,
    }
    plan = {"RestoreTestingPlanName": "daily", "ScheduleExpression": "cron(0 5 * * ? *)", "RecoveryPointSelection": points}
    scene.do("CreateRestoreTestingPlan", RestoreTestingPlan=plan)
    role = scene.role(name="restore")
    for kind, hours in (("DynamoDB", 10), ("EBS", 0), ("S3", 24)):
        selection = {"RestoreTestingSelectionName": kind, "ProtectedResourceType": kind, "ProtectedResourceArns": ["*"]}
        more = {"IamRoleArn": role, "ValidationWindowHours": hours}
        scene.do("CreateRestoreTestingSelection", RestoreTestingPlanName="daily", RestoreTestingSelection=selection | more)
    return scene


def _in_the_middle(scene, kit):
    """Hold what there is, end an earlier hold, and restore a volume that the plan then backs up too."""
    for hold in scene.do("ListLegalHolds")["LegalHolds"]:
        scene.do("CancelLegalHold", LegalHoldId=hold["LegalHoldId"], CancelDescription="settled")
    scene.do("CreateLegalHold", Title="case", Description="all of it")
    disk = scene.points(ByResourceType="EBS")[0]
    scene.do(
        "StartRestoreJob",
        RecoveryPointArn=disk["RecoveryPointArn"],
        Metadata={"availabilityZone": f"{kit.REGION}a"},
        IamRoleArn=f"arn:aws:iam::{kit.WORKLOAD}:role/restore",
        CopySourceTagsToRestoredResource=True,
    )


def _run(another_scene, kit, step):
    scene = _estate(another_scene, kit)
    for stretch in range(3):
        end = scene.at + HALF
        while scene.at < end:
            scene.wait(seconds=min(step, end - scene.at).total_seconds())
        if stretch < 2:
            _in_the_middle(scene, kit)
    from moto.dynamodb.models import dynamodb_backends
    from moto.ec2.models import ec2_backends

    left = [*dynamodb_backends[kit.WORKLOAD][kit.REGION].tables, *ec2_backends[kit.WORKLOAD][kit.REGION].volumes]
    return json.dumps([scene.backup.dump(), left], default=str, sort_keys=True)


@pytest.mark.parametrize("step", [timedelta(days=1), timedelta(hours=5), timedelta(minutes=101)])
def test_one_jump_equals_many_steps(another_scene, kit, step):
    """Restores, their tests and holds come to the same whatever the steps in which the clock moves, and again in another run."""
    jumped = _run(another_scene, kit, HALF)
    assert "COMPLETED" in jumped
    assert _run(another_scene, kit, step) == jumped


ACTIONS = st.lists(
    st.one_of(
        st.tuples(st.just("hold"), st.sampled_from(["local", "aside", ""])),
        st.tuples(st.just("cancel"), st.integers(0, 3)),
        st.tuples(st.just("delete"), st.integers(0, 5)),
        st.tuples(st.just("disassociate"), st.integers(0, 5)),
        st.tuples(st.just("wait"), st.sampled_from([1, 30, 600, 6000])),
    ),
    max_size=14,
)
MINUTES_TO_SETTLE = 10


class _Held:
    """Two vaults of six recovery points that are due after one to six days, and what the calls say of holds."""

    def __init__(self, scene):
        self.scene = scene
        scene.vault()
        scene.vault("aside")
        role, arn = scene.role(), scene.table("orders")
        for days in range(1, 7):
            vault = "aside" if days % 2 else "local"
            lifecycle = {"DeleteAfterDays": days}
            scene.do("StartBackupJob", BackupVaultName=vault, ResourceArn=arn, IamRoleArn=role, Lifecycle=lifecycle)
            scene.wait(minutes=20)
        self.all = self.present()

    def present(self):
        return {point["RecoveryPointArn"]: name for name in ("local", "aside") for point in self.scene.points(name)}

    def held(self):
        """The recovery points under an active hold."""
        active = [hold["LegalHoldId"] for hold in self.scene.do("ListLegalHolds")["LegalHolds"] if hold["Status"] == "ACTIVE"]
        found = [self.scene.do("ListRecoveryPointsByLegalHold", LegalHoldId=hold)["RecoveryPoints"] for hold in active]
        return {point["RecoveryPointArn"] for points in found for point in points}

    def act(self, name, how):
        """Do one thing; returns whether it was refused."""
        scene, arns = self.scene, sorted(self.all)
        try:
            if name == "hold":
                chosen = {"RecoveryPointSelection": {"VaultNames": [how]}} if how else {}
                scene.do("CreateLegalHold", Title="case", Description="case", **chosen)
            elif name == "cancel":
                known = scene.do("ListLegalHolds")["LegalHolds"]
                hold = known[how]["LegalHoldId"] if how < len(known) else "unknown"
                scene.do("CancelLegalHold", LegalHoldId=hold, CancelDescription="settled")
            elif name == "wait":
                scene.wait(minutes=how)
            else:
                operation = "DeleteRecoveryPoint" if name == "delete" else "DisassociateRecoveryPoint"
                scene.do(operation, BackupVaultName=self.all[arns[how]], RecoveryPointArn=arns[how])
        except ApiError as error:
            assert error.code in {"InvalidRequestException", "InvalidResourceStateException", "ResourceNotFoundException"}  # noqa: PT017
            return True
        return False


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ACTIONS)
def test_E7_nothing_that_is_held_is_lost(another_scene, kit, actions):  # noqa: N802 - named after the invariant
    """E7: whatever is tried, what an active hold has stays; once all holds ended, what is overdue goes within a day."""
    kit.clear()
    world = _Held(another_scene())
    for name, how in actions:
        held = world.held()
        target = sorted(world.all)[how] if name in ("delete", "disassociate") else None
        refused = world.act(name, how)
        assert held <= set(world.present()), (name, how)
        if target in held:
            assert refused
    world.scene.wait(minutes=MINUTES_TO_SETTLE)
    for hold in world.scene.do("ListLegalHolds")["LegalHolds"]:
        if hold["Status"] == "ACTIVE":
            world.scene.do("CancelLegalHold", LegalHoldId=hold["LegalHoldId"], CancelDescription="over")
    world.scene.wait(minutes=MINUTES_TO_SETTLE)
    world.scene.wait(hours=24)
    for name in ("local", "aside"):
        for point in world.scene.points(name):
            assert point["CalculatedLifecycle"]["DeleteAt"] > world.scene.at - timedelta(hours=24)


KEYS = st.sampled_from(
    [
        "availabilityZone",
        "volumeSize",
        "volumeType",
        "iops",
        "throughput",
        "encrypted",
        "kmsKeyId",
        "SubnetId",
        "SecurityGroupIds",
        "InstanceType",
        "IamInstanceProfileName",
        "file-system-id",
        "newFileSystem",
        "CreationToken",
        "PerformanceMode",
        "targetTableName",
        "encryptionType",
        "kmsMasterKeyArn",
        "DestinationBucketName",
        "newBucket",
        "KMSKey",
        "DBInstanceIdentifier",
        "DBClusterIdentifier",
        "DBSubnetGroupName",
        "Engine",
        "EngineVersion",
        "DBInstanceClass",
        "Port",
        "multiAz",
    ]
)
TEXTS = st.one_of(
    st.sampled_from(["true", "false", "eu-west-2a", "0", "-1", "7", "99999", "io1", "gp3", "postgres", "aurora-mysql", "subnet-1", "["]),
    st.sampled_from(["fs-1", "KMS", "orders", "Receipts!", "a", "arn:", "null", "alias/aws/ebs", "alias/none", "db.t4g.medium", "d" * 70]),
    st.sampled_from(["arn:aws:kms:eu-west-2:1:key/x", '["sg-1"]', '{"sg": 1}']),
    st.text(max_size=8),
)


def _one_of_each(scene, kit):
    """A recovery point of each type that moto carries."""
    from moto.ec2.models import ec2_backends
    from moto.efs.models import efs_backends
    from moto.rds.models import rds_backends

    where = {"region_name": kit.REGION, "instance_type": "t3.small", "is_instance_type_default": False, "nics": {}}
    instance = ec2_backends[kit.WORKLOAD][kit.REGION].run_instances("ami-12345678", 1, None, [], **where).instances[0]
    files = efs_backends[kit.WORKLOAD][kit.REGION].create_file_system("f", "generalPurpose", True, None, "bursting", None, None, False, [])
    rds = rds_backends[kit.WORKLOAD][kit.REGION]
    user = {"master_username": "keeper", "master_user_password": "a-password", "tags": [], "allocated_storage": 20}
    database = rds.create_db_instance(user | {"db_instance_identifier": "d", "engine": "postgres", "db_instance_class": "db.t4g.medium"})
    cluster = rds.create_db_cluster(user | {"db_cluster_identifier": "c", "engine": "aurora-postgresql"})
    arns = [scene.table("orders"), scene.volume(), scene.bucket("receipts"), files.file_system_arn]
    arns += [database.db_instance_arn, cluster.db_cluster_arn, f"arn:aws:ec2:{kit.REGION}:{kit.WORKLOAD}:instance/{instance.id}"]
    scene.vault()
    role = scene.role()
    for arn in arns:
        scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=arn, IamRoleArn=role)
    scene.wait(hours=1)
    return [point["RecoveryPointArn"] for point in scene.points()], role


def test_any_metadata_end_in_a_completed_or_failed_job(another_scene, kit):
    """Whatever somebody writes into restore metadata, the job ends, and a failed one says why."""
    kit.clear()
    scene = another_scene()
    points, role = _one_of_each(scene, kit)
    assert len(points) == 7
    names, seen = itertools.count(), set()

    def check(point, good, odd):
        asked = {"BackupVaultName": "local", "RecoveryPointArn": point}
        inferred = scene.do("GetRestoreTestingInferredMetadata", **asked)["InferredMetadata"] if good else {}
        metadata = {key: f"new-{next(names)}" if text.startswith("awsbackup") else text for key, text in inferred.items()}
        spelling = {name.lower(): name for name in metadata}
        metadata |= {spelling.get(name.lower(), name): text for name, text in odd.items()}
        started = scene.do("StartRestoreJob", RecoveryPointArn=point, Metadata=metadata, IamRoleArn=role)
        scene.wait(hours=1)
        job = scene.do("DescribeRestoreJob", RestoreJobId=started["RestoreJobId"])
        assert (job["Status"], "CreatedResourceArn" in job, "StatusMessage" in job) in {("COMPLETED", True, False), ("FAILED", False, True)}
        seen.add((job["ResourceType"], job["Status"]))

    @settings(max_examples=150, deadline=None)
    @given(st.sampled_from(points), st.booleans(), st.dictionaries(KEYS, TEXTS, max_size=5))
    def any_metadata(point, good, odd):
        check(point, good, odd)

    for point in points:
        check(point, good=True, odd={})
    assert seen == {(kind, "COMPLETED") for kind in ("DynamoDB", "EBS", "S3", "EFS", "RDS", "Aurora", "EC2")}
    any_metadata()
