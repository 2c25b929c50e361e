"""What can be asked for as a whole: an account, some keys or roles, one thing of the organization; and the tasks that carry it out."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from typing import Any, Self

from strongroom.aws import crew
from strongroom.aws.organization import OrganizationTree
from strongroom.aws.readers import backup, catalogue, governance, masses, resources
from strongroom.aws.readers.buckets import read_buckets
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.keys import KEY_SUBJECTS, KnownKey, read_keys
from strongroom.aws.readers.roles import read_roles
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.domain.access import ControlType
from strongroom.domain.names import ResourceType
from strongroom.errors import AwsRefused, NoCredentials

# What is asked of each account and Region, by the names in `reads`.
SUBJECTS = (
    "settings",
    *backup.VAULT_SUBJECTS,
    *backup.PLAN_SUBJECTS,
    "recovery_points",
    *KEY_SUBJECTS,
    resources.subject_of(ResourceType.DYNAMODB),
    resources.details_of(ResourceType.DYNAMODB),
    resources.subject_of(ResourceType.S3),
    resources.details_of(ResourceType.S3),
    resources.locks_of(ResourceType.S3),
    *(subject for reader in catalogue.REGIONAL for subject in reader.subjects),
)
# What is asked of each account once.
ACCOUNT_SUBJECTS = ("roles", *(subject for reader in catalogue.PER_ACCOUNT for subject in reader.subjects))

JOB_READERS = tuple(reader for reader in catalogue.REGIONAL if masses.JOBS.keys() >= set(reader.subjects))


class Kind(StrEnum):
    """What an order asks for."""

    ORGANIZATION = "organization"  # one thing of the organization, `what`
    EFFECTIVE_POLICY = "effective policy"
    CLOSED = "closed account"  # `what`: its status; nothing is asked of it
    ACCOUNT = "account"
    KEYS = "keys"
    ROLES = "roles"
    EVERYBODY = "everybody's jobs"  # asked of an account that administers AWS Backup; `what`: their kind
    JOBS = "jobs"  # of an account, after those of everybody


HOME = frozenset({Kind.ORGANIZATION, Kind.EFFECTIVE_POLICY, Kind.CLOSED})  # asked of the organization, with the tree at hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Something to be read; plain values, so that another process can carry it out."""

    kind: Kind
    account: str
    region: str = ""
    what: str = ""
    wanted: tuple[str, ...] = ()  # ARNs of keys or roles; of jobs, the Regions where the account is asked itself
    since: tuple[tuple[str, str, float], ...] = ()  # Region, subject, epoch seconds: older items are known already
    until: float | None = None  # epoch seconds: newer items are left to others
    # Regions whose jobs are asked for with those of everybody, and since when recovery points tell whether that answers for them.
    shared: tuple[tuple[str, float], ...] = ()
    part: int = 0  # of what is asked for in several orders

    @property
    def name(self) -> str:
        """What tells it from other orders of the same fleet."""
        return " ".join(each for each in (self.kind, self.account, self.region, self.what, str(self.part or "")) if each)

    @property
    def digest(self) -> str:
        """A short digest of what is wanted; another one means another order."""
        return hashlib.sha256(repr((self.wanted, self.since, self.until, self.shared)).encode()).hexdigest()[:16]

    def encode(self) -> dict[str, Any]:
        """Return the order as JSON."""
        return asdict(self)

    @classmethod
    def decode(cls, document: dict[str, Any]) -> Self:
        """Return an order from what `encode` gave."""
        since = tuple((region, subject, float(at)) for region, subject, at in document["since"])
        shared = tuple((region, float(at)) for region, at in document["shared"])
        read = {"kind": Kind(document["kind"]), "wanted": tuple(document["wanted"]), "since": since, "shared": shared}
        return cls(**{**document, **read})


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one task; the parts of an order are put together in the order of `place`, whichever came first."""

    place: tuple[str, str, str]  # account, Region, what
    harvest: Harvest
    keys: tuple[KnownKey, ...] = ()
    reached: bool = True


Task = crew.Task[Part]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """What tasks stand on."""

    reading: Reading
    places: tuple[str, ...]  # Regions
    tree: OrganizationTree | None = None  # only where orders of HOME are carried out


def task_of(order: Order, ground: Ground) -> Task:
    """Return the first task of an order, which may bring others."""
    reading = ground.reading
    match order.kind:
        case Kind.ACCOUNT:
            _tell(reading, order)
            task: Task = partial(_account, ground, order)
        case Kind.EVERYBODY:
            task = partial(_everybody, Scope(reading, order.account, order.region), order)
        case Kind.JOBS:
            _tell(reading, order)
            task = _simple(reading, (order.account, "", "jobs"), partial(_jobs, reading, order))
        case Kind.KEYS:
            task = partial(_keys, Scope(reading, order.account, order.region), frozenset(order.wanted))
        case Kind.ROLES:
            scope = Scope(reading, order.account, reading.home_region)
            task = _simple(reading, (order.account, "", "roles"), partial(read_roles, scope, frozenset(order.wanted)))
        case Kind.EFFECTIVE_POLICY:
            asker = reading.sessions.caller().account
            reader = partial(governance.read_effective_policy, reading, asker, order.account)
            task = _simple(reading, (order.account, "", "effective policy"), reader)
        case Kind.CLOSED:
            closed = AwsRefused(f"the account is {order.what}", code="AccountNotActive")
            task = _simple(reading, (order.account, "", "account"), partial(_unread, order.account, ground.places, closed))
        case Kind.ORGANIZATION:
            task = _simple(reading, (order.account, "", order.what), _of_organization(ground)[order.what])
    return task


def organization_orders(tree: OrganizationTree) -> list[Order]:
    """Return the orders that read what belongs to the organization as a whole."""
    names = ("accounts", "organization settings", "policies", *map(str, ControlType))
    all_names = (*names, *(reader.subjects[0] for reader in catalogue.ORGANIZATION))
    return [Order(kind=Kind.ORGANIZATION, account=tree.management_account, what=name) for name in all_names]


def _of_organization(ground: Ground) -> dict[str, Callable[[Harvest], None]]:
    reading, tree = ground.reading, ground.tree
    if tree is None:
        raise ValueError("this order needs the tree of the organization")
    management, asker = tree.management_account, reading.sessions.caller().account
    home = Scope(reading, management, reading.home_region)
    return {
        "accounts": partial(governance.add_accounts, tree),
        "organization settings": partial(governance.read_organization_settings, reading, management),
        "policies": partial(governance.read_policies, reading, asker, management),
        **{str(kind): partial(governance.read_control_policies, reading, asker, tree, kind) for kind in ControlType},
        **{reader.subjects[0]: partial(reader.read, home) for reader in catalogue.ORGANIZATION},
    }


def _tell(reading: Reading, order: Order) -> None:
    """Let the readers know what an order spares them."""
    reading.since.update({(order.account, region, subject): at for region, subject, at in order.since})
    if order.until is not None:
        reading.watched.update({(order.account, region): (at, order.until) for region, at in order.shared})


def _simple(reading: Reading, place: tuple[str, str, str], reader: Callable[[Harvest], None]) -> Task:
    """Return a task that lets a reader fill a harvest."""

    def task() -> tuple[Part, list[Task]]:
        harvest = Harvest(spill=reading.spill)
        reader(harvest)
        return Part(place, harvest.settle()), []

    return task


def _unread(account: str, places: Sequence[str], error: AwsRefused, harvest: Harvest) -> None:
    for region in places:
        for subject in SUBJECTS:
            harvest.read(account, region, subject, [error])
    for subject in ACCOUNT_SUBJECTS:
        harvest.read(account, "", subject, [error])


def _everybody(scope: Scope, order: Order) -> tuple[Part, list[Task]]:
    """Read jobs of all accounts; where that fails nobody is reached, and each account is asked itself."""
    harvest = Harvest(spill=scope.reading.spill)
    since = next((at for _, _, at in order.since), None)
    read = masses.read_jobs_of_all(scope, harvest, order.what, since=since, until=order.until)
    return Part((order.account, order.region, order.what), harvest.settle(), reached=read), []


def _jobs(reading: Reading, order: Order, harvest: Harvest) -> None:
    """Read the jobs of one account where the list of everybody's does not answer for it, and say that they are read where it does."""
    for region in order.wanted:
        for reader in JOB_READERS:
            reader.read(Scope(reading, order.account, region), harvest)
    for region, _ in order.shared:
        for subject in masses.JOBS:
            harvest.read(order.account, region, subject)


