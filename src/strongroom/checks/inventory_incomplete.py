"""The inventory leaves something open that a check needs

Why:     What could not be read is never taken for a pass: in an account that was not read, or for a resource whose key
         nobody could look up, the checks that need an inventory have not answered.
Fix:     Give the read role what is missing, run `strongroom sync` again, and check once more.
Limits:  Speaks only when there is an inventory; without one, nothing about resources is claimed at all.
Source:  design.md §2 "unknown is never pass", 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.copying import blocked
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.origin import LiveOrigin
from strongroom.semantics.copies import Outcome


@check("UNK001", severity=Severity.WARNING, needs_inventory=True)
def inventory_incomplete(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Name the parts that were not read, and the resources that can't be judged."""
    for part in inventory.unread if inventory else ():
        yield Problem(
            subject=f"account {part.account}",
            message=f"{part.subject} could not be read in account {part.account}{f' and Region {part.region}' if part.region else ''}",
            why=part.reason,
            help="give the read role what is missing, then: strongroom sync",
            origin=LiveOrigin(part.account, part.region, ""),
        )
    for group in blocked(estate, inventory, Outcome.UNKNOWN):
        yield Problem(
            subject=resources_named(group.resources, group.type),
            message=f"whether {named(group.resources)} can be copied to {group.placed.copy.label} is unknown",
            why=group.reason,
            help="let the read role describe the key, then: strongroom sync",
            origin=group.placed.copy.origin,
            count=total(group.resources),
        )
