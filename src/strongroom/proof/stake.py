"""What is at stake with a fault: by that `verify` orders what it finds.

What nobody could read comes first, because nothing is known behind it. Then come errors before warnings, and among them what leaves
resources without any proven copy before what breaks a promise (an objective, owed retention) before what costs one copy of several.
Of two alike the one that touches more comes first.
"""

from dataclasses import dataclass
from enum import StrEnum


class StakeClass(StrEnum):
    """What the worst is that a fault does, the worst first."""

    UNREAD = "unread"  # nobody knows
    NO_COPY = "no proven copy"  # of some resources none is left
    PROMISE = "promise"  # of resources with an objective or owed retention a copy or its proof is missing
    COPY = "copy"  # of resources that have others
    BESIDE = "beside"  # no chain is broken: alarms, settings, what would fail in a disaster


@dataclass(frozen=True, slots=True, kw_only=True)
class Stake:
    """How much a fault touches, beside its chains and resources."""

    accounts: int = 0  # of the resources it touches
    bare: int = 0  # resources of which no proven copy is left
    bare_promised: int = 0  # of these, those with an objective or owed retention
    promised: int = 0  # resources with an objective or owed retention

    def kind(self, *, unread: bool, chains: int) -> StakeClass:
        """Return the class of a fault."""
        if unread:
            return StakeClass.UNREAD
        if self.bare:
            return StakeClass.NO_COPY
        if not chains:
            return StakeClass.BESIDE
        return StakeClass.PROMISE if self.promised else StakeClass.COPY


NOTHING = Stake()
