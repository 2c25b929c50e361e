"""A plan selects a type that is not opted in

Why:     AWS Backup skips types that are not opted in, silently: no job, no message, no alarm. For plans of Organizations
         policies the management account's setting decides. Naming a type is enough for most types, but not for those
         that share an ARN format (Aurora, DocumentDB, Neptune, FSx).
Fix:     Add the type to `organization.opt_in`, or leave it out of the plan.
Limits:  Without an inventory only types that the plan names; with one, the types of the resources it selects by tag.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11-21
Failure: FM09
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import named, selected, total
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.semantics.selection import opted_in


@check("OPT001", severity=Severity.ERROR)
def type_not_opted_in(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Compare the types of each plan, named or found, with the opt-in that the strategy declares."""
    settings = {str(kind): True for kind in estate.settings.opt_in}
    for plan in estate.plans:
        found: dict[ResourceType, list[Resource]] = {kind: [] for kind in plan.select.types}
        for resource in selected(plan, inventory):
            found.setdefault(resource.type, []).append(resource)
        for kind, resources in sorted(found.items()):
            if not opted_in(kind, settings, named=kind in plan.select.types):
                yield _problem(plan, kind, resources)


def _problem(plan: BackupPlan, kind: ResourceType, resources: list[Resource]) -> Problem:
    what = f"selects {named(resources)}" if resources else f"names {kind}"
    return Problem(
        subject=f"plan {plan.name}",
        message=f"plan {plan.name} {what}, but {kind} is not opted in",
        why=f"AWS Backup skips the type without a job and without a message ({jobs(plan)})",
        help=f"add {kind.keyword} to organization.opt_in",
        origin=plan.select.origin,
        count=max(1, total(resources)),
    )
