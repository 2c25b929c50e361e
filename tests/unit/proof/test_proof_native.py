"""VRF221 to VRF226: what `native` declares against what the ledger shows, property by property."""

import json
from dataclasses import dataclass, fields, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from strongroom import ledger, proof
from strongroom.domain import strategy as declarations
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import (
    Key,
    KeyKind,
    LockMode,
    Native,
    NativeBuckets,
    NativeContainers,
    NativeDatabases,
    NativeSnapshots,
    NativeTables,
    ObjectLock,
    Replication,
    StorageClass,
    Transition,
)
from strongroom.domain.tables import TABLES
from strongroom.errors import ExitCode
from strongroom.proof.links import LinkState
from strongroom.proof.native import buckets, captures, databases, replications, snapshots, tables
from strongroom.proof.native.comparing import Ground
from strongroom.proof.readings import Unreadable, readings
from strongroom.proof.scope import scope_of

FINDERS = {
    "VRF221": databases.found,
    "VRF222": snapshots.found,
    "VRF223": buckets.found,
    "VRF224": replications.found,
    "VRF225": tables.found,
    "VRF226": captures.found,
}
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
HERE = BuiltIn()
HOME, SECOND = Region("eu-west-2"), Region("eu-west-1")
MRK = "arn:aws:kms:eu-west-2:333333333333:key/mrk-1234"
RAN_AT = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)  # the last run of the monthly snapshots
DATABASE, BUCKET, TABLE = "RDS", "S3", "DynamoDB"

LIFECYCLE = {
    "Status": "Enabled",
    "Filter": {},
    "Expiration": {"Days": 3653},
    "Transitions": [{"Days": 30, "StorageClass": "STANDARD_IA"}],
    "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
    "NoncurrentVersionTransitions": [{"NoncurrentDays": 7, "StorageClass": "GLACIER_IR"}],
}


def replicated(bucket, **changes):
    """The rule that replicates a bucket as declared."""
    destination = {"Bucket": f"arn:aws:s3:::{bucket}-{SECOND}", "StorageClass": "STANDARD_IA"}
    destination["EncryptionConfiguration"] = {"ReplicaKmsKeyID": MRK.replace(HOME, SECOND)}
    criteria = {"SseKmsEncryptedObjects": {"Status": "Enabled"}}
    return {"Status": "Enabled", "Filter": {}, "SourceSelectionCriteria": criteria, "Destination": destination} | changes


