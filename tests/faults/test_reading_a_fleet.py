"""Reading a whole organization over the wire: moto behind a door that answers what moto lacks and breaks what a test wants broken."""

import http.client
import json
import re
import socket
import threading
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import pytest
from botocore.config import Config

from strongroom import ledger
from strongroom.aws import fleet
from strongroom.aws.organization import read_organization
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region
from strongroom.domain.origin import Unread
from strongroom.domain.tables import TABLES
from strongroom.errors import AwsRefused, AwsUnreachable, NoCredentials
from strongroom.proof.entitlements import access

HOME, OTHER = Region("eu-west-2"), Region("eu-west-1")
MANAGEMENT = "123456789012"  # moto's default account
ROLE = "strongroom-read"
EPOCH = 1767225600.0  # 2026-01-01 00:00 UTC
SCOPE = re.compile(r"Credential=([^/]+)/[0-9]+/([^/]+)/([^/]+)/aws4_request")


VERSIONED = '<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Status>Enabled</Status></VersioningConfiguration>'
MOTO_LACKS = {  # calls of the query protocols, with what their answers hold
    "GetAllowedImagesSettings": "<state>disabled</state><managedBy>account</managedBy>",
    "DescribeAccountAttributes": "<DescribeAccountAttributesResult><AccountQuotas/></DescribeAccountAttributesResult>",
    "DescribeOrganizationsAccess": "<DescribeOrganizationsAccessResult><Status>ENABLED</Status></DescribeOrganizationsAccessResult>",
}
REGIONAL_SERVICES = (
    *("backup", "cloudwatch", "config", "dynamodb", "ec2", "efs", "events"),
    *("rds", "resourcegroupstaggingapi", "s3", "service-quotas", "sns", "sts"),
)
GLOBAL_SERVICES = ("cloudformation", "controltower", "iam", "kms", "organizations")  # kms: nothing here is elsewhere
OF_BACKUP = {  # subjects of `reads` that AWS Backup of a Region answers for
    *("settings", "vaults", "vault_notifications", "vault_tags", "recovery_points", "legal_holds", "held_points"),
    *("backup_plans", "backup_rules", "copy_actions", "selections", "backup_jobs", "copy_jobs"),
    *("restore_jobs", "restore_testing_plans", "restore_testing_selections", "frameworks", "report_plans"),
}
SELECTION = {
    "SelectionName": "by-tag",
    "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": "prod"}],
}


class Call:
    """A wire call as the door sees it."""

    def __init__(self, method, path, headers, body):
        found = SCOPE.search(headers.get("Authorization", ""))
        self.key, self.region, self.service = found.groups() if found else ("", "", "")
        self.method, self.path, self.body = method, path, body
        self.target = headers.get("X-Amz-Target", "").rpartition(".")[2]


