"""Every filter of every list: a value that something has leaves that, another one leaves it out."""

from datetime import timedelta

import pytest

from strongroom.twin.backup import wire

NO_FILTERS = {
    "AccountId",  # of summaries: whose jobs are counted
    "AggregationPeriod",
    "BackupPlanId",
    "BackupVaultAccountId",
    "BackupVaultName",
    "LegalHoldId",
    "ManagedByAWSBackupOnly",  # everything here is
    "MaxResults",
    "NextToken",
    "RecoveryPointArn",
    "ResourceArn",
    "RestoreTestingPlanName",
}
STATE_ONLY = ("ListIndexedRecoveryPoints", "ListScanJobs", "ListScanJobSummaries")
PLANS = "arn:aws:backup:eu-west-2:555555555555:restore-testing-plan:none"


@pytest.fixture
def busy(scene, kit):
    """A table that was backed up by a plan and copied, restored, and reported; everything else has other values."""
    scene.vault()
    scene.table("orders", environment="prod")
    aside = scene.vault("aside")
    plan_id = scene.plan(kit.rule(CopyActions=[{"DestinationBackupVaultArn": aside}]))
    scene.wait(days=1)
    (point,) = scene.points()
    role = scene.role(name="restores")
    scene.do("StartRestoreJob", RecoveryPointArn=point["RecoveryPointArn"], Metadata={"targetTableName": "again"}, IamRoleArn=role)
    other = scene.do("CreateBackupPlan", BackupPlan={"BackupPlanName": "gone", "Rules": [kit.rule(StartWindowMinutes=90)]})
    scene.do("DeleteBackupPlan", BackupPlanId=other["BackupPlanId"])
    scene.wait(hours=25)  # summaries count up to midnight
    return scene, point, plan_id, aside


def _cases(kit, point, plan_id, aside):
    """Each filter with a value of something that is there, and one that nothing has."""
    now = kit.START + timedelta(days=2, hours=1)
    long_ago, soon = kit.START - timedelta(days=9), now + timedelta(days=9)
    arn, nothing = point["ResourceArn"], f"arn:aws:dynamodb:{kit.REGION}:{kit.WORKLOAD}:table/nothing"
    job = {
        "ByResourceArn": (arn, nothing),
        "ByState": ("COMPLETED", "FAILED"),
        "ByBackupVaultName": ("local", "aside"),
        "ByResourceType": ("DynamoDB", "EBS"),
        "ByAccountId": (kit.WORKLOAD, None),
        "ByMessageCategory": ("SUCCESS", "AccessDenied"),
        "ByCreatedAfter": (long_ago, soon),
        "ByCreatedBefore": (soon, long_ago),
        "ByCompleteAfter": (long_ago, soon),
        "ByCompleteBefore": (soon, long_ago),
        "ByParentJobId": (None, "none"),
    }
    summary = {"State": ("COMPLETED", "FAILED"), "ResourceType": ("DynamoDB", "EBS"), "MessageCategory": ("SUCCESS", "AccessDenied")}
    points = {name: each for name, each in job.items() if name in {"ByResourceArn", "ByResourceType", "ByCreatedAfter", "ByCreatedBefore"}}
    copied = {"ByDestinationVaultArn": (aside, point["BackupVaultArn"]), "BySourceRecoveryPointArn": (point["RecoveryPointArn"], aside)}
    created = {"ByRecoveryPointCreationDateAfter": (long_ago, soon), "ByRecoveryPointCreationDateBefore": (soon, long_ago)}
    more = {"ByBackupPlanId": (plan_id, "none"), "ByParentRecoveryPointArn": (None, "none")}
    return {
        "ListBackupJobs": job,
        "ListCopyJobs": {name: each for name, each in job.items() if name != "ByBackupVaultName"} | copied,
        "ListRestoreJobs": {
            name: each for name, each in job.items() if name not in {"ByResourceArn", "ByState", "ByBackupVaultName", "ByMessageCategory"}
        }
        | {"ByStatus": ("COMPLETED", "FAILED"), "ByRestoreTestingPlanArn": (None, PLANS)},
        "ListRestoreJobsByProtectedResource": created | {"ByStatus": ("COMPLETED", "FAILED")},
        "ListBackupJobSummaries": summary,
        "ListCopyJobSummaries": summary,
        "ListRestoreJobSummaries": {name: each for name, each in summary.items() if name != "MessageCategory"},
        "ListRecoveryPointsByBackupVault": points | more,
        "ListBackupVaults": {"ByVaultType": ("BACKUP_VAULT", "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"), "ByShared": (False, True)},
        "ListBackupPlans": {"IncludeDeleted": (True, None)},
        "ListReportJobs": {
            "ByReportPlanName": (None, None),
            "ByStatus": (None, "FAILED"),
            "ByCreationAfter": (None, soon),
            "ByCreationBefore": (None, long_ago),
        },
    }


