"""Read the live state of every account and Region of an organization into the tables of `domain.tables`."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.aws import crew
from strongroom.aws.organization import OrganizationTree, read_tree
from strongroom.aws.readers import backup, catalogue, governance, masses, resources
from strongroom.aws.readers.buckets import read_buckets
from strongroom.aws.readers.harvest import Harvest, merge
from strongroom.aws.readers.keys import KnownKey, owner_of, read_keys
from strongroom.aws.readers.roles import read_roles
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.sessions import THREADS, Sessions
from strongroom.domain.access import ControlType
from strongroom.domain.names import Region, ResourceType
from strongroom.domain.tables import POLICY_TEXTS, READS, RESOURCES, TABLES
from strongroom.errors import AwsRefused, NoCredentials

# What is asked of each account and Region, by the names in `reads`.
SUBJECTS = (
    "settings",
    "vaults",
    *backup.PLAN_SUBJECTS,
    "recovery_points",
    "keys",
    "grants",
    resources.subject_of(ResourceType.DYNAMODB),
    resources.subject_of(ResourceType.S3),
    resources.details_of(ResourceType.S3),
    *(subject for reader in catalogue.REGIONAL for subject in reader.subjects),
)
# What is asked of each account once.
ACCOUNT_SUBJECTS = ("roles", *(subject for reader in catalogue.PER_ACCOUNT for subject in reader.subjects))
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Every table of `domain.tables`, and AWS's time when reading began."""

    tables: dict[str, pa.Table]
    observed_at: datetime  # UTC; what is newer than this may be missing, what is older is not


@dataclass(frozen=True, slots=True)
class Part:
    """The result of one task; parts are merged in the order of `place`, whichever came first."""

    place: tuple[str, str, str]  # account, Region, what
    harvest: Harvest
    keys: tuple[KnownKey, ...] = ()


Task = crew.Task[Part]


def read(sessions: Sessions, *, home_region: Region, regions: Sequence[Region], on_progress: Progress) -> Fleet:
    """Return everything the ledger stores, read with the read role in each account.

    What can't be read is a row of `reads` with read=false. `on_progress` hears (tasks done, tasks known, what) in the calling thread.
    Raises NoCredentials, and AwsRefused when the organization itself can't be read; an interrupt stops after the calls under way.
    """
    reading = Reading(sessions, home_region)
    sessions.caller()  # the plainest error for missing or expired credentials
    tree = read_tree(sessions)
    observed_at = sessions.observed_at()  # before the first account: nobody expects here what AWS does later
    places = tuple(sorted({str(home_region), *map(str, regions)}))
    first = _run(reading, _first_tasks(reading, tree, places), on_progress, done=0)
    second = _run(reading, _second_tasks(reading, first, places), on_progress, done=len(first))
    # Replicas that nothing uses yet are what a restore in another Region will need.
    third = _run(reading, _replica_tasks(reading, first, second, places), on_progress, done=len(first) + len(second))
    parts = sorted([*first, *second, *third], key=lambda part: part.place)
    tables = {table.name: merge([part.harvest for part in parts], table) for table in TABLES}
    tables[READS.name] = _one_row_a_subject(tables[READS.name])
    tables[POLICY_TEXTS.name] = tables[POLICY_TEXTS.name].sort_by("digest")  # whichever account brought them
    tables[RESOURCES.name] = _with_managers(tables[RESOURCES.name], [key for part in parts for key in part.keys])
    return Fleet(tables=tables, observed_at=observed_at)


def _run(reading: Reading, tasks: Sequence[Task], on_progress: Progress, *, done: int) -> list[Part]:
    parts = []
    for part, known in crew.run(tasks, threads=THREADS, halt=reading.halt):
        parts.append(part)
        on_progress(done + len(parts), done + known, " ".join(word for word in part.place if word))
    return parts


def _first_tasks(reading: Reading, tree: OrganizationTree, places: tuple[str, ...]) -> list[Task]:
    """Everything but keys and roles, which are known only when vaults, resources and selections are."""
    management, asker = tree.management_account, reading.sessions.caller().account
    home = Scope(reading, management, reading.home_region)

    def simple(what: str, account: str, reader: Callable[[Harvest], None]) -> Task:
        return partial(_simple, (account, "", what), reader)

    tasks = [
        simple("accounts", management, partial(governance.add_accounts, tree)),
        simple("organization settings", management, partial(governance.read_organization_settings, reading, management)),
        simple("policies", management, partial(governance.read_policies, reading, asker, management)),
        *(simple(str(kind), management, partial(governance.read_control_policies, reading, asker, tree, kind)) for kind in ControlType),
        *(simple(reader.subjects[0], management, partial(reader.read, home)) for reader in catalogue.ORGANIZATION),
    ]
    for account in tree.accounts:
        if account.status != "ACTIVE":
            closed = AwsRefused(f"the account is {account.status}", code="AccountNotActive")
            tasks.append(simple("account", account.id, partial(_unread, account.id, places, closed)))
            continue
        tasks.append(partial(_account, reading, account.id, places))
        tasks.append(simple("effective policy", account.id, partial(governance.read_effective_policy, reading, asker, account.id)))
    return tasks


def _simple(place: tuple[str, str, str], reader: Callable[[Harvest], None]) -> tuple[Part, list[Task]]:
    harvest = Harvest()
    reader(harvest)
    return Part(place, harvest.settle()), []


def _unread(account: str, places: tuple[str, ...], error: AwsRefused, harvest: Harvest) -> None:
    for region in places:
        for subject in SUBJECTS:
            harvest.read(account, region, subject, [error])
    for subject in ACCOUNT_SUBJECTS:
        harvest.read(account, "", subject, [error])


