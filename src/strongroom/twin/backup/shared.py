"""Vaults of other accounts that are shared with one: logically air-gapped ones, by AWS Resource Access Manager.

Source: AWS Backup developer guide, "Share a logically air-gapped vault" (read 2026-11).
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from strongroom.domain.names import Arn, vault_arn
from strongroom.twin.backup.errors import access_denied
from strongroom.twin.backup.state import Vault, World
from strongroom.twin.backup.wire import Call
from strongroom.twin.sharing import is_shared_with, shared_with


def as_owner(world: World, call: Call, parameters: Mapping[str, Any]) -> Call:
    """Return a call as the account would make it whose vault BackupVaultAccountId names; raises ApiError where it isn't shared."""
    owner = parameters.get("BackupVaultAccountId")
    if owner in (None, call.account):
        return call
    if not is_shared_with(vault_arn(owner, call.region, parameters["BackupVaultName"]), call.account, world.organization):
        raise access_denied(f"Insufficient privileges to perform this action on vaults of account {owner}.")
    return replace(call, account=owner)


def shared_vaults(world: World, call: Call) -> list[Vault]:
    """Return the vaults of other accounts that the caller's account sees in a Region."""
    arns = [arn for share in shared_with(call.account, call.region, world.organization) for arn in share.resources]
    found = []
    for arn in sorted(set(arns)):
        if ":backup-vault:" in arn:
            parsed = Arn.parse(arn)
            vault = world.place(parsed.account, parsed.region).vaults.get(parsed.resource.removeprefix("backup-vault:"))
            found += [vault] if vault is not None and vault.air_gapped else []
    return found
