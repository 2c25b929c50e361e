"""Operations on the landing zone: created and updated from a manifest, its backup accounts and key checked before anything is made.

Source: https://docs.aws.amazon.com/controltower/latest/userguide/backup-prerequisites.html
"""

from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.twin.backup.access import Caller, may_use_key
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.controltower import equipment
from strongroom.twin.controltower.equipment import Tower
from strongroom.twin.controltower.manifest import settings as settings_of
from strongroom.twin.controltower.state import Backup, EnabledBaseline, LandingZone, Operation, Settings
from strongroom.twin.controltower.wire import Call, conflict, invalid, not_found, page
from strongroom.twin.ports import ApiError

_ZONE_BASELINES = ("BackupCentralVaultBaseline", "BackupAdminBaseline")
_BACKUP = "BackupBaseline"
_VERSION = "1.0"  # of the baselines of backup


def create_landing_zone(tower: Tower, call: Call) -> dict[str, Any]:
    """CreateLandingZone: one for the organization."""
    state = tower.state
    if state.zone is not None:
        raise conflict("A landing zone already exists in this organization")
    settings = settings_of(_manifest(call), call.parameters["version"], call.region)
    operation = state.begin("CREATE", call.at)
    state.zone = LandingZone(
        arn=f"arn:aws:controltower:{call.region}:{call.account}:landingzone/{state.new_id()[1:]}",
        region=call.region,
        suffix=state.suffix(),
        version=call.parameters["version"],
        manifest=_manifest(call),
        remediation=tuple(call.parameters.get("remediationTypes") or ()),
        tags=dict(call.parameters.get("tags") or {}),
        operation=operation,
    )
    operation.problem = _set_up(tower, call, state.zone, settings, operation)
    return {"arn": state.zone.arn, "operationIdentifier": operation.id}


def update_landing_zone(tower: Tower, call: Call) -> dict[str, Any]:
    """UpdateLandingZone: a new manifest or version; one operation at a time."""
    zone = find(tower, call)
    idle(tower)
    version = call.parameters["version"]
    if tuple(map(int, version.split("."))) < tuple(map(int, zone.version.split("."))):
        raise invalid(f"Landing zone version {version} is older than {zone.version}")
    settings = settings_of(_manifest(call), version, zone.region)
    if settings.backup is None and any(each.baseline == _BACKUP for each in tower.state.enabled.values()):
        raise invalid(f"Backup can't be disabled while {_BACKUP} is enabled on organizational units: disable it there first")
    operation = tower.state.begin("UPDATE", call.at)
    zone.version, zone.manifest, zone.operation = version, _manifest(call), operation
    if "remediationTypes" in call.parameters:
        zone.remediation = tuple(call.parameters["remediationTypes"])
    operation.problem = _set_up(tower, call, zone, settings, operation)
    return {"operationIdentifier": operation.id}


def get_landing_zone(tower: Tower, call: Call) -> dict[str, Any]:
    """GetLandingZone: PROCESSING while an operation of its own runs."""
    zone = find(tower, call)
    zone.operation.poll()
    status = "PROCESSING" if zone.operation.running else "FAILED" if zone.operation.problem else "ACTIVE"
    found = {
        "arn": zone.arn,
        "version": zone.version,
        "status": status,
        "latestAvailableVersion": facts.fact("control_tower_resources", "versions").value[-1],
        "driftStatus": {"status": "DRIFTED" if _drifted(tower, zone) else "IN_SYNC"},
        "manifest": zone.manifest if zone.manifest is not None else {},
        "remediationTypes": list(zone.remediation),
    }
    return {"landingZone": found}


def list_landing_zones(tower: Tower, call: Call) -> dict[str, Any]:
    """ListLandingZones: none or one."""
    zone = tower.state.zone
    return page(call, "landingZones", [{"arn": zone.arn}] if zone is not None and zone.region == call.region else [])


