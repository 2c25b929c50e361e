"""CloudTrail's event history of the twin through boto3: calls with AWS's shape, what AWS Backup did by itself, attributes, pages."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

MANAGEMENT, SHOP, LEDGER = "111111111111", "555555555555", "666666666666"
HOME, SECOND = "eu-west-2", "eu-west-1"
TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
POLICY = {
    "plans": {
        "Nightly": {
            "regions": {"@@assign": [HOME]},
            "rules": {
                "Daily": {
                    "schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},
                    "target_backup_vault_name": {"@@assign": "Default"},
                    "lifecycle": {"delete_after_days": {"@@assign": "7"}},
                }
            },
            "selections": {
                "tags": {
                    "all": {
                        "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/backups"},
                        "tag_key": {"@@assign": "environment"},
                        "tag_value": {"@@assign": ["prod"]},
                    }
                }
            },
        }
    }
}


class Trail:
    """The event history of a fresh twin."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin

    def events(self, account: str = SHOP, region: str = HOME, **more: Any) -> list[dict[str, Any]]:
        """All events, page by page, with the record parsed."""
        client = self.twin.client("cloudtrail", region, account)
        pages = client.get_paginator("lookup_events").paginate(**more)
        return [each | {"record": json.loads(each["CloudTrailEvent"])} for page in pages for each in page["Events"]]

    def by(self, key: str, value: str, **more: Any) -> list[dict[str, Any]]:
        return self.events(LookupAttributes=[{"AttributeKey": key, "AttributeValue": value}], **more)

    def refusal(self, **parameters: Any) -> str:
        with pytest.raises(ClientError) as caught:
            self.twin.client("cloudtrail", HOME, SHOP).lookup_events(**parameters)
        return str(caught.value.response["Error"]["Code"])


@pytest.fixture
def trail(own_twin: Any) -> Trail:
    return Trail(own_twin)


def test_a_call_has_the_shape_of_aws(trail: Trail) -> None:
    """Who, what, where, when, with which parameters and with what answer."""
    trail.twin.client("backup", account=SHOP).create_backup_vault(BackupVaultName="watched", BackupVaultTags={"Team": "a"})
    (event,) = trail.by("EventName", "CreateBackupVault")
    record = event["record"]
    assert (event["EventSource"], event["ReadOnly"], event["Username"]) == ("backup.amazonaws.com", "false", "admin")
    assert event["Resources"] == [{"ResourceType": "AWS::Backup::BackupVault", "ResourceName": "watched"}]
    assert event["AccessKeyId"] == trail.twin.keys[SHOP][0]
    assert record["userIdentity"] == {
        "type": "IAMUser",
        "principalId": record["userIdentity"]["principalId"],
        "arn": f"arn:aws:iam::{SHOP}:user/admin",
        "accountId": SHOP,
        "accessKeyId": trail.twin.keys[SHOP][0],
        "userName": "admin",
    }
    assert (record["eventType"], record["managementEvent"], record["readOnly"]) == ("AwsApiCall", True, False)
    assert (record["awsRegion"], record["recipientAccountId"], record["eventCategory"]) == (HOME, SHOP, "Management")
    assert record["requestParameters"] == {
        "backupVaultName": "watched",
        "backupVaultTags": {"Team": "a"},
        "creatorRequestId": record["requestParameters"]["creatorRequestId"],  # boto3's
    }
    assert record["responseElements"]["backupVaultArn"].endswith("backup-vault:watched")
    assert record["eventID"] == event["EventId"]
    assert event["EventTime"].strftime("%Y-%m-%dT%H:%M") == record["eventTime"][:16]
    assert "Botocore" in record["userAgent"] or "Boto3" in record["userAgent"]


def test_a_refused_call_tells_code_and_message(trail: Trail) -> None:
    """It changed nothing and is written down all the same, without response elements."""
    with pytest.raises(ClientError):
        trail.twin.client("backup", account=SHOP).delete_backup_vault(BackupVaultName="no-such-vault")
    (event,) = trail.by("EventName", "DeleteBackupVault")
    assert event["record"]["errorCode"] == "ResourceNotFoundException"
    assert "no-such-vault" in event["record"]["errorMessage"]
    assert event["record"]["responseElements"] is None


def test_reads_of_rest_query_and_json_services_tell_their_parameters(trail: Trail) -> None:
    """The names that a path, a form or a body carries; nothing of what was read."""
    twin = trail.twin
    twin.client("kms", account=SHOP).describe_key(KeyId="alias/data")
    twin.client("iam", "us-east-1", SHOP).get_role(RoleName="strongroom-read")
    twin.client("s3", account=SHOP).get_bucket_versioning(Bucket="shop-receipts")
    twin.client("backup", account=SHOP).list_backup_vaults()
    found = {each["EventName"]: each for each in trail.events()}
    assert found["DescribeKey"]["record"]["requestParameters"] == {"keyId": "alias/data"}
    assert found["GetBucketVersioning"]["Resources"] == [{"ResourceType": "AWS::S3::Bucket", "ResourceName": "shop-receipts"}]
    assert found["ListBackupVaults"]["record"]["requestParameters"] is None
    assert {each["ReadOnly"] for each in found.values()} == {"true"}
    (role,) = trail.by("EventName", "GetRole", region="us-east-1")
    assert role["record"]["requestParameters"]["roleName"] == "strongroom-read"
    assert role["record"]["responseElements"] is None


