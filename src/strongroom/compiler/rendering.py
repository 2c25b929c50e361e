"""An estate as files for somebody's own pipeline: groups in the order of application, each with the reason for its place.

The order is that of a change plan (`workflows.planning`): wherever a pipeline stops, what was protected is still protected.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.delegation import Place, delegation_statements
from strongroom.compiler.readrole import read_role_template
from strongroom.compiler.roles.deploying import deploy_role_template
from strongroom.domain.estate import Estate, OrganizationPolicy, Stack
from strongroom.domain.names import AccountId, PolicyType

BACKUP: Final = "backup.amazonaws.com"
STACK_SETS: Final = "member.org.stacksets.cloudformation.amazonaws.com"
_FOLDERS: Final = {PolicyType.BACKUP: "policies", PolicyType.TAG: "tag-policies", PolicyType.SERVICE_CONTROL: "guard-rails"}
_WHY_ROLES: Final = "they have to exist before anything else can be deployed or read; make them with the permissions that you have"
_WHY_ORGANIZATION: Final = "plans of policies run only where these are on; a copy to another account fails without them"
_WHY_STACKS: Final = "a copy finds its vault and its key: what receives comes before what sends"
_WHY_STACK_SETS: Final = "vault, key and roles of each account, also of accounts that join later, come before the plans that need them"
_WHY_LATE: Final = "AWS asks for role and vault of a plan when it is made"
_WHY_POLICIES: Final = "they start the backups, so that all that a backup needs is there"
_WHY_AROUND: Final = "what watches, reports and tests must not keep a backup from running"
_WHY_FORBIDS: Final = "what forbids comes last: before, it could be in the way of the deployment itself"


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedFile:
    """One file, and what to do with it."""

    path: str  # below the folder, with slashes
    kind: str  # template, policy, settings
    name: str  # of the stack, StackSet, policy or role
    content: str  # canonical JSON
    where: str  # account and Region, OUs, or the management account
    parameters: tuple[tuple[str, str], ...] = ()  # that whoever deploys has to give, each with what it is
    note: str = ""  # what else to know


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderedGroup:
    """Files that are applied together, in their order."""

    title: str
    why: str  # of their place in the order
    files: tuple[RenderedFile, ...]


def rendered_groups(estate: Estate, *, management_actions: Iterable[str] = ()) -> tuple[RenderedGroup, ...]:
    """Return the groups of files in the order of application; those without files are left out.

    `management_actions` are what deploying needs in the management account, for whoever deploys from the backup administrator's.
    """
    protecting = [stack for stack in estate.stacks if stack.protects]
    around = [stack for stack in estate.stacks if not stack.protects]
    starting = [policy for policy in estate.organization_policies if policy.type is not PolicyType.SERVICE_CONTROL]
    forbidding = [policy for policy in estate.organization_policies if policy.type is PolicyType.SERVICE_CONTROL]
    groups = (
        RenderedGroup(title="Roles that deploy and read", why=_WHY_ROLES, files=tuple(_bootstrap(estate, management_actions))),
        RenderedGroup(title="Switches of the organization", why=_WHY_ORGANIZATION, files=tuple(_organization(estate))),
        RenderedGroup(
            title="Stacks of single accounts", why=_WHY_STACKS, files=tuple(_stack(each) for each in protecting if not each.late)
        ),
        RenderedGroup(title="StackSets", why=_WHY_STACK_SETS, files=tuple(_stack_sets(estate, protecting=True))),
        RenderedGroup(title="Plans of single accounts", why=_WHY_LATE, files=tuple(_stack(each) for each in protecting if each.late)),
        RenderedGroup(title="Tag and backup policies", why=_WHY_POLICIES, files=tuple(_policy(each) for each in starting)),
        RenderedGroup(
            title="What watches, reports and tests",
            why=_WHY_AROUND,
            files=(*_stack_sets(estate, protecting=False), *(_stack(each) for each in around)),
        ),
        RenderedGroup(title="Service control policies", why=_WHY_FORBIDS, files=tuple(_policy(each) for each in forbidding)),
    )
    return tuple(group for group in groups if group.files)


def _bootstrap(estate: Estate, management_actions: Iterable[str]) -> Iterator[RenderedFile]:
    accounts = estate.organization.accounts
    trusted = tuple(dict.fromkeys(account for account in (accounts.management, accounts.backup_admin) if account is not None))
    if not trusted:
        return
    for account in sorted({stack.account for stack in estate.stacks} - {accounts.management}):
        yield RenderedFile(
            path=f"bootstrap/{estate.roles.deploy}.{account}.template.json",
            kind="template",
            name=estate.roles.deploy,
            content=deploy_role_template(estate, AccountId(str(account)), trusted),
            where=f"account {account}, {estate.organization.home_region}",
        )
    administrator = estate.settings.delegated_administrator
    if accounts.management is not None and administrator is not None:
        yield RenderedFile(
            path=f"bootstrap/{estate.roles.deploy}.{accounts.management}.template.json",
            kind="template",
            name=estate.roles.deploy,
            content=deploy_role_template(estate, accounts.management, (administrator,), management_actions),
            where=f"the management account, {estate.organization.home_region}",
            note="only for deploying from the backup administrator's account",
        )
    made = {role.name for role in estate.roles.made}
    yield RenderedFile(
        path=f"bootstrap/{estate.roles.read}.template.json",
        kind="template",
        name=estate.roles.read,
        content=read_role_template(estate.roles.read, trusted),
        where="every account once" if estate.roles.read not in made else "every account outside the governed OUs once",
        note="for sync and verify; the roles are global",
    )


def _organization(estate: Estate) -> Iterator[RenderedFile]:
    settings, organization = estate.settings, estate.organization
    tower = organization.control_tower
    switches = {
        "policy_types": sorted({str(PolicyType.BACKUP), *(str(policy.type) for policy in estate.organization_policies)}),
        "trusted_access": [
            BACKUP,
            *([STACK_SETS] if estate.stack_sets else []),
            *(["ram.amazonaws.com"] if any(vault.shared_with for vault in estate.vaults) else []),
        ],
        "delegated_administrators": {BACKUP: settings.delegated_administrator} if settings.delegated_administrator else {},
        "global_settings": {
            "isCrossAccountBackupEnabled": settings.cross_account_backup,
            "isDelegatedAdministratorEnabled": settings.delegated_administrator is not None,
        },
        "regions": list(organization.regions),
        "opt_in": [str(kind) for kind in settings.opt_in],
        "advanced_features": [str(kind) for kind in settings.managed],
        **({"control_tower_baseline_on": list(tower.enabled_on)} if tower else {}),
    }
    yield RenderedFile(
        path="organization/settings.json",
        kind="settings",
        name="switches",
        content=canonical_json(switches),
        where="the management account",
        note="opt-in and advanced features are set in every Region, and in every governed account: no template can (strongroom enrol)",
    )
    place = Place(
        management_account=organization.accounts.management or "${ManagementAccountId}",
        organization_id="${OrganizationId}",
        unit_ids=tuple(f"${{id of {unit}}}" for unit in organization.governs),
    )
    if statements := delegation_statements(estate, place):
        yield RenderedFile(
            path="organization/resource-policy.json",
            kind="policy",
            name="delegation",
            content=canonical_json({"Version": "2012-10-17", "Statement": list(statements)}),
            where="the management account",
            note="the organization has one resource policy: add these statements to yours, with ids for what is in ${…}",
        )


def _stack(stack: Stack) -> RenderedFile:
    return RenderedFile(
        path=f"stacks/{stack.name}.{stack.account}.{stack.region}.template.json",
        kind="template",
        name=stack.name,
        content=stack.template,
        where=f"account {stack.account}, {stack.region}",
        parameters=_parameters(stack.template),
        note="" if stack.governed_too else "not where the account is below a governed OU: the StackSets bring the same",
    )


def _stack_sets(estate: Estate, *, protecting: bool) -> Iterator[RenderedFile]:
    for each in (stack_set for stack_set in estate.stack_sets if stack_set.protects is protecting):
        yield RenderedFile(
            path=f"stack-sets/{each.name}.template.json",
            kind="template",
            name=each.name,
            content=each.template,
            where=f"{', '.join(each.targets)} in {', '.join(each.regions)}",
            parameters=_parameters(each.template),
            note="service-managed, with automatic deployment; retain stacks of accounts that leave",
        )


def _policy(policy: OrganizationPolicy) -> RenderedFile:
    return RenderedFile(
        path=f"{_FOLDERS[policy.type]}/{policy.name}.json",
        kind="policy",
        name=policy.name,
        content=policy.content,
        where=", ".join(policy.targets),
        note=f"plan{'s' if len(policy.plans) > 1 else ''} {', '.join(policy.plans)}" if policy.plans else "",
    )


def _parameters(template: str) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((name, each.get("Description", "")) for name, each in json.loads(template).get("Parameters", {}).items()))
