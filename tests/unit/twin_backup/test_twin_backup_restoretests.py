"""Restore testing: invariant E20 and what surrounds it."""

import sys
from datetime import timedelta

import pytest

from strongroom.twin.ports import ApiError

TAG = "awsbackup-restore-test"
FOUR_HOURS = timedelta(hours=4)  # that a restore from cold storage takes longer


def _backed_up(scene, *arns, vault="local", **more):
    """Recovery points of resources in a vault, which is made when it isn't there."""
    if vault not in [each["BackupVaultName"] for each in scene.do("ListBackupVaults")["BackupVaultList"]]:
        scene.vault(vault)
    for arn in arns:
        role = scene.role(name=f"backup-{arn.rpartition('/')[2].rpartition(':')[2]}")
        scene.do("StartBackupJob", BackupVaultName=vault, ResourceArn=arn, IamRoleArn=role, **more)
    scene.wait(hours=2)


def _plan(scene, name="weekly", *, vaults=("*",), algorithm="LATEST_WITHIN_WINDOW", types=("SNAPSHOT", "CONTINUOUS"), window=30, **more):
    points = {
        "Algorithm": algorithm,
        "IncludeVaults": list(vaults),
        "RecoveryPointTypes": list(types),
        "SelectionWindowDays": window,
    }
    plan = {
        "RestoreTestingPlanName": name,
        "ScheduleExpression": "cron(0 5 * * ? *)",
        "StartWindowHours": 4,
        "RecoveryPointSelection": points,
    }
    return scene.do("CreateRestoreTestingPlan", RestoreTestingPlan=plan | more)["RestoreTestingPlanArn"]


def _selection(scene, kind="DynamoDB", *, plan="weekly", name=None, role=None, **more):
    chosen = {
        "RestoreTestingSelectionName": name or f"all_{kind}",
        "ProtectedResourceType": kind,
        "ProtectedResourceArns": ["*"],
        "IamRoleArn": role or scene.role(name=f"restore-{plan}-{name or kind}"),
    }
    scene.do("CreateRestoreTestingSelection", RestoreTestingPlanName=plan, RestoreTestingSelection=chosen | more)


def _tests(scene, **filters):
    return list(scene.do("ListRestoreJobs", **filters)["RestoreJobs"])


def _metadata(scene, job):
    return scene.do("GetRestoreJobMetadata", RestoreJobId=job["RestoreJobId"])["Metadata"]


def _moto(kit, service, region=None):
    return getattr(sys.modules[f"moto.{service}.models"], f"{service}_backends")[kit.WORKLOAD][region or kit.REGION]


def test_E20_tests_start_at_random_inside_the_start_window(scene):  # noqa: N802 - named after the invariant
    """E20: every protected resource is restored once a run, somewhere between schedule and end of the start window."""
    _backed_up(scene, *(scene.table(f"table-{number}") for number in range(12)))
    arn = _plan(scene)
    _selection(scene)
    scene.wait(days=1)
    jobs = _tests(scene, ByRestoreTestingPlanArn=arn)
    slot = scene.at.replace(hour=5, minute=0, second=0, microsecond=0)
    starts = sorted(job["CreationDate"] for job in jobs)
    assert len({job["SourceResourceArn"] for job in jobs}) == len(jobs) == 12
    assert slot < starts[0] < slot + timedelta(hours=2) < starts[-1] <= slot + timedelta(hours=4)
    assert {job["Status"] for job in jobs} == {"COMPLETED"}
    assert {job["CreatedBy"]["RestoreTestingPlanArn"] for job in jobs} == {arn}
    assert scene.do("GetRestoreTestingPlan", RestoreTestingPlanName="weekly")["RestoreTestingPlan"]["LastExecutionTime"] == slot


