"""The state of an alarm by its latest data points, with what is missing treated as AWS documents it.

CloudWatch looks at more points than the alarm's evaluation periods and takes the latest real ones; only what they lack is filled.
Source: CloudWatch user guide, alarms-and-missing-data (read 2026-11).
"""

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

OK, ALARM, INSUFFICIENT = "OK", "ALARM", "INSUFFICIENT_DATA"
Points = Sequence[float | None]  # oldest first; None: missing

COMPARISONS: Final[Mapping[str, tuple[Callable[[float, float], bool], str]]] = {
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """When an alarm is one."""

    comparison: str  # ComparisonOperator
    threshold: float
    periods: int  # EvaluationPeriods
    to_alarm: int  # DatapointsToAlarm
    missing: str  # TreatMissingData

    def breached_by(self, value: float) -> bool:
        """Return whether a data point is outside the threshold."""
        return COMPARISONS[self.comparison][0](value, self.threshold)


def judge(trigger: Trigger, points: Points, state: str) -> str:
    """Return the state of an alarm that had a state before.

    Example:
        >>> trigger = Trigger(comparison="GreaterThanThreshold", threshold=0, periods=1, to_alarm=1, missing="notBreaching")
        >>> judge(trigger, (None, None, 3.0), "OK"), judge(trigger, (None, None, None), "ALARM")
        ('ALARM', 'OK')
    """
    real = latest(trigger, points)
    breaching = sum(trigger.breached_by(value) for _, value in real)
    lacking = trigger.periods - len(real)
    if lacking and trigger.missing in {"breaching", "notBreaching"}:
        breaching += lacking if trigger.missing == "breaching" else 0
    elif lacking and not real:
        return state if trigger.missing == "ignore" else INSUFFICIENT
    elif len(real) < trigger.to_alarm and breaching == len(real):
        return ALARM if trigger.missing != "ignore" and real[-1][0] >= trigger.to_alarm else state
    return ALARM if breaching >= trigger.to_alarm else OK


def latest(trigger: Trigger, points: Points) -> list[tuple[int, float]]:
    """Return the real points that count, latest first, each with its age: the latest period is 1."""
    found = [(age, value) for age, value in enumerate(reversed(points), start=1) if value is not None]
    return found[: trigger.periods]
