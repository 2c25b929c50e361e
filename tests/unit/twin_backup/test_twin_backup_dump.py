"""The dump of AWS Backup: everything that it holds, and the same for the same run."""


def _run(scene, kit):
    """One of everything that is kept, whether it behaves or not."""
    kit.clear()
    scene.vault()
    scene.do("CreateLogicallyAirGappedBackupVault", BackupVaultName="gap", MinRetentionDays=7, MaxRetentionDays=70)
    scene.wait(hours=1)
    tiering = {"TieringConfigurationName": "cheaper", "BackupVaultName": "*", "ResourceSelection": [
        {"Resources": ["*"], "TieringDownSettingsInDays": 60, "ResourceType": "S3"},
    ]}  # fmt: skip
    scene.do("CreateTieringConfiguration", TieringConfiguration=tiering)
    control = {"ControlName": "BACKUP_RECOVERY_POINT_ENCRYPTED"}
    scene.do("CreateFramework", FrameworkName="base", FrameworkControls=[control])
    channel, setting = {"S3BucketName": "reports", "Formats": ["CSV"]}, {"ReportTemplate": "BACKUP_JOB_REPORT"}
    scene.do("CreateReportPlan", ReportPlanName="jobs", ReportDeliveryChannel=channel, ReportSetting=setting)
    scene.do("UpdateRegionSettings", ResourceTypeOptInPreference={"S3": True})
    scene.do("StartBackupJob", BackupVaultName="local", ResourceArn=scene.bucket("receipts"), IamRoleArn=scene.role())
    scene.wait(hours=1)
    (point,) = scene.points()
    named = {"BackupVaultName": "local", "RecoveryPointArn": point["RecoveryPointArn"]}
    scene.do("UpdateRecoveryPointIndexSettings", **named, IamRoleArn=scene.role(name="index"), Index="ENABLED")
    return scene


def test_the_dump_has_every_store_and_the_same_run_gives_the_same(another_scene, kit):
    """What is only kept is in it too: a difference there is a difference of the dump."""
    first, second = (_run(another_scene(), kit).backup.dump() for _ in range(2))
    assert first == second
    place = first[f"{kit.WORKLOAD}/{kit.REGION}"]
    filled = {name for name, held in place.items() if held}
    assert filled >= {"vaults", "points", "backup_jobs", "tiering", "frameworks", "report_plans", "settings", "indexes"}
    assert place["tiering"][0]["name"] == "cheaper"
    kit.clear()
