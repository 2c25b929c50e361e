"""A resource's tag almost matches a plan

Why:     Tags are compared letter by letter. A typo, another case or a blank means no job and no message: the resource
         looks tagged to everybody who reads it, and nothing is backed up.
Fix:     Correct the tag on the resource. If the value is meant, declare it in a plan.
Limits:  Needs an inventory. Only resources that no plan selects, and tags one or two letters away from a declared value.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11-21 (case-sensitive)
Failure: FM10
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import listed, named, resources_named, total
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection
from strongroom.semantics.selection import NearMiss, declared, matches, near_misses

Misses = tuple[NearMiss, ...]
Tags = tuple[tuple[str, str], ...]


@check("SEL002", severity=Severity.WARNING, needs_inventory=True)
def tag_near_miss(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at the tags of resources that no plan selects, and group them by what is wrong."""
    known = declared(_selections(estate))
    looks: dict[tuple[ResourceType, Tags], list[Resource]] = {}
    for resource in inventory.resources if inventory else ():
        looks.setdefault((resource.type, resource.tags), []).append(resource)
    unselected = {look: found for look, found in looks.items() if not _is_selected(estate, found[0])}
    for plan in estate.plans:
        groups: dict[Misses, list[Resource]] = {}
        for found in unselected.values():
            if misses := _misses(plan, found[0], known):
                groups.setdefault(misses, []).extend(found)
        for misses, resources in groups.items():
            yield _problem(plan, misses, resources)


def _selections(estate: Estate) -> Iterator[Selection]:
    for plan in estate.plans:
        yield plan.select
    for objective in estate.objectives:
        yield objective.select
    for owed in estate.retention:
        yield owed.select


def _is_selected(estate: Estate, resource: Resource) -> bool:
    return any(matches(plan.select, resource.type, dict(resource.tags), resource.arn) for plan in estate.plans)


def _misses(plan: BackupPlan, resource: Resource, known: frozenset[tuple[str, str]]) -> Misses:
    """Return what would have to be corrected for the plan to select the resource; empty when that would not do."""
    tags = dict(resource.tags)
    misses = near_misses(plan.select, tags, known=known)
    wrong = {miss.key for miss in misses}
    corrected = {key: value for key, value in tags.items() if key not in wrong}
    corrected |= {miss.expected_key: miss.expected_value for miss in misses}
    return misses if matches(plan.select, resource.type, corrected, resource.arn) else ()


def _problem(plan: BackupPlan, misses: Misses, resources: list[Resource]) -> Problem:
    written = listed(f"{miss.key}: {miss.value}" for miss in misses)
    meant = listed(f"{miss.expected_key}: {miss.expected_value}" for miss in misses)
    return Problem(
        subject=resources_named(resources),
        message=f"{named(resources)} {'has' if total(resources) == 1 else 'have'} {written}, plan {plan.name} selects {meant}",
        why=f"{listed(miss.difference for miss in misses)}; AWS Backup compares letter by letter and makes no job ({jobs(plan)})",
        help=f"set the tag to {meant}",
        origin=plan.select.origin,
        count=total(resources),
    )
