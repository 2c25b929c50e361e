"""What only some types have: each column comes from what the service says, and is null where it says nothing."""

import pytest

from strongroom import checks
from strongroom.aws.readers.particulars import (
    NAMES,
    NOTHING,
    Particulars,
    has_persistent,
    of_bucket,
    of_cluster,
    of_file_system,
    of_instance,
    of_table,
    of_warehouse,
    values,
)
from strongroom.domain.names import Replication, ResourceType
from strongroom.domain.tables import RESOURCES

INSTANCE = {
    "PreferredMaintenanceWindow": "mon:04:00-mon:05:00",
    "PreferredBackupWindow": "03:00-03:30",
    "BackupRetentionPeriod": 7,
    "MultiAZ": False,
    "OptionGroupMemberships": [{"OptionGroupName": "default:postgres-16"}],
}


def test_particulars_are_the_last_columns_of_the_table():
    """They are appended to a row in this order."""
    assert tuple(column.name for column in RESOURCES.columns if column.later) == NAMES
    assert values(NOTHING) == (None,) * len(NAMES)
    assert [column.name for column in RESOURCES.columns][-len(NAMES) :] == list(NAMES)


def test_the_words_for_replication_are_those_of_the_inventory():
    """What is read is what the checks ask."""
    assert {str(each) for each in Replication} == {str(each) for each in checks.Replication}


def test_an_instance_says_its_windows_and_its_own_backups():
    """As RDS prints them."""
    assert of_instance(INSTANCE, {}) == Particulars(
        maintenance_window="mon:04:00-mon:05:00",
        backup_window="03:00-03:30",
        automated_backup_days=7,
        multi_az=False,
        multi_az_cluster=False,
        persistent_options=False,
        replication=Replication.NONE,
    )


@pytest.mark.parametrize(
    ("groups", "known", "expected"),
    [
        (["default:mysql-8-0"], {}, False),
        (["custom"], {"custom": True}, True),
        (["custom"], {"custom": False}, False),
        (["custom"], {}, None),
        (["unread", "custom"], {"custom": True}, True),
        (["unread", "custom"], {"custom": False}, None),
        ([], {}, False),
        (None, {"custom": True}, None),
    ],
)
def test_options_of_a_group_that_was_not_read_are_unknown(groups, known, expected):
    """A default group has no options; of another one only what was read counts."""
    instance = {} if groups is None else {"OptionGroupMemberships": [{"OptionGroupName": name} for name in groups]}
    assert of_instance(instance, known).persistent_options is expected


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([{"Persistent": True}], True),
        ([{}, {"Permanent": True}], True),
        ([{"Persistent": False, "Permanent": False}], False),
        (None, False),
    ],
)
def test_permanent_options_are_persistent_too(options, expected):
    """Either stays with the database."""
    assert has_persistent({"Options": options}) is expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"MultiAZ": True}, Replication.MULTI_AZ),
        ({"MultiAZ": True, "ReadReplicaDBInstanceIdentifiers": ["r"]}, Replication.READ_REPLICA),
        ({"MultiAZ": False, "ReadReplicaDBClusterIdentifiers": ["r"]}, Replication.READ_REPLICA),
        ({"MultiAZ": False, "ReadReplicaSourceDBInstanceIdentifier": "s"}, Replication.READ_REPLICA),
        ({"MultiAZ": False, "ReadReplicaDBInstanceIdentifiers": []}, Replication.NONE),
        ({}, None),
    ],
)
def test_an_instance_is_replicated_as_far_as_it_reaches(parts, expected):
    """A read replica reaches further than a standby; without a word on either nothing is known."""
    assert of_instance(parts, {}).replication is expected


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ({"MultiAZ": True}, Replication.MULTI_AZ),
        ({"MultiAZ": True, "GlobalClusterIdentifier": "world"}, Replication.GLOBAL),
        ({"MultiAZ": True, "GlobalClusterIdentifier": ""}, Replication.MULTI_AZ),
        ({"MultiAZ": False, "ReplicationSourceIdentifier": "arn:c"}, Replication.READ_REPLICA),
        ({"MultiAZ": False, "ReadReplicaIdentifiers": ["arn:c"]}, Replication.READ_REPLICA),
    ],
)
def test_a_cluster_is_replicated_as_far_as_it_reaches(parts, expected):
    """A global database reaches furthest."""
    assert of_cluster(ResourceType.AURORA, parts).replication is expected


def test_only_a_cluster_of_rds_itself_is_a_multi_az_cluster():
    """It has no option groups; the question has no meaning for Aurora, DocumentDB and Neptune."""
    kinds = (ResourceType.RDS, ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE)
    found = [of_cluster(kind, {"MultiAZ": True}) for kind in kinds]
    assert [each.multi_az_cluster for each in found] == [True, None, None, None]
    assert [each.persistent_options for each in found] == [False, None, None, None]