def get_landing_zone_operation(tower: Tower, call: Call) -> dict[str, Any]:
    """GetLandingZoneOperation: IN_PROGRESS for a few polls."""
    return {"operationDetails": told(tower, call, zone=True)}


def told(tower: Tower, call: Call, *, zone: bool) -> dict[str, Any]:
    """Return an operation as readers see it, which counts as a poll."""
    operation = tower.state.operations.get(call.parameters["operationIdentifier"])
    if operation is None or (operation.kind in {"CREATE", "UPDATE"}) is not zone:
        raise not_found(f"Operation {call.parameters['operationIdentifier']} does not exist")
    operation.poll()
    answer: dict[str, Any] = {
        "operationIdentifier": operation.id,
        "operationType": operation.kind,
        "status": operation.status,
        "startTime": operation.began_at,
    }
    if not operation.running:
        answer["endTime"] = operation.began_at
        if operation.problem:
            answer["statusMessage"] = operation.problem
    return answer


def find(tower: Tower, call: Call) -> LandingZone:
    """Return the landing zone that a call names; raises ApiError when there is none."""
    zone = tower.state.zone
    if (
        zone is None
        or zone.region != call.region
        or call.parameters["landingZoneIdentifier"] not in {zone.arn, zone.arn.rpartition("/")[2]}
    ):
        raise not_found("The landing zone does not exist")
    return zone


def idle(tower: Tower) -> None:
    """Refuse a write while an operation runs; being refused counts as a poll of it."""
    running = tower.state.running()
    if running is not None:
        running.poll()
        raise conflict(f"AWS Control Tower is busy with operation {running.id} ({running.kind}): wait until it has ended")


def _manifest(call: Call) -> Mapping[str, Any] | None:
    found = call.parameters.get("manifest")
    if found is not None and not isinstance(found, Mapping):
        raise invalid("the manifest is not a JSON object")
    return found


def _set_up(tower: Tower, call: Call, zone: LandingZone, settings: Settings, operation: Operation) -> str:
    """Do what a manifest asks for, and return why that failed; what can be checked is checked before anything is made."""
    problem = _shared_problem(tower, settings) or _backup_problem(tower, zone, settings)
    if problem:
        return problem
    try:
        zone.security_unit = _security_unit(tower, settings)
        for account in settings.shared:
            _move(tower, zone, account)
            equipment.enrol(tower, settings, account)
        if settings.backup is not None:
            for account in (settings.backup.admin, settings.backup.central):
                _move(tower, zone, account)
            equipment.make_central(tower, zone, settings, settings.backup)
            equipment.make_administrator(tower, zone, settings.backup)
        _enable_own(tower, call, settings, operation)
    except ApiError as refusal:
        return f"AWS Control Tower failed to set up your landing zone: {refusal.message}"
    zone.settings = settings
    return ""


def _shared_problem(tower: Tower, settings: Settings) -> str:
    active = tower.organization.accounts()
    for account in settings.shared:
        if account not in active or account == tower.organization.management_account:
            return f"Account {account} is no active member account of the organization"
    units = {tower.organization.line_of(account)[-1] for account in settings.shared}
    if len(units) > 1 and not settings.security_unit:
        return "The accounts of the service integrations must be in the same organizational unit"
    return ""


def _backup_problem(tower: Tower, zone: LandingZone, settings: Settings) -> str:
    backup = settings.backup
    if backup is None:
        return ""
    if backup.admin == backup.central:
        return f"Account {backup.admin} can't be the backup administrator and the central backup account"
    before = zone.settings.backup if zone.settings else None
    own = {before.admin, before.central} if before else set()
    for account in (backup.admin, backup.central):
        if account not in tower.organization.accounts() or account == tower.organization.management_account:
            return f"Account {account} is no active member account of the organization"
        if account not in own and account in tower.state.enrolled() | set(settings.shared):
            return f"Account {account} is enrolled in AWS Control Tower: backup accounts must not be"
    return _key_problem(tower, zone, settings, backup)