def test_data_events_are_not_in_the_history(trail: Trail) -> None:
    """Objects and items come and go unseen; the bucket's own settings don't."""
    s3 = trail.twin.client("s3", account=SHOP)
    s3.put_object(Bucket="shop-receipts", Key="a", Body=b"a")
    s3.put_bucket_versioning(Bucket="shop-receipts", VersioningConfiguration={"Status": "Enabled"})
    trail.twin.client("dynamodb", account=SHOP).get_item(TableName="orders", Key={"id": {"S": "00001"}})
    assert [each["EventName"] for each in trail.events()] == ["PutBucketVersioning"]


def test_a_session_of_a_role_is_named_with_its_role(trail: Trail) -> None:
    """Username is the session's; the issuer is the role."""
    twin = trail.twin
    role = f"arn:aws:iam::{SHOP}:role/strongroom-read"
    session = twin.client("sts").assume_role(RoleArn=role, RoleSessionName="auditor")["Credentials"]
    reader = twin.client_with(
        "backup",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )
    reader.list_backup_plans()
    (event,) = trail.by("Username", "auditor")
    identity = event["record"]["userIdentity"]
    assert identity["type"] == "AssumedRole"
    assert identity["sessionContext"]["sessionIssuer"]["arn"] == role
    (lent,) = trail.by("EventName", "AssumeRole")
    assert lent["record"]["userIdentity"]["accountId"] == MANAGEMENT
    assert lent["Resources"] == [{"ResourceType": "AWS::IAM::Role", "ResourceName": role}]
    (taken,) = trail.by("EventName", "AssumeRole", account=MANAGEMENT)
    assert taken["record"]["userIdentity"]["userName"] == "admin"


def test_each_account_and_region_has_its_own_history(trail: Trail) -> None:
    """Calls elsewhere, and calls of others, are not told; Organizations is told of in us-east-1."""
    for account, region in ((SHOP, HOME), (SHOP, SECOND), (LEDGER, HOME)):
        trail.twin.client("backup", region, account).create_backup_vault(BackupVaultName=f"v-{account}-{region}")
    assert [each["Resources"][0]["ResourceName"] for each in trail.by("EventName", "CreateBackupVault")] == [f"v-{SHOP}-{HOME}"]
    found = trail.by("EventName", "CreateBackupVault", account=SHOP, region=SECOND)
    assert [each["Resources"][0]["ResourceName"] for each in found] == [f"v-{SHOP}-{SECOND}"]
    trail.twin.client("organizations", HOME).list_roots()
    assert [each["EventName"] for each in trail.by("EventName", "ListRoots", account=MANAGEMENT, region="us-east-1")] == ["ListRoots"]


def test_attributes_select(trail: Trail) -> None:
    """By source, by being a read, by id, by resource and by key; a name that nobody has finds nothing."""
    twin = trail.twin
    twin.client("backup", account=SHOP).create_backup_vault(BackupVaultName="chosen")
    twin.client("kms", account=SHOP).create_key()
    assert {each["EventName"] for each in trail.by("EventSource", "kms.amazonaws.com")} == {"CreateKey"}
    assert {each["EventName"] for each in trail.by("ReadOnly", "false")} == {"CreateBackupVault", "CreateKey"}
    (event,) = trail.by("ResourceName", "chosen")
    assert [each["EventId"] for each in trail.by("EventId", event["EventId"])] == [event["EventId"]]
    assert [each["EventName"] for each in trail.by("ResourceType", "AWS::Backup::BackupVault")] == ["CreateBackupVault"]
    assert {each["AccessKeyId"] for each in trail.by("AccessKeyId", event["AccessKeyId"])} == {event["AccessKeyId"]}
    assert trail.by("Username", "nobody") == []


def test_pages_have_fifty_events_the_newest_first_whatever_comes_between(trail: Trail) -> None:
    """A token goes on after the last event of its page, though each page is an event itself."""
    backup = trail.twin.client("backup", account=SHOP)
    for number in range(60):
        backup.create_backup_vault(BackupVaultName=f"vault-{number:02}")
    client = trail.twin.client("cloudtrail", HOME, SHOP)
    wanted = {"LookupAttributes": [{"AttributeKey": "ReadOnly", "AttributeValue": "false"}]}
    first = client.lookup_events(**wanted)
    backup.create_backup_vault(BackupVaultName="later")
    second = client.lookup_events(**wanted, NextToken=first["NextToken"])
    assert (len(first["Events"]), len(second["Events"]), second.get("NextToken")) == (50, 10, None)
    names = [each["Resources"][0]["ResourceName"] for each in (*first["Events"], *second["Events"])]
    assert names == [f"vault-{number:02}" for number in reversed(range(60))]
    assert len(client.lookup_events(**wanted, MaxResults=7)["Events"]) == 7


