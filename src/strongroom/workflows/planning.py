"""Desired estate and deployed state in, change plan out. Pure: nothing that could act is ever called.

The order is that of AWS's dependencies: trusted access and settings, keys and vaults (central first, so that a copy finds
its destination), roles, and the policies that start backups last.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from strongroom.domain.changeplan import (
    Action,
    ActivateStackSetsAccess,
    AttachPolicy,
    ChangePlan,
    CreateStackInstances,
    DeletePolicy,
    DetachPolicy,
    EnablePolicyType,
    EnableServiceAccess,
    PutPolicy,
    PutStack,
    PutStackSet,
    ReadObject,
    RegisterDelegatedAdministrator,
    Step,
    UpdateGlobalSettings,
    UpdateOptIn,
    encode,
    sha256,
)
from strongroom.domain.deployment import DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.organization import units_named
from strongroom.workflows.catalogue import BY_CODE

BACKUP = "backup.amazonaws.com"
# States of a stack that holds what its template says; in others something is under way, or the last operation failed.
SETTLED = frozenset({"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "IMPORT_COMPLETE", "IMPORT_ROLLBACK_COMPLETE"})

PATHS_SHOWN = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A change plan, or the findings that keep it from being made."""

    plan: ChangePlan | None
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    title: str
    action: Action
    removes: bool = False


def plan_changes(estate: Estate, deployed: Deployment, *, plan_id: str) -> Planned:
    """Return the steps that make AWS look like the estate, or findings about what is in the way."""
    findings = (*_missing_units(estate, deployed), *_foreign_objects(estate, deployed))
    if findings:
        return Planned(plan=None, findings=findings)
    changes = [change for section in SECTIONS for change in section(estate, deployed)]
    steps = tuple(
        Step(number=number, title=change.title, removes=change.removes, action=change.action)
        for number, change in enumerate(changes, start=1)
    )
    return Planned(
        plan=ChangePlan(
            plan_id=plan_id,
            strategy=estate.name,
            management_account=deployed.management_account,
            home_region=estate.organization.home_region,
            deploy_role=estate.roles.deploy,
            created_at=deployed.observed_at.isoformat(timespec="seconds"),
            reads=objects_read(deployed),
            steps=steps,
        ),
        findings=(),
    )


def objects_read(deployed: Deployment) -> tuple[ReadObject, ...]:
    """Return a hash for every object that a plan is computed from, so that `apply` sees when the world has moved.

    Accounts are no part of it: an account that joins meanwhile is enrolled by the StackSet and changes no step.
    """
    objects: dict[str, Any] = {
        "organizational units": encode(deployed.units),
        "backup policies enabled": deployed.backup_policies_enabled,
        "trusted access": [*deployed.trusted_services, deployed.stack_sets_trusted],
        "delegated administrators": encode(deployed.delegated_administrators),
        "global settings": encode(deployed.global_settings),
        **{f"opt-in in {region}": encode(values) for region, values in deployed.opt_in},
        **{f"backup policy {each.name}": encode(each) for each in deployed.policies},
        **{f"stack {each.name} in {each.account}, {each.region}": encode(each) for each in deployed.stacks},
        **{f"StackSet {each.name}": encode(each) for each in deployed.stack_sets},
    }
    return tuple(ReadObject(subject=subject, sha256=sha256(value)) for subject, value in sorted(objects.items()))


def moved(plan: ChangePlan, deployed: Deployment) -> tuple[str, ...]:
    """Return the subjects that changed since the plan was made, sorted."""
    before = {each.subject: each.sha256 for each in plan.reads}
    after = {each.subject: each.sha256 for each in objects_read(deployed)}
    return tuple(sorted(subject for subject in before.keys() | after.keys() if before.get(subject) != after.get(subject)))


def subject_of(action: Action) -> str:
    """Return the subject, of those in `objects_read`, that an action changes.

    Example:
        >>> subject_of(DeletePolicy(name="tiers-old"))
        'backup policy tiers-old'
    """
    match action:
        case EnablePolicyType():
            subject = "backup policies enabled"
        case EnableServiceAccess() | ActivateStackSetsAccess():
            subject = "trusted access"
        case RegisterDelegatedAdministrator():
            subject = "delegated administrators"
        case UpdateGlobalSettings():
            subject = "global settings"
        case UpdateOptIn():
            subject = f"opt-in in {action.region}"
        case PutStack():
            subject = f"stack {action.name} in {action.account}, {action.region}"
        case PutStackSet() | CreateStackInstances():
            subject = f"StackSet {action.name}"
        case PutPolicy() | AttachPolicy() | DetachPolicy() | DeletePolicy():
            subject = f"backup policy {action.name}"
    return subject


