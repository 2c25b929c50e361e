"""Logically air-gapped vaults through boto3: written, read back, refused, and what reaches them."""

import pytest


@pytest.fixture
def gap(aws):
    """The name of a new air-gapped vault that is available."""
    name = aws.name("gap")
    made = aws.client("backup").create_logically_air_gapped_backup_vault(
        BackupVaultName=name, MinRetentionDays=7, MaxRetentionDays=400, BackupVaultTags={"team": "a"}
    )
    assert made["VaultState"] == "CREATING"
    aws.advance("3m1s")
    return name


@pytest.mark.aws_locks
def test_e9_an_air_gapped_vault_is_described_and_listed_as_such(aws, gap):
    """Type, lock and key are read back; ListBackupVaults tells the kinds apart; an empty one can be deleted."""
    backup = aws.client("backup")
    found = backup.describe_backup_vault(BackupVaultName=gap)
    assert (found["VaultType"], found["VaultState"]) == ("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "AVAILABLE")
    assert (found["Locked"], found["LockDate"]) == (True, found["CreationDate"])
    assert (found["MinRetentionDays"], found["MaxRetentionDays"], found["EncryptionKeyType"]) == (7, 400, "AWS_OWNED_KMS_KEY")
    assert backup.list_tags(ResourceArn=found["BackupVaultArn"])["Tags"] == {"team": "a"}
    lists = {
        kind: {vault["BackupVaultName"] for vault in backup.list_backup_vaults(ByVaultType=kind)["BackupVaultList"]}
        for kind in ("BACKUP_VAULT", "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")
    }
    assert (gap in lists["LOGICALLY_AIR_GAPPED_BACKUP_VAULT"], gap in lists["BACKUP_VAULT"]) == (True, False)
    refused = aws.refusal(backup.put_backup_vault_lock_configuration, BackupVaultName=gap, MinRetentionDays=8)
    assert refused[0] == "InvalidRequestException"
    backup.delete_backup_vault(BackupVaultName=gap)
    assert aws.refusal(backup.describe_backup_vault, BackupVaultName=gap)[0] == "ResourceNotFoundException"


@pytest.mark.aws_locks
def test_an_air_gapped_vault_needs_a_sound_range_and_a_new_name(aws, gap):
    """Seven days at least, no maximum below the minimum or above 36500, no name twice; a missing maximum is missing."""
    backup, name = aws.client("backup"), aws.name("gap")
    create = backup.create_logically_air_gapped_backup_vault
    for low, high in ((6, 30), (30, 29), (30, 36501)):
        refusal = aws.refusal(create, BackupVaultName=name, MinRetentionDays=low, MaxRetentionDays=high)
        assert refusal[0] == "InvalidParameterValueException"
    assert aws.refusal(create, BackupVaultName=gap, MinRetentionDays=7, MaxRetentionDays=30)[0] == "AlreadyExistsException"
    assert aws.refusal(backup.create_backup_vault, BackupVaultName=gap)[0] == "AlreadyExistsException"
    key = {"EncryptionKeyArn": f"arn:aws:kms:{aws.region}:{aws.account}:key/00000000-0000-0000-0000-000000000000"}
    refusal = aws.refusal(create, BackupVaultName=name, MinRetentionDays=7, MaxRetentionDays=30, **key)
    assert refusal[0] == "InvalidParameterValueException"


@pytest.mark.aws_locks
def test_a_customer_key_is_kept(aws):
    """A vault under a customer's key says so."""
    backup, name = aws.client("backup"), aws.name("gap")
    key = aws.client("kms").create_key()["KeyMetadata"]["Arn"]
    backup.create_logically_air_gapped_backup_vault(BackupVaultName=name, MinRetentionDays=7, MaxRetentionDays=30, EncryptionKeyArn=key)
    found = backup.describe_backup_vault(BackupVaultName=name)
    assert (found["EncryptionKeyArn"], found["EncryptionKeyType"]) == (key, "CUSTOMER_MANAGED_KMS_KEY")
    backup.delete_backup_vault(BackupVaultName=name)


@pytest.mark.aws_locks
def test_a_table_goes_straight_there_and_stays(aws, gap):
    """A fully managed type never touches the standard vault; what is inside is deleted by nobody before its time."""
    backup, local = aws.client("backup"), aws.name("conformance")
    backup.create_backup_vault(BackupVaultName=local)
    arn = backup.describe_backup_vault(BackupVaultName=gap)["BackupVaultArn"]
    request = {"BackupVaultName": local, "ResourceArn": aws.table(), "IamRoleArn": aws.role(), "Lifecycle": {"DeleteAfterDays": 8}}
    job = backup.start_backup_job(**request, LogicallyAirGappedBackupVaultArn=arn)["BackupJobId"]
    aws.advance("1h")
    done = backup.describe_backup_job(BackupJobId=job)
    assert (done["State"], done["BackupVaultName"], done["VaultType"]) == ("COMPLETED", gap, "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")
    assert backup.list_recovery_points_by_backup_vault(BackupVaultName=local)["RecoveryPoints"] == []
    named = {"BackupVaultName": gap, "RecoveryPointArn": done["RecoveryPointArn"]}
    found = backup.describe_recovery_point(**named)
    assert (found["EncryptionKeyType"], found["IsEncrypted"]) == ("AWS_OWNED_KMS_KEY", True)
    assert aws.refusal(backup.delete_recovery_point, **named)[0] == "InvalidRequestException"
    assert aws.refusal(backup.update_recovery_point_lifecycle, **named)[0] == "InvalidRequestException"
    assert aws.refusal(backup.delete_backup_vault, BackupVaultName=gap)[0] == "InvalidRequestException"
    aws.advance("9d")
    assert aws.refusal(backup.describe_recovery_point, **named)[0] == "ResourceNotFoundException"


@pytest.mark.aws_costs
def test_targets_elsewhere_and_lifecycles_with_events_are_refused(aws):
    """The air-gapped target must be in the same account and Region; DeleteAfterEvent is an answer, never a request."""
    backup = aws.client("backup")
    rule = {"RuleName": "daily", "TargetBackupVaultName": "local", "Lifecycle": {"DeleteAfterDays": 8}}
    for arn in (
        f"arn:aws:backup:{aws.region}:123456789012:backup-vault:gap",
        f"arn:aws:backup:ap-south-1:{aws.account}:backup-vault:gap",
        "gap",
    ):
        plan = {"BackupPlanName": aws.name("plan"), "Rules": [rule | {"TargetLogicallyAirGappedBackupVaultArn": arn}]}
        assert aws.refusal(backup.create_backup_plan, BackupPlan=plan)[0] == "InvalidParameterValueException"
        request = {"BackupVaultName": aws.point()["BackupVaultName"], "ResourceArn": aws.table(), "IamRoleArn": aws.role()}
        refusal = aws.refusal(backup.start_backup_job, **request, LogicallyAirGappedBackupVaultArn=arn)
        assert refusal[0] == "InvalidParameterValueException"
    plan = {"BackupPlanName": aws.name("plan"), "Rules": [rule | {"Lifecycle": {"DeleteAfterEvent": "DELETE_AFTER_COPY"}}]}
    assert aws.refusal(backup.create_backup_plan, BackupPlan=plan)[0] == "InvalidParameterValueException"
