"""A plan copies a type that AWS Backup can't copy there

Why:     AWS Backup copies some types to other Regions only, some nowhere at all. Each copy job fails while the backup
         job stays green.
Fix:     Leave the type out of this plan with `not`, and give it a plan without that copy.
Limits:  Without an inventory only types that the plan names. DynamoDB is taken with its advanced features on; states of
         single resources are CPY005.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21; facts.capabilities
Failure: FM14
"""

from collections import Counter
from collections.abc import Iterator

from strongroom import facts
from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import PlacedCopy, copies, copy_subject, crosses_accounts, selected
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.semantics.copies import CUSTOMER, CopyCase, Outcome, verdict


@check("CPY002", severity=Severity.ERROR)
def type_not_copyable(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Ask for each copy whether the plan's types, or the types of its resources, can be copied there."""
    for placed in copies(estate):
        found: Counter[ResourceType] = Counter()
        for resource in selected(placed.plan, inventory):
            found[resource.type] += resource.count
        for kind in sorted({*placed.plan.select.types, *found}):
            if message := _refusal(placed, kind):
                where = f"account {placed.copy.account}" if crosses_accounts(placed.copy) else f"Region {placed.copy.region}"
                number = f"{found[kind]} {kind} resources" if found[kind] > 1 else f"a {kind} resource" if found[kind] else str(kind)
                yield Problem(
                    subject=copy_subject(placed),
                    message=f"the plan selects {number}, which AWS Backup can't copy to {where}",
                    why=f'every copy job of that type fails, {often(placed.rule)} for each resource: "{message}"',
                    help=f"select not: {{types: [{kind.keyword}]}} here, and give the type a plan without this copy",
                    origin=placed.copy.origin,
                    count=max(1, found[kind]),
                )


def _refusal(placed: PlacedCopy, kind: ResourceType) -> str:
    """Return AWS's message when the type can't be copied to any Region but this; keys are judged elsewhere."""
    regions, known = placed.plan.regions, facts.regions()
    cases = [
        CopyCase(
            type=kind,
            same_account=not crosses_accounts(placed.copy),
            same_region=placed.copy.region == region,
            source_region=region,
            destination_region=placed.copy.region if placed.copy.region in known else "",
            key_manager=None,
            cross_account_enabled=True,
            destination_key_manager=CUSTOMER,
        )
        for region in regions
    ]
    failed = [answer for answer in map(verdict, cases) if answer.outcome is Outcome.FAILS and answer.failure_mode == "FM14"]
    return failed[0].message if failed else ""
