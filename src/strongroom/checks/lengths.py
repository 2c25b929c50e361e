"""How long plans keep what they make, at every place."""

from collections.abc import Iterable, Iterator
from math import inf

from strongroom.domain.estate import BackupPlan
from strongroom.domain.names import FOREVER, RetentionDays


def retentions(plans: Iterable[BackupPlan]) -> Iterator[RetentionDays]:
    """Yield the retention of every rule and copy."""
    for plan in plans:
        for rule in plan.rules:
            yield rule.keep
            yield from (copy.keep for copy in rule.copies)


def length(keep: RetentionDays) -> float:
    """Return a retention as a number to compare, in days.

    Example:
        >>> length(30) < length(FOREVER)
        True
    """
    return inf if keep is FOREVER else keep


def longest(plans: Iterable[BackupPlan]) -> RetentionDays | None:
    """Return the longest retention of plans at any place; None without plans."""
    return max(retentions(plans), key=length, default=None)