def test_E20_a_validation_is_given_once(scene, kit):  # noqa: N802 - named after the invariant
    """E20: a result can't be changed, and with it the resource goes."""
    _backed_up(scene, scene.table("orders"))
    _plan(scene)
    _selection(scene, ValidationWindowHours=24)
    scene.wait(hours=20)
    (job,) = _tests(scene)
    name = job["CreatedResourceArn"].rpartition("/")[2]
    assert (job["ValidationStatus"], "DeletionStatus" in job, name in _moto(kit, "dynamodb").tables) == ("VALIDATING", False, True)
    result = {"RestoreJobId": job["RestoreJobId"], "ValidationStatus": "FAILED", "ValidationStatusMessage": "12 rows, 30 expected"}
    scene.do("PutRestoreValidationResult", **result)
    with pytest.raises(ApiError, match=r"InvalidRequestException: .* cannot be changed"):
        scene.do("PutRestoreValidationResult", **result | {"ValidationStatus": "SUCCESSFUL"})
    cleaning = scene.do("DescribeRestoreJob", RestoreJobId=job["RestoreJobId"])
    assert (cleaning["ValidationStatus"], cleaning["ValidationStatusMessage"]) == ("FAILED", "12 rows, 30 expected")
    assert cleaning["DeletionStatus"] == "DELETING"
    scene.wait(minutes=30)
    assert scene.do("DescribeRestoreJob", RestoreJobId=job["RestoreJobId"])["DeletionStatus"] == "SUCCESSFUL"
    assert name not in _moto(kit, "dynamodb").tables


def test_E20_clean_up_after_the_window(scene, kit):  # noqa: N802 - named after the invariant
    """E20: nobody validates: the window ends TIMED_OUT, then the resource goes; without a window it goes at once."""
    _backed_up(scene, scene.table("orders"), scene.volume())
    _plan(scene)
    _selection(scene, ValidationWindowHours=3)
    _selection(scene, "EBS")
    scene.wait(hours=24)
    by_type = {job["ResourceType"]: job for job in _tests(scene)}
    assert (by_type["DynamoDB"]["ValidationStatus"], by_type["DynamoDB"]["DeletionStatus"]) == ("TIMED_OUT", "SUCCESSFUL")
    assert ("ValidationStatus" in by_type["EBS"], by_type["EBS"]["DeletionStatus"]) == (False, "SUCCESSFUL")
    assert set(_moto(kit, "dynamodb").tables) == {"orders"}
    assert len(_moto(kit, "ec2").volumes) == 1


def test_E20_the_clean_up_needs_its_tag(scene, kit):  # noqa: N802 - named after the invariant
    """E20 (FM26): a resource whose tag somebody removed stays, and the job says so."""
    _backed_up(scene, scene.volume())
    _plan(scene)
    _selection(scene, "EBS", ValidationWindowHours=12)
    scene.wait(hours=20)
    (job,) = _tests(scene)
    volume = _moto(kit, "ec2").volumes[job["CreatedResourceArn"].rpartition("/")[2]]
    assert TAG in {pair["key"] for pair in volume.get_tags()}
    _moto(kit, "ec2").delete_tags([volume.id], {TAG: None})
    scene.wait(hours=4)
    scene.wait(hours=8)
    left = scene.do("DescribeRestoreJob", RestoreJobId=job["RestoreJobId"])
    assert left["DeletionStatus"] == "FAILED"
    assert TAG in left["DeletionStatusMessage"]
    assert volume.id in _moto(kit, "ec2").volumes


def test_what_a_test_made_is_not_backed_up(scene, kit):
    """Plans ignore what restore testing made, by its tag or by its name."""
    _backed_up(scene, scene.table("orders"), scene.volume())
    _plan(scene)
    _selection(scene, ValidationWindowHours=168)
    _selection(scene, "EBS", ValidationWindowHours=168)
    everything = {"Resources": ["arn:aws:dynamodb:*", "arn:aws:ec2:*:*:volume/*"]}
    scene.plan(kit.rule(ScheduleExpression="cron(0 20 * * ? *)"), **everything)
    scene.wait(days=2)
    assert len({job["SourceResourceArn"] for job in _tests(scene)}) == 2
    assert {job["ResourceArn"] for job in scene.jobs()} == {job["SourceResourceArn"] for job in _tests(scene)}


def _file_system(kit):
    from moto.efs.models import efs_backends

    backend = efs_backends[kit.WORKLOAD][kit.REGION]
    return backend.create_file_system("files", "generalPurpose", True, None, "bursting", None, None, False, []).file_system_arn


def _database(kit):
    from moto.rds.models import rds_backends

    asked = {"db_instance_identifier": "shop", "engine": "postgres", "db_instance_class": "db.t4g.medium", "allocated_storage": 30}
    asked |= {"master_username": "keeper", "master_user_password": "a-password", "tags": []}
    return rds_backends[kit.WORKLOAD][kit.REGION].create_db_instance(asked).db_instance_arn


