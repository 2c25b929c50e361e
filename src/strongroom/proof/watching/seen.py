"""What watches in a snapshot: alarms, rules with their targets, and what they send to."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from strongroom import ledger

ENABLED = "ENABLED"
DEFAULT_BUS = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm:
    """A CloudWatch alarm."""

    account: str
    region: str
    name: str
    arn: str
    namespace: str
    metric: str
    dimensions: Mapping[str, str]
    comparison: str
    threshold: float
    period_seconds: int
    periods: int
    treat_missing: str
    enabled: bool
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """Where a rule sends its events."""

    arn: str
    role_arn: str | None
    dead_letter_arn: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """An EventBridge rule."""

    account: str
    region: str
    bus: str
    name: str
    arn: str
    pattern: Any  # None: no JSON
    enabled: bool
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Topic:
    """An SNS topic with those who have subscribed."""

    arn: str
    account: str
    region: str
    fifo: bool
    looked_at: bool
    key_arn: str | None
    policy: str | None
    subscriptions: tuple["Subscription", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """Who gets what a topic takes."""

    protocol: str
    endpoint: str
    confirmed: bool
    filtered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """An SQS queue that something sends to."""

    arn: str
    exists: bool
    key_arn: str | None
    policy: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Everything that watches."""

    alarms: Mapping[tuple[str, str], tuple[Alarm, ...]]  # by account and Region
    rules: Mapping[tuple[str, str, str], tuple[Rule, ...]]  # by account, Region and bus
    topics: Mapping[str, Topic]  # by ARN
    buses: Mapping[str, str | None]  # by ARN: policy
    queues: Mapping[str, Queue]  # by ARN
    notifications: tuple[tuple[str, str, str, str], ...]  # account, Region, vault, ARN of the topic


def see(snapshot: ledger.Snapshot) -> Seen:
    """Return what watches in a snapshot."""
    alarms: dict[tuple[str, str], list[Alarm]] = {}
    for alarm in _alarms(snapshot):
        alarms.setdefault((alarm.account, alarm.region), []).append(alarm)
    rules: dict[tuple[str, str, str], list[Rule]] = {}
    for rule in _rules(snapshot):
        rules.setdefault((rule.account, rule.region, rule.bus), []).append(rule)
    return Seen(
        alarms={place: tuple(found) for place, found in alarms.items()},
        rules={place: tuple(found) for place, found in rules.items()},
        topics={topic.arn: topic for topic in _topics(snapshot)},
        buses=dict(_columns(snapshot, "event_buses", "arn", "policy")),
        queues={
            arn: Queue(arn=arn, exists=exists, key_arn=key, policy=policy)
            for arn, exists, key, policy in _columns(snapshot, "queues", "arn", "exists", "key_arn", "policy")
        },
        notifications=tuple(_columns(snapshot, "vault_notifications", "account_id", "region", "vault_name", "topic_arn")),
    )


def _alarms(snapshot: ledger.Snapshot) -> Iterator[Alarm]:
    columns = ("account_id", "region", "name", "arn", "namespace", "metric", "dimensions", "comparison", "threshold")
    more = ("period_seconds", "periods", "treat_missing", "actions_enabled", "actions")
    for row in _columns(snapshot, "alarms", *columns, *more):
        account, region, name, arn, namespace, metric, dimensions, comparison, threshold, period, periods, missing, enabled, actions = row
        yield Alarm(
            account=account,
            region=region,
            name=name,
            arn=arn,
            namespace=namespace or "",
            metric=metric or "",
            dimensions=MappingProxyType(dict(dimensions)),
            comparison=comparison or "",
            threshold=float(threshold or 0),
            period_seconds=period or 0,
            periods=periods or 0,
            treat_missing=missing,
            enabled=enabled,
            actions=tuple(actions),
        )


def _rules(snapshot: ledger.Snapshot) -> Iterator[Rule]:
    targets: dict[tuple[str, str, str, str], list[Target]] = {}
    for *rule, arn, role, dead in _columns(
        snapshot, "event_targets", "account_id", "region", "bus", "rule", "arn", "role_arn", "dead_letter_arn"
    ):
        account, region, bus, name = rule
        targets.setdefault((account, region, bus, name), []).append(Target(arn=arn, role_arn=role, dead_letter_arn=dead))
    columns = ("account_id", "region", "bus", "name", "arn", "pattern", "state")
    for account, region, bus, name, arn, pattern, state in _columns(snapshot, "event_rules", *columns):
        yield Rule(
            account=account,
            region=region,
            bus=bus,
            name=name,
            arn=arn,
            pattern=_parsed(pattern),
            enabled=state.startswith(ENABLED),
            targets=tuple(targets.get((account, region, bus, name), ())),
        )


@lru_cache(maxsize=1024)
def _parsed(pattern: str) -> Any:
    """Return a pattern; most of an organization's rules repeat in every account."""
    try:
        return json.loads(pattern)
    except ValueError:
        return None


def _topics(snapshot: ledger.Snapshot) -> Iterator[Topic]:
    subscriptions: dict[str, list[Subscription]] = {}
    for arn, protocol, endpoint, state, filtered in _columns(
        snapshot, "subscriptions", "topic_arn", "protocol", "endpoint", "state", "filter_policy"
    ):
        found = Subscription(protocol=protocol, endpoint=endpoint, confirmed=state == "CONFIRMED", filtered=filtered is not None)
        subscriptions.setdefault(arn, []).append(found)
    columns = ("arn", "account_id", "region", "fifo", "looked_at", "key_arn", "policy")
    for arn, account, region, fifo, looked_at, key, policy in _columns(snapshot, "topics", *columns):
        yield Topic(
            arn=arn,
            account=account,
            region=region,
            fifo=fifo,
            looked_at=looked_at,
            key_arn=key,
            policy=policy,
            subscriptions=tuple(subscriptions.get(arn, ())),
        )


def _columns(snapshot: ledger.Snapshot, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    table = snapshot.table(name)
    return zip(*(table.column(column).to_pylist() for column in columns), strict=True)
