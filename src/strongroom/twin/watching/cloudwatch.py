"""CloudWatch as moto has it, with alarms that live, composite alarms, histories, and metrics of AWS's own.

Source: CloudWatch API reference, PutMetricAlarm, PutCompositeAlarm, DescribeAlarms, DescribeAlarmHistory, GetMetricData,
GetMetricStatistics, ListMetrics (read 2026-11).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from strongroom import facts
from strongroom.twin.watching import alarms, awaiting, composites, history, metrics, queries
from strongroom.twin.watching.book import Where
from strongroom.twin.watching.history import Change
from strongroom.twin.watching.instants import MINUTE, next_minute
from strongroom.twin.watching.room import Room

_UNCHECKED = "Unchecked: Initial alarm creation"
_TREATMENTS = {None, "breaching", "notBreaching", "ignore", "missing"}
_PAGE = 100
_HOUR = 60 * MINUTE
_ACTIONS_MAX = facts.limit("alarm_actions_max").value
_SECONDS_MAX, _SECONDS_MAX_OF_HOURS = facts.limit("alarm_seconds_max").value, facts.limit("alarm_seconds_max_of_hours").value


def install(room: Room) -> None:
    """Amend moto's CloudWatch."""
    _put_alarms(room)
    _set_state(room)
    _describe()
    _metrics(room)
    _listing(room)


def _where(backend: Any) -> Where:
    return backend.account_id, backend.region_name


def _put_alarms(room: Room) -> None:
    from moto.cloudwatch.models import CloudWatchBackend
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import EmptyResult

    put = CloudWatchBackend.put_metric_alarm

    def put_metric_alarm(backend: Any, **given: Any) -> Any:
        world, at, where = room.world, room.instant(), _where(backend)
        known = backend.alarms.get(given["name"])
        _check(backend, given)
        made = put(backend, **given)
        _begin(made, at)
        if known is not None:
            _go_on(made, known)
        history.note(made, at, "ConfigurationUpdate", f'Alarm "{made.name}" {"updated" if known else "created"}', {"version": "1.0"})
        world.facts.pop((awaiting.KEY, where), None)
        if made.rule is None:
            awaiting.plan(world, made, next_minute(at))
        else:
            _judge(room, made)
        return made

    def put_composite_alarm(self: Any) -> Any:
        self.put_metric_alarm()
        made = self.cloudwatch_backend.alarms[self._get_param("AlarmName")]
        made.actions_suppressor = self._get_param("ActionsSuppressor")
        made.actions_suppressor_wait_period = self._get_param("ActionsSuppressorWaitPeriod")
        made.actions_suppressor_extension_period = self._get_param("ActionsSuppressorExtensionPeriod")
        return EmptyResult()

    CloudWatchBackend.put_metric_alarm = put_metric_alarm
    CloudWatchResponse.put_composite_alarm = put_composite_alarm


def _begin(alarm: Any, at: datetime) -> None:
    """A new alarm has not enough data until it is looked at; moto begins with OK."""
    alarm.state_value, alarm.state_reason, alarm.state_reason_data = "INSUFFICIENT_DATA", _UNCHECKED, None
    alarm.state_updated_timestamp = alarm.state_transitioned_timestamp = alarm.configuration_updated_timestamp = at
    alarm.looks = set()


def _go_on(alarm: Any, known: Any) -> None:
    """An alarm that is put again keeps its state and its history."""
    for name in ("state_value", "state_reason", "state_reason_data", "state_updated_timestamp", "state_transitioned_timestamp", "history"):
        setattr(alarm, name, getattr(known, name))


def _judge(room: Room, alarm: Any) -> None:
    found = composites.judge(alarm)
    if found.state != alarm.state_value:
        alarms.move(room.world, room.instant(), alarm, found)


def _check(backend: Any, given: Mapping[str, Any]) -> None:
    """Refuse what CloudWatch would refuse; raises moto's ValidationError."""
    from moto.cloudwatch.exceptions import ValidationError

    problem = _problem(backend, given)
    if problem:
        raise ValidationError(problem)


