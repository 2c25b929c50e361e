"""A promise is about something that AWS Backup does not know

Why:     No plan, copy or lock ever holds a recovery point of it, so that the checks of promises have nothing to compare. What
         `native: ecs` captures are definitions: services are made again from them, and nobody knows here how long that takes.
Fix:     Capture ECS under `native: ecs`, often enough and for long enough; protect other services by their own means. Rehearse it,
         and promise times and losses where they can be kept.
Limits:  ARNs under the `select` of objectives, retention and regulations that can be of no type of AWS Backup. A capture counts
         where its ARNs match, or it selects by tags. What a tag selects besides is TYP001, with an inventory.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21 (08 §8.8)
Failure: FM32
"""

from collections.abc import Callable, Iterator
from functools import partial

from strongroom.checks.arntypes import types_of
from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length
from strongroom.checks.timetable import hours
from strongroom.checks.type_unknown_to_backup import instead, service_name
from strongroom.checks.walk import days, listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.origin import Origin
from strongroom.domain.strategy import NativeContainers, Objective, Regulation, RetentionOwed, Selection
from strongroom.semantics.schedule import interval_minutes_max, parse_cron
from strongroom.semantics.selection import pattern_matches

Lacks = Callable[[tuple[NativeContainers, ...]], tuple[str, Severity] | None]  # what captures don't keep, and how bad it is


@check("TYP003", severity=Severity.ERROR)
def promise_beyond_backup(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Hold promises about what AWS Backup does not know against what is captured."""
    for objective in estate.objectives:
        yield from _broken(estate, "objective", objective.select, objective.origin, partial(_late, objective))
    for owed in estate.retention:
        yield from _broken(estate, "retention", owed.select, owed.origin, partial(_short, owed))
    for regulation in estate.regulations:
        if regulation.select is not None:
            subject = f"regulation {regulation.name}"
            yield from _broken(estate, subject, regulation.select, regulation.origin, partial(_not_judged, regulation))


def _broken(estate: Estate, promise: str, select: Selection, origin: Origin, lacks: Lacks) -> Iterator[Problem]:
    services: dict[str, list[str]] = {}
    for arn in select.arns:
        if not types_of(arn):
            services.setdefault(arn.split(":")[2], []).append(arn)
    for service, arns in services.items():
        found = _captures(estate, arns) if service == "ecs" else ()
        lack = lacks(found) if found else ("nothing that is declared protects it", Severity.ERROR)
        if lack is not None:
            fix = "rehearse how it is made again from the capture, and promise what that keeps"
            yield Problem(
                subject=f"{promise} {listed(arns)}",
                message=f"{promise} is about {listed(arns)}, AWS Backup does not know {service_name(service)}: {lack[0]}",
                why="no job is ever made for it, so that no plan keeps the promise",
                help=fix if found else "capture it: native: {ecs: …}" if service == "ecs" else instead(service),
                origin=origin,
                count=len(arns),
                severity=lack[1],
            )


def _captures(estate: Estate, arns: list[str]) -> tuple[NativeContainers, ...]:
    """Return the captures that may take every one of some ARNs, or patterns of ARNs."""

    def takes(select: Selection, arn: str) -> bool:
        return (not select.arns or any(pattern_matches(each, arn) for each in select.arns)) and arn not in select.not_arns

    return tuple(each for each in estate.native.containers if all(takes(each.select, arn) for arn in arns))


def _late(objective: Objective, found: tuple[NativeContainers, ...]) -> tuple[str, Severity] | None:
    names = f"native ecs {listed(each.name for each in found)}"
    gap = min(interval_minutes_max(parse_cron(each.schedule), each.timezone) for each in found)
    if objective.rpo_minutes is not None and gap > objective.rpo_minutes:
        return f"{names} captures it every {hours(gap)}, an RPO of {hours(objective.rpo_minutes)} is promised", Severity.ERROR
    if objective.rto_minutes is not None:
        told = f"how long it takes to make it again from {names} is not known, an RTO of {hours(objective.rto_minutes)} is promised"
        return told, Severity.WARNING
    if objective.survives:
        return f"whether {names} survives {listed(map(str, objective.survives))} is for what protects its bucket", Severity.WARNING
    return None


def _short(owed: RetentionOwed, found: tuple[NativeContainers, ...]) -> tuple[str, Severity] | None:
    most = max((each.keep for each in found), key=length)
    if length(most) >= owed.at_least_days:
        return None
    names = f"native ecs {listed(each.name for each in found)}"
    return f"{names} keeps {days(most)}, {days(owed.at_least_days)} are owed ({owed.basis})", Severity.ERROR


def _not_judged(regulation: Regulation, _: tuple[NativeContainers, ...]) -> tuple[str, Severity]:
    return f"whether a capture answers {regulation.name} is not judged", Severity.WARNING
