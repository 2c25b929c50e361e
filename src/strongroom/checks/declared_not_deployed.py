"""The strategy declares something that this release does not deploy

Why:     What is declared here is checked, and is not in AWS after `apply`. Whoever reads the strategy would take it for being
         there.
Fix:     Deploy it by other means, or leave it out. What stands under `native` is for whoever owns the resources to set, and
         `verify` compares it with what is on.
Limits:  None: it is the compiler's own list.
Source:  facts of this release, 2026-11-21 (docs/design.md)
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("UND001", severity=Severity.INFO)
def declared_not_deployed(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Name every part that is not deployed."""
    for part in estate.undeployed:
        yield Problem(
            subject=part.subject,
            message=f"declared and not deployed: {part.subject}",
            why=part.reason,
            help="nothing, if you know; else deploy it by other means",
            origin=part.origin,
        )
