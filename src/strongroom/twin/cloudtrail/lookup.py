"""LookupEvents: the event history of an account in a Region, the newest first.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_LookupEvents.html
"""

import base64
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from strongroom.twin.backup.state import World
from strongroom.twin.cloudtrail.events import Event, of_call, resources, shown
from strongroom.twin.cloudtrail.serviceevents import service_events
from strongroom.twin.cloudtrail.trail import Trail
from strongroom.twin.ports import ApiError

_KEPT = timedelta(days=90)
_PAGE_MAX = 50
_ATTRIBUTES: Mapping[str, Callable[[Event, str], bool]] = {
    "AccessKeyId": lambda event, value: event.access_key == value,
    "EventId": lambda event, value: event.id == value,
    "EventName": lambda event, value: event.name == value,
    "EventSource": lambda event, value: event.source == value,
    "ReadOnly": lambda event, value: ("true" if event.read_only else "false") == value,
    "ResourceName": lambda event, value: any(name == value for _, name in resources(event)),
    "ResourceType": lambda event, value: any(kind == value for kind, _ in resources(event)),
    "Username": lambda event, value: event.username == value,
}


def lookup_events(trail: Trail, world: World, *, account: str, region: str, now: datetime, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """Return a page of events; raises ApiError for attributes, times, sizes and tokens that CloudTrail refuses."""
    since, until = _range(parameters, now)
    matches = _matcher(parameters.get("LookupAttributes") or [])
    size = parameters.get("MaxResults") or _PAGE_MAX
    if not isinstance(size, int) or not 1 <= size <= _PAGE_MAX:
        raise ApiError("InvalidMaxResultsException", f"MaxResults must be between 1 and {_PAGE_MAX}, not {size}.")
    if parameters.get("EventCategory"):  # insights need a trail that looks for them
        return {"Events": []}
    calls = (of_call(told) for told in trail.of(account, region))
    found = [each for each in (*calls, *service_events(world, account, region)) if since <= each.at <= until and matches(each)]
    found.sort(key=lambda each: each.at, reverse=True)  # stable: calls of one instant stay in their order
    start = _offset(parameters.get("NextToken"), found)
    answer: dict[str, Any] = {"Events": [shown(each) for each in found[start : start + size]]}
    if start + size < len(found):
        answer["NextToken"] = base64.b64encode(f"after {found[start + size - 1].id}".encode()).decode()
    return answer


def _range(parameters: Mapping[str, Any], now: datetime) -> tuple[datetime, datetime]:
    since, until = _instant(parameters.get("StartTime")), _instant(parameters.get("EndTime"))
    if since is not None and until is not None and since > until:
        raise ApiError("InvalidTimeRangeException", "StartTime is later than EndTime.")
    return max(since or now - _KEPT, now - _KEPT), until or now


def _instant(value: Any) -> datetime | None:
    if value is None:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (TypeError, ValueError, OverflowError, OSError):
        raise ApiError("InvalidTimeRangeException", f"{value!r} is not an instant.") from None


def _matcher(attributes: Any) -> Callable[[Event], bool]:
    if not isinstance(attributes, list) or len(attributes) > 1:
        raise ApiError("InvalidLookupAttributesException", "One lookup attribute can be given, no more.")
    if not attributes:
        return lambda _event: True
    key, value = attributes[0].get("AttributeKey"), attributes[0].get("AttributeValue")
    if key not in _ATTRIBUTES or not isinstance(value, str) or not value:
        raise ApiError("InvalidLookupAttributesException", f"{key!r} with the value {value!r} is no lookup attribute.")
    return lambda event: _ATTRIBUTES[key](event, value)


def _offset(token: Any, found: list[Event]) -> int:
    """Return where a page begins: after the last event of the one before, however many came since."""
    if not token:
        return 0
    try:
        last = base64.b64decode(str(token), validate=True).decode().removeprefix("after ")
    except ValueError:  # no base64, or no text in it
        last = ""
    place = next((number for number, each in enumerate(found) if each.id == last), None)
    if place is None:
        raise ApiError("InvalidNextTokenException", "The token is not one of an earlier answer to the same request.")
    return place + 1