class Door:
    """A server before moto: `rules` answer first, what none answers goes to moto, if there is one."""

    def __init__(self, behind=None):
        self.behind = behind
        self.date = ""
        self.rules: list[Callable[[Call], tuple[int, dict] | None]] = []
        self.calls: list[Call] = []
        door = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                call = Call(self.command, self.path, self.headers, body)
                door.calls.append(call)
                canned = next((answer for rule in list(door.rules) if (answer := rule(call))), None)
                status, headers, content = door.forward(self, body) if canned is None else door.canned(*canned)
                self.send_response_only(status)
                self.send_header("Date", door.date or self.date_time_string())
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = do_HEAD = do_DELETE = _answer  # noqa: N815 - http.server's names

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    @staticmethod
    def canned(status, document):
        if isinstance(document, str):
            return status, {"Content-Type": "text/xml"}, document.encode()
        return status, {"Content-Type": "application/json", "x-amzn-ErrorType": document.get("__type", "")}, json.dumps(document).encode()

    def forward(self, handler, body):
        if self.behind is None:
            return self.canned(404, {"__type": "ResourceNotFoundException", "message": "nothing behind the door"})
        connection = http.client.HTTPConnection(*self.behind)
        headers = {name: value for name, value in handler.headers.items() if name.lower() != "connection"}
        connection.request(handler.command, handler.path, body=body, headers=headers)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        kept = {name: answer.headers[name] for name in ("Content-Type", "x-amzn-ErrorType") if name in answer.headers}
        return answer.status, kept, content

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def what_moto_lacks(account):
    """Answer two pages of recovery points for the vault `local`, one job of each kind in the home Region, and what else moto lacks."""
    role = f"arn:aws:iam::{account}:role/three-tiers-AWSBackup"
    preferences = {"ResourceTypeOptInPreference": {"EBS": True, "Aurora": False}, "ResourceTypeManagementPreference": {"DynamoDB": True}}
    answers = (
        (r"/account-settings", (200, preferences)),
        (r"/global-settings", (200, {"GlobalSettings": {"isCrossAccountBackupEnabled": "true"}})),
        (r"/backup-vaults/local/recovery-points/.*nextToken=two", (200, {"RecoveryPoints": [point(2)]})),
        (r"/backup-vaults/local/recovery-points", (200, {"RecoveryPoints": [point(1)], "NextToken": "two"})),
        (r"/backup-vaults/local/access-policy", (400, {"__type": "ResourceNotFoundException", "Message": "no policy"})),
        (r"/backup-jobs", (200, {"BackupJobs": [backup_job()]})),
        (r"/copy-jobs", (200, {"CopyJobs": [copy_job()]})),
        (r".*/selections/s-1", (200, {"SelectionId": "s-1", "BackupSelection": SELECTION | {"IamRoleArn": role}})),
        (r".*/selections", (200, {"BackupSelectionsList": [{"SelectionId": "s-1"}]})),
        (r"/(restore-jobs|restore-testing/plans|audit/frameworks|audit/report-plans|legal-holds)", (200, {})),
        (r"/backup-vaults/.*/notification-configuration", (400, {"__type": "ResourceNotFoundException", "Message": "none"})),
    )
    targets = {
        "DescribeEffectivePolicy": (400, {"__type": "EffectivePolicyNotFoundException", "Message": "no backup policy"}),
        "ListDelegatedAdministrators": (200, {"DelegatedAdministrators": [{"Id": account}]}),
        "ListAccountsWithInvalidEffectivePolicy": (200, {"Accounts": []}),
        "DescribeResourcePolicy": (400, {"__type": "ResourcePolicyNotFoundException", "Message": "no resource policy"}),
    }

    def rule(call):
        if call.service == "backup":
            return next((answer for pattern, answer in answers if re.match(pattern, call.path)), None)
        if call.target == "DescribeKey" and b"mrk-" not in call.body:  # moto calls every key a customer's
            return 200, {"KeyMetadata": {"Arn": json.loads(call.body)["KeyId"], "KeyManager": "AWS", "KeyState": "Enabled"}}
        if call.service in {"controltower", "servicequotas"}:
            return 200, {"Quota": {"Value": 100.0}} if call.target.endswith("ServiceQuota") else {}
        for action, content in MOTO_LACKS.items():
            if f"Action={action}&".encode() in call.body:
                return 200, f"<{action}Response>{content}</{action}Response>"
        return targets.get(call.target)

    return rule


def point(number):
    return {
        "RecoveryPointArn": f"arn:aws:ec2:{HOME}::snapshot/snap-{number}",
        "ResourceArn": f"arn:aws:ec2:{HOME}:555555555555:volume/vol-1",
        "ResourceType": "EBS",
        "Status": "COMPLETED",
        "CreationDate": EPOCH + number,
        "CompletionDate": EPOCH + 60.25,
        "CalculatedLifecycle": {"DeleteAt": EPOCH + 86400},
        "Lifecycle": {"DeleteAfterDays": 1},
        "BackupSizeInBytes": 8 * 2**30,
        "IsEncrypted": False,
        "CreatedBy": {"BackupPlanId": "orgs/p", "BackupPlanVersion": "v", "BackupRuleId": "r"},
    }


def backup_job():
    return {
        "BackupJobId": "b-1",
        "ResourceArn": "arn:v",
        "ResourceType": "EBS",
        "BackupVaultName": "local",
        "State": "COMPLETED",
        "MessageCategory": "SUCCESS",
        "CreationDate": EPOCH,
        "StartBy": EPOCH + 3600,
    }


def copy_job():
    return {
        "CopyJobId": "c-1",
        "ResourceArn": "arn:v",
        "ResourceType": "EBS",
        "SourceBackupVaultArn": "arn:s",
        "DestinationBackupVaultArn": "arn:d",
        "SourceRecoveryPointArn": "arn:p",
        "State": "FAILED",
        "StatusMessage": "Snapshots encrypted with the AWS managed key can't be shared. Specify another snapshot.",
        "CreationDate": EPOCH,
    }


