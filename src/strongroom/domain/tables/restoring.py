"""What was restored: restore jobs, and the plans of AWS Backup's restore testing."""

from strongroom.domain.tables.schema import (
    ACCOUNT,
    REGION,
    Column,
    ColumnType,
    TableSchema,
    instant,
    maybe_instant,
    maybe_integer,
    maybe_text,
    text,
)

RESTORE_JOBS = TableSchema(
    "restore_jobs",
    "a restore job, as long as AWS lists it",
    (
        ACCOUNT,
        REGION,
        text("job_id", "its id"),
        text("resource_type", "ResourceType"),
        text("recovery_point_arn", "what was restored from"),
        maybe_text("source_resource_arn", "the resource that the recovery point was made from; null where AWS doesn't tell"),
        maybe_text("vault_arn", "vault of the recovery point; null where AWS doesn't tell"),
        text("state", "PENDING RUNNING COMPLETED ABORTED FAILED"),
        maybe_text("message", "AWS's status message"),
        instant("created_at", "creation of the job"),
        maybe_instant("completed_at", "end"),
        maybe_instant("recovery_point_created_at", "creation date of the recovery point"),
        maybe_integer("size_bytes", "what was restored"),
        maybe_text("role_arn", "role that AWS Backup assumed"),
        maybe_text("created_resource_arn", "what it made"),
        maybe_text("testing_plan_arn", "restore-testing plan that started it; null: somebody did"),
        maybe_text("validation_status", "VALIDATING SUCCESSFUL FAILED TIMED_OUT; null: nobody has validated it"),
        maybe_text("validation_message", "what the validator said"),
        maybe_text("deletion_status", "DELETING SUCCESSFUL FAILED: the clean-up of a test"),
        maybe_text("deletion_message", "AWS's message about the clean-up"),
    ),
    later=True,
)

RESTORE_TESTING_PLANS = TableSchema(
    "restore_testing_plans",
    "a plan of AWS Backup's restore testing",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        text("schedule", "AWS cron expression"),
        text("timezone", "IANA time zone"),
        maybe_integer("start_within_hours", "start window"),
        text("algorithm", "LATEST_WITHIN_WINDOW or RANDOM_WITHIN_WINDOW"),
        Column("vaults", ColumnType.TEXTS, "included vault ARNs, or *"),
        Column("excluded_vaults", ColumnType.TEXTS, "excluded vault ARNs, or *"),
        Column("recovery_point_types", ColumnType.TEXTS, "SNAPSHOT, CONTINUOUS"),
        maybe_integer("window_days", "how far back recovery points are looked for"),
        maybe_instant("created_at", "creation"),
        maybe_instant("last_execution_at", "last time it ran"),
    ),
    later=True,
)

RESTORE_TESTING_SELECTIONS = TableSchema(
    "restore_testing_selections",
    "a selection of a restore-testing plan",
    (
        ACCOUNT,
        REGION,
        text("plan_name", "its plan"),
        text("name", "its name"),
        text("resource_type", "ResourceType"),
        text("role_arn", "role that AWS Backup assumes"),
        Column("arns", ColumnType.TEXTS, "resources by ARN, or *"),
        text("conditions", "ProtectedResourceConditions, canonical JSON; {}: none"),
        text("metadata_overrides", "RestoreMetadataOverrides, canonical JSON; {}: none"),
        maybe_integer("validation_hours", "how long a restored resource is kept for validation"),
    ),
    later=True,
)
