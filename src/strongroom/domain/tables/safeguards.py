"""What stands around the vaults: legal holds, frameworks, report plans, notifications, and the tags of vaults and keys."""

from strongroom.domain.tables.schema import (
    ACCOUNT,
    REGION,
    Column,
    ColumnType,
    TableSchema,
    maybe_boolean,
    maybe_instant,
    maybe_integer,
    maybe_text,
    text,
)

LEGAL_HOLDS = TableSchema(
    "legal_holds",
    "a legal hold: while it is active, what it selects is not deleted",
    (
        ACCOUNT,
        REGION,
        text("hold_id", "its id"),
        text("title", "its title"),
        text("status", "CREATING ACTIVE CANCELING CANCELED"),
        maybe_instant("created_at", "creation"),
        maybe_instant("cancelled_at", "when it was given up"),
        maybe_text("selection", "VaultNames, ResourceIdentifiers, DateRange, canonical JSON; null: AWS doesn't tell"),
        Column("points_complete", ColumnType.BOOLEAN, "held_points has all it holds; false: more than are listed, or they were not read"),
    ),
    later=True,
)

HELD_POINTS = TableSchema(
    "held_points",
    "a recovery point that a legal hold holds; of a hold that is not given up",
    (
        ACCOUNT,
        REGION,
        text("hold_id", "the legal hold"),
        text("vault_name", "vault of the recovery point; empty where AWS doesn't tell"),
        text("arn", "the recovery point"),
        maybe_text("resource_arn", "the resource it was made from"),
    ),
    later=True,
)

FRAMEWORKS = TableSchema(
    "frameworks",
    "an Audit Manager framework",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        text("deployment_status", "CREATE_IN_PROGRESS UPDATE_IN_PROGRESS DELETE_IN_PROGRESS COMPLETED FAILED"),
        maybe_text("status", "ACTIVE PARTIALLY_ACTIVE INACTIVE UNAVAILABLE: what AWS Config records of what its controls need"),
        maybe_integer("controls_count", "number of its controls"),
        maybe_text("controls", "FrameworkControls, canonical JSON"),
        maybe_instant("created_at", "creation"),
    ),
    later=True,
)

CONFIG_RECORDERS = TableSchema(
    "config_recorders",
    "a recorder of AWS Config; an account and Region has one at most",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        maybe_boolean("recording", "whether it records now"),
        maybe_boolean("everything", "whether it records every type that AWS Config supports, but for the excluded ones"),
        Column("types", ColumnType.TEXTS, "types that it records, where not everything: AWS::Backup::BackupPlan"),
        Column("excluded", ColumnType.TEXTS, "types that it does not record"),
    ),
    later=True,
)

REPORT_PLANS = TableSchema(
    "report_plans",
    "an Audit Manager report plan",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        text("template", "BACKUP_JOB_REPORT, RESTORE_JOB_REPORT, CONTROL_COMPLIANCE_REPORT …"),
        text("bucket", "bucket that reports are written to"),
        Column("formats", ColumnType.TEXTS, "CSV, JSON"),
        Column("accounts", ColumnType.TEXTS, "accounts that it covers; empty: its own, or what the OUs say"),
        Column("organization_units", ColumnType.TEXTS, "OUs that it covers"),
        Column("regions", ColumnType.TEXTS, "Regions that it covers; empty: its own"),
        Column("framework_arns", ColumnType.TEXTS, "frameworks that it reports on"),
        text("deployment_status", "CREATE_IN_PROGRESS UPDATE_IN_PROGRESS DELETE_IN_PROGRESS COMPLETED"),
        maybe_instant("created_at", "creation"),
        maybe_instant("last_attempted_at", "last time a report was tried"),
        maybe_instant("last_successful_at", "last time a report was made"),
    ),
    later=True,
)

VAULT_NOTIFICATIONS = TableSchema(
    "vault_notifications",
    "where a vault tells of its events; a vault that tells nobody has no row",
    (
        ACCOUNT,
        REGION,
        text("vault_name", "the vault"),
        text("topic_arn", "SNS topic"),
        Column("events", ColumnType.TEXTS, "BACKUP_JOB_COMPLETED, COPY_JOB_FAILED …"),
    ),
    later=True,
)

VAULT_TAGS = TableSchema(
    "vault_tags",
    "the tags of a vault; a vault without tags has a row too",
    (
        ACCOUNT,
        REGION,
        text("vault_name", "the vault"),
        Column("tags", ColumnType.TAGS, "its tags"),
    ),
    later=True,
)

KEY_TAGS = TableSchema(
    "key_tags",
    "the tags of a customer-managed key in `keys`; a key without tags has a row too",
    (
        ACCOUNT,
        REGION,
        text("key_arn", "the key"),
        Column("tags", ColumnType.TAGS, "its tags"),
    ),
    later=True,
)
