"""AWS::CloudWatch::Alarm, AWS::CloudWatch::CompositeAlarm and AWS::CloudWatch::Dashboard."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served, chosen, document, exists, own_tags, pairs, wanted_tags

_BOTH = frozenset({"ActionsEnabled", "AlarmActions", "AlarmDescription", "AlarmName", "InsufficientDataActions", "OKActions", "Tags"})
_METRIC = frozenset(
    {
        "ComparisonOperator",
        "DatapointsToAlarm",
        "Dimensions",
        "EvaluateLowSampleCountPercentile",
        "EvaluationPeriods",
        "ExtendedStatistic",
        "MetricName",
        "Metrics",
        "Namespace",
        "Period",
        "Statistic",
        "Threshold",
        "ThresholdMetricId",
        "TreatMissingData",
        "Unit",
    }
)
_SUPPRESSOR = frozenset({"ActionsSuppressor", "ActionsSuppressorExtensionPeriod", "ActionsSuppressorWaitPeriod"})


class Alarm(Served):
    """Ref is the name; the attribute is Arn."""

    service = "cloudwatch"
    required = frozenset({"ComparisonOperator", "EvaluationPeriods"})
    optional = _BOTH | _METRIC
    fixed = ("AlarmName",)
    kind, listed, operation = "AWS::CloudWatch::Alarm", "MetricAlarms", "PutMetricAlarm"

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutMetricAlarm, which would write over an alarm that is there."""
        self.check(properties)
        name, tags = str(properties.get("AlarmName") or place.generated_name), wanted_tags(place, properties)
        if self._described(place, name) is not None:
            raise exists(self.kind, name)
        self.ask(place, self.operation, **_asked(properties), AlarmName=name, Tags=pairs(tags))
        arn = f"arn:aws:cloudwatch:{place.region}:{place.account}:alarm:{name}"
        return Made(physical_id=name, attributes={"Arn": arn}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """The same again, and tags."""
        if _asked(old) != _asked(new) or self._described(place, made.physical_id) is None:
            self.ask(place, self.operation, **_asked(new), AlarmName=made.physical_id)
        tags, arn = wanted_tags(place, new), made.attributes["Arn"]
        gone = sorted(set(made.model) - set(tags))
        if gone:
            self.ask(place, "UntagResource", ResourceARN=arn, TagKeys=gone)
        if tags:
            self.ask(place, "TagResource", ResourceARN=arn, Tags=pairs(tags))
        made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteAlarms."""
        self.remove(place, "DeleteAlarms", AlarmNames=[made.physical_id])

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeAlarms and ListTagsForResource."""
        shown = self._described(place, made.physical_id)
        if shown is None:
            return None
        listed = self.ask(place, "ListTagsForResource", ResourceARN=made.attributes["Arn"])
        tags = {tag["Key"]: tag["Value"] for tag in listed.get("Tags", ())}
        return chosen(shown, *(self.required | self.optional)) | {"Tags": own_tags(place, properties, tags)}

    def _described(self, place: Place, name: str) -> dict[str, Any] | None:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        answer = self.ask(place, "DescribeAlarms", AlarmNames=[name], AlarmTypes=kinds)
        return next(iter(answer.get(self.listed, ())), None)


class CompositeAlarm(Alarm):
    """Ref is the name; the attribute is Arn."""

    required = frozenset({"AlarmRule"})
    optional = _BOTH | _SUPPRESSOR
    kind, listed, operation = "AWS::CloudWatch::CompositeAlarm", "CompositeAlarms", "PutCompositeAlarm"


class Dashboard(Served):
    """Ref is the name."""

    service = "cloudwatch"
    required = frozenset({"DashboardBody"})
    optional = frozenset({"DashboardName"})
    fixed = ("DashboardName",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """PutDashboard, which would write over a dashboard that is there."""
        self.check(properties)
        name = str(properties.get("DashboardName") or place.generated_name)
        if self.found(place, "GetDashboard", DashboardName=name) is not None:
            raise exists("AWS::CloudWatch::Dashboard", name)
        made = Made(physical_id=name)
        self.change(place, made, {}, properties)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """PutDashboard."""
        self.ask(place, "PutDashboard", DashboardName=made.physical_id, DashboardBody=document(new["DashboardBody"]))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteDashboards."""
        self.remove(place, "DeleteDashboards", DashboardNames=[made.physical_id])

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetDashboard."""
        answer = self.found(place, "GetDashboard", DashboardName=made.physical_id)
        return None if answer is None else {"DashboardName": made.physical_id, "DashboardBody": answer["DashboardBody"]}


def _asked(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name not in {"AlarmName", "Tags"}}