class Declared:
    """A healthy organization whose production protects itself as declared: an instance, a bucket, a table."""

    def __init__(self, world, builder):
        self.world = world
        select = replace(world.estate.plans[0].select, origin=HERE)
        monthly = NativeSnapshots(
            name="monthly", schedule="cron(0 2 1 * ? *)", timezone="UTC", keep=400, to=(SECOND,), key="shared", origin=HERE
        )
        native = Native(
            databases=(
                NativeDatabases(
                    name="main",
                    select=select,
                    retention_days=14,
                    backup_window="03:00-04:00",
                    maintenance_window="mon:05:00-mon:06:00",
                    deletion_protection=True,
                    copy_tags=True,
                    snapshots=(monthly,),
                    origin=HERE,
                ),
            ),
            buckets=(
                NativeBuckets(
                    name="main",
                    select=select,
                    versioning=True,
                    mfa_delete=True,
                    object_lock=ObjectLock(mode=LockMode.GOVERNANCE, days=2557, origin=HERE),
                    transitions=(Transition(after_days=30, to=StorageClass.STANDARD_IA),),
                    expire_after_days=3653,
                    noncurrent_transitions=(Transition(after_days=7, to=StorageClass.GLACIER_IR),),
                    noncurrent_expire_after_days=90,
                    replications=(
                        Replication(
                            to=SECOND,
                            bucket=None,
                            storage_class=StorageClass.STANDARD_IA,
                            encrypted_objects=True,
                            key="shared",
                            origin=HERE,
                        ),
                    ),
                    origin=HERE,
                ),
            ),
            tables=(NativeTables(name="main", select=select, point_in_time_days=35, deletion_protection=True, origin=HERE),),
            containers=(
                NativeContainers(
                    name="web", select=select, schedule="cron(0 5 * * ? *)", timezone="UTC", bucket="captures", keep=90, origin=HERE
                ),
            ),
        )
        key = Key(name="shared", kind=KeyKind.MULTI_REGION, arn=MRK, origin=HERE)
        world.estate = replace(world.estate, native=native, keys=(*world.estate.keys, key))
        self._set(builder)

    def _set(self, builder):
        world = self.world
        for row in list(self.of(DATABASE)):
            row |= {"automated_backup_days": 14, "backup_window": "03:00-04:00", "maintenance_window": "Mon:05:00-Mon:06:00"}
            row |= {"deletion_protection": True, "copies_tags": True}
            arn = f"arn:aws:rds:{row['region']}:{row['account_id']}:snapshot:{row['name']}-m"
            made = self.snapshot(row, row["region"], arn=arn)
            if row["region"] != SECOND:
                self.snapshot(row, SECOND, arn=f"{arn}-copy", source_arn=made["arn"], data_at=made["created_at"], key_arn=MRK)
        for row in list(self.of(BUCKET)):
            row |= {"versioned": True, "mfa_delete": True, "object_lock": '{"Mode":"GOVERNANCE","Years":7}'}
            row |= {"lifecycle": json.dumps([LIFECYCLE]), "replicates_to": json.dumps([replicated(row["name"])])}
            name = f"{row['name']}-{SECOND}"
            builder.add_resource(row["account_id"], SECOND, BUCKET, name, {}, arn=f"arn:aws:s3:::{name}")
        for row in self.of(TABLE):
            row |= {"deletion_protection": True}
            place = {"account_id": row["account_id"], "region": row["region"], "resource_arn": row["arn"], "kind": "dynamodb-pitr"}
            world.tables["native_protection"].append({**place, "enabled": True, "window_days": 35})
        captures = {"arn": "arn:aws:s3:::captures", "versioned": True, "lifecycle": "[]"}
        builder.add_resource(world.central, HOME, BUCKET, "captures", {}, **captures)

    def of(self, kind):
        """The production resources of a type, those of the home Region first."""
        key, value = self.world.key, self.world.values[0]
        mine = [row for row in self.world.tables["resources"] if row["type"] == kind and row["tags"].get(key) == value]
        return sorted(mine, key=lambda row: row["region"] != HOME)

    def snapshot(self, row, region, **more):
        made = {"account_id": row["account_id"], "region": region, "database": row["name"], "cluster": False, "status": "available"}
        self.world.tables["database_snapshots"].append({**made, "created_at": RAN_AT + timedelta(hours=1), **more})
        return self.world.tables["database_snapshots"][-1]

    def changed(self, kind, **changes):
        """Change how the first resource of a type protects itself."""
        row = self.of(kind)[0]
        row |= changes
        return row

    def declare(self, kind, **changes):
        """Declare something else for one kind."""
        native = self.world.estate.native
        parts = (replace(getattr(native, kind)[0], **changes),)
        self.world.estate = replace(self.world.estate, native=replace(native, **{kind: parts}))


@pytest.fixture
def declared(builder):
    made = builder(2, 40)
    return Declared(made.build(), made)


class Looked:
    """What the live checks would say, without chains, a database or files."""

    def __init__(self, world):
        self.observed_at = NOW
        self.rows = world.tables
        read = readings(self.table("reads"))
        given = Ground(estate=world.estate, scope=scope_of(world.estate, self.table("accounts")), tables=self, readings=read)
        found = [(code, each) for code, find in FINDERS.items() for each in find(given)]
        self.unread = {each for _, each in found if isinstance(each, Unreadable)}
        self.differences = [(code, each) for code, each in found if not isinstance(each, Unreadable)]

    def table(self, name):
        [schema] = [each for each in TABLES if each.name == name]
        return ledger.from_rows(schema, [[row.get(column.name) for column in schema.columns] for row in self.rows[name]])


@pytest.fixture
def look(declared):
    return lambda: Looked(declared.world)


def told(looked):
    return [(code, each.message) for code, each in looked.differences]


def test_what_is_as_declared_is_not_spoken_of(declared, look):
    """Every property that can be declared is, in more than one account, and nothing is found."""
    assert min(len(declared.of(kind)) for kind in (DATABASE, BUCKET, TABLE)) >= 2
    found = look()
    assert (told(found), found.unread) == ([], set())


