"""Words about vault locks that the checks of rules and copies share."""

from strongroom.domain.names import FOREVER, RetentionDays
from strongroom.domain.strategy import Lock


def bound(label: str, keep: RetentionDays, lock: Lock) -> str:
    """Return the bound of a lock that a retention breaks, as words."""
    if lock.max_days is not None and (keep is FOREVER or keep > lock.max_days):
        return f"vault {label}'s lock allows at most {lock.max_days}"
    return f"vault {label}'s lock demands at least {lock.min_days}"


def fix(lock: Lock) -> str:
    """Return what to edit."""
    allowed = f"{lock.min_days}d or more" if lock.max_days is None else f"between {lock.min_days}d and {lock.max_days}d"
    return f"set keep to {allowed}, or change the lock before it is in force"
