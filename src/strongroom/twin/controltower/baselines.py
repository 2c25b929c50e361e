"""Operations on baselines: enabled on organizational units from the top down, inherited by the accounts that are there at that time.

Source: https://docs.aws.amazon.com/controltower/latest/userguide/types-of-baselines.html
"""

from typing import Any

from strongroom import facts
from strongroom.twin.cloudformation.handlers import REFUSALS
from strongroom.twin.controltower import controls, equipment, landingzone
from strongroom.twin.controltower.equipment import Tower
from strongroom.twin.controltower.state import Child, EnabledBaseline, LandingZone, Settings
from strongroom.twin.controltower.wire import Call, conflict, invalid, not_found, page

FIRST, BACKUP = "AWSControlTowerBaseline", "BackupBaseline"
_REMEDIATION = "INHERITANCE_DRIFT"
_DESCRIPTIONS = {
    "AuditBaseline": "Resources that watch security and compliance of the organization's accounts.",
    "LogArchiveBaseline": "One place for the logs of the organization's accounts.",
    "IdentityCenterBaseline": "Shared resources of IAM Identity Center.",
    FIRST: "Resources and mandatory controls of the accounts of a governed organizational unit.",
    "BackupCentralVaultBaseline": "A central AWS Backup vault.",
    "BackupAdminBaseline": "AWS Backup Audit Manager.",
    BACKUP: "A local AWS Backup vault with backup plans.",
}


def list_baselines(_tower: Tower, call: Call) -> dict[str, Any]:
    """ListBaselines."""
    return page(call, "baselines", [_described(call, name) for name in facts.fact("control_tower_resources", "baselines").value])


def get_baseline(_tower: Tower, call: Call) -> dict[str, Any]:
    """GetBaseline."""
    return _described(call, _named(call))


def enable_baseline(tower: Tower, call: Call) -> dict[str, Any]:
    """EnableBaseline: on an OU, after its parent, and the backup baseline after Control Tower's own."""
    name, target = _named(call), call.parameters["targetIdentifier"]
    if name not in facts.fact("control_tower_resources", "unit_baselines").value:
        raise invalid(f"{name} is a baseline of the landing zone: it can't be enabled with EnableBaseline")
    zone = tower.state.zone
    if zone is None or zone.region != call.region:
        raise invalid("AWS Control Tower has no landing zone in this Region: create one first")
    unit = _unit(tower, target)
    landingzone.idle(tower)
    settings = _settings(zone)
    if tower.state.on(unit, name) is not None:
        raise invalid(facts.message("control_tower_already_enabled"))
    if name == FIRST and unit == zone.security_unit:
        raise invalid(f"The baseline '{FIRST}' cannot be enabled on the Security OU")
    _check_order(tower, zone, settings, name, unit)
    arn = f"arn:aws:controltower:{call.region}:{call.account}:enabledbaseline/{tower.state.new_id()}"
    enabled = EnabledBaseline(
        arn=arn,
        baseline=name,
        version=call.parameters["baselineVersion"],
        target=target,
        place=unit,
        parameters=list(call.parameters.get("parameters") or ()),
        tags=dict(call.parameters.get("tags") or {}),
        operation=tower.state.begin("ENABLE_BASELINE", call.at),
        settings=settings,
    )
    tower.state.enabled[arn] = enabled
    _apply(tower, zone, settings, enabled)
    return {"arn": arn, "operationIdentifier": enabled.operation.id}


def update_enabled_baseline(tower: Tower, call: Call) -> dict[str, Any]:
    """UpdateEnabledBaseline: another version or other parameters, for all accounts that are there now."""
    enabled = _of_unit(tower, call)
    enabled.version = call.parameters["baselineVersion"]
    if "parameters" in call.parameters:
        enabled.parameters = list(call.parameters["parameters"])
    return _again(tower, call, enabled, "UPDATE_ENABLED_BASELINE")


