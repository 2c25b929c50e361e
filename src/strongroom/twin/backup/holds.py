"""Legal holds: what exists when they are made stays until the last of them ends.

Making and ending a hold takes a while, in which it protects nothing. Source: AWS Backup developer guide, legalhold (read 2026-11).
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.domain.names import partition_of
from strongroom.semantics import holds as rules
from strongroom.semantics.jobs import LegalHoldState
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, invalid_state, limit_exceeded, not_found
from strongroom.twin.backup.expiry import held, is_cold, release
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.state import LegalHold, RecoveryPoint, Vault, World
from strongroom.twin.backup.wire import Call

_SETTLING = timedelta(minutes=1), timedelta(minutes=5)  # AWS names no time
_NEVER = datetime.max.replace(tzinfo=UTC)


def find(world: World, call: Call, hold_id: str) -> LegalHold:
    """Return a legal hold of the caller's account whose record is kept; raises ApiError when there is none."""
    hold = world.place(call.account, call.region).holds.get(hold_id)
    if hold is None:
        raise not_found(f"Legal hold {hold_id} does not exist.")
    return hold


def create_legal_hold(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateLegalHold: takes in what exists now and matches, never what comes later."""
    place, token = world.place(call.account, call.region), parameters.get("IdempotencyToken")
    known = place.holds.get(place.tokens.get(f"hold/{token}", ""))
    if token is not None and known is not None:
        return _shown(known) | _selected(known)
    document, tags = parameters.get("RecoveryPointSelection"), parameters.get("Tags") or {}
    selection = _parsed(document or {})
    problem = rules.problem(selection, description=parameters["Description"], tags=len(tags), now=call.at)
    if problem:
        raise invalid_parameter(problem)
    open_ones = sum(hold.state is not LegalHoldState.CANCELED for hold in place.holds.values())
    if open_ones >= facts.limit("legal_holds_max").value:
        raise limit_exceeded(f"The account has {open_ones} legal holds in {call.region}, the most that are allowed")
    luck = chance(world.seed, "legal hold", call.account, call.region, world.numbers)
    hold = LegalHold(
        serial=world.serial(),
        hold_id=luck.uuid,
        arn=f"arn:{partition_of(call.region)}:backup:{call.region}:{call.account}:legal-hold:{luck.uuid}",
        account=call.account,
        region=call.region,
        chance=luck,
        title=parameters["Title"],
        description=parameters["Description"],
        document=document,
        created_at=call.at,
        tags=dict(tags),
        points=tuple(_matching(place.vaults.values(), selection)),
    )
    place.holds[hold.hold_id] = hold
    for _, point in hold.points:
        point.holds += (hold,)
    if token is not None:
        place.tokens[f"hold/{token}"] = hold.hold_id
    world.clockwork.at(call.at + luck.between(*_SETTLING, 0), _activate, hold)
    return _shown(hold) | _selected(hold)


def _parsed(document: Mapping[str, Any]) -> rules.HoldSelection:
    dates = document.get("DateRange") or {}
    return rules.HoldSelection(
        vaults=tuple(document.get("VaultNames") or ()),
        resources=tuple(document.get("ResourceIdentifiers") or ()),
        since=dates.get("FromDate"),
        until=dates.get("ToDate"),
    )


def _matching(vaults: Iterable[Vault], selection: rules.HoldSelection) -> Iterable[tuple[Vault, RecoveryPoint]]:
    for vault in vaults:
        for point in vault.points.values():
            if rules.takes(
                selection,
                vault=vault.name,
                resource_arn=point.resource.arn,
                resource_type=point.resource.type.value,
                created_at=point.created_at,
                status=point.status,
                continuous=point.continuous,
            ):
                yield vault, point


def _activate(_world: World, at: datetime, hold: LegalHold) -> None:
    for _, point in hold.points:
        if not held(point) and not is_cold(point, at):
            point.warm_until = _NEVER
    hold.state = LegalHoldState.ACTIVE


def cancel_legal_hold(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CancelLegalHold: it stops to protect at once, and its record is kept for a while."""
    hold = find(world, call, parameters["LegalHoldId"])
    days = parameters.get("RetainRecordInDays", facts.limit("legal_hold_record_days_default").value)
    if not 0 <= days <= facts.limit("retention_days_max").value:
        raise invalid_parameter(f"RetainRecordInDays is {days}, 0 to {facts.limit('retention_days_max').value} allowed")
    refused = rules.cancel_refused(hold.state)
    if refused:
        raise invalid_state(f"Legal hold {hold.hold_id} cannot be cancelled: {refused}.")
    hold.state, hold.cancelled_at, hold.cancel_description = LegalHoldState.CANCELING, call.at, parameters["CancelDescription"]
    hold.record_until = call.at + timedelta(days=days)
    ended_at = call.at + hold.chance.between(*_SETTLING, 1)
    world.clockwork.at(ended_at, _end, hold)
    world.clockwork.at(max(hold.record_until, ended_at), _forget, hold)
    return {}


def _end(world: World, _at: datetime, hold: LegalHold) -> None:
    hold.state = LegalHoldState.CANCELED
    for vault, point in hold.points:
        point.holds = tuple(other for other in point.holds if other is not hold)
        if vault.points.get(point.arn) is point and not held(point):
            release(world, vault, point, chance(world.seed, "release", hold.hold_id, point.arn))


def _forget(world: World, _at: datetime, hold: LegalHold) -> None:
    world.place(hold.account, hold.region).holds.pop(hold.hold_id, None)


def _shown(hold: LegalHold) -> dict[str, Any]:
    """Return a hold as its listing shows it."""
    document = {
        "Title": hold.title,
        "Status": hold.state.value,
        "Description": hold.description,
        "LegalHoldId": hold.hold_id,
        "LegalHoldArn": hold.arn,
        "CreationDate": hold.created_at,
        "CancellationDate": hold.cancelled_at,
    }
    return {name: value for name, value in document.items() if value is not None}


def _selected(hold: LegalHold) -> dict[str, Any]:
    return {} if hold.document is None else {"RecoveryPointSelection": hold.document}


def described(hold: LegalHold) -> dict[str, Any]:
    """Return a hold as GetLegalHold shows it."""
    ended = {"CancelDescription": hold.cancel_description, "RetainRecordUntil": hold.record_until}
    return _shown(hold) | _selected(hold) | {name: value for name, value in ended.items() if value is not None}


def get_legal_hold(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetLegalHold."""
    return described(find(world, call, parameters["LegalHoldId"]))


def list_legal_holds(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListLegalHolds: active and previous ones."""
    return page("LegalHolds", world.place(call.account, call.region).holds.values(), _shown, parameters)


def list_points(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRecoveryPointsByLegalHold: those it took in that are still there; an unknown hold has none, the model names no error."""
    hold = world.place(call.account, call.region).holds.get(parameters["LegalHoldId"])
    taken = () if hold is None else hold.points
    homes = {id(point): vault for vault, point in taken if vault.points.get(point.arn) is point}

    def shown(point: RecoveryPoint) -> dict[str, Any]:
        return {
            "RecoveryPointArn": point.arn,
            "ResourceArn": point.resource.arn,
            "ResourceType": point.resource.type.value,
            "BackupVaultName": homes[id(point)].name,
        }

    there = sorted((point for _, point in taken if id(point) in homes), key=lambda point: point.serial)
    return page("RecoveryPoints", there, shown, parameters)
