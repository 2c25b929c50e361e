"""AWS::Backup::BackupVault, made through AWS Backup itself."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, check_properties, tag_mapping
from strongroom.twin.ports import ApiError, BackupService

_REQUIRED = frozenset({"BackupVaultName"})
_OPTIONAL = frozenset({"AccessPolicy", "BackupVaultTags", "EncryptionKeyArn", "LockConfiguration", "Notifications"})


class BackupVault:
    """Ref is the name; the attributes are BackupVaultArn and BackupVaultName."""

    def __init__(self, backup: BackupService) -> None:
        self._backup = backup

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateBackupVault, then policy, lock and notifications."""
        check_properties(properties, required=_REQUIRED, optional=_OPTIONAL)
        name = str(properties["BackupVaultName"])
        request: dict[str, Any] = {"BackupVaultName": name}
        tags = dict(place.tags) | tag_mapping(properties.get("BackupVaultTags"))
        if tags:
            request["BackupVaultTags"] = tags
        if properties.get("EncryptionKeyArn"):
            request["EncryptionKeyArn"] = properties["EncryptionKeyArn"]
        answer = self._backup.call(place.account, place.region, "CreateBackupVault", request)
        made = Made(physical_id=name, attributes={"BackupVaultArn": answer["BackupVaultArn"], "BackupVaultName": name}, model=tags)
        try:
            self._apply(place, made, {}, properties)
        except ApiError:
            self.delete(place, made, properties)
            raise
        return made

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Policy, lock, notifications and tags change in place; a new name or key needs a new vault."""
        check_properties(new, required=_REQUIRED, optional=_OPTIONAL)
        if any(old.get(name) != new.get(name) for name in ("BackupVaultName", "EncryptionKeyArn")):
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


_PARTS = (
    ("AccessPolicy", "PutBackupVaultAccessPolicy", "DeleteBackupVaultAccessPolicy"),
    ("LockConfiguration", "PutBackupVaultLockConfiguration", "DeleteBackupVaultLockConfiguration"),
    ("Notifications", "PutBackupVaultNotifications", "DeleteBackupVaultNotifications"),
)


def _parameters(part: str, value: Any) -> dict[str, Any]:
    if part == "AccessPolicy":
        return {"Policy": value if isinstance(value, str) else json.dumps(value)}
    if part == "LockConfiguration":
        return {name: int(number) for name, number in value.items()}
    return {"SNSTopicArn": value["SNSTopicArn"], "BackupVaultEvents": value["BackupVaultEvents"]}
