"""AWS::Config::ConfigurationRecorder and AWS::Config::DeliveryChannel: the recorder starts once both are there."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served
from strongroom.twin.ports import ApiError


class ConfigurationRecorder(Served):
    """Ref is the name."""

    service = "config"
    required = frozenset({"RoleARN"})
    optional = frozenset({"Name", "RecordingGroup", "RecordingMode"})
    fixed = ("Name",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutConfigurationRecorder; an account has one in a Region."""
        self.check(properties)
        made = Made(physical_id=str(properties.get("Name") or place.generated_name))
        self.change(place, made, {}, properties)
        if self.ask(place, "DescribeDeliveryChannels")["DeliveryChannels"]:
            self.ask(place, "StartConfigurationRecorder", ConfigurationRecorderName=made.physical_id)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """PutConfigurationRecorder."""
        recorder = _lower({name: value for name, value in new.items() if name != "Name"}) | {"name": made.physical_id}
        group = recorder.get("recordingGroup", {})
        if isinstance(group.get("resourceTypes"), str):
            group["resourceTypes"] = [group["resourceTypes"]]
        self.ask(place, "PutConfigurationRecorder", ConfigurationRecorder=recorder)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteConfigurationRecorder."""
        self.remove(place, "DeleteConfigurationRecorder", ConfigurationRecorderName=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeConfigurationRecorders."""
        answer = self.found(place, "DescribeConfigurationRecorders", ConfigurationRecorderNames=[made.physical_id])
        return None if answer is None else _upper(answer["ConfigurationRecorders"][0])


class DeliveryChannel(Served):
    """Ref is the name."""

    service = "config"
    required = frozenset({"S3BucketName"})
    optional = frozenset({"ConfigSnapshotDeliveryProperties", "Name", "S3KeyPrefix", "S3KmsKeyArn", "SnsTopicARN"})
    fixed = ("Name",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutDeliveryChannel, which needs a recorder, and start it."""
        self.check(properties)
        made = Made(physical_id=str(properties.get("Name") or place.generated_name))
        self.change(place, made, {}, properties)
        for name in self._recorders(place):
            self.ask(place, "StartConfigurationRecorder", ConfigurationRecorderName=name)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """PutDeliveryChannel."""
        channel = _lower({name: value for name, value in new.items() if name != "Name"}) | {"name": made.physical_id}
        self.ask(place, "PutDeliveryChannel", DeliveryChannel=channel)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteDeliveryChannel, after the recorder was stopped."""
        for name in self._recorders(place):
            self.ask(place, "StopConfigurationRecorder", ConfigurationRecorderName=name)
        self.remove(place, "DeleteDeliveryChannel", DeliveryChannelName=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeDeliveryChannels."""
        answer = self.found(place, "DescribeDeliveryChannels", DeliveryChannelNames=[made.physical_id])
        return None if answer is None else _upper(answer["DeliveryChannels"][0])

    def _recorders(self, place: Place) -> list[str]:
        try:
            return [each["name"] for each in self.ask(place, "DescribeConfigurationRecorders")["ConfigurationRecorders"]]
        except ApiError:
            return []


def _lower(value: Any) -> Any:
    """A value of a template as the API has it: the same names, but with a small letter first."""
    if isinstance(value, Mapping):
        return {f"{name[0].lower()}{name[1:]}": _lower(each) for name, each in value.items()}
    return [_lower(each) for each in value] if isinstance(value, list) else value


def _upper(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {f"{name[0].upper()}{name[1:]}": _upper(each) for name, each in value.items()}
    return [_upper(each) for each in value] if isinstance(value, list) else value
