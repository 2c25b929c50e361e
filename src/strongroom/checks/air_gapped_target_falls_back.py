"""A rule's air-gapped vault does not take what its plan selects

Why:     A type that air-gapped vaults don't know, or a resource on an AWS-managed key, stays in the standard vault. The job is
         green ("completed with issues"), so that the point that nobody can delete is missing without an alarm.
Fix:     Leave the type out of this plan with `not`, re-encrypt with a customer-managed key, or copy into a locked vault.
Limits:  Without an inventory only types that the plan names, or that are opted in where it names none; with one, the types and
         keys of the resources it selects. A key that nobody could look up is UNK002; where AWS's pages contradict each other,
         the finding is a notice.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/lag-vault-primary-backup.html, read 2026-11-21 (03 §3.5);
         facts.message("air_gapped_unsupported_type")
Failure: FM28
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import often
from strongroom.checks.walk import kinds, listed, named, rule_subject, rules, total
from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.semantics.airgapped import AirGapped, AirGappedCase, Way, target
from strongroom.semantics.copies import CUSTOMER


@check("AGV001", severity=Severity.WARNING)
def air_gapped_target_falls_back(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Ask for each type, and for each resource's key, where the recovery points end."""
    for plan, rule in rules(estate):
        if rule.air_gapped is None:
            continue
        if inventory is None and not (plan.select.types or plan.select.arns):
            yield from _by_tags_alone(estate, plan, rule)
        for kind, resources in kinds(plan, inventory).items():
            groups: dict[AirGapped, list[Resource]] = {}
            if not resources:
                groups[target(AirGappedCase(type=kind, key_manager=CUSTOMER, continuous=rule.continuous))] = []
            for resource in resources:
                groups.setdefault(_ended(resource, rule), []).append(resource)
            for ended, found in groups.items():
                if ended.way in {Way.FALLS_BACK, Way.UNKNOWN}:
                    yield _problem(plan, rule, kind, ended, found)


def _by_tags_alone(estate: Estate, plan: BackupPlan, rule: BackupRule) -> Iterator[Problem]:
    """Yield a notice about the opted-in types that the tags may bring."""
    known = (kind for kind in sorted(estate.settings.opt_in) if kind not in plan.select.not_types)
    stay = [str(kind) for kind in known if target(AirGappedCase(type=kind, key_manager=CUSTOMER)).way is Way.FALLS_BACK]
    if stay:
        yield Problem(
            subject=rule_subject(plan, rule),
            message=f"air-gapped vault {rule.air_gapped} does not take {listed(stay)}, which are opted in and may carry the tags",
            why=f"their recovery points stay in vault {rule.label}, with jobs that are green with issues, {often(rule)} for each resource",
            help="select not: {types: […]} here, or check with --inventory to see whether there are any",
            origin=rule.origin,
            severity=Severity.INFO,
        )


def _ended(resource: Resource, rule: BackupRule) -> AirGapped:
    """Return where a resource's recovery points end; a key that nobody could look up is UNK002."""
    manager = None if resource.encrypted is False else resource.key_manager or CUSTOMER
    return target(
        AirGappedCase(
            type=resource.type,
            key_manager=manager,
            continuous=rule.continuous,
            advanced_dynamodb=resource.advanced_backup is not False,
        )
    )


def _problem(plan: BackupPlan, rule: BackupRule, kind: ResourceType, ended: AirGapped, found: list[Resource]) -> Problem:
    what = named(found) if found else str(kind)
    certain = ended.way is Way.FALLS_BACK
    verb = "stays" if certain else "may stay"
    said = f'each job is green with issues, {often(rule)} for each resource: "{ended.message}"' if certain else ended.message
    return Problem(
        subject=rule_subject(plan, rule),
        message=f"{what} {verb} in the standard vault {rule.label}, air-gapped vault {rule.air_gapped} does not take it",
        why=said,
        help=f"select not: {{types: [{kind.keyword}]}} here, or copy it into a locked vault as well",
        origin=rule.origin,
        count=max(1, total(found)),
        severity=None if certain else Severity.INFO,
    )
