"""The vault lock: which jobs it refuses, and when it can't be changed any more."""

from datetime import datetime

from strongroom.domain.names import FOREVER
from strongroom.semantics import lifecycle as lifecycle_rules
from strongroom.twin.backup.state import Lifecycle, Vault


def outside_lock(vault: Vault, lifecycle: Lifecycle) -> bool:
    """Whether a vault's lock refuses a lifecycle; asked when the job runs, never when the plan is made."""
    if not vault.locked:
        return False
    keep = FOREVER if lifecycle.delete_days is None else lifecycle.delete_days
    return lifecycle_rules.outside_lock(keep, vault.min_days, vault.max_days)


def hardened(vault: Vault, at: datetime) -> bool:
    """Whether the lock is a compliance lock whose grace time is over."""
    return vault.lock_at is not None and vault.lock_at <= at
