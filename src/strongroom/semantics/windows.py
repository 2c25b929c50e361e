"""Start windows: which runs of a plan's rules are dropped because a rule with a longer retention overlaps them.

Windows of other plans on the same resource are in `collisions`, maintenance windows in `maintenance`; both have their door here.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html (overlapping rules)
"""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import inf

from strongroom.domain.names import Forever, RetentionDays
from strongroom.semantics.collisions import Collision, Fate, PlanRun, collisions
from strongroom.semantics.maintenance import (
    MaintenanceConflict,
    WeeklyWindow,
    WindowError,
    fsx_daily,
    fsx_weekly,
    maintenance_conflicts,
    margin_minutes,
    scheduled_around,
    weekly,
)
from strongroom.semantics.schedule import Cron, slots

__all__ = [
    "Collision",
    "Fate",
    "MaintenanceConflict",
    "PlanRun",
    "RuleWindow",
    "Run",
    "WeeklyWindow",
    "WindowError",
    "collisions",
    "fsx_daily",
    "fsx_weekly",
    "maintenance_conflicts",
    "margin_minutes",
    "plan_runs",
    "runs",
    "scheduled_around",
    "weekly",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleWindow:
    """What overlap depends on in a rule."""

    name: str
    cron: Cron
    timezone: str
    start_within_minutes: int
    keep: RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """One slot of a rule."""

    rule: str
    slot_at: datetime
    suppressed_by: str | None  # name of the rule that runs in its place; copies of a suppressed run don't happen either


def runs(rules: Sequence[RuleWindow], after: datetime, until: datetime) -> list[Run]:
    """Return the slots of one plan's rules in (after, until], in order of time, with what overlap does to them.

    Windows are half-open: one that begins where another ends doesn't overlap it. A rule never suppresses itself, and a
    suppressed run suppresses nothing. Of two rules with the same retention the one declared first runs (AWS doesn't say).

    Example: AWS's own. Hourly (window 1 h, kept 1 day) beside every 12 hours (window 8 h, kept 1 week):
        >>> from datetime import UTC
        >>> from strongroom.semantics.schedule import parse_cron
        >>> def rule(name, cron, window, keep):
        ...     return RuleWindow(name=name, cron=parse_cron(cron), timezone="UTC", start_within_minutes=window, keep=keep)
        >>> plan = [rule("hourly", "cron(0 * * * ? *)", 60, 1), rule("half-daily", "cron(0 0/12 * * ? *)", 480, 7)]
        >>> day = runs(plan, datetime(2027, 1, 1, 23, 59, tzinfo=UTC), datetime(2027, 1, 2, 23, 59, tzinfo=UTC))
        >>> [sum(run.rule == name and run.suppressed_by is None for run in day) for name in ("half-daily", "hourly")]
        [2, 8]
    """
    reach = sum((_window(rule) for rule in rules), timedelta())  # how far outside the range a chain of windows can begin
    kept: list[tuple[str, timedelta, list[datetime]]] = []  # name, window and runs of the rules that win over the next ones
    found: list[tuple[datetime, int, Run]] = []
    order = sorted(range(len(rules)), key=lambda index: (-_days(rules[index].keep), index))
    for index in order:
        rule, own = rules[index], []
        window = _window(rule)
        for slot in slots(rule.cron, rule.timezone, _shifted(after, -reach), _shifted(until, reach)):
            suppressor = next((name for name, span, starts in kept if _overlapped(slot, window, span, starts)), None)
            if suppressor is None:
                own.append(slot)
            if after < slot <= until:
                found.append((slot, index, Run(rule=rule.name, slot_at=slot, suppressed_by=suppressor)))
        kept.append((rule.name, window, own))
    return [run for _, _, run in sorted(found, key=lambda item: item[:2])]


def plan_runs(
    plan: str,
    rules: Sequence[RuleWindow],
    after: datetime,
    until: datetime,
    *,
    complete_within_minutes: Mapping[str, int | None] | None = None,
    duration_minutes: int | None = None,
) -> list[PlanRun]:
    """Return the runs of a plan that become jobs (what overlap drops is gone, copies and all), ready for `collisions`.

    Example:
        >>> from datetime import UTC
        >>> from strongroom.semantics.schedule import parse_cron
        >>> rule = RuleWindow(name="r", cron=parse_cron("cron(0 2 * * ? *)"), timezone="UTC", start_within_minutes=60, keep=7)
        >>> len(plan_runs("p", [rule], datetime(2027, 1, 1, tzinfo=UTC), datetime(2027, 1, 8, tzinfo=UTC)))
        7
    """
    start = {rule.name: rule.start_within_minutes for rule in rules}
    return [
        PlanRun(
            plan=plan,
            rule=run.rule,
            slot_at=run.slot_at,
            start_within_minutes=start[run.rule],
            complete_within_minutes=(complete_within_minutes or {}).get(run.rule),
            duration_minutes=duration_minutes,
        )
        for run in runs(rules, after, until)
        if run.suppressed_by is None
    ]


def _overlapped(slot: datetime, window: timedelta, span: timedelta, starts: list[datetime]) -> bool:
    first = bisect_right(starts, slot - span)
    return first < len(starts) and starts[first] < slot + window


def _window(rule: RuleWindow) -> timedelta:
    return timedelta(minutes=rule.start_within_minutes)


def _days(keep: RetentionDays) -> float:
    return inf if isinstance(keep, Forever) else keep


def _shifted(instant: datetime, by: timedelta) -> datetime:
    """Move an instant, staying inside the years that a schedule can have."""
    earliest, latest = datetime(1970, 1, 2, tzinfo=instant.tzinfo), datetime(2199, 12, 31, tzinfo=instant.tzinfo)
    if by < timedelta():
        return max(earliest, instant + by) if instant - earliest > -by else min(earliest, instant)
    return instant + by if latest - instant > by else max(latest, instant)
