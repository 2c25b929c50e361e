"""AWS::Backup::BackupVault and AWS::Backup::LogicallyAirGappedBackupVault, made through AWS Backup itself."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, check_properties, tag_mapping
from strongroom.twin.ports import ApiError, BackupService


class BackupVault:
    """Ref is the name; the attributes are BackupVaultArn and BackupVaultName."""

    _required = frozenset({"BackupVaultName"})
    _optional = frozenset({"AccessPolicy", "BackupVaultTags", "EncryptionKeyArn", "LockConfiguration", "Notifications"})
    fixed: tuple[str, ...] = ("BackupVaultName", "EncryptionKeyArn")  # a change of these needs a new vault
    _operation = "CreateBackupVault"

    def __init__(self, backup: BackupService) -> None:
        self._backup = backup

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """Make the vault, then give it policy, lock and notifications."""
        check_properties(properties, required=self._required, optional=self._optional)
        name = str(properties["BackupVaultName"])
        request: dict[str, Any] = {"BackupVaultName": name}
        tags = dict(place.tags) | tag_mapping(properties.get("BackupVaultTags"))
        if tags:
            request["BackupVaultTags"] = tags
        if properties.get("EncryptionKeyArn"):
            request["EncryptionKeyArn"] = properties["EncryptionKeyArn"]
        request |= {name: int(properties[name]) for name in self.fixed if name.endswith("Days")}
        answer = self._backup.call(place.account, place.region, self._operation, request)
        made = Made(physical_id=name, attributes={"BackupVaultArn": answer["BackupVaultArn"], "BackupVaultName": name}, model=tags)
        try:
            self._apply(place, made, {}, properties)
        except ApiError:
            self.delete(place, made, properties)
            raise
        return made

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Policy, lock, notifications and tags change in place; a new name or key needs a new vault."""
        check_properties(new, required=self._required, optional=self._optional)
        if any(old.get(name) != new.get(name) for name in self.fixed):
            return None
        self._apply(place, made, old, new)
        self._retag(place, made, new)
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteBackupVault; AWS refuses one that holds recovery points."""
        try:
            self._call(place, "DeleteBackupVault", made)
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """The vault as AWS Backup describes it, with policy, lock, notifications and tags."""
        shown = self._found(place, "DescribeBackupVault", made)
        if shown is None:
            return None
        policy, notifications = (self._found(place, f"GetBackupVault{part}", made) or {} for part in ("AccessPolicy", "Notifications"))
        arn = {"ResourceArn": made.attributes["BackupVaultArn"]}
        tags = self._backup.call(place.account, place.region, "ListTags", arn).get("Tags") or {}
        mine = tag_mapping(properties.get("BackupVaultTags"))
        actual = {name: shown[name] for name in self.fixed if name in shown}
        actual["BackupVaultTags"] = {key: value for key, value in tags.items() if key in mine or place.tags.get(key) != value}
        actual |= {"AccessPolicy": policy.get("Policy")}
        actual["Notifications"] = {name: notifications[name] for name in ("SNSTopicArn", "BackupVaultEvents") if name in notifications}
        if shown.get("Locked"):
            actual["LockConfiguration"] = {name: shown[name] for name in ("MinRetentionDays", "MaxRetentionDays") if name in shown}
        return actual

    def _found(self, place: Place, operation: str, made: Made) -> dict[str, Any] | None:
        try:
            return self._backup.call(place.account, place.region, operation, {"BackupVaultName": made.physical_id})
        except ApiError as error:
            if error.code == "ResourceNotFoundException":
                return None
            raise

    def _apply(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        for name, put, remove in _PARTS:
            before, after = old.get(name), new.get(name)
            if before == after:
                continue
            if after:
                self._call(place, put, made, **_parameters(name, after))
            else:
                self._call(place, remove, made)

    def _retag(self, place: Place, made: Made, new: Mapping[str, Any]) -> None:
        arn, before = made.attributes["BackupVaultArn"], made.model
        tags = dict(place.tags) | tag_mapping(new.get("BackupVaultTags"))
        gone = sorted(set(before) - set(tags))
        if gone:
            self._backup.call(place.account, place.region, "UntagResource", {"ResourceArn": arn, "TagKeyList": gone})
        if tags != before and tags:
            self._backup.call(place.account, place.region, "TagResource", {"ResourceArn": arn, "Tags": tags})
        made.model = tags

    def _call(self, place: Place, operation: str, made: Made, **parameters: Any) -> None:
        self._backup.call(place.account, place.region, operation, {"BackupVaultName": made.physical_id, **parameters})


class AirGappedVault(BackupVault):
    """Ref is the name; range and key are there from the start and never change. The stack is done before the vault is available."""

    _required = frozenset({"BackupVaultName", "MaxRetentionDays", "MinRetentionDays"})
    _optional = frozenset({"AccessPolicy", "BackupVaultTags", "EncryptionKeyArn", "Notifications"})
    fixed = ("BackupVaultName", "EncryptionKeyArn", "MaxRetentionDays", "MinRetentionDays")
    _operation = "CreateLogicallyAirGappedBackupVault"


_PARTS = (
    ("AccessPolicy", "PutBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy"),
    ("LockConfiguration", "PutBackupVaultLockConfiguration", "DeleteBackupVaultLockConfiguration"),
    ("Notifications", "PutBackupVaultNotifications", "DeleteBackupVaultNotifications"),
)


def _parameters(part: str, value: Any) -> dict[str, Any]:
    if part == "AccessPolicy":
        return {"Policy": value if isinstance(value, str) else json.dumps(value)}
    if part == "LockConfiguration":
        check_properties(value, required=frozenset({"MinRetentionDays"}), optional=frozenset({"MaxRetentionDays", "ChangeableForDays"}))
        return {name: int(number) for name, number in value.items()}
    check_properties(value, required=frozenset({"BackupVaultEvents", "SNSTopicArn"}), optional=frozenset())
    return {"SNSTopicArn": value["SNSTopicArn"], "BackupVaultEvents": value["BackupVaultEvents"]}