def _filters(*, kept=False):
    operations = [each for each in wire.model().operation_names if each.startswith("List") and (each in STATE_ONLY) is kept]
    shapes = {each: wire.model().operation_model(each).input_shape for each in operations}
    found = {name: set(shape.members) - NO_FILTERS for name, shape in shapes.items() if shape is not None}
    return {name: members for name, members in found.items() if members}


def test_each_filter_leaves_what_has_its_value(busy, kit):
    """No filter of botocore's model is missing here, and each does its work."""
    scene, point, *rest = busy
    cases = _cases(kit, point, *rest)
    assert {name: set(filters) for name, filters in cases.items()} == _filters()
    _try(scene, cases, point)


def _try(scene, cases, point):
    needed = {"BackupVaultName": "local", "ResourceArn": point["ResourceArn"]}
    for operation, filters in cases.items():
        takes = wire.model().operation_model(operation).input_shape.members
        always = {name: value for name, value in needed.items() if name in takes}
        if "Summaries" in operation:
            always["AggregationPeriod"] = "SEVEN_DAYS"
        for name, (present, absent) in filters.items():
            if present is not None:
                assert _found(scene, operation, always | {name: present}), (operation, name, present)
            if absent is not None:
                assert _found(scene, operation, always | {name: absent}) == [], (operation, name, absent)


def test_each_filter_of_what_is_only_kept_does_too(scene, kit):
    """Indexes and scans are listed by the same rules."""
    scene.vault()
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    role = scene.role()
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.bucket("receipts"), IamRoleArn=role)
    scene.wait(hours=1)
    (point,) = scene.points()
    named = {"BackupVaultName": "local", "RecoveryPointArn": point["RecoveryPointArn"]}
    scene.do("UpdateRecoveryPointIndexSettings", **named, IamRoleArn=role, Index="ENABLED")
    scan = {"MalwareScanner": "GUARDDUTY", "ScanMode": "FULL_SCAN", "ScannerRoleArn": role}
    scene.do("StartScanJob", **named, **scan, IamRoleArn=role)
    scene.wait(hours=25)
    long_ago, soon = kit.START - timedelta(days=9), scene.at + timedelta(days=9)
    kind, nothing = ("S3", "EBS"), "arn:aws:s3:::nothing"
    cases = {
        "ListIndexedRecoveryPoints": {
            "SourceResourceArn": (point["ResourceArn"], nothing),
            "CreatedAfter": (long_ago, soon),
            "CreatedBefore": (soon, long_ago),
            "ResourceType": kind,
            "IndexStatus": ("ACTIVE", "PENDING"),
        },
        "ListScanJobs": {
            "ByAccountId": (kit.WORKLOAD, None),
            "ByBackupVaultName": ("local", "other"),
            "ByCompleteAfter": (long_ago, soon),
            "ByCompleteBefore": (soon, long_ago),
            "ByMalwareScanner": ("GUARDDUTY", None),  # there is one
            "ByRecoveryPointArn": (point["RecoveryPointArn"], nothing),
            "ByResourceArn": (point["ResourceArn"], nothing),
            "ByResourceType": kind,
            "ByScanResultStatus": ("UNKNOWN", "NO_THREATS_FOUND"),
            "ByState": ("COMPLETED_WITH_ISSUES", "COMPLETED"),
        },
        "ListScanJobSummaries": {
            "MalwareScanner": ("GUARDDUTY", None),
            "ResourceType": kind,
            "ScanResultStatus": ("UNKNOWN", "NO_THREATS_FOUND"),
            "State": ("COMPLETED_WITH_ISSUES", "COMPLETED"),
        },
    }
    assert {name: set(filters) for name, filters in cases.items()} == _filters(kept=True)
    _try(scene, cases, point)


def _found(scene, operation, parameters):
    answer = scene.do(operation, **parameters)
    (members,) = [value for value in answer.values() if isinstance(value, list)]
    return members


def test_deleted_plans_are_listed_on_request(busy):
    """IncludeDeleted adds, the other filters take away."""
    scene, *_ = busy
    plain, all_of_them = (scene.do("ListBackupPlans", **more)["BackupPlansList"] for more in ({}, {"IncludeDeleted": True}))
    assert (len(plain), len(all_of_them)) == (1, 2)
