"""What Organizations says, and what was read of it all."""

from strongroom.domain.tables.schema import ACCOUNT, REGION, Column, ColumnType, TableSchema, later, maybe_instant, text

READS = TableSchema(
    "reads",
    "one thing that was asked of one account and Region, read or not",
    (
        ACCOUNT,
        REGION,
        text("subject", "what was asked: the name of a table below, resources:<type> such as resources:EBS, details:<type>, or locks:S3"),
        Column("read", ColumnType.BOOLEAN, "false: nothing may be concluded from absent rows"),
        text("code", "AWS's error code, empty when read"),
        text("reason", "why it could not be read, empty when read"),
        later("read_at", ColumnType.INSTANT, "AWS's time when it was last asked, where this sync did not ask again; null: it did"),
    ),
)

ACCOUNTS = TableSchema(
    "accounts",
    "an account of the organization",
    (
        ACCOUNT,
        text("name", "its name in Organizations"),
        text("status", "ACTIVE, SUSPENDED, PENDING_CLOSURE"),
        text("ou_path", "names of its OUs from below the root, joined by /; empty directly under the root"),
        Column("ou_ids", ColumnType.TEXTS, "ids from the root to its parent OU"),
        Column("management", ColumnType.BOOLEAN, "it is the management account"),
        maybe_instant("joined_at", "when it joined the organization"),
    ),
)

SETTINGS = TableSchema(
    "settings",
    "a switch of AWS Backup in one account and Region, or of the organization",
    (
        ACCOUNT,
        REGION,
        text("kind", "opt_in, management (full management of a type), global, service_access, delegated_administrator"),
        text("name", "resource type, name of the global setting, service principal, or account id"),
        text("value", "true or false"),
    ),
)

POLICIES = TableSchema(
    "policies",
    "a backup policy of the organization, once for each target it is attached to",
    (
        ACCOUNT,
        text("policy_id", "its id"),
        text("name", "its name"),
        text("content", "JSON text"),
        text("target_id", "root, OU or account it is attached to; empty: attached nowhere"),
    ),
)

EFFECTIVE_POLICIES = TableSchema(
    "effective_policies",
    "the effective backup policy of an account",
    (
        ACCOUNT,
        text("content", "JSON text; empty: no policy reaches the account"),
    ),
)

CONTROL_POLICIES = TableSchema(
    "control_policies",
    "a service or resource control policy of the organization, once for each target it is attached to",
    (
        ACCOUNT,
        text("policy_id", "its id"),
        text("type", "SERVICE_CONTROL_POLICY or RESOURCE_CONTROL_POLICY"),
        text("name", "its name"),
        text("content", "JSON text"),
        text("target_id", "root, OU or account it is attached to; empty: attached nowhere"),
    ),
    later=True,
)
