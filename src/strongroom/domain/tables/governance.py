"""What an organization does with its policies: errors, StackSets, delegation, tag policies, Control Tower."""

from strongroom.domain.tables.schema import ACCOUNT, REGION, Column, ColumnType, TableSchema, maybe_instant, maybe_text, text

POLICY_ERRORS = TableSchema(
    "policy_errors",
    "an error that Organizations found in the effective policy of an account",
    (
        ACCOUNT,
        text("type", "BACKUP_POLICY or TAG_POLICY"),
        text("code", "ELEMENTS_TOO_MANY, KEY_REQUIRED …"),
        text("message", "AWS's message"),
        text("path", "where in the policy; empty: AWS doesn't tell"),
        Column("policies", ColumnType.TEXTS, "ids of the policies that contribute to it"),
    ),
    later=True,
)

TAG_POLICIES = TableSchema(
    "tag_policies",
    "a tag policy of the organization, once for each target it is attached to",
    (
        ACCOUNT,
        text("policy_id", "its id"),
        text("name", "its name"),
        text("content", "JSON text"),
        text("target_id", "root, OU or account it is attached to; empty: attached nowhere"),
    ),
    later=True,
)

RESOURCE_POLICIES = TableSchema(
    "resource_policies",
    "the resource policy of the organization: what member accounts may do with its policies",
    (
        ACCOUNT,
        text("content", "JSON text"),
    ),
    later=True,
)

STACK_SETS = TableSchema(
    "stack_sets",
    "a CloudFormation StackSet",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("status", "ACTIVE or DELETED"),
        text("permission_model", "SERVICE_MANAGED or SELF_MANAGED"),
        Column("auto_deployed", ColumnType.BOOLEAN, "accounts that come to a targeted OU get it"),
        text("strategy", "its tag strongroom:strategy; empty: it has none"),
        maybe_text("template", "canonical JSON, or the text as it is where it is no JSON; null: not asked for"),
        Column("targets", ColumnType.TEXTS, "ids of the OUs that it targets"),
    ),
    later=True,
)

STACK_INSTANCES = TableSchema(
    "stack_instances",
    "a StackSet in one account and Region",
    (
        ACCOUNT,
        REGION,
        text("stack_set", "name of the StackSet"),
        text("status", "CURRENT, OUTDATED or INOPERABLE"),
        text("detail", "SUCCEEDED, FAILED, RUNNING … ; empty: AWS doesn't tell"),
        maybe_text("reason", "AWS's message"),
        text("drift", "IN_SYNC, DRIFTED, UNKNOWN or NOT_CHECKED"),
        maybe_instant("drift_checked_at", "when drift was last looked for"),
    ),
    later=True,
)

LANDING_ZONES = TableSchema(
    "landing_zones",
    "the landing zone of Control Tower",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("version", "its version"),
        text("status", "ACTIVE, PROCESSING or FAILED"),
        text("drift", "IN_SYNC or DRIFTED; empty: AWS doesn't tell"),
        text("manifest", "canonical JSON"),
    ),
    later=True,
)

ENABLED_BASELINES = TableSchema(
    "enabled_baselines",
    "a baseline of Control Tower on an OU, or on an account below one",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("baseline", "AWSControlTowerBaseline or BackupBaseline"),
        text("version", "its version; empty: AWS doesn't tell"),
        text("target", "id of the OU or account"),
        maybe_text("parent_arn", "the enabled baseline that it inherits; null: none"),
        text("status", "SUCCEEDED, FAILED or UNDER_CHANGE"),
        Column("drifts", ColumnType.TEXTS, "types of drift: inheritance, source"),
    ),
    later=True,
)
