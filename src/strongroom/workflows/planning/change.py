"""What a section of a plan yields."""

from dataclasses import dataclass

from strongroom.domain.changeplan import Action, Difference, Sign
from strongroom.domain.deployment import Deployment


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
CHANGING = ("Update", "Revert", "Reset")


def path_of(target_id: str, deployed: Deployment) -> str:
    """Return the path of an OU; the id itself where it is none."""
    return next((unit.path for unit in deployed.units if unit.id == target_id), target_id)