@pytest.mark.parametrize("advanced", [True, False, None])
def test_a_table_has_the_setting_of_its_region(advanced):
    """Advanced features belong to an account and Region; replicas to the table."""
    assert of_table({}, advanced=advanced) == Particulars(advanced_backup=advanced, replication=Replication.NONE)
    assert of_table({"Replicas": [{"RegionName": "eu-west-1"}]}, advanced=advanced).replication is Replication.GLOBAL


@pytest.mark.parametrize("kind", ["WindowsConfiguration", "LustreConfiguration", "OntapConfiguration", "OpenZFSConfiguration"])
def test_every_kind_of_file_system_says_its_windows(kind):
    """Each kind has them in a configuration of its own."""
    configuration = {"WeeklyMaintenanceStartTime": "1:04:00", "DailyAutomaticBackupStartTime": "03:00", "AutomaticBackupRetentionDays": 7}
    found = of_file_system({kind: configuration | {"DeploymentType": "MULTI_AZ_1"}})
    assert found == Particulars(maintenance_window="1:04:00", backup_window="03:00", automated_backup_days=7, multi_az=True)


def test_a_file_system_without_backups_of_its_own_says_off():
    """Zero days of retention switch them off, whatever time is still shown; without a word nothing is known."""
    assert of_file_system({"WindowsConfiguration": {"AutomaticBackupRetentionDays": 0}}).backup_window == "off"
    shown = {"AutomaticBackupRetentionDays": 0, "DailyAutomaticBackupStartTime": "03:00"}
    assert of_file_system({"WindowsConfiguration": shown}).backup_window == "off"
    assert of_file_system({}) == NOTHING


def test_a_warehouse_says_its_window_and_its_own_snapshots():
    """Redshift writes Enabled or Disabled in place of a truth value."""
    found = of_warehouse({"PreferredMaintenanceWindow": "sun:23:45-mon:00:15", "AutomatedSnapshotRetentionPeriod": 1, "MultiAZ": "Enabled"})
    assert found == Particulars(maintenance_window="sun:23:45-mon:00:15", automated_backup_days=1, multi_az=True)
    assert (of_warehouse({"MultiAZ": "Disabled"}).multi_az, of_warehouse({}).multi_az) == (False, None)


@pytest.mark.parametrize(
    ("versioning", "versioned", "mfa"),
    [
        ({"Status": "Enabled", "MFADelete": "Enabled"}, True, True),
        ({"Status": "Enabled", "MFADelete": "Disabled"}, True, False),
        ({"Status": "Suspended"}, False, False),
        ({}, False, False),
        (None, None, None),
    ],
)
def test_suspended_versioning_is_no_versioning(versioning, versioned, mfa):
    """A bucket that never had versioning answers with nothing; one that could not be asked is unknown."""
    found = of_bucket(versioning, [], [], {})
    assert (found.versioned, found.mfa_delete) == (versioned, mfa)


@pytest.mark.parametrize(
    ("rules", "expected"),
    [([], False), ([{"Status": "Disabled"}], False), ([{"Status": "Disabled"}, {"Status": "Enabled"}], True), (None, None)],
)
def test_only_enabled_lifecycle_rules_count(rules, expected):
    """A disabled rule does nothing."""
    assert of_bucket(None, rules, None, None).lifecycle_rules is expected


def _rule(status="Enabled", kms=None):
    criteria = {} if kms is None else {"SourceSelectionCriteria": {"SseKmsEncryptedObjects": {"Status": kms}}}
    return {"Status": status} | criteria


@pytest.mark.parametrize(
    ("rules", "replication", "enabled", "encrypted"),
    [
        (None, None, None, None),
        ([], Replication.NONE, None, None),
        ([_rule()], Replication.BUCKET, True, False),
        ([_rule(kms="Enabled")], Replication.BUCKET, True, True),
        ([_rule(kms="Disabled")], Replication.BUCKET, True, False),
        ([_rule("Disabled", kms="Enabled")], Replication.BUCKET, False, True),
        ([_rule(kms="Enabled"), _rule()], Replication.BUCKET, True, False),
        ([_rule(kms="Enabled"), _rule("Disabled")], Replication.BUCKET, True, True),
    ],
)
def test_replication_takes_encrypted_objects_when_all_its_enabled_rules_do(rules, replication, enabled, encrypted):
    """One enabled rule that leaves them out is enough to lose some; without rules there is nothing to ask."""
    found = of_bucket(None, None, rules, None)
    assert (found.replication, found.replication_enabled, found.replicates_encrypted) == (replication, enabled, encrypted)
