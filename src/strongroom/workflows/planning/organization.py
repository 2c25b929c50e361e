"""Switches of the organization, and AWS Backup's settings."""

from collections.abc import Iterator

from strongroom.domain.changeplan import (
    ActivateStackSetsAccess,
    EnablePolicyType,
    EnableServiceAccess,
    RegisterDelegatedAdministrator,
    UpdateGlobalSettings,
    UpdateOptIn,
)
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.names import PolicyType
from strongroom.workflows.planning.change import Change

BACKUP = "backup.amazonaws.com"


def organization_switches(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what has to be switched on before anything else can be deployed."""
    for kind in dict.fromkeys((PolicyType.BACKUP, *(policy.type for policy in estate.organization_policies))):
        if kind not in deployed.policy_types:
            plural = kind.words.removesuffix("y") + "ies"
            yield Change(f"enable {plural} in the organization", EnablePolicyType(type=kind, root_id=deployed.root_id))
    if BACKUP not in deployed.trusted_services:
        yield Change("enable trusted access for AWS Backup", EnableServiceAccess(service=BACKUP))
    if estate.stack_sets and not deployed.stack_sets_trusted:
        yield Change("activate trusted access for CloudFormation StackSets", ActivateStackSetsAccess())
    administrator = estate.settings.delegated_administrator
    if administrator and administrator not in deployed.delegated_administrators:
        yield Change(
            f"make account {administrator} delegated administrator of AWS Backup",
            RegisterDelegatedAdministrator(account=administrator, service=BACKUP),
        )


def backup_settings(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield changes of AWS Backup's settings."""
    if estate.settings.cross_account_backup and dict(deployed.global_settings).get("isCrossAccountBackupEnabled") != "true":
        yield Change(
            "allow cross-account backup in the organization",
            UpdateGlobalSettings(values=(("isCrossAccountBackupEnabled", "true"),)),
        )
    for region, preferences in deployed.opt_in:
        known = dict(preferences)
        missing = tuple(kind for kind in estate.settings.opt_in if not known.get(kind))
        if missing:
            names = ", ".join(kind.value for kind in missing)
            yield Change(f"opt in to AWS Backup in {region}: {names}", UpdateOptIn(region=region, opt_in=missing))
