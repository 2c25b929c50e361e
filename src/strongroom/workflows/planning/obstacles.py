"""What keeps a plan from being made: said before the first write."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from difflib import get_close_matches

from strongroom.domain.changeplan import ChangePlan
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.domain.organization import units_named
from strongroom.domain.origin import Origin
from strongroom.facts import limit
from strongroom.workflows.catalogue import finding
from strongroom.workflows.planning.parameters import is_governed
from strongroom.workflows.planning.prerequisites import prerequisites

PATHS_SHOWN = 20


def obstacles(estate: Estate, deployed: Deployment) -> tuple[Finding, ...]:
    """Return everything that is in the way of a plan."""
    return (
        *_missing_units(estate, deployed),
        *_foreign_objects(estate, deployed),
        *_long_templates(estate),
        *_busy(estate, deployed),
        *_unread((*deployed.unread, *deployed.drift.unread), estate.organization.origin),
        *prerequisites(estate, deployed),
        *_vaults_out_of_reach(estate, deployed),
    )


def _vaults_out_of_reach(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    """Yield plans of accounts that are not governed and back up into a vault that only governed accounts have."""
    if any(len(units_named(each, deployed.units)) != 1 for each in estate.organization.governs):
        return  # said already, and nobody knows what is governed
    everywhere = {vault.label for vault in estate.vaults if vault.account is EVERY_ACCOUNT}
    for plan in estate.plans:
        labels = sorted({label for rule in plan.rules for label in (rule.label, rule.air_gapped) if label} & everywhere)
        if plan.account is not None and labels and not is_governed(plan.account, estate, deployed):
            yield finding(
                "ORG015",
                f"plan {plan.name}",
                f"plan {plan.name} backs up into vault {labels[0]}, and account {plan.account} is below no governed OU",
                plan.origin,
            )


def unaccepted_locks(plan: ChangePlan, accepted: Collection[str], vaults: Mapping[str, Origin]) -> tuple[Finding, ...]:
    """Return a finding for every compliance lock that a plan puts and nobody has accepted; `vaults`: where each label is declared."""
    return tuple(
        finding(
            "APL001",
            f"vault {label}",
            f"the plan puts a compliance lock on vault {label}, and nobody has accepted it",
            vaults[label],
            fix=f"read the rehearsal, then add: --accept-lock {label}",
        )
        for label in plan.locks
        if label not in accepted
    )


def _unread(places: Iterable[str], origin: Origin) -> tuple[Finding, ...]:
    """Return a warning for everything that could not be looked at; each place comes with its reason."""
    return tuple(finding("APL004", place.split(":")[0], f"could not look at {place}", origin) for place in places)


def _missing_units(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    governed = dict.fromkeys(estate.organization.governs, "organization.governs")
    attached = dict.fromkeys((each for policy in (*estate.tag_policies, *estate.rails) for each in policy.targets), "attach_to")
    for reference, place in (attached | governed).items():
        found = units_named(reference, deployed.units)
        if len(found) != 1:
            paths = sorted(unit.path for unit in deployed.units)
            known = ", ".join(paths[:PATHS_SHOWN]) + (f" and {len(paths) - PATHS_SHOWN} more" if len(paths) > PATHS_SHOWN else "")
            near = get_close_matches(reference, paths, n=1)
            guess = f"did you mean {near[0]}? " if near and not found else ""
            problem = "does not exist" if not found else f"is the name of {len(found)} OUs"
            yield finding(
                "ORG001",
                f"OU {reference}",
                f"organizational unit {reference!r} {problem} in organization {deployed.organization_id}",
                estate.organization.origin,
                fix=f"{guess}write one of these paths under {place}: {known or 'none is there'}",
            )
    accounts = estate.organization.accounts
    for role, account in (("backup_admin", accounts.backup_admin), ("central", accounts.central), ("log_archive", accounts.log_archive)):
        if account is not None and account not in deployed.accounts:
            yield finding(
                "ORG002",
                f"account {account}",
                f"account {account} ({role}) is not in organization {deployed.organization_id}",
                estate.organization.origin,
                fix=f"correct organization.accounts.{role}, or invite the account first",
            )


def _foreign_objects(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    wanted = {(policy.type, policy.name) for policy in estate.organization_policies}
    owned = [
        *((f"StackSet {each.name}", each.owner) for each in deployed.stack_sets),
        *((f"stack {each.name} in account {each.account}, {each.region}", each.owner) for each in deployed.stacks),
        *((f"{each.type.words} {each.name}", each.owner) for each in deployed.policies if (each.type, each.name) in wanted),
    ]
    for subject, owner in owned:
        if owner != estate.name:
            yield finding(
                "ORG003",
                subject,
                f"{subject} exists and belongs to {owner or 'somebody else'}, not to strategy {estate.name}",
                estate.organization.origin,
            )


def _long_templates(estate: Estate) -> Iterator[Finding]:
    most = int(limit("template_body_bytes").value)
    for subject, template in (
        *((f"StackSet {each.name}", each.template) for each in estate.stack_sets),
        *((f"stack {each.name} in account {each.account}, {each.region}", each.template) for each in estate.stacks),
    ):
        size = len(template.encode())
        if size > most:
            yield finding(
                "APL003",
                subject,
                f"the template of {subject} has {size:,} bytes, CloudFormation takes {most:,}",
                estate.organization.origin,
            )


def _busy(estate: Estate, deployed: Deployment) -> Iterator[Finding]:
    for each in deployed.stack_sets:
        if each.operation:
            yield finding(
                "APL002",
                f"StackSet {each.name}",
                f"StackSet {each.name} is in another operation: {each.operation}",
                estate.organization.origin,
            )