@pytest.fixture(scope="module")
def members(moto):
    """Two accounts: one with one of each resource in Workloads/Prod, an empty one directly under the root."""
    with pytest.MonkeyPatch.context() as environment:
        configure(environment, f"http://{moto[0]}:{moto[1]}")
        organizations = own("organizations")
        organizations.create_organization(FeatureSet="ALL")
        root = organizations.list_roots()["Roots"][0]["Id"]
        organizations.enable_policy_type(RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
        workloads = organizations.create_organizational_unit(ParentId=root, Name="Workloads")["OrganizationalUnit"]["Id"]
        prod = organizations.create_organizational_unit(ParentId=workloads, Name="Prod")["OrganizationalUnit"]["Id"]
        ids = [
            organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]["AccountId"]
            for name in ("pay", "empty")
        ]
        organizations.move_account(AccountId=ids[0], SourceParentId=root, DestinationParentId=prod)
        fill(member_clients(ids[0]))
    return ids


@pytest.fixture
def aws(moto, members, monkeypatch):
    """A door to the organization, which a test may spoil."""
    door = Door(moto)
    door.rules.append(what_moto_lacks(members[0]))
    configure(monkeypatch, door.url)
    yield door
    door.close()


@pytest.fixture(scope="module")
def healthy(moto, members):
    """What is read while nothing is wrong, and what was heard of it."""
    door = Door(moto)
    door.rules.append(what_moto_lacks(members[0]))
    heard = []
    with pytest.MonkeyPatch.context() as environment:
        configure(environment, door.url)
        sessions = Sessions.open(role=ROLE, region=None)
        read = fleet.read(sessions, home_region=HOME, regions=[HOME, OTHER], on_progress=lambda *each: heard.append(each))
    door.close()
    return read, heard, sessions


def configure(monkeypatch, url, **more):
    values = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "AKIAMANAGEMENT000000",
        "AWS_SECRET_ACCESS_KEY": "none",
        "AWS_DEFAULT_REGION": HOME,
        "AWS_MAX_ATTEMPTS": "2",
        "AWS_CONFIG_FILE": "/nowhere",
        "AWS_SHARED_CREDENTIALS_FILE": "/nowhere",
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    for name, value in (values | more).items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)


def own(service, region=HOME, **credentials):
    return boto3.client(service, region_name=region, config=Config(s3={"addressing_style": "path"}), **credentials)


def member_clients(account):
    found = own("sts").assume_role(RoleArn=f"arn:aws:iam::{account}:role/{ROLE}", RoleSessionName="seed")["Credentials"]
    keys = {
        "aws_access_key_id": found["AccessKeyId"],
        "aws_secret_access_key": found["SecretAccessKey"],
        "aws_session_token": found["SessionToken"],
    }
    return lambda service, region=HOME: own(service, region, **keys)


def fill(client):
    tags = [{"Key": "environment", "Value": "prod"}]
    client("dynamodb").create_table(
        TableName="orders",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        Tags=tags,
    )
    client("ec2").create_volume(
        AvailabilityZone=f"{HOME}a", Size=8, Encrypted=True, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}]
    )
    client("rds").create_db_instance(
        DBInstanceIdentifier="ledger",
        DBInstanceClass="db.t3.micro",
        Engine="postgres",
        AllocatedStorage=20,
        MasterUsername="a",
        MasterUserPassword="none-none",
        Tags=tags,
    )
    client("rds").create_db_cluster(
        DBClusterIdentifier="orders", Engine="aurora-postgresql", MasterUsername="a", MasterUserPassword="none-none", Tags=tags
    )
    client("efs").create_file_system(CreationToken="shared", Encrypted=True, Tags=tags)
    client("s3", OTHER).create_bucket(Bucket="pay-archive", CreateBucketConfiguration={"LocationConstraint": OTHER})
    client("s3", OTHER).put_bucket_tagging(Bucket="pay-archive", Tagging={"TagSet": tags})
    key = client("kms").create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    client("backup").create_backup_vault(BackupVaultName="local", EncryptionKeyArn=key)
    client("backup").create_backup_plan(
        BackupPlan={
            "BackupPlanName": "production",
            "Rules": [
                {
                    "RuleName": "daily",
                    "TargetBackupVaultName": "local",
                    "ScheduleExpression": "cron(0 2 * * ? *)",
                    "Lifecycle": {"DeleteAfterDays": 30},
                    "CopyActions": [{"DestinationBackupVaultArn": "arn:aws:backup:eu-west-2:333333333333:backup-vault:central"}],
                }
            ],
        }
    )