def test_times_bound_and_ninety_days_are_kept(trail: Trail) -> None:
    """By the twin's clock; what is older is forgotten."""
    backup = trail.twin.client("backup", account=SHOP)
    backup.create_backup_vault(BackupVaultName="early")
    (early,) = trail.by("ResourceName", "early")
    trail.twin.advance("10d")
    backup.create_backup_vault(BackupVaultName="late")
    (late,) = trail.by("ResourceName", "late")
    assert (late["EventTime"] - early["EventTime"]).days == 10

    def names(**more: Any) -> list[str]:
        return [each["Resources"][0]["ResourceName"] for each in trail.by("ReadOnly", "false", **more)]

    assert names() == ["late", "early"]
    assert names(StartTime=late["EventTime"]) == ["late"]
    assert names(EndTime=early["EventTime"]) == ["early"]
    trail.twin.advance("81d")
    assert names() == ["late"]
    assert names(StartTime=early["EventTime"]) == ["late"]


def test_requests_that_are_refused(trail: Trail) -> None:
    """More than one attribute, a token of nobody, an end before the start."""
    name = {"AttributeKey": "EventName", "AttributeValue": "a"}
    assert trail.refusal(LookupAttributes=[name, name]) == "InvalidLookupAttributesException"
    assert trail.refusal(NextToken="nothing") == "InvalidNextTokenException"
    assert trail.refusal(StartTime=2_000_000_000, EndTime=1_000_000_000) == "InvalidTimeRangeException"


def test_aws_backup_tells_what_it_did_by_itself(trail: Trail) -> None:
    """A job's start and end and its recovery point: service events with details, times in seconds and nanos."""
    twin = trail.twin
    role = twin.client("iam", "us-east-1", SHOP).create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    table = twin.client("dynamodb", account=SHOP).describe_table(TableName="orders")["Table"]["TableArn"]
    backup = twin.client("backup", account=SHOP)
    backup.create_backup_vault(BackupVaultName="watched")
    job = backup.start_backup_job(BackupVaultName="watched", ResourceArn=table, IamRoleArn=role)["BackupJobId"]
    twin.advance("3h")
    (started,), (ended,) = trail.by("EventName", "BackupJobStarted"), trail.by("EventName", "BackupJobCompleted")
    assert started["record"]["eventType"] == ended["record"]["eventType"] == "AwsServiceEvent"
    assert started["record"]["serviceEventDetails"]["backupJobId"] == job
    details = ended["record"]["serviceEventDetails"]
    described = backup.describe_backup_job(BackupJobId=job)
    assert (details["state"], details["resourceArn"]) == ("COMPLETED", table)
    assert details["completionDate"] == {
        "seconds": int(described["CompletionDate"].timestamp()),
        "nanos": described["CompletionDate"].microsecond * 1000,
    }
    assert ended["record"]["userIdentity"] == {"accountId": SHOP, "invokedBy": "backup.amazonaws.com"}
    (made,) = trail.by("EventName", "RecoveryPointCreated")
    assert made["record"]["serviceEventDetails"]["recoveryPointArn"] == described["RecoveryPointArn"]
    assert started["EventTime"] <= ended["EventTime"]


def test_plans_of_policies_are_told_in_the_member_account_and_invalid_ones_without_a_reason(trail: Trail) -> None:
    """FM07: made, then impossible: the last plan stays, and the event has the plan but no word about what is wrong with it."""
    organizations = trail.twin.client("organizations", "us-east-1")
    organizations.enable_aws_service_access(ServicePrincipal="backup.amazonaws.com")
    organizations.enable_policy_type(RootId=organizations.list_roots()["Roots"][0]["Id"], PolicyType="BACKUP_POLICY")
    made = organizations.create_policy(Name="p", Description="", Type="BACKUP_POLICY", Content=json.dumps(POLICY))
    policy = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=SHOP)
    (created,) = trail.by("EventName", "CreateOrganizationalBackupPlan")
    assert created["record"]["serviceEventDetails"]["backupPlanName"] == "Nightly"
    wrong = json.loads(json.dumps(POLICY))
    wrong["plans"]["Nightly"]["rules"]["Daily"]["lifecycle"] = {
        "move_to_cold_storage_after_days": {"@@assign": "30"},
        "delete_after_days": {"@@assign": "40"},
    }
    organizations.update_policy(PolicyId=policy, Content=json.dumps(wrong))
    (invalid,) = trail.by("EventName", "InvalidOrganizationBackupPlan")
    assert "deleteAfterDays" in json.dumps(invalid["record"]["serviceEventDetails"]["effectiveBackupPlan"])
    assert {"errorCode", "errorMessage"} & invalid["record"].keys() == set()
    assert trail.by("EventName", "InvalidOrganizationBackupPlan", account=LEDGER) == []
    organizations.detach_policy(PolicyId=policy, TargetId=SHOP)
    assert len(trail.by("EventName", "DeleteOrganizationalBackupPlan")) == 1