def _cluster(kit):
    from moto.rds.models import rds_backends

    asked = {"db_cluster_identifier": "ledger", "engine": "aurora-postgresql", "tags": []}
    asked |= {"master_username": "keeper", "master_user_password": "a-password"}
    return rds_backends[kit.WORKLOAD][kit.REGION].create_db_cluster(asked).db_cluster_arn


def _instance(kit):
    from moto.ec2.models import ec2_backends

    where = {"region_name": kit.REGION, "instance_type": "t3.small", "is_instance_type_default": False, "nics": {}}
    made = ec2_backends[kit.WORKLOAD][kit.REGION].run_instances("ami-12345678", 1, None, [], **where).instances[0]
    return f"arn:aws:ec2:{kit.REGION}:{kit.WORKLOAD}:instance/{made.id}"


def test_every_type_is_restored_with_inferred_metadata_and_cleaned_up(scene, kit):
    """All types that moto carries are restored under random names, with AWS's defaults, and nothing stays."""
    arns = (
        scene.table("orders"),
        scene.volume(),
        scene.bucket("receipts"),
        _file_system(kit),
        _database(kit),
        _cluster(kit),
        _instance(kit),
    )
    _backed_up(scene, *arns)
    _plan(scene)
    kinds = ("DynamoDB", "EBS", "S3", "EFS", "RDS", "Aurora", "EC2")
    for kind in kinds:
        _selection(scene, kind)
    scene.wait(hours=23)
    jobs = {job["ResourceType"]: job for job in _tests(scene)}
    assert {kind: job.get("StatusMessage", job["Status"]) for kind, job in jobs.items()} == dict.fromkeys(kinds, "COMPLETED")
    assert jobs["S3"]["DeletionStatus"] == "DELETING"  # a lifecycle rule empties the bucket a day later
    assert jobs["S3"]["CreatedResourceArn"].startswith(f"arn:aws:s3:::{TAG}-")
    assert _metadata(scene, jobs["DynamoDB"])["encryptionType"] == "Default"
    assert _metadata(scene, jobs["EBS"])["encrypted"] == "true"
    assert _metadata(scene, jobs["EC2"])["instanceType"] == "t3.small"
    assert _metadata(scene, jobs["EFS"])["newFileSystem"] == "true"
    scene.do("DeleteRestoreTestingSelection", RestoreTestingPlanName="weekly", RestoreTestingSelectionName="all_S3")
    scene.wait(days=2)
    first = {job["RestoreJobId"]: job["DeletionStatus"] for job in _tests(scene) if job["CreationDate"] < scene.at - timedelta(days=1)}
    assert set(first.values()) == {"SUCCESSFUL"}
    scene.wait(hours=6)
    left = [*_moto(kit, "dynamodb").tables, *_moto(kit, "s3", "aws").buckets, *_moto(kit, "rds").databases, *_moto(kit, "rds").clusters]
    assert sorted(left) == ["ledger", "orders", "receipts", "shop"]
    assert len(_moto(kit, "efs").file_systems_by_id) == 1
    assert len(_moto(kit, "ec2").volumes) == 2


def test_latest_and_random(scene, kit):
    """LATEST takes the newest recovery point, RANDOM any of the window; older ones than the window are never taken."""
    scene.vault()
    scene.table("orders", environment="prod")
    scene.plan(kit.rule(Lifecycle={"DeleteAfterDays": 60}))
    scene.wait(days=30)
    _plan(scene, "latest", window=7)
    _plan(scene, "random", window=7, algorithm="RANDOM_WITHIN_WINDOW")
    for name in ("latest", "random"):
        _selection(scene, plan=name, name=name)
    scene.wait(days=25)
    ages = {}
    for job in _tests(scene):
        age = job["CreationDate"] - job["RecoveryPointCreationDate"]
        plan = job["CreatedBy"]["RestoreTestingPlanArn"].rpartition(":")[2].partition("-")[0]
        ages.setdefault(plan, []).append(age)
    assert (len(ages["latest"]), len(ages["random"])) == (25, 25)
    assert max(ages["latest"]) < timedelta(hours=8)
    assert max(ages["random"]) <= timedelta(days=7)
    assert len({age.days for age in ages["random"]}) > 4


def test_fm26_no_recovery_point_in_the_window_is_no_test(scene):
    """FM26: a window shorter than the interval of backups leaves the resource out, without a word."""
    _backed_up(scene, scene.table("orders"))
    scene.wait(days=3)
    _plan(scene, window=1)
    _selection(scene)
    scene.wait(days=2)
    assert _tests(scene) == []


