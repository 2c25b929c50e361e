"""What has become of alarms: states, actions and changes of their configuration, kept for 30 days.

Source: CloudWatch API reference, DescribeAlarmHistory (read 2026-11).
"""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts

_KEPT = timedelta(days=facts.limit("alarm_history_days").value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A state that an alarm comes to."""

    state: str
    reason: str
    data: str = ""  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """An item of a history."""

    at: datetime
    kind: str  # HistoryItemType
    summary: str
    data: str  # JSON


def note(alarm: Any, at: datetime, kind: str, summary: str, data: Any) -> None:
    """Write down what happened to an alarm."""
    alarm.history = [item for item in alarm.history if item.at > at - _KEPT]
    alarm.history.append(Item(at=at, kind=kind, summary=summary, data=json.dumps(data)))


def state_update(alarm: Any, change: Change) -> dict[str, Any]:
    """Return the data of a change of state."""
    return {
        "version": "1.0",
        "oldState": {"stateValue": alarm.state_value, "stateReason": alarm.state_reason},
        "newState": {"stateValue": change.state, "stateReason": change.reason, "stateReasonData": _loaded(change.data)},
    }


def _loaded(text: str) -> Any:
    return json.loads(text) if text else {}


def rendered(alarm: Any, item: Item) -> dict[str, Any]:
    """Return an item as CloudWatch shows it."""
    return {
        "AlarmName": alarm.name,
        "AlarmType": "MetricAlarm" if alarm.rule is None else "CompositeAlarm",
        "Timestamp": item.at,
        "HistoryItemType": item.kind,
        "HistorySummary": item.summary,
        "HistoryData": item.data,
    }
