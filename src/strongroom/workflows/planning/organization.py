"""Switches of the organization, and AWS Backup's settings."""

from collections.abc import Iterable, Iterator

from strongroom.domain.changeplan import (
    ActivateStackSetsAccess,
    EnablePolicyType,
    EnableResourceSharing,
    EnableServiceAccess,
    RegisterDelegatedAdministrator,
    UpdateGlobalSettings,
    UpdateOptIn,
)
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.names import PolicyType, ResourceType
from strongroom.workflows.planning.change import Change

BACKUP = "backup.amazonaws.com"
SHARING = "ram.amazonaws.com"
CROSS_ACCOUNT, DELEGATED = "isCrossAccountBackupEnabled", "isDelegatedAdministratorEnabled"


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
    if any(vault.shared_with for vault in estate.vaults) and SHARING not in deployed.trusted_services:
        yield Change("let AWS RAM share air-gapped vaults inside the organization", EnableResourceSharing())
    administrator = estate.settings.delegated_administrator
    if administrator and administrator not in deployed.delegated_administrators:
        yield Change(
            f"make account {administrator} delegated administrator of AWS Backup",
            RegisterDelegatedAdministrator(account=administrator, service=BACKUP),
        )


def backup_settings(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield changes of AWS Backup's settings."""
    settings, there = estate.settings, dict(deployed.global_settings)
    switches = (
        (CROSS_ACCOUNT, settings.cross_account_backup, "allow cross-account backup in the organization"),
        (DELEGATED, settings.delegated_administrator is not None, "keep the backup administrator as AWS Organizations names it"),
    )
    off = [(name, title) for name, wanted, title in switches if wanted and there.get(name) != "true"]
    if off:
        yield Change("; ".join(title for _, title in off), UpdateGlobalSettings(values=tuple((name, "true") for name, _ in off)))
    managed = dict(deployed.managed)
    for region, opted in deployed.opt_in:
        opt_in, advanced = _missing(settings.opt_in, opted), _missing(settings.managed, managed.get(region, ()))
        titles = ((f"opt in to AWS Backup in {region}", opt_in), (f"switch on its advanced features in {region}", advanced))
        words = [f"{title}: {', '.join(kind.value for kind in kinds)}" for title, kinds in titles if kinds]
        if words:
            yield Change("; ".join(words), UpdateOptIn(region=region, opt_in=opt_in, managed=advanced))


def _missing(wanted: Iterable[ResourceType], there: Iterable[tuple[str, bool]]) -> tuple[ResourceType, ...]:
    known = dict(there)
    return tuple(kind for kind in wanted if not known.get(kind))
