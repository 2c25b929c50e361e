"""Restores, restore tests, holds, audits, native protection and what a restore meets: planted by API calls, and all of it is read."""

import json
from typing import Any

import pytest

from strongroom.aws import fleet
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region

HOME, OTHER = Region("eu-west-2"), Region("eu-west-1")
LEDGER = "666666666666"
PLACE = {"region": OTHER, "account": LEDGER}
TRUST = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
ROLE = f"arn:aws:iam::{LEDGER}:role/safeguards"
TABLE = f"arn:aws:dynamodb:{OTHER}:{LEDGER}:table/safeguarded"
TOPIC = f"arn:aws:sns:{OTHER}:{LEDGER}:safeguards"


@pytest.fixture(scope="module")
def point(twin: Any) -> str:
    """A restored recovery point that a legal hold holds, in a tagged vault that tells a topic."""
    backup = twin.client("backup", **PLACE)
    document = json.dumps({"Version": "2012-10-17", "Statement": [TRUST]})
    twin.client("iam", account=LEDGER).create_role(RoleName="safeguards", AssumeRolePolicyDocument=document)
    _table(twin.client("dynamodb", **PLACE))
    backup.create_backup_vault(BackupVaultName="safeguards", BackupVaultTags={"tier": "gold"})
    backup.create_backup_vault(BackupVaultName="safeguards-silent")
    twin.client("sns", **PLACE).create_topic(Name="safeguards")
    backup.put_backup_vault_notifications(BackupVaultName="safeguards", SNSTopicArn=TOPIC, BackupVaultEvents=["RESTORE_JOB_COMPLETED"])
    job = backup.start_backup_job(BackupVaultName="safeguards", ResourceArn=TABLE, IamRoleArn=ROLE)["BackupJobId"]
    twin.advance("12h")
    made: str = backup.describe_backup_job(BackupJobId=job)["RecoveryPointArn"]
    backup.start_restore_job(
        RecoveryPointArn=made, Metadata={"targetTableName": "safeguarded-again", "encryptionType": "Default"}, IamRoleArn=ROLE
    )
    twin.advance("12h")
    backup.create_legal_hold(
        Title="inquiry", Description="a court asks", RecoveryPointSelection={"VaultNames": ["safeguards"], "ResourceIdentifiers": [TABLE]}
    )
    return made


