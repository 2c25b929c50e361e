"""What `native` declares is compared with what is on: everything as declared is silent, each property switched off by calls is named.

A shuffled organization whose teams have set production's databases, buckets and tables as the strategy declares, and staging's buckets.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import Resource, Shuffled, shuffled

from strongroom.domain.finding import Severity
from strongroom.errors import ExitCode
from strongroom.twin import client as control

DRAWN = 83
BACKUP, MAINTENANCE = "20:00-21:00", "sun:10:00-sun:11:00"


def native(it: Shuffled) -> dict[str, Any]:
    """Every property of databases, buckets, tables and ECS; S3 takes no MFA delete where it has lifecycle rules."""
    production, staging = ({"tags": {it.tag_key: value}} for value in it.tag_values[:2])
    return {
        "databases": {
            "main": {
                "select": production,
                "keep": "14d",
                "backup_window": BACKUP,
                "maintenance_window": "Sunday 10:00-11:00",
                "deletion_protection": True,
                "copy_tags": True,
                "snapshots": {"nightly": {"at": "02:00", "keep": "30d", "copy": it.other_region}},
            }
        },
        "buckets": {
            "main": {
                "select": production,
                "versioning": True,
                "object_lock": {"mode": "governance", "keep": "30d"},
                "transitions": {"standard-ia": "60d"},
                "keep": "7y",
                "old_versions": {"transitions": {"glacier-ir": "30d"}, "keep": "90d"},
                "replicate": {"to": it.other_region, "storage_class": "standard-ia"},
            },
            "precious": {"select": staging, "versioning": True, "mfa_delete": True},
        },
        "tables": {"main": {"select": production, "point_in_time": "21d", "deletion_protection": True}},
        "ecs": {"services": {"select": production, "bucket": f"captures-{it.central}", "keep": "90d"}},
    }


RULE = {
    "ID": "all",
    "Status": "Enabled",
    "Filter": {},
    "Transitions": [{"Days": 60, "StorageClass": "STANDARD_IA"}],
    "Expiration": {"Days": 2557},
    "NoncurrentVersionTransitions": [{"NoncurrentDays": 30, "StorageClass": "GLACIER_IR"}],
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
}


@dataclass
class Team:
    """Whoever owns the resources of production and staging: sets what is declared, and takes it away."""

    world: World
    it: Shuffled

    def resources(self, kind: str, tier: int) -> list[Resource]:
        return [each for each in self.it.resources if (each.kind, each.tier) == (kind, tier)]

    def client(self, service: str, at: Resource) -> Any:
        return self.world.client(service, at.account, at.region)

    @cached_property
    def database(self) -> Resource:
        """One whose snapshots are copied to another Region."""
        return next(each for each in self.resources("rds", 0) if each.region != self.it.other_region)

    @cached_property
    def bucket(self) -> Resource:
        return self.resources("s3", 0)[0]

    @cached_property
    def precious(self) -> Resource:
        return self.resources("s3", 1)[0]

    @cached_property
    def table(self) -> Resource:
        return self.resources("dynamodb", 0)[0]

    @property
    def captures(self) -> Any:
        return self.world.client("s3", self.it.central, self.it.home_region)

    def sets_everything(self) -> None:
        """As declared, everywhere; a snapshot of each database is made now."""
        for at in self.resources("rds", 0):
            self.sets_database(at)
        for at in self.resources("s3", 0):
            self._makes_replica(at)
            self.sets_bucket(at)
        for at in self.resources("s3", 1):
            self.versions(at, mfa="Enabled")
        for at in self.resources("dynamodb", 0):
            self.sets_table(at, days=21, protected=True)
        where = {} if self.it.home_region == "us-east-1" else {"LocationConstraint": self.it.home_region}
        configuration = {"CreateBucketConfiguration": where} if where else {}
        self.captures.create_bucket(Bucket=f"captures-{self.it.central}", **configuration)
        self.keeps_captures("Enabled")

    def sets_database(self, at: Resource, **changes: Any) -> None:
        asked = {"BackupRetentionPeriod": 14, "PreferredBackupWindow": BACKUP, "PreferredMaintenanceWindow": MAINTENANCE}
        asked |= {"DeletionProtection": True, "CopyTagsToSnapshot": True, "ApplyImmediately": True, **changes}
        self.client("rds", at).modify_db_instance(DBInstanceIdentifier=at.name, **asked)

    def snapshots(self, at: Resource, name: str, *, copied: bool = True) -> None:
        made = self.client("rds", at).create_db_snapshot(DBInstanceIdentifier=at.name, DBSnapshotIdentifier=f"{at.name}-{name}")
        if copied and at.region != self.it.other_region:
            far = self.world.client("rds", at.account, self.it.other_region)
            source = {"SourceDBSnapshotIdentifier": made["DBSnapshot"]["DBSnapshotArn"], "SourceRegion": at.region}
            far.copy_db_snapshot(**source, TargetDBSnapshotIdentifier=f"{at.name}-{name}-copy")

    def _makes_replica(self, at: Resource) -> None:
        where = {"CreateBucketConfiguration": {"LocationConstraint": self.it.other_region}} if self.it.other_region != "us-east-1" else {}
        far = self.world.client("s3", at.account, self.it.other_region)
        far.create_bucket(Bucket=f"{at.name}-{self.it.other_region}", **where)
        far.put_bucket_versioning(Bucket=f"{at.name}-{self.it.other_region}", VersioningConfiguration={"Status": "Enabled"})

    def sets_bucket(self, at: Resource) -> None:
        self.versions(at)
        self.locks(at, 30)
        self.client("s3", at).put_bucket_lifecycle_configuration(Bucket=at.name, LifecycleConfiguration={"Rules": [RULE]})
        self.replicates(at)

    def versions(self, at: Resource, **switches: str) -> None:
        versioning = {"Status": "Enabled", **({"MFADelete": switches["mfa"]} if "mfa" in switches else {})}
        given = {"MFA": f"arn:aws:iam::{at.account}:mfa/root 123456"} if "mfa" in switches else {}
        self.client("s3", at).put_bucket_versioning(Bucket=at.name, VersioningConfiguration=versioning, **given)

    def locks(self, at: Resource, days: int) -> None:
        rule = {"DefaultRetention": {"Mode": "GOVERNANCE", "Days": days}}
        locked = {"ObjectLockEnabled": "Enabled", "Rule": rule}
        self.client("s3", at).put_object_lock_configuration(Bucket=at.name, ObjectLockConfiguration=locked)

    def ends(self, at: Resource, **changes: Any) -> None:
        rules = {"Rules": [RULE | changes]}
        self.client("s3", at).put_bucket_lifecycle_configuration(Bucket=at.name, LifecycleConfiguration=rules)

    def replicates(self, at: Resource, encrypted: str = "Enabled") -> None:
        far = f"arn:aws:kms:{self.it.other_region}:{at.account}:key/1234abcd-12ab-34cd-56ef-1234567890ab"
        destination = {"Bucket": f"arn:aws:s3:::{at.name}-{self.it.other_region}", "StorageClass": "STANDARD_IA"}
        destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": far}
        criteria = {"SseKmsEncryptedObjects": {"Status": encrypted}}
        rule = {"ID": "far", "Status": "Enabled", "Priority": 1, "Filter": {}, "DeleteMarkerReplication": {"Status": "Disabled"}}
        rules = [{**rule, "SourceSelectionCriteria": criteria, "Destination": destination}]
        document = {"Role": f"arn:aws:iam::{at.account}:role/replicates", "Rules": rules}
        self.client("s3", at).put_bucket_replication(Bucket=at.name, ReplicationConfiguration=document)

    def sets_table(self, at: Resource, *, days: int, protected: bool) -> None:
        dynamodb = self.client("dynamodb", at)
        asked = {"PointInTimeRecoveryEnabled": bool(days), **({"RecoveryPeriodInDays": days} if days else {})}
        dynamodb.update_continuous_backups(TableName=at.name, PointInTimeRecoverySpecification=asked)
        dynamodb.update_table(TableName=at.name, DeletionProtectionEnabled=protected)

    def keeps_captures(self, status: str) -> None:
        bucket = f"captures-{self.it.central}"
        self.captures.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})


@pytest.fixture(scope="module")
def team(deployed, tmp_path_factory) -> Iterator[Team]:
    """The organization after two days, its teams having set and made everything at the end."""
    it = shuffled(DRAWN, accounts=3)
    folder = tmp_path_factory.mktemp("shuffled")
    it.write(folder)
    strategy = {**json.loads(it.strategy_yaml), "native": native(it)}
    (folder / "strategy.yaml").write_text(json.dumps(strategy), encoding="utf-8")
    with deployed(folder, 2) as world:
        made = Team(world, it)
        made.sets_everything()
        for at in made.resources("rds", 0):
            made.snapshots(at, "nightly")
        yield made


@pytest.mark.long
def test_everything_as_declared_is_silent(team, told):
    """No finding, nothing unknown: databases, buckets, tables and the bucket of captures are as the strategy says."""
    found = team.world.verify()
    assert (told(found), found.unread, found.exit_code) == ([], (), ExitCode.PROVEN)


@pytest.fixture(scope="module")
def switched_off(team) -> dict[tuple[str, str], tuple[str, str]]:
    """Switch every property off; return (code, message) with the resource and a part of the command that mends it."""
    it, database, bucket, precious, table = team.it, team.database, team.bucket, team.precious, team.table
    off = {"PreferredBackupWindow": "22:00-23:00", "PreferredMaintenanceWindow": "sat:10:00-sat:11:00"}
    off |= {"BackupRetentionPeriod": 0, "DeletionProtection": False, "CopyTagsToSnapshot": False}
    team.sets_database(database, **off)
    far = team.world.client("rds", database.account, it.other_region)
    far.delete_db_snapshot(DBSnapshotIdentifier=f"{database.name}-nightly-copy")
    team.locks(bucket, 29)
    moved = {"Transitions": [{"Days": 61, "StorageClass": "STANDARD_IA"}]}
    ended = {"Expiration": {"Days": 365}, "NoncurrentVersionExpiration": {"NoncurrentDays": 1}}
    team.ends(bucket, **moved, **ended, NoncurrentVersionTransitions=[])
    team.replicates(bucket, "Disabled")
    team.versions(precious, mfa="Disabled")
    team.sets_table(table, days=0, protected=False)
    team.keeps_captures("Suspended")
    ran_at = datetime.fromisoformat(control.clock(team.world.endpoint)["now"]).replace(hour=2, minute=0)
    ran_at = ran_at.replace(day=ran_at.day - 1)
    copied = f"the copy in {it.other_region} of snapshots nightly of {ran_at:%Y-%m-%d %H:%M} UTC"
    databases, buckets, tables = ("native databases main declares", "native buckets main declares", "native tables main declares")
    return {
        ("VRF221", f"retention of automated backups is off; {databases} 14 days"): (database.name, "--backup-retention-period 14"),
        ("VRF221", f"the backup window is 22:00-23:00; {databases} {BACKUP}"): (database.name, f"--preferred-backup-window {BACKUP}"),
        ("VRF221", f"the maintenance window is sat:10:00-sat:11:00; {databases} {MAINTENANCE}"): (database.name, MAINTENANCE),
        ("VRF221", f"deletion protection is off; {databases} on"): (database.name, "--deletion-protection"),
        ("VRF221", f"copying tags to snapshots is off; {databases} on"): (database.name, "--copy-tags-to-snapshot"),
        ("VRF222", f"{copied} is missing; {databases} cron(0 2 * * ? *) UTC"): (database.name, "rds copy-db-snapshot"),
        ("VRF223", f"Object Lock's default retention is governance, 29 days; {buckets} governance, 30 days"): (bucket.name, '"Days":30'),
        ("VRF223", f"the end of objects is after 365 days; {buckets} after 2557 days"): (bucket.name, '"Days":2557'),
        ("VRF223", f"where objects move is to standard-ia after 61 days; {buckets} to standard-ia after 60 days"): (
            bucket.name,
            '"Days":60',
        ),
        ("VRF223", f"the end of old versions is after 1 day; {buckets} after 90 days"): (bucket.name, '"NoncurrentDays":90'),
        ("VRF223", f"where old versions move is nowhere; {buckets} to glacier-ir after 30 days"): (bucket.name, "GLACIER_IR"),
        ("VRF223", "MFA delete is off; native buckets precious declares on"): (precious.name, "MFADelete=Enabled"),
        (
            "VRF224",
            f"replication to {it.other_region} is without objects that a KMS key encrypts; {buckets} bucket <its name>-{it.other_region}",
        ): (bucket.name, "SseKmsEncryptedObjects"),
        ("VRF225", f"point-in-time recovery is off; {tables} 21 days"): (table.name, "RecoveryPeriodInDays=21"),
        ("VRF225", f"deletion protection is off; {tables} on"): (table.name, "--deletion-protection-enabled"),
        ("VRF226", "versioning is off; native ecs services declares on"): (f"captures-{it.central}", "Status=Enabled"),
    }


WINDOWS = ("the backup window", "the maintenance window", "where ")  # what differs and loses nothing


def test_each_property_that_is_off_is_named_with_its_command_and_nothing_else(team, told, switched_off):
    """All at once: a finding for each, about the one resource, with what is declared, what is there and what to type."""
    found = team.world.verify()
    there = {(each.finding.code, each.finding.message): each for each in found.faults if each.finding.code.startswith("VRF22")}
    assert there.keys() == switched_off.keys(), told(found)
    for (code, message), (name, fix) in switched_off.items():
        fault = there[code, message]
        assert name in fault.finding.subject
        assert (fix in fault.finding.help, name in fault.finding.help, fault.finding.count) == (True, True, 1), fault.finding.help
        assert fault.finding.severity is (Severity.WARNING if message.startswith(WINDOWS) else Severity.ERROR)
    beside = {each.finding.code for each in found.faults} - {code for code, _ in switched_off}
    assert beside <= {"BKT003"}, told(found)  # replication that skips what KMS encrypts is what the check of strategies says too
    assert (found.unread, found.unknown, found.exit_code) == ((), 0, ExitCode.FINDINGS)


@pytest.mark.long
@pytest.mark.usefixtures("switched_off")
def test_repaired_it_is_found_no_more(team, told):
    """The team sets everything back; a snapshot that is made late counts."""
    team.sets_database(team.database)
    team.snapshots(team.database, "late")
    team.sets_bucket(team.bucket)
    team.versions(team.precious, mfa="Enabled")
    team.sets_table(team.table, days=21, protected=True)
    team.keeps_captures("Enabled")
    found = team.world.verify()
    assert (told(found), found.unread, found.exit_code) == ([], (), ExitCode.PROVEN)
