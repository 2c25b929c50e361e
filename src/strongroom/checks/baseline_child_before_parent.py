"""Control Tower's backup baseline is enabled on a child before its parent

Why:     The baseline is enabled on each OU by itself, parents first: EnableBaseline on an OU whose parent has none is refused, and
         the accounts below it have no vault, no role and no plan.
Fix:     Write the parent before its children under `control_tower.enabled_on`.
Limits:  OUs that are written as paths from the root; how names and ids lie below each other is not in a strategy.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/enable-backup.html, read 2026-11-21 (06 §6.3)
Failure: FM24
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.organization import is_below


@check("CTW002", severity=Severity.ERROR)
def baseline_child_before_parent(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a later OU that lies above an earlier one."""
    tower = estate.organization.control_tower
    if tower is None:
        return
    for position, unit in enumerate(tower.enabled_on):
        later = next((above for above in tower.enabled_on[position + 1 :] if above != unit and is_below(unit, [above])), None)
        if later is not None:
            yield Problem(
                subject="control tower",
                message=f"the baseline is enabled on {unit} before {later}, which is above it",
                why=f"Control Tower refuses {unit}, and no account below it gets vaults, role and plans: its resources have no backup",
                help=f"write {later} before {unit} in organization.control_tower.enabled_on",
                origin=tower.origin,
            )