def test_vaults_conditions_and_arns_narrow_a_test(scene):
    """Only recovery points of included vaults count; conditions look at the tags of the latest recovery point."""
    orders, archive = scene.table("orders"), scene.table("archive")
    _backed_up(scene, orders, RecoveryPointTags={"tier": "gold"})
    _backed_up(scene, archive, vault="prod-aside")
    scene.table("nowhere")
    _plan(scene, "aside", vaults=["arn:aws:backup:*:*:backup-vault:prod-*"])
    _plan(scene, "tagged")
    _plan(scene, "named")
    _selection(scene, plan="aside")
    equals = {"StringEquals": [{"Key": "aws:ResourceTag/tier", "Value": "gold"}]}
    _selection(scene, plan="tagged", ProtectedResourceArns=None, ProtectedResourceConditions=equals)
    _selection(scene, plan="named", ProtectedResourceArns=[archive])
    scene.wait(days=1)
    found = {(job["CreatedBy"]["RestoreTestingPlanArn"].rpartition(":")[2][:5], job["SourceResourceArn"]) for job in _tests(scene)}
    assert found == {("aside", archive), ("tagge", orders), ("named", archive)}


def test_overrides_are_not_case_sensitive(scene, kit):
    """An override replaces what was inferred, however its key is written."""
    _backed_up(scene, scene.volume())
    _plan(scene)
    _selection(scene, "EBS", RestoreMetadataOverrides={"AVAILABILITYZONE": f"{kit.REGION}c", "volumetype": "io1", "iops": "500"})
    scene.wait(days=1)
    (job,) = _tests(scene)
    metadata = _metadata(scene, job)
    assert metadata == {"availabilityZone": f"{kit.REGION}c", "encrypted": "true", "volumetype": "io1", "iops": "500"}


def test_inferred_metadata_can_be_looked_at(scene):
    """GetRestoreTestingInferredMetadata shows what a test would use; unknown recovery points are refused."""
    _backed_up(scene, scene.table("orders"))
    (point,) = scene.points()
    asked = {"BackupVaultName": "local", "RecoveryPointArn": point["RecoveryPointArn"]}
    inferred = scene.do("GetRestoreTestingInferredMetadata", **asked)["InferredMetadata"]
    assert inferred.pop("targetTableName").startswith(f"{TAG}-")
    assert inferred == {"deletionProtection": "false", "encryptionType": "Default"}
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        scene.do("GetRestoreTestingInferredMetadata", **asked | {"RecoveryPointArn": "arn:aws:backup:::recovery-point:none"})