def _problem(backend: Any, given: Mapping[str, Any]) -> str:
    for name in ("alarm_actions", "ok_actions", "insufficient_data_actions"):
        actions = given.get(name) or ()
        if len(actions) > _ACTIONS_MAX:
            return f"an alarm has at most {_ACTIONS_MAX} actions for a state: {len(actions)} were given"
        for action in actions:
            region = action.split(":")[3:4]
            if action.startswith("arn:") and region not in ([""], [backend.region_name]):
                return f"Invalid region {region[0] if region else ''} specified. Only {backend.region_name} is supported."
    if given.get("rule") is not None:
        return _rule_problem(backend, given["name"], given["rule"])
    if given.get("treat_missing_data") not in _TREATMENTS:
        return f"Value for TreatMissingData must be one of [breaching, notBreaching, ignore, missing]: {given['treat_missing_data']}"
    return _trigger_problem(given)


def _trigger_problem(given: Mapping[str, Any]) -> str:
    asked = [each.period or (each.metric_stat and each.metric_stat.period) for each in given.get("metric_data_queries") or ()]
    period = max((int(each) for each in [given.get("period"), *asked] if each), default=MINUTE)
    if period not in {10, 20, 30} and period % MINUTE:
        return f"Period must be 10, 20, 30 or a multiple of 60: {period}"
    periods, wanted = int(given.get("evaluation_periods") or 0), given.get("datapoints_to_alarm")
    if periods < 1:
        return "EvaluationPeriods must be 1 or more"
    longest = _SECONDS_MAX if period < _HOUR else _SECONDS_MAX_OF_HOURS
    if period * periods > longest:
        return f"Period multiplied by EvaluationPeriods must be at most {longest} seconds: {period * periods}"
    if wanted is not None and not 1 <= int(wanted) <= periods:
        return f"DatapointsToAlarm must be from 1 to EvaluationPeriods ({periods}): {wanted}"
    return ""


def _rule_problem(backend: Any, name: str, rule: str) -> str:
    try:
        composites.holds(rule, lambda _name: "OK")
    except composites.BadRule as problem:
        return str(problem)
    missing = sorted(each for each in composites.names(rule) if each not in backend.alarms and each != name)
    if missing:
        return f"Could not find alarms in AlarmRule: {', '.join(missing)}"
    if name in _reached(backend, rule):
        return f"AlarmRule of {name} depends on itself"
    return ""


def _reached(backend: Any, rule: str) -> set[str]:
    """Return the alarms that a rule depends on, through other composite alarms too."""
    found: set[str] = set()
    waiting = [*composites.names(rule)]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            child = backend.alarms.get(name)
            waiting += composites.names(child.rule) if child is not None and child.rule is not None else ()
    return found


def _set_state(room: Room) -> None:
    from moto.cloudwatch.models import CloudWatchBackend

    set_state = CloudWatchBackend.set_alarm_state

    def set_alarm_state(backend: Any, alarm_name: str, reason: str, reason_data: str, state_value: str) -> None:
        alarm = backend.alarms.get(alarm_name)
        before = None if alarm is None else {**vars(alarm), "history": list(alarm.history)}
        set_state(backend, alarm_name, reason, reason_data, state_value)  # refuses what is wrong
        if alarm is None or before is None:
            return
        vars(alarm).update(before)
        if alarm.state_value != state_value:
            alarms.move(room.world, room.instant(), alarm, Change(state=state_value, reason=reason, data=reason_data or ""))
        if alarm.rule is None:
            awaiting.plan(room.world, alarm, next_minute(room.instant()))

    CloudWatchBackend.set_alarm_state = set_alarm_state


def _describe() -> None:
    from moto.cloudwatch.exceptions import InvalidParameterValue
    from moto.cloudwatch.responses import CloudWatchResponse
    from moto.core.responses import ActionResult

    def describe_alarms(self: Any) -> Any:
        kinds = self._get_param("AlarmTypes") or ["MetricAlarm"]
        filters = {name: self._get_param(name) for name in ("AlarmNames", "AlarmNamePrefix", "StateValue", "ActionPrefix")}
        found = [each for each in self.cloudwatch_backend.alarms.values() if _kind(each) in kinds and _passes(each, filters)]
        page, token = _page(sorted(found, key=lambda each: each.name), self, "MaxRecords", InvalidParameterValue)
        result = {"MetricAlarms": [each for each in page if each.rule is None]}
        result["CompositeAlarms"] = [each for each in page if each.rule is not None]
        return ActionResult(result | ({"NextToken": token} if token else {}))

    def describe_alarm_history(self: Any) -> Any:
        names = self._get_param("AlarmName")
        wanted = {"kind": self._get_param("HistoryItemType"), "types": self._get_param("AlarmTypes") or ["MetricAlarm"]}
        since, until = self._get_param("StartDate"), self._get_param("EndDate")
        items = [
            (alarm, item)
            for alarm in self.cloudwatch_backend.alarms.values()
            if names in (None, alarm.name) and (names is not None or _kind(alarm) in wanted["types"])
            for item in alarm.history
            if wanted["kind"] in (None, item.kind)
            and (since is None or metrics.stamp(since) <= item.at.timestamp())
            and (until is None or item.at.timestamp() <= metrics.stamp(until))
        ]
        oldest_first = self._get_param("ScanBy") == "TimestampAscending"
        items.sort(key=lambda pair: pair[1].at, reverse=not oldest_first)
        page, token = _page(items, self, "MaxRecords", InvalidParameterValue)
        result: dict[str, Any] = {"AlarmHistoryItems": [history.rendered(alarm, item) for alarm, item in page]}
        return ActionResult(result | ({"NextToken": token} if token else {}))

    CloudWatchResponse.describe_alarms = describe_alarms
    CloudWatchResponse.describe_alarm_history = describe_alarm_history


