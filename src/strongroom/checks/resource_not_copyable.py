"""A resource is in a state in which its recovery points can't be copied

Why:     Multi-AZ DB clusters of RDS have no copies at all, DynamoDB tables only with AWS Backup's advanced features, and a
         database whose option group has persistent options (such as TDE) can't be shared with another account. The backup
         jobs are green, each copy job fails.
Fix:     Switch the advanced features on; leave the others out with `not`, and protect them with a plan without that copy.
Limits:  Needs an inventory with the columns multi_az_cluster, advanced_backup and persistent_options; where it has none,
         UNK002 says so. Recovery points in cold storage can't be copied either, but a rule copies before they move.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21;
         facts.message("unsupported_type")
Failure: FM14
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Resource
from strongroom.checks.timetable import often
from strongroom.checks.walk import PlacedCopy, copies, copy_subject, crosses_accounts, grouped, named, selected, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.facts import message

_FIXES = {
    "a Multi-AZ DB cluster": "leave it out of this plan with not, and give it a plan without this copy",
    "a table without advanced features": "switch on AWS Backup's advanced features for DynamoDB in its account and Region",
    "a database with persistent options": "leave it out of this plan with not, or copy inside its account only",
}


@check("CPY005", severity=Severity.ERROR, needs_inventory=True)
def resource_not_copyable(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at the resources of each plan with copies."""
    for placed in copies(estate):
        blocked = (resource for resource in selected(placed.plan, inventory) if _state(placed, resource))
        for state, resources in grouped(blocked, lambda each, placed=placed: _state(placed, each)):  # type: ignore[misc]
            yield Problem(
                subject=copy_subject(placed),
                message=f"{named(resources)} can't be copied to {placed.copy.label}: {state}",
                why=f'every copy job of it fails, {often(placed.rule)} for each resource: "{message("unsupported_type")}"',
                help=_FIXES[state],
                origin=placed.copy.origin,
                count=total(resources),
            )


def _state(placed: PlacedCopy, resource: Resource) -> str:
    """Return the state that forbids the copy; empty for none that is known."""
    if resource.type is ResourceType.RDS and resource.multi_az_cluster:
        return "a Multi-AZ DB cluster"
    if resource.type is ResourceType.DYNAMODB and resource.advanced_backup is False:
        return "a table without advanced features"
    leaves = crosses_accounts(placed.copy) and placed.copy.account != resource.account
    return "a database with persistent options" if resource.type is ResourceType.RDS and resource.persistent_options and leaves else ""
