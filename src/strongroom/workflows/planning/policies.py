"""Policies of AWS Organizations: made, attached where they belong, and taken away where they no longer do."""

from collections.abc import Iterable, Iterator

from strongroom.domain.changeplan import AttachPolicy, DeletePolicy, DetachPolicy, PutPolicy, Sign
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate, OrganizationPolicy
from strongroom.domain.names import PolicyType
from strongroom.domain.organization import units_named
from strongroom.workflows.planning.change import Change, path_of
from strongroom.workflows.planning.differences import differences

DETACHED = {
    PolicyType.BACKUP: "its backups stop there",
    PolicyType.SERVICE_CONTROL: "what it forbids is allowed there again",
    PolicyType.TAG: "it no longer keeps tags correct there",
}


def wanted_policies(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what brings every policy that forbids nothing to its text and its targets."""
    yield from _wanted((each for each in estate.organization_policies if each.type is not PolicyType.SERVICE_CONTROL), deployed)


def forbidding_policies(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield the same for service control policies, which could be in the way of everything else."""
    yield from _wanted((each for each in estate.organization_policies if each.type is PolicyType.SERVICE_CONTROL), deployed)


def _wanted(policies: Iterable[OrganizationPolicy], deployed: Deployment) -> list[Change]:
    """Return changes in an order that leaves every plan somewhere, wherever it stops: what is new, what is changed, what is taken off."""
    return sorted(_each(policies, deployed), key=lambda change: [Sign.CREATES, Sign.CHANGES, Sign.DESTROYS].index(change.sign))


def _each(policies: Iterable[OrganizationPolicy], deployed: Deployment) -> Iterator[Change]:
    existing = {(each.type, each.name): each for each in deployed.policies}
    for wanted in policies:
        found = existing.get((wanted.type, wanted.name))
        title = f"{wanted.type.words} {wanted.name}"
        if found is None or found.content != wanted.content:
            yield Change(
                f"{'update' if found else 'create'} {title}{_contents(wanted)}",
                PutPolicy(type=wanted.type, name=wanted.name, content=wanted.content, creates=found is None),
                differences=differences(found.content, wanted.content) if found else (),
            )
        there = set(found.targets if found else ())
        targets = {unit.id: unit.path for each in wanted.targets for unit in units_named(each, deployed.units)}
        for target_id in sorted(targets.keys() - there):
            yield Change(f"attach {title} to {targets[target_id]}", AttachPolicy(type=wanted.type, name=wanted.name, target_id=target_id))
        for target_id in sorted(there - targets.keys()):
            yield _detaching(wanted.type, wanted.name, target_id, deployed)


def retired_policies(estate: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what takes away policies of the strategy that it no longer declares."""
    wanted = {(policy.type, policy.name) for policy in estate.organization_policies}
    for policy in deployed.policies:
        if policy.owner != estate.name or (policy.type, policy.name) in wanted:
            continue
        for target_id in policy.targets:
            yield _detaching(policy.type, policy.name, target_id, deployed)
        yield Change(
            f"delete {policy.type.words} {policy.name}, which the strategy no longer declares",
            DeletePolicy(type=policy.type, name=policy.name),
            removes=True,
        )


def _detaching(kind: PolicyType, name: str, target_id: str, deployed: Deployment) -> Change:
    return Change(
        f"detach {kind.words} {name} from {path_of(target_id, deployed)}: {DETACHED[kind]}",
        DetachPolicy(type=kind, name=name, target_id=target_id),
        removes=True,
    )


def _contents(policy: OrganizationPolicy) -> str:
    return f" with plan {', '.join(policy.plans)}" if policy.plans else ""
