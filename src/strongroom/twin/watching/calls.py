"""Calls that change something, as EventBridge hears of them: through a trail of CloudTrail that logs there, and not without one.

Source: EventBridge user guide, eb-service-event-cloudtrail (read 2026-11).
"""

import json

from strongroom.twin.backup.state import World
from strongroom.twin.cloudtrail.events import of_call, shown
from strongroom.twin.cloudtrail.trail import Told
from strongroom.twin.watching import buses
from strongroom.twin.watching.letters import Event


def logged(world: World, account: str, region: str) -> bool:
    """Return whether a trail logs the calls of an account in a Region: its own, or one of the organization."""
    from moto.cloudtrail.models import cloudtrail_backends

    for owner, places in dict.items(cloudtrail_backends):
        for backend in dict.values(places):
            for trail in backend.trails.values():
                reaches = trail.region_name == region or trail.is_multi_region
                if trail.status.is_logging and reaches and (owner == account or (trail.is_org_trail and _governs(world, owner, account))):
                    return True
    return False


def _governs(world: World, owner: str, account: str) -> bool:
    """Return whether a trail of an organization reaches from the account that has it to another one."""
    organization = world.organization
    trusted = owner == organization.management_account or organization.is_delegated_administrator(owner, "cloudtrail.amazonaws.com")
    return trusted and account in organization.accounts()


def tell(world: World, told: Told) -> None:
    """Put a call on the default bus of the account and Region in which it was made."""
    if not buses.listens(world, told.account, told.region):
        return
    record = json.loads(shown(of_call(told))["CloudTrailEvent"])
    event = Event(
        event_id=told.id,
        account=told.account,
        region=told.region,
        at=told.at,
        source=f"aws.{told.service}",
        detail_type="AWS API Call via CloudTrail",
        resources=(),
        detail=record,
    )
    buses.emit(world, max(world.at, told.at), event)
