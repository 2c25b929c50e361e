"""Restore access backup vaults, as state alone: nobody in the twin approves them, so they never become available.

Source: AWS Backup API reference, CreateRestoreAccessBackupVault; developer guide, multipartyapproval (read 2026-11).
"""

from collections.abc import Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import Arn, vault_arn
from strongroom.twin.backup.approvals import air_gapped, asked
from strongroom.twin.backup.chance import chance
from strongroom.twin.backup.errors import already_exists, invalid_parameter, invalid_request, not_found
from strongroom.twin.backup.kept import RestoreAccess
from strongroom.twin.backup.paging import page
from strongroom.twin.backup.plandocument import is_vault_arn
from strongroom.twin.backup.state import Place, Vault, World
from strongroom.twin.backup.vaults import access_state, find, latest_request
from strongroom.twin.backup.wire import Call


def create_access(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """CreateRestoreAccessBackupVault: for a logically air-gapped vault of any account of the Region that has an approval team."""
    place, request_id = world.place(call.account, call.region), parameters.get("CreatorRequestId")
    known = next((each for each in place.restore_access.values() if request_id and each.creator_request_id == request_id), None)
    if known is None:
        known = _add(world, call, place, parameters)
    return {
        "RestoreAccessBackupVaultArn": known.arn,
        "RestoreAccessBackupVaultName": known.name,
        "VaultState": access_state(known, call.at),
        "CreationDate": known.created_at,
    }


def _add(world: World, call: Call, place: Place, parameters: Mapping[str, Any]) -> RestoreAccess:
    source = _source(world, call, parameters["SourceBackupVaultArn"])
    if not source.air_gapped or source.approval is None:
        raise invalid_request(f"Backup vault {source.arn} is not logically air-gapped, or has no approval team.")
    luck = chance(world.seed, "restore access", call.account, source.arn, world.numbers)
    name = parameters.get("BackupVaultName") or f"restore-access-{luck.hexadecimal(12)}"
    taken = place.vaults.get(name) or place.restore_access.get(name)
    if taken is not None:
        raise already_exists(facts.message("vault_exists"), arn=taken.arn, creator_request_id=taken.creator_request_id)
    made = RestoreAccess(
        serial=world.serial(),
        name=name,
        arn=vault_arn(call.account, call.region, name),
        source_vault_arn=source.arn,
        created_at=call.at,
        creator_request_id=parameters.get("CreatorRequestId"),
        request=asked(world, call, source.approval.team_arn),
        tags=dict(parameters.get("BackupVaultTags") or {}),
    )
    place.restore_access[name] = made
    return made


def _source(world: World, call: Call, arn: str) -> Vault:
    if not is_vault_arn(arn) or Arn.parse(arn).region != call.region:
        raise invalid_parameter(f"Invalid SourceBackupVaultArn: {arn}")
    parsed = Arn.parse(arn)
    vault = world.place(parsed.account, call.region).vaults.get(parsed.resource.removeprefix("backup-vault:"))
    if vault is None:
        raise not_found(f"Backup vault {arn} does not exist.")
    return vault


def _ways_to(world: World, vault: Vault) -> list[RestoreAccess]:
    """Return the restore access vaults of a vault in all accounts, in the order in which they were made."""
    found = [each for place in world.places.values() for each in place.restore_access.values() if each.source_vault_arn == vault.arn]
    return sorted(found, key=lambda each: each.serial)


def list_accesses(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """ListRestoreAccessBackupVaults, for the owner of the logically air-gapped vault."""
    vault = find(world, call, parameters["BackupVaultName"])

    def listed(access: RestoreAccess) -> dict[str, Any]:
        document = {
            "RestoreAccessBackupVaultArn": access.arn,
            "CreationDate": access.created_at,
            "VaultState": access_state(access, call.at),
            "LatestRevokeRequest": None if access.revocation is None else latest_request(access.revocation, call.at),
        }
        return {name: value for name, value in document.items() if value is not None}

    return page("RestoreAccessBackupVaults", _ways_to(world, vault), listed, parameters)


def revoke_access(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """RevokeRestoreAccessBackupVault: by the owner of the source, once the team has approved."""
    vault = air_gapped(world, call, parameters["BackupVaultName"], "RevokeRestoreAccessBackupVault")
    wanted = parameters["RestoreAccessBackupVaultArn"]
    access = next((each for each in _ways_to(world, vault) if each.arn == wanted), None)
    if access is None:
        raise not_found(f"Backup vault {vault.name} has no restore access backup vault {wanted}")
    if vault.approval is None:
        raise invalid_request(f"Backup vault {vault.name} has no approval team.")
    access.revocation = asked(world, call, vault.approval.team_arn)
    return {}
