"""AWS::Events::Rule, AWS::Events::EventBus and AWS::Events::EventBusPolicy."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served, chosen, document, exists, own_tags, pairs, wanted_tags
from strongroom.twin.cloudformation.template import refuse

_RULE = ("Description", "RoleArn", "ScheduleExpression", "State")
_BUS = ("Description", "KmsKeyIdentifier", "DeadLetterConfig")
_NAME_MAX = 64


class Rule(Served):
    """Ref is the name, after the bus's name where it isn't the default bus; the attribute is Arn."""

    service = "events"
    optional = frozenset({*_RULE, "EventBusName", "EventPattern", "Name", "Tags", "Targets"})
    fixed = ("EventBusName", "Name")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutRule, which would write over a rule that is there, and PutTargets."""
        self.check(properties)
        name, bus = str(properties.get("Name") or place.generated_name[-_NAME_MAX:].lstrip("-")), _bus_of(properties)
        if self.found(place, "DescribeRule", Name=name, EventBusName=bus) is not None:
            raise exists("AWS::Events::Rule", name)
        tags = wanted_tags(place, properties)
        answer = self.ask(place, "PutRule", **self._rule(name, bus, properties), Tags=pairs(tags))
        own = name if bus == "default" else f"{bus.rpartition('/')[2]}|{name}"
        made = Made(physical_id=own, attributes={"Arn": answer["RuleArn"]}, model=tags, names={"Name": name, "EventBusName": bus})
        self._aim(place, made, properties.get("Targets") or [])
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """PutRule, PutTargets, RemoveTargets of those that are gone, and tags."""
        name, bus = made.names["Name"], made.names["EventBusName"]
        self.ask(place, "PutRule", **self._rule(name, bus, new))
        self._aim(place, made, new.get("Targets") or [])
        kept = {target["Id"] for target in new.get("Targets") or ()}
        gone = [target["Id"] for target in old.get("Targets") or () if target["Id"] not in kept]
        if gone:
            self.ask(place, "RemoveTargets", Rule=name, EventBusName=bus, Ids=gone)
        _retag(self, place, made, wanted_tags(place, new))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """RemoveTargets and DeleteRule."""
        name, bus = made.names["Name"], made.names["EventBusName"]
        answer = self.found(place, "DescribeRule", Name=name, EventBusName=bus)
        if answer is None:
            return
        targets = [target["Id"] for target in self.ask(place, "ListTargetsByRule", Rule=name, EventBusName=bus)["Targets"]]
        if targets:
            self.ask(place, "RemoveTargets", Rule=name, EventBusName=bus, Ids=targets)
        self.remove(place, "DeleteRule", Name=name, EventBusName=bus)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeRule, ListTargetsByRule and ListTagsForResource."""
        name, bus = made.names["Name"], made.names["EventBusName"]
        answer = self.found(place, "DescribeRule", Name=name, EventBusName=bus)
        if answer is None:
            return None
        return chosen(answer, *_RULE, "EventPattern", "Name") | {
            "EventBusName": properties.get("EventBusName"),
            "Targets": self.ask(place, "ListTargetsByRule", Rule=name, EventBusName=bus)["Targets"],
            "Tags": own_tags(place, properties, _tags_of(self, place, made)),
        }

    def _rule(self, name: str, bus: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        asked = {"Name": name, "EventBusName": bus, "State": "ENABLED"} | chosen(properties, *_RULE)
        return asked | ({"EventPattern": document(properties["EventPattern"])} if "EventPattern" in properties else {})

    def _aim(self, place: Place, made: Made, targets: list[dict[str, Any]]) -> None:
        if not targets:
            return
        name, bus = made.names["Name"], made.names["EventBusName"]
        answer = self.ask(place, "PutTargets", Rule=name, EventBusName=bus, Targets=targets)
        if answer.get("FailedEntryCount"):
            entry = answer["FailedEntries"][0]
            raise refuse(f"{entry.get('ErrorMessage')} (target {entry.get('TargetId')})")


class EventBus(Served):
    """Ref is the name; the attributes are Arn and Name."""

    service = "events"
    required = frozenset({"Name"})
    optional = frozenset({*_BUS, "Policy", "Tags"})
    fixed = ("Name",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateEventBus and, where it has a policy, PutPermission."""
        self.check(properties)
        name, tags = str(properties["Name"]), wanted_tags(place, properties)
        answer = self.ask(place, "CreateEventBus", Name=name, Tags=pairs(tags), **chosen(properties, *_BUS))
        if properties.get("Policy"):
            self.ask(place, "PutPermission", EventBusName=name, Policy=document(properties["Policy"]))
        return Made(physical_id=name, attributes={"Arn": answer["EventBusArn"], "Name": name}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateEventBus, policy and tags."""
        name = made.physical_id
        if chosen(old, *_BUS) != chosen(new, *_BUS):
            self.ask(place, "UpdateEventBus", Name=name, **({"Description": "", "KmsKeyIdentifier": ""} | chosen(new, *_BUS)))
        if new.get("Policy") and old.get("Policy") != new["Policy"]:
            self.ask(place, "PutPermission", EventBusName=name, Policy=document(new["Policy"]))
        elif old.get("Policy") and not new.get("Policy"):
            self.ask(place, "RemovePermission", EventBusName=name, RemoveAllPermissions=True)
        _retag(self, place, made, wanted_tags(place, new))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteEventBus."""
        self.remove(place, "DeleteEventBus", Name=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeEventBus and ListTagsForResource."""
        answer = self.found(place, "DescribeEventBus", Name=made.physical_id)
        if answer is None:
            return None
        return chosen(answer, *_BUS, "Name", "Policy") | {"Tags": own_tags(place, properties, _tags_of(self, place, made))}


class EventBusPolicy(Served):
    """One statement of a bus's policy; Ref is its id after the bus's name."""

    service = "events"
    required = frozenset({"StatementId"})
    optional = frozenset({"Action", "Condition", "EventBusName", "Principal", "Statement"})
    fixed = ("EventBusName", "StatementId")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutPermission with the bus's policy and this statement in it."""
        self.check(properties)
        self._write(place, properties)
        return Made(physical_id=f"{_bus_of(properties)}|{properties['StatementId']}")

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """The same."""
        self._write(place, new)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """RemovePermission."""
        self.remove(place, "RemovePermission", EventBusName=_bus_of(properties), StatementId=str(properties["StatementId"]))

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The statement of that id in the bus's policy."""
        statement = self._statements(place, _bus_of(properties)).get(str(properties["StatementId"]))
        if statement is None:
            return None
        plain = chosen(properties, "StatementId", "EventBusName")
        if "Statement" in properties:
            sid = {} if "Sid" in _object(properties["Statement"]) else {"Sid"}
            return plain | {"Statement": {name: value for name, value in statement.items() if name not in sid}}
        wanted = self._statement(place, properties)
        parts = ("Action", "Principal", "Condition")
        return plain | {name: (properties if statement.get(name) == wanted.get(name) else statement).get(name) for name in parts}

    def _write(self, place: Place, properties: Mapping[str, Any]) -> None:
        bus = _bus_of(properties)
        statement = self._statement(place, properties)
        statements = self._statements(place, bus) | {statement["Sid"]: statement}
        policy = {"Version": "2012-10-17", "Statement": list(statements.values())}
        self.ask(place, "PutPermission", EventBusName=bus, Policy=json.dumps(policy))

    def _statements(self, place: Place, bus: str) -> dict[str, dict[str, Any]]:
        answer = self.found(place, "DescribeEventBus", Name=bus) or {}
        return {each.get("Sid", ""): each for each in json.loads(answer.get("Policy") or '{"Statement": []}')["Statement"]}

    def _statement(self, place: Place, properties: Mapping[str, Any]) -> dict[str, Any]:
        sid = str(properties["StatementId"])
        if "Statement" in properties:
            return {**_object(properties["Statement"]), "Sid": sid}
        principal, bus = str(properties.get("Principal", "")), _bus_of(properties)
        statement: dict[str, Any] = {
            "Sid": sid,
            "Effect": "Allow",
            "Principal": "*" if principal == "*" else {"AWS": f"arn:aws:iam::{principal}:root"},
            "Action": properties.get("Action"),
            "Resource": bus if bus.startswith("arn:") else f"arn:aws:events:{place.region}:{place.account}:event-bus/{bus}",
        }
        condition = properties.get("Condition")
        return statement | ({"Condition": {condition["Type"]: {condition["Key"]: condition["Value"]}}} if condition else {})


def _bus_of(properties: Mapping[str, Any]) -> str:
    return str(properties.get("EventBusName") or "default")


def _object(value: Any) -> dict[str, Any]:
    return dict(json.loads(value) if isinstance(value, str) else value)


def _tags_of(type_: Served, place: Place, made: Made) -> dict[str, str]:
    answer = type_.ask(place, "ListTagsForResource", ResourceARN=made.attributes["Arn"])
    return {tag["Key"]: tag["Value"] for tag in answer.get("Tags", ())}


def _retag(type_: Served, place: Place, made: Made, tags: dict[str, str]) -> None:
    gone = sorted(set(made.model) - set(tags))
    if gone:
        type_.ask(place, "UntagResource", ResourceARN=made.attributes["Arn"], TagKeys=gone)
    if tags:
        type_.ask(place, "TagResource", ResourceARN=made.attributes["Arn"], Tags=pairs(tags))
    made.model = tags
