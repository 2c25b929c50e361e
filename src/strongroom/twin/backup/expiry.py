"""The end of recovery points: calculated when they are made, carried out within eight hours after it."""

from datetime import datetime, timedelta

from strongroom import facts
from strongroom.semantics import holds
from strongroom.semantics import lifecycle as lifecycle_rules
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.twin.backup import notices
from strongroom.twin.backup.chance import Chance, chance
from strongroom.twin.backup.permissions import expiry_refused
from strongroom.twin.backup.plandocument import meant
from strongroom.twin.backup.state import Lifecycle, RecoveryPoint, Vault, World
from strongroom.twin.backup.surroundings import role_problem

DELETION_WINDOW = timedelta(hours=facts.limit("deletion_hours_max").value)
_AFTER_MEMBERS = timedelta(minutes=1)
RELEASE_WINDOW = timedelta(hours=facts.limit("legal_hold_release_hours_max").value)


def add_point(world: World, vault: Vault, point: RecoveryPoint) -> None:
    """Put a recovery point into a vault and plan its end."""
    vault.points[point.arn] = point
    world.count("recovery_points")
    notices.of_point(world, world.at, vault, point, point.status.value)
    plan_end(world, vault, point, point.created_at)
    _plan_cooling(world, vault, point)


def _plan_cooling(world: World, vault: Vault, point: RecoveryPoint) -> None:
    moved = cold_at(point)
    if moved is not None:
        world.clockwork.at(max(moved, world.at), _cool, (vault, point))


def _cool(world: World, at: datetime, subject: tuple[Vault, RecoveryPoint]) -> None:
    vault, point = subject
    if vault.points.get(point.arn) is point and is_cold(point, at):
        _archive(world, point)
        notices.of_cooling(world, at, vault, point)


def _archive(world: World, point: RecoveryPoint) -> None:
    if point.content is not None:
        world.contents.archive(point.content)


def plan_end(world: World, vault: Vault, point: RecoveryPoint, counted_from: datetime) -> None:
    """Set when a recovery point is to be deleted and when that will be tried: at random in (DeleteAt, DeleteAt + 8 h]."""
    if point.composite:
        _follow_members(world, vault, point)
        return
    _plan_end(world, vault, point, counted_from)
    if point.parent is not None:
        _follow_members(world, *point.parent)


def _follow_members(world: World, vault: Vault, point: RecoveryPoint) -> None:
    """A composite recovery point ends after the last one of its members."""
    there = [each for home, each in point.members if home.points.get(each.arn) is each]
    ends = [(each.delete_at, each.due_at) for each in there]
    known = [(delete_at, due_at) for delete_at, due_at in ends if delete_at is not None and due_at is not None]
    if len(known) < len(ends) or not known:
        point.delete_at = point.due_at = None
        return
    point.delete_at = max(delete_at for delete_at, _ in known)
    point.due_at = max(due_at for _, due_at in known) + _AFTER_MEMBERS
    world.clockwork.at(point.due_at, _end, (vault, point))


def _plan_end(world: World, vault: Vault, point: RecoveryPoint, counted_from: datetime) -> None:
    end = lifecycle_rules.delete_at(counted_from, meant(point.lifecycle).keep)
    if end is None:
        point.delete_at = point.due_at = None
        return
    point.delete_at = None if point.continuous else end
    luck = chance(world.seed, "deletion", vault.arn, point.arn)
    # an end in the past (a copy keeps the creation date of its source) is tried from now on
    point.due_at = max(end, world.at) + luck.between(timedelta(0), DELETION_WINDOW, 3)
    world.clockwork.at(point.due_at, _end, (vault, point))


def cold_at(point: RecoveryPoint) -> datetime | None:
    """Return when a recovery point moves to cold storage, or an EBS snapshot to the archive; None: never."""
    if point.lifecycle.cold_days is None:  # nearly always, and asked of each copy and each row of a listing
        return None
    lifecycle = meant(point.lifecycle)
    return lifecycle_rules.cold_at(point.created_at, lifecycle.cold_after_days, point.resource.type, archive=lifecycle.archive)


def is_cold(point: RecoveryPoint, at: datetime) -> bool:
    """Whether a recovery point has moved to cold storage."""
    moved = cold_at(point)
    return moved is not None and moved <= at and (point.warm_until is None or point.warm_until <= at)


def held(point: RecoveryPoint) -> bool:
    """Whether a legal hold keeps a recovery point now."""
    return bool(point.holds) and holds.protects(hold.state for hold in point.holds)


def release(world: World, vault: Vault, point: RecoveryPoint, luck: Chance) -> None:
    """Let go of a recovery point after its last legal hold: what is overdue goes within 24 hours."""
    point.warm_until = world.at
    if is_cold(point, world.at):
        _archive(world, point)
    if point.due_at is not None and point.due_at <= world.at:
        point.due_at = world.at + luck.between(timedelta(0), RELEASE_WINDOW, 3)
        world.clockwork.at(point.due_at, _end, (vault, point))


def _end(world: World, at: datetime, subject: tuple[Vault, RecoveryPoint]) -> None:
    vault, point = subject
    if point.due_at != at or vault.points.get(point.arn) is not point:  # it was changed, renewed or deleted since
        return
    if held(point):  # it stays until its last hold ends
        return
    if vault.account in world.closed:  # it goes with all others
        return
    if remove(world, vault, point):
        world.count("expired")


def remove(world: World, vault: Vault, point: RecoveryPoint) -> bool:
    """Try to delete a recovery point with its role; False: it stays, EXPIRED, and keeps costing."""
    problem = role_problem(world, point.role_arn) or expiry_refused(world, vault, point)
    if problem:
        point.status, point.message = RecoveryPointStatus.EXPIRED, problem
        point.due_at = None
        notices.of_point(world, world.at, vault, point, point.status.value)
        return False
    del vault.points[point.arn]
    if point.content is not None:
        world.contents.release(point.content)
    for _, member in point.members:  # what is left of a composite one goes on alone
        member.parent = None
    notices.of_point(world, world.at, vault, point, "DELETED")
    return True


def end_now(world: World, vault: Vault, point: RecoveryPoint, at: datetime) -> None:
    """Let a recovery point go at once, or as soon as its last legal hold ends."""
    point.due_at = at
    world.clockwork.at(at, _end, (vault, point))


def change_lifecycle(world: World, vault: Vault, point: RecoveryPoint, lifecycle: Lifecycle) -> None:
    """Replace the lifecycle of a recovery point; what is omitted becomes never."""
    point.lifecycle = lifecycle
    if not is_cold(point, world.at):
        _plan_cooling(world, vault, point)
    plan_end(world, vault, point, point.created_at)
