"""AWS::Backup::Framework and AWS::Backup::ReportPlan, made through AWS Backup itself."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, tag_mapping
from strongroom.twin.cloudformation.served import Served, chosen, own_tags, wanted_tags


class Framework(Served):
    """Ref is the ARN; the attributes are CreationTime, DeploymentStatus, FrameworkArn and FrameworkStatus."""

    service = "backup"
    required = frozenset({"FrameworkControls"})
    optional = frozenset({"FrameworkDescription", "FrameworkName", "FrameworkTags"})
    fixed = ("FrameworkName",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateFramework; the stack doesn't wait for its deployment."""
        self.check(properties)
        name, tags = str(properties.get("FrameworkName") or _generated(place)), wanted_tags(place, properties, "FrameworkTags")
        controls = [_control(each) for each in properties["FrameworkControls"]]
        text = chosen(properties, "FrameworkDescription")
        answer = self.ask(place, "CreateFramework", FrameworkName=name, FrameworkControls=controls, FrameworkTags=tags, **text)
        shown = self.ask(place, "DescribeFramework", FrameworkName=name)
        attributes = {
            "CreationTime": str(shown["CreationTime"]),
            "DeploymentStatus": shown["DeploymentStatus"],
            "FrameworkArn": answer["FrameworkArn"],
            "FrameworkStatus": shown["FrameworkStatus"],
        }
        return Made(physical_id=answer["FrameworkArn"], attributes=attributes, model=tags, names={"FrameworkName": name})

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateFramework and tags."""
        names = ("FrameworkControls", "FrameworkDescription")
        if chosen(old, *names) != chosen(new, *names):
            controls = [_control(each) for each in new["FrameworkControls"]]
            text = new.get("FrameworkDescription", "")
            self.ask(place, "UpdateFramework", **made.names, FrameworkControls=controls, FrameworkDescription=text)
        retag(self, place, made, made.physical_id, wanted_tags(place, new, "FrameworkTags"))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteFramework."""
        self.remove(place, "DeleteFramework", **made.names)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeFramework and ListTags."""
        shown = self.found(place, "DescribeFramework", **made.names)
        if shown is None:
            return None
        tags = own_tags(place, properties, tags_of(self, place, made.physical_id), "FrameworkTags")
        controls = [_template_control(each) for each in shown["FrameworkControls"]]
        return chosen(shown, "FrameworkName", "FrameworkDescription") | {"FrameworkControls": controls, "FrameworkTags": tags}


class ReportPlan(Served):
    """Ref and the attribute ReportPlanArn are the ARN."""

    service = "backup"
    required = frozenset({"ReportDeliveryChannel", "ReportSetting"})
    optional = frozenset({"ReportPlanDescription", "ReportPlanName", "ReportPlanTags"})
    fixed = ("ReportPlanName",)
    parts = ("ReportDeliveryChannel", "ReportSetting", "ReportPlanDescription")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateReportPlan."""
        self.check(properties)
        name, tags = str(properties.get("ReportPlanName") or _generated(place)), wanted_tags(place, properties, "ReportPlanTags")
        answer = self.ask(place, "CreateReportPlan", ReportPlanName=name, ReportPlanTags=tags, **chosen(properties, *self.parts))
        arn = answer["ReportPlanArn"]
        return Made(physical_id=arn, attributes={"ReportPlanArn": arn}, model=tags, names={"ReportPlanName": name})

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateReportPlan and tags."""
        if chosen(old, *self.parts) != chosen(new, *self.parts):
            parts = {"ReportPlanDescription": ""} | chosen(new, *self.parts)
            self.ask(place, "UpdateReportPlan", **made.names, **parts)
        retag(self, place, made, made.physical_id, wanted_tags(place, new, "ReportPlanTags"))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteReportPlan."""
        self.remove(place, "DeleteReportPlan", **made.names)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeReportPlan and ListTags."""
        answer = self.found(place, "DescribeReportPlan", **made.names)
        if answer is None:
            return None
        tags = own_tags(place, properties, tags_of(self, place, made.physical_id), "ReportPlanTags")
        return chosen(answer["ReportPlan"], "ReportPlanName", *self.parts) | {"ReportPlanTags": tags}


def tags_of(type_: Served, place: Place, arn: str) -> dict[str, str]:
    """Tags of a resource of AWS Backup."""
    tags: dict[str, str] = type_.ask(place, "ListTags", ResourceArn=arn).get("Tags") or {}
    return tags


def retag(type_: Served, place: Place, made: Made, arn: str, tags: dict[str, str]) -> None:
    """Give a resource of AWS Backup its tags, and take those away that it had from its stack."""
    gone = sorted(set(made.model) - set(tags))
    if gone:
        type_.ask(place, "UntagResource", ResourceArn=arn, TagKeyList=gone)
    if tags:
        type_.ask(place, "TagResource", ResourceArn=arn, Tags=tags)
    made.model = tags


def _generated(place: Place) -> str:
    return place.generated_name.replace("-", "_")


def _control(control: Mapping[str, Any]) -> dict[str, Any]:
    """A control as the API takes it: the tags of its scope are a mapping."""
    scope = control.get("ControlScope")
    if not scope or "Tags" not in scope:
        return dict(control)
    return {**control, "ControlScope": {**scope, "Tags": tag_mapping(scope["Tags"])}}


def _template_control(control: Mapping[str, Any]) -> dict[str, Any]:
    scope = control.get("ControlScope")
    if not scope or "Tags" not in scope:
        return dict(control)
    return {**control, "ControlScope": {**scope, "Tags": [{"Key": key, "Value": value} for key, value in scope["Tags"].items()]}}