def reset_enabled_baseline(tower: Tower, call: Call) -> dict[str, Any]:
    """ResetEnabledBaseline: once more for all accounts that are there now, also those that were moved in since."""
    return _again(tower, call, _of_unit(tower, call), "RESET_ENABLED_BASELINE")


def disable_baseline(tower: Tower, call: Call) -> dict[str, Any]:
    """DisableBaseline: children before their parent, the backup baseline before Control Tower's own; recovery points stay."""
    enabled, state = _of_unit(tower, call), tower.state
    zone = state.zone
    assert zone is not None  # noqa: S101  something is enabled
    if enabled.baseline == FIRST and state.on(enabled.place, BACKUP) is not None:
        raise conflict(f"{BACKUP} is enabled on this target: disable it first")
    below = [each for each in state.enabled.values() if each.baseline == enabled.baseline and _is_below(tower, each.place, enabled.place)]
    if below:
        raise conflict(f"{enabled.baseline} is enabled on organizational units below this target: disable it there first")
    operation = state.begin("DISABLE_BASELINE", call.at)
    enabled.operation = operation
    try:
        controls.detach(tower, enabled.baseline, enabled.place)
        if enabled.baseline == BACKUP and enabled.settings is not None:
            for account in enabled.children:
                equipment.strip(tower, zone, enabled.settings, account)
    except REFUSALS as refusal:
        operation.problem = str(getattr(refusal, "message", refusal))
    else:
        del state.enabled[enabled.arn]
    return {"operationIdentifier": operation.id}


def get_enabled_baseline(tower: Tower, call: Call) -> dict[str, Any]:
    """GetEnabledBaseline, of an OU or of an account of one; a poll of its operation."""
    arn = call.parameters["enabledBaselineIdentifier"]
    for enabled in tower.state.enabled.values():
        child = next((each for each in enabled.children.values() if each.arn == arn), None)
        if enabled.arn == arn or child is not None:
            enabled.operation.poll()
            found = _told(tower, call, enabled) if child is None else _told_child(tower, call, enabled, child)
            return {"enabledBaselineDetails": found | ({"parameters": enabled.parameters} if enabled.parameters else {})}
    raise not_found(f"Enabled baseline {arn} does not exist")


def list_enabled_baselines(tower: Tower, call: Call) -> dict[str, Any]:
    """ListEnabledBaselines, filtered; with `includeChildren` those of accounts too."""
    found = []
    running = tower.state.running()
    if running is not None:
        running.poll()
    for enabled in tower.state.enabled.values():
        found.append(_told(tower, call, enabled))
        if call.parameters.get("includeChildren"):
            found += [_told_child(tower, call, enabled, child) for child in enabled.children.values()]
    return page(call, "enabledBaselines", [each for each in found if _wanted(each, call.parameters.get("filter") or {})])


def get_baseline_operation(tower: Tower, call: Call) -> dict[str, Any]:
    """GetBaselineOperation: IN_PROGRESS for a few polls."""
    return {"baselineOperation": landingzone.told(tower, call, zone=False)}


def moved(tower: Tower, account: str, left: str, came: str) -> None:
    """An account joined, moved or left: it is equipped by itself only where the landing zone repairs inheritance drift."""
    zone = tower.state.zone
    if zone is None or zone.settings is None or _REMEDIATION not in zone.remediation:
        return
    for enabled in tower.state.enabled.values():
        if enabled.place == left:
            enabled.children.pop(account, None)
    for name in (FIRST, BACKUP):
        found = tower.state.on(came, name)
        if found is not None:
            _inherit(tower, zone, zone.settings, found, account)


def _again(tower: Tower, call: Call, enabled: EnabledBaseline, kind: str) -> dict[str, Any]:
    zone = tower.state.zone
    assert zone is not None  # noqa: S101  something is enabled
    enabled.operation = tower.state.begin(kind, call.at)
    enabled.settings = _settings(zone)
    _apply(tower, zone, enabled.settings, enabled)
    return {"operationIdentifier": enabled.operation.id}


