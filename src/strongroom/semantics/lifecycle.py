"""How long a recovery point lives: retention, cold storage, copies and locks.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_Lifecycle.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from strongroom import facts
from strongroom.domain.names import Forever, ResourceType, RetentionDays


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """What a rule, a copy action or a recovery point says about its end."""

    keep: RetentionDays
    cold_after_days: int | None = None
    archive: bool = False  # EBS only: snapshots may go to the archive


@dataclass(frozen=True, slots=True, kw_only=True)
class Ignored:
    """Something that was asked for and doesn't happen."""

    asked: str
    reason: str
    open: bool = False  # AWS's pages leave it unsaid, or contradict each other


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """What a recovery point of a type really keeps at a destination."""

    lifecycle: Lifecycle
    ignored: tuple[Ignored, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Updated:
    """What UpdateRecoveryPointLifecycle makes of a recovery point's lifecycle."""

    lifecycle: Lifecycle
    refused: str = ""  # why nothing changed


def is_forever(keep: RetentionDays) -> bool:
    """Return whether a retention has no end.

    Example:
        >>> is_forever(36500)
        False
    """
    return isinstance(keep, Forever)


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


def deleted_between(created_at: datetime, keep: RetentionDays) -> tuple[datetime, datetime] | None:
    """Return between which instants AWS deletes a recovery point, at random; None for one that is kept for ever.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/recovery-points.html

    Example:
        >>> from datetime import UTC
        >>> [str(at) for at in deleted_between(datetime(2027, 1, 1, tzinfo=UTC), 1)]
        ['2027-01-02 00:00:00+00:00', '2027-01-02 08:00:00+00:00']
    """
    due = delete_at(created_at, keep)
    return None if due is None else (due, due + timedelta(hours=facts.limit("deletion_hours_max").value))


def landed(
    resource_type: ResourceType, asked: Lifecycle, *, interval_minutes_max: int | None = None, advanced_dynamodb: bool = True
) -> Landed:
    """Return what really holds of a lifecycle for a type, and what of it is ignored.

    A type without cold storage stays warm in silence; EBS needs the opt-in to its archive and a rule of monthly or lower
    frequency (`interval_minutes_max` is the longest gap between two runs, None: not known).

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/plan-options-and-configuration.html

    Example:
        >>> landed(ResourceType.RDS, Lifecycle(keep=120, cold_after_days=30)).lifecycle.cold_after_days is None
        True
    """
    ignored = tuple(_ignored(resource_type, asked, interval_minutes_max, advanced_dynamodb=advanced_dynamodb))
    cold = asked.cold_after_days
    if any(one.asked == "cold storage" and not one.open for one in ignored):
        cold = None
    archive = asked.archive and resource_type is ResourceType.EBS
    return Landed(lifecycle=Lifecycle(keep=asked.keep, cold_after_days=cold, archive=archive), ignored=ignored)


def _ignored(resource_type: ResourceType, asked: Lifecycle, interval: int | None, *, advanced_dynamodb: bool) -> Iterator[Ignored]:
    if asked.archive and resource_type is not ResourceType.EBS:
        yield Ignored(asked="archive", reason=f"only EBS snapshots have an archive, {resource_type} has none")
    if asked.cold_after_days is None:
        return
    cold = facts.storage(resource_type).cold
    if cold == "none" or (resource_type is ResourceType.DYNAMODB and not advanced_dynamodb):
        yield Ignored(asked="cold storage", reason=f"{resource_type} has no cold storage: recovery points stay warm")
    elif cold == "disputed":
        yield Ignored(asked="cold storage", reason=f"AWS's pages contradict each other on cold storage of {resource_type}", open=True)
    elif cold == "archive":
        if not asked.archive:
            yield Ignored(asked="cold storage", reason="EBS snapshots go to the archive only with its opt-in")
        elif interval is not None and interval < facts.limit("archive_interval_days_min").value * 1440:
            reason = "the archive is for rules that run monthly or less often; whether the API enforces that isn't known"
            yield Ignored(asked="cold storage", reason=reason, open=True)


def at_destination(source: Lifecycle, requested: Lifecycle | None) -> Lifecycle:
    """Return the lifecycle of a copy: its own, or its source's where it has none; "never" inherits the source's end.

    Cold storage is inherited only with the whole lifecycle. Retention counts from the creation date of the source.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/recov-point-create-a-copy.html

    Example:
        >>> at_destination(Lifecycle(keep=120, cold_after_days=30), None)
        Lifecycle(keep=120, cold_after_days=30, archive=False)
    """
    if requested is None:
        return source
    keep = copy_retention(source.keep, requested.keep)
    return Lifecycle(keep=keep, cold_after_days=requested.cold_after_days, archive=requested.archive)


def updated(
    current: Lifecycle, asked: Lifecycle, *, age_days: int, cold: bool = False, continuous: bool = False, locked: bool = False
) -> Updated:
    """Return what UpdateRecoveryPointLifecycle makes of a recovery point: it replaces, so that what is left out becomes null.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateRecoveryPointLifecycle.html

    Example:
        >>> updated(Lifecycle(keep=30), Lifecycle(keep=365, cold_after_days=5), age_days=5).refused
        'MoveToColdStorageAfterDays is 5, 6 at least for a recovery point that is 5 days old'
    """
    refused = ""
    if locked:
        refused = "the vault is locked: no lifecycle in it can be changed, not even to keep longer"
    elif continuous:
        refused = "the lifecycle of a continuous recovery point is that of its rule"
    elif cold and asked.cold_after_days != current.cold_after_days:
        refused = "a recovery point in cold storage keeps its transition"
    elif not cold and asked.cold_after_days is not None and asked.cold_after_days <= age_days:
        bound = f"{age_days + 1} at least for a recovery point that is {age_days} days old"
        refused = f"MoveToColdStorageAfterDays is {asked.cold_after_days}, {bound}"
    else:
        refused = problem(asked.keep, asked.cold_after_days, continuous=False) or ""
    return Updated(lifecycle=current, refused=refused) if refused else Updated(lifecycle=asked)


def expiry_ends_in_expired(*, role_works: bool, snapshot_locked: bool, held: bool) -> str:
    """Return what stops the deletion of a recovery point that is due: it becomes EXPIRED and keeps costing; empty if nothing.

    A legal hold only postpones; the others leave a recovery point that has to be removed by hand.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/deleting-backups.html

    Example:
        >>> expiry_ends_in_expired(role_works=True, snapshot_locked=True, held=False)
        'an EBS snapshot lock holds the snapshot'
    """
    if held:
        return ""
    if not role_works:
        return "the role that deletes is gone or may not delete"
    return "an EBS snapshot lock holds the snapshot" if snapshot_locked else ""


def cold_at(created_at: datetime, cold_after_days: int | None, resource_type: ResourceType, *, archive: bool = True) -> datetime | None:
    """Return when a recovery point is due for cold storage; None without, also for a type that has no cold storage.

    `archive` is the opt-in that EBS needs.

    Example:
        >>> from datetime import UTC
        >>> cold_at(datetime(2027, 1, 1, tzinfo=UTC), 30, ResourceType.RDS) is None
        True
    """
    if cold_after_days is None or not facts.capabilities(resource_type).cold_storage:
        return None
    if resource_type is ResourceType.EBS and not archive:
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
