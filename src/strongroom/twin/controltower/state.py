"""What Control Tower keeps: one landing zone, enabled baselines, and the operations that made them."""

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

POLLS = 2  # answers that still say IN_PROGRESS, whatever the clock
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
_SUFFIX_CHARACTERS = 12  # names of vaults have 50 at most


@dataclass(slots=True, kw_only=True)
class Operation:
    """One operation; its work is done when it begins, but it says IN_PROGRESS for a few polls."""

    id: str
    kind: str  # CREATE or UPDATE of the landing zone, ENABLE_BASELINE and the like
    began_at: datetime
    problem: str = ""  # why it failed; empty: it succeeds
    polls_left: int = POLLS

    @property
    def running(self) -> bool:
        """Whether readers still see it running."""
        return self.polls_left > 0

    @property
    def status(self) -> str:
        """What readers see."""
        return "IN_PROGRESS" if self.running else "FAILED" if self.problem else "SUCCEEDED"

    def poll(self) -> None:
        """Somebody looked."""
        self.polls_left = max(0, self.polls_left - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """The backup integration of a landing zone."""

    admin: str  # account of the delegated administrator
    central: str  # account of the central vaults
    key_arn: str  # multi-Region key, in the home Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a landing zone is set up with."""

    regions: tuple[str, ...]  # governed
    security_unit: str  # name of the OU of the shared accounts; empty: theirs, wherever they are
    shared: tuple[str, ...]  # accounts of logs, audit and AWS Config
    logs: str  # account of the logs; empty: none
    records: bool  # whether AWS Config records in enrolled accounts
    backup: Backup | None


@dataclass(slots=True, kw_only=True)
class LandingZone:
    """The landing zone of an organization."""

    arn: str
    region: str  # home
    suffix: str  # at the end of the names that it gives
    version: str
    manifest: Mapping[str, Any] | None  # as it was last asked for
    remediation: tuple[str, ...]
    tags: dict[str, str]
    operation: Operation
    settings: Settings | None = None  # as it was last set up; None: it never was
    security_unit: str = ""  # id of the OU of the shared accounts


@dataclass(slots=True, kw_only=True)
class Child:
    """A baseline in one account of an OU, inherited from it."""

    arn: str
    account: str
    version: str
    problem: str = ""


@dataclass(slots=True, kw_only=True)
class EnabledBaseline:
    """A baseline that is enabled on a target."""

    arn: str
    baseline: str  # its name
    version: str
    target: str  # ARN of an OU; of an account for the landing zone's own
    place: str  # id of the OU or account
    parameters: list[dict[str, Any]]
    tags: dict[str, str]
    operation: Operation
    settings: Settings | None  # of the landing zone when it was enabled or reset
    children: dict[str, Child] = field(default_factory=dict)  # by account

    @property
    def status(self) -> str:
        """What readers see of its last operation."""
        return "UNDER_CHANGE" if self.operation.running else self.operation.status


@dataclass(slots=True, kw_only=True)
class State:
    """Everything that Control Tower knows."""

    ids: random.Random = field(default_factory=lambda: random.Random("control tower"))
    zone: LandingZone | None = None
    enabled: dict[str, EnabledBaseline] = field(default_factory=dict)  # by ARN
    operations: dict[str, Operation] = field(default_factory=dict)  # by id
    controls: dict[str, str] = field(default_factory=dict)  # baseline -> control policy

    def begin(self, kind: str, at: datetime) -> Operation:
        """A new operation."""
        digits = "".join(self.ids.choices("0123456789abcdef", k=32))
        parts = (digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:])
        operation = Operation(id="-".join(parts), kind=kind, began_at=at)
        self.operations[operation.id] = operation
        return operation

    def new_id(self) -> str:
        """A fresh id, as enabled baselines have them."""
        return "X" + "".join(self.ids.choices(_LETTERS, k=16))

    def suffix(self) -> str:
        """The end of the names of a landing zone's resources."""
        return "".join(self.ids.choices("0123456789abcdef", k=_SUFFIX_CHARACTERS))

    def running(self) -> Operation | None:
        """The operation that readers see running, if any."""
        return next((each for each in self.operations.values() if each.running), None)

    def on(self, place: str, baseline: str) -> EnabledBaseline | None:
        """The baseline that is enabled on an OU or account, or None."""
        return next((each for each in self.enabled.values() if each.place == place and each.baseline == baseline), None)

    def enrolled(self) -> frozenset[str]:
        """Accounts that Control Tower governs."""
        found = {account for each in self.enabled.values() for account in each.children}
        return frozenset(found | set(self.zone.settings.shared if self.zone and self.zone.settings else ()))