def _apply(tower: Tower, zone: LandingZone, settings: Settings, enabled: EnabledBaseline) -> None:
    """Attach the controls of a baseline and let every account of its OU inherit it; one that fails doesn't stop the others."""
    try:
        controls.attach(tower, enabled.baseline, enabled.place)
    except REFUSALS as refusal:
        enabled.operation.problem = str(getattr(refusal, "message", refusal))
        return
    members = tower.organization.accounts_in(enabled.place)
    for gone in enabled.children.keys() - set(members):
        del enabled.children[gone]
    for account in members:
        _inherit(tower, zone, settings, enabled, account)
    failed = [each for each in enabled.children.values() if each.problem]
    if failed:
        told = "; ".join(f"{each.account}: {each.problem}" for each in failed)
        enabled.operation.problem = f"AWS Control Tower could not enable {enabled.baseline} in {len(failed)} accounts: {told}"


def _inherit(tower: Tower, zone: LandingZone, settings: Settings, enabled: EnabledBaseline, account: str) -> None:
    """Equip one account of an OU."""
    if account == tower.organization.management_account:
        return
    child = enabled.children.get(account)
    if child is None:
        prefix = enabled.arn.rpartition("/")[0]
        child = Child(arn=f"{prefix}/{tower.state.new_id()}", account=account, version=enabled.version)
        enabled.children[account] = child
    child.version, child.problem = enabled.version, ""
    if tower.organization.is_closed(account):
        child.problem = "the account is suspended"
        return
    try:
        if enabled.baseline == FIRST:
            equipment.enrol(tower, settings, account)
        else:
            equipment.equip(tower, zone, settings, account)
    except REFUSALS as refusal:
        child.problem = str(getattr(refusal, "message", None) or refusal)


def _check_order(tower: Tower, zone: LandingZone, settings: Settings, name: str, unit: str) -> None:
    state, parent = tower.state, tower.organization.parent_of(unit)
    if name == BACKUP:
        if settings.backup is None:
            raise invalid("AWS Backup is not enabled for the landing zone: enable it there first")
        if state.on(unit, FIRST) is None and unit != zone.security_unit:
            raise invalid(f"{BACKUP} needs {FIRST} to be enabled on the organizational unit {unit} first")
    above = state.on(parent, name)
    registered = parent == zone.security_unit and name == FIRST
    if tower.organization.parent_of(parent) and not registered and (above is None or above.operation.problem):
        raise invalid(f"The parent organizational unit {parent} does not have {name} enabled: enable it there first")


def _settings(zone: LandingZone) -> Settings:
    if zone.settings is None or zone.operation.problem:
        raise conflict("The landing zone was not set up successfully: update it first")
    return zone.settings


def _unit(tower: Tower, target: str) -> str:
    """Return the id of the OU behind an ARN; raises ApiError for anything else."""
    kind, _, rest = target.rpartition(":")[2].partition("/")
    unit = rest.rpartition("/")[2]
    if kind != "ou":
        raise invalid(f"The target {target} is not supported: baselines are enabled on organizational units only")
    if not tower.organization.has_unit(unit):
        raise not_found(f"The organizational unit {target} does not exist")
    return unit


def _of_unit(tower: Tower, call: Call) -> EnabledBaseline:
    enabled = tower.state.enabled.get(call.parameters["enabledBaselineIdentifier"])
    if enabled is None:
        raise not_found(f"Enabled baseline {call.parameters['enabledBaselineIdentifier']} does not exist")
    if enabled.baseline not in {FIRST, BACKUP}:
        raise invalid(f"{enabled.baseline} is a baseline of the landing zone: update the landing zone instead")
    landingzone.idle(tower)
    return enabled


def _is_below(tower: Tower, unit: str, above: str) -> bool:
    parent = tower.organization.parent_of(unit)
    return bool(parent) and (parent == above or _is_below(tower, parent, above))


