"""The amendments to moto's EventBridge, SNS, SQS and CloudWatch: what they lack is put in, what they do is left alone."""

from strongroom.twin.watching import cloudwatch, eventbridge, sns, sqs
from strongroom.twin.watching.room import Room


def install(room: Room) -> None:
    """Change moto's classes; once a process, before the first call."""
    eventbridge.install(room)
    sns.install(room)
    sqs.install(room)
    cloudwatch.install(room)
