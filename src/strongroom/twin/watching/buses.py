"""Events on their way: from a bus through the rules that match to queues, topics, logs and other buses, in moto's backends.

What a target doesn't let in goes to the dead-letter queue of the target, else it is lost; either is counted. Nothing is tried again:
a policy that refuses now would refuse all day.
Source: EventBridge user guide, eb-use-resource-based, eb-cross-account, eb-bus-to-bus, eb-rule-dlq, eb-monitoring; API reference,
PutPermission (read 2026-11).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import World
from strongroom.twin.entitlements import Entitlements
from strongroom.twin.watching import inputs, metrics, queues, topics
from strongroom.twin.watching.instants import at_instant
from strongroom.twin.watching.letters import EVENTS, Event, Message, Sender
from strongroom.twin.watching.queues import NO_PERMISSIONS, NO_RESOURCE

DEFAULT = "default"
_BUS = "event-bus/"
_DEAD = "dead letter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Journey:
    """An event and where it is."""

    document: Mapping[str, Any]  # as targets see it
    account: str
    region: str
    bus: str
    relayed: bool = False  # it came from another bus, and goes to no third one


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to a target of a rule."""

    rule: Any  # moto's
    target: Mapping[str, Any]  # as it was put
    journey: Journey


def listens(world: World, account: str, region: str) -> bool:
    """Return whether any rule waits for events there; asked once while the clock moves."""
    key = ("event rules", account, region)
    found: bool | None = world.facts.get(key)
    if found is None:
        found = world.facts[key] = bool(_rules(account, region, DEFAULT))
    return found


def _rules(account: str, region: str, bus: str) -> list[Any]:
    found = bus_of(account, region, bus)
    return [] if found is None else [rule for rule in list(found.rules.values()) if rule.state != "DISABLED"]


def bus_of(account: str, region: str, name: str) -> Any | None:
    """Return moto's event bus, None where there is none; a default bus that nobody has touched has neither rule nor policy."""
    backend = backend_of("events", account, region)
    return None if backend is None else backend.event_buses.get(name)


def emit(world: World, at: datetime, event: Event) -> None:
    """Put an event of a service on the default bus of its account, and send it to the targets of the rules that match."""
    document = {
        "version": "0",
        "id": event.event_id,
        "detail-type": event.detail_type,
        "source": event.source,
        "account": event.account,
        "time": f"{event.at:%Y-%m-%dT%H:%M:%SZ}",
        "region": event.region,
        "resources": list(event.resources),
        "detail": dict(event.detail),
    }
    route(world, at, Journey(document=document, account=event.account, region=event.region, bus=DEFAULT))


def route(world: World, at: datetime, journey: Journey) -> None:
    """Send an event to the targets of all rules of its bus that match."""
    rules = _rules(journey.account, journey.region, journey.bus)
    flat = _flat(journey.document) if rules else {}
    for rule in rules:
        if _matches(rule, flat):
            _trigger(world, at, rule, journey)


def through(world: World, at: datetime, rule: Any, journey: Journey) -> None:
    """Send an event to the targets of a rule, if it is enabled and matches."""
    if rule.state != "DISABLED" and _matches(rule, _flat(journey.document)):
        _trigger(world, at, rule, journey)


