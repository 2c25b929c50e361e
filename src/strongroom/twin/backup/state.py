"""The state of the twin's AWS Backup: plain slotted data, one object a thing, no behaviour.

Days that are None mean: never. Instants are UTC. `serial` numbers grow with creation and order every listing.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.semantics.airgapped import Way
from strongroom.semantics.jobs import BackupJobState, CopyJobState, LegalHoldState, RecoveryPointStatus, RestoreJobState
from strongroom.semantics.locks import Lock
from strongroom.semantics.restoretesting import Deletion, PointSelection, Scope, Validation
from strongroom.semantics.selection import PlanSelection
from strongroom.twin.backup.audited import Framework, ReportJob, ReportPlan
from strongroom.twin.backup.chance import Chance
from strongroom.twin.backup.clockwork import Clockwork, Happening
from strongroom.twin.backup.contents import Content, Contents, NoContents
from strongroom.twin.backup.disturbances import Disturbances
from strongroom.twin.backup.kept import AccessPoint, Approval, RestoreAccess, ScanJob, TieringConfiguration
from strongroom.twin.ports import OrganizationView
from strongroom.twin.watching.book import Book

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
    maintenance: str | None = None  # the weekly window of a database: mon:04:00-mon:05:00
    multi_az_cluster: bool = False  # RDS: a Multi-AZ DB cluster, not an instance
    exists: bool = True  # False: an ARN that a selection names and that nobody has
    details: Mapping[str, Any] = field(default_factory=dict)  # what a restore needs beside it, by AWS's metadata keys


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
class Passing:
    """A recovery point in a standard vault on its way to an air-gapped one: it is deleted after the copy."""

    beside_continuous: bool  # Aurora: it goes in any case
    open: int = 0  # copy jobs of it that are not over
    landed: list[tuple["Vault", "RecoveryPoint"]] = field(default_factory=list)  # completed copies in air-gapped vaults


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """The index of a recovery point."""

    created_at: datetime
    ready_at: datetime
    role_arn: str
    deleted_at: datetime | None = None  # when its deletion, which has begun, is done


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
    holds: tuple["LegalHold", ...] = ()  # those that took it in, whatever their state
    warm_until: datetime | None = None  # a legal hold keeps or kept it out of cold storage up to here
    restored_at: datetime | None = None  # when a restore of it last completed
    passing: Passing | None = None  # on its way to an air-gapped vault
    index: Index | None = None
    composite: bool = False  # of a stack: it groups those of its members
    members: tuple[tuple["Vault", "RecoveryPoint"], ...] = ()  # of a composite one, when it was made
    parent: tuple["Vault", "RecoveryPoint"] | None = None  # the composite one that it is a member of
    member: str | None = None  # logical id in the stack
    content: Content | None = None  # what it holds; None: the twin has no data for it


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
    key_arn: str | None  # None: a key that AWS owns, of an air-gapped vault
    tags: dict[str, str]
    air_gapped: bool = False
    available_at: datetime | None = None  # before that it is being made; None: made at once
    access_policy: str | None = None
    notifications: Mapping[str, Any] | None = None
    lock: Lock | None = None
    points: dict[str, RecoveryPoint] = field(default_factory=dict)  # by ARN, in order of arrival
    continuous: dict[str, RecoveryPoint] = field(default_factory=dict)  # the continuous ones among them, by resource ARN
    approval: Approval | None = None  # of an air-gapped one


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
    air_gapped_arn: str | None = None  # the air-gapped vault that is the real target


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
    moved_bytes: int | None = None  # None: nobody counted
    point_arn: str | None = None
    key_arn: str | None = None
    air_gapped_arn: str | None = None  # the air-gapped vault that is the real target
    way: Way | None = None  # how its recovery point gets there, known once it runs
    fallback: str = ""  # why it doesn't, in AWS's words
    parent: "BackupJob | None" = None  # the job of the stack that it is a part of
    member: str | None = None  # logical id in the stack; None: its template
    children: tuple["BackupJob", ...] = ()  # of the job of a stack, once it runs

    @property
    def composite(self) -> bool:
        """It is the job of a whole stack."""
        return self.resource.type is ResourceType.CLOUDFORMATION and self.parent is None


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
    to_air_gapped: bool = False  # what its destination turned out to be
    parent: "CopyJob | None" = None  # the copy of the composite recovery point that it is a part of
    children: tuple["CopyJob", ...] = ()  # of the copy of a composite recovery point, once it runs

    @property
    def composite(self) -> bool:
        """It copies a composite recovery point."""
        return self.source.composite


@dataclass(slots=True, kw_only=True, eq=False)
class LegalHold:
    """A legal hold on recovery points of an account and Region."""

    serial: int
    hold_id: str
    arn: str
    account: str
    region: str
    chance: Chance
    title: str
    description: str
    document: Mapping[str, Any] | None  # RecoveryPointSelection, as it was given
    created_at: datetime
    tags: dict[str, str]
    points: tuple[tuple[Vault, RecoveryPoint], ...]  # matched when it was made
    state: LegalHoldState = LegalHoldState.CREATING
    cancel_description: str | None = None
    cancelled_at: datetime | None = None
    record_until: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class RestoreTestingSelection:
    """A selection of a restore testing plan."""

    serial: int
    name: str
    created_at: datetime
    creator_request_id: str | None
    document: Mapping[str, Any]  # with its defaults
    scope: Scope
    updated_at: datetime | None = None


@dataclass(slots=True, kw_only=True, eq=False)
class RestoreTestingPlan:
    """A restore testing plan."""

    serial: int
    name: str
    arn: str
    account: str
    region: str
    created_at: datetime
    creator_request_id: str | None
    document: Mapping[str, Any]  # with its defaults
    points: PointSelection
    tags: dict[str, str]
    selections: dict[str, RestoreTestingSelection] = field(default_factory=dict)
    updated_at: datetime | None = None
    executed_at: datetime | None = None
    edition: int = 0  # of its schedule: runs that were planned before no longer count


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTest:
    """What makes a restore job a restore test."""

    plan_arn: str
    plan_name: str
    validation_hours: int
    over: Happening  # called when the job is over


@dataclass(slots=True, kw_only=True, eq=False)
class RestoreJob:
    """A restore job."""

    serial: int
    job_id: str
    chance: Chance
    account: str
    region: str
    vault: Vault
    point: RecoveryPoint
    role_arn: str
    metadata: Mapping[str, str]
    copy_tags: bool
    created_at: datetime
    test: RestoreTest | None = None
    state: RestoreJobState = RestoreJobState.PENDING
    message: str | None = None
    started_at: datetime | None = None
    expected_minutes: int | None = None
    completed_at: datetime | None = None
    created_arn: str | None = None
    validation: Validation | None = None
    validation_message: str | None = None
    deletion: Deletion | None = None
    deletion_message: str | None = None

    @property
    def resource(self) -> Resource:
        """What was backed up."""
        return self.point.resource


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
    restore_jobs: dict[str, RestoreJob] = field(default_factory=dict)
    holds: dict[str, LegalHold] = field(default_factory=dict)  # by id
    testing_plans: dict[str, RestoreTestingPlan] = field(default_factory=dict)  # by name
    testing: dict[ResourceType, int] = field(default_factory=dict)  # how many restore tests run now
    testing_queue: dict[ResourceType, deque[RestoreJob]] = field(default_factory=dict)  # tests that wait for their turn
    frameworks: dict[str, Framework] = field(default_factory=dict)  # by name
    report_plans: dict[str, ReportPlan] = field(default_factory=dict)  # by name
    report_jobs: dict[str, ReportJob] = field(default_factory=dict)
    tiering: dict[str, TieringConfiguration] = field(default_factory=dict)  # by name
    scan_jobs: dict[str, ScanJob] = field(default_factory=dict)
    restore_access: dict[str, RestoreAccess] = field(default_factory=dict)  # by name
    access_points: dict[str, AccessPoint] = field(default_factory=dict)  # by ARN
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
    closed: dict[str, datetime] = field(default_factory=dict)  # accounts that AWS Backup knows and that were closed, with when
    busy: dict[str, str] = field(default_factory=dict)  # resource ARN -> id of the job that holds it
    waiting: dict[str, deque[tuple[BackupJob | CopyJob, Happening]]] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    inventories: dict[tuple[str, str], Inventory] = field(default_factory=dict)
    matches: dict[tuple[str, str, str], tuple[Any, tuple[tuple[Resource, str], ...]]] = field(default_factory=dict)  # by plan
    facts: dict[tuple[object, ...], Any] = field(default_factory=dict)  # roles and keys, valid while nobody can change them
    disturbances: Disturbances = field(default_factory=Disturbances)  # what somebody asked to go wrong
    contents: Contents = field(default_factory=NoContents)  # the data behind resources and recovery points
    moves: int = 0  # how often somebody may have changed other services
    book: Book = field(default_factory=Book)  # metrics and mail
    pruned_at: datetime = _LONG_AGO  # when old jobs were last forgotten
    numbers: int = 0
    generation: int = -1  # of the organization, when its plans were last made
    # Plans of backup policies that could not be made: at, account, Region, plan, why.
    invalid_plans: deque[tuple[datetime, str, str, Mapping[str, Any], str]] = field(default_factory=lambda: deque(maxlen=1000))

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

    def once(self, key: tuple[object, ...], read: Callable[[], Any]) -> Any:
        """Read a fact of another service at most once while the clock moves, because nobody can change it then."""
        if key not in self.facts:
            self.facts[key] = read()
        return self.facts[key]

    def forget(self) -> None:
        """Read other services anew when they are needed next: somebody may have changed them."""
        self.moves += 1
        self.facts.clear()