def test_continuous_points_are_restored_to_an_instant(scene, kit):
    """A continuous recovery point is restored to its last instant; without CONTINUOUS it isn't tested."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.bucket("receipts", environment="prod")
    scene.plan(kit.rule(EnableContinuousBackup=True, Lifecycle={"DeleteAfterDays": 35}))
    scene.wait(days=3)
    _plan(scene, "both")
    _plan(scene, "snapshots", types=["SNAPSHOT"])
    for name in ("both", "snapshots"):
        _selection(scene, "S3", plan=name, name=name)
    scene.wait(days=1)
    (job,) = _tests(scene)
    assert job["Status"] == "COMPLETED"
    at = _metadata(scene, job)["RestoreTime"]
    assert at == f"{job['CreationDate'] - timedelta(minutes=15):%Y-%m-%dT%H:%M:%SZ}"


def test_role_that_cannot_be_assumed_fails_every_test(scene, kit):
    """FM15, FM26: a test with a wrong role is a failed restore job, and leaves nothing to clean up."""
    _backed_up(scene, scene.table("orders"))
    _plan(scene)
    _selection(scene, role=f"arn:aws:iam::{kit.WORKLOAD}:role/nobody")
    scene.wait(days=1)
    (job,) = _tests(scene)
    assert (job["Status"], "DeletionStatus" in job, "ValidationStatus" in job) == ("FAILED", False, False)


def test_too_many_at_once_wait_and_then_fail(scene):
    """At most 40 tables are restored at once; those that can't start inside the window fail with AWS's message."""
    cold = {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 400}  # their restores take four hours
    _backed_up(scene, *(scene.table(f"table-{number}") for number in range(43)), Lifecycle=cold)
    scene.wait(days=2)
    _plan(scene, StartWindowHours=1)
    _selection(scene)
    slot = (scene.at + timedelta(days=1)).replace(hour=5, minute=0, second=0)
    scene.at = slot + timedelta(minutes=59)
    waiting = [job for job in _tests(scene) if job["Status"] == "PENDING"]
    assert len(waiting) >= 2
    scene.wait(hours=8)
    failed = [job for job in _tests(scene) if job["Status"] == "FAILED"]
    assert [job["Status"] for job in _tests(scene)].count("COMPLETED") == 40
    assert {job["CompletionDate"] for job in failed} == {slot + timedelta(hours=1)}
    text = "Restore job was unable to start within the specified start window. Try increasing your start window."
    assert [job["StatusMessage"] for job in failed] == [text] * 3


def test_a_waiting_test_starts_when_another_is_over(scene):
    """Who waits for its turn inside the window gets it."""
    cold = {"MoveToColdStorageAfterDays": 1, "DeleteAfterDays": 400}
    _backed_up(scene, *(scene.table(f"table-{number}") for number in range(90)), Lifecycle=cold)
    scene.wait(days=2)
    _plan(scene, StartWindowHours=12)
    _selection(scene)
    scene.wait(hours=38)
    jobs = _tests(scene)
    assert [job["Status"] for job in jobs] == ["COMPLETED"] * 90
    changes = sorted(change for job in jobs for change in ((job["CompletionDate"], -1), (job["CompletionDate"] - FOUR_HOURS, 1)))
    running = [sum(change for _, change in changes[:number]) for number in range(len(changes))]
    assert 35 < max(running) <= 40


def test_plan_life(scene):
    """A plan is made, read back, changed in parts, listed, and deleted after its selections."""
    arn = _plan(scene, Tags=None)
    assert ":restore-testing-plan:weekly-" in arn
    shown = scene.do("GetRestoreTestingPlan", RestoreTestingPlanName="weekly")["RestoreTestingPlan"]
    assert (shown["ScheduleExpressionTimezone"], shown["RecoveryPointSelection"]["ExcludeVaults"]) == ("Etc/UTC", [])
    _selection(scene, ValidationWindowHours=3)
    scene.wait(minutes=1)
    changes = {"StartWindowHours": 9, "RecoveryPointSelection": {"SelectionWindowDays": 3}}
    scene.do("UpdateRestoreTestingPlan", RestoreTestingPlanName="weekly", RestoreTestingPlan=changes)
    changed = scene.do("GetRestoreTestingPlan", RestoreTestingPlanName="weekly")["RestoreTestingPlan"]
    assert (changed["StartWindowHours"], changed["RecoveryPointSelection"]["SelectionWindowDays"]) == (9, 3)
    assert changed["RecoveryPointSelection"]["Algorithm"] == "LATEST_WITHIN_WINDOW"
    assert changed["LastUpdateTime"] > changed["CreationTime"]
    scene.do(
        "UpdateRestoreTestingSelection",
        RestoreTestingPlanName="weekly",
        RestoreTestingSelectionName="all_DynamoDB",
        RestoreTestingSelection={"ValidationWindowHours": 5},
    )
    (listed,) = scene.do("ListRestoreTestingSelections", RestoreTestingPlanName="weekly")["RestoreTestingSelections"]
    assert (listed["ValidationWindowHours"], listed["ProtectedResourceType"]) == (5, "DynamoDB")
    scene.do("TagResource", ResourceArn=arn, Tags={"team": "backup"})
    assert scene.do("ListTags", ResourceArn=arn)["Tags"] == {"team": "backup"}
    with pytest.raises(ApiError, match=r"InvalidRequestException: .* has selections"):
        scene.do("DeleteRestoreTestingPlan", RestoreTestingPlanName="weekly")
    scene.do("DeleteRestoreTestingSelection", RestoreTestingPlanName="weekly", RestoreTestingSelectionName="all_DynamoDB")
    scene.do("DeleteRestoreTestingPlan", RestoreTestingPlanName="weekly")
    assert scene.do("ListRestoreTestingPlans")["RestoreTestingPlans"] == []


def test_deleted_and_changed_plans_do_not_run_as_before(scene):
    """Runs of an earlier schedule don't happen, nor tests of a selection that was deleted before they started."""
    _backed_up(scene, scene.table("orders"))
    _plan(scene)
    _selection(scene)
    scene.do("UpdateRestoreTestingPlan", RestoreTestingPlanName="weekly", RestoreTestingPlan={"ScheduleExpression": "cron(0 22 * * ? *)"})
    scene.at = scene.at.replace(hour=21, minute=59)
    scene.wait(hours=14)
    (job,) = _tests(scene)
    assert job["CreationDate"].hour in (22, 23, 0, 1)
    scene.at = scene.at.replace(hour=22, minute=0, second=0)
    scene.wait(seconds=1)
    scene.do("DeleteRestoreTestingSelection", RestoreTestingPlanName="weekly", RestoreTestingSelectionName="all_DynamoDB")
    scene.wait(hours=5)
    assert len(_tests(scene)) == 1


