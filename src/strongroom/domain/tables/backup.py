"""AWS Backup in an account and Region: vaults, plans, rules, copy actions, selections."""

from strongroom.domain.tables.schema import (
    ACCOUNT,
    REGION,
    Column,
    ColumnType,
    TableSchema,
    later,
    maybe_instant,
    maybe_integer,
    maybe_text,
    text,
)

VAULTS = TableSchema(
    "vaults",
    "a backup vault",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        text("type", "BACKUP_VAULT, LOGICALLY_AIR_GAPPED_BACKUP_VAULT, RESTORE_ACCESS_BACKUP_VAULT"),
        maybe_text("key_arn", "KMS key that encrypts fully managed recovery points"),
        Column("locked", ColumnType.BOOLEAN, "a vault lock is in force (grace time included)"),
        maybe_integer("min_retention_days", "of its lock"),
        maybe_integer("max_retention_days", "of its lock"),
        maybe_instant("lock_at", "when a compliance lock can't be changed any more; null: governance or no lock"),
        maybe_text("access_policy", "JSON text; null: none"),
        maybe_instant("created_at", "creation"),
    ),
)

BACKUP_PLANS = TableSchema(
    "backup_plans",
    "a backup plan",
    (
        ACCOUNT,
        REGION,
        text("plan_id", "its id; those of organization policies start with orgs/"),
        text("name", "its name"),
        text("arn", "its ARN"),
        text("version_id", "its current version"),
        maybe_instant("created_at", "creation of the plan"),
        maybe_instant("last_execution_at", "last time it ran"),
    ),
)

BACKUP_RULES = TableSchema(
    "backup_rules",
    "a rule of a backup plan",
    (
        ACCOUNT,
        REGION,
        text("plan_id", "its plan"),
        text("rule_id", "its id"),
        text("name", "its name"),
        text("vault_name", "target vault"),
        text("schedule", "AWS cron expression"),
        text("timezone", "IANA time zone"),
        maybe_integer("start_within_minutes", "start window"),
        maybe_integer("complete_within_minutes", "completion window"),
        maybe_integer("delete_after_days", "null: kept forever"),
        maybe_integer("cold_after_days", "null: never"),
        Column("continuous", ColumnType.BOOLEAN, "continuous backup is on"),
        later("archive", ColumnType.BOOLEAN, "EBS snapshots move to the archive"),
        later("air_gapped_vault_arn", ColumnType.TEXT, "air-gapped vault that is the target; null: none, or unknown"),
    ),
)

COPY_ACTIONS = TableSchema(
    "copy_actions",
    "a copy action of a rule",
    (
        ACCOUNT,
        REGION,
        text("plan_id", "its plan"),
        text("rule_id", "its rule"),
        text("destination_vault_arn", "vault that receives the copy"),
        maybe_integer("delete_after_days", "null: as the source; -1: for ever is asked for, which comes to the same"),
        maybe_integer("cold_after_days", "null: never"),
    ),
)

SELECTIONS = TableSchema(
    "selections",
    "a selection of a backup plan",
    (
        ACCOUNT,
        REGION,
        text("plan_id", "its plan"),
        text("selection_id", "its id"),
        text("name", "its name"),
        text("role_arn", "role that AWS Backup assumes"),
        text("document", "BackupSelection as GetBackupSelection returned it, canonical JSON"),
    ),
)
