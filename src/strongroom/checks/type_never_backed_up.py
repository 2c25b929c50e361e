"""A plan selects ARNs of something that AWS Backup does not know

Why:     AWS Backup takes the selection and never makes a job for it: the resource stands in a plan, and nothing of it is kept. No
         message says so.
Fix:     Take the ARN out, and protect the resource with the means of its own service; ECS is captured by `native: ecs`.
Limits:  Service and kind of resource of the ARNs that plans name. What a tag selects besides is TYP001, with an inventory.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21 (08 §8.8)
Failure: FM32
"""

from collections.abc import Iterator

from strongroom.checks.arntypes import types_of
from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.type_unknown_to_backup import instead, service_name
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("TYP002", severity=Severity.ERROR)
def type_never_backed_up(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for ARNs that can be of no type of AWS Backup, service by service."""
    for plan in estate.plans:
        services: dict[str, list[str]] = {}
        for arn in plan.select.arns:
            if not types_of(arn):
                services.setdefault(arn.split(":")[2], []).append(arn)
        for service, arns in services.items():
            what = ", ".join(dict.fromkeys(_kind(arn) for arn in arns))
            yield Problem(
                subject=f"plan {plan.name}",
                message=f"plan {plan.name} selects {listed(arns)}: AWS Backup does not know {service_name(service)} ({what})",
                why=f"no job is ever made for them, and nothing says so ({jobs(plan)})",
                help="take them out, and capture them: native: {ecs: …}" if service == "ecs" else f"take them out, and {instead(service)}",
                origin=plan.select.origin,
                count=len(arns),
            )


def _kind(arn: str) -> str:
    """Return the kind of resource in an ARN, such as cluster or task-definition."""
    return arn.split(":", 5)[5].replace(":", "/").partition("/")[0]
