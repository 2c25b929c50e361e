"""EventBridge as moto has it, with our way from rules to targets, and buses of other accounts.

Source: EventBridge API reference, PutEvents, PutPermission, TestEventPattern (read 2026-11).
"""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from strongroom import facts
from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.model import Actor
from strongroom.twin.watching import buses
from strongroom.twin.watching.instants import instant
from strongroom.twin.watching.room import Room

_TARGETS_MAX = facts.limit("event_rule_targets_max").value
_EVERYONE = {"AWS": "arn:aws:iam::*:root"}  # what moto makes of *


def install(room: Room) -> None:
    """Amend moto's EventBridge."""
    senders: list[str] = []  # the account whose event another account's bus takes now
    _send(room, senders)
    _put(room, senders)
    _permissions()
    _targets()
    _test_pattern()


def _send(room: Room, senders: list[str]) -> None:
    from moto.events.models import Rule

    send = Rule.send_to_targets

    def send_to_targets(rule: Any, original_event: Any, transform_input: bool = True) -> None:  # noqa: FBT001, FBT002 - moto's signature
        if any(_by_moto(target["Arn"]) for target in rule.targets):
            if rule.state != "DISABLED":
                send(rule, original_event, transform_input)
            return
        document = {name: value for name, value in original_event.items() if name != "ingestion-time"}
        document["time"] = _time(document["time"])
        if senders:
            document["account"] = senders[-1]
        journey = buses.Journey(document=document, account=rule.account_id, region=rule.region_name, bus=rule.event_bus_name)
        buses.through(room.world, room.instant(), rule, journey)

    Rule.send_to_targets = send_to_targets


def _by_moto(arn: str) -> bool:
    """Return whether a target is an archive or an API destination."""
    parts = arn.split(":", 5)
    return len(parts) == 6 and parts[2] == "events" and not parts[5].startswith("event-bus/")


def _time(given: Any) -> str:
    if isinstance(given, str):
        return given
    at = given if isinstance(given, datetime) else instant(int(float(given)))
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def _put(room: Room, senders: list[str]) -> None:
    from moto.events.models import EventsBackend, events_backends

    put = EventsBackend.put_events

    def put_events(backend: Any, events: list[dict[str, Any]]) -> Any:
        places = [_place(backend, each.get("EventBusName") or "") for each in events]
        own = (backend.account_id, backend.region_name)
        if len(events) > 10 or all(place == own for place in places):
            return put(backend, events)
        entries: list[Any] = []
        for event, place in zip(events, places, strict=True):
            if place == own:
                entries += put(backend, [event])
                continue
            _check(room, backend.account_id, event["EventBusName"])
            senders.append(backend.account_id)
            try:
                entries += put(events_backends[place[0]][place[1]], [event])
            finally:
                senders.pop()
        return entries

    EventsBackend.put_events = put_events


def _place(backend: Any, bus: str) -> tuple[str, str]:
    """Return account and Region of a bus that is named or has an ARN."""
    parts = bus.split(":", 5)
    return (parts[4], parts[3]) if len(parts) == 6 else (backend.account_id, backend.region_name)


def _check(room: Room, account: str, bus_arn: str) -> None:
    """Refuse events for another account's bus that doesn't let the caller's account in; raises moto's error."""
    from moto.core.exceptions import JsonRESTError

    parts = bus_arn.split(":", 5)
    organization = room.world.organization
    path = organization.path_of(account)
    actor = Actor(
        kind=PrincipalKind.ROOT,
        arn=f"arn:aws:iam::{account}:root",
        account=account,
        organization_id=organization.organization_id if path else None,
        organization_path=path or None,
    )
    if parts[4] != account and not buses.permits(actor, (parts[4], parts[3], parts[5].rpartition("/")[2])):
        words = f"User: {actor.arn} is not authorized to perform: events:PutEvents on resource: {bus_arn}"
        raise JsonRESTError("AccessDeniedException", words)


def _permissions() -> None:
    """A permission for everyone names *, as PutPermission documents it."""
    from moto.events.models import EventBus

    add_permission = EventBus.add_permission

    def permission(bus: Any, statement_id: str, action: str, principal: Mapping[str, str], condition: Any) -> None:
        add_permission(bus, statement_id, action, "*" if principal == _EVERYONE else principal, condition)

    EventBus.add_permission = permission


def _targets() -> None:
    """A rule has no more targets than its quota lets it have (EventBridge user guide, eb-quota)."""
    from moto.core.exceptions import JsonRESTError
    from moto.events.models import Rule

    put = Rule.put_targets

    def put_targets(rule: Any, targets: list[dict[str, Any]]) -> None:
        if len({each["Id"] for each in (*rule.targets, *targets)}) > _TARGETS_MAX:
            raise JsonRESTError("LimitExceededException", "The requested resource exceeds the maximum number allowed.")
        put(rule, targets)

    Rule.put_targets = put_targets


def _test_pattern() -> None:
    from moto.core.exceptions import JsonRESTError
    from moto.events.models import EventPattern
    from moto.events.responses import EventsHandler

    def test_event_pattern(self: Any) -> tuple[str, dict[str, Any]]:
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError:
            event = None
        needed = {"id", "account", "source", "time", "region", "resources", "detail-type"}
        if not isinstance(event, dict) or not needed <= event.keys():
            raise JsonRESTError("ValidationException", "Parameter Event is not valid.")
        matches = EventPattern.load(self._get_param("EventPattern")).matches_event(event)
        return json.dumps({"Result": matches}), self.response_headers

    EventsHandler.test_event_pattern = test_event_pattern