def read_all():
    return fleet.read(Sessions.open(role=ROLE, region=None), home_region=HOME, regions=[HOME, OTHER], on_progress=lambda *_: None)


def rows(fleet_read, name, **wanted):
    return [row for row in fleet_read.tables[name].to_pylist() if all(row[key] == value for key, value in wanted.items())]


def test_a_healthy_organization_is_read_whole(healthy, members):
    """Every subject of every account and Region is read, and every table has what is there."""
    read, heard, _ = healthy
    assert rows(read, "reads", read=False) == []
    places = {(row["account_id"], row["region"]) for row in rows(read, "reads")}
    assert places == {(account, region) for account in (MANAGEMENT, *members) for region in ("", HOME, OTHER)}
    for account in (MANAGEMENT, *members):
        for region in (HOME, OTHER):
            assert sorted(row["subject"] for row in rows(read, "reads", account_id=account, region=region)) == sorted(fleet.SUBJECTS)
    assert heard[-1][0] == heard[-1][1] == len(heard)
    assert set(read.tables) == {table.name for table in TABLES}


def test_accounts_carry_their_place_in_the_tree(healthy, members):
    """An account knows its OUs by path and by ids, and who manages."""
    read, _, _ = healthy
    assert [row["ou_path"] for row in rows(read, "accounts", account_id=members[0])] == ["Workloads/Prod"]
    assert [len(row["ou_ids"]) for row in rows(read, "accounts", account_id=members[0])] == [3]
    assert [row["account_id"] for row in rows(read, "accounts", management=True)] == [MANAGEMENT]


def test_resources_carry_tags_keys_and_their_manager(healthy, members):
    """Each type is found with its tags; an encrypted volume without a key of its own is on the AWS-managed one."""
    read, _, _ = healthy
    found = {row["type"]: row for row in rows(read, "resources", account_id=members[0])}
    assert sorted(found) == ["Aurora", "DynamoDB", "EBS", "EFS", "RDS", "S3"]
    assert {kind: dict(row["tags"]) for kind, row in found.items()} == {kind: {"environment": "prod"} for kind in found}
    assert found["EBS"]["key_manager"] == "AWS"
    assert found["EBS"]["size_bytes"] == 8 * 2**30
    assert (found["S3"]["region"], found["S3"]["arn"]) == (OTHER, "arn:aws:s3:::pay-archive")
    assert rows(read, "resources", account_id=members[1]) == []


def test_vaults_plans_and_keys_are_read(healthy):
    """A vault, its customer key, the plan's rule and its copy action become rows."""
    read, _, _ = healthy
    (vault,) = rows(read, "vaults")
    assert (vault["name"], vault["locked"], vault["access_policy"]) == ("local", False, None)
    (key,) = rows(read, "keys", arn=vault["key_arn"])
    assert (key["manager"], key["state"]) == ("CUSTOMER", "Enabled")
    assert json.loads(key["policy"])["Version"] == "2012-10-17"
    (rule,) = rows(read, "backup_rules")
    assert (rule["name"], rule["schedule"], rule["timezone"], rule["delete_after_days"]) == ("daily", "cron(0 2 * * ? *)", "Etc/UTC", 30)
    (copy,) = rows(read, "copy_actions", rule_id=rule["rule_id"])
    assert copy["delete_after_days"] is None


def test_selections_carry_their_document_and_wrong_roles_are_known(healthy, members):
    """A selection is stored as AWS returned it; a role that it names and that is not there does not exist."""
    read, _, _ = healthy
    (selection,) = rows(read, "selections")
    assert json.loads(selection["document"])["ListOfTags"][0]["ConditionValue"] == "prod"
    assert [(row["account_id"], row["exists"]) for row in rows(read, "roles", arn=selection["role_arn"])] == [(members[0], False)]


