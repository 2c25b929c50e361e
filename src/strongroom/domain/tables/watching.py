"""Who is told what: alarms, topics with their subscribers, and the rules that bring events to them."""

from strongroom.domain.tables.schema import (
    ACCOUNT,
    REGION,
    Column,
    ColumnType,
    TableSchema,
    maybe_integer,
    maybe_text,
    text,
)

ALARMS = TableSchema(
    "alarms",
    "a CloudWatch alarm",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        maybe_text("namespace", "of its metric; null where it watches an expression or other alarms"),
        maybe_text("metric", "its metric; null as above"),
        Column("dimensions", ColumnType.TAGS, "of its metric"),
        maybe_text("expression", "Metrics as canonical JSON, or the rule of a composite alarm; null: one metric"),
        maybe_integer("period_seconds", "length of a period"),
        maybe_integer("periods", "how many periods it looks back"),
        maybe_text("comparison", "ComparisonOperator"),
        maybe_text("threshold", "what the metric is compared with, a number"),
        text("treat_missing", "missing, breaching, notBreaching or ignore"),
        Column("actions_enabled", ColumnType.BOOLEAN, "false: it changes its state and does nothing else"),
        Column("actions", ColumnType.TEXTS, "ARNs of what it does in state ALARM"),
        text("state", "OK, ALARM or INSUFFICIENT_DATA"),
    ),
    later=True,
)

TOPICS = TableSchema(
    "topics",
    "an SNS topic",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        Column("fifo", ColumnType.BOOLEAN, "first in, first out: no service of AWS publishes there"),
        Column("looked_at", ColumnType.BOOLEAN, "false: one of very many that nothing here names; the rest was not asked for"),
        maybe_text("key_arn", "KMS key as ARN; null: none"),
        maybe_text("policy", "JSON text"),
    ),
    later=True,
)

SUBSCRIPTIONS = TableSchema(
    "subscriptions",
    "a subscription to a topic that was looked at",
    (
        ACCOUNT,
        REGION,
        text("topic_arn", "the topic"),
        text("protocol", "email, sqs, lambda, https …"),
        text("endpoint", "ARN; of what people read only so much that its owner knows it again"),
        text("state", "CONFIRMED or PENDING"),
        maybe_text("filter_policy", "JSON text; null: none, or not asked for"),
    ),
    later=True,
)

EVENT_BUSES = TableSchema(
    "event_buses",
    "an EventBridge bus",
    (
        ACCOUNT,
        REGION,
        text("name", "its name"),
        text("arn", "its ARN"),
        maybe_text("policy", "JSON text; null: nobody else may send to it"),
    ),
    later=True,
)

EVENT_RULES = TableSchema(
    "event_rules",
    "an EventBridge rule: any of a bus that somebody made, of the default bus those that events of AWS Backup or KMS may match",
    (
        ACCOUNT,
        REGION,
        text("bus", "name of its bus"),
        text("name", "its name"),
        text("arn", "its ARN"),
        text("pattern", "EventPattern, canonical JSON"),
        text("state", "ENABLED, DISABLED or ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"),
    ),
    later=True,
)

EVENT_TARGETS = TableSchema(
    "event_targets",
    "where a rule sends its events",
    (
        ACCOUNT,
        REGION,
        text("bus", "name of the rule's bus"),
        text("rule", "name of the rule"),
        text("target_id", "its id"),
        text("arn", "ARN of topic, queue, bus, function …"),
        maybe_text("role_arn", "role that EventBridge takes on; null: it goes by the target's policy"),
        maybe_text("dead_letter_arn", "queue of what can't be delivered; null: it is lost"),
    ),
    later=True,
)

QUEUES = TableSchema(
    "queues",
    "an SQS queue that rules send to, or what they could not deliver",
    (
        ACCOUNT,
        REGION,
        text("arn", "its ARN"),
        Column("exists", ColumnType.BOOLEAN, "false: a rule names a queue that is not there"),
        maybe_text("key_arn", "KMS key as ARN; null: none, or SQS's own"),
        maybe_text("policy", "JSON text; null: none"),
    ),
    later=True,
)
