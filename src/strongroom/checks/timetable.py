"""How often rules run, counted over fixed spans of time, so that a check never asks for the clock.

The 30 days begin on 1 January 2027: they hold the first of a month, every weekday and no change to summer time.
"""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Final

from strongroom.domain.estate import BackupPlan, BackupRule
from strongroom.semantics.schedule import interval_minutes_max, parse_cron, slots
from strongroom.semantics.windows import RuleWindow, Run, runs

AFTER: Final = datetime(2026, 12, 31, 23, 59, tzinfo=UTC)
DAYS: Final = 30
MINUTES_PER_DAY: Final = 24 * 60
# A year shows the longest gap of what runs every few days; what is rarer is counted over a leap cycle.
_YEAR: Final = 400
_LEAP_CYCLE: Final = 4 * 366
_FREQUENT: Final = 60  # runs in a year


@lru_cache(maxsize=1024)
def times(rule: BackupRule, days: int = DAYS) -> tuple[datetime, ...]:
    """Return when a rule is due within some days, overlap not counted."""
    return times_of(rule.schedule, rule.timezone, days)


def times_of(schedule: str, timezone: str, days: int = DAYS) -> tuple[datetime, ...]:
    """Return when something else than a rule is due within some days."""
    return tuple(slots(parse_cron(schedule), timezone, AFTER, AFTER + timedelta(days=days)))


def often(rule: BackupRule) -> str:
    """Return how many jobs a rule starts for each resource, as words.

    Rules that don't run in those 30 days are counted over a year.
    """
    if number := len(times(rule)):
        return f"{number} in 30 days"
    return f"{len(times(rule, 366))} in a year"


def jobs(plan: BackupPlan) -> str:
    """Return how many jobs each rule of a plan starts for each resource, as words."""
    return " and ".join(f"rule {rule.name} {often(rule)}" for rule in plan.rules)


def interval_minutes(rule: BackupRule) -> int:
    """Return the longest gap between two runs of a rule, in minutes."""
    return interval_minutes_max(parse_cron(rule.schedule), rule.timezone)


@lru_cache(maxsize=1024)
def plan_runs(plan: BackupPlan, days: int = DAYS) -> tuple[Run, ...]:
    """Return the runs of a plan's rules within some days, with those that overlap suppresses."""
    windows = [
        RuleWindow(
            name=rule.name,
            cron=parse_cron(rule.schedule),
            timezone=rule.timezone,
            start_within_minutes=rule.start_within_minutes,
            keep=rule.keep,
        )
        for rule in plan.rules
    ]
    return tuple(runs(windows, AFTER, AFTER + timedelta(days=days)))


def runs_of(plan: BackupPlan, rule: BackupRule) -> tuple[datetime, ...]:
    """Return when a rule runs within 30 days, without the runs that overlap takes from it."""
    return tuple(run.slot_at for run in plan_runs(plan) if run.rule == rule.name and run.suppressed_by is None)


def wait_minutes_max(plans: Iterable[BackupPlan]) -> int | None:
    """Return the longest time that may pass between a backup and the start of the next one, in minutes.

    A job may start anywhere in its window: the earliest start of one run and the latest of the next lie farthest apart.
    None: there are not two runs in four years.
    """
    plans = tuple(plans)
    starts = _starts(plans, _YEAR)
    if len(starts) < _FREQUENT:
        starts = _starts(plans, _LEAP_CYCLE)
    waits = [later[1] - earlier[0] for earlier, later in pairwise(starts)]
    return int(max(waits) / timedelta(minutes=1)) if waits else None


def _starts(plans: Iterable[BackupPlan], days: int) -> list[tuple[datetime, datetime]]:
    """Return the earliest and the latest start of each run that overlap leaves, in order."""
    starts: list[tuple[datetime, datetime]] = []
    for plan in plans:
        windows = {rule.name: timedelta(minutes=rule.start_within_minutes) for rule in plan.rules}
        starts += [(run.slot_at, run.slot_at + windows[run.rule]) for run in plan_runs(plan, days) if run.suppressed_by is None]
    return sorted(starts)


def hours(minutes: int) -> str:
    """Return a time span as a strategy file would write it.

    Example:
        >>> hours(90), hours(120), hours(2880)
        ('90m', '2h', '2d')
    """
    if minutes % MINUTES_PER_DAY == 0 and minutes > MINUTES_PER_DAY:
        return f"{minutes // MINUTES_PER_DAY}d"
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"
