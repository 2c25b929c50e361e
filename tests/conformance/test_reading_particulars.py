"""What checks ask of resources is read from the services themselves, and `check --inventory ledger` has nothing left to ask."""

import json

import pytest

from strongroom import ledger
from strongroom.api import check as checking
from strongroom.aws import fleet
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region

HOME, OTHER = Region("eu-west-2"), Region("eu-west-1")
SHOP = "555555555555"
STRATEGY = """\
strongroom: 1
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
  opt_in: [dynamodb, s3, rds, ebs, efs, fsx, aurora]
keys:
  backup: {kind: multi-region}
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-2}
plans:
  everything:
    select: {types: [dynamodb, s3, rds, ebs, efs, fsx, aurora]}
    rules:
      daily: {at: "05:00", keep: 120d, copy: [central]}
"""


@pytest.fixture
def as_management(twin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL": twin.endpoint.url,
        "AWS_ACCESS_KEY_ID": twin.endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": twin.endpoint.secret,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def read(twin, as_management):  # noqa: ARG001 - the environment
    """Read an organization in which each type has something to tell."""
    _databases(twin.client("rds", account=SHOP))
    key = twin.client("kms", account=SHOP).create_key()["KeyMetadata"]["Arn"]
    _buckets(twin.client("s3", account=SHOP), key)
    twin.client("fsx", account=SHOP).create_file_system(
        FileSystemType="WINDOWS",
        StorageCapacity=300,
        SubnetIds=["subnet-0123456789abcdef0"],
        KmsKeyId=key,
        Tags=[{"Key": "environment", "Value": "prod"}],
        WindowsConfiguration={
            "DeploymentType": "MULTI_AZ_1",
            "ThroughputCapacity": 8,
            "WeeklyMaintenanceStartTime": "1:04:00",
            "DailyAutomaticBackupStartTime": "03:00",
            "AutomaticBackupRetentionDays": 7,
        },
    )
    sessions = Sessions.open(role="strongroom-read", region="eu-west-2")
    return fleet.read(sessions, home_region=HOME, regions=(HOME, OTHER), on_progress=lambda *_: None)


def _databases(rds):
    rds.create_option_group(
        OptionGroupName="with-tde", EngineName="oracle-ee", MajorEngineVersion="19", OptionGroupDescription="transparent encryption"
    )
    common = {"AllocatedStorage": 20, "DBInstanceClass": "db.m5.large", "MasterUsername": "admin", "MasterUserPassword": "a-password"}
    rds.create_db_instance(
        DBInstanceIdentifier="payroll",
        Engine="oracle-ee",
        OptionGroupName="with-tde",
        MultiAZ=True,
        PreferredMaintenanceWindow="mon:04:00-mon:05:00",
        PreferredBackupWindow="02:00-02:30",
        BackupRetentionPeriod=9,
        DeletionProtection=True,
        CopyTagsToSnapshot=True,
        **common,
    )
    rds.create_db_cluster(
        DBClusterIdentifier="three-zones",
        Engine="postgres",
        DBClusterInstanceClass="db.m5d.large",
        AllocatedStorage=100,
        MasterUsername="admin",
        MasterUserPassword="a-password",
        StorageType="io1",
        Iops=1000,
    )


def _buckets(s3, key):
    for name in ("particular-plain", "particular-copied"):
        s3.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": HOME})
    s3.put_bucket_versioning(Bucket="particular-copied", VersioningConfiguration={"Status": "Enabled"})
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    s3.put_bucket_encryption(
        Bucket="particular-copied", ServerSideEncryptionConfiguration={"Rules": [{"ApplyServerSideEncryptionByDefault": by_default}]}
    )
    s3.put_bucket_lifecycle_configuration(
        Bucket="particular-copied",
        LifecycleConfiguration={"Rules": [{"ID": "a", "Status": "Enabled", "Filter": {"Prefix": ""}, "Expiration": {"Days": 9}}]},
    )
    rule = {"ID": "a", "Status": "Enabled", "Priority": 1, "Filter": {"Prefix": ""}, "DeleteMarkerReplication": {"Status": "Disabled"}}
    s3.put_bucket_replication(
        Bucket="particular-copied",
        ReplicationConfiguration={
            "Role": f"arn:aws:iam::{SHOP}:role/r",
            "Rules": [rule | {"Destination": {"Bucket": "arn:aws:s3:::elsewhere"}}],
        },
    )
    s3.put_object(Bucket="particular-copied", Key="there", Body=b"-")
    rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": 40}}
    s3.put_object_lock_configuration(Bucket="particular-copied", ObjectLockConfiguration={"ObjectLockEnabled": "Enabled", "Rule": rule})


def test_what_checks_ask_is_read(read, tmp_path):
    """Databases, buckets, tables and file systems say what decides about their backups, and every subject was read."""
    found = {row["name"]: row for row in read.tables["resources"].to_pylist() if row["account_id"] == SHOP}

    def told(name, *columns):
        return tuple(found[name][column] for column in columns)

    windows = ("maintenance_window", "backup_window", "automated_backup_days")
    assert told("payroll", *windows) == ("mon:04:00-mon:05:00", "02:00-02:30", 9)
    assert told("payroll", "multi_az", "multi_az_cluster", "persistent_options", "replication") == (True, False, False, "multi-az")
    assert told("payroll", "deletion_protection", "copies_tags") == (True, True)
    assert told("three-zones", "deletion_protection", "copies_tags") == (False, False)
    assert told("orders", "deletion_protection", "copies_tags") == (False, None)
    assert told("three-zones", "type", "multi_az_cluster", "persistent_options") == ("RDS", True, False)
    assert told("orders", "advanced_backup", "replication") == (True, "none")
    switches = ("versioned", "mfa_delete", "lifecycle_rules", "replication", "replication_enabled", "replicates_encrypted")
    assert told("particular-plain", *switches) == (False, False, False, "none", None, None)
    assert told("particular-copied", *switches) == (True, False, True, "bucket", True, False)
    assert told("particular-plain", "object_lock", "lifecycle", "replicates_to") == ("{}", "[]", "[]")
    lock, lifecycle, replicas = map(json.loads, told("particular-copied", "object_lock", "lifecycle", "replicates_to"))
    assert (lock["Mode"], lock["Days"]) == ("GOVERNANCE", 40)
    assert [rule["Expiration"] for rule in lifecycle] == [{"Days": 9}]
    assert [rule["Destination"] for rule in replicas] == [{"Bucket": "arn:aws:s3:::elsewhere"}]
    assert told("particular-plain", "encrypted", "key_arn") == (True, None)  # S3's own keys, as of every bucket that says nothing else
    assert told("particular-copied", "encrypted", "key_manager") == (True, "CUSTOMER")
    (system,) = (row for row in found.values() if row["type"] == "FSx" and row["multi_az"])
    assert tuple(system[column] for column in windows) == ("1:04:00", "03:00", 7)
    assert (system["encrypted"], system["key_manager"]) == (True, "CUSTOMER")
    details = [row for row in read.tables["reads"].to_pylist() if row["account_id"] == SHOP and row["subject"].startswith("details:")]
    kinds = ("DynamoDB", "RDS", "S3", "FSx", "Redshift")
    assert {(row["subject"], row["read"]) for row in details} == {(f"details:{kind}", True) for kind in kinds}
    _nothing_left_to_ask(read, tmp_path)


def _nothing_left_to_ask(read, home):
    ledger.write(home, read.tables, observed_at=read.observed_at, source={})
    strategy = home / "strategy.yaml"
    strategy.write_text(STRATEGY, encoding="utf-8")
    stock = checking.inventory("ledger", home=home)
    found = checking.check(strategy, scope=checking.Scope(inventory=stock))
    assert found.parsed, found.findings
    codes = {finding.code for finding in found.findings}
    assert {"CPY005", "BKT001", "BKT003"} <= codes  # a Multi-AZ cluster, a bucket without versioning, replication that skips
    assert [finding.message for finding in found.findings if finding.code == "UNK002"] == []


def test_mfa_delete_is_read_with_the_versioning_it_belongs_to(twin):
    """S3 tells it beside the status once it was set, and nothing of it before."""
    s3 = twin.client("s3", account=SHOP)
    s3.create_bucket(Bucket="guarded-bucket", CreateBucketConfiguration={"LocationConstraint": "eu-west-2"})
    s3.put_bucket_versioning(Bucket="guarded-bucket", VersioningConfiguration={"Status": "Enabled"})
    assert "MFADelete" not in s3.get_bucket_versioning(Bucket="guarded-bucket")
    both = {"Status": "Enabled", "MFADelete": "Enabled"}
    s3.put_bucket_versioning(Bucket="guarded-bucket", MFA="arn:aws:iam::555555555555:mfa/root 123456", VersioningConfiguration=both)
    told = s3.get_bucket_versioning(Bucket="guarded-bucket")
    assert (told["Status"], told["MFADelete"]) == ("Enabled", "Enabled")


def test_manual_snapshots_are_read_with_their_copies(twin, as_management):  # noqa: ARG001 - the environment
    """Of instances and clusters, in each Region; a copy tells its source and when that was made."""
    rds, far = twin.client("rds", account=SHOP), twin.client("rds", OTHER, account=SHOP)
    asked = {"MasterUsername": "admin", "MasterUserPassword": "a-password"}
    rds.create_db_instance(DBInstanceIdentifier="minutes", Engine="postgres", AllocatedStorage=20, DBInstanceClass="db.m5.large", **asked)
    rds.create_db_cluster(DBClusterIdentifier="hours", Engine="aurora-postgresql", **asked)
    made = rds.create_db_snapshot(DBInstanceIdentifier="minutes", DBSnapshotIdentifier="minutes-1")["DBSnapshot"]
    rds.create_db_cluster_snapshot(DBClusterIdentifier="hours", DBClusterSnapshotIdentifier="hours-1")
    far.copy_db_snapshot(SourceDBSnapshotIdentifier=made["DBSnapshotArn"], SourceRegion=HOME, TargetDBSnapshotIdentifier="minutes-far")
    sessions = Sessions.open(role="strongroom-read", region="eu-west-2")
    read = fleet.read(sessions, home_region=HOME, regions=(HOME, OTHER), on_progress=lambda *_: None)
    found = {(row["database"], row["region"]): row for row in read.tables["database_snapshots"].to_pylist()}
    assert {place: (row["cluster"], row["status"], row["source_arn"]) for place, row in found.items()} == {
        ("minutes", HOME): (False, "available", None),
        ("hours", HOME): (True, "available", None),
        ("minutes", OTHER): (False, "available", made["DBSnapshotArn"]),
    }
    assert found["minutes", OTHER]["data_at"] == found["minutes", HOME]["created_at"]
    assert {row["read"] for row in read.tables["reads"].to_pylist() if row["subject"] == "database_snapshots"} == {True}
