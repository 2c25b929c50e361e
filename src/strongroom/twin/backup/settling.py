"""Frameworks and report plans take some seconds to be made, changed or deleted; nothing else can be done with them meanwhile."""

from datetime import datetime, timedelta

from strongroom.twin.backup.audited import Framework, ReportPlan
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import conflict
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call

_SPAN = timedelta(seconds=2), timedelta(seconds=8)


def settled_at(world: World, call: Call, *parts: object) -> datetime:
    """Return when a change that begins now is done: at once for CloudFormation, which waits until it is."""
    at = call.at
    return at if call.internal else at + chance(world.seed, "settling", *parts, at.timestamp()).between(*_SPAN, 0)


def unsettle(world: World, call: Call, thing: Framework | ReportPlan, what: str) -> None:
    """Begin to change or delete something; raises ApiError while another change is going on."""
    if call.at < thing.settled_at:
        raise conflict(f"{thing.name} is being changed: {deployment(thing, call.at)}")
    thing.settling, thing.settled_at = what, settled_at(world, call, thing.arn)


def deployment(thing: Framework | ReportPlan, at: datetime) -> str:
    """Return the DeploymentStatus of something at an instant."""
    return f"{thing.settling}_IN_PROGRESS" if at < thing.settled_at else "COMPLETED"


def gone(thing: Framework | ReportPlan, at: datetime) -> bool:
    """Return whether something has been deleted."""
    return thing.settling == "DELETE" and at >= thing.settled_at
