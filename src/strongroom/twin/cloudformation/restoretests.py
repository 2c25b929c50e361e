"""AWS::Backup::RestoreTestingPlan and AWS::Backup::RestoreTestingSelection, made through AWS Backup itself."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.audits import retag, tags_of
from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served, chosen, own_tags, wanted_tags

_PLAN = ("RecoveryPointSelection", "ScheduleExpression", "ScheduleExpressionTimezone", "StartWindowHours")
_CHANGEABLE = (
    "IamRoleArn",
    "ProtectedResourceArns",
    "ProtectedResourceConditions",
    "RestoreMetadataOverrides",
    "ValidationWindowHours",
)


class RestoreTestingPlan(Served):
    """Ref is the name; the attribute is RestoreTestingPlanArn."""

    service = "backup"
    required = frozenset({"RecoveryPointSelection", "RestoreTestingPlanName", "ScheduleExpression"})
    optional = frozenset({"ScheduleExpressionTimezone", "StartWindowHours", "Tags"})
    fixed = ("RestoreTestingPlanName",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateRestoreTestingPlan."""
        self.check(properties)
        name, tags = str(properties["RestoreTestingPlanName"]), wanted_tags(place, properties)
        plan = chosen(properties, *_PLAN) | {"RestoreTestingPlanName": name}
        answer = self.ask(place, "CreateRestoreTestingPlan", RestoreTestingPlan=plan, Tags=tags)
        return Made(physical_id=name, attributes={"RestoreTestingPlanArn": answer["RestoreTestingPlanArn"]}, model=tags)

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateRestoreTestingPlan and tags."""
        if chosen(old, *_PLAN) != chosen(new, *_PLAN):
            plan = chosen(new, *_PLAN)
            self.ask(place, "UpdateRestoreTestingPlan", RestoreTestingPlanName=made.physical_id, RestoreTestingPlan=plan)
        retag(self, place, made, made.attributes["RestoreTestingPlanArn"], wanted_tags(place, new))

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteRestoreTestingPlan; AWS refuses one that has selections."""
        self.remove(place, "DeleteRestoreTestingPlan", RestoreTestingPlanName=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetRestoreTestingPlan and ListTags."""
        answer = self.found(place, "GetRestoreTestingPlan", RestoreTestingPlanName=made.physical_id)
        if answer is None:
            return None
        tags = own_tags(place, properties, tags_of(self, place, made.attributes["RestoreTestingPlanArn"]))
        return chosen(answer["RestoreTestingPlan"], *_PLAN, "RestoreTestingPlanName") | {"Tags": tags}


class RestoreTestingSelection(Served):
    """Ref is the name of its plan with its own."""

    service = "backup"
    required = frozenset({"IamRoleArn", "ProtectedResourceType", "RestoreTestingPlanName", "RestoreTestingSelectionName"})
    optional = frozenset(_CHANGEABLE)
    fixed = ("ProtectedResourceType", "RestoreTestingPlanName", "RestoreTestingSelectionName")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateRestoreTestingSelection."""
        self.check(properties)
        plan, name = str(properties["RestoreTestingPlanName"]), str(properties["RestoreTestingSelectionName"])
        document = chosen(properties, *_CHANGEABLE, "ProtectedResourceType", "RestoreTestingSelectionName")
        self.ask(place, "CreateRestoreTestingSelection", RestoreTestingPlanName=plan, RestoreTestingSelection=document)
        return Made(physical_id=f"{plan}|{name}", names={"RestoreTestingPlanName": plan, "RestoreTestingSelectionName": name})

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateRestoreTestingSelection."""
        if old != new:
            document = chosen(new, *_CHANGEABLE)
            self.ask(place, "UpdateRestoreTestingSelection", **made.names, RestoreTestingSelection=document)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteRestoreTestingSelection."""
        self.remove(place, "DeleteRestoreTestingSelection", **made.names)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetRestoreTestingSelection."""
        answer = self.found(place, "GetRestoreTestingSelection", **made.names)
        return None if answer is None else chosen(answer["RestoreTestingSelection"], *self.required, *self.optional)