def test_verify_is_content_where_all_is_as_declared(declared, tmp_path):
    """The live checks are in the catalogue, and have nothing to say."""
    found = proof.verify(declared.world.estate, declared.world.write(tmp_path))
    assert ([each.finding.message for each in found.faults], found.unread, found.exit_code) == ([], (), ExitCode.PROVEN)


def test_verify_tells_a_difference_and_what_is_unknown(declared, tmp_path):
    """Code, severity, resource, command; what was not read makes it impossible to verify."""
    table, database = declared.changed(TABLE, deletion_protection=False), declared.changed(DATABASE, backup_window="01:00-02:00")
    unread = declared.changed(BUCKET, object_lock=None)
    found = proof.verify(declared.world.estate, declared.world.write(tmp_path))
    assert [(each.finding.code, each.finding.severity, each.arns, str(each.state)) for each in found.faults] == [
        ("VRF001", Severity.ERROR, (), "unknown"),
        ("VRF225", Severity.ERROR, (table["arn"],), "broken"),
        ("VRF221", Severity.WARNING, (database["arn"],), "broken"),
    ]
    assert found.faults[1].finding.help == (
        f"dynamodb update-table --region {table['region']} --table-name {table['name']} --deletion-protection-enabled"
    )
    assert [(each.account_id, each.region, each.subject) for each in found.unread] == [(unread["account_id"], unread["region"], "locks:S3")]
    assert found.exit_code is ExitCode.COULD_NOT_VERIFY


@dataclass(frozen=True, slots=True, kw_only=True)
class Weaker:
    """A resource that protects itself less than declared, and what has to be said of it."""

    kind: str
    changes: dict[str, Any]
    code: str
    says: str
    fix: str


def lifecycle(*more, **changes):
    """The declared rule with changes, and other rules."""
    return {"lifecycle": json.dumps([LIFECYCLE | changes, *more])}


NOT_KEPT, NOT_LOCKED = "retention of automated backups is", "Object Lock's default retention is"
PLANTED = [
    Weaker(
        kind=DATABASE,
        changes={"automated_backup_days": 0},
        code="VRF221",
        says=f"{NOT_KEPT} off; native databases main declares 14 days",
        fix="--backup-retention-period 14",
    ),
    Weaker(
        kind=DATABASE,
        changes={"automated_backup_days": 13},
        code="VRF221",
        says=f"{NOT_KEPT} 13 days",
        fix="--backup-retention-period 14 --apply-immediately",
    ),
    Weaker(
        kind=DATABASE, changes={"deletion_protection": False}, code="VRF221", says="deletion protection is off", fix="--deletion-protection"
    ),
    Weaker(
        kind=DATABASE,
        changes={"copies_tags": False},
        code="VRF221",
        says="copying tags to snapshots is off; native databases main declares on",
        fix="--copy-tags-to-snapshot",
    ),
    Weaker(kind=BUCKET, changes={"versioned": False}, code="VRF223", says="versioning is off", fix="Status=Enabled"),
    Weaker(kind=BUCKET, changes={"mfa_delete": False}, code="VRF223", says="MFA delete is off", fix="MFADelete=Enabled"),
    Weaker(
        kind=BUCKET,
        changes={"object_lock": "{}"},
        code="VRF223",
        says=f"{NOT_LOCKED} none; native buckets main declares governance, 2557 days",
        fix='"Days":2557',
    ),
    Weaker(
        kind=BUCKET,
        changes={"object_lock": '{"Days":2556,"Mode":"GOVERNANCE"}'},
        code="VRF223",
        says=f"{NOT_LOCKED} governance, 2556 days",
        fix="put-object-lock-configuration",
    ),
    Weaker(
        kind=BUCKET,
        changes=lifecycle(Expiration={"Days": 3652}),
        code="VRF223",
        says="the end of objects is after 3652 days",
        fix='"Expiration":{"Days":3653}',
    ),
    Weaker(
        kind=BUCKET,
        changes=lifecycle({"Filter": {"Prefix": "a"}, "Expiration": {"Days": 9}}),
        code="VRF223",
        says="the end of objects is after 9 days for some",
        fix="put-bucket-lifecycle-configuration",
    ),
    Weaker(
        kind=BUCKET,
        changes=lifecycle(Expiration={"Date": "2027-01-01 00:00:00+00:00"}),
        code="VRF223",
        says="the end of objects is on 2027-01-01",
        fix="put-bucket-lifecycle-configuration",
    ),
    Weaker(
        kind=BUCKET,
        changes=lifecycle(NoncurrentVersionExpiration={"NoncurrentDays": 2}),
        code="VRF223",
        says="the end of old versions is after 2 days",
        fix='"NoncurrentDays":90',
    ),
    Weaker(
        kind=BUCKET, changes={"replicates_to": "[]"}, code="VRF224", says="replication to eu-west-1 is off", fix="put-bucket-replication"
    ),
    Weaker(
        kind=TABLE,
        changes={"deletion_protection": False},
        code="VRF225",
        says="deletion protection is off; native tables main declares on",
        fix="--deletion-protection-enabled",
    ),
]


