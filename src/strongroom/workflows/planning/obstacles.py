"""What keeps a plan from being made: said before the first write."""

from collections.abc import Iterator
from difflib import get_close_matches

from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.organization import units_named
from strongroom.workflows.catalogue import BY_CODE

PATHS_SHOWN = 20


def obstacles(estate: Estate, deployed: Deployment) -> tuple[Finding, ...]:
    """Return everything that is in the way of a plan."""
    return (*_missing_units(estate, deployed), *_foreign_objects(estate, deployed))


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
            yield Finding(
                code="ORG001",
                severity=Severity.ERROR,
                subject=f"OU {reference}",
                message=f"organizational unit {reference!r} {problem} in organization {deployed.organization_id}",
                why=BY_CODE["ORG001"].why,
                help=f"{guess}write one of these paths under {place}: {known or 'none is there'}",
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
    wanted = {(policy.type, policy.name) for policy in estate.organization_policies}
    owned = [
        *((f"StackSet {each.name}", each.owner) for each in deployed.stack_sets),
        *((f"stack {each.name} in account {each.account}, {each.region}", each.owner) for each in deployed.stacks),
        *((f"{each.type.words} {each.name}", each.owner) for each in deployed.policies if (each.type, each.name) in wanted),
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
