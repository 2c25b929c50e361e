"""What the twin keeps and nothing follows from, through boto3: tiering, scans, approval teams, restore access, access points."""

import pytest

TEAM = "arn:aws:mpa:us-east-1:111111111111:approval-team/recovery"
MANAGEMENT = "111111111111"
CENTRAL = "333333333333"


def _s3(*resources, days=90):
    return {"Resources": list(resources), "TieringDownSettingsInDays": days, "ResourceType": "S3"}


@pytest.fixture
def bucket_point(aws):
    """A recovery point of a new bucket with versions, and its vault."""
    backup, s3, vault = aws.client("backup"), aws.client("s3"), aws.name("kept")
    bucket = aws.name("kept").replace("_", "-")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    backup.create_backup_vault(BackupVaultName=vault)
    backup.start_backup_job(BackupVaultName=vault, ResourceArn=f"arn:aws:s3:::{bucket}", IamRoleArn=aws.role())
    aws.advance("1d")
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    return point


@pytest.fixture
def gap(aws):
    """The name of a new air-gapped vault with an approval team."""
    backup, name = aws.client("backup"), aws.name("gap")
    aws.client("backup", account=MANAGEMENT).update_global_settings(GlobalSettings={"isMpaEnabled": "true"})
    backup.create_logically_air_gapped_backup_vault(BackupVaultName=name, MinRetentionDays=7, MaxRetentionDays=400)
    backup.associate_backup_vault_mpa_approval_team(BackupVaultName=name, MpaApprovalTeamArn=TEAM)
    return name


def test_a_tiering_configuration_is_made_changed_listed_and_deleted(aws):
    """What is written is read back; the name stays, the rest can be changed."""
    backup, name, vault = aws.client("backup"), aws.name("tiers"), aws.name("kept")
    backup.create_backup_vault(BackupVaultName=vault)
    asked = {"TieringConfigurationName": name, "BackupVaultName": vault, "ResourceSelection": [_s3("*")]}
    request = {"TieringConfiguration": asked, "TieringConfigurationTags": {"team": "a"}, "CreatorRequestId": name}
    made = backup.create_tiering_configuration(**request)
    again = backup.create_tiering_configuration(**request)
    assert again["TieringConfigurationArn"] == made["TieringConfigurationArn"]
    found = backup.get_tiering_configuration(TieringConfigurationName=name)["TieringConfiguration"]
    assert {key: found[key] for key in asked} == asked
    assert "LastUpdatedTime" not in found
    assert backup.list_tags(ResourceArn=made["TieringConfigurationArn"])["Tags"] == {"team": "a"}
    wider = {"BackupVaultName": vault, "ResourceSelection": [_s3("arn:aws:s3:::logs", days=60), _s3("arn:aws:s3:::data", days=36500)]}
    backup.update_tiering_configuration(TieringConfigurationName=name, TieringConfiguration=wider)
    changed = backup.get_tiering_configuration(TieringConfigurationName=name)["TieringConfiguration"]
    assert changed["ResourceSelection"] == wider["ResourceSelection"]
    assert changed["LastUpdatedTime"] >= changed["CreationTime"]
    pages = backup.get_paginator("list_tiering_configurations").paginate(PaginationConfig={"PageSize": 1})
    assert name in {each["TieringConfigurationName"] for page in pages for each in page["TieringConfigurations"]}
    backup.delete_tiering_configuration(TieringConfigurationName=name)
    for call in (backup.get_tiering_configuration, backup.delete_tiering_configuration):
        assert aws.refusal(call, TieringConfigurationName=name)[0] == "ResourceNotFoundException"
    update = {"TieringConfigurationName": name, "TieringConfiguration": wider}
    assert aws.refusal(backup.update_tiering_configuration, **update)[0] == "ResourceNotFoundException"