def test_all_pages_of_recovery_points_are_read(healthy, members):
    """The second page is read too, and its instants are exact."""
    read, _, _ = healthy
    found = rows(read, "recovery_points")
    assert [row["arn"][-1] for row in found] == ["1", "2"]
    assert found[0]["account_id"] == members[0]
    assert found[0]["created_at"] == datetime.fromtimestamp(EPOCH + 1, UTC)
    assert found[0]["completed_at"] == datetime.fromtimestamp(EPOCH + 60.25, UTC)
    assert (found[0]["plan_id"], found[0]["plan_version"], found[0]["rule_id"]) == ("orgs/p", "v", "r")
    assert {row["job_id"] for row in rows(read, "backup_jobs")} == {"b-1"}
    assert {row["state"] for row in rows(read, "copy_jobs")} == {"FAILED"}


def test_settings_of_regions_and_of_the_organization_are_read(healthy):
    """Opt-in is told for each Region, global settings for the organization."""
    read, _, _ = healthy
    values = {(row["region"], row["kind"], row["name"]): row["value"] for row in rows(read, "settings", account_id=MANAGEMENT)}
    assert values[OTHER, "opt_in", "Aurora"] == "false"
    assert values[HOME, "management", "DynamoDB"] == "true"
    assert values["", "global", "isCrossAccountBackupEnabled"] == "true"


def test_an_account_no_policy_reaches_has_an_empty_effective_policy(healthy, members):
    """AWS's refusal to show an effective policy means that there is none."""
    read, _, _ = healthy
    assert {row["account_id"]: row["content"] for row in rows(read, "effective_policies")} == dict.fromkeys((MANAGEMENT, *members), "")


def test_clients_are_shared_by_all_accounts(healthy):
    """There is one client for each service and Region, however many accounts are read."""
    _, _, sessions = healthy
    regional = {(service, region) for service in REGIONAL_SERVICES for region in (HOME, OTHER)}
    assert set(sessions._clients) == regional | {(service, HOME) for service in GLOBAL_SERVICES}


def test_what_was_read_fits_the_ledger(healthy, tmp_path):
    """Every table can be stored and found again."""
    read, _, _ = healthy
    snapshot = ledger.write(tmp_path, read.tables, observed_at=read.observed_at, source={})
    assert {name: snapshot.table(name).num_rows for name in read.tables} == {name: table.num_rows for name, table in read.tables.items()}


def test_the_time_is_aws_time(aws):
    """`observed_at` is the Date header of AWS's answer, not this machine's clock."""
    aws.date = "Thu, 19 Feb 2026 02:00:00 GMT"
    assert read_all().observed_at == datetime(2026, 2, 19, 2, tzinfo=UTC)


@pytest.mark.usefixtures("aws")
def test_the_organization_is_a_tree(members):
    """OUs come parents first, with their paths; accounts are found below an OU."""
    tree = read_organization(Sessions.open(role=ROLE, region=None))
    assert [unit.path for unit in tree.units] == ["Workloads", "Workloads/Prod"]
    assert [account.id for account in tree.accounts_below(tree.units[0].id)] == [members[0]]
    assert tree.management_account == MANAGEMENT
    assert tree.root_id.startswith("r-")


def test_an_account_whose_role_is_denied_is_unread_everywhere(aws, members):
    """A denied role makes every subject of every Region unread, with AWS's words; the other accounts are read."""
    pay, empty = members
    aws.rules.insert(0, lambda call: denied(call.service == "sts" and pay.encode() in call.body))
    read = read_all()
    unread = rows(read, "reads", read=False)
    expected = {(region, each) for region in (HOME, OTHER) for each in fleet.SUBJECTS} | {("", each) for each in fleet.ACCOUNT_SUBJECTS}
    assert {(row["region"], row["subject"]) for row in unread} == expected
    assert {(row["account_id"], row["code"]) for row in unread} == {(pay, "AccessDenied")}
    assert all(row["reason"].startswith(f"assuming role {ROLE} in account {pay}: access denied") for row in unread)
    assert len(rows(read, "accounts", account_id=pay)) == 1
    assert [row["read"] for row in rows(read, "reads", account_id=empty, subject="vaults")] == [True, True]


