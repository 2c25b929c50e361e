"""Every run of a strategy's plans in the next days, with the runs that don't happen and what is in their way.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html (overlapping rules) and
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (daylight saving; for AWS Backup itself unverified)
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.semantics.schedule import Cron, CronError, parse_cron, slots, zone
from strongroom.semantics.windows import RuleWindow, runs

_DAY: Final = timedelta(days=1)
_TICK: Final = timedelta(microseconds=1)
_MINUTE: Final = timedelta(minutes=1)


class Lost(StrEnum):
    """Why a run doesn't happen."""

    OVERLAP = "overlap"  # the start window of a rule that keeps longer
    DAYLIGHT_SAVING = "daylight saving"  # its time of day doesn't exist on that day


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCopy:
    """A copy that follows a run."""

    label: str
    region: str
    keep: RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRun:
    """One slot of a rule; it starts a backup job for every selected resource, in every Region of its plan."""

    plan: str
    rule: str
    slot_at: datetime  # UTC
    start_by: datetime  # end of the start window, UTC
    keep: RetentionDays
    copies: tuple[PlannedCopy, ...]  # none of them happens either when the run is lost
    lost: Lost | None
    suppressed_by: str  # the rule that runs instead, or the time zone; empty for a run that happens


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleSummary:
    """A rule with the number of its runs."""

    plan: str
    rule: str
    schedule: str
    timezone: str
    regions: tuple[str, ...]
    keep: RetentionDays
    continuous: bool
    due: int  # slots, lost ones included
    lost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockChange:
    """A change between winter and summer time."""

    timezone: str
    at: datetime  # UTC
    minutes: int  # how far the clocks go forward (positive) or back


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedSchedule:
    """A schedule that AWS Backup doesn't accept, so that its plan is not made at all."""

    plan: str
    rule: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Calendar:
    """The runs of a strategy in [begin_at, end_at), in order of time, plan and rule."""

    strategy: str
    begin_at: datetime
    end_at: datetime
    timezone: str  # the reader's, beside UTC
    runs: tuple[PlannedRun, ...]
    rules: tuple[RuleSummary, ...]
    clock_changes: tuple[ClockChange, ...]
    refused: tuple[RefusedSchedule, ...]


def calendar(estate: Estate, *, now: datetime, days: int, timezone: str = "UTC") -> Calendar:
    """Return every run in the `days` times 24 hours from `now` on, lost ones included and marked.

    `timezone` is an IANA name; raises CronError for an unknown one. A plan with a schedule that AWS refuses has no runs.
    """
    zone(timezone)
    now, end_at = now.astimezone(UTC), now.astimezone(UTC) + days * _DAY
    planned: list[PlannedRun] = []
    refused: list[RefusedSchedule] = []
    summaries: list[RuleSummary] = []
    for plan in estate.plans:
        problems = tuple(_refused(plan))
        refused += problems
        own = () if problems else tuple(_plan_runs(plan, now, end_at))
        planned += own
        summaries += _summaries(plan, own)
    faulty = {(each.plan, each.rule) for each in refused}
    zones = {timezone} | {rule.timezone for rule in summaries if (rule.plan, rule.rule) not in faulty}
    return Calendar(
        strategy=estate.name,
        begin_at=now,
        end_at=end_at,
        timezone=timezone,
        runs=tuple(sorted(planned, key=lambda run: (run.slot_at, run.plan, run.rule))),
        rules=tuple(summaries),
        clock_changes=tuple(change for name in sorted(zones) for change in _clock_changes(name, now, end_at)),
        refused=tuple(refused),
    )


def _refused(plan: BackupPlan) -> Iterator[RefusedSchedule]:
    for rule in plan.rules:
        try:
            parse_cron(rule.schedule)
            zone(rule.timezone)
        except CronError as error:
            yield RefusedSchedule(plan=plan.name, rule=rule.name, message=str(error))


def _plan_runs(plan: BackupPlan, begin_at: datetime, end_at: datetime) -> Iterator[PlannedRun]:
    """Yield a plan's runs; [begin, end) here is (after, until] there, an instant of AWS being a whole minute."""
    by_name = {rule.name: rule for rule in plan.rules}
    for run in runs([window(rule) for rule in plan.rules], begin_at - _TICK, end_at - _TICK):
        lost = None if run.suppressed_by is None else Lost.OVERLAP
        yield _planned(plan, by_name[run.rule], run.slot_at, lost, run.suppressed_by or "")
    for rule in plan.rules:
        for slot in skipped(parse_cron(rule.schedule), rule.timezone, begin_at, end_at):
            yield _planned(plan, rule, slot, Lost.DAYLIGHT_SAVING, rule.timezone)


def window(rule: BackupRule) -> RuleWindow:
    """Return what overlap depends on in a rule of an estate; raises CronError."""
    return RuleWindow(
        name=rule.name,
        cron=parse_cron(rule.schedule),
        timezone=rule.timezone,
        start_within_minutes=rule.start_within_minutes,
        keep=rule.keep,
    )


