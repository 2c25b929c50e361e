"""What has to be there before a plan can be made, as far as it can be seen: quotas, vaults, and what Control Tower asks for first."""

import json
from collections.abc import Iterator

from strongroom.compiler.keys import is_unborn
from strongroom.domain.deployment import DeployedControlTower, Deployment, LandingZone
from strongroom.domain.estate import Estate, OrganizationPolicy
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import units_named
from strongroom.domain.strategy import ControlTower, Key
from strongroom.facts import fact, limit
from strongroom.workflows.catalogue import finding
from strongroom.workflows.planning.change import path_of
from strongroom.workflows.planning.control_tower import baseline_units, declared_key, is_older
from strongroom.workflows.planning.delegation import statements_there, statements_wanted
from strongroom.workflows.planning.locks import resources_of

TARGET_LIMITS = {
    PolicyType.BACKUP: "policies_per_target",
    PolicyType.SERVICE_CONTROL: "scps_per_target",
    PolicyType.TAG: "policies_per_target",
}
SIZE_LIMITS = {
    PolicyType.BACKUP: "policy_characters",
    PolicyType.SERVICE_CONTROL: "scp_characters",
    PolicyType.TAG: "policy_characters",
}


def prerequisites(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    """Yield what is missing or in the way; errors keep a plan from being made."""
    yield from _long_policies(estate)
    yield from _full_targets(estate, deployed)
    yield from _full_organization(estate, deployed)
    yield from _long_resource_policy(estate, deployed)
    yield from _many_administrators(estate, deployed)
    yield from _vaults_taken(estate, deployed)
    yield from _vaults_missing(estate, deployed)
    yield from _buckets_taken(estate, deployed)
    tower = estate.organization.control_tower
    if tower is not None and deployed.control_tower is not None:
        yield from _control_tower(estate, deployed, tower, deployed.control_tower)


def _long_policies(estate: Estate) -> Iterator[Finding]:
    for policy in estate.organization_policies:
        bound = int(limit(SIZE_LIMITS[policy.type]).value)
        if len(policy.content) > bound:
            subject = f"{policy.type.words} {policy.name}"
            message = f"{subject} has {len(policy.content)} characters, {bound} allowed"
            yield finding(
                "ORG004", subject, message, estate.organization.origin, fix="declare less in it; what can be split is split already"
            )


def _full_targets(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    """Yield targets without room; what is to be taken away counts, because it goes last."""
    for there in deployed.attached:
        bound = int(limit(TARGET_LIMITS[there.type]).value)
        wanted = {policy.name for policy in _at(estate, deployed, there.type, there.target_id)}
        reserved = _of_baseline(estate, deployed, there.target_id) if there.type is PolicyType.SERVICE_CONTROL else 0
        number = len(wanted.union(there.names)) + reserved
        if number > bound and (reserved or wanted.difference(there.names)):
            path = path_of(there.target_id, deployed)
            plural = there.type.words.removesuffix("y") + "ies"
            others = [name for name in there.names if name not in wanted]
            message = f"{path} would have {number} {plural}, {bound} allowed; of others: {', '.join(others) or 'none'}"
            fix = f"detach what is no longer needed from {path}, or merge it"
            yield finding("ORG004", f"OU {path}", message, estate.organization.origin, fix=fix)


def _at(estate: Estate, deployed: Deployment, kind: PolicyType, target_id: str) -> Iterator[OrganizationPolicy]:
    for policy in estate.organization_policies:
        units = {unit.id for each in policy.targets for unit in units_named(each, deployed.units)}
        if policy.type is kind and target_id in units:
            yield policy


def _of_baseline(estate: Estate, deployed: Deployment, target_id: str) -> int:
    """Return how many policies Control Tower will attach to an OU for its backup baseline."""
    tower = deployed.control_tower
    asked = {unit.id for unit in baseline_units(estate, deployed)}
    if tower is None or target_id not in asked or target_id in {each.target_id for each in tower.baselines}:
        return 0
    return int(fact("control_tower", "backup_baseline_policies").value)


def _full_organization(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    bound = int(limit("policies_per_organization").value)
    there = {(each.type, each.name) for each in deployed.policies}
    for kind, count in deployed.policy_counts:
        new = sum(1 for each in estate.organization_policies if each.type is kind and (kind, each.name) not in there)
        if kind is not PolicyType.SERVICE_CONTROL and new and count + new > bound:  # of those AWS allows more
            plural = kind.words.removesuffix("y") + "ies"
            message = f"the organization has {count} {plural}, {bound} allowed, and the strategy needs {new} more"
            yield finding("ORG004", plural, message, estate.organization.origin, fix="delete policies that nothing uses")


def _long_resource_policy(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    wanted = json.loads(statements_wanted(estate, deployed))
    sids = {each["Sid"] for each in wanted}
    whole = [*(each for each in statements_there(deployed.resource_policy) if each.get("Sid") not in sids), *wanted]
    size = len(json.dumps({"Version": "2012-10-17", "Statement": whole}, separators=(",", ":")))
    bound = int(limit("resource_policy_characters").value)
    if wanted and size > bound:
        message = f"the resource policy of the organization would have {size} characters, {bound} allowed"
        fix = "shorten what others delegate in it: strongroom adds its own statements and changes no other"
        yield finding("ORG004", "resource policy", message, estate.organization.origin, fix=fix)


def _many_administrators(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    wanted, bound = estate.settings.delegated_administrator, int(limit("delegated_administrators_max").value)
    there = deployed.delegated_administrators
    if wanted is not None and wanted not in there and len(there) >= bound:
        message = f"AWS Backup has {len(there)} delegated administrators, {bound} allowed, and account {wanted} would be one more"
        fix = f"deregister one that is no longer needed: {', '.join(there)}"
        yield finding("ORG004", f"account {wanted}", message, estate.organization.origin, fix=fix)


def _vaults_taken(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    """Yield vaults that CloudFormation could not make, because they are there and in no stack of the strategy."""
    there = {(each.account, each.region, each.name): each.owner for each in deployed.vaults}
    ours = {(each.account, each.region, name) for each in deployed.stacks for name in _vault_names(each.template)}
    made = {(each.account, each.region, name) for each in estate.stacks for name in _vault_names(each.template)}
    for place in sorted(made.intersection(there) - ours):
        account, region, name = place
        vault = next((each for each in estate.vaults if each.name == name), None)
        whose = there[place]
        belongs = "is in none of its stacks" if whose == estate.name else f"belongs to {whose or 'somebody else'}"
        message = f"vault {name} exists in account {account}, {region}, and {belongs}"
        label = vault.label if vault else name
        fix = f"take it as it is: vaults: {label}: {{…, adopt: {name}}}; or give the vault another name"
        yield finding("ORG005", f"vault {label}", message, vault.origin if vault else estate.organization.origin, fix=fix)


def _vault_names(template: str) -> Iterator[str]:
    try:
        resources = json.loads(template).get("Resources", {})
    except ValueError:  # somebody else's, in YAML: planning says whose it is
        return
    for resource in resources.values():
        name = resource.get("Properties", {}).get("BackupVaultName")
        if isinstance(name, str):
            yield name


def _vaults_missing(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    there = {(each.account, each.region, each.name) for each in deployed.vaults}
    for vault in estate.vaults:
        if vault.adopted and isinstance(vault.account, AccountId) and estate.looks_into(vault.account):
            missing = [region for region in vault.regions if (vault.account, region, vault.name) not in there]
            if missing:
                message = f"vault {vault.name}, which is adopted as {vault.label}, is not in account {vault.account}, {', '.join(missing)}"
                yield finding("ORG006", f"vault {vault.label}", message, vault.origin)


def _buckets_taken(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    """Yield reports whose bucket CloudFormation could not make: it is there, and in no stack of the strategy."""
    ours = {
        resource.get("Properties", {}).get("BucketName") for stack in deployed.stacks for resource in resources_of(stack.template).values()
    }
    for name in deployed.buckets:
        if name not in ours:
            report = next((each for each in estate.reports if each.bucket == name), None)
            message = f"bucket {name} exists, and is in none of the strategy's stacks"
            yield finding("ORG014", f"bucket {name}", message, report.origin if report else estate.organization.origin)


def _control_tower(estate: Estate, deployed: Deployment, declared: ControlTower, tower: DeployedControlTower) -> Iterator[Finding]:
    zone = tower.landing_zone
    if zone is None:
        message = f"Control Tower has no landing zone in {estate.organization.home_region}"
        yield finding("ORG007", "landing zone", message, declared.origin)
        return
    yield from _landing_zone(estate, declared, zone)
    yield from _accounts(estate, declared, tower, zone)
    if not zone.backup:
        yield from _key(estate, deployed, declared, tower, zone)
    yield from _units(estate, deployed, declared, tower)


def _landing_zone(estate: Estate, declared: ControlTower, zone: LandingZone) -> Iterator[Finding]:
    least = str(fact("control_tower", "backup_version_min").value)
    if zone.status == "FAILED":
        message = "the last operation on the landing zone failed"
        yield finding("ORG007", "landing zone", message, declared.origin, fix="repair it in Control Tower: Landing zone settings, Reset")
    if is_older(zone.version, than=least):
        message = f"the landing zone has version {zone.version}, AWS Backup needs {least}"
        yield finding("ORG007", "landing zone", message, declared.origin, fix="update the landing zone in Control Tower")
    if not zone.config:
        message = "the landing zone does not use AWS Config, which the backup baseline needs"
        yield finding("ORG007", "landing zone", message, declared.origin, fix="enable AWS Config in the landing zone's settings")
    if zone.drifted:
        message = "the landing zone has drifted from what Control Tower set up"
        fix = "repair it in Control Tower: Landing zone settings, Reset"
        yield finding("ORG007", "landing zone", message, declared.origin, fix=fix, severity=Severity.WARNING)
    lacking = [region for region in estate.organization.regions if region not in zone.regions]
    if lacking:
        message = f"Control Tower does not govern {', '.join(lacking)}: its baseline makes no vault there"
        fix = f"add {', '.join(lacking)} to the governed Regions of the landing zone"
        yield finding("ORG007", "landing zone", message, declared.origin, fix=fix, severity=Severity.WARNING)


def _accounts(estate: Estate, declared: ControlTower, tower: DeployedControlTower, zone: LandingZone) -> Iterator[Finding]:
    accounts = estate.organization.accounts
    there = {"central": zone.central, "backup_admin": zone.backup_admin}
    for role, account in (("central", accounts.central), ("backup_admin", accounts.backup_admin)):
        subject = f"organization.accounts.{role}"
        if account is None:
            yield finding("ORG008", subject, f"Control Tower's baseline needs an account {role}, and none is declared", declared.origin)
        elif zone.backup and account != there[role]:
            message = f"the landing zone has account {there[role]} as {role}, the strategy has {account}"
            fix = f'write organization.accounts.{role}: "{there[role]}", or take AWS Backup out of the landing zone first'
            yield finding("ORG008", subject, message, declared.origin, fix=fix)
        elif not zone.backup and account in tower.enrolled:
            message = f"account {account} ({role}) is enrolled in Control Tower, which takes only accounts that are not"
            fix = "unmanage the account in Control Tower's Account Factory, or name another one: Control Tower moves it where it belongs"
            yield finding("ORG008", subject, message, declared.origin, fix=fix)


def _key(estate: Estate, deployed: Deployment, declared: ControlTower, tower: DeployedControlTower, zone: LandingZone) -> Iterator[Finding]:
    key = declared_key(estate)
    unborn = key is not None and is_unborn(key)  # its replicas and their policies are this plan's
    if key is None or (key.arn is None and not unborn):
        message = "AWS Backup is not in the landing zone yet, and the strategy names no multi-region key for it"
        yield finding("ORG009", "control tower", message, declared.origin, fix="name one: organization.control_tower.key")
    elif tower.replicas is None and not unborn:
        message = f"key {key.name} can't be read: whether it has a replica in every governed Region is unknown"
        yield finding("ORG009", f"key {key.name}", message, key.origin, severity=Severity.WARNING)
    else:
        policies = dict(tower.replicas or ())
        made = estate.organization.regions if key.ours else ()  # by steps before the landing zone's
        lacking = [region for region in zone.regions if region not in policies and region not in made]
        if lacking:
            message = f"key {key.name} has no replica in {', '.join(lacking)}, which Control Tower governs"
            yield finding("ORG009", f"key {key.name}", message, key.origin)
        for region in sorted(policies.keys() & set(zone.regions)):
            yield from _key_policy(key, region, policies[region], deployed)


def _key_policy(key: Key, region: Region, policy: str, deployed: Deployment) -> Iterator[Finding]:
    """Yield a warning where nothing in a replica's policy speaks of the organization: every replica has a policy of its own."""
    if deployed.organization_id not in policy:
        message = f"the policy of key {key.name} in {region} does not name the organization: accounts can't use it for their vaults"
        fix = f"allow AWS Backup's roles of the organization there (aws:PrincipalOrgID {deployed.organization_id})"
        yield finding("ORG009", f"key {key.name}", message, key.origin, fix=fix, severity=Severity.WARNING)


def _units(estate: Estate, deployed: Deployment, declared: ControlTower, tower: DeployedControlTower) -> Iterator[Finding]:
    known = ", ".join(sorted(unit.path for unit in deployed.units)[:20]) or "none is there"
    for reference in declared.enabled_on:
        if len(units_named(reference, deployed.units)) != 1:
            message = f"organizational unit {reference!r} is not one OU of organization {deployed.organization_id}"
            fix = f"write one of these paths under organization.control_tower.enabled_on: {known}"
            yield finding("ORG001", f"OU {reference}", message, declared.origin, fix=fix)
    units = baseline_units(estate, deployed)
    backed = {unit.path for unit in units} | {path_of(each.target_id, deployed) for each in tower.baselines if each.status != "FAILED"}
    for unit in units:
        parent = unit.path.rpartition("/")[0]
        if unit.id not in tower.governed:
            yield finding("ORG010", f"OU {unit.path}", f"OU {unit.path} is not registered with Control Tower", declared.origin)
        if parent and parent not in backed:
            message = f"the backup baseline is to be enabled on {unit.path}, and its parent {parent} has none"
            fix = f"write {parent} before it under organization.control_tower.enabled_on"
            yield finding("ORG010", f"OU {unit.path}", message, declared.origin, fix=fix)
