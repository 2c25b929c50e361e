"""Control Tower's backup baseline has a key that is not multi-Region

Why:     The baseline takes one multi-Region key, with a replica in every governed Region. A key of one Region can't be made
         multi-Region later, and an AWS-managed key never is: the landing zone's update fails, or copies to the central account do.
Fix:     Declare a key of kind multi-region and name it under `control_tower.key`.
Limits:  The kind that the strategy declares; the policies of the replicas, each of its own, are for `verify`.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/enable-backup.html, read 2026-11-21 (06 §6.2)
Failure: FM24
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import KeyKind


@check("CTW003", severity=Severity.ERROR)
def baseline_key_not_multi_region(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the key that the baseline names."""
    tower = estate.organization.control_tower
    if tower is None:
        return
    key = next((each for each in estate.keys if each.name == tower.key), None)
    if key is not None and key.kind is KeyKind.MULTI_REGION:
        return
    what = "the baseline names no key" if key is None else f"the baseline's key {key.name} is {key.kind}"
    yield Problem(
        subject="control tower",
        message=f"{what}, a multi-region key is needed",
        why=f"vaults in {listed(estate.organization.regions)} need replicas of one key; without them the update of the landing zone fails",
        help="add under keys: shared: {kind: multi-region}, and name it in organization.control_tower.key",
        origin=tower.origin,
        severity=Severity.WARNING if key is None else None,  # it may be known to Control Tower alone
    )
