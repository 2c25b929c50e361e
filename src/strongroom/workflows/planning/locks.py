"""Compliance locks are put last, and each has to be accepted by name: once its grace time is over nobody can take it back."""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.domain.changeplan import canonical
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate

STANDARD = "AWS::Backup::BackupVault"
AIR_GAPPED = "AWS::Backup::LogicallyAirGappedBackupVault"
COMPLIANCE = "ChangeableForDays"  # its presence makes a lock one of compliance mode


def without_new_locks(template: str, deployed: str) -> str:
    """Return a template whose compliance locks are those that are deployed already: the others are put when all else is done.

    `deployed` is the template that is there, empty where there is none.
    """
    document = json.loads(template)
    there = resources_of(deployed)
    changed = False
    for logical, resource in document["Resources"].items():
        wanted = _compliance(resource)
        found = there.get(logical, {}).get("Properties", {}).get("LockConfiguration")
        if wanted is None or wanted == found:
            continue
        changed = True
        if found is None:
            del resource["Properties"]["LockConfiguration"]
        else:
            resource["Properties"]["LockConfiguration"] = found
    return canonical(document) if changed else template


def locks_to_accept(estate: Estate, deployed: Deployment) -> tuple[str, ...]:
    """Return the labels of vaults that get a compliance lock, or another one than they have, in the order of the strategy."""
    stacks = {(each.account, each.region, each.name): each.template for each in deployed.stacks}
    stack_sets = {each.name: each.template for each in deployed.stack_sets}
    pairs = (
        *((each.template, stacks.get((each.account, each.region, each.name), "")) for each in estate.stacks),
        *((each.template, stack_sets.get(each.name, "")) for each in estate.stack_sets),
    )
    new = {name for wanted, there in pairs for name, lock in locks(wanted).items() if locks(there).get(name) != lock}
    return tuple(vault.label for vault in estate.vaults if vault.name in new)


def locks(template: str) -> Mapping[str, Any]:
    """Return the locks of a template that nobody can take back, by the name of the vault."""
    found: dict[str, Any] = {}
    for resource in resources_of(template).values():
        properties = resource.get("Properties", {})
        if resource.get("Type") == AIR_GAPPED:
            found[str(properties.get("BackupVaultName"))] = [properties.get("MinRetentionDays"), properties.get("MaxRetentionDays")]
        elif lock := _compliance(resource):
            found[str(properties.get("BackupVaultName"))] = lock
    return found


def _compliance(resource: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the compliance lock of a vault in a template."""
    lock = resource.get("Properties", {}).get("LockConfiguration") if resource.get("Type") == STANDARD else None
    return lock if lock and COMPLIANCE in lock else None


def resources_of(template: str) -> Mapping[str, Any]:
    """Return the resources of a template in JSON by their logical ids; none of one that somebody wrote in YAML, or that isn't there."""
    try:
        document = json.loads(template)
    except ValueError:
        return {}
    return document.get("Resources", {}) if isinstance(document, Mapping) else {}
