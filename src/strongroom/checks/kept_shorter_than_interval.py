"""A retention is shorter than the interval between runs

Why:     The recovery point is deleted before the next one exists: there are times without any. Nothing is left to build
         on, so each backup is a full one, and costs like one; a continuous recovery point expires.
Fix:     Keep for at least the interval, better for two of them, or run the rule more often.
Limits:  Uses the longest gap between two runs in the years to come; windows and durations are not counted.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/metering-and-billing.html, read 2026-11-21 (01 §1.5, 1.6)
Failure: FM30
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import MINUTES_PER_DAY, hours, interval_minutes, often
from strongroom.checks.walk import copies, copy_subject, days, rule_subject, rules
from strongroom.domain.estate import BackupRule, CopyAction, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER
from strongroom.semantics.schedule import UNBOUNDED_MINUTES


@check("LIF003", severity=Severity.WARNING)
def kept_shorter_than_interval(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare retention and interval of each rule, and of each copy that is kept shorter than its rule."""
    for plan, rule in rules(estate):
        if _too_short(rule, rule):
            yield _problem(rule_subject(plan, rule), rule, rule)
    for placed in copies(estate):
        if placed.copy.keep != placed.rule.keep and _too_short(placed.copy, placed.rule):
            yield _problem(copy_subject(placed), placed.copy, placed.rule)


def _too_short(part: BackupRule | CopyAction, rule: BackupRule) -> bool:
    interval = interval_minutes(rule)
    return part.keep is not FOREVER and interval < UNBOUNDED_MINUTES and part.keep * MINUTES_PER_DAY < interval


def _problem(subject: str, part: BackupRule | CopyAction, rule: BackupRule) -> Problem:
    interval = interval_minutes(rule)
    needed = -(-interval // MINUTES_PER_DAY)
    return Problem(
        subject=subject,
        message=f"keeps {days(part.keep)}, but the next run may be {hours(interval)} away",
        why=f"between two runs there is no recovery point at all, and each of the rule's {often(rule)} is a full one",
        help=f"set keep to {needed}d or more, or run the rule more often",
        origin=part.origin,
    )