@pytest.mark.parametrize("planted", PLANTED, ids=lambda each: each.says)
def test_what_protects_less_is_an_error_with_its_command(declared, look, planted):
    """The resource, what is declared, what is there, and what to type; nothing else is found."""
    row = declared.changed(planted.kind, **planted.changes)
    found = look()
    [(named, each)] = found.differences
    assert (named, each.seen.severity, each.arns) == (planted.code, Severity.ERROR, (row["arn"],))
    assert planted.says in each.message
    assert planted.fix in each.seen.fix
    assert f"--region {row['region']}" in each.seen.fix
    assert row["name"] in each.seen.fix
    assert found.unread == set()


WARNED = [
    (DATABASE, {"automated_backup_days": 35}, "retention of automated backups is 35 days"),
    (DATABASE, {"backup_window": "01:00-02:00"}, "the backup window is 01:00-02:00"),
    (DATABASE, {"maintenance_window": "sun:05:00-sun:06:00"}, "the maintenance window is sun:05:00-sun:06:00"),
    (BUCKET, {"object_lock": '{"Days":2557,"Mode":"COMPLIANCE"}'}, "is compliance, 2557 days"),
    (BUCKET, {"lifecycle": "[]"}, "the end of objects is never"),
    (BUCKET, {"lifecycle": json.dumps([LIFECYCLE | {"Transitions": []}])}, "where objects move is nowhere"),
]


@pytest.mark.parametrize(("kind", "changes", "says"), WARNED)
def test_what_loses_nothing_is_a_warning(declared, look, kind, changes, says):
    """It differs, and more is kept, or as much."""
    declared.changed(kind, **changes)
    found = look()
    assert any(says in message for _, message in told(found)), told(found)
    assert {each.seen.severity for _, each in found.differences} == {Severity.WARNING}


REPLICAS = [
    ({"Filter": {"Prefix": "a"}}, "of some objects alone"),
    ({"SourceSelectionCriteria": {}}, "without objects that a KMS key encrypts"),
]


@pytest.mark.parametrize(("changes", "says"), REPLICAS)
def test_a_rule_that_replicates_less_is_named(declared, look, changes, says):
    """FM33: what the rule leaves out stays behind in silence."""
    row = declared.of(BUCKET)[0]
    row["replicates_to"] = json.dumps([replicated(row["name"], **changes)])
    [(code, each)] = look().differences
    assert code == "VRF224"
    assert f"replication to {SECOND} is {says}; native buckets main declares bucket <its name>-{SECOND}" in each.message


@pytest.mark.parametrize(
    ("destination", "says"),
    [
        ({"StorageClass": "GLACIER"}, "in storage class GLACIER"),
        ({"EncryptionConfiguration": {}}, "without a KMS key"),
        ({"EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:{SECOND}:1:alias/aws/s3"}}, "under alias/aws/s3"),
        ({"EncryptionConfiguration": {"ReplicaKmsKeyID": f"arn:aws:kms:{SECOND}:1:key/mrk-9"}}, "under another key"),
    ],
)
def test_a_destination_that_is_another_is_named(declared, look, destination, says):
    """Storage class and key are part of what is declared."""
    row = declared.of(BUCKET)[0]
    rule = replicated(row["name"])
    row["replicates_to"] = json.dumps([rule | {"Destination": rule["Destination"] | destination}])
    assert [says in message for _, message in told(look())] == [True]