def test_one_denied_service_leaves_the_others_read(aws, members):
    """A denied call makes its own subject unread, in that Region only."""
    aws.rules.insert(0, lambda call: denied(call.service == "ec2" and call.region == HOME and b"DescribeVolumes" in call.body))
    read = read_all()
    unread = rows(read, "reads", read=False)
    assert {(row["region"], row["subject"]) for row in unread} == {(HOME, "resources:EBS")}
    assert {row["account_id"] for row in unread} == {MANAGEMENT, *members}


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        ("versioning", {"versioned", "mfa_delete"}),
        ("lifecycle", {"lifecycle_rules", "lifecycle"}),
        ("replication", {"replication", "replicates_to"}),
        ("object-lock", {"object_lock"}),
    ],
)
def test_a_denied_switch_of_a_bucket_is_unknown_and_the_bucket_stays(aws, members, query, unknown):
    """Absent configurations are no errors; a denied one is null, and an unread row of its own beside the buckets' that were read."""
    aws.rules.insert(0, lambda call: (200, VERSIONED) if call.service == "s3" and "versioning" in call.path else None)
    aws.rules.insert(0, lambda call: denied(call.service == "s3" and query in call.path.partition("?")[2]))
    read = read_all()
    (bucket,) = rows(read, "resources", account_id=members[0], type="S3")
    asked = ("versioned", "mfa_delete", "lifecycle_rules", "replication", "lifecycle", "replicates_to", "object_lock")
    assert {column for column in asked if bucket[column] is None} == unknown
    unread = rows(read, "reads", read=False)
    assert [(row["account_id"], row["region"], row["subject"], row["code"]) for row in unread] == [
        (members[0], OTHER, "locks:S3" if query == "object-lock" else "details:S3", "AccessDenied")
    ]


def test_denied_tags_of_a_bucket_leave_the_buckets_unread(aws, members):
    """Without its tags nobody knows which plan selects it."""
    aws.rules.insert(0, lambda call: denied(call.service == "s3" and "tagging" in call.path))
    read = read_all()
    assert rows(read, "resources", account_id=members[0], type="S3") == []
    assert [(row["region"], row["subject"]) for row in rows(read, "reads", read=False)] == [(OTHER, "resources:S3")]


def test_denied_option_groups_leave_the_database_known(aws, members):
    """Whether its options are persistent is unknown then; the database itself is read."""
    member_clients(members[0])("rds").create_option_group(
        OptionGroupName="custom", EngineName="oracle-ee", MajorEngineVersion="19", OptionGroupDescription="d"
    )
    rds = member_clients(members[0])("rds")
    rds.modify_db_instance(DBInstanceIdentifier="ledger", OptionGroupName="custom", ApplyImmediately=True)
    aws.rules.insert(0, lambda call: denied(call.service == "rds" and b"DescribeOptionGroups" in call.body))
    try:
        read = read_all()
    finally:
        rds.modify_db_instance(DBInstanceIdentifier="ledger", OptionGroupName="default:postgres-16", ApplyImmediately=True)
    (database,) = rows(read, "resources", account_id=members[0], type="RDS")
    assert (database["persistent_options"], database["multi_az_cluster"], database["automated_backup_days"]) == (None, False, 1)
    assert [(row["region"], row["subject"]) for row in rows(read, "reads", read=False)] == [(HOME, "details:RDS")]


def test_option_groups_are_asked_only_where_one_is_used(aws):
    """Default option groups have no options: nothing is asked about them, and it is known."""
    read = read_all()
    assert not [call for call in aws.calls if b"DescribeOptionGroups" in call.body]
    assert not [call for call in aws.calls if call.service in {"fsx", "redshift"}]
    assert [row["persistent_options"] for row in rows(read, "resources", type="RDS")] == [False]


def test_a_table_has_the_advanced_features_of_its_region(aws, members):
    """They are read with the settings of the account and Region; where these are denied they are unknown."""
    (table,) = rows(read_all(), "resources", account_id=members[0], type="DynamoDB")
    assert table["advanced_backup"] is True
    aws.rules.insert(0, lambda call: denied("account-settings" in call.path, "AccessDeniedException"))
    (table,) = rows(read_all(), "resources", account_id=members[0], type="DynamoDB")
    assert table["advanced_backup"] is None


