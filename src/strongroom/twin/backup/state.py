"""The state of the twin's AWS Backup: plain slotted data, one object a thing, no behaviour.

Days that are None mean: never. Instants are UTC. `serial` numbers grow with creation and order every listing.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.semantics.jobs import BackupJobState, CopyJobState, RecoveryPointStatus
from strongroom.semantics.selection import PlanSelection
from strongroom.twin.backup.chance import Chance
from strongroom.twin.backup.clockwork import Clockwork, Happening
from strongroom.twin.ports import OrganizationView

_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)
Outcome = tuple[str | None, str]  # StatusMessage and MessageCategory at the end of a job
SUCCESS, ACCESS_DENIED, INVALID_PARAMETERS, OTHER = "SUCCESS", "AccessDenied", "InvalidParameters", "MISCELLANEOUS"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that can be backed up, as it was when the inventory was read."""

    arn: str
    type: ResourceType
    name: str
    tags: Mapping[str, str]
    size_bytes: int
    encrypted: bool
    key_arn: str | None  # as the service tells it: ARN, id or alias
    continuous_ready: bool = True  # S3: versioning is on
    exists: bool = True  # False: an ARN that a selection names and that nobody has


@dataclass(slots=True, kw_only=True, eq=False)
class Inventory:
    """The resources of an account and Region; the edition grows when they differ from what was read before."""

    resources: dict[str, Resource]  # by ARN
    edition: int
    moves: int  # World.moves at the time of reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifecycle:
    """How long a recovery point lives, counted from its creation date."""

    delete_days: int | None = None
    cold_days: int | None = None
    archive: bool | None = None  # OptInToArchiveForSupportedResources, as it was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Creator:
    """The rule that made a job; `wire` is the CreatedBy structure, shared by all jobs of a version of the rule."""

    plan_id: str
    rule_id: str
    wire: Mapping[str, str]


@dataclass(slots=True, kw_only=True, eq=False)
class RecoveryPoint:
    """A recovery point in one vault."""

    serial: int
    arn: str
    resource: Resource
    created_at: datetime  # of the backup job; a copy keeps that of its source
    initiated_at: datetime
    completed_at: datetime | None
    status: RecoveryPointStatus
    message: str | None
    size_bytes: int
    lifecycle: Lifecycle
    delete_at: datetime | None
    due_at: datetime | None  # when the deletion will really be tried
    key_arn: str | None
    source_vault_arn: str | None
    role_arn: str
    creator: Creator | None
    tags: dict[str, str]
    continuous: bool
    account: str  # of the account that owns the resource


