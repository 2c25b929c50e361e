"""What a section of a plan yields, and the plan that it becomes part of."""

from collections.abc import Iterable
from dataclasses import dataclass

from strongroom.domain.changeplan import Action, ChangePlan, Difference, Sign, Step
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.workflows.planning.reads import objects_read


@dataclass(frozen=True, slots=True)
class Change:
    """A step before it has its number."""

    title: str
    action: Action
    removes: bool = False
    differences: tuple[Difference, ...] = ()

    @property
    def sign(self) -> Sign:
        """What it does to what is there."""
        if self.removes:
            return Sign.DESTROYS
        creates = getattr(self.action, "creates", not type(self.action).__name__.startswith(CHANGING))
        return Sign.CREATES if creates else Sign.CHANGES


# How the names of actions begin that change what is there; those that may do either say so in `creates`.
CHANGING = ("Update", "Revert", "Reset", "TakeBack")


def path_of(target_id: str, deployed: Deployment) -> str:
    """Return the path of an OU; the id itself where it is none."""
    return next((unit.path for unit in deployed.units if unit.id == target_id), target_id)


def change_plan(
    estate: Estate, deployed: Deployment, changes: Iterable[Change], *, plan_id: str, locks: tuple[str, ...] = ()
) -> ChangePlan:
    """Return a change plan with its steps numbered in their order."""
    return ChangePlan(
        plan_id=plan_id,
        strategy=estate.name,
        management_account=deployed.management_account,
        home_region=estate.organization.home_region,
        deploy_role=estate.roles.deploy,
        created_at=deployed.observed_at.isoformat(timespec="seconds"),
        reads=objects_read(deployed),
        locks=locks,
        steps=tuple(
            Step(
                number=number,
                title=change.title,
                removes=change.removes,
                sign=change.sign,
                differences=change.differences,
                action=change.action,
            )
            for number, change in enumerate(changes, start=1)
        ),
    )