def test_a_listing_that_breaks_off_keeps_what_it_had_and_is_unread(aws, members):
    """When the second page is denied, the first stays and the subject is not read."""
    aws.rules.insert(0, lambda call: denied("nextToken=two" in call.path, "AccessDeniedException"))
    read = read_all()
    assert [row["arn"][-1] for row in rows(read, "recovery_points")] == ["1"]
    assert [(row["account_id"], row["code"]) for row in rows(read, "reads", read=False)] == [(members[0], "AccessDeniedException")]


def test_throttling_is_retried(aws):
    """A throttled call is asked again, and nothing is lost."""
    throttled = set()

    def once(call):
        if call.service == "backup" and "recovery-points" in call.path and call.path not in throttled:
            throttled.add(call.path)
            return 429, {"__type": "ThrottlingException", "message": "Rate exceeded"}
        return None

    aws.rules.insert(0, once)
    read = read_all()
    assert len(throttled) == 2
    assert len(rows(read, "recovery_points")) == 2
    assert rows(read, "reads", read=False) == []


@pytest.mark.usefixtures("aws")
def test_a_region_that_does_not_answer_is_unread_and_asked_once(monkeypatch, members):
    """A dead endpoint makes its subjects unread in every account without waiting for it in each."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setattr(Sessions, "_create", elsewhere(Sessions._create, f"http://127.0.0.1:{closed.getsockname()[1]}"))
        read = read_all()
    unread = rows(read, "reads", read=False)
    assert {(row["region"], row["subject"]) for row in unread} == {(OTHER, each) for each in OF_BACKUP}
    assert {row["account_id"] for row in unread} == {MANAGEMENT, *members}
    assert any(row["reason"] == f"backup in {OTHER} does not answer (EndpointConnectionError)" for row in unread)


def elsewhere(create, url):
    """Send AWS Backup of the other Region to a port where nobody listens."""

    def created(self, service, region):
        client = create(self, service, region)
        if (service, region) == ("backup", OTHER):
            client.meta.events.register(
                "before-send", lambda request, **_: setattr(request, "url", request.url.replace(client.meta.endpoint_url, url))
            )
        return client

    return created


def test_expired_credentials_are_one_clear_error(aws):
    """Credentials that have expired end the reading, with what to do."""
    aws.rules.insert(0, lambda _: expired_token())
    with pytest.raises(NoCredentials, match="the credentials have expired") as caught:
        read_all()
    assert "renew them" in caught.value.hint


def test_credentials_that_expire_half_way_are_one_clear_error(aws):
    """When the caller's own credentials expire before the roles are assumed, nothing half-read is returned."""
    aws.rules.insert(0, lambda call: expired_token() if b"AssumeRole" in call.body else None)
    with pytest.raises(NoCredentials, match="assuming role strongroom-read in account"):
        read_all()


def expired_token():
    return 400, "<ErrorResponse><Error><Code>ExpiredToken</Code><Message>expired</Message></Error></ErrorResponse>"


def test_a_session_that_expires_is_renewed(aws):
    """An expired role session is assumed again, and the call repeated."""
    expired = []

    def once(call):
        if call.service == "dynamodb" and call.key not in (*expired, "AKIAMANAGEMENT000000") and not expired:
            expired.append(call.key)
            return 400, {"__type": "ExpiredTokenException", "message": "expired"}
        return None

    aws.rules.insert(0, once)
    assert rows(read_all(), "reads", read=False) == []
    assert len(expired) == 1


def test_an_organization_that_cannot_be_listed_is_one_clear_error(aws):
    """Without the organization there is nothing to read."""
    aws.rules.insert(0, lambda call: denied(call.service == "organizations", "AccessDeniedException"))
    with pytest.raises(AwsRefused, match="organizations:DescribeOrganization in account 123456789012, eu-west-2: access denied"):
        read_all()


