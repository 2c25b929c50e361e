"""AWS::Backup::BackupPlan and AWS::Backup::BackupSelection, made through AWS Backup itself."""

from collections.abc import Mapping
from typing import Any

from strongroom.twin.cloudformation.handlers import Made, Place, as_bool, check_properties, tag_mapping
from strongroom.twin.ports import ApiError, BackupService

_RULE_NAMES = {"TargetBackupVault": "TargetBackupVaultName"}  # what CloudFormation calls otherwise than the API
_OWN_NAMES = {theirs: ours for ours, theirs in _RULE_NAMES.items()}
_RULE = frozenset(
    {
        "CompletionWindowMinutes",
        "CopyActions",
        "EnableContinuousBackup",
        "IndexActions",
        "Lifecycle",
        "RecoveryPointTags",
        "ScanActions",
        "ScheduleExpression",
        "ScheduleExpressionTimezone",
        "StartWindowMinutes",
        "TargetLogicallyAirGappedBackupVaultArn",
    }
)
_SELECTION = frozenset({"Conditions", "ListOfTags", "NotResources", "Resources"})


class BackupPlan:
    """Ref is the plan id; the attributes are BackupPlanArn, BackupPlanId and VersionId."""

    def __init__(self, backup: BackupService) -> None:
        self._backup = backup

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateBackupPlan."""
        request: dict[str, Any] = {"BackupPlan": _document(properties)}
        tags = dict(place.tags) | tag_mapping(properties.get("BackupPlanTags"))
        if tags:
            request["BackupPlanTags"] = tags
        answer = self._backup.call(place.account, place.region, "CreateBackupPlan", request)
        return Made(physical_id=answer["BackupPlanId"], attributes=_attributes(answer), model=tags)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """Everything changes in place, by a new version."""
        document = _document(new)
        if document != _document(old):
            request = {"BackupPlanId": made.physical_id, "BackupPlan": document}
            made.attributes = _attributes(self._backup.call(place.account, place.region, "UpdateBackupPlan", request))
        tags, arn = dict(place.tags) | tag_mapping(new.get("BackupPlanTags")), made.attributes["BackupPlanArn"]
        gone = sorted(set(made.model) - set(tags))
        if gone:
            self._backup.call(place.account, place.region, "UntagResource", {"ResourceArn": arn, "TagKeyList": gone})
        if tags and tags != made.model:
            self._backup.call(place.account, place.region, "TagResource", {"ResourceArn": arn, "Tags": tags})
        made.model = tags
        return made

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteBackupPlan; AWS refuses one that has selections."""
        try:
            self._backup.call(place.account, place.region, "DeleteBackupPlan", {"BackupPlanId": made.physical_id})
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetBackupPlan and ListTags."""
        shown = _found(self._backup, place, "GetBackupPlan", {"BackupPlanId": made.physical_id})
        if shown is None or "DeletionDate" in shown:
            return None
        arn = {"ResourceArn": made.attributes["BackupPlanArn"]}
        tags = self._backup.call(place.account, place.region, "ListTags", arn).get("Tags") or {}
        mine = tag_mapping(properties.get("BackupPlanTags"))
        plan = {name: value for name, value in shown["BackupPlan"].items() if name != "Rules"}
        rules = shown["BackupPlan"]["Rules"]
        plan["BackupPlanRule"] = [{_OWN_NAMES.get(name, name): value for name, value in rule.items()} for rule in rules]
        return {
            "BackupPlan": plan,
            "BackupPlanTags": {key: value for key, value in tags.items() if key in mine or place.tags.get(key) != value},
        }


class BackupSelection:
    """Ref is the selection id with that of its plan; nothing of it can be changed, so it is replaced."""

    fixed = ("BackupPlanId", "BackupSelection")

    def __init__(self, backup: BackupService) -> None:
        self._backup = backup

    def create(self, place: Place, properties: Mapping[str, Any]) -> Made:
        """CreateBackupSelection."""
        check_properties(properties, required=frozenset({"BackupPlanId", "BackupSelection"}), optional=frozenset())
        document = properties["BackupSelection"]
        check_properties(document, required=frozenset({"IamRoleArn", "SelectionName"}), optional=_SELECTION)
        request = {"BackupPlanId": properties["BackupPlanId"], "BackupSelection": dict(document)}
        answer = self._backup.call(place.account, place.region, "CreateBackupSelection", request)
        own = f"{answer['SelectionId']}_{answer['BackupPlanId']}"
        attributes = {"Id": own, "SelectionId": answer["SelectionId"], "BackupPlanId": answer["BackupPlanId"]}
        return Made(physical_id=own, attributes=attributes)

    def update(self, place: Place, made: Made, old: Mapping[str, Any], new: Mapping[str, Any]) -> Made | None:
        """A change needs a new selection."""
        return made if old == new else None

    def delete(self, place: Place, made: Made, properties: Mapping[str, Any]) -> None:
        """DeleteBackupSelection."""
        request = {"BackupPlanId": made.attributes["BackupPlanId"], "SelectionId": made.attributes["SelectionId"]}
        try:
            self._backup.call(place.account, place.region, "DeleteBackupSelection", request)
        except ApiError as error:
            if error.code != "ResourceNotFoundException":
                raise

    def read(self, place: Place, made: Made, properties: Mapping[str, Any]) -> dict[str, Any] | None:
        """GetBackupSelection."""
        request = {"BackupPlanId": made.attributes["BackupPlanId"], "SelectionId": made.attributes["SelectionId"]}
        shown = _found(self._backup, place, "GetBackupSelection", request)
        return None if shown is None else {"BackupPlanId": shown["BackupPlanId"], "BackupSelection": shown["BackupSelection"]}


def _found(backup: BackupService, place: Place, operation: str, request: Mapping[str, Any]) -> dict[str, Any] | None:
    try:
        return backup.call(place.account, place.region, operation, request)
    except ApiError as error:
        if error.code == "ResourceNotFoundException":
            return None
        raise


def _attributes(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: answer[name] for name in ("BackupPlanArn", "BackupPlanId", "VersionId")}


def _document(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Return a plan of a template as the API takes it; raises ApiError for properties that CloudFormation doesn't know."""
    check_properties(properties, required=frozenset({"BackupPlan"}), optional=frozenset({"BackupPlanTags"}))
    plan = properties["BackupPlan"]
    required = frozenset({"BackupPlanName", "BackupPlanRule"})
    check_properties(plan, required=required, optional=frozenset({"AdvancedBackupSettings", "ScanSettings"}))
    document = {name: value for name, value in plan.items() if name != "BackupPlanRule"}
    return document | {"Rules": [_rule(rule) for rule in plan["BackupPlanRule"]]}


def _rule(rule: Mapping[str, Any]) -> dict[str, Any]:
    check_properties(rule, required=frozenset({"RuleName", "TargetBackupVault"}), optional=_RULE)
    document: dict[str, Any] = {_RULE_NAMES.get(name, name): value for name, value in rule.items()}
    for name in ("StartWindowMinutes", "CompletionWindowMinutes"):
        if name in document:
            document[name] = int(document[name])
    if "EnableContinuousBackup" in document:
        document["EnableContinuousBackup"] = as_bool(document["EnableContinuousBackup"])
    if "Lifecycle" in document:
        document["Lifecycle"] = _lifecycle(document["Lifecycle"])
    if "CopyActions" in document:
        document["CopyActions"] = [_copy(action) for action in document["CopyActions"]]
    return document


def _copy(action: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _lifecycle(value) if name == "Lifecycle" else value for name, value in action.items()}


def _lifecycle(lifecycle: Mapping[str, Any]) -> dict[str, Any]:
    """Return a lifecycle with its numbers as numbers, which templates may write as text."""
    return {name: as_bool(value) if name.startswith("OptIn") else int(value) for name, value in lifecycle.items()}
