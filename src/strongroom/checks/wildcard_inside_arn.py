"""A selection has a wildcard inside an ARN

Why:     AWS Backup documents wildcards at the end of an ARN and in the patterns of whole types. Others may match nothing, and
         nobody is told: no job, no message.
Fix:     End the ARN with the wildcard, or select by tag.
Limits:  Patterns that the strategy writes; what a pattern matches today, `verify` shows.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11-21 (01 §1.11)
Failure: FM09
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate, Source
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.facts import capabilities

_WHOLE_TYPES: Final = frozenset(pattern for kind in ResourceType for pattern in capabilities(kind).policy_pattern)


@check("SEL005", severity=Severity.WARNING)
def wildcard_inside_arn(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the patterns of each plan's selection; those that others wrote are DOC017."""
    if estate.source is not Source.COMPILED:
        return
    for plan in estate.plans:
        inside = [arn for arn in (*plan.select.arns, *plan.select.not_arns) if "*" in arn.rstrip("*") and arn not in _WHOLE_TYPES]
        if inside:
            yield Problem(
                subject=f"plan {plan.name}",
                message=f"plan {plan.name} selects with a wildcard inside: {listed(inside)}",
                why=f"AWS Backup may match nothing with it, and says nothing ({jobs(plan)})",
                help="end the ARN with the wildcard, or select by tag",
                origin=plan.select.origin,
                count=len(inside),
            )