def test_an_endpoint_nobody_answers_at_is_one_clear_error(monkeypatch):
    """A wrong endpoint is named with what to check."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        configure(monkeypatch, f"http://127.0.0.1:{closed.getsockname()[1]}")
        with pytest.raises(AwsUnreachable, match="the endpoint can't be reached") as caught:
            read_all()
    assert "AWS_ENDPOINT_URL" in caught.value.hint


def test_an_answer_that_is_not_awss_is_one_clear_error(aws):
    """A web page in place of AWS is told from AWS."""
    aws.rules.insert(0, lambda _: (200, "<!doctype html><p>captive portal"))
    with pytest.raises(AwsUnreachable, match="the answer can't be understood"):
        read_all()


def test_an_interrupt_stops_the_reading(aws):
    """Ctrl-C leaves at once; tasks that wait are dropped."""

    def interrupt(_done, _total, _what):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fleet.read(Sessions.open(role=ROLE, region=None), home_region=HOME, regions=[HOME, OTHER], on_progress=interrupt)
    wait_for_threads()
    assert len([call for call in aws.calls if call.service == "backup"]) < 60


def details(users, marker=None):
    """A page of GetAccountAuthorizationDetails with users, in the order of the names."""
    members = "".join(
        f"<member><UserName>{name}</UserName><UserId>AIDA{name}</UserId><Arn>arn:aws:iam::1:user/{name}</Arn><GroupList/></member>"
        for name in users
    )
    more = f"<IsTruncated>true</IsTruncated><Marker>{marker}</Marker>" if marker else "<IsTruncated>false</IsTruncated>"
    result = (
        f"<GetAccountAuthorizationDetailsResult><UserDetailList>{members}</UserDetailList>{more}</GetAccountAuthorizationDetailsResult>"
    )
    return 200, f"<GetAccountAuthorizationDetailsResponse>{result}</GetAccountAuthorizationDetailsResponse>"


def paged(second):
    """Answer the principals of every account in two pages."""

    def rule(call):
        if b"GetAccountAuthorizationDetails" not in call.body:
            return None
        return second if b"Marker=two" in call.body else details(["ann"], marker="two")

    return rule


def test_all_pages_of_principals_are_read(aws, members):
    """The second page is asked with the marker of the first."""
    aws.rules.insert(0, paged(details(["bob"])))
    read = read_all()
    assert [row["arn"][-3:] for row in rows(read, "principals", account_id=members[0])] == ["ann", "bob"]
    assert rows(read, "reads", read=False) == []


def test_a_refused_page_of_principals_leaves_the_account_unread(aws, members):
    """What the first page had stays, and nobody may conclude that it is all."""
    aws.rules.insert(0, paged(denied(applies=True)))
    read = read_all()
    assert [row["arn"][-3:] for row in rows(read, "principals", account_id=members[0])] == ["ann"]
    assert {(row["subject"], row["code"]) for row in rows(read, "reads", read=False)} == {("principals", "AccessDenied")}
    assert {account for account, _ in access(Tables(read)).unread} == {MANAGEMENT, *members}


def test_grants_that_are_denied_leave_the_key_read(aws, members):
    """The key and its policy are known, its grants are not."""
    aws.rules.insert(0, lambda call: denied(call.target == "ListGrants", "AccessDeniedException"))
    read = read_all()
    unread = rows(read, "reads", read=False)
    assert {(row["account_id"], row["region"], row["subject"]) for row in unread} == {(members[0], HOME, "grants")}
    (found,) = (each for each in access(Tables(read)).resources if ":kms:" in each.arn and isinstance(each.grants, Unread))
    assert found.policy.text.startswith("{")


@pytest.mark.parametrize("target", ["ListPolicies", "DescribePolicy", "ListTargetsForPolicy"])
def test_control_policies_that_are_denied_are_unread(aws, target):
    """Nobody takes an organization whose policies are hidden for one that forbids nothing."""
    of_type = b"SERVICE_CONTROL_POLICY" if target == "ListPolicies" else b"p-FullAWSAccess"
    aws.rules.insert(0, lambda call: denied(call.target == target and of_type in call.body, "AccessDeniedException"))
    read = read_all()
    assert {(row["account_id"], row["subject"]) for row in rows(read, "reads", read=False)} == {(MANAGEMENT, "control_policies")}
    assert isinstance(access(Tables(read)).controls, Unread)


class Tables:
    """What was read, as a snapshot has it."""

    def __init__(self, read):
        self.observed_at, self.table = read.observed_at, read.tables.__getitem__


def wait_for_threads():
    for thread in threading.enumerate():
        if thread.name.startswith("strongroom"):
            thread.join(timeout=20)


def denied(applies, code="AccessDenied"):
    if not applies:
        return None
    document = f"<ErrorResponse><Error><Code>{code}</Code><Message>not authorized</Message></Error></ErrorResponse>"
    return 403, document if code == "AccessDenied" else {"__type": code, "message": "not authorized"}
