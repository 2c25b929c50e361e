"""What a run of tests is to do, and how far each of its tests is: values that a durable run stores as JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.recovery import TEST_TAG, Measurement, Outcome, PointRef, RestorePlan
from strongroom.domain.strategy import Login, Pick, Validation


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """A resource in a vault, and how its test goes."""

    number: int  # from 1, in the run
    test: str  # of the strategy; empty: asked for by hand
    resource_arn: str
    type: ResourceType
    vault_label: str
    vault: str  # its name
    account: AccountId  # of the vault
    into: AccountId  # where it is restored: the vault's account, or another one into which it is copied back first
    region: Region
    pick: Pick
    within_days: int
    overrides: Mapping[str, str]  # restore metadata
    validations: tuple[Validation, ...]  # of this type
    login: Login | None
    rto_seconds: int | None
    schedule: str  # six-field AWS cron; empty: nobody has declared when it is due again
    timezone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TestOrder:
    """A run of tests."""

    __test__ = False  # pytest: no test class

    run_id: str
    strategy: str  # its name
    strategy_sha256: str  # of the file
    folder: str  # of the strategy: files of validators are beside it
    role: str  # that is assumed in the accounts
    home_region: Region
    tester: str  # ARN of the caller
    subjects: tuple[Subject, ...]
    keep: bool = False  # what was restored stays

    @property
    def tags(self) -> dict[str, str]:
        """What everything that the run makes carries."""
        return {OWNER_TAG: self.strategy, TEST_TAG: self.run_id}

    def test_id(self, subject: Subject) -> str:
        """Return the id of one test of the run."""
        return f"{self.run_id}-{subject.number:03}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Untested:
    """A test that found nothing to restore, so that there is no evidence of anything."""

    subject: Subject
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """How far the test of a subject is."""

    subject: Subject
    started_at: datetime  # AWS's time
    point: PointRef | None = None
    untested: str = ""  # why there is nothing to restore
    plan: RestorePlan | None = None
    known: Mapping[str, Any] = field(default_factory=dict)  # what the steps of the restore have found
    trouble: str = ""  # why it went no further
    outcome: Outcome | None = None  # that follows from the trouble
    unsettled: bool = False  # AWS may still restore, without having told what
    measurements: tuple[Measurement, ...] = ()
    completed_at: datetime | None = None
    cleaned_up: bool | None = None
    leftovers: tuple[str, ...] = ()
    left_because: tuple[str, ...] = ()

    @property
    def goes_on(self) -> bool:
        """Whether there is something to restore, and nothing has kept it from that so far."""
        return self.point is not None and not self.trouble