def _key_problem(tower: Tower, zone: LandingZone, settings: Settings, backup: Backup) -> str:
    """A multi-Region key, replicated to every governed Region, each with a policy that lets the organization use it."""
    primary = backup.key_arn.split(":")
    if len(primary) != 6 or primary[2] != "kms" or not primary[5].startswith("key/mrk-"):
        return f"KMS key {backup.key_arn} is not a multi-Region key"
    if primary[3] != zone.region:
        return f"KMS key {backup.key_arn} is not in the home Region {zone.region}"
    principal = f"arn:aws:iam::{backup.central}:role/{facts.fact('control_tower_resources', 'role').value}"
    for region in settings.regions:
        arn = equipment.replica(backup, region)
        backend = backend_of("kms", primary[4], region)
        key = None if backend is None else backend.keys.get(primary[5].removeprefix("key/"))
        if key is None:
            return f"KMS key {backup.key_arn} is not replicated to the governed Region {region}"
        if key.key_state != "Enabled":
            return f"KMS key {arn} is not enabled: it is {key.key_state}"
        caller = Caller(
            account=backup.central,
            principal=principal,
            organization_id=tower.organization.organization_id,
            path=tower.organization.path_of(backup.central),
            service=f"backup.{region}.amazonaws.com",
        )
        if not may_use_key(str(key.policy), arn, caller):
            return f"The policy of KMS key {arn} does not let accounts of the organization use it"
    return ""


def _security_unit(tower: Tower, settings: Settings) -> str:
    """Return the OU of the shared accounts: the one that a 3.x manifest names, made where it isn't there; else theirs."""
    if not settings.security_unit:
        return tower.organization.line_of(settings.shared[0])[-1] if settings.shared else ""
    root = tower.organize("ListRoots")["Roots"][0]["Id"]
    found = tower.organization.unit_below(root, settings.security_unit)
    if found:
        return found
    made = tower.organize("CreateOrganizationalUnit", ParentId=root, Name=settings.security_unit)
    return str(made["OrganizationalUnit"]["Id"])


def _move(tower: Tower, zone: LandingZone, account: str) -> None:
    """Move an account into the OU of the shared accounts."""
    parent = tower.organization.line_of(account)[-1]
    if zone.security_unit and parent != zone.security_unit:
        tower.organize("MoveAccount", AccountId=account, SourceParentId=parent, DestinationParentId=zone.security_unit)


def _enable_own(tower: Tower, call: Call, settings: Settings, operation: Operation) -> None:
    """Write down the baselines that the landing zone itself enables on the backup accounts."""
    state, backup = tower.state, settings.backup
    wanted = dict(zip(_ZONE_BASELINES, (backup.central, backup.admin), strict=True)) if backup else {}
    for arn, each in list(state.enabled.items()):
        if each.baseline in _ZONE_BASELINES and wanted.get(each.baseline) != each.place:
            del state.enabled[arn]
    for baseline, account in wanted.items():
        found = state.on(account, baseline)
        if found is not None:
            found.operation, found.settings = operation, settings
            continue
        arn = f"arn:aws:controltower:{call.region}:{call.account}:enabledbaseline/{state.new_id()}"
        state.enabled[arn] = EnabledBaseline(
            arn=arn,
            baseline=baseline,
            version=_VERSION,
            target=f"arn:aws:organizations::{call.account}:account/{tower.organization.organization_id}/{account}",
            place=account,
            parameters=[],
            tags={},
            operation=operation,
            settings=settings,
        )


def _drifted(tower: Tower, zone: LandingZone) -> bool:
    """Whether somebody moved the shared accounts, or took a central vault away."""
    settings = zone.settings
    if settings is None:
        return False
    backup = settings.backup
    accounts = (*settings.shared, *((backup.admin, backup.central) if backup else ()))
    if any(tower.organization.line_of(account)[-1:] != (zone.security_unit,) for account in accounts):
        return True
    return backup is not None and not equipment.has_central(tower, zone, settings, backup)