def _missing_units(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    for reference in estate.organization.governs:
        found = units_named(reference, deployed.units)
        if len(found) != 1:
            paths = sorted(unit.path for unit in deployed.units)
            known = ", ".join(paths[:PATHS_SHOWN]) + (f" and {len(paths) - PATHS_SHOWN} more" if len(paths) > PATHS_SHOWN else "")
            near = get_close_matches(reference, paths, n=1)
            guess = f"did you mean {near[0]}? " if near and not found else ""
            problem = "does not exist" if not found else f"is the name of {len(found)} OUs"
            yield Finding(
                code="ORG001",
                severity=Severity.ERROR,
                subject=f"OU {reference}",
                message=f"organizational unit {reference!r} {problem} in organization {deployed.organization_id}",
                why=BY_CODE["ORG001"].why,
                help=f"{guess}write one of these paths under organization.governs: {known or 'none is there'}",
                origin=estate.organization.origin,
            )
    accounts = estate.organization.accounts
    for role, account in (("backup_admin", accounts.backup_admin), ("central", accounts.central), ("log_archive", accounts.log_archive)):
        if account is not None and account not in deployed.accounts:
            yield Finding(
                code="ORG002",
                severity=Severity.ERROR,
                subject=f"account {account}",
                message=f"account {account} ({role}) is not in organization {deployed.organization_id}",
                why=BY_CODE["ORG002"].why,
                help=f"correct organization.accounts.{role}, or invite the account first",
                origin=estate.organization.origin,
                failure_mode=BY_CODE["ORG002"].failure_mode,
            )


def _foreign_objects(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    wanted = {policy.name for policy in estate.policies}
    owned = [
        *((f"StackSet {each.name}", each.owner) for each in deployed.stack_sets),
        *((f"stack {each.name} in account {each.account}, {each.region}", each.owner) for each in deployed.stacks),
        *((f"backup policy {each.name}", each.owner) for each in deployed.policies if each.name in wanted),
    ]
    for subject, owner in owned:
        if owner != estate.name:
            yield Finding(
                code="ORG003",
                severity=Severity.ERROR,
                subject=subject,
                message=f"{subject} exists and belongs to {owner or 'somebody else'}, not to strategy {estate.name}",
                why=BY_CODE["ORG003"].why,
                help=BY_CODE["ORG003"].fix,
                origin=estate.organization.origin,
            )


def _organization_switches(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    if not deployed.backup_policies_enabled:
        yield _Change("enable backup policies in the organization", EnablePolicyType(root_id=deployed.root_id))
    if BACKUP not in deployed.trusted_services:
        yield _Change("enable trusted access for AWS Backup", EnableServiceAccess(service=BACKUP))
    if estate.stack_sets and not deployed.stack_sets_trusted:
        yield _Change("activate trusted access for CloudFormation StackSets", ActivateStackSetsAccess())
    administrator = estate.settings.delegated_administrator
    if administrator and administrator not in deployed.delegated_administrators:
        yield _Change(
            f"make account {administrator} delegated administrator of AWS Backup",
            RegisterDelegatedAdministrator(account=administrator, service=BACKUP),
        )


def _backup_settings(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    if estate.settings.cross_account_backup and dict(deployed.global_settings).get("isCrossAccountBackupEnabled") != "true":
        yield _Change(
            "allow cross-account backup in the organization",
            UpdateGlobalSettings(values=(("isCrossAccountBackupEnabled", "true"),)),
        )
    for region, preferences in deployed.opt_in:
        known = dict(preferences)
        missing = tuple(kind for kind in estate.settings.opt_in if not known.get(kind))
        if missing:
            names = ", ".join(kind.value for kind in missing)
            yield _Change(f"opt in to AWS Backup in {region}: {names}", UpdateOptIn(region=region, opt_in=missing))


def _central_stacks(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    existing = {(each.account, each.region, each.name): each for each in deployed.stacks}
    for stack in estate.stacks:
        parameters = _filled(stack.template, stack.parameters, deployed)
        found = existing.get((stack.account, stack.region, stack.name))
        # One that is still being made, or whose creation was rolled back, has the right template and not what is in it.
        unsettled = found is not None and found.status not in SETTLED
        if unsettled or _differs(found, stack.template, parameters):
            verb = "finish" if unsettled else "update" if found else "create"
            yield _Change(
                f"{verb} stack {stack.name} in account {stack.account}, {stack.region}: {_inventory(stack.template)}",
                PutStack(
                    account=stack.account,
                    region=stack.region,
                    name=stack.name,
                    template=stack.template,
                    parameters=parameters,
                    creates=found is None,
                ),
            )


def _stack_sets(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    existing = {each.name: each for each in deployed.stack_sets}
    for wanted in estate.stack_sets:
        parameters = _filled(wanted.template, wanted.parameters, deployed)
        found = existing.get(wanted.name)
        if _differs(found, wanted.template, parameters) or (found and found.failed):
            retries = f", again for {len(found.failed)} failed instances" if found and found.failed else ""
            yield _Change(
                f"{'update' if found else 'create'} StackSet {wanted.name}: {_inventory(wanted.template)}{retries}",
                PutStackSet(
                    name=wanted.name,
                    description=wanted.description,
                    template=wanted.template,
                    parameters=parameters,
                    creates=found is None,
                ),
            )
        units = tuple(units_named(each, deployed.units)[0] for each in wanted.targets)
        missing = [
            region for region in wanted.regions if any((unit.id, region) not in (found.deployed_to if found else ()) for unit in units)
        ]
        if missing:
            names = ", ".join(unit.path for unit in units)
            yield _Change(
                f"deploy StackSet {wanted.name} to every account under {names} in {', '.join(missing)}",
                CreateStackInstances(name=wanted.name, ou_ids=tuple(unit.id for unit in units), regions=tuple(missing)),
            )


def _policies(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    existing = {each.name: each for each in deployed.policies}
    for wanted in estate.policies:
        found = existing.get(wanted.name)
        if found is None or found.content != wanted.content:
            yield _Change(
                f"{'update' if found else 'create'} backup policy {wanted.name} with plan {', '.join(wanted.plans)}",
                PutPolicy(name=wanted.name, content=wanted.content, creates=found is None),
            )
        targets = {unit.id: unit.path for each in wanted.targets for unit in units_named(each, deployed.units)}
        for target_id in sorted(targets.keys() - set(found.targets if found else ())):
            yield _Change(
                f"attach backup policy {wanted.name} to {targets[target_id]}",
                AttachPolicy(name=wanted.name, target_id=target_id),
            )
        for target_id in sorted(set(found.targets if found else ()) - targets.keys()):
            yield _Change(
                f"detach backup policy {wanted.name} from {_path(target_id, deployed)}: its backups stop there",
                DetachPolicy(name=wanted.name, target_id=target_id),
                removes=True,
            )


def _retired_policies(estate: Estate, deployed: Deployment) -> Iterator[_Change]:
    wanted = {policy.name for policy in estate.policies}
    for policy in deployed.policies:
        if policy.owner != estate.name or policy.name in wanted:
            continue
        for target_id in policy.targets:
            yield _Change(
                f"detach backup policy {policy.name} from {_path(target_id, deployed)}: its backups stop there",
                DetachPolicy(name=policy.name, target_id=target_id),
                removes=True,
            )
        yield _Change(
            f"delete backup policy {policy.name}, which the strategy no longer declares", DeletePolicy(name=policy.name), removes=True
        )


SECTIONS: tuple[Callable[[Estate, Deployment], Iterator[_Change]], ...] = (
    _organization_switches,
    _backup_settings,
    _central_stacks,
    _stack_sets,
    _policies,
    _retired_policies,
)


def _differs(found: DeployedStack | DeployedStackSet | None, template: str, parameters: tuple[tuple[str, str], ...]) -> bool:
    return found is None or found.template != template or found.parameters != parameters


def _filled(template: str, known: tuple[tuple[str, str], ...], deployed: Deployment) -> tuple[tuple[str, str], ...]:
    """Return a template's parameters with what only the organization knows."""
    values = {
        "OrganizationId": deployed.organization_id,
        "ManagementAccountId": deployed.management_account,
        **dict(known),
    }
    asked = json.loads(template).get("Parameters", {})
    return tuple(sorted((name, values[name]) for name in asked if name in values))


def _inventory(template: str) -> str:
    kinds = [resource["Type"].removeprefix("AWS::") for resource in json.loads(template)["Resources"].values()]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _path(target_id: str, deployed: Deployment) -> str:
    return next((unit.path for unit in deployed.units if unit.id == target_id), target_id)
