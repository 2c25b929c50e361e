"""When plans run: each version of a plan has a timetable that ends when the version does.

Runs are computed in stretches whose bounds depend on the version alone, so that it makes no difference in which steps the
clock is moved.
"""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from strongroom.domain.names import FOREVER, vault_arn
from strongroom.semantics import continuous, schedule, windows
from strongroom.semantics.selection import plan_selects
from strongroom.twin.backup import backups, pace
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.inventory import inventory
from strongroom.twin.backup.settings import deciding_opt_in
from strongroom.twin.backup.state import BackupJob, Plan, PlanVersion, Resource, Rule, World

STRETCH = timedelta(days=30)


@dataclass(slots=True, kw_only=True, eq=False)
class Timetable:
    """The runs of one version of a plan that were computed and have not happened yet."""

    plan: Plan
    version: PlanVersion
    after: datetime  # runs up to here are in `runs`
    runs: deque[windows.Run] = field(default_factory=deque)


def start(world: World, plan: Plan) -> None:
    """Let the current version of a plan run from now on; earlier versions stop."""
    table = Timetable(plan=plan, version=plan.current, after=plan.current.created_at)
    _next(world, table)


def rule_windows(version: PlanVersion) -> list[windows.RuleWindow]:
    """Return the rules of a version as the overlap rule sees them."""
    return [
        windows.RuleWindow(
            name=rule.name,
            cron=schedule.parse_cron(rule.cron),
            timezone=rule.timezone,
            start_within_minutes=rule.start_minutes,
            keep=FOREVER if rule.lifecycle.delete_days is None else rule.lifecycle.delete_days,
        )
        for rule in version.rules
    ]


def _next(world: World, table: Timetable) -> None:
    if not table.runs:
        _compute(table)
    if table.runs:
        world.clockwork.at(table.runs[0].slot_at, _run, table)


def _compute(table: Timetable) -> None:
    rules = rule_windows(table.version)
    while not table.runs:
        firsts = [schedule.next_slot(rule.cron, rule.timezone, table.after) for rule in rules]
        known = [first for first in firsts if first is not None]
        if not known:
            return
        until = max(table.after, min(known)) + STRETCH
        runs = windows.runs(rules, table.after, until)
        table.runs.extend(run for run in runs if run.suppressed_by is None)
        table.after = until


def _run(world: World, at: datetime, table: Timetable) -> None:
    plan, version = table.plan, table.version
    if plan.deleted_at is not None or plan.current is not version or plan.account in world.closed:
        return
    while table.runs and table.runs[0].slot_at == at:
        name = table.runs.popleft().rule
        rule = next(rule for rule in version.rules if rule.name == name)
        for resource, role_arn in matched(world, plan):
            _schedule(world, plan, rule, at, resource=resource, role_arn=role_arn)
        plan.executed_at = at
    _next(world, table)


def _schedule(world: World, plan: Plan, rule: Rule, slot: datetime, *, resource: Resource, role_arn: str) -> None:
    luck = chance(world.seed, plan.account, plan.region, plan.plan_id, rule.rule_id, slot.timestamp(), resource.arn)
    window = timedelta(minutes=rule.start_minutes)
    created_at = slot + pace.jitter(luck, window)
    job = BackupJob(
        serial=0,
        job_id=luck.uuid.upper(),
        chance=luck,
        account=plan.account,
        region=plan.region,
        resource=resource,
        vault_name=rule.vault_name,
        vault_arn=vault_arn(plan.account, plan.region, rule.vault_name),
        role_arn=role_arn,
        creator=rule.creator,
        created_at=created_at,
        start_by=slot + window,
        complete_by=None,
        complete_minutes=rule.complete_minutes,
        lifecycle=rule.lifecycle,
        copies=rule.copies,
        continuous=rule.continuous and continuous.supported(resource.type, multi_az_cluster=resource.multi_az_cluster),
        tags=rule.tags,
        air_gapped_arn=rule.air_gapped_arn,
    )
    world.clockwork.at(created_at, backups.create, job)


def matched(world: World, plan: Plan) -> tuple[tuple[Resource, str], ...]:
    """Return the resources that a plan selects now, each with the role of the first selection that names it."""
    found, edition = inventory(world, plan.account, plan.region)
    opt_in = deciding_opt_in(world, plan.account, plan.region, of_organization=plan.of_organization)
    key = (plan.account, plan.region, plan.plan_id)
    state = (edition, plan.changes, tuple(opt_in.values()))
    known = world.matches.get(key)
    if known is not None and known[0] == state:
        return known[1]
    roles: dict[str, tuple[Resource, str]] = {}
    for selection in plan.selections.values():
        for resource in found.values():
            if resource.arn not in roles and plan_selects(selection.parsed, resource.arn, resource.type, resource.tags, opt_in):
                roles[resource.arn] = (resource, selection.role_arn)
    result = tuple(roles.values())
    world.matches[key] = (state, result)
    return result
