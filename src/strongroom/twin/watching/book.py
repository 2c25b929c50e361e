"""What is remembered beside moto's own state: counts of AWS's metrics, and the mail that would have left the machine."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

Dimensions = tuple[tuple[str, str], ...]  # sorted by name
Series = tuple[str, str, Dimensions]  # namespace, metric, dimensions
Where = tuple[str, str]  # account, Region
MAILS_MAX = 1_000  # the oldest are forgotten


@dataclass(slots=True, kw_only=True, eq=False)
class Counts:
    """How often something happened, by the epoch second at which a step begins: fine ones of late, hours of before."""

    fine: dict[int, int] = field(default_factory=dict)  # in the order of time
    hours: dict[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """A message to a mailbox."""

    at: datetime
    to: str
    topic_arn: str
    subject: str
    text: str
    token: str = ""  # of one that asks for confirmation


@dataclass(slots=True, kw_only=True, eq=False)
class Book:
    """Counts and mail of all accounts."""

    backup: dict[Where, dict[tuple[str, str, str], Counts]] = field(default_factory=dict)  # AWS/Backup: metric, vault, type
    others: dict[Where, dict[Series, Counts]] = field(default_factory=dict)  # by minute
    depths: dict[Where, dict[str, dict[int, int]]] = field(default_factory=dict)  # queue -> minute -> visible messages at its end
    mail: deque[Mail] = field(default_factory=lambda: deque(maxlen=MAILS_MAX))
