"""What a restore meets where it arrives, and the protection that services give by themselves."""

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

NATIVE_PROTECTION = TableSchema(
    "native_protection",
    "point-in-time recovery that a service gives a resource by itself; what `resources` tells of S3 versioning is not repeated",
    (
        ACCOUNT,
        REGION,
        text("resource_arn", "the resource"),
        text("kind", "dynamodb-pitr (`reads` has it as details:DynamoDB); rds-automated, of instances and clusters (with resources:RDS …)"),
        Column("enabled", ColumnType.BOOLEAN, "it is on"),
        maybe_integer("window_days", "how far back it reaches; null: off, or not told"),
        maybe_instant("earliest_at", "earliest instant it can restore; null: off, or not told"),
        maybe_instant("latest_at", "latest instant it can restore; null: off, or not told"),
    ),
    later=True,
)

DATABASE_SNAPSHOTS = TableSchema(
    "database_snapshots",
    "a manual snapshot of a DB instance or cluster, or a copy of one; those of AWS Backup are recovery points",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("database", "name of the instance or cluster, which may be in another Region"),
        Column("cluster", ColumnType.BOOLEAN, "of a cluster"),
        text("status", "available, creating, copying …"),
        instant("created_at", "when it was made; of a copy, when it was copied"),
        maybe_instant("data_at", "of a copy, when its source was made; null: not told, as of clusters"),
        maybe_text("source_arn", "of a copy from another Region: its source"),
        maybe_text("key_arn", "KMS key it is encrypted with; null when not encrypted"),
    ),
    later=True,
)

DB_SUBNET_GROUPS = TableSchema(
    "db_subnet_groups",
    "a DB subnet group: a database is restored into one",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("vpc_id", "its VPC; empty where AWS doesn't tell"),
        text("status", "Complete …"),
        Column("subnets", ColumnType.TEXTS, "its subnets"),
        Column("zones", ColumnType.TEXTS, "Availability Zones of its subnets, each once"),
    ),
    later=True,
)

QUOTAS = TableSchema(
    "quotas",
    "a quota that restores can hit",
    (
        ACCOUNT,
        REGION,
        text("service", "rds, ebs, ec2, dynamodb, as Service Quotas names services"),
        text("code", "quota code such as L-309BACF6; for what the service itself tells its own name: DBInstances"),
        text("name", "its name, as AWS prints it"),
        Column("value", ColumnType.INTEGER, "the applied quota, the default where none was applied; rounded down"),
        maybe_integer("used", "how much of it is used; null: AWS doesn't tell here"),
        text("unit", "what is counted: instances, GiB, TiB, vCPU …"),
    ),
    later=True,
)

ALLOWED_IMAGES = TableSchema(
    "allowed_images",
    "the Allowed AMIs setting of an account and Region: enabled, what meets no criterion can't be launched, recovery points included",
    (
        ACCOUNT,
        REGION,
        text("state", "disabled, audit-mode, enabled"),
        maybe_text("managed_by", "account or declarative-policy; null: not told"),
        text("criteria", "ImageCriteria, canonical JSON; []: none"),
    ),
    later=True,
)

DISABLED_IMAGES = TableSchema(
    "disabled_images",
    "an AMI of the account that somebody disabled: nothing is launched from it, so that its EC2 recovery point restores nothing",
    (
        ACCOUNT,
        REGION,
        text("image_id", "ami-…"),
        text("arn", "its ARN, as recovery points of EC2 have it"),
        maybe_text("name", "its name"),
    ),
    later=True,
)

DEFAULT_VPCS = TableSchema(
    "default_vpcs",
    "a default VPC: databases that are restored without a DB subnet group go there",
    (
        ACCOUNT,
        REGION,
        text("vpc_id", "its id"),
    ),
    later=True,
)
