"""Resources that AWS Backup has no jobs for."""

from strongroom.domain.tables.schema import ACCOUNT, REGION, Column, ColumnType, TableSchema, text

OTHER_RESOURCES = TableSchema(
    "other_resources",
    "a tagged resource of a service that holds data or state and that AWS Backup does not know",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        text("type", "service as its ARN names it: ecs, elasticache, secretsmanager …"),
        Column("tags", ColumnType.TAGS, "its tags"),
    ),
    later=True,
)
