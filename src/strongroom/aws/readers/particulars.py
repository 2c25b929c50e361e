"""What only some types of resources have: windows, native backups, replication, the switches of buckets; read from AWS's answers.

Pure: answers in, values of the last columns of the table of resources out.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from operator import attrgetter
from typing import Any, Final

from strongroom.domain.changeplan import canonical
from strongroom.domain.names import Replication, ResourceType

Answer = Mapping[str, Any]
OFF: Final = "off"  # in place of a daily time where the service makes no backups of its own
DEFAULT_OPTION_GROUP: Final = "default:"  # prefix; a default group holds no options and can't get any
_MULTI_AZ_FILE_SYSTEM: Final = "MULTI_AZ"  # prefix of the deployment types
_FILE_SYSTEM_KINDS: Final = ("WindowsConfiguration", "LustreConfiguration", "OntapConfiguration", "OpenZFSConfiguration")


@dataclass(frozen=True, slots=True, kw_only=True)
class Particulars:
    """The columns of the table of resources that not every type has; None: unknown, or of no meaning for the type."""

    maintenance_window: str | None = None
    backup_window: str | None = None
    automated_backup_days: int | None = None
    multi_az: bool | None = None
    multi_az_cluster: bool | None = None
    persistent_options: bool | None = None
    advanced_backup: bool | None = None
    replication: Replication | None = None
    versioned: bool | None = None
    mfa_delete: bool | None = None
    lifecycle_rules: bool | None = None
    replication_enabled: bool | None = None
    replicates_encrypted: bool | None = None
    instance_profile: str | None = None
    deletion_protection: bool | None = None
    copies_tags: bool | None = None
    object_lock: str | None = None
    lifecycle: str | None = None
    replicates_to: str | None = None


NAMES: Final = tuple(field.name for field in fields(Particulars))
values: Final = attrgetter(*NAMES)  # the columns in the order of the table
NOTHING: Final = Particulars()


def of_table(table: Answer, *, advanced: bool | None) -> Particulars:
    """Return those of a DynamoDB table; `advanced` is the setting of its account and Region.

    Example:
        >>> str(of_table({"Replicas": [{"RegionName": "eu-west-1"}]}, advanced=True).replication)
        'global'
    """
    replication = Replication.GLOBAL if table.get("Replicas") else Replication.NONE
    return Particulars(advanced_backup=advanced, replication=replication, deletion_protection=table.get("DeletionProtectionEnabled"))


def of_machine(instance: Answer) -> Particulars:
    """Return those of an EC2 instance: empty without an instance profile.

    Example:
        >>> of_machine({"IamInstanceProfile": {"Arn": "arn:aws:iam::111122223333:instance-profile/web"}}).instance_profile
        'arn:aws:iam::111122223333:instance-profile/web'
    """
    return Particulars(instance_profile=(instance.get("IamInstanceProfile") or {}).get("Arn") or "")


def of_instance(instance: Answer, option_groups: Mapping[str, bool]) -> Particulars:
    """Return those of an RDS instance; `option_groups` tells of the known ones whether they have persistent options."""
    multi_az = instance.get("MultiAZ")
    replicas = ("ReadReplicaDBInstanceIdentifiers", "ReadReplicaDBClusterIdentifiers")
    sources = ("ReadReplicaSourceDBInstanceIdentifier", "ReadReplicaSourceDBClusterIdentifier")
    return Particulars(
        maintenance_window=instance.get("PreferredMaintenanceWindow"),
        backup_window=instance.get("PreferredBackupWindow"),
        automated_backup_days=instance.get("BackupRetentionPeriod"),
        multi_az=multi_az,
        multi_az_cluster=False,
        persistent_options=_persistent(custom_option_groups(instance), option_groups),
        replication=_furthest(read_replica=any(instance.get(name) for name in (*replicas, *sources)), multi_az=multi_az),
        deletion_protection=instance.get("DeletionProtection"),
        copies_tags=instance.get("CopyTagsToSnapshot"),
    )


def of_cluster(kind: ResourceType, cluster: Answer) -> Particulars:
    """Return those of a Multi-AZ DB cluster of RDS, an Aurora, DocumentDB or Neptune cluster.

    Multi-AZ DB clusters have no option groups.
    Source: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/multi-az-db-clusters-concepts.Limitations.html
    """
    of_rds = kind is ResourceType.RDS
    multi_az = cluster.get("MultiAZ")
    read_replica = bool(cluster.get("ReadReplicaIdentifiers") or cluster.get("ReplicationSourceIdentifier"))
    worldwide = bool(cluster.get("GlobalClusterIdentifier"))
    return Particulars(
        maintenance_window=cluster.get("PreferredMaintenanceWindow"),
        backup_window=cluster.get("PreferredBackupWindow"),
        automated_backup_days=cluster.get("BackupRetentionPeriod"),
        multi_az=multi_az,
        multi_az_cluster=True if of_rds else None,
        persistent_options=False if of_rds else None,
        replication=Replication.GLOBAL if worldwide else _furthest(read_replica=read_replica, multi_az=multi_az),
        deletion_protection=cluster.get("DeletionProtection"),
        copies_tags=cluster.get("CopyTagsToSnapshot"),
    )


def of_file_system(system: Answer) -> Particulars:
    """Return those of an FSx file system; its volumes have the same.

    Example:
        >>> of_file_system({"OntapConfiguration": {"AutomaticBackupRetentionDays": 0}}).backup_window
        'off'
    """
    kind: Answer = next((system[name] for name in _FILE_SYSTEM_KINDS if system.get(name)), {})
    days, deployed = kind.get("AutomaticBackupRetentionDays"), kind.get("DeploymentType")
    return Particulars(
        maintenance_window=kind.get("WeeklyMaintenanceStartTime"),
        backup_window=OFF if days == 0 else kind.get("DailyAutomaticBackupStartTime"),
        automated_backup_days=days,
        multi_az=None if deployed is None else deployed.startswith(_MULTI_AZ_FILE_SYSTEM),
    )


def of_warehouse(cluster: Answer) -> Particulars:
    """Return those of a Redshift cluster.

    Example:
        >>> of_warehouse({"PreferredMaintenanceWindow": "sun:23:45-mon:00:15", "MultiAZ": "Disabled"}).multi_az
        False
    """
    multi_az = cluster.get("MultiAZ")  # a text, unlike everywhere else
    return Particulars(
        maintenance_window=cluster.get("PreferredMaintenanceWindow"),
        automated_backup_days=cluster.get("AutomatedSnapshotRetentionPeriod"),
        multi_az=None if multi_az is None else multi_az.lower() == "enabled",
    )


def of_bucket(
    versioning: Answer | None, lifecycle: Sequence[Answer] | None, replication: Sequence[Answer] | None, lock: Answer | None
) -> Particulars:
    """Return those of a bucket from the answer about its versioning, its lifecycle and replication rules, its Object Lock; None: not read.

    Example:
        >>> of_bucket({"Status": "Suspended"}, [], None, {}).versioned, of_bucket(None, [], None, {}).versioned
        (False, None)
    """
    enabled = [rule for rule in replication or () if rule.get("Status") == "Enabled"]
    return Particulars(
        replication=None if replication is None else Replication.BUCKET if replication else Replication.NONE,
        versioned=None if versioning is None else versioning.get("Status") == "Enabled",
        mfa_delete=None if versioning is None else versioning.get("MFADelete") == "Enabled",
        lifecycle_rules=None if lifecycle is None else any(rule.get("Status") == "Enabled" for rule in lifecycle),
        replication_enabled=bool(enabled) if replication else None,
        replicates_encrypted=all(map(_takes_encrypted, enabled or replication)) if replication else None,
        object_lock=None if lock is None else canonical((lock.get("Rule") or {}).get("DefaultRetention") or {}),
        lifecycle=_enabled(lifecycle),
        replicates_to=_enabled(replication),
    )


def custom_option_groups(instance: Answer) -> tuple[str, ...] | None:
    """Return the option groups of an instance but the default ones; None where AWS doesn't say."""
    if "OptionGroupMemberships" not in instance:
        return None
    names = [each["OptionGroupName"] for each in instance["OptionGroupMemberships"]]
    return tuple(name for name in names if not name.startswith(DEFAULT_OPTION_GROUP))


def has_persistent(option_group: Answer) -> bool:
    """Return whether an option group has an option that stays with the database and its snapshots."""
    return any(option.get("Persistent") or option.get("Permanent") for option in option_group.get("Options") or ())


def _persistent(names: Sequence[str] | None, option_groups: Mapping[str, bool]) -> bool | None:
    if names is None:
        return None
    known = [option_groups.get(name) for name in names]
    return True if True in known else None if None in known else False


def _furthest(*, read_replica: bool, multi_az: bool | None) -> Replication | None:
    if read_replica:
        return Replication.READ_REPLICA
    return None if multi_az is None else Replication.MULTI_AZ if multi_az else Replication.NONE


def _enabled(rules: Sequence[Answer] | None) -> str | None:
    """Return enabled rules as text; S3 tells dates as instants."""
    if rules is None:
        return None
    return json.dumps([rule for rule in rules if rule.get("Status") == "Enabled"], sort_keys=True, separators=(",", ":"), default=str)


def _takes_encrypted(rule: Answer) -> bool:
    criteria = (rule.get("SourceSelectionCriteria") or {}).get("SseKmsEncryptedObjects") or {}
    return bool(criteria.get("Status") == "Enabled")
