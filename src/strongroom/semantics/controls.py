"""What the controls of AWS Backup Audit Manager find of a plan, a vault, a resource or a recovery point.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/controls-and-remediation.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from strongroom import facts
from strongroom.domain.names import RetentionDays
from strongroom.semantics import lifecycle

RETENTION_DAYS = "35"  # where a control says nothing
_UNITS = {"hours": timedelta(hours=1), "days": timedelta(days=1)}
_NUMBERS = frozenset(
    {
        "maxRestoreTime",
        "maxRetentionDays",
        "minRetentionDays",
        "recoveryPointAgeValue",
        "requiredFrequencyValue",
        "requiredRetentionDays",
    }
)
_UNIT_NAMES = frozenset({"requiredFrequencyUnit", "recoveryPointAgeUnit"})


class Compliance(StrEnum):
    """What a control finds."""

    COMPLIANT = "COMPLIANT"
    NON_COMPLIANT = "NON_COMPLIANT"


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A rule of a plan, as the controls see it."""

    interval_minutes: int  # the longest between two runs
    keep: RetentionDays


def found(good: bool) -> Compliance:  # noqa: FBT001 - the answer of a question put right here
    """Return what a control says of something that is as it should be, or isn't."""
    return Compliance.COMPLIANT if good else Compliance.NON_COMPLIANT


def parameter_problem(control: str, parameters: Mapping[str, str]) -> str:
    """Return why AWS Backup refuses a control with its parameters, else empty.

    Example:
        >>> parameter_problem("BACKUP_RECOVERY_POINT_ENCRYPTED", {"days": "3"})
        'control BACKUP_RECOVERY_POINT_ENCRYPTED has no parameter days'
    """
    if control not in facts.names("controls"):
        return f"there is no control {control}"
    known = facts.fact("controls", control).value
    for name, value in parameters.items():
        if name not in known:
            return f"control {control} has no parameter {name}"
        if name in _NUMBERS and not value.isdecimal():
            return f"parameter {name} is {value}, a whole number is needed"
        if name in _UNIT_NAMES and value not in _UNITS:
            return f"parameter {name} is {value}, hours or days are possible"
    return ""


def frequent_and_kept(rules: Sequence[Kept], parameters: Mapping[str, str]) -> bool:
    """Return whether a plan has a rule that runs often enough and keeps long enough; a day and 35 days unless others are asked.

    One rule has to do both; what the plan's other rules do is no matter. Source: AWS Config developer guide,
    backup-plan-min-frequency-and-min-retention-check (read 2026-11).

    Example:
        >>> frequent_and_kept([Kept(interval_minutes=1440, keep=35), Kept(interval_minutes=10080, keep=7)], {})
        True
        >>> frequent_and_kept([Kept(interval_minutes=1440, keep=7), Kept(interval_minutes=10080, keep=35)], {})
        False
    """
    every, days = required_interval(parameters), int(parameters.get("requiredRetentionDays", RETENTION_DAYS))
    return any(timedelta(minutes=rule.interval_minutes) <= every and kept_long_enough(rule.keep, days) for rule in rules)


def required_interval(parameters: Mapping[str, str]) -> timedelta:
    """Return how far apart two runs may be at most.

    Example:
        >>> required_interval({"requiredFrequencyUnit": "hours", "requiredFrequencyValue": "12"})
        datetime.timedelta(seconds=43200)
    """
    return span(parameters.get("requiredFrequencyUnit", "days"), parameters.get("requiredFrequencyValue", "1"))


def kept_long_enough(keep: RetentionDays, days: int) -> bool:
    """Return whether a retention reaches the one that is required.

    Example:
        >>> kept_long_enough(34, 35)
        False
    """
    return not lifecycle.outside_lock(keep, days, None)


def span(unit: str, value: str) -> timedelta:
    """Return the time that a unit and a value of a control mean.

    Example:
        >>> span("hours", "36")
        datetime.timedelta(days=1, seconds=43200)
    """
    return _UNITS[unit] * int(value)