def _planned(plan: BackupPlan, rule: BackupRule, slot: datetime, lost: Lost | None, suppressed_by: str) -> PlannedRun:
    return PlannedRun(
        plan=plan.name,
        rule=rule.name,
        slot_at=slot,
        start_by=slot + timedelta(minutes=rule.start_within_minutes),
        keep=rule.keep,
        copies=tuple(_copy(copy) for copy in rule.copies),
        lost=lost,
        suppressed_by=suppressed_by,
    )


def _copy(copy: CopyAction) -> PlannedCopy:
    return PlannedCopy(label=copy.label, region=copy.region, keep=copy.keep)


def skipped(cron: Cron, timezone: str, begin_at: datetime, end_at: datetime) -> tuple[datetime, ...]:
    """Return when a schedule would have run in [begin, end), had daylight saving not skipped the time of day.

    The instants are those at which clocks that had not been changed would show the time.

    Example:
        >>> spring = datetime(2027, 3, 28, tzinfo=UTC)
        >>> [str(at) for at in skipped(parse_cron("cron(30 1 * * ? *)"), "Europe/London", spring, spring + timedelta(days=1))]
        ['2027-03-28 01:30:00+00:00']
    """
    where = zone(timezone)
    if not _clock_changes(timezone, begin_at - _DAY, end_at + _DAY):
        return ()
    found = []
    for wall in slots(cron, "UTC", begin_at - _DAY, end_at + _DAY):
        local = wall.replace(tzinfo=where)
        instant = local.astimezone(UTC)
        if instant.astimezone(where).replace(tzinfo=None) != local.replace(tzinfo=None) and begin_at <= instant < end_at:
            found.append(instant)
    return tuple(found)


def _summaries(plan: BackupPlan, own: Sequence[PlannedRun]) -> Iterator[RuleSummary]:
    due = Counter(run.rule for run in own)
    lost = Counter(run.rule for run in own if run.lost)
    for rule in plan.rules:
        yield RuleSummary(
            plan=plan.name,
            rule=rule.name,
            schedule=rule.schedule,
            timezone=rule.timezone,
            regions=tuple(plan.regions),
            keep=rule.keep,
            continuous=rule.continuous,
            due=due[rule.name],
            lost=lost[rule.name],
        )


def _clock_changes(timezone: str, begin_at: datetime, end_at: datetime) -> tuple[ClockChange, ...]:
    """Return when a zone's offset changes in [begin, end), to the minute."""
    where = zone(timezone)
    found = []
    before = begin_at.astimezone(where).utcoffset() or timedelta()
    low = begin_at
    while low < end_at:
        high = min(low + _DAY, end_at)
        after = high.astimezone(where).utcoffset() or timedelta()
        if after != before:
            at = _first_with(timezone, after, low, high)
            if at < end_at:
                found.append(ClockChange(timezone=timezone, at=at, minutes=(after - before) // _MINUTE))
            before = after
        low = high
    return tuple(found)


def _first_with(timezone: str, offset: timedelta, low: datetime, high: datetime) -> datetime:
    """Return the first whole minute in (low, high] from which on the zone has an offset."""
    where = zone(timezone)
    low, high = low.replace(second=0, microsecond=0), high.replace(second=0, microsecond=0)
    while high - low > _MINUTE:
        middle = low + (high - low) // _MINUTE // 2 * _MINUTE
        low, high = (low, middle) if middle.astimezone(where).utcoffset() == offset else (middle, high)
    return high


def days_in_words(keep: RetentionDays) -> str:
    """Return a retention as a strategy file writes it.

    Example:
        >>> days_in_words(30), days_in_words(FOREVER)
        ('30d', 'forever')
    """
    return "forever" if keep is FOREVER else f"{keep}d"


def reason(run: PlannedRun) -> str:
    """Return why a run is lost as words; empty for one that happens."""
    if run.lost is Lost.OVERLAP:
        return f"lost: rule {run.suppressed_by} has the start window"
    if run.lost is None:
        return ""
    unchanged = (run.slot_at - _DAY).astimezone(zone(run.suppressed_by)).utcoffset() or timedelta()
    return f"lost: daylight saving in {run.suppressed_by} skips {run.slot_at + unchanged:%H:%M}"


def change_in_words(change: ClockChange) -> str:
    """Return a change of clocks as words.

    Example:
        >>> change_in_words(ClockChange(timezone="Europe/London", at=datetime(2027, 3, 28, 1, tzinfo=UTC), minutes=60))
        'clocks of Europe/London go forward 60 minutes on 2027-03-28 01:00 UTC'
    """
    direction = "forward" if change.minutes > 0 else "back"
    return f"clocks of {change.timezone} go {direction} {abs(change.minutes)} minutes on {change.at:%Y-%m-%d %H:%M} UTC"
