"""What an alarm does when its state changes: its history, an event on the default bus, messages to topics.

Source: CloudWatch user guide, cloudwatch-and-eventbridge, Notify_Users_Alarm_Changes; AWS re:Post, cloudwatch-receive-sns-for-alarm-trigger
(read 2026-11).
"""

import functools
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from strongroom import facts
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.watching import buses, history, topics
from strongroom.twin.watching.composites import place_of
from strongroom.twin.watching.history import Change
from strongroom.twin.watching.letters import CLOUDWATCH, Event, Message, Sender

_REFUSALS = {topics.Fate.NOT_ALLOWED: "alarm_action_not_allowed", topics.Fate.KEY_CLOSED: "alarm_action_key_closed"}
_STATES = {"OK": "ok_actions", "ALARM": "alarm_actions", "INSUFFICIENT_DATA": "insufficient_data_actions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An alarm's way from one state to another."""

    at: datetime
    old: Change
    old_at: datetime
    new: Change


def carry_out(world: World, at: datetime, alarm: Any, change: Change) -> None:
    """Change the state of an alarm, and do what it says for that."""
    old = Change(state=alarm.state_value, reason=alarm.state_reason, data=alarm.state_reason_data or "")
    step = Step(at=at, old=old, old_at=alarm.state_updated_timestamp, new=change)
    summary = f"Alarm updated from {old.state} to {change.state}"
    history.note(alarm, at, "StateUpdate", summary, history.state_update(alarm, change))
    alarm.state_value, alarm.state_reason, alarm.state_reason_data = change.state, change.reason, change.data or None
    alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = at
    _emit(world, alarm, step)
    if alarm.actions_enabled and not _suppressed(alarm):
        for action in list(getattr(alarm, _STATES[change.state]) or ()):
            _act(world, alarm, step, action)


def _suppressed(alarm: Any) -> bool:
    """Return whether the alarm that suppresses a composite one rings; the twin waits neither before nor after it."""
    arn = getattr(alarm, "actions_suppressor", None)
    backend = backend_of("cloudwatch", *place_of(alarm))
    found = backend.alarms.get(arn.partition(":alarm:")[2] or arn) if arn and backend is not None else None
    return found is not None and found.state_value == "ALARM"


def _act(world: World, alarm: Any, step: Step, action: str) -> None:
    at, (account, region) = step.at, place_of(alarm)
    if action.split(":")[2:3] != ["sns"]:
        return
    message = Message(
        topic_arn=action,
        sender=Sender(service=CLOUDWATCH, account=account, arn=alarm.alarm_arn),
        subject=f'{step.new.state}: "{alarm.name}" in {region_name(region)}',
        text=json.dumps(_text(alarm, step)),
        attributes={},
    )
    fate = topics.publish(world, at, message)
    data = {"actionState": "Succeeded", "stateUpdateTimestamp": int(at.timestamp() * 1000), "notificationResource": action}
    if fate is topics.Fate.SENT:
        history.note(alarm, at, "Action", facts.message("alarm_action_done").format(action=action), data)
        return
    error = facts.message(_REFUSALS.get(fate, "alarm_action_no_topic")).format(alarm=alarm.alarm_arn, topic=action)
    summary = facts.message("alarm_action_failed").format(action=action, error=error)
    history.note(alarm, at, "Action", summary, data | {"actionState": "Failed", "error": error})


@functools.cache
def region_name(region: str) -> str:
    """Return the name of a Region as messages have it: Europe (London)."""
    from botocore.loaders import Loader

    partitions = Loader().load_data("endpoints")["partitions"]
    return next((str(each["regions"][region]["description"]) for each in partitions if region in each["regions"]), region)


def _text(alarm: Any, step: Step) -> dict[str, Any]:
    account, region = place_of(alarm)
    document: dict[str, Any] = {
        "AlarmName": alarm.name,
        "AlarmDescription": alarm.description,
        "AWSAccountId": account,
        "AlarmConfigurationUpdatedTimestamp": _instant(alarm.configuration_updated_timestamp),
        "NewStateValue": step.new.state,
        "NewStateReason": step.new.reason,
        "StateChangeTime": _instant(step.at),
        "Region": region_name(region),
        "AlarmArn": alarm.alarm_arn,
        "OldStateValue": step.old.state,
        "OKActions": list(alarm.ok_actions or ()),
        "AlarmActions": list(alarm.alarm_actions or ()),
        "InsufficientDataActions": list(alarm.insufficient_data_actions or ()),
    }
    return document | ({"AlarmRule": alarm.rule} if alarm.rule is not None else {"Trigger": _trigger(alarm)})


def _trigger(alarm: Any) -> dict[str, Any]:
    found: dict[str, Any] = {
        "EvaluationPeriods": alarm.evaluation_periods,
        "DatapointsToAlarm": alarm.datapoints_to_alarm,
        "ComparisonOperator": alarm.comparison_operator,
        "Threshold": alarm.threshold,
        "TreatMissingData": alarm.treat_missing_data or "missing",
        "EvaluateLowSampleCountPercentile": alarm.evaluate_low_sample_count_percentile or "",
    }
    if alarm.metric_data_queries:
        return found | {"Metrics": [_query(each) for each in alarm.metric_data_queries]}
    return found | {
        "MetricName": alarm.metric_name,
        "Namespace": alarm.namespace,
        "StatisticType": "Statistic" if alarm.statistic else "ExtendedStatistic",
        "Statistic": (alarm.statistic or alarm.extended_statistic or "").upper(),
        "Unit": alarm.unit,
        "Dimensions": [{"value": each.value, "name": each.name} for each in alarm.dimensions],
        "Period": alarm.period,
    }


def _query(query: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"Id": query.id, "ReturnData": bool(query.return_data)}
    if query.expression:
        return document | {"Expression": query.expression}
    stat = query.metric_stat
    metric = {
        "Dimensions": [{"value": each.value, "name": each.name} for each in stat.metric.dimensions],
        "MetricName": stat.metric.metric_name,
        "Namespace": stat.metric.namespace,
    }
    return document | {"MetricStat": {"Metric": metric, "Period": stat.period, "Stat": stat.stat}}


def _emit(world: World, alarm: Any, step: Step) -> None:
    at, (account, region) = step.at, place_of(alarm)
    if not buses.listens(world, account, region):
        return
    detail = {
        "alarmName": alarm.name,
        "state": _state(step.new, at),
        "previousState": _state(step.old, step.old_at),
        "configuration": _configuration(alarm),
    }
    event = Event(
        event_id=chance(world.seed, "alarm", alarm.alarm_arn, step.new.state, at.timestamp()).uuid,
        account=account,
        region=region,
        at=at,
        source="aws.cloudwatch",
        detail_type="CloudWatch Alarm State Change",
        resources=(alarm.alarm_arn,),
        detail=detail,
    )
    buses.emit(world, at, event)


def _state(change: Change, at: datetime) -> dict[str, str]:
    found = {"value": change.state, "reason": change.reason, "timestamp": _instant(at)}
    return found | ({"reasonData": change.data} if change.data else {})


def _configuration(alarm: Any) -> dict[str, Any]:
    described = {"description": alarm.description} if alarm.description else {}
    if alarm.rule is not None:
        return {"alarmRule": alarm.rule, **described}
    if alarm.metric_data_queries:
        return {"metrics": [_asked(each) for each in alarm.metric_data_queries], **described}
    dimensions = {each.name: each.value for each in alarm.dimensions}
    metric = {"namespace": alarm.namespace, "name": alarm.metric_name, "dimensions": dimensions}
    stat = {"metric": metric, "period": alarm.period, "stat": alarm.statistic or alarm.extended_statistic}
    return {"metrics": [{"id": "m1", "metricStat": stat, "returnData": True}], **described}


def _asked(query: Any) -> dict[str, Any]:
    document: dict[str, Any] = {"id": query.id, "returnData": bool(query.return_data)}
    if query.expression:
        return document | {"expression": query.expression}
    stat = query.metric_stat
    dimensions = {each.name: each.value for each in stat.metric.dimensions}
    metric = {"namespace": stat.metric.namespace, "name": stat.metric.metric_name, "dimensions": dimensions}
    return document | {"metricStat": {"metric": metric, "period": stat.period, "stat": stat.stat}}


def _instant(at: datetime) -> str:
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return f"{aware:%Y-%m-%dT%H:%M:%S}.{aware.microsecond // 1000:03d}+0000"
