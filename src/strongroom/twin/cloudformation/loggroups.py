"""AWS::Logs::LogGroup."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place
from strongroom.twin.cloudformation.served import Served, exists, own_tags, wanted_tags
from strongroom.twin.ports import ApiError


class LogGroup(Served):
    """Ref is the name; the attribute is Arn."""

    service = "logs"
    optional = frozenset({"KmsKeyId", "LogGroupName", "RetentionInDays", "Tags"})
    fixed = ("LogGroupName",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateLogGroup, then how long it keeps what is in it."""
        self.check(properties)
        name, tags = str(properties.get("LogGroupName") or place.generated_name), wanted_tags(place, properties)
        key = {"kmsKeyId": properties["KmsKeyId"]} if "KmsKeyId" in properties else {}
        try:
            self.ask(place, "CreateLogGroup", logGroupName=name, **key, **({"tags": tags} if tags else {}))
        except ApiError as refusal:
            if refusal.code == "ResourceAlreadyExistsException":
                raise exists("AWS::Logs::LogGroup", name) from refusal
            raise
        arn = f"arn:aws:logs:{place.region}:{place.account}:log-group:{name}:*"
        made = Made(physical_id=name, attributes={"Arn": arn}, model=tags)
        self._keep(place, name, properties)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Retention, key and tags."""
        name, arn = made.physical_id, made.attributes["Arn"].removesuffix(":*")
        if old.get("RetentionInDays") != new.get("RetentionInDays"):
            self._keep(place, name, new)
        if old.get("KmsKeyId") != new.get("KmsKeyId"):
            if new.get("KmsKeyId"):
                self.ask(place, "AssociateKmsKey", logGroupName=name, kmsKeyId=new["KmsKeyId"])
            else:
                self.ask(place, "DisassociateKmsKey", logGroupName=name)
        tags = wanted_tags(place, new)
        gone = sorted(set(made.model) - set(tags))
        if gone:
            self.ask(place, "UntagResource", resourceArn=arn, tagKeys=gone)
        if tags:
            self.ask(place, "TagResource", resourceArn=arn, tags=tags)
        made.model = tags

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteLogGroup."""
        self.remove(place, "DeleteLogGroup", logGroupName=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeLogGroups and ListTagsForResource."""
        groups = self.ask(place, "DescribeLogGroups", logGroupNamePrefix=made.physical_id)["logGroups"]
        group = next((each for each in groups if each["logGroupName"] == made.physical_id), None)
        if group is None:
            return None
        tags = self.ask(place, "ListTagsForResource", resourceArn=made.attributes["Arn"].removesuffix(":*")).get("tags", {})
        shown = {"LogGroupName": made.physical_id, "RetentionInDays": group.get("retentionInDays"), "KmsKeyId": group.get("kmsKeyId")}
        return {name: value for name, value in shown.items() if value is not None} | {"Tags": own_tags(place, properties, tags)}

    def _keep(self, place: Place, name: str, properties: Mapping[str, Any]) -> None:
        if properties.get("RetentionInDays"):
            self.ask(place, "PutRetentionPolicy", logGroupName=name, retentionInDays=properties["RetentionInDays"])
        else:
            self.ask(place, "DeleteRetentionPolicy", logGroupName=name)
