"""A restore and a test of one as values: what was chosen, the exact calls, what came of it, what was measured.

A restore plan is made by reading alone, can be stored, and is carried out step by step; each step may run more than once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from strongroom.domain.finding import Finding
from strongroom.domain.names import AccountId, Region, ResourceType

FORMAT_VERSION = 1
RESTORE_TAG: Final = "strongroom:restore"  # on what a restore made: the id of its plan
TEST_TAG: Final = "strongroom:test-run"  # on everything that a test makes: its run; what lacks it is never taken away
EXAMINES_TAG: Final = "strongroom:examines"  # on a temporary snapshot: the volume that it was made of
TEST_NAME: Final = "strongroom-test-"  # what the names of what tests make begin with


@dataclass(frozen=True, slots=True, kw_only=True)
class PointRef:
    """A recovery point by its key: EBS ARNs carry no account, so the ARN alone is none."""

    account: AccountId
    region: Region
    vault: str  # its name
    arn: str
    created_at: datetime
    continuous: bool = False
    size_bytes: int | None = None  # None: AWS doesn't tell
    encrypted: bool | None = None  # None: not asked, or not told


class StepKind(StrEnum):
    """What a step of a restore does; the order in which they come."""

    COPY_BACK = "copy-back"  # StartCopyJob into a vault of the account that restores
    RESTORE = "restore"  # StartRestoreJob, or a service's own point-in-time restore
    TAG = "tag"  # what was made carries the tags that say who made it
    DESCRIBE = "describe"  # where it is: endpoint, size, encryption


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiCall:
    """One AWS call exactly as it will be made; texts like `{copied_point}` are known once the step before has run."""

    account: AccountId
    region: Region
    service: str  # "backup"
    operation: str  # "StartRestoreJob"
    parameters: Mapping[str, Any]  # JSON


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreStep:
    """A step of a restore plan."""

    number: int  # from 1
    kind: StepKind
    title: str
    call: ApiCall  # the one that begins it; the idempotency token is added when it runs
    expected_seconds: int | None = None  # of the RTO; None: nobody has measured it


@dataclass(frozen=True, slots=True, kw_only=True)
class RestorePlan:
    """Everything that a restore will do."""

    plan_id: str
    strategy: str  # name; empty without a strategy
    role: str  # name of the role that is assumed in the accounts
    home_region: Region
    resource_arn: str  # what was backed up
    type: ResourceType
    point: PointRef | None  # None: a service's own point-in-time restore
    instant: datetime | None  # point in time that is asked for; None: the recovery point as it is
    account: AccountId  # where the restored resource will be
    region: Region
    job_role: str  # ARN of the role that AWS Backup assumes; empty for a native restore
    metadata: Mapping[str, str]  # as it will be given to AWS
    inferred: Mapping[str, str]  # what AWS or we inferred, before overrides
    overrides: Mapping[str, str]
    creates: str  # name of what will be made; empty: AWS chooses it
    steps: tuple[RestoreStep, ...]
    findings: tuple[Finding, ...]  # of the preflight; an ERROR keeps it from being carried out
    rto_seconds: int | None  # the tightest objective that covers the resource
    tags: Mapping[str, str] = field(default_factory=dict)  # put onto what is made
    made_at: datetime | None = None  # AWS's time when the plan was made
    test_run: str = ""  # id of the test that it belongs to; empty: a restore for its own sake
    reason: str = ""  # why this recovery point, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a restored database listens."""

    address: str
    port: int
    engine: str = ""  # "postgres"
    user: str = ""  # MasterUsername
    database: str = ""  # DBName; empty: the engine's default


@dataclass(frozen=True, slots=True, kw_only=True)
class Restored:
    """What a restore made."""

    resource_arn: str  # of what was made
    type: ResourceType
    account: AccountId
    region: Region
    job_id: str  # of the restore job; empty for a native restore
    endpoint: Endpoint | None
    encrypted: bool | None  # None: the service doesn't tell
    key_arn: str | None
    started_at: datetime  # AWS's times
    completed_at: datetime
    copy_job_id: str = ""  # of the copy back, if there was one
    copied_point_arn: str = ""
    copy_seconds: float = 0.0  # how long it took
    remarks: tuple[str, ...] = ()  # what could not be done or seen of it afterwards
    tags: Mapping[str, str] = field(default_factory=dict)

    @property
    def restore_seconds(self) -> float:
        """How long the restore itself took, by AWS's clock."""
        return (self.completed_at - self.started_at).total_seconds()


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """Something that a restore made, and that its clean-up deletes."""

    arn: str
    type: ResourceType | None  # None: a recovery point, made by a copy back
    account: AccountId
    region: Region
    vault: str = ""  # of a recovery point: the name of its vault
    tags: Mapping[str, str] = field(default_factory=dict)  # as AWS listed them; of leftovers


@dataclass(frozen=True, slots=True, kw_only=True)
class TestedByAws:
    """A restore job of a restore testing plan that has completed and waits for its validation."""

    __test__ = False  # pytest: no test class

    job_id: str
    plan_arn: str  # of the restore testing plan
    point_arn: str
    point_created_at: datetime
    vault_arn: str
    resource_arn: str  # what was backed up
    restored: Restored


class Outcome(StrEnum):
    """What came of a validator; one that could not run is never successful."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """What one validator measured."""

    validator: str  # name of the plugin: "sql", "rows", "checksum", "manifest", "http", "command", "encryption", "connection"
    outcome: Outcome
    told: str  # one sentence: what was found, or why nothing could be
    measured: Mapping[str, Any]  # JSON: numbers and texts, never a secret
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class TestRecord:
    """The evidence of one restore test: what was restored, measured and cleaned up."""

    __test__ = False  # pytest: no test class

    test_id: str  # id of the run and of the resource in it
    run_id: str
    test: str  # name of the restore test of the strategy; empty: asked for by hand
    strategy: str
    origin: str  # "strongroom" or "aws": whose restore job it was
    resource_arn: str
    type: ResourceType
    point: PointRef
    vault_label: str  # of the strategy; empty: a vault that it doesn't know
    restored: Restored | None  # None: it was not restored
    outcome: Outcome
    told: str  # why, in one sentence
    measurements: tuple[Measurement, ...]
    rto_seconds: int | None
    seconds: float | None  # from the first call to the validated resource, by AWS's clock; None: not restored
    cleaned_up: bool | None  # verified; None: nothing was made
    leftovers: tuple[str, ...]  # ARNs that are still there
    reported: str  # validation status sent to AWS: SUCCESSFUL, FAILED, or empty
    started_at: datetime
    completed_at: datetime
    next_at: datetime | None  # when the test is due again; None: nobody has declared it
    tester: str  # ARN of the caller
    left_because: tuple[str, ...] = ()  # why each of the leftovers is still there
