"""A replicated resource has no backup

Why:     A standby, a read replica, a global table or a replicated bucket repeats a deletion or a corruption within seconds.
         It keeps a service running when a zone or Region fails; it is not a backup.
Fix:     Tag the resource so that a plan selects it.
Limits:  Buckets with a replication that `native: buckets` declares and no plan may select, and an inventory with the column
         replication; a resource without that column is not claimed to be replicated. Backups that other tools make are not seen.
Source:  https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/USER_ReadRepl.html, read 2026-11-21 (08 §8.2 to 8.5)
Failure: FM38
"""

from collections.abc import Iterator
from dataclasses import replace

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Replication, Resource
from strongroom.checks.reach import cells, plans_reaching
from strongroom.checks.walk import grouped, listed, named, resources_named, selected, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType


@check("REP001", severity=Severity.WARNING)
def replica_without_backup(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look for replicated resources that no plan selects."""
    for buckets in estate.native.buckets:
        bare = [cell for cell in cells(replace(buckets.select, types=(ResourceType.S3,))) if not plans_reaching(estate, cell)]
        if buckets.replications and bare:
            yield Problem(
                subject=f"native buckets {buckets.name}",
                message=f"native buckets {buckets.name} are replicated, and no plan selects {listed(map(str, bare))}",
                why="replication repeats a deletion or corruption; nothing older is left to restore from",
                help="add a plan that selects them",
                origin=buckets.origin,
            )
    backed_up = {resource.arn for plan in estate.plans for resource in selected(plan, inventory)}
    found = (each for each in (inventory.resources if inventory else ()) if each.arn not in backed_up and _replicated(each))
    for (kind, replication), resources in grouped(found, lambda each: (each.type, str(each.replication))):
        yield Problem(
            subject=resources_named(resources, kind),
            message=f"{named(resources)} is replicated ({replication}), and no plan selects it",
            why="replication repeats a deletion or corruption; nothing older is left to restore from",
            help="tag it so that a plan selects it, or say in the inventory that it is not to be protected",
            origin=estate.organization.origin,
            count=total(resources),
        )


def _replicated(resource: Resource) -> bool:
    return resource.replication not in {None, Replication.NONE}
