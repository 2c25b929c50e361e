"""Locks and keys of vaults that a document declares."""

from strongroom.documents.fields import Fields
from strongroom.domain.origin import Unread
from strongroom.domain.strategy import KeyKind, Lock, LockMode
from strongroom.facts import limit


def lock(fields: Fields, low: str, high: str, grace: str | None, *, air_gapped: bool = False) -> Lock | Unread:
    """Return a lock from its keys for least and most days and the grace time (compliance mode where there is one).

    An air-gapped vault is locked for compliance from the first day: its grace time is 0.
    """
    least = _days(fields, low, int(limit("lock_retention_days_min").value), int(limit("lock_retention_days_max").value))
    most = _days(fields, high, int(limit("lock_retention_days_min").value), int(limit("lock_retention_days_max").value))
    days = _days(fields, grace, int(limit("lock_grace_days_min").value), int(limit("lock_grace_days_max").value)) if grace else None
    for part in (least, most, days):
        if isinstance(part, Unread):
            return part
    if isinstance(least, int) and isinstance(most, int) and least > most:
        fields.wrong(high, f"{high} is {most}, less than {low} {least}", f"write {least} or more", code="DOC013")
        return Unread("the range of the lock is empty")
    grace_days = 0 if air_gapped else days if isinstance(days, int) else None
    return Lock(
        mode=LockMode.GOVERNANCE if grace_days is None else LockMode.COMPLIANCE,
        min_days=least if isinstance(least, int) else int(limit("lock_retention_days_min").value),
        max_days=most if isinstance(most, int) else None,
        grace_days=grace_days,
        origin=fields.origin,
    )


def key_kind(written: str | Unread | None) -> KeyKind | Unread:
    """Return who manages the key that a vault names; AWS does where it names none."""
    if isinstance(written, Unread):
        return written
    if written is None or "alias/aws/" in written:
        return KeyKind.AWS_MANAGED
    return KeyKind.PER_ACCOUNT


def _days(fields: Fields, key: str, least: int, most: int) -> int | Unread | None:
    number = fields.number(key)
    if isinstance(number, int) and not least <= number <= most:
        fields.wrong(key, f"{key} is {number}, {least} to {most} allowed", f"write a number from {least} to {most}", code="DOC013")
        return Unread(f"{key} is out of bounds")
    return number