def test_a_replica_in_another_region_is_named_and_an_unknown_one_is_unknown(declared, look):
    """The name alone says nothing of the Region."""
    row = declared.of(BUCKET)[0]
    [replica] = declared.world.rows("resources", name=f"{row['name']}-{SECOND}")
    replica["region"] = HOME
    assert [message.partition(";")[0] for _, message in told(look())] == [f"replication to {SECOND} is to a bucket in {HOME}"]
    declared.world.drop("resources", name=replica["name"])
    found = look()
    assert [(code, each.seen.state) for code, each in found.differences] == [("VRF224", LinkState.UNKNOWN)]


def test_a_bucket_in_the_declared_region_is_where_replicas_go(declared, look):
    """A replica has its source's tags as a rule, and is not replicated on."""
    row = next(each for each in declared.of(BUCKET) if each["region"] == SECOND)
    row["replicates_to"] = "[]"
    assert told(look()) == []
    declared.declare("buckets", replications=(replace(declared.world.estate.native.buckets[0].replications[0], bucket="elsewhere"),))
    assert ("VRF224", row["arn"]) in {(code, arn) for code, each in look().differences for arn in each.arns}


@pytest.mark.parametrize(("enabled", "days", "says"), [(False, None, "off"), (True, 7, "7 days")])
def test_a_table_that_reaches_less_far_back_is_named(declared, look, enabled, days, says):
    """Point-in-time recovery has a period of its own."""
    row = declared.of(TABLE)[0]
    [known] = declared.world.rows("native_protection", resource_arn=row["arn"])
    known |= {"enabled": enabled, "window_days": days}
    [(_, each)] = look().differences
    assert each.message == f"point-in-time recovery is {says}; native tables main declares 35 days"
    assert "PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays=35" in each.seen.fix


def test_equal_differences_are_one_finding_with_their_number(declared, look):
    """Many resources with one fault are one cause."""
    for row in declared.of(TABLE):
        row["deletion_protection"] = False
    [(_, each)] = look().differences
    arns = sorted(row["arn"] for row in declared.of(TABLE))
    assert (each.arns, len(each.rows)) == (tuple(arns), len(arns))
    assert each.subject == f"{arns[0]} and {len(arns) - 1} more"


def test_a_missing_snapshot_is_named_with_the_run_that_left_none(declared, look):
    """One of before the run does not count, nor one that is still being made."""
    row = declared.of(DATABASE)[0]
    [made] = declared.world.rows("database_snapshots", database=row["name"], region=row["region"])
    for change in ({"created_at": RAN_AT - timedelta(minutes=1)}, {"created_at": RAN_AT, "status": "creating"}):
        made |= change
        [(code, each)] = look().differences
        assert (code, each.arns) == ("VRF222", (row["arn"],))
        assert each.message.startswith("snapshots monthly of 2026-11-01 02:00 UTC is missing; native databases main declares cron")
        assert f"rds create-db-snapshot --region {row['region']} --db-instance-identifier {row['name']}" in each.seen.fix
    made |= {"created_at": RAN_AT, "status": "available"}
    assert told(look()) == []


def local(declared):
    return next(row for row in declared.of(DATABASE) if row["region"] == HOME)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"source_arn": None}, "missing"),
        ({"data_at": RAN_AT - timedelta(days=30)}, "missing"),
        ({"key_arn": None}, "without a KMS key"),
        ({"key_arn": f"arn:aws:kms:{SECOND}:1:key/other"}, "under another key"),
    ],
)
def test_a_copy_that_is_none_of_the_declared_is_named(declared, look, changes, says):
    """A snapshot of a database of the same name over there is no copy, an old copy is none of this month."""
    row = local(declared)
    [copy] = declared.world.rows("database_snapshots", database=row["name"], region=SECOND)
    copy |= changes
    [(_, each)] = look().differences
    assert each.message.startswith(f"the copy in {SECOND} of snapshots monthly of 2026-11-01 02:00 UTC is {says}")
    assert f"rds copy-db-snapshot --region {SECOND} --source-region {HOME}" in each.seen.fix