def _kind(alarm: Any) -> str:
    return "MetricAlarm" if alarm.rule is None else "CompositeAlarm"


def _passes(alarm: Any, filters: Mapping[str, Any]) -> bool:
    actions = [*(alarm.alarm_actions or ()), *(alarm.ok_actions or ()), *(alarm.insufficient_data_actions or ())]
    return (
        (not filters["AlarmNames"] or alarm.name in filters["AlarmNames"])
        and alarm.name.startswith(filters["AlarmNamePrefix"] or "")
        and filters["StateValue"] in (None, alarm.state_value)
        and (not filters["ActionPrefix"] or any(each.startswith(filters["ActionPrefix"]) for each in actions))
    )


def _page(items: list[Any], response: Any, limit: str, refused: type[Exception]) -> tuple[list[Any], str]:
    """Return a page of items and the token of the next one, empty after the last; raises moto's refusal of a wrong token."""
    token, size = response._get_param("NextToken") or "0", int(response._get_param(limit) or _PAGE)
    if not token.isdigit():
        raise refused("Request parameter NextToken is invalid")
    begin = int(token)
    return items[begin : begin + size], str(begin + size) if begin + size < len(items) else ""


def _metrics(room: Room) -> None:
    from moto.cloudwatch.models import CloudWatchBackend

    put = CloudWatchBackend.put_metric_data

    def put_metric_data(backend: Any, namespace: str, metric_data: list[dict[str, Any]]) -> None:
        from moto.cloudwatch.exceptions import InvalidParameterValue

        if namespace.startswith("AWS/"):
            raise InvalidParameterValue("The value AWS/ for parameter Namespace is invalid.")
        put(backend, namespace, metric_data)
        at = next_minute(room.instant())
        for name in {each["MetricName"] for each in metric_data}:
            awaiting.stir(room.world, _where(backend), namespace, name, at)

    def get_metric_data(backend: Any, **given: Any) -> list[dict[str, Any]]:
        return queries.answer(room.world, _where(backend), room.instant(), **given)

    def get_metric_statistics(backend: Any, *given: Any, **named: Any) -> list[dict[str, Any]]:
        names = ("namespace", "metric_name", "start_time", "end_time", "period", "stats", "dimensions", "unit")
        asked = dict(zip(names, given, strict=False)) | named
        return queries.statistics(room.world, _where(backend), room.instant(), **asked)

    CloudWatchBackend.put_metric_data = put_metric_data
    CloudWatchBackend.get_metric_data = get_metric_data
    CloudWatchBackend.get_metric_statistics = get_metric_statistics


def _listing(room: Room) -> None:
    from moto.cloudwatch.models import CloudWatchBackend

    filtered: Callable[..., list[Any]] = CloudWatchBackend.get_filtered_metrics

    def get_filtered_metrics(backend: Any, metric_name: str, namespace: str, dimensions: list[dict[str, str]] | None) -> list[Any]:
        wanted = [(each["Name"], each.get("Value")) for each in dimensions or ()]
        own = [
            {"Namespace": series[0], "MetricName": series[1], "Dimensions": [{"Name": n, "Value": v} for n, v in series[2]]}
            for series in metrics.listed(room.world, _where(backend))
            if namespace in (None, series[0])
            and metric_name in (None, series[1])
            and all(any(n == name and value in (None, v) for n, v in series[2]) for name, value in wanted)
        ]
        return [*own, *filtered(backend, metric_name, namespace, dimensions or [])]

    CloudWatchBackend.get_filtered_metrics = get_filtered_metrics
