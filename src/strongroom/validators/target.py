"""What a validator examines, and what it answers."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from strongroom.domain.recovery import Outcome, PointRef, Restored
from strongroom.domain.strategy import Login
from strongroom.validators.doors import Door


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A restored resource that is to be examined."""

    restored: Restored
    source_arn: str  # what was backed up
    point: PointRef | None  # None: a service's own point-in-time restore
    instant: datetime | None = None  # the point in time that was restored; None: the recovery point's creation
    login: Login | None = None  # None: nobody has declared one
    key_arn: str | None = None  # the key that the restore asked for; None: any key, as long as it is encrypted
    folder: Path = Path()  # of the strategy: relative files and commands are looked for there
    manifests: Path | None = None  # $STRONGROOM_HOME/manifests; None: there are none
    deadline_seconds: float = 600.0  # for each validator
    door: Door | None = field(default=None, repr=False, compare=False)  # only there while a validator runs

    def opened(self) -> Door:
        """Return the door to AWS and to the password; raises LookupError where no validator runs."""
        if self.door is None:
            raise LookupError("doors are only open while a validator runs")
        return self.door

    def path(self, file: str) -> Path:
        """Return where a file is that the strategy names."""
        return self.folder / file

    @property
    def as_of(self) -> datetime | None:
        """The instant whose data should be there."""
        return self.instant or (self.point.created_at if self.point else None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a validator answers; the runner adds its name and how long it took."""

    outcome: Outcome
    told: str  # one sentence: what was found, or why nothing could be
    measured: Mapping[str, Any] = field(default_factory=dict)  # JSON: numbers and texts, never a secret


def passed(told: str, **measured: Any) -> Found:
    """Return that what was expected is there."""
    return Found(outcome=Outcome.PASSED, told=told, measured=measured)


def failed(told: str, **measured: Any) -> Found:
    """Return that something else is there, or nothing."""
    return Found(outcome=Outcome.FAILED, told=told, measured=measured)


def unknown(told: str, **measured: Any) -> Found:
    """Return that it could not be found out, and why."""
    return Found(outcome=Outcome.UNKNOWN, told=told, measured=measured)


class Validator(Protocol):
    """What an entry point of the group `strongroom.validators` names."""

    def __call__(self, target: Target, settings: Mapping[str, Any], /) -> Found:
        """Examine a restored resource; an exception means that nothing could be found out."""
