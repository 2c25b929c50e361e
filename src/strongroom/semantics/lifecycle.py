"""How long a recovery point lives: retention, cold storage, copies and locks.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from datetime import datetime, timedelta

from strongroom import facts
from strongroom.domain.names import Forever, ResourceType, RetentionDays


def problem(keep: RetentionDays, cold_after_days: int | None, *, continuous: bool) -> str | None:
    """Return AWS's message for a lifecycle that it refuses, or None.

    A cold day of 0 counts as a number, not as absent. A continuous rule needs 1 to 35 days and no cold storage; AWS answers a
    longer one with the text of the 1 to 36500 range.

    Example:
        >>> problem(100, 30, continuous=False)
        'Invalid lifecycle. DeleteAfterDays cannot be less than 90 days apart from MoveToColdStorageAfterDays'
        >>> problem(120, 30, continuous=False) is None
        True
    """
    if continuous and cold_after_days is not None:
        return facts.message("lifecycle_cold_with_continuous")
    if not _in_range(keep, continuous=continuous):
        return facts.message("lifecycle_delete_range")
    if cold_after_days is None:
        return None
    distance = facts.limit("cold_days_before_delete_min").value
    too_early = cold_after_days < facts.limit("cold_after_days_min").value
    too_late = not isinstance(keep, Forever) and keep < cold_after_days + distance
    return facts.message("lifecycle_cold_distance") if too_early or too_late else None


def _in_range(keep: RetentionDays, *, continuous: bool) -> bool:
    kind = "continuous_retention_days" if continuous else "retention_days"
    if isinstance(keep, Forever):
        return not continuous
    return bool(facts.limit(f"{kind}_min").value <= keep <= facts.limit(f"{kind}_max").value)


def delete_at(created_at: datetime, keep: RetentionDays) -> datetime | None:
    """Return when a recovery point is due for deletion, or None for one that is kept for ever.

    Retention counts from the creation date (the start of the job; for a copy, the creation date of its source), to the
    millisecond. AWS deletes within 8 hours afterwards.

    Example:
        >>> from datetime import UTC
        >>> delete_at(datetime(2020, 7, 15, 21, 38, 31, 152000, tzinfo=UTC), 100).isoformat()
        '2020-10-23T21:38:31.152000+00:00'
    """
    return None if isinstance(keep, Forever) else created_at + timedelta(days=keep)


def cold_at(created_at: datetime, cold_after_days: int | None, resource_type: ResourceType) -> datetime | None:
    """Return when a recovery point is due for cold storage; None without, also for a type that has no cold storage.

    Example:
        >>> from datetime import UTC
        >>> cold_at(datetime(2027, 1, 1, tzinfo=UTC), 30, ResourceType.RDS) is None
        True
    """
    if cold_after_days is None or not facts.capabilities(resource_type).cold_storage:
        return None
    return created_at + timedelta(days=cold_after_days)


def copy_retention(source_keep: RetentionDays, requested: RetentionDays | None) -> RetentionDays:
    """Return what a copy really keeps: without a retention of its own, or with "never", it inherits that of its source.

    Example:
        >>> from strongroom.domain.names import FOREVER
        >>> copy_retention(30, 2557), copy_retention(30, None), copy_retention(30, FOREVER)
        (2557, 30, 30)
    """
    if requested is None or isinstance(requested, Forever) or requested == facts.limit("retention_days_never").value:
        return source_keep
    return requested


def outside_lock(keep: RetentionDays, min_days: int | None, max_days: int | None) -> bool:
    """Return whether a vault lock makes a job with this retention fail; for ever breaks any maximum.

    Example:
        >>> from strongroom.domain.names import FOREVER
        >>> outside_lock(30, 7, 365), outside_lock(6, 7, 365), outside_lock(FOREVER, 7, 365), outside_lock(FOREVER, 7, None)
        (False, True, True, False)
    """
    if isinstance(keep, Forever):
        return max_days is not None
    return (min_days is not None and keep < min_days) or (max_days is not None and keep > max_days)