def test_tiering_configurations_are_refused(aws):
    """Days, types, numbers and names are checked; a vault has one configuration only; lists refuse a wrong token."""
    backup, name, vault = aws.client("backup"), aws.name("tiers"), aws.name("kept")
    backup.create_backup_vault(BackupVaultName=vault)
    asked = {"TieringConfigurationName": name, "BackupVaultName": vault, "ResourceSelection": [_s3("*")]}
    for wrong in (
        {"ResourceSelection": [_s3("*", days=36501)]},
        {"ResourceSelection": []},
        {"ResourceSelection": [_s3("*")] * 6},
        {"ResourceSelection": [_s3()]},
        {"ResourceSelection": [_s3(*(f"arn:aws:s3:::bucket-{number}" for number in range(101)))]},
        {"ResourceSelection": [_s3("arn:aws:dynamodb:eu-west-2:666666666666:table/orders")]},
        {"ResourceSelection": [_s3("*") | {"ResourceType": "EBS"}]},
        {"BackupVaultName": "nothing-of-that-name"},
        {"TieringConfigurationName": "with-a-dash"},
    ):
        refused = aws.refusal(backup.create_tiering_configuration, TieringConfiguration=asked | wrong)
        assert refused[0] == "InvalidParameterValueException"
    backup.create_tiering_configuration(TieringConfiguration=asked)
    assert aws.refusal(backup.create_tiering_configuration, TieringConfiguration=asked)[0] == "AlreadyExistsException"
    second = asked | {"TieringConfigurationName": f"{name}_2"}
    assert aws.refusal(backup.create_tiering_configuration, TieringConfiguration=second)[0] == "ConflictException"
    assert aws.refusal(backup.list_tiering_configurations, NextToken="not-a-token")[0] == "InvalidParameterValueException"
    backup.delete_tiering_configuration(TieringConfigurationName=name)


@pytest.mark.aws_costs
def test_a_scan_job_is_kept_and_never_says_clean(aws, bucket_point):
    """A scan is started, listed, counted and over after a while; its result is UNKNOWN, because nothing was scanned."""
    backup = aws.client("backup")
    asked = {
        "BackupVaultName": bucket_point["BackupVaultName"],
        "RecoveryPointArn": bucket_point["RecoveryPointArn"],
        "IamRoleArn": aws.role(),
        "ScannerRoleArn": aws.role(),
        "MalwareScanner": "GUARDDUTY",
        "ScanMode": "FULL_SCAN",
        "IdempotencyToken": aws.name("scan"),
    }
    started = backup.start_scan_job(**asked)
    assert backup.start_scan_job(**asked)["ScanJobId"] == started["ScanJobId"]
    aws.advance("6m")
    assert backup.describe_scan_job(ScanJobId=started["ScanJobId"])["State"] == "RUNNING"
    aws.advance("2h")
    job = backup.describe_scan_job(ScanJobId=started["ScanJobId"])
    assert (job["State"], job["ScanResult"]) == ("COMPLETED_WITH_ISSUES", {"ScanResultStatus": "UNKNOWN"})
    assert (job["ResourceType"], job["ScanMode"], job["CreationDate"]) == ("S3", "FULL_SCAN", started["CreationDate"])
    ours = {"ByRecoveryPointArn": bucket_point["RecoveryPointArn"], "ByState": "COMPLETED_WITH_ISSUES", "ByScanResultStatus": "UNKNOWN"}
    assert [each["ScanJobId"] for each in backup.list_scan_jobs(**ours)["ScanJobs"]] == [started["ScanJobId"]]
    assert backup.list_scan_jobs(**ours | {"ByScanResultStatus": "NO_THREATS_FOUND"})["ScanJobs"] == []
    assert backup.list_scan_jobs(**ours, ByCompleteAfter=job["CompletionDate"], ByResourceType="S3")["ScanJobs"]
    aws.advance("1d")
    rows = backup.list_scan_job_summaries(State="ANY", ResourceType="S3", AggregationPeriod="SEVEN_DAYS")["ScanJobSummaries"]
    assert sum(row["Count"] for row in rows if row["State"] == "COMPLETED_WITH_ISSUES") >= 1
    aws.advance("31d")
    assert backup.list_scan_jobs(**ours)["ScanJobs"] == []