def test_refusals_of_plans(scene):
    """Names, schedules, windows, vaults and counts are checked, names are unique."""
    for wrong in (
        {"RestoreTestingPlanName": "week-ly"},
        {"RestoreTestingPlanName": "w" * 51},
        {"ScheduleExpression": "rate(1 day)"},
        {"ScheduleExpressionTimezone": "Europe/Londno"},
        {"StartWindowHours": 0},
        {"StartWindowHours": 169},
    ):
        with pytest.raises(ApiError, match="InvalidParameterValueException"):
            _plan(scene, **wrong)
    for wrong in ({"window": 0}, {"window": 366}, {"vaults": ()}, {"vaults": ("local",)}, {"types": ()}, {"types": ("DAILY",)}):
        with pytest.raises(ApiError, match="InvalidParameterValueException"):
            _plan(scene, **wrong)
    first = _plan(scene)
    with pytest.raises(ApiError, match="AlreadyExistsException") as caught:
        _plan(scene)
    assert caught.value.members["Arn"] == first
    for number in range(99):
        _plan(scene, f"plan_{number}")
    with pytest.raises(ApiError, match="LimitExceededException"):
        _plan(scene, "one_too_many")
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        scene.do("GetRestoreTestingPlan", RestoreTestingPlanName="unknown")
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        scene.do("ListRestoreTestingSelections", RestoreTestingPlanName="unknown")


def test_refusals_of_selections(scene, kit):
    """ARNs and conditions don't mix, types are ten, hours, names and roles are checked."""
    _plan(scene)
    arn = f"arn:aws:dynamodb:{kit.REGION}:{kit.WORKLOAD}:table/orders"
    conditions = {"StringEquals": [{"Key": "tier", "Value": "gold"}]}
    role = scene.role(name="restore")
    for number, wrong in enumerate(
        (
            {"name": "all-tables"},
            {"kind": "Redshift"},
            {"role": "restore"},
            {"ValidationWindowHours": 169},
            {"ProtectedResourceArns": ["*", arn]},
            {"ProtectedResourceArns": [arn], "ProtectedResourceConditions": conditions},
            {"ProtectedResourceArns": [f"{arn}{index}" for index in range(31)]},
            {"ProtectedResourceArns": None},
            {"ProtectedResourceConditions": {"StringEquals": [{"Key": "aws:tier", "Value": "gold"}]}},
        )
    ):
        with pytest.raises(ApiError, match="InvalidParameterValueException"):
            _selection(scene, **{"name": f"wrong_{number}", "role": role} | wrong)
    _selection(scene, role=role, ProtectedResourceArns=[arn])
    with pytest.raises(ApiError, match="AlreadyExistsException"):
        _selection(scene, role=role)
    with pytest.raises(ApiError, match="ResourceNotFoundException"):
        _selection(scene, plan="unknown", role=role)
    only = {"RestoreTestingPlanName": "weekly", "RestoreTestingSelectionName": "all_DynamoDB"}
    with pytest.raises(ApiError, match="InvalidParameterValueException"):
        scene.do("UpdateRestoreTestingSelection", **only, RestoreTestingSelection={"ProtectedResourceConditions": conditions})
    both = {"ProtectedResourceConditions": conditions, "ProtectedResourceArns": ["*"]}
    scene.do("UpdateRestoreTestingSelection", **only, RestoreTestingSelection=both)
    shown = scene.do("GetRestoreTestingSelection", **only)["RestoreTestingSelection"]
    assert (shown["ProtectedResourceArns"], shown["ProtectedResourceConditions"]) == (["*"], conditions)
    for number in range(29):
        _selection(scene, name=f"more_{number}", role=role)
    with pytest.raises(ApiError, match="LimitExceededException"):
        _selection(scene, name="one_too_many", role=role)
