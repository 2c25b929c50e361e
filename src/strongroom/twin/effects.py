"""What faults change in the twin, and how it is changed back: keys, accounts, AWS Backup's jobs."""

from typing import Any

from strongroom.twin.app import App
from strongroom.twin.backup.contents import Content
from strongroom.twin.backup.disturbances import Disturbance, Disturbances, Loss
from strongroom.twin.faults import Fault, FaultKind
from strongroom.twin.ports import ApiError

_KEY_STATES = {FaultKind.DISABLE_KEY: "Disabled", FaultKind.DELETE_KEY: "PendingDeletion"}
_CLOSING = {FaultKind.CLOSE_ACCOUNT: "CloseAccount", FaultKind.REMOVE_ACCOUNT: "RemoveAccountFromOrganization"}
_OF_JOBS = frozenset({FaultKind.SLOW_JOBS, FaultKind.HANG_JOBS, FaultKind.REGION_OUTAGE, FaultKind.DENY_ROLE, FaultKind.LOSE_EVENTS})


def install(app: App) -> None:
    """Let the faults of a twin change it."""
    app.faults.begin = lambda fault: _begin(app, fault)
    app.faults.end = lambda fault: _end(app, fault)


def _begin(app: App, fault: Fault) -> None:
    with app.lock:
        if fault.kind in _KEY_STATES:
            _set_state(fault.key, _KEY_STATES[fault.kind])
        elif fault.kind in _CLOSING:
            app.organization.call(app.organization.management_account, _CLOSING[fault.kind], {"AccountId": fault.account})
        elif fault.kind in _OF_JOBS:
            app.backup.disturb(_disturbances((*app.faults.installed(), fault)))
        elif fault.kind is FaultKind.CORRUPT_DATA:
            _corrupt(app, fault)


def _end(app: App, fault: Fault) -> None:
    """Take a fault back; an account that was closed or removed stays so, as at AWS."""
    with app.lock:
        if fault.kind in _KEY_STATES:
            _set_state(fault.key, "Enabled")
        elif fault.kind in _OF_JOBS:
            app.backup.disturb(_disturbances(app.faults.installed()))
        elif fault.kind is FaultKind.CORRUPT_DATA:
            for content in _contents(app, fault.arn):
                app.backup.world.contents.heal(content)


def _corrupt(app: App, fault: Fault) -> None:
    """Let recovery points rot; a hit is a thing that was changed."""
    app.passage.catch_up()
    found = _contents(app, fault.arn)
    if not found:
        raise ApiError("BadFault", f"there is no recovery point {fault.arn} with data, nor one of a resource of that ARN")
    fault.hits = sum(app.backup.world.contents.corrupt(content, fault.count, fault.seed) for content in found)
    if not fault.hits:
        raise ApiError("BadFault", f"nothing in {fault.arn} can be corrupted")


def _contents(app: App, arn: str) -> list[Content]:
    """Return the data of the recovery points of an ARN, or of the resource of that ARN."""
    every = (point for place in app.backup.world.places.values() for vault in place.vaults.values() for point in vault.points.values())
    return [point.content for point in every if point.content is not None and arn in {point.arn, point.resource.arn}]


def _set_state(arn: str, state: str) -> None:
    key = _key(arn)
    key.key_state, key.enabled = state, state == "Enabled"


def _key(arn: str) -> Any:
    from moto.kms.models import kms_backends

    parts = arn.split(":", 5)
    if len(parts) == 6 and parts[2] == "kms" and parts[5].startswith("key/"):
        keys = kms_backends[parts[4]][parts[3]].keys if parts[3] else {}
        key = keys.get(parts[5].removeprefix("key/"))
        if key is not None:
            return key
    raise ApiError("BadFault", f"there is no KMS key {arn}")


def _disturbances(faults: tuple[Fault, ...]) -> Disturbances:
    jobs = tuple(
        Disturbance(account=fault.account, region=fault.region, type=fault.type, factor=fault.factor, hangs=_hangs(fault))
        for fault in faults
        if fault.kind in {FaultKind.SLOW_JOBS, FaultKind.HANG_JOBS}
    )
    losses = tuple(
        Loss(account=fault.account, region=fault.region, rate=fault.rate) for fault in faults if fault.kind is FaultKind.LOSE_EVENTS
    )
    return Disturbances(
        losses=losses,
        jobs=jobs,
        regions=frozenset(fault.region for fault in faults if fault.kind is FaultKind.REGION_OUTAGE and fault.service in {"", "backup"}),
        roles=frozenset(fault.role for fault in faults if fault.kind is FaultKind.DENY_ROLE),
    )


def _hangs(fault: Fault) -> bool:
    return fault.kind is FaultKind.HANG_JOBS
