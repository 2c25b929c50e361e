"""Plans as templates: exported, read back unchanged, and those that AWS Backup offers.

An exported template is signed: whoever changes it can't read it back. How AWS signs is not documented; here it is a hash. The
ids of AWS's own templates are made up.
Source: AWS Backup API reference, GetBackupPlanFromJSON, ListBackupPlanTemplates (read 2026-11).
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any

from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import check
from strongroom.twin.backup.plans import find
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call, checked_as

_VAULT = "Default"
_DAILY = ("DailyBackups", "cron(0 5 ? * * *)", 35, None)
_MONTHLY = ("MonthlyBackups", "cron(0 5 1 * ? *)")
_OFFERED: Mapping[str, tuple[tuple[str, str, int, int | None], ...]] = {  # rule, schedule, days kept, days until cold
    "Daily-35day-Retention": (_DAILY,),
    "Daily-Monthly-1yr-Retention": (_DAILY, (*_MONTHLY, 365, 30)),
    "Daily-Weekly-Monthly-7yr-Retention": (_DAILY, ("WeeklyBackups", "cron(0 5 ? * 7 *)", 365, None), (*_MONTHLY, 2555, 90)),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Template:
    serial: int
    template_id: str
    name: str


_TEMPLATES = tuple(
    _Template(serial=number, template_id=chance("template", name).uuid, name=name) for number, name in enumerate(_OFFERED, 1)
)


def export_template(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ExportBackupPlanTemplate."""
    document = find(world, call, parameters["BackupPlanId"]).current.document
    return {"BackupPlanTemplateJson": json.dumps({"BackupPlan": document, "Signature": _signature(document)})}


def _signature(document: Mapping[str, Any]) -> str:
    return blake2b(json.dumps(document, sort_keys=True).encode(), digest_size=16).hexdigest()


def plan_from_json(_world: World, _call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupPlanFromJSON: what ExportBackupPlanTemplate gave, unchanged."""
    try:
        template = json.loads(parameters["BackupPlanTemplateJson"])
        document = template["BackupPlan"]
        signature = template["Signature"]
    except (ValueError, LookupError, TypeError):
        raise invalid_parameter("Invalid BackupPlanTemplateJson: not a backup plan template") from None
    plan = checked_as("CreateBackupPlan", "BackupPlan", document)
    if signature != _signature(document):
        raise invalid_request("The backup plan template was modified after it was exported.")
    check(plan)
    return {"BackupPlan": plan}


def list_templates(_world: World, _call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListBackupPlanTemplates."""

    def listed(template: _Template) -> dict[str, Any]:
        return {"BackupPlanTemplateId": template.template_id, "BackupPlanTemplateName": template.name}

    return page("BackupPlanTemplatesList", _TEMPLATES, listed, parameters)


def plan_from_template(_world: World, _call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetBackupPlanFromTemplate."""
    wanted = parameters["BackupPlanTemplateId"]
    template = next((each for each in _TEMPLATES if each.template_id == wanted), None)
    if template is None:
        raise not_found(f"Backup plan template {wanted} does not exist.")
    rules = []
    for name, schedule, days, cold in _OFFERED[template.name]:
        lifecycle = {"DeleteAfterDays": days} | ({} if cold is None else {"MoveToColdStorageAfterDays": cold})
        rules.append({"RuleName": name, "TargetBackupVaultName": _VAULT, "ScheduleExpression": schedule, "Lifecycle": lifecycle})
    return {"BackupPlanDocument": {"BackupPlanName": template.name, "Rules": rules}}
