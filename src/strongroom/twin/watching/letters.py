"""What is sent, and by whom: plain data that AWS Backup's engine can make without knowing where it goes."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

BACKUP, CLOUDWATCH, EVENTS, SNS = (f"{name}.amazonaws.com" for name in ("backup", "cloudwatch", "events", "sns"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sender:
    """A service that acts for something: a vault, an alarm, a rule, a topic."""

    service: str  # its principal
    account: str  # of what it acts for
    arn: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message of a service to a topic."""

    topic_arn: str
    sender: Sender
    subject: str | None
    text: str
    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An event on the default bus of an account and Region."""

    event_id: str
    account: str
    region: str
    at: datetime
    source: str = "aws.backup"
    detail_type: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]