def _account(reading: Reading, account: str, places: tuple[str, ...]) -> tuple[Part, list[Task]]:
    """Open an account; its Regions and buckets are tasks of their own."""
    harvest = Harvest()
    place = (account, "", "account")
    try:
        reading.sessions.assume(account)
    except NoCredentials:
        raise  # it is the caller who can't call, not the account that can't be read
    except AwsRefused as error:
        _unread(account, places, error, harvest)
        return Part(place, harvest.settle()), []
    tasks: list[Task] = [partial(_region, Scope(reading, account, region)) for region in places]
    tasks.append(partial(_simple, (account, "", "buckets"), partial(read_buckets, reading, account, places)))
    home = Scope(reading, account, reading.home_region)
    tasks += [partial(_simple, (account, "", reader.subjects[0]), partial(reader.read, home)) for reader in catalogue.PER_ACCOUNT]
    return Part(place, harvest), tasks


def _region(scope: Scope) -> tuple[Part, list[Task]]:
    """Read one account in one Region; the recovery points of each vault are a task of their own."""
    harvest = Harvest()
    managed = backup.read_settings(scope, harvest)
    vaults = backup.read_vaults(scope, harvest)
    backup.read_plans(scope, harvest)
    resources.read_dynamodb(scope, harvest, advanced=managed.get(ResourceType.DYNAMODB))
    for reader in catalogue.REGIONAL:
        reader.read(scope, harvest)
    if not vaults:
        unlisted = [AwsRefused("the vaults could not be listed", code="VaultsUnread")] if vaults is None else []
        harvest.read(scope.account, scope.region, "recovery_points", unlisted)
    tasks: list[Task] = [
        partial(_simple, (scope.account, scope.region, vault), partial(_recovery_points, scope, vault)) for vault in vaults or ()
    ]
    return Part((scope.account, scope.region, ""), harvest.settle()), tasks


def _recovery_points(scope: Scope, vault: str, harvest: Harvest) -> None:
    masses.read_recovery_points(scope, harvest, vault)


def _second_tasks(reading: Reading, parts: Sequence[Part], places: tuple[str, ...]) -> list[Task]:
    """Keys of each account and Region, and roles of each account, as the first tasks came to want them."""
    reachable = _reachable(parts)
    keys: dict[tuple[str, str], set[str]] = {(account, region): set() for account in reachable for region in places}
    roles: dict[str, set[str]] = {account: set() for account in reachable}
    for part in parts:
        for account, region, arn in part.harvest.keys:
            owner = owner_of(account, region, arn)
            keys.setdefault(owner if owner[0] in reachable else (account, region), set()).add(arn)
        for account, arn in part.harvest.roles:
            roles.setdefault(account, set()).add(arn)
    tasks: list[Task] = [partial(_keys, Scope(reading, *place), frozenset(wanted)) for place, wanted in keys.items()]
    for account, names in roles.items():
        scope = Scope(reading, account, reading.home_region)
        tasks.append(partial(_simple, (account, "", "roles"), partial(read_roles, scope, frozenset(names))))
    return tasks


def _replica_tasks(reading: Reading, first: Sequence[Part], second: Sequence[Part], places: tuple[str, ...]) -> list[Task]:
    """Primaries and replicas of the keys in use that nothing uses itself, in the Regions that are read."""
    reachable = _reachable(first)
    known = {name for part in second for key in part.keys for name in (key.wanted, key.arn)}
    keys: dict[tuple[str, str], set[str]] = {}
    for arn in {each for part in second for key in part.keys for each in key.related} - known:
        account, region = owner_of("", "", arn)
        if account in reachable and region in places:
            keys.setdefault((account, region), set()).add(arn)
    return [partial(_keys, Scope(reading, *place), frozenset(keys[place])) for place in sorted(keys)]


def _reachable(parts: Sequence[Part]) -> set[str]:
    """Return the accounts in which the role could be assumed."""
    return {part.place[0] for part in parts if part.place[2] == "buckets"}


def _keys(scope: Scope, wanted: frozenset[str]) -> tuple[Part, list[Task]]:
    harvest = Harvest()
    known = read_keys(scope, wanted, harvest)
    return Part((scope.account, scope.region, "keys"), harvest.settle(), keys=known), []


def _one_row_a_subject(reads: pa.Table) -> pa.Table:
    """Return `reads` with one row for each account, Region and subject: read only when every part of it was."""
    merged: dict[tuple[str, str, str], tuple[bool, str, str]] = {}
    for account, region, subject, done, code, reason in zip(*(column.to_pylist() for column in reads.columns), strict=True):
        key = (account, region, subject)
        if key not in merged or (merged[key][0] and not done):
            merged[key] = (done, code, reason)
    return ledger.from_rows(READS, [(*key, *value) for key, value in sorted(merged.items())])


def _with_managers(resources_read: pa.Table, keys: Sequence[KnownKey]) -> pa.Table:
    """Return the resources with the key each really uses in place of an alias, and who manages it."""
    by_name = {key.wanted: key for key in keys}
    wanted = pa.array(by_name, pa.string())
    position = pc.index_in(resources_read["key_arn"], value_set=wanted)
    real = pc.take(pa.array([key.arn for key in by_name.values()], pa.string()), position)
    managers = pc.take(pa.array([key.manager for key in by_name.values()], pa.string()), position)
    names = resources_read.schema.names
    arns = pc.coalesce(real, resources_read["key_arn"])
    replaced = resources_read.set_column(names.index("key_arn"), ledger.schema(RESOURCES).field("key_arn"), arns)
    return replaced.set_column(names.index("key_manager"), ledger.schema(RESOURCES).field("key_manager"), managers)