def _flat(document: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return an event by the paths of its fields, once for all rules: moto would do it for each."""
    from moto.events.models import EventPattern

    flat: dict[str, Any] = EventPattern._flatten_dict(dict(document))
    return flat


def _matches(rule: Any, flat: Mapping[str, Any]) -> bool:
    """Return whether the pattern of a rule matches; one with a schedule alone has none."""
    pattern = rule.event_pattern.get_pattern()
    return bool(pattern) and bool(rule.event_pattern._does_event_match(flat, pattern))


def _trigger(world: World, at: datetime, rule: Any, journey: Journey) -> None:
    _count(world, at, rule, "MatchedEvents")
    if rule.targets:
        _count(world, at, rule, "TriggeredRules")
    for target in list(rule.targets):
        _count(world, at, rule, "Invocations")
        delivery = Delivery(rule=rule, target=target, journey=journey)
        problem = _send(world, at, delivery)
        if problem == _DEAD:
            _count(world, at, rule, "DeadLetterInvocations")
        elif problem:
            _count(world, at, rule, "FailedInvocations")
            _bury(world, at, delivery, problem)


def _count(world: World, at: datetime, rule: Any, name: str) -> None:
    where = rule.account_id, rule.region_name
    own = (("RuleName", rule.name),) if rule.event_bus_name == DEFAULT else (("EventBusName", rule.event_bus_name), ("RuleName", rule.name))
    metrics.count(world, at, where, (metrics.EVENTS, name, own))
    metrics.count(world, at, where, (metrics.EVENTS, name, ()))


def _send(world: World, at: datetime, delivery: Delivery) -> str:
    """Send an event to a target; returns why it can't be, empty when it could."""
    rule, target, journey = delivery.rule, delivery.target, delivery.journey
    parts = target["Arn"].split(":", 5)
    if len(parts) != 6:
        return NO_RESOURCE
    service, name = parts[2], parts[5]
    if service == "events" and name.startswith(_BUS):
        return _to_bus(world, at, delivery)
    text = inputs.content(target, journey.document, rule.arn, f"{at:%Y-%m-%dT%H:%M:%SZ}")
    sender = Sender(service=EVENTS, account=rule.account_id, arn=rule.arn)
    if service == "sqs":
        group = (target.get("SqsParameters") or {}).get("MessageGroupId")
        return queues.put(world, at, sender, target["Arn"], text, group_id=group)
    if service == "sns":
        fate = topics.publish(world, at, Message(topic_arn=target["Arn"], sender=sender, subject=None, text=text, attributes={}))
        return {topics.Fate.SENT: "", topics.Fate.NO_TOPIC: NO_RESOURCE}.get(fate, NO_PERMISSIONS)
    if service == "logs":
        return _to_logs(at, rule, name, journey)
    return ""  # the twin has no such target; what happens there is nobody's business here


def _to_bus(world: World, at: datetime, delivery: Delivery) -> str:
    rule, journey = delivery.rule, delivery.journey
    _, _, _, region, account, path = delivery.target["Arn"].split(":", 5)
    name = path.removeprefix(_BUS)
    other = (account, region, name)
    if journey.relayed or other == (rule.account_id, rule.region_name, rule.event_bus_name):
        return _DEAD
    role_arn = delivery.target.get("RoleArn") or ""
    if not world.once(("may put", rule.arn, role_arn, other), lambda: _may_put(world, rule, role_arn, other)):
        return NO_PERMISSIONS
    if bus_of(*other) is None and name != DEFAULT:
        return NO_RESOURCE
    onward = Journey(document=journey.document, account=account, region=region, bus=name, relayed=True)
    route(world, at, onward)
    return ""


def _may_put(world: World, rule: Any, role_arn: str, other: tuple[str, str, str]) -> bool:
    """Return whether a rule may send to a bus: by its role, and across accounts by the policy of the bus.

    Without a role the account as such asks, of which the bus doesn't know the organization: a policy for an organization demands a role.
    """
    account = rule.account_id
    if not role_arn and other[0] == account:
        return True
    if not role_arn:
        actor = Actor(kind=PrincipalKind.ROOT, arn=f"arn:aws:iam::{account}:root", account=account)
    else:
        entitlements = Entitlements(world.organization, lambda _arn: None)
        if role_arn.split(":")[4:5] != [account] or not _assumes(entitlements, role_arn):
            return False
        actor = entitlements.actor(role_arn, "events")
    return permits(actor, other, rule_arn=rule.arn)


def permits(actor: Actor, other: tuple[str, str, str], *, rule_arn: str = "") -> bool:
    """Return whether somebody may put events on a bus."""
    owner, region, name = other
    bus = bus_of(*other)
    policy = None if bus is None or bus.policy is None else parse(bus.policy, name="policy of the event bus")
    target = Target(arn=f"arn:aws:events:{region}:{owner}:{_BUS}{name}", account=owner, policy=policy)
    values = {"aws:SecureTransport": ("true",)} | ({"aws:SourceArn": (rule_arn,)} if rule_arn else {})
    context = Context(values=MappingProxyType(values), complete=True)
    return decide(actor, "events:PutEvents", target, context).verdict is Verdict.ALLOWED


def _assumes(entitlements: Entitlements, role_arn: str) -> bool:
    """Return whether EventBridge may assume a role."""
    service = Actor(kind=PrincipalKind.SERVICE, arn=EVENTS, account="")
    context = Context(values=MappingProxyType({"aws:SourceAccount": (role_arn.split(":")[4],)}))
    return decide(service, "sts:AssumeRole", entitlements.target(role_arn), context).verdict is not Verdict.DENIED


def _to_logs(at: datetime, rule: Any, name: str, journey: Journey) -> str:
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    try:
        with at_instant(at):
            rule._send_to_cw_log_group(name.removeprefix("log-group:").removesuffix(":*"), {**journey.document, "time": at.timestamp()})
    except (ServiceException, HTTPException):
        return NO_RESOURCE
    return ""


def _bury(world: World, at: datetime, delivery: Delivery, problem: str) -> None:
    """Put an event that could not be delivered into the dead-letter queue of its target, where it has one that lets EventBridge in."""
    rule, target = delivery.rule, delivery.target
    arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not arn:
        return
    told = {"RULE_ARN": rule.arn, "TARGET_ARN": target["Arn"], "ERROR_CODE": problem, "ERROR_MESSAGE": _WORDS[problem]}
    attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
    sender = Sender(service=EVENTS, account=rule.account_id, arn=rule.arn)
    lost = queues.put(world, at, sender, arn, json.dumps(delivery.journey.document), attributes=attributes)
    _count(world, at, rule, "InvocationsFailedToBeSentToDlq" if lost else "InvocationsSentToDlq")


_WORDS = {
    NO_PERMISSIONS: "EventBridge has no permission to send the event to the target",
    NO_RESOURCE: "the target does not exist",
}
