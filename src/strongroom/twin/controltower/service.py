"""Control Tower of a twin: dispatches operations, and hears of accounts that move."""

from collections.abc import Callable, Mapping
from datetime import datetime
from threading import RLock
from typing import Any

from strongroom.twin.controltower import baselines, landingzone, wire
from strongroom.twin.controltower.equipment import Tower
from strongroom.twin.controltower.state import State
from strongroom.twin.controltower.wire import Call
from strongroom.twin.organizations import Organizations
from strongroom.twin.ports import ApiError, BackupService, Request, Response

OPERATIONS: Mapping[str, Callable[[Tower, Call], dict[str, Any]]] = {
    "CreateLandingZone": landingzone.create_landing_zone,
    "UpdateLandingZone": landingzone.update_landing_zone,
    "GetLandingZone": landingzone.get_landing_zone,
    "ListLandingZones": landingzone.list_landing_zones,
    "GetLandingZoneOperation": landingzone.get_landing_zone_operation,
    "ListBaselines": baselines.list_baselines,
    "GetBaseline": baselines.get_baseline,
    "EnableBaseline": baselines.enable_baseline,
    "UpdateEnabledBaseline": baselines.update_enabled_baseline,
    "ResetEnabledBaseline": baselines.reset_enabled_baseline,
    "DisableBaseline": baselines.disable_baseline,
    "GetEnabledBaseline": baselines.get_enabled_baseline,
    "ListEnabledBaselines": baselines.list_enabled_baselines,
    "GetBaselineOperation": baselines.get_baseline_operation,
}


class ControlTower:
    """Control Tower of the one organization; only its management account may call it."""

    def __init__(self, organization: Organizations, backup: BackupService, now: Callable[[], datetime]) -> None:
        self._now = now
        self._lock = RLock()
        self.tower = Tower(state=State(), organization=organization, backup=backup)

    def handle(self, request: Request, operation: str) -> Response:
        """Answer a wire call; raises ApiError."""
        action = OPERATIONS.get(operation)
        if action is None:
            raise ApiError("NotImplemented", f"not implemented: the twin's Control Tower has no {operation}", status=501)
        parameters = wire.parameters_of(operation, request)
        organization = self.tower.organization
        if request.account != organization.management_account:
            raise ApiError("AccessDeniedException", "AWS Control Tower is called by the management account only", status=403)
        with self._lock:
            call = Call(account=request.account, region=request.region, at=self._now(), parameters=parameters)
            return wire.answer(operation, action(self.tower, call))

    def moved(self, account: str, left: str, came: str) -> None:
        """An account joined, moved or left."""
        with self._lock:
            baselines.moved(self.tower, account, left, came)


def install(organization: Organizations, backup: BackupService, now: Callable[[], datetime]) -> ControlTower:
    """Set Control Tower up beside the organization, with no landing zone yet."""
    control_tower = ControlTower(organization, backup, now)
    organization.listen(control_tower.moved)
    return control_tower
