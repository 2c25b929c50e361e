"""A plan selects resources that it can't reach

Why:     A plan backs up resources of its own account and Region. An ARN of another account or of a Region where the plan does not
         run matches nothing, without a message: the resource looks selected to everybody who reads the file.
Fix:     Make the plan in the account of the resource, or run it in that Region.
Limits:  ARNs with an account and a Region in them; of a plan for all governed accounts nobody can tell from the file which these are.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/assigning-resources.html, read 2026-11-21
Failure: FM37
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import listed
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import Arn


@check("SEL004", severity=Severity.ERROR)
def selection_of_another_account(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare account and Region of each ARN with those of its plan."""
    for plan in estate.plans:
        groups: dict[str, list[str]] = {}
        for arn in plan.select.arns:
            if place := _elsewhere(plan, arn):
                groups.setdefault(place, []).append(arn)
        for place, arns in groups.items():
            yield Problem(
                subject=f"plan {plan.name}",
                message=f"plan {plan.name} selects {listed(arns)}, and does not reach {place}",
                why=f"nothing of it is ever backed up, and AWS Backup says nothing ({jobs(plan)})",
                help=f"make a plan for {place}, or correct the ARN",
                origin=plan.select.origin,
                count=len(arns),
            )


def _elsewhere(plan: BackupPlan, written: str) -> str:
    """Return the account or Region of an ARN that a plan does not reach; empty where it may."""
    try:
        arn = Arn.parse(written)
    except ValueError:
        return ""  # a pattern that ends before its account
    if plan.account is not None and arn.account.isdecimal() and arn.account != plan.account:
        return f"account {arn.account}"
    if arn.region and "*" not in arn.region and plan.regions and arn.region not in plan.regions:
        return f"Region {arn.region}"
    return ""