@dataclass(slots=True, kw_only=True, eq=False)
class Vault:
    """A backup vault and what lies in it."""

    serial: int
    name: str
    arn: str
    account: str
    region: str
    created_at: datetime
    creator_request_id: str | None
    key_arn: str
    tags: dict[str, str]
    access_policy: str | None = None
    notifications: Mapping[str, Any] | None = None
    locked: bool = False
    min_days: int | None = None
    max_days: int | None = None
    lock_at: datetime | None = None  # compliance lock: when its grace time ends
    points: dict[str, RecoveryPoint] = field(default_factory=dict)  # by ARN, in order of arrival
    continuous: dict[str, RecoveryPoint] = field(default_factory=dict)  # the continuous ones among them, by resource ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyAction:
    """A copy action of a rule; no lifecycle at all means that of the source."""

    vault_arn: str
    lifecycle: Lifecycle | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule of one version of a plan."""

    rule_id: str
    name: str
    vault_name: str
    cron: str
    timezone: str
    start_minutes: int
    complete_minutes: int
    lifecycle: Lifecycle
    continuous: bool
    tags: Mapping[str, str]
    copies: tuple[CopyAction, ...]
    document: Mapping[str, Any]  # as GetBackupPlan shows it
    creator: Creator


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """One version of a plan; jobs and recovery points refer to it for ever."""

    version_id: str
    name: str
    created_at: datetime
    rules: tuple[Rule, ...]
    document: Mapping[str, Any]  # as it was given


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """A selection of a plan."""

    serial: int
    selection_id: str
    name: str
    role_arn: str
    created_at: datetime
    creator_request_id: str | None
    document: Mapping[str, Any]
    parsed: PlanSelection


@dataclass(slots=True, kw_only=True, eq=False)
class Plan:
    """A backup plan; that of an organization policy has an id under `orgs/` and is read-only."""

    serial: int
    plan_id: str
    arn: str
    account: str
    region: str
    created_at: datetime
    creator_request_id: str | None
    versions: list[PlanVersion]
    tags: dict[str, str]
    selections: dict[str, Selection] = field(default_factory=dict)
    deleted_at: datetime | None = None
    executed_at: datetime | None = None
    changes: int = 0  # of its selections: what was matched before no longer counts

    @property
    def current(self) -> PlanVersion:
        """The version that runs."""
        return self.versions[-1]

    @property
    def of_organization(self) -> bool:
        """It comes from a backup policy."""
        return self.plan_id.startswith("orgs/")


@dataclass(slots=True, kw_only=True, eq=False)
class BackupJob:
    """A backup job."""

    serial: int
    job_id: str
    chance: Chance
    account: str
    region: str
    resource: Resource
    vault_name: str
    vault_arn: str
    role_arn: str
    creator: Creator | None  # None: on demand
    created_at: datetime
    start_by: datetime
    complete_by: datetime | None  # on demand: counted from the creation; None: complete_minutes from the start
    complete_minutes: int
    lifecycle: Lifecycle
    copies: tuple[CopyAction, ...]
    continuous: bool
    tags: Mapping[str, str]  # given by the rule
    state: BackupJobState = BackupJobState.CREATED
    message: str | None = None
    category: str | None = None
    started_at: datetime | None = None
    expected_at: datetime | None = None
    completed_at: datetime | None = None
    size_bytes: int = 0
    point_arn: str | None = None
    key_arn: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class CopyJob:
    """A copy job; it belongs to the account and Region of the source."""

    serial: int
    job_id: str
    chance: Chance
    account: str
    region: str
    resource: Resource
    source: RecoveryPoint
    source_vault_arn: str
    destination_vault_arn: str
    role_arn: str
    creator: Creator | None
    backup_job_id: str | None
    created_at: datetime
    lifecycle: Lifecycle
    state: CopyJobState = CopyJobState.CREATED
    message: str | None = None
    category: str | None = None
    completed_at: datetime | None = None
    size_bytes: int = 0
    point_arn: str | None = None
    key_arn: str | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class Place:
    """AWS Backup in one account and Region."""

    account: str
    region: str
    vaults: dict[str, Vault] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)  # deleted ones too
    backup_jobs: dict[str, BackupJob] = field(default_factory=dict)
    copy_jobs: dict[str, CopyJob] = field(default_factory=dict)
    opt_in: dict[str, bool] = field(default_factory=dict)
    management: dict[str, bool] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)  # idempotency token -> job id
    protected: dict[str, tuple[Resource, datetime, str, str]] = field(default_factory=dict)  # last backup: at, vault ARN, point ARN


@dataclass(slots=True, kw_only=True, eq=False)
class World:
    """Everything that the twin's AWS Backup knows."""

    organization: OrganizationView
    seed: str
    at: datetime  # up to here everything has happened
    clockwork: Clockwork = field(default_factory=Clockwork)
    places: dict[tuple[str, str], Place] = field(default_factory=dict)
    global_settings: dict[str, str] = field(default_factory=dict)
    global_settings_at: datetime | None = None
    busy: dict[str, str] = field(default_factory=dict)  # resource ARN -> id of the job that holds it
    waiting: dict[str, deque[tuple[BackupJob | CopyJob, Happening]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    inventories: dict[tuple[str, str], Inventory] = field(default_factory=dict)
    matches: dict[tuple[str, str, str], tuple[Any, tuple[tuple[Resource, str], ...]]] = field(default_factory=dict)  # by plan
    facts: dict[tuple[str, ...], Any] = field(default_factory=dict)  # roles and keys, valid while nobody can change them
    moves: int = 0  # how often somebody may have changed other services
    pruned_at: datetime = _LONG_AGO  # when old jobs were last forgotten
    numbers: int = 0
    generation: int = -1  # of the organization, when its plans were last made

    def place(self, account: str, region: str) -> Place:
        """AWS Backup in one account and Region, made on first sight."""
        place = self.places.get((account, region))
        if place is None:
            place = self.places[account, region] = Place(account=account, region=region)
        return place

    def serial(self) -> int:
        """The next serial number."""
        self.numbers += 1
        return self.numbers

    def count(self, what: str) -> None:
        """Add one to a number that `run_until` reports."""
        self.counts[what] = self.counts.get(what, 0) + 1

    def once(self, key: tuple[str, ...], read: Callable[[], Any]) -> Any:
        """Read a fact of another service at most once while the clock moves, because nobody can change it then."""
        if key not in self.facts:
            self.facts[key] = read()
        return self.facts[key]

    def forget(self) -> None:
        """Read other services anew when they are needed next: somebody may have changed them."""
        self.moves += 1
        self.facts.clear()
