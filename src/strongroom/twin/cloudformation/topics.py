"""AWS::SNS::Topic, AWS::SNS::TopicPolicy and AWS::SNS::Subscription."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.intrinsics import as_text
from strongroom.twin.cloudformation.served import Served, chosen, document, exists, own_tags, pairs, wanted_tags

_ATTRIBUTES = ("ContentBasedDeduplication", "DisplayName", "KmsMasterKeyId", "SignatureVersion", "TracingConfig")
_AT_FIRST = {"ContentBasedDeduplication": "false", "SignatureVersion": "1", "TracingConfig": "PassThrough"}  # others: empty
_PENDING = "PendingConfirmation"
_FILTERS = ("FilterPolicyScope", "FilterPolicy", "DeliveryPolicy", "RawMessageDelivery", "RedrivePolicy", "SubscriptionRoleArn")
_DOCUMENTS = frozenset({"FilterPolicy", "DeliveryPolicy", "RedrivePolicy"})
_ACTIONS = (
    "GetTopicAttributes",
    "SetTopicAttributes",
    "AddPermission",
    "RemovePermission",
    "DeleteTopic",
    "Subscribe",
    "ListSubscriptionsByTopic",
    "Publish",
)


class Topic(Served):
    """Ref is the ARN; the attributes are TopicArn and TopicName."""

    service = "sns"
    optional = frozenset({*_ATTRIBUTES, "FifoTopic", "Subscription", "Tags", "TopicName"})
    fixed = ("TopicName", "FifoTopic")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateTopic, which would take a topic that is there for its own, and Subscribe."""
        self.check(properties)
        fifo = ".fifo" if as_text(properties.get("FifoTopic")).lower() == "true" else ""
        name = str(properties.get("TopicName") or f"{place.generated_name}{fifo}")
        arn = f"arn:aws:sns:{place.region}:{place.account}:{name}"
        if self.found(place, "GetTopicAttributes", TopicArn=arn) is not None:
            raise exists("AWS::SNS::Topic", arn)
        tags = wanted_tags(place, properties)
        attributes = {key: as_text(properties[key]) for key in (*_ATTRIBUTES, "FifoTopic") if key in properties}
        self.ask(place, "CreateTopic", Name=name, Attributes=attributes, Tags=pairs(tags))
        for each in properties.get("Subscription") or ():
            self.ask(place, "Subscribe", TopicArn=arn, Protocol=each["Protocol"], Endpoint=each["Endpoint"])
        return Made(physical_id=arn, attributes={"TopicArn": arn, "TopicName": name}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """SetTopicAttributes for each that differs, subscriptions that are new, tags."""
        arn = made.physical_id
        for name in _ATTRIBUTES:
            if old.get(name) != new.get(name):
                value = as_text(new[name]) if name in new else _AT_FIRST.get(name, "")
                self.ask(place, "SetTopicAttributes", TopicArn=arn, AttributeName=name, AttributeValue=value)
        known = self._subscriptions(place, arn)
        wanted = {(each["Protocol"], each["Endpoint"]) for each in new.get("Subscription") or ()}
        for protocol, endpoint in sorted(wanted - set(known)):
            self.ask(place, "Subscribe", TopicArn=arn, Protocol=protocol, Endpoint=endpoint)
        for each in old.get("Subscription") or ():
            gone = (each["Protocol"], each["Endpoint"])
            if gone not in wanted and known.get(gone, _PENDING) != _PENDING:  # what nobody confirmed can't be ended, and ends by itself
                self.ask(place, "Unsubscribe", SubscriptionArn=known[gone])
        tags = wanted_tags(place, new)
        if set(made.model) - set(tags):
            self.ask(place, "UntagResource", ResourceArn=arn, TagKeys=sorted(set(made.model) - set(tags)))
        if tags:
            self.ask(place, "TagResource", ResourceArn=arn, Tags=pairs(tags))
        made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteTopic."""
        self.remove(place, "DeleteTopic", TopicArn=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetTopicAttributes, ListSubscriptionsByTopic and ListTagsForResource."""
        answer = self.found(place, "GetTopicAttributes", TopicArn=made.physical_id)
        if answer is None:
            return None
        shown = _AT_FIRST | answer["Attributes"]
        tags = {tag["Key"]: tag["Value"] for tag in self.ask(place, "ListTagsForResource", ResourceArn=made.physical_id)["Tags"]}
        subscribed = [{"Protocol": protocol, "Endpoint": endpoint} for protocol, endpoint in self._subscriptions(place, made.physical_id)]
        named = {name: shown.get(name) for name in (*_ATTRIBUTES, "FifoTopic") if shown.get(name)}
        return named | {
            "TopicName": made.attributes["TopicName"],
            "Tags": own_tags(place, properties, tags),
            "Subscription": [each for each in properties.get("Subscription") or () if each in subscribed],
        }

    def _subscriptions(self, place: Place, arn: str) -> dict[tuple[str, str], str]:
        answer = self.ask(place, "ListSubscriptionsByTopic", TopicArn=arn)
        return {(each["Protocol"], each["Endpoint"]): each["SubscriptionArn"] for each in answer["Subscriptions"]}


class TopicPolicy(Served):
    """Ref is a generated name; when it goes, topics have SNS's own policy again."""

    service = "sns"
    required = frozenset({"PolicyDocument", "Topics"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """SetTopicAttributes of each topic."""
        self.check(properties)
        for arn in properties["Topics"]:
            self._write(place, arn, document(properties["PolicyDocument"]))
        return Made(physical_id=place.generated_name)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Written again everywhere; topics that are no longer named lose it."""
        for arn in new["Topics"]:
            self._write(place, arn, document(new["PolicyDocument"]))
        self._reset(place, [arn for arn in old["Topics"] if arn not in new["Topics"]])

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """Give the topics their first policy again."""
        self._reset(place, properties["Topics"])

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The policy of the topics: of the first whose policy is another one, if there is one."""
        wanted = document(properties["PolicyDocument"])
        policies = []
        for arn in properties["Topics"]:
            answer = self.found(place, "GetTopicAttributes", TopicArn=arn)
            if answer is None:
                return None
            policies.append(answer["Attributes"].get("Policy", "{}"))
        other = next((policy for policy in policies if json.loads(policy) != json.loads(wanted)), wanted)
        return {"PolicyDocument": other, "Topics": properties["Topics"]}

    def _write(self, place: Place, arn: str, policy: str) -> None:
        self.ask(place, "SetTopicAttributes", TopicArn=arn, AttributeName="Policy", AttributeValue=policy)

    def _reset(self, place: Place, topics: list[str]) -> None:
        for arn in topics:
            if self.found(place, "GetTopicAttributes", TopicArn=arn) is not None:
                self._write(place, arn, json.dumps(_first_policy(arn, place.account)))


class Subscription(Served):
    """Ref is the ARN of the subscription."""

    service = "sns"
    required = frozenset({"Protocol", "TopicArn"})
    optional = frozenset({*_FILTERS, "Endpoint", "Region"})
    fixed = ("Protocol", "TopicArn", "Endpoint", "Region")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """Subscribe, in the topic's Region."""
        self.check(properties)
        place = _in_region(place, properties)
        attributes = {name: _attribute(name, properties[name]) for name in _FILTERS if name in properties}
        answer = self.ask(
            place,
            "Subscribe",
            TopicArn=properties["TopicArn"],
            Protocol=properties["Protocol"],
            Endpoint=properties.get("Endpoint", ""),
            Attributes=attributes,
            ReturnSubscriptionArn=True,
        )
        arn = answer["SubscriptionArn"]
        return Made(physical_id=arn, attributes={"Arn": arn})

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """SetSubscriptionAttributes for each that differs."""
        place = _in_region(place, new)
        for name in _FILTERS:
            if old.get(name) != new.get(name):
                value = _attribute(name, new[name]) if name in new else "false" if name == "RawMessageDelivery" else ""
                self.ask(place, "SetSubscriptionAttributes", SubscriptionArn=made.physical_id, AttributeName=name, AttributeValue=value)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """Unsubscribe."""
        place = _in_region(place, properties)
        self.remove(place, "Unsubscribe", SubscriptionArn=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetSubscriptionAttributes."""
        place = _in_region(place, properties)
        answer = self.found(place, "GetSubscriptionAttributes", SubscriptionArn=made.physical_id)
        if answer is None:
            return None
        shown = answer["Attributes"]
        actual = {name: shown[name] for name in (*_FILTERS, "Protocol", "TopicArn", "Endpoint") if shown.get(name)}
        return actual | chosen(properties, "Region")


def _in_region(place: Place, properties: Mapping[str, Any]) -> Place:
    return replace(place, region=str(properties.get("Region") or place.region))


def _attribute(name: str, value: Any) -> str:
    return document(value) if name in _DOCUMENTS else as_text(value)


def _first_policy(arn: str, account: str) -> dict[str, Any]:
    statement = {
        "Sid": "__default_statement_ID",
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": [f"SNS:{action}" for action in _ACTIONS],
        "Resource": arn,
        "Condition": {"StringEquals": {"AWS:SourceOwner": account}},
    }
    return {"Version": "2008-10-17", "Id": "__default_policy_ID", "Statement": [statement]}
