"""AWS::SQS::Queue and AWS::SQS::QueuePolicy."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.intrinsics import as_text
from strongroom.twin.cloudformation.served import Served, document, exists, own_tags, wanted_tags

# Attributes with the values that they have where the template leaves them out. Source: SQS API reference, SetQueueAttributes.
_AT_FIRST = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}
_DOCUMENTS = frozenset({"RedriveAllowPolicy", "RedrivePolicy"})
_NAME_MAX = 80


class Queue(Served):
    """Ref is the URL; the attributes are Arn, QueueName and QueueUrl."""

    service = "sqs"
    optional = frozenset({*_AT_FIRST, "FifoQueue", "QueueName", "Tags"})
    fixed = ("QueueName", "FifoQueue")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateQueue, which would take an equal queue that is there for its own."""
        self.check(properties)
        fifo = ".fifo" if as_text(properties.get("FifoQueue")).lower() == "true" else ""
        name = str(properties.get("QueueName") or f"{place.generated_name[-(_NAME_MAX - len(fifo)) :]}{fifo}")
        if self.found(place, "GetQueueUrl", QueueName=name) is not None:
            raise exists("AWS::SQS::Queue", name)
        tags = wanted_tags(place, properties)
        attributes = {key: _attribute(key, properties[key]) for key in (*_AT_FIRST, "FifoQueue") if key in properties}
        self.ask(place, "CreateQueue", QueueName=name, Attributes=attributes, tags=tags)
        url = f"https://sqs.{place.region}.amazonaws.com/{place.account}/{name}"
        arn = f"arn:aws:sqs:{place.region}:{place.account}:{name}"
        return Made(physical_id=url, attributes={"Arn": arn, "QueueName": name, "QueueUrl": url}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """SetQueueAttributes of those that differ, and tags."""
        url = made.physical_id
        changed = {
            name: _attribute(name, new[name]) if name in new else value
            for name, value in _AT_FIRST.items()
            if old.get(name) != new.get(name)
        }
        if changed:
            self.ask(place, "SetQueueAttributes", QueueUrl=url, Attributes=changed)
        tags = wanted_tags(place, new)
        if set(made.model) - set(tags):
            self.ask(place, "UntagQueue", QueueUrl=url, TagKeys=sorted(set(made.model) - set(tags)))
        if tags:
            self.ask(place, "TagQueue", QueueUrl=url, Tags=tags)
        made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteQueue."""
        self.remove(place, "DeleteQueue", QueueUrl=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetQueueAttributes and ListQueueTags."""
        answer = self.found(place, "GetQueueAttributes", QueueUrl=made.physical_id, AttributeNames=["All"])
        if answer is None:
            return None
        tags = self.ask(place, "ListQueueTags", QueueUrl=made.physical_id).get("Tags", {})
        shown = {name: value for name, value in answer["Attributes"].items() if name in self.optional}
        return shown | {"QueueName": made.attributes["QueueName"], "Tags": own_tags(place, properties, tags)}


class QueuePolicy(Served):
    """Ref is a generated name; when it goes, the queues have no policy."""

    service = "sqs"
    required = frozenset({"PolicyDocument", "Queues"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """SetQueueAttributes of each queue."""
        self.check(properties)
        for url in properties["Queues"]:
            self._write(place, url, document(properties["PolicyDocument"]))
        return Made(physical_id=place.generated_name)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Written again everywhere; queues that are no longer named lose it."""
        for url in new["Queues"]:
            self._write(place, url, document(new["PolicyDocument"]))
        self._clear(place, [url for url in old["Queues"] if url not in new["Queues"]])

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """Take the policy away."""
        self._clear(place, properties["Queues"])

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The policy of the queues: of the first whose policy is another one, if there is one."""
        wanted = document(properties["PolicyDocument"])
        policies = []
        for url in properties["Queues"]:
            answer = self.found(place, "GetQueueAttributes", QueueUrl=url, AttributeNames=["Policy"])
            if answer is None or "Policy" not in answer.get("Attributes", {}):
                return None
            policies.append(answer["Attributes"]["Policy"])
        other = next((policy for policy in policies if json.loads(policy) != json.loads(wanted)), wanted)
        return {"PolicyDocument": other, "Queues": properties["Queues"]}

    def _write(self, place: Place, url: str, policy: str) -> None:
        self.ask(place, "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": policy})

    def _clear(self, place: Place, queues: list[str]) -> None:
        for url in queues:
            self.remove(place, "SetQueueAttributes", QueueUrl=url, Attributes={"Policy": ""})


def _attribute(name: str, value: Any) -> str:
    return document(value) if name in _DOCUMENTS else as_text(value)
