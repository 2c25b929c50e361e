"""What somebody asked to go wrong with jobs: slow and hanging ones, Regions that are down, roles that nobody can assume."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from strongroom.domain.names import ResourceType
from strongroom.twin.backup.chance import chance

_NEVER = timedelta(days=366 * 100)  # longer than any clock of a twin goes


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbance:
    """Jobs that take longer; empty members mean all of them."""

    account: str
    region: str
    type: str
    factor: float
    hangs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """Notices that never arrive; empty members mean all of them."""

    account: str
    region: str
    rate: float  # share that is lost


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbances:
    """Everything that goes wrong at present."""

    jobs: tuple[Disturbance, ...] = ()
    regions: frozenset[str] = frozenset()  # that are down
    roles: frozenset[str] = frozenset()  # ARNs that can't be assumed
    losses: tuple[Loss, ...] = ()


class _Resource(Protocol):
    @property
    def type(self) -> ResourceType: ...


class _Job(Protocol):
    @property
    def account(self) -> str: ...

    @property
    def region(self) -> str: ...

    @property
    def resource(self) -> _Resource: ...


def lost(disturbances: Disturbances, account: str, region: str, *what: object) -> bool:
    """Return whether a notice from an account and Region, known by `what`, never arrives; the same one always meets the same fate."""
    return any(
        each.account in {"", account} and each.region in {"", region} and chance("loss", *what).fraction(0) < each.rate
        for each in disturbances.losses
    )


def stretched(disturbances: Disturbances, job: _Job, usual: timedelta) -> timedelta:
    """Return how long a job takes that would usually take `usual`."""
    for each in disturbances.jobs:
        if each.account in {"", job.account} and each.region in {"", job.region} and each.type in {"", job.resource.type.value}:
            usual = _NEVER if each.hangs else min(usual * each.factor, _NEVER)
    return usual
