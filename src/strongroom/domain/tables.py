"""Schemas of the mass facts: the same columns whether they were synced, forecast or made by a test.

Every table is keyed by its first columns. Instants are UTC. `ledger` turns a schema into Arrow and Parquet.
"""

from dataclasses import dataclass
from enum import StrEnum


class ColumnType(StrEnum):
    """Types of columns, independent of the engine that stores them."""

    TEXT = "text"
    INTEGER = "integer"  # 64 bits
    BOOLEAN = "boolean"
    INSTANT = "instant"  # UTC, microseconds
    TEXTS = "texts"  # list of text
    TAGS = "tags"  # map text -> text


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its name, type, meaning, whether it may be null, and whether snapshots may be older than it."""

    name: str
    type: ColumnType
    meaning: str
    nullable: bool = False
    later: bool = False  # the first snapshots lack it; there it is null, which has to mean unknown


@dataclass(frozen=True, slots=True)
class TableSchema:
    """A table: its name, its columns in order, what a row is, and whether snapshots may be older than it."""

    name: str
    row: str
    columns: tuple[Column, ...]
    later: bool = False  # the first snapshots lack it; there it has no rows, and `reads` says nothing of it


def _text(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.TEXT, meaning)


def _maybe_text(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.TEXT, meaning, nullable=True)


def _instant(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.INSTANT, meaning)


def _maybe_instant(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.INSTANT, meaning, nullable=True)


def _maybe_integer(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.INTEGER, meaning, nullable=True)


def _maybe_boolean(name: str, meaning: str) -> Column:
    return Column(name, ColumnType.BOOLEAN, meaning, nullable=True)


def _later(name: str, type_: ColumnType, meaning: str) -> Column:
    return Column(name, type_, meaning, nullable=True, later=True)


_ACCOUNT = _text("account_id", "account that was read")
_REGION = _text("region", "Region that was read; empty for global services")

READS = TableSchema(
    "reads",
    "one thing that was asked of one account and Region, read or not",
    (
        _ACCOUNT,
        _REGION,
        _text("subject", "what was asked: the name of a table below, resources:<type> such as resources:EBS, or details:<type>"),
        Column("read", ColumnType.BOOLEAN, "false: nothing may be concluded from absent rows"),
        _text("code", "AWS's error code, empty when read"),
        _text("reason", "why it could not be read, empty when read"),
    ),
)

ACCOUNTS = TableSchema(
    "accounts",
    "an account of the organization",
    (
        _ACCOUNT,
        _text("name", "its name in Organizations"),
        _text("status", "ACTIVE, SUSPENDED, PENDING_CLOSURE"),
        _text("ou_path", "names of its OUs from below the root, joined by /; empty directly under the root"),
        Column("ou_ids", ColumnType.TEXTS, "ids from the root to its parent OU"),
        Column("management", ColumnType.BOOLEAN, "it is the management account"),
        _maybe_instant("joined_at", "when it joined the organization"),
    ),
)

RESOURCES = TableSchema(
    "resources",
    "a resource that AWS Backup can protect",
    (
        _ACCOUNT,
        _REGION,
        _text("arn", "ARN as AWS Backup uses it"),
        _text("type", "resource type as AWS Backup writes it (ResourceType)"),
        _text("name", "its own name or id"),
        Column("tags", ColumnType.TAGS, "its tags"),
        _maybe_instant("created_at", "when it was created, null where the service doesn't tell"),
        _maybe_boolean("encrypted", "it is encrypted at rest; null: unknown"),
        _maybe_text("key_arn", "KMS key it is encrypted with, null when not encrypted or unknown"),
        _maybe_text("key_manager", "AWS or CUSTOMER; null when not encrypted or unknown"),
        _maybe_integer("size_bytes", "provisioned or stored size, null where unknown"),
        # null from here on: unknown, or of no meaning for the type
        _later("maintenance_window", ColumnType.TEXT, "weekly, as the service prints it: mon:04:00-mon:05:00, for FSx 1:04:00"),
        _later("backup_window", ColumnType.TEXT, "daily, of the service's own backups: 03:00-03:30, for FSx 03:00, or off"),
        _later("automated_backup_days", ColumnType.INTEGER, "retention of the service's own backups; 0: it makes none"),
        _later("multi_az", ColumnType.BOOLEAN, "it runs in several Availability Zones"),
        _later("multi_az_cluster", ColumnType.BOOLEAN, "RDS: a Multi-AZ DB cluster rather than an instance"),
        _later("persistent_options", ColumnType.BOOLEAN, "RDS: its option groups have persistent or permanent options, such as TDE"),
        _later("advanced_backup", ColumnType.BOOLEAN, "DynamoDB: AWS Backup's advanced features are on in its account and Region"),
        _later("replication", ColumnType.TEXT, "none, multi-az, read-replica, global, bucket; the one that reaches furthest"),
        _later("versioned", ColumnType.BOOLEAN, "S3: versioning is on, not suspended"),
        _later("mfa_delete", ColumnType.BOOLEAN, "S3: MFA delete is on"),
        _later("lifecycle_rules", ColumnType.BOOLEAN, "S3: it has an enabled lifecycle rule"),
        _later("replication_enabled", ColumnType.BOOLEAN, "S3: a replication rule is enabled; null without replication"),
        _later("replicates_encrypted", ColumnType.BOOLEAN, "S3: its replication rules take KMS-encrypted objects; null without any"),
    ),
)

SETTINGS = TableSchema(
    "settings",
    "a switch of AWS Backup in one account and Region, or of the organization",
    (
        _ACCOUNT,
        _REGION,
        _text("kind", "opt_in, management (full management of a type), global, service_access, delegated_administrator"),
        _text("name", "resource type, name of the global setting, service principal, or account id"),
        _text("value", "true or false"),
    ),
)

VAULTS = TableSchema(
    "vaults",
    "a backup vault",
    (
        _ACCOUNT,
        _REGION,
        _text("name", "its name"),
        _text("arn", "its ARN"),
        _text("type", "BACKUP_VAULT, LOGICALLY_AIR_GAPPED_BACKUP_VAULT, RESTORE_ACCESS_BACKUP_VAULT"),
        _maybe_text("key_arn", "KMS key that encrypts fully managed recovery points"),
        Column("locked", ColumnType.BOOLEAN, "a vault lock is in force (grace time included)"),
        _maybe_integer("min_retention_days", "of its lock"),
        _maybe_integer("max_retention_days", "of its lock"),
        _maybe_instant("lock_at", "when a compliance lock can't be changed any more; null: governance or no lock"),
        _maybe_text("access_policy", "JSON text; null: none"),
        _maybe_instant("created_at", "creation"),
    ),
)

KEYS = TableSchema(
    "keys",
    "a KMS key that a vault or a resource uses",
    (
        _ACCOUNT,
        _REGION,
        _text("arn", "its ARN"),
        _text("manager", "AWS or CUSTOMER"),
        _text("state", "Enabled, Disabled, PendingDeletion …"),
        _maybe_text("policy", "key policy, JSON text; null for AWS-managed keys"),
        _later("multi_region", ColumnType.TEXT, "PRIMARY, REPLICA, or NONE: the key lives in one Region; null: unknown"),
        _later("primary_arn", ColumnType.TEXT, "of a multi-Region key: its primary, which may be the key itself"),
        _later("replica_arns", ColumnType.TEXTS, "of a multi-Region key: its replicas, each with a policy of its own"),
    ),
)

GRANTS = TableSchema(
    "grants",
    "a grant on a customer-managed key that a vault or a resource uses",
    (
        _ACCOUNT,
        _REGION,
        _text("key_arn", "the key"),
        _text("grant_id", "its id"),
        _text("grantee", "ARN of a principal, or a service principal"),
        _maybe_text("retiring", "who may retire it"),
        Column("operations", ColumnType.TEXTS, "Decrypt, CreateGrant …"),
        _maybe_text("constraints", "Constraints as ListGrants returned them, canonical JSON; null: none"),
    ),
    later=True,
)

ROLES = TableSchema(
    "roles",
    "an IAM role that a backup selection names",
    (
        _ACCOUNT,
        _REGION,
        _text("arn", "its ARN"),
        Column("exists", ColumnType.BOOLEAN, "false: the selection names a role that is not there"),
        _maybe_text("trust_policy", "JSON text"),
    ),
)

PRINCIPALS = TableSchema(
    "principals",
    "an IAM user or role",
    (
        _ACCOUNT,
        _REGION,
        _text("arn", "its ARN"),
        _text("kind", "user or role"),
        _text("unique_id", "AIDA… or AROA…"),
        _maybe_text("trust_digest", "digest of a role's trust policy in policy_texts; null for users"),
        _maybe_text("boundary_arn", "policy that is its permissions boundary; null: none"),
        Column("tags", ColumnType.TAGS, "its tags"),
        _maybe_instant("created_at", "creation"),
    ),
    later=True,
)

PRINCIPAL_POLICIES = TableSchema(
    "principal_policies",
    "a policy that says what a user or role may do",
    (
        _ACCOUNT,
        _text("principal_arn", "the user or role"),
        _text("kind", "inline, attached, group (of a group that the user is in), boundary"),
        _text("name", "its name; of a group's policies group/policy"),
        _maybe_text("policy_arn", "of a managed policy; null for inline ones"),
        _maybe_text("digest", "digest of its text in policy_texts; null: the text was not in AWS's answer"),
    ),
    later=True,
)

POLICY_TEXTS = TableSchema(
    "policy_texts",
    "a text that policies of principals have, once for the whole organization: most of them repeat in every account",
    (
        _text("digest", "SHA-256 of the text in hex"),
        _text("text", "canonical JSON"),
    ),
    later=True,
)

BACKUP_PLANS = TableSchema(
    "backup_plans",
    "a backup plan",
    (
        _ACCOUNT,
        _REGION,
        _text("plan_id", "its id; those of organization policies start with orgs/"),
        _text("name", "its name"),
        _text("arn", "its ARN"),
        _text("version_id", "its current version"),
        _maybe_instant("created_at", "creation of the plan"),
        _maybe_instant("last_execution_at", "last time it ran"),
    ),
)

BACKUP_RULES = TableSchema(
    "backup_rules",
    "a rule of a backup plan",
    (
        _ACCOUNT,
        _REGION,
        _text("plan_id", "its plan"),
        _text("rule_id", "its id"),
        _text("name", "its name"),
        _text("vault_name", "target vault"),
        _text("schedule", "AWS cron expression"),
        _text("timezone", "IANA time zone"),
        _maybe_integer("start_within_minutes", "start window"),
        _maybe_integer("complete_within_minutes", "completion window"),
        _maybe_integer("delete_after_days", "null: kept forever"),
        _maybe_integer("cold_after_days", "null: never"),
        Column("continuous", ColumnType.BOOLEAN, "continuous backup is on"),
    ),
)

COPY_ACTIONS = TableSchema(
    "copy_actions",
    "a copy action of a rule",
    (
        _ACCOUNT,
        _REGION,
        _text("plan_id", "its plan"),
        _text("rule_id", "its rule"),
        _text("destination_vault_arn", "vault that receives the copy"),
        _maybe_integer("delete_after_days", "null: as the source"),
        _maybe_integer("cold_after_days", "null: never"),
    ),
)

SELECTIONS = TableSchema(
    "selections",
    "a selection of a backup plan",
    (
        _ACCOUNT,
        _REGION,
        _text("plan_id", "its plan"),
        _text("selection_id", "its id"),
        _text("name", "its name"),
        _text("role_arn", "role that AWS Backup assumes"),
        _text("document", "BackupSelection as GetBackupSelection returned it, canonical JSON"),
    ),
)

RECOVERY_POINTS = TableSchema(
    "recovery_points",
    "a recovery point; its key is (account_id, region, vault_name, arn) because EBS ARNs carry no account",
    (
        _ACCOUNT,
        _REGION,
        _text("vault_name", "vault that holds it"),
        _text("arn", "its ARN"),
        _text("resource_arn", "the resource it was made from"),
        _text("resource_type", "ResourceType"),
        _text("status", "COMPLETED, PARTIAL, EXPIRED, AVAILABLE, STOPPED …"),
        _maybe_text("status_message", "AWS's remark"),
        _instant("created_at", "creation date; a copy keeps that of its source"),
        _maybe_instant("completed_at", "completion"),
        _maybe_instant("delete_at", "calculated deletion; null: kept forever"),
        _maybe_integer("delete_after_days", "lifecycle; null: kept forever"),
        _maybe_integer("size_bytes", "as AWS reports it"),
        _maybe_text("source_vault_arn", "for copies: the vault it was copied from"),
        _maybe_text("key_arn", "key it is encrypted with"),
        _maybe_boolean("encrypted", "it is encrypted"),
        _maybe_text("plan_id", "plan that created it (policy ids compared case-folded); null: on demand"),
        _maybe_text("plan_version", "version of that plan"),
        _maybe_text("rule_id", "rule that created it"),
    ),
)

BACKUP_JOBS = TableSchema(
    "backup_jobs",
    "a backup job of the last 30 days",
    (
        _ACCOUNT,
        _REGION,
        _text("job_id", "its id"),
        _text("resource_arn", "the resource"),
        _text("resource_type", "ResourceType"),
        _text("vault_name", "target vault"),
        _text("state", "CREATED PENDING RUNNING ABORTING ABORTED COMPLETED FAILED EXPIRED PARTIAL"),
        _maybe_text("message", "AWS's status message"),
        _maybe_text("message_category", "SUCCESS, or AWS's category of the message"),
        _instant("created_at", "creation"),
        _maybe_instant("start_by", "end of its start window"),
        _maybe_instant("completed_at", "end"),
        _maybe_text("recovery_point_arn", "what it made"),
        _maybe_text("plan_id", "null: on demand"),
        _maybe_text("rule_id", "null: on demand"),
    ),
)

COPY_JOBS = TableSchema(
    "copy_jobs",
    "a copy job of the last 30 days, listed in the source account",
    (
        _ACCOUNT,
        _REGION,
        _text("job_id", "its id"),
        _text("resource_arn", "the resource"),
        _text("resource_type", "ResourceType"),
        _text("source_vault_arn", "from"),
        _text("destination_vault_arn", "to"),
        _text("source_recovery_point_arn", "what was copied"),
        _maybe_text("destination_recovery_point_arn", "what it made"),
        _text("state", "CREATED RUNNING COMPLETED FAILED PARTIAL"),
        _maybe_text("message", "AWS's status message"),
        _instant("created_at", "creation"),
        _maybe_instant("completed_at", "end"),
        _maybe_text("plan_id", "null: on demand"),
        _maybe_text("rule_id", "null: on demand"),
    ),
)

POLICIES = TableSchema(
    "policies",
    "a backup policy of the organization, once for each target it is attached to",
    (
        _ACCOUNT,
        _text("policy_id", "its id"),
        _text("name", "its name"),
        _text("content", "JSON text"),
        _text("target_id", "root, OU or account it is attached to; empty: attached nowhere"),
    ),
)

EFFECTIVE_POLICIES = TableSchema(
    "effective_policies",
    "the effective backup policy of an account",
    (
        _ACCOUNT,
        _text("content", "JSON text; empty: no policy reaches the account"),
    ),
)

CONTROL_POLICIES = TableSchema(
    "control_policies",
    "a service or resource control policy of the organization, once for each target it is attached to",
    (
        _ACCOUNT,
        _text("policy_id", "its id"),
        _text("type", "SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY"),
        _text("name", "its name"),
        _text("content", "JSON text"),
        _text("target_id", "root, OU or account it is attached to; empty: attached nowhere"),
    ),
    later=True,
)

TABLES = (
    READS,
    ACCOUNTS,
    RESOURCES,
    SETTINGS,
    VAULTS,
    KEYS,
    GRANTS,
    ROLES,
    PRINCIPALS,
    PRINCIPAL_POLICIES,
    POLICY_TEXTS,
    BACKUP_PLANS,
    BACKUP_RULES,
    COPY_ACTIONS,
    SELECTIONS,
    RECOVERY_POINTS,
    BACKUP_JOBS,
    COPY_JOBS,
    POLICIES,
    EFFECTIVE_POLICIES,
    CONTROL_POLICIES,
)
