"""Who may do what: keys, grants, roles, principals and their policies."""

from strongroom.domain.tables.schema import ACCOUNT, REGION, Column, ColumnType, TableSchema, later, maybe_instant, maybe_text, text

KEYS = TableSchema(
    "keys",
    "a KMS key that a vault or a resource uses",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("manager", "AWS or CUSTOMER"),
        text("state", "Enabled, Disabled, PendingDeletion …"),
        maybe_text("policy", "key policy, JSON text; null for AWS-managed keys"),
        later("multi_region", ColumnType.TEXT, "PRIMARY, REPLICA, or NONE: the key lives in one Region; null: unknown"),
        later("primary_arn", ColumnType.TEXT, "of a multi-Region key: its primary, which may be the key itself"),
        later("replica_arns", ColumnType.TEXTS, "of a multi-Region key: its replicas, each with a policy of its own"),
    ),
)

GRANTS = TableSchema(
    "grants",
    "a grant on a customer-managed key that a vault or a resource uses",
    (
        ACCOUNT,
        REGION,
        text("key_arn", "the key"),
        text("grant_id", "its id"),
        text("grantee", "ARN of a principal, or a service principal"),
        maybe_text("retiring", "who may retire it"),
        Column("operations", ColumnType.TEXTS, "Decrypt, CreateGrant …"),
        maybe_text("constraints", "Constraints as ListGrants returned them, canonical JSON; null: none"),
    ),
    later=True,
)

ROLES = TableSchema(
    "roles",
    "an IAM role that a selection names, of a backup plan or of a restore-testing plan",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        Column("exists", ColumnType.BOOLEAN, "false: the selection names a role that is not there"),
        maybe_text("trust_policy", "JSON text"),
    ),
)

PRINCIPALS = TableSchema(
    "principals",
    "an IAM user or role",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("kind", "user or role"),
        text("unique_id", "AIDA… or AROA…"),
        maybe_text("trust_digest", "digest of a role's trust policy in policy_texts; null for users"),
        maybe_text("boundary_arn", "policy that is its permissions boundary; null: none"),
        Column("tags", ColumnType.TAGS, "its tags"),
        maybe_instant("created_at", "creation"),
    ),
    later=True,
)

PRINCIPAL_POLICIES = TableSchema(
    "principal_policies",
    "a policy that says what a user or role may do",
    (
        ACCOUNT,
        text("principal_arn", "the user or role"),
        text("kind", "inline, attached, group (of a group that the user is in), boundary"),
        text("name", "its name; of a group's policies group/policy"),
        maybe_text("policy_arn", "of a managed policy; null for inline ones"),
        maybe_text("digest", "digest of its text in policy_texts; null: the text was not in AWS's answer"),
    ),
    later=True,
)

POLICY_TEXTS = TableSchema(
    "policy_texts",
    "a text that policies of principals have, once for the whole organization: most of them repeat in every account",
    (
        text("digest", "SHA-256 of the text in hex"),
        text("text", "canonical JSON"),
    ),
    later=True,
)