def _account(ground: Ground, order: Order) -> tuple[Part, list[Task]]:
    """Open an account; its Regions and buckets are tasks of their own."""
    reading, places, account = ground.reading, ground.places, order.account
    shared = {region for region, _ in order.shared}
    harvest = Harvest()
    try:
        reading.sessions.assume(account)
    except NoCredentials:
        raise  # it is the caller who can't call, not the account that can't be read
    except AwsRefused as error:
        _unread(account, places, error, harvest)
        return Part((account, "", "account"), harvest.settle(), reached=False), []
    tasks: list[Task] = [partial(_region, Scope(reading, account, region), shared=region in shared) for region in places]
    tasks.append(_simple(reading, (account, "", "buckets"), partial(read_buckets, reading, account, places)))
    home = Scope(reading, account, reading.home_region)
    tasks += [_simple(reading, (account, "", each.subjects[0]), partial(each.read, home)) for each in catalogue.PER_ACCOUNT]
    return Part((account, "", "account"), harvest), tasks


def _region(scope: Scope, *, shared: bool) -> tuple[Part, list[Task]]:
    """Read one account in one Region; the recovery points of each vault are a task of their own. `shared`: not its jobs."""
    harvest = Harvest(spill=scope.reading.spill)
    managed = backup.read_settings(scope, harvest)
    vaults = backup.read_vaults(scope, harvest)
    backup.read_plans(scope, harvest)
    resources.read_dynamodb(scope, harvest, advanced=managed.get(ResourceType.DYNAMODB))
    for reader in catalogue.REGIONAL:
        if not (shared and reader in JOB_READERS):
            reader.read(scope, harvest)
    if not vaults:
        unlisted = [AwsRefused("the vaults could not be listed", code="VaultsUnread")] if vaults is None else []
        harvest.read(scope.account, scope.region, "recovery_points", unlisted)
    tasks = [
        _simple(scope.reading, (scope.account, scope.region, vault), partial(_recovery_points, scope, vault)) for vault in vaults or ()
    ]
    return Part((scope.account, scope.region, ""), harvest.settle()), tasks


def _recovery_points(scope: Scope, vault: str, harvest: Harvest) -> None:
    masses.read_recovery_points(scope, harvest, vault)


def _keys(scope: Scope, wanted: frozenset[str]) -> tuple[Part, list[Task]]:
    harvest = Harvest(spill=scope.reading.spill)
    known = read_keys(scope, wanted, harvest)
    return Part((scope.account, scope.region, "keys"), harvest.settle(), keys=known), []
