"""Accounts that were closed: nothing runs in them any more, and after a while what lies in their vaults is gone, locked or not.

Source: AWS Backup developer guide, vault-lock; AWS Account Management reference guide, manage-acct-closing (read 2026-11).
"""

from datetime import datetime, timedelta

from strongroom import facts
from strongroom.twin.backup.state import World

_KEPT = timedelta(days=facts.limit("account_closure_days").value)


def follow(world: World, at: datetime) -> None:
    """Notice accounts that were closed since the organization was last looked at."""
    for account in {owner for owner, _ in world.places} - world.closed.keys():
        if world.organization.is_closed(account):
            world.closed[account] = at
            world.clockwork.at(at + _KEPT, _empty, account)


def _empty(world: World, at: datetime, account: str) -> None:
    for (owner, _), place in world.places.items():
        if owner == account:
            for vault in place.vaults.values():
                vault.points.clear()
                vault.continuous.clear()
            place.vaults.clear()
            for plan in place.plans.values():
                plan.deleted_at = plan.deleted_at or at
