"""The end of recovery points: calculated when they are made, carried out within eight hours after it."""

from datetime import datetime, timedelta

from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.state import Lifecycle, RecoveryPoint, Vault, World
from strongroom.twin.backup.surroundings import role_problem

DELETION_WINDOW = timedelta(hours=8)


def add_point(world: World, vault: Vault, point: RecoveryPoint) -> None:
    """Put a recovery point into a vault and plan its end."""
    vault.points[point.arn] = point
    world.count("recovery_points")
    plan_end(world, vault, point, point.created_at)


def plan_end(world: World, vault: Vault, point: RecoveryPoint, counted_from: datetime) -> None:
    """Set when a recovery point is to be deleted and when that will be tried: at random in (DeleteAt, DeleteAt + 8 h]."""
    days = point.lifecycle.delete_days
    if days is None:
        point.delete_at = point.due_at = None
        return
    end = counted_from + timedelta(days=days)
    point.delete_at = None if point.continuous else end
    luck = chance(world.seed, "deletion", vault.arn, point.arn)
    # an end in the past (a copy keeps the creation date of its source) is tried from now on
    point.due_at = max(end, world.at) + luck.between(timedelta(0), DELETION_WINDOW, 3)
    world.clockwork.at(point.due_at, _end, (vault, point))


def _end(world: World, at: datetime, subject: tuple[Vault, RecoveryPoint]) -> None:
    vault, point = subject
    if point.due_at != at or vault.points.get(point.arn) is not point:  # it was changed, renewed or deleted since
        return
    if remove(world, vault, point):
        world.count("expired")


def remove(world: World, vault: Vault, point: RecoveryPoint) -> bool:
    """Try to delete a recovery point with its role; False: it stays, EXPIRED, and keeps costing."""
    problem = role_problem(world, point.role_arn)
    if problem:
        point.status, point.message = RecoveryPointStatus.EXPIRED, problem
        point.due_at = None
        return False
    del vault.points[point.arn]
    return True


def change_lifecycle(world: World, vault: Vault, point: RecoveryPoint, lifecycle: Lifecycle) -> None:
    """Replace the lifecycle of a recovery point; what is omitted becomes never."""
    point.lifecycle = lifecycle
    plan_end(world, vault, point, point.created_at)
