"""Continuous backups (point-in-time recovery): one recovery point a resource, and what the other rules get instead.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType

_LAG: Final = {
    ResourceType.RDS: "restorable_lag_minutes_rds",
    ResourceType.AURORA: "restorable_lag_minutes_rds",
    ResourceType.S3: "restorable_lag_minutes_s3",
}


class Gets(StrEnum):
    """What a rule gets for a resource."""

    CONTINUOUS = "continuous"
    SNAPSHOT = "snapshot"
    SNAPSHOT_WITH_ISSUES = "snapshot with issues"  # completed, with a message
    NOTHING = "nothing"  # the continuous recovery point is another rule's, in the same vault
    FAILS = "fails"


class Effect(StrEnum):
    """What a change of the retention of a continuous rule does."""

    IN_PLACE = "in place"  # the recovery point goes on with the new retention, after the next run
    NEW_POINT = "new point"  # the old one is STOPPED, a new one starts
    MAINTENANCE_WINDOW = "maintenance window"  # from or to no automated backups at all: waits for it, snapshots until then
    OPEN = "open"  # AWS's pages leave it unsaid


@dataclass(frozen=True, slots=True, kw_only=True)
class ContinuousRule:
    """A rule that reaches one resource, in the order in which AWS Backup processes them."""

    plan_arn: str
    rule: str
    vault: str
    continuous: bool
    keep_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Placement:
    """What a rule gets."""

    rule: ContinuousRule
    gets: Gets
    message: str = ""  # AWS's message
    open: str = ""  # what depends on something AWS doesn't say


def supported(resource_type: ResourceType, *, multi_az_cluster: bool = False, in_stack: bool = False) -> bool:
    """Return whether AWS Backup makes continuous backups of a resource; RDS Multi-AZ clusters and stack members get snapshots.

    Example:
        >>> supported(ResourceType.RDS), supported(ResourceType.RDS, multi_az_cluster=True), supported(ResourceType.DYNAMODB)
        (True, False, False)
    """
    return facts.capabilities(resource_type).point_in_time and not multi_az_cluster and not in_stack


def placements(resource_type: ResourceType, rules: Sequence[ContinuousRule], *, multi_az_cluster: bool = False) -> tuple[Placement, ...]:
    """Return what each rule gets for one resource, in the order given: that in which AWS Backup processes them.

    A type without support gets snapshots. In one vault the rule with the longest retention has the continuous recovery point.
    With several vaults the first rule processed has it; the others get snapshots with a message, or for S3 fail, and so do
    S3's periodic backups in another vault.

    Example:
        >>> rules = [ContinuousRule(plan_arn="arn:p", rule=vault, vault=vault, continuous=True, keep_days=35) for vault in "ab"]
        >>> [str(each.gets) for each in placements(ResourceType.RDS, rules)]
        ['continuous', 'snapshot with issues']
    """
    if not supported(resource_type, multi_az_cluster=multi_az_cluster):
        return tuple(Placement(rule=rule, gets=Gets.SNAPSHOT) for rule in rules)
    first = next((rule for rule in rules if rule.continuous), None)
    if first is None:
        return tuple(Placement(rule=rule, gets=Gets.SNAPSHOT) for rule in rules)
    rivals = [rule for rule in rules if rule.continuous and rule.vault == first.vault]
    holder = max(rivals, key=lambda rule: rule.keep_days)
    unsaid = "which rule is processed first isn't documented" if _several_vaults(rules) else ""
    return tuple(_placement(resource_type, rule, holder, unsaid) for rule in rules)


def retention_change(resource_type: ResourceType, before_days: int, after_days: int) -> Effect:
    """Return what a change of a continuous rule's retention does; 0 means no automated backups.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/point-in-time-recovery.html (RDS: since 26 February 2026)

    Example:
        >>> str(retention_change(ResourceType.S3, 7, 35)), str(retention_change(ResourceType.RDS, 0, 35))
        ('new point', 'maintenance window')
    """
    if resource_type is ResourceType.S3:
        return Effect.NEW_POINT
    if resource_type is ResourceType.RDS:
        return Effect.MAINTENANCE_WINDOW if 0 in {before_days, after_days} else Effect.IN_PLACE
    return Effect.IN_PLACE if resource_type is ResourceType.AURORA else Effect.OPEN


def lapses(keep_days: int, interval_minutes_max: int) -> bool:
    """Return whether a continuous recovery point becomes EXPIRED between two runs: its retention isn't longer than the gap.

    Example:
        >>> lapses(7, 7 * 1440), lapses(8, 7 * 1440)
        (True, False)
    """
    return keep_days * 1440 <= interval_minutes_max


def restorable_until(resource_type: ResourceType, now: datetime) -> datetime | None:
    """Return the last instant that can be restored to, typically; None for a type without a documented lag.

    Example:
        >>> from datetime import UTC
        >>> str(restorable_until(ResourceType.S3, datetime(2027, 1, 1, 12, tzinfo=UTC)))
        '2027-01-01 11:45:00+00:00'
    """
    name = _LAG.get(resource_type)
    return None if name is None else now - timedelta(minutes=facts.limit(name).value)


def restorable_from(started_at: datetime, keep_days: int | None, now: datetime) -> datetime:
    """Return the first instant that can be restored to: the log reaches back to the start, and no further than the retention.

    `keep_days`: None or less than 1 for a recovery point that is never deleted.

    Example:
        >>> from datetime import UTC
        >>> str(restorable_from(datetime(2027, 1, 1, tzinfo=UTC), 35, datetime(2027, 3, 1, tzinfo=UTC)))
        '2027-01-25 00:00:00+00:00'
    """
    return started_at if keep_days is None or keep_days < 1 else max(started_at, now - timedelta(days=keep_days))


def interrupted(*, versioning: bool, notifications: bool) -> str:
    """Return what stops the continuous backup of a bucket (STOPPED, CONTINUOUS_BACKUP_INTERRUPTED), empty if nothing.

    Once the cause is gone the next run starts a new recovery point; the stopped one isn't resumed.

    Example:
        >>> interrupted(versioning=True, notifications=False)
        'the bucket sends no notifications to EventBridge'
    """
    if not versioning:
        return "the bucket has no versioning"
    return "" if notifications else "the bucket sends no notifications to EventBridge"


def _placement(resource_type: ResourceType, rule: ContinuousRule, holder: ContinuousRule, unsaid: str) -> Placement:
    if rule is holder:
        return Placement(rule=rule, gets=Gets.CONTINUOUS, open=unsaid)
    if rule.vault == holder.vault:
        return Placement(rule=rule, gets=Gets.NOTHING if rule.continuous else Gets.SNAPSHOT)
    if resource_type is ResourceType.S3:
        return Placement(rule=rule, gets=Gets.FAILS, message=facts.message("s3_continuous_elsewhere"), open=unsaid)
    if not rule.continuous:
        return Placement(rule=rule, gets=Gets.SNAPSHOT)
    message = facts.message("backup_completed_with_pitr_elsewhere").format(arn=holder.plan_arn)
    return Placement(rule=rule, gets=Gets.SNAPSHOT_WITH_ISSUES, message=message, open=unsaid)


def _several_vaults(rules: Sequence[ContinuousRule]) -> bool:
    return len({rule.vault for rule in rules if rule.continuous}) > 1
