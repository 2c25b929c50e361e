"""Drift of a stack: what its resources are, against what its template says.

Source: CloudFormation user guide, "Detect unmanaged configuration changes"; API reference, DetectStackDrift (read 2026-11).
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, cast

from strongroom.twin.cloudformation.differences import Difference, differences, drifted
from strongroom.twin.cloudformation.handlers import Readable
from strongroom.twin.cloudformation.stack import Live, Stack

IN_SYNC, MODIFIED, DELETED, NOT_CHECKED = "IN_SYNC", "MODIFIED", "DELETED", "NOT_CHECKED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drift:
    """What was found of one resource."""

    status: str  # IN_SYNC, MODIFIED, DELETED, NOT_CHECKED
    checked_at: datetime
    actual: Mapping[str, Any]  # of the properties that the template sets
    differences: tuple[Difference, ...] = ()


def detect(stack: Stack, names: frozenset[str] = frozenset()) -> None:
    """Compare the resources of a stack, or those named, with its template, and keep what was found."""
    stack.drift_checked_at = datetime.now(tz=UTC)
    for logical_id, live in stack.live.items():
        if not names or logical_id in names:
            live.drift = compare(stack, logical_id, live)


def compare(stack: Stack, logical_id: str, live: Live) -> Drift:
    """Compare one resource; of a type that can't be read, say so."""
    now, handler = datetime.now(tz=UTC), stack.handlers[live.type]
    if not hasattr(handler, "read"):
        return Drift(status=NOT_CHECKED, checked_at=now, actual={})
    actual = cast("Readable", handler).read(stack.place(logical_id), live.made, live.properties)
    if actual is None:
        return Drift(status=DELETED, checked_at=now, actual={})
    named = {name: actual[name] for name in live.properties if actual.get(name) is not None}
    found = differences(live.properties, named)
    return Drift(status=MODIFIED if found else IN_SYNC, checked_at=now, actual=named, differences=found)


def status_of(stack: Stack) -> str:
    """StackDriftStatus, after what was found last."""
    found = {live.drift.status for live in stack.live.values() if live.drift is not None}
    if found & {MODIFIED, DELETED}:
        return "DRIFTED"
    return IN_SYNC if stack.drift_checked_at is not None else NOT_CHECKED


def drifted_count(stack: Stack) -> int:
    """How many resources were modified or deleted."""
    return sum(live.drift is not None and live.drift.status in {MODIFIED, DELETED} for live in stack.live.values())


def stack_information(stack: Stack) -> dict[str, Any]:
    """DriftInformation of a stack."""
    checked = {} if stack.drift_checked_at is None else {"LastCheckTimestamp": stack.drift_checked_at}
    return {"StackDriftStatus": status_of(stack), **checked}


def resource_information(live: Live) -> dict[str, Any]:
    """DriftInformation of a resource."""
    if live.drift is None or live.drift.status == NOT_CHECKED:
        return {"StackResourceDriftStatus": NOT_CHECKED}
    return {"StackResourceDriftStatus": live.drift.status, "LastCheckTimestamp": live.drift.checked_at}


def described(stack: Stack, wanted: Collection[str] = ()) -> list[dict[str, Any]]:
    """Resources that were checked as DescribeStackResourceDrifts shows them, all or those of some statuses."""
    checked = [(name, live, live.drift) for name, live in stack.live.items() if live.drift is not None and live.drift.status != NOT_CHECKED]
    return [_described(stack, name, live, drift) for name, live, drift in checked if not wanted or drift.status in wanted]


def _described(stack: Stack, logical_id: str, live: Live, drift: Drift) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "StackId": stack.id,
        "LogicalResourceId": logical_id,
        "PhysicalResourceId": live.physical_id,
        "ResourceType": live.type,
        "ExpectedProperties": _json(live.properties),
        "StackResourceDriftStatus": drift.status,
        "Timestamp": drift.checked_at,
        "PropertyDifferences": [_difference(each) for each in drift.differences],
    }
    return shown | ({"ActualProperties": _json(drift.actual)} if drift.status != DELETED else {})


def reverted(live: Live, drift: Drift) -> dict[str, Any]:
    """Properties that an update must think the resource has, so that it puts back those that drifted."""
    names = drifted(drift.differences)
    kept = {name: value for name, value in live.properties.items() if name not in names}
    return kept | {name: drift.actual[name] for name in names if name in drift.actual}


def _difference(found: Difference) -> dict[str, str]:
    return {
        "PropertyPath": found.path,
        "ExpectedValue": found.expected,
        "ActualValue": found.actual,
        "DifferenceType": found.kind,
    }


def _json(properties: Mapping[str, Any]) -> str:
    return json.dumps(properties, default=str)