def test_a_cluster_is_mended_as_a_cluster(declared, look):
    """Aurora is a database too, with commands of its own; a snapshot of an instance of its name is none of it."""
    like = local(declared)
    cluster = {**like, "type": "Aurora", "arn": like["arn"].replace(":db:", ":cluster:"), "automated_backup_days": 1}
    declared.world.tables["resources"].append(cluster)
    kept, snapshot = sorted((each for _, each in look().differences), key=lambda each: each.trait)
    assert kept.arns == snapshot.arns == (cluster["arn"],)
    place = f"--region {HOME} --db-cluster-identifier {like['name']}"
    assert kept.seen.fix == f"rds modify-db-cluster {place} --backup-retention-period 14 --apply-immediately"
    assert snapshot.seen.fix == (
        f"rds create-db-cluster-snapshot {place} --db-cluster-snapshot-identifier {like['name']}-monthly-2026-11-01"
    )


def test_nothing_is_expected_of_a_run_that_was_just_now_or_before_the_database(declared, look):
    """Snapshots take their time, and a database of yesterday had none last month."""
    row = declared.of(DATABASE)[0]
    declared.world.drop("database_snapshots", database=row["name"])
    row["created_at"] = RAN_AT + timedelta(minutes=1)
    assert "VRF222" not in {code for code, _ in told(look())}
    row["created_at"] = RAN_AT
    assert {code for code, _ in told(look())} == {"VRF222"}
    snapshots = declared.world.estate.native.databases[0].snapshots[0]
    declared.declare("databases", snapshots=(replace(snapshots, keep=20),))  # it has ended since
    assert told(look()) == []
    today = replace(snapshots, schedule="cron(0 2 21 11 ? 2026)", keep=FOREVER)
    declared.declare("databases", snapshots=(today,))
    assert told(look()) == []


def test_snapshots_in_a_region_that_nobody_reads_are_unknown(declared, look):
    """A copy may be there; the Region is not one of the strategy."""
    snapshots = declared.world.estate.native.databases[0].snapshots[0]
    declared.declare("databases", snapshots=(replace(snapshots, to=(Region("eu-north-1"),)),))
    found = look()
    assert {(each.region, each.subject) for each in found.unread} == {("eu-north-1", "database_snapshots")}


COLUMNS = [
    (DATABASE, "automated_backup_days", "resources:RDS"),
    (DATABASE, "backup_window", "resources:RDS"),
    (DATABASE, "maintenance_window", "resources:RDS"),
    (DATABASE, "deletion_protection", "resources:RDS"),
    (DATABASE, "copies_tags", "resources:RDS"),
    (BUCKET, "versioned", "details:S3"),
    (BUCKET, "mfa_delete", "details:S3"),
    (BUCKET, "object_lock", "locks:S3"),
    (BUCKET, "lifecycle", "details:S3"),
    (BUCKET, "replicates_to", "details:S3"),
    (TABLE, "deletion_protection", "resources:DynamoDB"),
]


@pytest.mark.parametrize(("kind", "column", "subject"), COLUMNS)
def test_what_an_older_snapshot_does_not_tell_is_unknown(declared, look, kind, column, subject):
    """Null is never a pass."""
    row = declared.changed(kind, **{column: None})
    found = look()
    assert {(each.account_id, each.region, each.subject) for each in found.unread} == {(row["account_id"], row["region"], subject)}
    assert told(found) == []


def test_a_table_whose_recovery_nobody_read_is_unknown(declared, look):
    """There is no row of it."""
    row = declared.of(TABLE)[0]
    declared.world.drop("native_protection", resource_arn=row["arn"])
    assert {(each.region, each.subject) for each in look().unread} == {(row["region"], "details:DynamoDB")}


@pytest.mark.parametrize(
    "subject", ["resources:Aurora", "resources:RDS", "details:S3", "locks:S3", "resources:S3", "details:DynamoDB", "database_snapshots"]
)
def test_a_listing_that_was_denied_leaves_what_is_declared_unknown(declared, look, subject):
    """What nobody listed may be there and off."""
    row = local(declared)
    place = {"account_id": row["account_id"], "region": row["region"]}
    for read in declared.world.rows("reads", **place, subject=subject):
        read |= {"read": False, "code": "AccessDenied", "reason": "no"}
    found = look()
    assert (row["account_id"], row["region"], subject) in {(each.account_id, each.region, each.subject) for each in found.unread}