def _table(dynamodb: Any) -> None:
    dynamodb.create_table(
        TableName="safeguarded",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    wish = {"PointInTimeRecoveryEnabled": True, "RecoveryPeriodInDays": 21}
    dynamodb.update_continuous_backups(TableName="safeguarded", PointInTimeRecoverySpecification=wish)


@pytest.fixture(scope="module")
def audited(twin: Any) -> None:
    """A restore-testing plan, a framework and a report plan."""
    backup = twin.client("backup", **PLACE)
    backup.create_restore_testing_plan(
        RestoreTestingPlan={
            "RestoreTestingPlanName": "weekly",
            "ScheduleExpression": "cron(0 5 ? * MON *)",
            "RecoveryPointSelection": {
                "Algorithm": "LATEST_WITHIN_WINDOW",
                "IncludeVaults": ["*"],
                "RecoveryPointTypes": ["SNAPSHOT"],
                "SelectionWindowDays": 9,
            },
        }
    )
    chosen = {"RestoreTestingSelectionName": "tables", "ProtectedResourceType": "DynamoDB", "IamRoleArn": ROLE, "ValidationWindowHours": 4}
    chosen |= {"ProtectedResourceArns": ["*"], "RestoreMetadataOverrides": {"encryptionType": "Default"}}
    conditions = {"StringEquals": [{"Key": "aws:ResourceTag/tier", "Value": "gold"}]}
    backup.create_restore_testing_selection(
        RestoreTestingPlanName="weekly", RestoreTestingSelection=chosen | {"ProtectedResourceConditions": conditions}
    )
    excluded = {"exclusionByResourceTypes": {"resourceTypes": ["AWS::EC2::Volume"]}}
    strategy = {"recordingStrategy": {"useOnly": "EXCLUSION_BY_RESOURCE_TYPES"}}
    recorder = {"name": "default", "roleARN": ROLE, "recordingGroup": {"allSupported": False, **excluded, **strategy}}
    twin.client("config", **PLACE).put_configuration_recorder(ConfigurationRecorder=recorder)
    backup.create_framework(FrameworkName="watched", FrameworkControls=[{"ControlName": "BACKUP_RECOVERY_POINT_ENCRYPTED"}])
    twin.client("s3", **PLACE).create_bucket(Bucket="safeguard-reports", CreateBucketConfiguration={"LocationConstraint": OTHER})
    backup.create_report_plan(
        ReportPlanName="nightly",
        ReportDeliveryChannel={"S3BucketName": "safeguard-reports", "Formats": ["JSON"]},
        ReportSetting={"ReportTemplate": "BACKUP_JOB_REPORT"},
    )
    twin.advance("1h")


@pytest.fixture(scope="module")
def readiness(twin: Any) -> dict[str, str]:
    """A subnet group, a raised quota, a tagged key, the Allowed AMIs setting, and an image that is disabled beside one that is not."""
    ec2 = twin.client("ec2", **PLACE)
    subnets = [each for each in ec2.describe_subnets()["Subnets"] if each["DefaultForAz"]][:2]
    twin.client("rds", **PLACE).create_db_subnet_group(
        DBSubnetGroupName="restores", DBSubnetGroupDescription="restores", SubnetIds=[each["SubnetId"] for each in subnets]
    )
    wish = {"ServiceCode": "dynamodb", "QuotaCode": "L-F98FE922", "DesiredValue": 3000}
    twin.client("service-quotas", **PLACE).request_service_quota_increase(**wish)
    ec2.enable_allowed_images_settings(AllowedImagesSettingsState="enabled")
    ec2.replace_image_criteria_in_allowed_images_settings(ImageCriteria=[{"ImageProviders": ["amazon"]}])
    ec2.register_image(Name="kept", RootDeviceName="/dev/sda1")
    disabled = ec2.register_image(Name="disabled", RootDeviceName="/dev/sda1")["ImageId"]
    ec2.disable_image(ImageId=disabled)
    assert [image["Name"] for image in ec2.describe_images(Owners=["self"])["Images"]] == ["kept"]
    key = twin.client("kms", **PLACE).create_key(Tags=[{"TagKey": "tier", "TagValue": "gold"}])["KeyMetadata"]["Arn"]
    backup = twin.client("backup", **PLACE)
    backup.create_backup_vault(BackupVaultName="safeguards-own-key", EncryptionKeyArn=key)
    twin.client("iam", account=LEDGER).create_service_linked_role(AWSServiceName="rds.amazonaws.com")
    return {"image": disabled, "key": key, "zones": sorted(each["AvailabilityZone"] for each in subnets)}


@pytest.fixture(scope="module")
def read(twin: Any, point: str, audited: None, readiness: dict[str, str]) -> Any:  # noqa: ARG001 - planted before
    """All tables, as the management account's user reads them."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {
            "AWS_ENDPOINT_URL": twin.endpoint.url,
            "AWS_ACCESS_KEY_ID": twin.endpoint.access_key,
            "AWS_SECRET_ACCESS_KEY": twin.endpoint.secret,
            "AWS_CONFIG_FILE": "/dev/null",
            "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        }.items():
            patch.setenv(name, value)
        sessions = Sessions.open(role="strongroom-read", region=HOME)
        found = fleet.read(sessions, home_region=HOME, regions=(HOME, OTHER), on_progress=lambda *_: None)
    assert [row for row in found.tables["reads"].to_pylist() if not row["read"]] == []

    def rows(table: str) -> list[dict[str, Any]]:
        return [row for row in found.tables[table].to_pylist() if row["account_id"] == LEDGER and row["region"] in {"", OTHER}]

    return rows


def test_restore_jobs_are_read(read: Any, point: str) -> None:
    """What was restored, from what, to what, and that nobody tested it."""
    (job,) = read("restore_jobs")
    assert (job["recovery_point_arn"], job["state"], job["resource_type"], job["role_arn"]) == (point, "COMPLETED", "DynamoDB", ROLE)
    assert job["created_resource_arn"] == f"{TABLE}-again"
    assert (job["testing_plan_arn"], job["validation_status"]) == (None, None)
    assert job["completed_at"] > job["created_at"] > job["recovery_point_created_at"]


def test_restore_tests_are_read(read: Any) -> None:
    """Plans with what they take, selections with what they restore."""
    (plan,) = read("restore_testing_plans")
    assert (plan["name"], plan["schedule"], plan["timezone"]) == ("weekly", "cron(0 5 ? * MON *)", "Etc/UTC")
    assert (plan["vaults"], plan["recovery_point_types"], plan["window_days"]) == (["*"], ["SNAPSHOT"], 9)
    (selection,) = read("restore_testing_selections")
    assert (selection["plan_name"], selection["name"], selection["resource_type"]) == ("weekly", "tables", "DynamoDB")
    assert (selection["role_arn"], selection["arns"], selection["validation_hours"]) == (ROLE, ["*"], 4)
    assert json.loads(selection["conditions"])["StringEquals"] == [{"Key": "aws:ResourceTag/tier", "Value": "gold"}]
    assert json.loads(selection["metadata_overrides"]) == {"encryptionType": "Default"}


def test_legal_holds_are_read_with_what_they_hold(read: Any, point: str) -> None:
    """What a hold selects, and each recovery point it took in."""
    (hold,) = read("legal_holds")
    assert (hold["title"], hold["status"], hold["cancelled_at"], hold["points_complete"]) == ("inquiry", "ACTIVE", None, True)
    assert json.loads(hold["selection"])["VaultNames"] == ["safeguards"]
    (held,) = read("held_points")
    assert (held["hold_id"], held["vault_name"], held["arn"], held["resource_arn"]) == (hold["hold_id"], "safeguards", point, TABLE)


def test_audits_are_read(read: Any) -> None:
    """Frameworks with their controls and whether AWS Config records, report plans with where they write."""
    (framework,) = read("frameworks")
    assert (framework["name"], framework["deployment_status"], framework["controls_count"]) == ("watched", "COMPLETED", 1)
    assert framework["status"] in {"ACTIVE", "PARTIALLY_ACTIVE", "INACTIVE", "UNAVAILABLE"}
    assert [control["ControlName"] for control in json.loads(framework["controls"])] == ["BACKUP_RECOVERY_POINT_ENCRYPTED"]
    (recorder,) = read("config_recorders")
    assert (recorder["name"], recorder["recording"], recorder["everything"]) == ("default", False, True)
    assert (recorder["types"], recorder["excluded"]) == ([], ["AWS::EC2::Volume"])
    (plan,) = read("report_plans")
    assert (plan["name"], plan["template"], plan["bucket"]) == ("nightly", "BACKUP_JOB_REPORT", "safeguard-reports")
    assert (plan["formats"], plan["accounts"], plan["framework_arns"], plan["deployment_status"]) == (["JSON"], [], [], "COMPLETED")


def test_vaults_are_read_with_tags_and_notifications(read: Any) -> None:
    """A vault without tags has none, one that tells nobody has no row."""
    tags = {row["vault_name"]: dict(row["tags"]) for row in read("vault_tags")}
    assert tags == {"safeguards": {"tier": "gold"}, "safeguards-silent": {}, "safeguards-own-key": {}}
    assert [(row["vault_name"], row["topic_arn"], row["events"]) for row in read("vault_notifications")] == [
        ("safeguards", TOPIC, ["RESTORE_JOB_COMPLETED"])
    ]


def test_keys_are_read_with_tags(read: Any, readiness: dict[str, str]) -> None:
    """The tags of a customer's key are known, as `aws:ResourceTag` in policies needs them."""
    assert (readiness["key"], {"tier": "gold"}) in [(row["key_arn"], dict(row["tags"])) for row in read("key_tags")]


def test_native_protection_is_read(read: Any) -> None:
    """Point-in-time recovery of a table: on with its window, or off."""
    found = {row["resource_arn"]: row for row in read("native_protection")}
    assert found.keys() == {TABLE, f"{TABLE}-again"}
    on, off = found[TABLE], found[f"{TABLE}-again"]
    assert (on["kind"], on["enabled"], on["window_days"]) == ("dynamodb-pitr", True, 21)
    assert on["earliest_at"] <= on["latest_at"]
    assert (off["enabled"], off["window_days"], off["latest_at"]) == (False, None, None)


def test_what_a_restore_meets_is_read(read: Any, readiness: dict[str, str]) -> None:
    """Subnet groups with their zones, quotas as applied or by default, which images may be launched."""
    (group,) = read("db_subnet_groups")
    assert (group["name"], group["status"], group["zones"], len(group["subnets"])) == ("restores", "Complete", readiness["zones"], 2)
    quotas = {(row["service"], row["code"]): row for row in read("quotas")}
    assert quotas["dynamodb", "L-F98FE922"]["value"] == 3000
    assert quotas["ebs", "L-309BACF6"]["value"] == 100_000
    assert (quotas["rds", "DBSubnetGroups"]["used"], quotas["rds", "AllocatedStorage"]["unit"]) == (1, "GiB")
    (setting,) = read("allowed_images")
    assert (setting["state"], json.loads(setting["criteria"])) == ("enabled", [{"ImageProviders": ["amazon"]}])
    (image,) = read("disabled_images")
    assert (image["image_id"], image["name"]) == (readiness["image"], "disabled")
    assert image["arn"] == f"arn:aws:ec2:{OTHER}::image/{readiness['image']}"


def test_service_linked_roles_are_read(read: Any) -> None:
    """A database is restored with RDS's own role, which an account has once it was made."""
    (role,) = (row for row in read("principals") if "/aws-service-role/rds.amazonaws.com/" in row["arn"])
    assert role["kind"] == "role"
    assert role["trust_digest"] is not None