@pytest.mark.aws_costs
def test_scans_are_refused(aws, bucket_point):
    """An incremental scan needs a base, tables can't be scanned, what isn't there isn't found."""
    backup, table = aws.client("backup"), aws.point()
    asked = {
        "BackupVaultName": bucket_point["BackupVaultName"],
        "RecoveryPointArn": bucket_point["RecoveryPointArn"],
        "IamRoleArn": aws.role(),
        "ScannerRoleArn": aws.role(),
        "MalwareScanner": "GUARDDUTY",
        "ScanMode": "FULL_SCAN",
    }
    own = bucket_point["RecoveryPointArn"]
    for code, wrong in (
        ("MissingParameterValueException", {"ScanMode": "INCREMENTAL_SCAN"}),
        ("InvalidParameterValueException", {"ScanMode": "INCREMENTAL_SCAN", "ScanBaseRecoveryPointArn": own}),
        ("InvalidParameterValueException", {"ScanBaseRecoveryPointArn": own}),
        ("InvalidParameterValueException", {"MalwareScanner": "OTHER"}),
        ("InvalidParameterValueException", {"ScannerRoleArn": "somebody"}),
        ("InvalidParameterValueException", {"ContinuousScanEndTime": bucket_point["CreationDate"]}),
        ("InvalidRequestException", {key: table[key] for key in ("BackupVaultName", "RecoveryPointArn")}),
        ("ResourceNotFoundException", {"RecoveryPointArn": f"{own}0"}),
        ("ResourceNotFoundException", {"BackupVaultName": "nothing-of-that-name"}),
    ):
        assert aws.refusal(backup.start_scan_job, **asked | wrong)[0] == code, wrong
    assert aws.refusal(backup.describe_scan_job, ScanJobId="nothing")[0] == "ResourceNotFoundException"
    assert aws.refusal(backup.list_scan_jobs, ByState="DONE")[0] == "InvalidParameterValueException"
    assert aws.refusal(backup.list_scan_job_summaries, MaxResults=501)[0] == "InvalidParameterValueException"


