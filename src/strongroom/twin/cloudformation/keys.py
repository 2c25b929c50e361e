"""AWS::KMS::Key, AWS::KMS::ReplicaKey and AWS::KMS::Alias."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, as_bool
from strongroom.twin.cloudformation.served import Served, chosen, document, own_tags, wanted_tags
from strongroom.twin.ports import ApiError

_PENDING_DAYS = 30
_MADE_WITH = ("BypassPolicyLockoutSafetyCheck", "Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
_SHOWN = ("Description", "KeySpec", "KeyUsage", "MultiRegion", "Origin")
_GONE = frozenset({"PendingDeletion", "PendingReplicaDeletion"})


class Key(Served):
    """Ref is the key id; the attributes are Arn and KeyId."""

    service = "kms"
    optional = frozenset({*_MADE_WITH, "EnableKeyRotation", "Enabled", "KeyPolicy", "PendingWindowInDays", "RotationPeriodInDays", "Tags"})
    fixed: tuple[str, ...] = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateKey, then rotation and state."""
        self.check(properties)
        tags = wanted_tags(place, properties)
        policy = {"Policy": document(properties["KeyPolicy"])} if properties.get("KeyPolicy") else {}
        made = self._made(self.ask(place, "CreateKey", **chosen(properties, *_MADE_WITH), **policy, Tags=_pairs(tags))["KeyMetadata"], tags)
        if as_bool(properties.get("EnableKeyRotation", False)):
            self.ask(place, "EnableKeyRotation", KeyId=made.physical_id, **chosen(properties, "RotationPeriodInDays"))
        if not as_bool(properties.get("Enabled", True)):
            self.ask(place, "DisableKey", KeyId=made.physical_id)
        return made

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """Policy, description, rotation, state and tags; a key that is enabled anew is so before anything else."""
        key = {"KeyId": made.physical_id}
        was, should = (as_bool(properties.get("Enabled", True)) for properties in (old, new))
        if should and not was:
            self.ask(place, "EnableKey", **key)
        if new.get("KeyPolicy") and old.get("KeyPolicy") != new["KeyPolicy"]:
            self.ask(place, "PutKeyPolicy", **key, PolicyName="default", Policy=document(new["KeyPolicy"]))
        if old.get("Description") != new.get("Description"):
            self.ask(place, "UpdateKeyDescription", **key, Description=new.get("Description", ""))
        rotation = ("EnableKeyRotation", "RotationPeriodInDays")
        if chosen(old, *rotation) != chosen(new, *rotation):
            if as_bool(new.get("EnableKeyRotation", False)):
                self.ask(place, "EnableKeyRotation", **key, **chosen(new, "RotationPeriodInDays"))
            else:
                self.ask(place, "DisableKeyRotation", **key)
        self._retag(place, made, wanted_tags(place, new))
        if was and not should:
            self.ask(place, "DisableKey", **key)

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """ScheduleKeyDeletion after the pending window; a key that waits for it already is as good as gone."""
        shown = self.found(place, "DescribeKey", KeyId=made.physical_id)
        if shown is None or shown["KeyMetadata"]["KeyState"] in _GONE:
            return
        days = int(properties.get("PendingWindowInDays", _PENDING_DAYS))
        self.remove(place, "ScheduleKeyDeletion", KeyId=made.physical_id, PendingWindowInDays=days)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeKey, GetKeyPolicy, GetKeyRotationStatus and ListResourceTags."""
        key = {"KeyId": made.physical_id}
        answer = self.found(place, "DescribeKey", **key)
        if answer is None or answer["KeyMetadata"]["KeyState"] in _GONE:
            return None
        shown = answer["KeyMetadata"]
        actual = chosen(shown, *_SHOWN) | {"Enabled": shown["KeyState"] != "Disabled"}
        actual["KeyPolicy"] = self.ask(place, "GetKeyPolicy", **key, PolicyName="default")["Policy"]
        if "EnableKeyRotation" in properties:
            rotation = self.ask(place, "GetKeyRotationStatus", **key)
            actual |= {"EnableKeyRotation": rotation["KeyRotationEnabled"], **chosen(rotation, "RotationPeriodInDays")}
        tags = {tag["TagKey"]: tag["TagValue"] for tag in self.ask(place, "ListResourceTags", **key)["Tags"]}
        return actual | {"Tags": own_tags(place, properties, tags)}

    def _made(self, metadata: Mapping[str, Any], tags: dict[str, str]) -> Made:
        attributes = {"Arn": metadata["Arn"], "KeyId": metadata["KeyId"]}
        return Made(physical_id=metadata["KeyId"], attributes=attributes, model=tags)

    def _retag(self, place: Place, made: Made, tags: dict[str, str]) -> None:
        gone = sorted(set(made.model) - set(tags))
        if gone:
            self.ask(place, "UntagResource", KeyId=made.physical_id, TagKeys=gone)
        if tags:
            self.ask(place, "TagResource", KeyId=made.physical_id, Tags=_pairs(tags))
        made.model = tags


class ReplicaKey(Key):
    """Ref is the key id, the same as the primary's."""

    required = frozenset({"KeyPolicy", "PrimaryKeyArn"})
    optional = frozenset({"Description", "Enabled", "PendingWindowInDays", "Tags"})
    fixed = ("PrimaryKeyArn",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """ReplicateKey in the primary's Region, with a policy of its own; a key of another account is none that this one has."""
        self.check(properties)
        primary, tags = str(properties["PrimaryKeyArn"]), wanted_tags(place, properties)
        _, _, _, region, account, _ = primary.split(":", 5)
        if account != place.account:
            raise ApiError("NotFoundException", f"Key '{primary}' does not exist")
        asked = {"KeyId": primary, "ReplicaRegion": place.region, "Policy": document(properties["KeyPolicy"]), "Tags": _pairs(tags)}
        answer = self.ask(replace(place, region=region), "ReplicateKey", **asked, **chosen(properties, "Description"))
        made = self._made(answer["ReplicaKeyMetadata"], tags)
        if not as_bool(properties.get("Enabled", True)):
            self.ask(place, "DisableKey", KeyId=made.physical_id)
        return made

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The same as of a key, and what it is a replica of."""
        actual = super().read(place, made, properties)
        return None if actual is None else actual | chosen(properties, "PrimaryKeyArn")


class Alias(Served):
    """Ref is the alias name."""

    service = "kms"
    required = frozenset({"AliasName", "TargetKeyId"})
    fixed = ("AliasName",)

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateAlias; names are unique in an account and Region."""
        self.check(properties)
        self.ask(place, "CreateAlias", AliasName=properties["AliasName"], TargetKeyId=properties["TargetKeyId"])
        return Made(physical_id=str(properties["AliasName"]))

    def change(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        """UpdateAlias."""
        if old != new:
            self.ask(place, "UpdateAlias", AliasName=made.physical_id, TargetKeyId=new["TargetKeyId"])

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteAlias."""
        self.remove(place, "DeleteAlias", AliasName=made.physical_id)

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """DescribeKey of the alias, in the words of the template if it is the same key."""
        answer = self.found(place, "DescribeKey", KeyId=made.physical_id)
        if answer is None:
            return None
        target, wanted = answer["KeyMetadata"], str(properties["TargetKeyId"])
        return {"AliasName": made.physical_id, "TargetKeyId": wanted if wanted in {target["Arn"], target["KeyId"]} else target["KeyId"]}


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"TagKey": key, "TagValue": value} for key, value in tags.items()]
