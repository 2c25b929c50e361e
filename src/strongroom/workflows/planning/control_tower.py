"""Control Tower's backup baseline: AWS Backup in the landing zone, then the baseline on OUs, parents first."""

from collections.abc import Iterator

from strongroom.compiler.keys import is_unborn, shared_key_stack
from strongroom.domain.changeplan import Action, EnableBaseline, IntegrateBackup, ResetBaseline, UpdateBaseline
from strongroom.domain.deployment import DeployedControlTower, Deployment, EnabledBaseline
from strongroom.domain.estate import Estate
from strongroom.domain.names import partition_of
from strongroom.domain.organization import OrganizationalUnit, units_named
from strongroom.domain.stackoutput import StackOutput
from strongroom.domain.strategy import Key
from strongroom.facts import fact
from strongroom.workflows.planning.change import Change


def baselines(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what gives every OU of the strategy the newest backup baseline; nothing while AWS Backup can't be integrated yet."""
    tower = deployed.control_tower
    if tower is None or tower.landing_zone is None:
        return
    zone, accounts, key = tower.landing_zone, estate.organization.accounts, declared_key(estate)
    if not zone.backup:
        if accounts.backup_admin is None or accounts.central is None or key is None:
            return
        arn, outputs = _key_arn(estate, deployed, key)
        yield Change(
            f"integrate AWS Backup into the landing zone: central vaults in account {accounts.central}, reports in {accounts.backup_admin}",
            IntegrateBackup(
                landing_zone=zone.arn, backup_admin=accounts.backup_admin, central=accounts.central, key_arn=arn, outputs=outputs
            ),
        )
    enabled = {each.target_id: each for each in tower.baselines}
    for unit in baseline_units(estate, deployed):
        if change := _change(estate, deployed, tower, unit, enabled.get(unit.id)):
            yield change


def baseline_units(estate: Estate, deployed: Deployment) -> tuple[OrganizationalUnit, ...]:
    """Return the OUs that the strategy enables the baseline on, parents before their children."""
    tower = estate.organization.control_tower
    found = {unit.id: unit for each in (tower.enabled_on if tower else ()) for unit in units_named(each, deployed.units)}
    return tuple(sorted(found.values(), key=lambda unit: unit.path))  # a parent's path is a prefix, so it sorts first


def declared_key(estate: Estate) -> Key | None:
    """Return the key of Control Tower's vaults; None where the strategy names none."""
    tower = estate.organization.control_tower
    return next((key for key in estate.keys if tower is not None and key.name == tower.key), None)


def _key_arn(estate: Estate, deployed: Deployment, key: Key) -> tuple[str, tuple[StackOutput, ...]]:
    """Return the ARN of a key, or where it comes from when a step of this plan has made the key."""
    if key.account is None or not is_unborn(key):
        return key.arn or "", ()
    name, home = shared_key_stack(estate.name, key), estate.organization.home_region
    made = StackOutput(parameter="kmsKeyArn", account=key.account, region=home, stack=name, output="KeyArn")
    there = next((each for each in deployed.stacks if (each.account, each.region, each.name) == (key.account, home, name)), None)
    known = dict(there.outputs).get(made.output, "") if there else ""
    return known, () if known else (made,)


def is_older(version: str, than: str) -> bool:
    """Tell whether a version such as 3.1 comes before another.

    Example:
        >>> is_older("3.10", than="3.2"), is_older("3.1", than="3.2")
        (False, True)
    """
    return _numbers(version) < _numbers(than)


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdecimal() else 0 for part in version.split("."))


def _change(
    estate: Estate, deployed: Deployment, tower: DeployedControlTower, unit: OrganizationalUnit, found: EnabledBaseline | None
) -> Change | None:
    version = str(fact("control_tower", "backup_baseline_version").value)
    title = ""
    action: Action | None = None
    if found is None or found.status == "UNDER_CHANGE":
        verb = "finish" if found else "enable"
        title = f"{verb} the backup baseline on {unit.path}: vaults, a role and plans of Control Tower in its accounts"
        action = EnableBaseline(baseline=tower.baseline_arn, version=version, target=_arn(estate, deployed, unit), target_id=unit.id)
    elif is_older(found.version, than=version):
        title = f"update the backup baseline on {unit.path} from version {found.version} to {version}"
        action = UpdateBaseline(arn=found.arn, version=version, target_id=unit.id)
    elif found.drifted or found.status == "FAILED":
        why = "accounts lack it" if found.drifted else "it failed"
        title, action = f"reset the backup baseline on {unit.path}: {why}", ResetBaseline(arn=found.arn, target_id=unit.id)
    return Change(title, action) if action else None


def _arn(estate: Estate, deployed: Deployment, unit: OrganizationalUnit) -> str:
    partition = partition_of(estate.organization.home_region)
    return f"arn:{partition}:organizations::{deployed.management_account}:ou/{deployed.organization_id}/{unit.id}"