@pytest.mark.aws_costs
def test_results_of_a_continuous_recovery_point_are_those_of_a_scan_that_covers_the_instant(aws):
    """GetPITRMalwareScanResults finds the scan up to a later instant, and none for one that no scan covers."""
    backup, s3, vault = aws.client("backup"), aws.client("s3"), aws.name("kept")
    bucket = aws.name("kept").replace("_", "-")
    s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": aws.region})
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    backup.create_backup_vault(BackupVaultName=vault)
    rule = {
        "RuleName": "log",
        "TargetBackupVaultName": vault,
        "ScheduleExpression": "cron(0 * * * ? *)",
        "EnableContinuousBackup": True,
        "Lifecycle": {"DeleteAfterDays": 35},
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": vault, "Rules": [rule]})["BackupPlanId"]
    chosen = {"SelectionName": "one", "IamRoleArn": aws.role(), "Resources": [f"arn:aws:s3:::{bucket}"]}
    selection = backup.create_backup_selection(BackupPlanId=plan, BackupSelection=chosen)["SelectionId"]
    aws.advance("1d")
    (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
    where = {"BackupVaultName": vault, "RecoveryPointArn": point["RecoveryPointArn"]}
    asked = where | {"MalwareScanner": "GUARDDUTY", "ScanEndTime": point["CreationDate"]}
    assert aws.refusal(backup.get_pitr_malware_scan_results, **asked)[0] == "ResourceNotFoundException"
    roles = {"IamRoleArn": aws.role(), "ScannerRoleArn": aws.role()}
    until = {"ContinuousScanEndTime": point["CompletionDate"]}
    backup.start_scan_job(**where, **roles, **until, MalwareScanner="GUARDDUTY", ScanMode="FULL_SCAN")
    aws.advance("2h")
    found = backup.get_pitr_malware_scan_results(**asked)
    assert (found["ScanEndTime"], found["ScanResult"]) == (point["CreationDate"], {"ScanResultStatus": "UNKNOWN"})
    table = aws.point()
    wrong = {key: table[key] for key in ("BackupVaultName", "RecoveryPointArn")}
    assert aws.refusal(backup.get_pitr_malware_scan_results, **asked | wrong)[0] == "InvalidParameterValueException"
    backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
    backup.delete_backup_plan(BackupPlanId=plan)


@pytest.mark.aws_locks
def test_the_first_approval_team_is_associated_at_once_and_the_next_one_waits(aws, gap):
    """Replacing or removing the team needs the present team's approval: the request is PENDING, and FAILED when nobody votes."""
    backup = aws.client("backup")
    first = backup.describe_backup_vault(BackupVaultName=gap)
    assert (first["MpaApprovalTeamArn"], "LatestMpaApprovalTeamUpdate" in first) == (TEAM, False)
    backup.associate_backup_vault_mpa_approval_team(BackupVaultName=gap, MpaApprovalTeamArn=f"{TEAM}2", RequesterComment="new team")
    waiting = backup.describe_backup_vault(BackupVaultName=gap)
    assert (waiting["MpaApprovalTeamArn"], waiting["LatestMpaApprovalTeamUpdate"]["Status"]) == (TEAM, "PENDING")
    aws.advance("2d")
    assert backup.describe_backup_vault(BackupVaultName=gap)["LatestMpaApprovalTeamUpdate"]["Status"] == "FAILED"
    backup.disassociate_backup_vault_mpa_approval_team(BackupVaultName=gap)
    last = backup.describe_backup_vault(BackupVaultName=gap)
    assert (last["MpaApprovalTeamArn"], last["LatestMpaApprovalTeamUpdate"]["Status"]) == (TEAM, "PENDING")


@pytest.mark.aws_locks
def test_approval_teams_are_refused(aws, gap):
    """Only air-gapped vaults have teams, of multi-party approval; what has none can't lose it."""
    backup, plain, bare = aws.client("backup"), aws.name("plain"), aws.name("gap")
    backup.create_backup_vault(BackupVaultName=plain)
    backup.create_logically_air_gapped_backup_vault(BackupVaultName=bare, MinRetentionDays=7, MaxRetentionDays=400)
    associate, remove = backup.associate_backup_vault_mpa_approval_team, backup.disassociate_backup_vault_mpa_approval_team
    assert aws.refusal(associate, BackupVaultName=plain, MpaApprovalTeamArn=TEAM)[0] == "InvalidRequestException"
    assert aws.refusal(associate, BackupVaultName=gap, MpaApprovalTeamArn="arn:aws:iam::1:role/x")[0] == "InvalidParameterValueException"
    assert aws.refusal(associate, BackupVaultName="nothing-there", MpaApprovalTeamArn=TEAM)[0] == "ResourceNotFoundException"
    assert aws.refusal(remove, BackupVaultName=bare)[0] == "InvalidRequestException"
    settings = aws.client("backup", account=MANAGEMENT)
    settings.update_global_settings(GlobalSettings={"isMpaEnabled": "false"})
    assert aws.refusal(associate, BackupVaultName=bare, MpaApprovalTeamArn=TEAM)[0] == "InvalidRequestException"
    settings.update_global_settings(GlobalSettings={"isMpaEnabled": "true"})


@pytest.mark.aws_locks
def test_restore_access_is_asked_for_and_revoked(aws, gap):
    """Another account's restore access vault waits for approval; the owner of the source lists and revokes it."""
    owner, other = aws.client("backup"), aws.client("backup", account=CENTRAL)
    source, name = owner.describe_backup_vault(BackupVaultName=gap)["BackupVaultArn"], aws.name("access")
    request = {"SourceBackupVaultArn": source, "BackupVaultName": name, "BackupVaultTags": {"team": "a"}, "CreatorRequestId": name}
    made = other.create_restore_access_backup_vault(**request)
    assert (made["RestoreAccessBackupVaultName"], made["VaultState"]) == (name, "CREATING")
    assert other.create_restore_access_backup_vault(**request)["RestoreAccessBackupVaultArn"] == made["RestoreAccessBackupVaultArn"]
    found = other.describe_backup_vault(BackupVaultName=name)
    assert (found["VaultType"], found["SourceBackupVaultArn"]) == ("RESTORE_ACCESS_BACKUP_VAULT", source)
    kinds = other.list_backup_vaults(ByVaultType="RESTORE_ACCESS_BACKUP_VAULT")["BackupVaultList"]
    assert name in {vault["BackupVaultName"] for vault in kinds}
    assert other.list_tags(ResourceArn=made["RestoreAccessBackupVaultArn"])["Tags"] == {"team": "a"}
    (listed,) = owner.list_restore_access_backup_vaults(BackupVaultName=gap)["RestoreAccessBackupVaults"]
    assert (listed["RestoreAccessBackupVaultArn"], "LatestRevokeRequest" in listed) == (made["RestoreAccessBackupVaultArn"], False)
    owner.revoke_restore_access_backup_vault(BackupVaultName=gap, RestoreAccessBackupVaultArn=listed["RestoreAccessBackupVaultArn"])
    (listed,) = owner.list_restore_access_backup_vaults(BackupVaultName=gap)["RestoreAccessBackupVaults"]
    assert listed["LatestRevokeRequest"]["Status"] == "PENDING"
    aws.advance("2d")
    (listed,) = owner.list_restore_access_backup_vaults(BackupVaultName=gap)["RestoreAccessBackupVaults"]
    assert (listed["VaultState"], listed["LatestRevokeRequest"]["Status"]) == ("FAILED", "FAILED")


@pytest.mark.aws_locks
def test_restore_access_is_refused(aws, gap):
    """A source needs to be air-gapped, there, and to have a team; a name is used once; only what exists is revoked."""
    backup, plain = aws.client("backup"), aws.name("plain")
    source = backup.describe_backup_vault(BackupVaultName=gap)["BackupVaultArn"]
    standard = backup.create_backup_vault(BackupVaultName=plain)["BackupVaultArn"]
    create = backup.create_restore_access_backup_vault
    assert aws.refusal(create, SourceBackupVaultArn=standard)[0] == "InvalidRequestException"
    assert aws.refusal(create, SourceBackupVaultArn=f"{source}0")[0] == "ResourceNotFoundException"
    assert aws.refusal(create, SourceBackupVaultArn="elsewhere")[0] == "InvalidParameterValueException"
    assert aws.refusal(create, SourceBackupVaultArn=source, BackupVaultName=plain)[0] == "AlreadyExistsException"
    named = create(SourceBackupVaultArn=source)
    assert named["RestoreAccessBackupVaultName"] in named["RestoreAccessBackupVaultArn"]
    taken = {"BackupVaultName": named["RestoreAccessBackupVaultName"]}
    assert aws.refusal(backup.create_backup_vault, **taken)[0] == "AlreadyExistsException"
    revoke = backup.revoke_restore_access_backup_vault
    assert aws.refusal(revoke, BackupVaultName=gap, RestoreAccessBackupVaultArn=standard)[0] == "ResourceNotFoundException"
    assert aws.refusal(revoke, BackupVaultName=plain, RestoreAccessBackupVaultArn=standard)[0] == "InvalidRequestException"
    assert aws.refusal(backup.list_restore_access_backup_vaults, BackupVaultName="nothing-there")[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_an_access_point_is_made_described_listed_and_deleted(aws, bucket_point):
    """It becomes AVAILABLE with the names that S3 knows it by, and is gone a while after its deletion."""
    backup, name = aws.client("backup"), aws.name("point").replace("_", "-")
    arn = bucket_point["RecoveryPointArn"]
    made = backup.create_backup_access_point(Name=name, RecoveryPointArn=arn, Tags={"team": "a"})
    assert made["AccessPointArn"] == f"arn:aws:backup:{aws.region}:{aws.account}:accesspoint/{name}"
    assert made["Status"] == "CREATING"
    aws.advance("6m")
    found = backup.describe_backup_access_point(AccessPointArn=made["AccessPointArn"])
    assert (found["Name"], found["Status"], found["RecoveryPointArn"]) == (name, "AVAILABLE", arn)
    assert (found["ResourceArn"], found["ResourceType"]) == (bucket_point["ResourceArn"], "S3")
    assert {"S3AccessPointArn", "S3AccessPointAlias"} <= found["AccessPointMetadata"].keys()
    assert backup.list_tags(ResourceArn=made["AccessPointArn"])["Tags"] == {"team": "a"}
    mine = (
        backup.list_backup_access_points_by_recovery_point(RecoveryPointArn=arn),
        backup.list_backup_access_points_by_resource(ResourceArn=bucket_point["ResourceArn"]),
    )
    assert [[each["Name"] for each in answer["BackupAccessPoints"]] for answer in mine] == [[name], [name]]
    assert name in {each["Name"] for each in backup.list_backup_access_points(MaxResults=100)["BackupAccessPoints"]}
    backup.delete_backup_access_point(AccessPointArn=made["AccessPointArn"])
    assert backup.describe_backup_access_point(AccessPointArn=made["AccessPointArn"])["Status"] == "DELETING"
    aws.advance("6m")
    assert backup.list_backup_access_points_by_recovery_point(RecoveryPointArn=arn)["BackupAccessPoints"] == []
    for call in (backup.describe_backup_access_point, backup.delete_backup_access_point):
        assert aws.refusal(call, AccessPointArn=made["AccessPointArn"])[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_access_points_are_refused(aws, bucket_point):
    """Five a recovery point, of S3 only, with S3's names and an instant only for continuous recovery points."""
    backup, table, base = aws.client("backup"), aws.point(), aws.name("point").replace("_", "-")
    asked = {"Name": base, "RecoveryPointArn": bucket_point["RecoveryPointArn"]}
    create = backup.create_backup_access_point
    for code, wrong in (
        ("InvalidRequestException", {"RecoveryPointArn": table["RecoveryPointArn"]}),
        ("ResourceNotFoundException", {"RecoveryPointArn": f"{asked['RecoveryPointArn']}0"}),
        ("InvalidParameterValueException", {"Name": "Capitals"}),
        ("InvalidParameterValueException", {"Name": "ends-s3alias"}),
        ("InvalidParameterValueException", {"AccessPointPolicy": "not a policy"}),
        ("InvalidParameterValueException", {"AccessPointMetadata": {"AccessPointInTime": "2026-11-27T03:30:27Z"}}),
    ):
        assert aws.refusal(create, **asked | wrong)[0] == code, wrong
    for number in range(5):
        create(**asked | {"Name": f"{base}-{number}"})
    assert aws.refusal(create, **asked | {"Name": f"{base}-0"})[0] == "AlreadyExistsException"
    assert aws.refusal(create, **asked)[0] == "LimitExceededException"
    for call, subject in (
        (backup.list_backup_access_points, {}),
        (backup.list_backup_access_points_by_recovery_point, {"RecoveryPointArn": asked["RecoveryPointArn"]}),
        (backup.list_backup_access_points_by_resource, {"ResourceArn": bucket_point["ResourceArn"]}),
    ):
        assert aws.refusal(call, **subject, NextToken="not-a-token")[0] == "InvalidParameterValueException"
