"""Several rules want the continuous backup of one resource

Why:     A resource has one continuous recovery point. In another vault a second continuous rule gets snapshots, "completed
         with issues"; for S3 its jobs fail, and so do periodic backups of the bucket into another vault. In the same vault
         the rule with the longest retention has it, and the other one gets nothing.
Fix:     Keep one continuous rule for each resource, and let the periodic rules of S3 write into the same vault.
Limits:  Without an inventory only rules of the same plan, for types that the plan names; with one, all plans that select the
         resource. Which rule AWS Backup processes first is not documented: the order of the file is taken.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html, read 2026-11-21;
         facts.message("s3_continuous_elsewhere"), facts.message("backup_completed_with_pitr_elsewhere")
Failure: FM25
"""

from collections.abc import Iterator, Mapping

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import often
from strongroom.checks.walk import kinds, rule_subject, total
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import FOREVER, ResourceType
from strongroom.facts import limit
from strongroom.semantics.airgapped import AirGappedCase, Way, target
from strongroom.semantics.continuous import ContinuousRule, Gets, Placement, placements
from strongroom.semantics.copies import CUSTOMER

Plans = tuple[BackupPlan, ...]
Ruled = tuple[BackupPlan, BackupRule]


@check("CNT001", severity=Severity.ERROR)
def continuous_rules_compete(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Ask for each type what each rule gets, among the rules that reach the same resources."""
    said: set[tuple[str, str, str]] = set()
    for (plans, kind), count in sorted(_together(estate, inventory).items(), key=lambda item: len(item[0][0])):
        for problem in _problems(plans, kind, count):
            key = (problem.subject, problem.why, str(kind))
            if key not in said:
                said.add(key)
                yield problem


def _together(estate: Estate, inventory: Inventory | None) -> Mapping[tuple[Plans, ResourceType], int]:
    """Return the plans that meet on resources of a type, with the number of these resources; 0 for a type only named."""
    found: dict[tuple[Plans, ResourceType], int] = {}
    by_resource: dict[Resource, list[BackupPlan]] = {}
    for plan in estate.plans:
        for kind, resources in kinds(plan, inventory).items():
            found.setdefault(((plan,), kind), total(resources))
            for resource in resources:
                by_resource.setdefault(resource, []).append(plan)
    for resource, plans in by_resource.items():
        if len(plans) > 1:
            key = (tuple(plans), resource.type)
            found[key] = found.get(key, 0) + resource.count
    return found


def _problems(plans: Plans, kind: ResourceType, count: int) -> Iterator[Problem]:
    rules = [(plan, rule) for plan in plans for rule in plan.rules]
    asked = [_asked(plan, rule, kind) for plan, rule in rules]
    by_asked = dict(zip(asked, rules, strict=True))
    for placed in placements(kind, asked):
        if placed.gets in {Gets.FAILS, Gets.SNAPSHOT_WITH_ISSUES, Gets.NOTHING}:
            holder = next((each for each in asked if each.continuous and each is not placed.rule), placed.rule)
            yield _problem(placed, kind, by_asked, by_asked[holder], count)


def _problem(placed: Placement, kind: ResourceType, by_asked: Mapping[ContinuousRule, Ruled], holder: Ruled, count: int) -> Problem:
    plan, rule = by_asked[placed.rule]
    outcome = {
        Gets.FAILS: f'every backup job of it fails, {often(rule)} for each bucket: "{placed.message.format(bucket="…")}"',
        Gets.SNAPSHOT_WITH_ISSUES: f'it gets {often(rule)} snapshots for each resource, completed with issues: "{placed.message}"',
    }
    return Problem(
        subject=rule_subject(plan, rule),
        message=f"for {kind}, rule {rule.name} into vault {placed.rule.vault} competes with the continuous {rule_subject(*holder)}",
        why=outcome.get(placed.gets, "the rule with the longest retention has the continuous recovery point, this one makes nothing"),
        help=f"keep one continuous rule for {kind}, and write into vault {_vault(holder[1], kind)} with the others",
        origin=rule.origin,
        count=max(1, count),
        severity=Severity.WARNING if placed.gets is Gets.NOTHING else None,
    )


def _asked(plan: BackupPlan, rule: BackupRule, kind: ResourceType) -> ContinuousRule:
    keep = int(limit("retention_days_max").value) if rule.keep is FOREVER else rule.keep
    return ContinuousRule(
        plan_arn=f"plan {plan.name}",
        rule=f"{plan.name}.{rule.name}",
        vault=_vault(rule, kind),
        continuous=rule.continuous,
        keep_days=keep,
    )


def _vault(rule: BackupRule, kind: ResourceType) -> str:
    """Return the label of the vault that the backup job of a rule writes into: an air-gapped one only where nothing passes before."""
    case = AirGappedCase(type=kind, key_manager=CUSTOMER, continuous=rule.continuous)
    return rule.air_gapped if rule.air_gapped is not None and target(case).way is Way.DIRECT else rule.label
