"""What somebody changed by hand inside the stacks of a strategy, and how it is put back."""

from collections import Counter
from collections.abc import Iterable, Iterator

from strongroom.domain.changeplan import Difference, RevertDrift, canonical
from strongroom.domain.deployment import Deployment, DriftedResource, DriftedStack
from strongroom.domain.estate import Estate
from strongroom.domain.strategy import LockMode
from strongroom.workflows.planning.change import Change
from strongroom.workflows.planning.differences import differences


def drifted_stacks(_: Estate, deployed: Deployment) -> Iterator[Change]:
    """Yield what puts back every stack that drifted."""
    for stack in deployed.drift.stacks:
        yield Change(
            f"put back {_inventory(stack.resources)} in account {stack.account}, {stack.region} ({stack.subject})",
            RevertDrift(subject=stack.subject, account=stack.account, region=stack.region, stack=stack.stack),
            differences=tuple(_differences(stack)),
        )


def locks_put_back(estate: Estate, deployed: Deployment) -> tuple[str, ...]:
    """Return the labels of vaults whose compliance lock somebody took off while that was possible, and that get it back."""
    names = {each.physical_id for stack in deployed.drift.stacks for each in stack.resources if _unlocked(each)}
    return tuple(vault.label for vault in estate.vaults if vault.name in names and vault.lock and vault.lock.mode is LockMode.COMPLIANCE)


def _unlocked(resource: DriftedResource) -> bool:
    return resource.deleted or any(each.path.startswith("/LockConfiguration") for each in resource.properties)


def _inventory(resources: Iterable[DriftedResource]) -> str:
    kinds = Counter((each.type.removeprefix("AWS::"), "deleted" if each.deleted else "changed") for each in resources)
    return ", ".join(f"{number} {kind} {word} by hand" for (kind, word), number in kinds.items())


def _differences(stack: DriftedStack) -> Iterator[Difference]:
    for resource in stack.resources:
        if resource.deleted:
            yield Difference(path=resource.logical_id, before="", after=canonical(resource.physical_id))
        for each in resource.properties:
            place = f"{resource.logical_id}{each.path.replace('/', '.')}"
            for inside in differences(each.actual, each.expected):
                path = f"{place}.{inside.path}" if inside.path else place
                yield Difference(path=path, before=inside.before, after=inside.after)
