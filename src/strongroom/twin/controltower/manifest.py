"""The manifest of a landing zone: what Control Tower refuses of it before it does anything.

Source: https://docs.aws.amazon.com/controltower/latest/userguide/lz-api-schemas.html
"""

from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.twin.controltower.state import Backup, Settings
from strongroom.twin.controltower.wire import invalid

_INTEGRATIONS = ("config", "centralizedLogging", "securityRoles", "accessManagement", "backup")
_OF_BACKUP = {"backupAdmin", "centralBackup", "kmsKeyArn"}
_FOURTH = (4, 0)


def settings(manifest: Mapping[str, Any] | None, version: str, home: str) -> Settings:
    """Return what a manifest asks for; raises ApiError for one against the schema of its version."""
    if version not in facts.fact("control_tower_resources", "versions").value:
        raise invalid(f"Landing zone version {version} is not supported")
    number = _number(version)
    if manifest is None and number < _FOURTH:
        raise invalid(f"A manifest is required for landing zone version {version}")
    given: Mapping[str, Any] = manifest or {}
    regions = _regions(given.get("governedRegions", [home] if manifest is None else None), home)
    if number < _FOURTH:
        _check_third(given)
    else:
        _check_fourth(given)
    return Settings(
        regions=regions,
        security_unit=str(_object(_object(given, "organizationStructure"), "security").get("name", "")),
        shared=_shared(given),
        logs=_account(given, "centralizedLogging"),
        records=number < _FOURTH or _is_on(given, "config"),
        backup=_backup(given, version),
    )


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _regions(given: Any, home: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not given or not all(isinstance(each, str) for each in given):
        raise invalid("governedRegions is required: a list of Regions")
    unknown = [each for each in given if each not in facts.regions()]
    if unknown:
        raise invalid(f"governedRegions names {', '.join(unknown)}, which is no AWS Region")
    if home not in given:
        raise invalid(f"governedRegions must contain the home Region {home}")
    return tuple(dict.fromkeys(given))


def _check_third(given: Mapping[str, Any]) -> None:
    if "config" in given:
        raise invalid("extraneous key [config] is not permitted")
    if not _object(_object(given, "organizationStructure"), "security").get("name"):
        raise invalid("required key [organizationStructure.security.name] not found")
    for section in ("centralizedLogging", "securityRoles"):
        if not _account(given, section):
            raise invalid(f"required key [{section}.accountId] not found")


def _check_fourth(given: Mapping[str, Any]) -> None:
    if "organizationStructure" in given:
        raise invalid("extraneous key [organizationStructure] is not permitted")
    for section in _INTEGRATIONS:
        if section in given and not isinstance(_object(given, section).get("enabled"), bool):
            raise invalid(f"required key [{section}.enabled] not found")
    if not _is_on(given, "backup"):
        return
    for section in ("config", "securityRoles"):  # the backup baselines depend on the first by way of the second
        if not _is_on(given, section):
            raise invalid(f"backup can't be enabled while {section} is not: enable it, or disable backup")


def _backup(given: Mapping[str, Any], version: str) -> Backup | None:
    section = _object(given, "backup")
    if not section.get("enabled"):
        if "configurations" in section:
            raise invalid("extraneous key [backup.configurations] is not permitted while backup is disabled")
        return None
    least = facts.fact("control_tower", "backup_version_min").value
    if _number(version) < _number(least):
        raise invalid(f"backup needs landing zone version {least}, not {version}")
    found = _object(section, "configurations")
    if not found:
        raise invalid("required key [backup.configurations] not found")
    strange = sorted(found.keys() - _OF_BACKUP)
    if strange:
        raise invalid(f"extraneous key [backup.configurations.{strange[0]}] is not permitted")
    admin, central, key = _account(found, "backupAdmin"), _account(found, "centralBackup"), found.get("kmsKeyArn")
    for name, value in (("backupAdmin.accountId", admin), ("centralBackup.accountId", central), ("kmsKeyArn", key)):
        if not isinstance(value, str) or not value:
            raise invalid(f"required key [backup.configurations.{name}] not found")
    return Backup(admin=admin, central=central, key_arn=str(key))


def _shared(given: Mapping[str, Any]) -> tuple[str, ...]:
    accounts = [_account(given, section) for section in ("config", "centralizedLogging", "securityRoles")]
    return tuple(dict.fromkeys(account for account in accounts if account))


def _is_on(given: Mapping[str, Any], section: str) -> bool:
    return _object(given, section).get("enabled") is True


def _account(given: Mapping[str, Any], section: str) -> str:
    return str(_object(given, section).get("accountId") or "")


def _object(given: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = given.get(name, {})
    if not isinstance(found, Mapping):
        raise invalid(f"[{name}] is not an object")
    return found
