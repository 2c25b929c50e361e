"""A plan names a type whose ARNs other types share

Why:     Aurora, DocumentDB and Neptune clusters have ARNs of one form, and a policy selects types by the form of their
         ARN. A plan for one of them takes the others too where they are opted in; a plan that leaves one out leaves out
         all of them, without a message.
Fix:     Name all of the types or none, and tell them apart by a tag.
Limits:  Types that are not opted in are not backed up, whatever the pattern says, and are not reported.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html, read 2026-11-21;
         facts.capabilities
Failure: FM09
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.facts import capabilities


@check("SEL003", severity=Severity.WARNING)
def type_shares_pattern(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for opted-in types that share a pattern with a named type and are not named themselves."""
    for plan in estate.plans:
        for named, verb in ((plan.select.types, "takes"), (plan.select.not_types, "leaves out")):
            others = [other for other in estate.settings.opt_in if other not in named and _shares(other, named)]
            if others:
                yield _problem(plan, tuple(kind for kind in named if _shares(kind, tuple(others))), verb, others)


def _problem(plan: BackupPlan, named: tuple[ResourceType, ...], verb: str, others: list[ResourceType]) -> Problem:
    return Problem(
        subject=f"plan {plan.name}",
        message=f"plan {plan.name} {verb} {listed(others)} together with {listed(named)}: their ARNs look alike",
        why="an Organizations policy selects types by the pattern of their ARNs, and these types share one",
        help=f"name {listed(kind.keyword for kind in others)} too, or tell them apart by a tag",
        origin=plan.select.origin,
    )


def _shares(kind: ResourceType, named: tuple[ResourceType, ...]) -> bool:
    patterns = set(capabilities(kind).policy_pattern)
    return any(patterns & set(capabilities(other).policy_pattern) for other in named if other is not kind)