def test_a_type_that_a_part_cannot_be_about_is_unknown(declared, look):
    """DocumentDB under `databases` would be compared by nobody."""
    part = declared.world.estate.native.databases[0]
    declared.declare("databases", select=replace(part.select, types=(ResourceType.DOCUMENTDB, ResourceType.RDS)))
    assert {(each.subject, each.reason) for each in look().unread} == {
        ("resources:DocumentDB", "native databases main selects DocumentDB, of which nobody can tell what it declares")
    }


def test_captures_need_a_versioned_bucket_that_keeps_them(declared, look):
    """The next capture overwrites the last one, or a rule ends it; a bucket that nobody has read is unknown."""
    [bucket] = declared.world.rows("resources", name="captures")
    bucket |= {"versioned": False, "lifecycle": json.dumps([{"Status": "Enabled", "Expiration": {"Days": 89}}])}
    assert sorted(told(look())) == [
        ("VRF226", "the end of captures is after 89 days; native ecs web declares 90 days"),
        ("VRF226", "versioning is off; native ecs web declares on"),
    ]
    bucket |= {"versioned": True, "lifecycle": json.dumps([{"Status": "Enabled", "Expiration": {"Days": 90}}])}
    assert told(look()) == []
    bucket["lifecycle"] = None
    assert {each.subject for each in look().unread} == {"details:S3"}
    declared.world.drop("resources", name="captures")
    assert [(code, each.seen.state) for code, each in look().differences] == [("VRF226", LinkState.UNKNOWN)]


def test_what_is_not_written_is_not_judged(declared, look):
    """Without a declaration nothing is compared, whatever is off."""
    nothing = {"retention_days": None, "backup_window": None, "maintenance_window": None, "deletion_protection": None, "copy_tags": None}
    declared.declare("databases", **nothing, snapshots=())
    lax = {"versioning": None, "mfa_delete": False, "object_lock": None, "transitions": (), "noncurrent_transitions": ()}
    declared.declare("buckets", **lax, expire_after_days=None, noncurrent_expire_after_days=None, replications=())
    declared.declare("tables", deletion_protection=None)
    for row in declared.of(DATABASE):
        row |= {"automated_backup_days": 0, "deletion_protection": False, "copies_tags": False}
    for row in declared.of(BUCKET):
        moves = {"Status": "Enabled", "Transitions": [{"Days": 1, "StorageClass": "GLACIER"}]}
        row |= {"versioned": False, "object_lock": "{}", "replicates_to": "[]", "lifecycle": json.dumps([moves])}
    for row in declared.of(TABLE):
        row["deletion_protection"] = False
    assert [each for each in told(look()) if each[0].startswith("VRF22")] == []


def test_objects_that_end_where_no_end_is_declared_are_a_warning(declared, look):
    """Forever is the default of `keep`, and an expiration contradicts it."""
    declared.declare("buckets", expire_after_days=None, transitions=(), noncurrent_transitions=(), noncurrent_expire_after_days=None)
    for row in declared.of(BUCKET):
        row["lifecycle"] = json.dumps([{"Status": "Enabled", "Expiration": {"Days": 10}}])
    [(code, each)] = look().differences
    assert (code, each.seen.severity) == ("VRF223", Severity.WARNING)
    assert "the end of objects is after 10 days; native buckets main declares never" in each.message
    assert "delete-bucket-lifecycle" in each.seen.fix


COMPARED = {
    "NativeDatabases": {"retention_days", "backup_window", "maintenance_window", "deletion_protection", "copy_tags", "snapshots"},
    "NativeSnapshots": {"schedule", "timezone", "to", "key", "keep"},
    "NativeBuckets": {
        *("versioning", "mfa_delete", "object_lock", "transitions", "expire_after_days", "noncurrent_transitions"),
        *("noncurrent_expire_after_days", "replications"),
    },
    "Replication": {"to", "bucket", "storage_class", "encrypted_objects", "key"},
    "ObjectLock": {"mode", "days"},
    "NativeTables": {"point_in_time_days", "deletion_protection"},
    "NativeContainers": {"bucket", "keep", "schedule", "timezone"},
}


@pytest.mark.parametrize(("name", "known"), COMPARED.items())
def test_every_property_that_can_be_declared_is_thought_of(name, known):
    """A new one under `native` fails here until it is compared, or named in the limits of its check."""
    found = {field.name for field in fields(getattr(declarations, name))}
    assert found - {"name", "select", "origin"} == known