def _arn(call: Call, name: str) -> str:
    return f"arn:aws:controltower:{call.region}::baseline/{facts.fact('control_tower_resources', 'baselines').value[name]}"


def _named(call: Call) -> str:
    last = call.parameters["baselineIdentifier"].rpartition("/")[2].rpartition(":")[2]
    found = next((name for name, key in facts.fact("control_tower_resources", "baselines").value.items() if key == last), None)
    if found is None:
        raise not_found(f"Baseline {call.parameters['baselineIdentifier']} does not exist")
    return str(found)


def _described(call: Call, name: str) -> dict[str, Any]:
    return {"arn": _arn(call, name), "name": name, "description": _DESCRIPTIONS[name]}


def _told(tower: Tower, call: Call, enabled: EnabledBaseline) -> dict[str, Any]:
    found: dict[str, Any] = {
        "arn": enabled.arn,
        "baselineIdentifier": _arn(call, enabled.baseline),
        "baselineVersion": enabled.version,
        "targetIdentifier": enabled.target,
        "statusSummary": {"status": enabled.status, "lastOperationIdentifier": enabled.operation.id},
    }
    if enabled.baseline in {FIRST, BACKUP}:  # no drift is looked for on the landing zone's own
        drifted = not enabled.operation.running and _out_of_step(tower, enabled)
        found["driftStatusSummary"] = _drift(tower, enabled, inheritance=drifted)
    return found


def _told_child(tower: Tower, call: Call, enabled: EnabledBaseline, child: Child) -> dict[str, Any]:
    organization = tower.organization
    owner = f"arn:aws:organizations::{organization.management_account}:account/{organization.organization_id}"
    status = "UNDER_CHANGE" if enabled.operation.running else "FAILED" if child.problem else "SUCCEEDED"
    drifted = organization.line_of(child.account)[-1:] != (enabled.place,) or child.version != enabled.version
    return {
        "arn": child.arn,
        "baselineIdentifier": _arn(call, enabled.baseline),
        "baselineVersion": child.version,
        "targetIdentifier": f"{owner}/{child.account}",
        "parentIdentifier": enabled.arn,
        "statusSummary": {"status": status, "lastOperationIdentifier": enabled.operation.id},
        "driftStatusSummary": _drift(tower, enabled, inheritance=drifted),
    }


def _drift(tower: Tower, enabled: EnabledBaseline, *, inheritance: bool) -> dict[str, Any]:
    zone = tower.state.zone
    source = zone is not None and zone.settings is not None and enabled.settings != zone.settings
    words = {True: "DRIFTED", False: "IN_SYNC"}
    return {"types": {"inheritance": {"status": words[inheritance]}, "source": {"status": words[source]}}}


def _out_of_step(tower: Tower, enabled: EnabledBaseline) -> bool:
    """Whether an account of the OU doesn't match the baseline: moved in, moved away, or its resources were taken away."""
    members = {each for each in tower.organization.accounts_in(enabled.place) if each != tower.organization.management_account}
    if members != enabled.children.keys():
        return True
    zone, settings = tower.state.zone, enabled.settings
    if zone is None or settings is None or enabled.baseline != BACKUP:
        return False
    sound = [each.account for each in enabled.children.values() if not each.problem]
    return not all(equipment.is_equipped(tower, zone, settings, account) for account in sound)


def _wanted(found: dict[str, Any], wish: dict[str, Any]) -> bool:
    drift = found.get("driftStatusSummary", {}).get("types", {})
    values = {
        "targetIdentifiers": found["targetIdentifier"],
        "baselineIdentifiers": found["baselineIdentifier"],
        "parentIdentifiers": found.get("parentIdentifier"),
        "statuses": found["statusSummary"]["status"],
        "inheritanceDriftStatuses": drift.get("inheritance", {}).get("status"),
        "sourceDriftStatuses": drift.get("source", {}).get("status"),
    }
    return all(values[name] in wanted for name, wanted in wish.items() if wanted)
