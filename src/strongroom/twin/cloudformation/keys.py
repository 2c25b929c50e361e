"""AWS::KMS::Key, AWS::KMS::ReplicaKey and AWS::KMS::Alias on moto's KMS, whose own types lack updates, tags and multi-Region keys."""

import json
from collections.abc import Mapping
from typing import Any

from moto.kms.models import KmsBackend, kms_backends

from strongroom.twin.cloudformation.handlers import Made, Place, as_bool, check_properties, tag_mapping
from strongroom.twin.ports import ApiError

_PENDING_DAYS = 30
_KEY = frozenset(
    {
        "BypassPolicyLockoutSafetyCheck",
        "Description",
        "EnableKeyRotation",
        "Enabled",
        "KeyPolicy",
        "KeySpec",
        "KeyUsage",
        "MultiRegion",
        "Origin",
        "PendingWindowInDays",
        "RotationPeriodInDays",
        "Tags",
    }
)
_REPLICA = frozenset({"Description", "Enabled", "PendingWindowInDays", "Tags"})
_FIXED = ("KeySpec", "KeyUsage", "MultiRegion", "Origin")


class Key:
    """Ref is the key id; the attributes are Arn and KeyId."""

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateKey."""
        check_properties(properties, required=frozenset(), optional=_KEY)
        key = _backend(place).create_key(
            policy=_policy(properties),
            key_usage=properties.get("KeyUsage", "ENCRYPT_DECRYPT"),
            key_spec=properties.get("KeySpec", "SYMMETRIC_DEFAULT"),
            description=properties.get("Description", ""),
            tags=None,
            multi_region=as_bool(properties.get("MultiRegion", False)),
        )
        made = Made(physical_id=key.id, attributes={"Arn": key.arn, "KeyId": key.id})
        _settle(place, made, properties)
        return made

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Policy, description, rotation, state and tags change in place."""
        check_properties(new, required=frozenset(), optional=_KEY)
        if any(old.get(name) != new.get(name) for name in _FIXED):
            return None
        backend = _backend(place)
        policy = _policy(new)
        if policy is not None and old.get("KeyPolicy") != new.get("KeyPolicy"):
            backend.put_key_policy(made.physical_id, policy)
        if old.get("Description") != new.get("Description"):
            backend.update_key_description(made.physical_id, new.get("Description", ""))
        _settle(place, made, new)
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """ScheduleKeyDeletion after the pending window."""
        backend = _backend(place)
        if made.physical_id in backend.keys:
            backend.schedule_key_deletion(made.physical_id, int(properties.get("PendingWindowInDays", _PENDING_DAYS)))


class ReplicaKey(Key):
    """Ref is the key id, the same as the primary's."""

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """ReplicateKey from the primary's Region, with a policy of its own."""
        check_properties(properties, required=frozenset({"PrimaryKeyArn", "KeyPolicy"}), optional=_REPLICA)
        primary = str(properties["PrimaryKeyArn"])
        _, _, _, region, account, name = primary.split(":", 5)
        key_id = name.removeprefix("key/")
        source = kms_backends[account][region]
        if account != place.account or key_id not in source.keys:
            raise ApiError("NotFoundException", f"Key '{primary}' does not exist")
        key = source.replicate_key(key_id, place.region)
        key.policy = _policy(properties)
        made = Made(physical_id=key.id, attributes={"Arn": key.arn, "KeyId": key.id})
        _settle(place, made, {name: value for name, value in properties.items() if name in _REPLICA})
        return made

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Everything but the primary changes in place."""
        check_properties(new, required=frozenset({"PrimaryKeyArn", "KeyPolicy"}), optional=_REPLICA)
        if old["PrimaryKeyArn"] != new["PrimaryKeyArn"]:
            return None
        return super().update(place, made, _without_primary(old), _without_primary(new))


class Alias:
    """Ref is the alias name."""

    _required = frozenset({"AliasName", "TargetKeyId"})

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateAlias; names are unique in an account and Region."""
        check_properties(properties, required=self._required, optional=frozenset())
        name, backend = str(properties["AliasName"]), _backend(place)
        if backend.alias_exists(name):
            arn = f"arn:aws:kms:{place.region}:{place.account}:{name}"
            raise ApiError("AlreadyExistsException", f"An alias with the name {arn} already exists")
        if backend.get_key_id(properties["TargetKeyId"]) not in backend.keys:
            raise ApiError("NotFoundException", f"Key '{properties['TargetKeyId']}' does not exist")
        backend.create_alias(target_key_id=properties["TargetKeyId"], alias_name=name)
        return Made(physical_id=name)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """The target changes in place."""
        check_properties(new, required=self._required, optional=frozenset())
        if old["AliasName"] != new["AliasName"]:
            return None
        _backend(place).update_alias(target_key_id=new["TargetKeyId"], alias_name=made.physical_id)
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteAlias."""
        _backend(place).delete_alias(made.physical_id)


def _backend(place: Place) -> KmsBackend:
    return kms_backends[place.account][place.region]


def _policy(properties: Mapping[str, Any]) -> str | None:
    policy = properties.get("KeyPolicy")
    return policy if policy is None or isinstance(policy, str) else json.dumps(policy)


def _without_primary(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if name != "PrimaryKeyArn"}


def _settle(place: Place, made: Made, properties: Mapping[str, Any]) -> None:
    backend = _backend(place)
    if as_bool(properties.get("EnableKeyRotation", False)):
        backend.enable_key_rotation(made.physical_id)
    else:
        backend.disable_key_rotation(made.physical_id)
    if as_bool(properties.get("Enabled", True)):
        backend.enable_key(made.physical_id)
    else:
        backend.disable_key(made.physical_id)
    tags = dict(place.tags) | tag_mapping(properties.get("Tags"))
    backend.tagger.delete_all_tags_for_resource(made.physical_id)
    if tags:
        backend.tagger.tag_resource(made.physical_id, [{"TagKey": key, "TagValue": value} for key, value in tags.items()])
