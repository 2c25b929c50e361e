"""A reading from its first order to its last.

Orders are carried out in three rounds: everything but keys and roles; those, as the first round came to want them; and replicas of
keys that nothing uses yet. What is done waits on a shelf, a folder, until all is there: memory never holds a fleet, several
processes bring their parts, and a reading that was stopped can be taken up.
"""

import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from itertools import chain
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.aws.fleet import merging, shelf
from strongroom.aws.fleet.crowd import Crowd, Progress, processes_for
from strongroom.aws.fleet.earlier import ENDED, Earlier, Extent
from strongroom.aws.fleet.everybody import ACCOUNTS_MIN, Everybody, everybody
from strongroom.aws.fleet.knocking import knock
from strongroom.aws.fleet.orders import ACCOUNT_SUBJECTS, SUBJECTS, Ground, Kind, Order, organization_orders
from strongroom.aws.fleet.shelf import Entry
from strongroom.aws.organization import OrganizationTree, read_tree
from strongroom.aws.readers.keys import KnownKey, owner_of
from strongroom.aws.readers.scope import Reading
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region
from strongroom.domain.tables import READS, TABLES
from strongroom.errors import BadInput

EVERYTHING = Extent()

__all__ = ["ACCOUNT_SUBJECTS", "SUBJECTS", "Fleet", "Gathered", "Progress", "gather", "read"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Fleet:
    """Every table of `domain.tables`, and AWS's time when reading began."""

    tables: dict[str, pa.Table]
    observed_at: datetime  # UTC; what is newer than this may be missing, what is older is not


@dataclass(frozen=True, kw_only=True)
class Gathered:
    """A fleet that was read and lies on the shelf."""

    folder: Path
    entries: tuple[Entry, ...]  # by account, Region and kind
    observed_at: datetime
    orders: tuple[Order, ...]  # of the entries
    places: tuple[str, ...]  # Regions that were read
    earlier: Earlier | None = None
    taken_up: int = 0  # orders that another reading had carried out

    def chunks(self, name: str) -> Iterator[pa.Table]:
        """Yield the rows of a table: what was read, and what an earlier snapshot spares."""
        table, earlier = ledger.table_named(name), self.earlier
        older: Iterator[pa.Table] = iter(())
        if earlier and earlier.partial:
            older = earlier.rest(table, self.orders, self.places, self._reads)
        if earlier and name in ENDED:
            older = chain(older, earlier.jobs(table, self._since(name), now=self.observed_at))
        return merging.chunks(table, self.folder, self.entries, older=older, keys=self._keys_then, shared=self._shared(name))

    @cached_property
    def _reads(self) -> pa.Table:
        return pa.concat_tables(merging.chunks(READS, self.folder, self.entries))

    def _shared(self, table: str) -> dict[tuple[str, str], float | None]:
        """Return the accounts and Regions whose jobs came with those of everybody, and since when they were asked for."""
        found: dict[tuple[str, str], float | None] = {}
        for order in self.orders:
            if order.kind is Kind.JOBS:
                since = {region: at for region, subject, at in order.since if subject == table}
                found |= {(order.account, region): since.get(region) for region, _ in order.shared}
        return found

    def _since(self, table: str) -> dict[tuple[str, str], float]:
        """Return since when jobs were asked for, where they were read."""
        asked = {
            (order.account, region): at
            for order, entry in zip(self.orders, self.entries, strict=True)
            for region, subject, at in entry.incremental
            if subject == table and order.kind is not Kind.EVERYBODY
        }
        reads = self._reads if asked else None
        rows = reads.filter(pc.and_(pc.equal(reads["subject"], table), reads["read"])).to_pylist() if reads else []
        read = {(row["account_id"], row["region"]) for row in rows}
        return {place: at for place, at in asked.items() if place in read}

    @cached_property
    def _keys_then(self) -> list[KnownKey]:
        earlier = self.earlier
        return [key for keys in earlier.keys().values() for key in keys] if earlier and earlier.partial else []


@dataclass(slots=True)
class _Round:
    """Orders of this reading and what came of them; what an earlier one has done is taken from `earlier`."""

    crowd: Crowd
    earlier: Mapping[str, Entry]
    before: Earlier | None = None  # of a partial reading
    done: dict[Order, Entry] = field(default_factory=dict)
    taken_up: int = 0

    def carry_out(self, orders: Sequence[Order]) -> None:
        """Carry out orders but those that are done already, with the same things wanted."""
        by_name = {order.name: order for order in orders}
        for order in orders:
            found = self.earlier.get(order.name)
            if found is not None and found.wanted == order.digest and order.kind is not Kind.ORGANIZATION:
                self.done[order] = found
                self.taken_up += 1
        for entry in self.crowd.carry_out([order for order in orders if order not in self.done]):
            self.done[by_name[entry.order]] = entry

    def of(self, *kinds: Kind) -> list[Entry]:
        """Return what came of orders of some kinds."""
        return [entry for order, entry in self.done.items() if order.kind in kinds]

    def reachable(self) -> set[str]:
        """Return the accounts in which the role could be assumed."""
        return {order.account for order, entry in self.done.items() if order.kind is Kind.ACCOUNT and entry.reached}


def read(sessions: Sessions, *, home_region: Region, regions: Sequence[Region], on_progress: Progress, processes: int = 1) -> Fleet:
    """Return everything the ledger stores in memory, read with the read role in each account.

    What can't be read is a row of `reads` with read=false. `on_progress` hears (tasks done, tasks known, what) in the calling thread.
    Raises NoCredentials, and AwsRefused when the organization itself can't be read; an interrupt stops after the calls under way.
    """
    with tempfile.TemporaryDirectory(prefix="strongroom-reading-") as folder:
        gathered = gather(sessions, Path(folder), home_region=home_region, regions=regions, on_progress=on_progress, processes=processes)
        tables = {table.name: pa.concat_tables([ledger.empty(table), *gathered.chunks(table.name)]) for table in TABLES}
    return Fleet(tables=tables, observed_at=gathered.observed_at)


def gather(
    sessions: Sessions,
    folder: Path,
    *,
    home_region: Region,
    regions: Sequence[Region],
    on_progress: Progress,
    processes: int | None = None,
    observed_at: datetime | None = None,
    extent: Extent = EVERYTHING,
    before: ledger.Snapshot | None = None,
    since: datetime | None = None,
    full: bool = False,
    together_min: int = ACCOUNTS_MIN,
) -> Gathered:
    """Read everything the ledger stores into a folder; what is in it already is not asked for again. Raises as `read`.

    `processes`: at most so many, None: as many as the fleet is worth. `observed_at`: when another reading, which is taken up, began.
    `extent`: what is asked for; the rest is taken from the snapshot `before`. `since`: jobs that this snapshot has are asked for again
    from then on at least, all of them if `full`. `together_min`: with so many accounts jobs are asked for at once where that can be done.
    Raises BadInput for an account that the organization doesn't have.
    """
    sessions.caller()  # the plainest error for missing or expired credentials
    tree = read_tree(sessions)
    # Before the first account: nobody expects here what AWS does later.
    observed_at = observed_at or sessions.observed_at()
    places = extent.regions or tuple(sorted({str(home_region), *map(str, regions)}))
    spared = Earlier(before, partial=not extent.whole) if before else None
    if spared and not spared.is_of(tree.organization_id, observed_at):
        spared = None
    ground = Ground(reading=Reading(sessions, str(home_region)), places=places, tree=tree)
    earlier = {entry.order: entry for entry in shelf.entries(folder) if entry.reached and not entry.unread}
    active = sum(account.status == "ACTIVE" for account in tree.accounts)
    known = spared.since(since, observed_at) if spared and not full else {}
    knock(sessions, places)
    together = None
    if not extent.accounts:
        together = everybody(ground.reading, tree, places, known, observed_at=observed_at, accounts_min=together_min)
    count = processes_for(active, len(places), processes)
    with Crowd(ground, folder, processes=count, on_progress=on_progress) as crowd:
        rounds = _Round(crowd, earlier, spared if spared and spared.partial else None)
        rounds.carry_out(_first_orders(tree, extent, places, known, together))
        rounds.carry_out([*_second_orders(rounds, places), *_job_orders(rounds, folder, places, known, together)])
        rounds.carry_out(_replica_orders(rounds, places))
    in_order = sorted(rounds.done, key=lambda order: (order.account, order.region, order.kind is not Kind.ORGANIZATION, order.name))
    return Gathered(
        folder=folder,
        entries=tuple(rounds.done[order] for order in in_order),
        observed_at=observed_at,
        orders=tuple(in_order),
        places=places,
        earlier=spared,
        taken_up=rounds.taken_up,
    )


def _first_orders(
    tree: OrganizationTree, extent: Extent, places: tuple[str, ...], since: Mapping[tuple[str, str, str], float], together: Everybody | None
) -> list[Order]:
    """Everything but keys and roles, which are known only when vaults, resources and selections are."""
    unknown = sorted(set(extent.accounts) - {account.id for account in tree.accounts})
    if unknown:
        raise BadInput(f"the organization has no account {', '.join(unknown)}", hint="its accounts: strongroom whoami")
    orders = organization_orders(tree)
    for account in tree.accounts:
        if extent.accounts and account.id not in extent.accounts:
            continue
        if account.status != "ACTIVE":
            orders.append(Order(kind=Kind.CLOSED, account=account.id, what=account.status))
            continue
        spared = _spared(account.id, places, since)
        own = Order(kind=Kind.ACCOUNT, account=account.id, since=spared)
        orders.append(together.order_of(account.id, spared) if together else own)
        orders.append(Order(kind=Kind.EFFECTIVE_POLICY, account=account.id))
    return orders + (together.orders if together else [])


def _spared(account: str, places: Sequence[str], since: Mapping[tuple[str, str, str], float]) -> tuple[tuple[str, str, float], ...]:
    """Return for each Region and kind of job since when an account has to be asked, where older ones are known."""
    known = ((region, table, since.get((account, region, table))) for region in places for table in ENDED)
    return tuple((region, table, at) for region, table, at in known if at is not None)


def _job_orders(
    rounds: _Round, folder: Path, places: tuple[str, ...], since: Mapping[tuple[str, str, str], float], together: Everybody | None
) -> list[Order]:
    """Jobs of the accounts for which the lists of everybody's don't answer, and the word that those of the others are read."""
    if together is None:
        return []
    answered = together.answered(folder, rounds.done)
    members = sorted(together.members & rounds.reachable())
    return [together.order_after(account, answered, _spared(account, places, since)) for account in members]


def _second_orders(rounds: _Round, places: tuple[str, ...]) -> list[Order]:
    """Keys of each account and Region, and roles of each account, as the first orders came to want them."""
    reachable = rounds.reachable()
    keys: dict[tuple[str, str], set[str]] = {(account, region): set() for account in sorted(reachable) for region in places}
    roles: dict[str, set[str]] = {account: set() for account in sorted(reachable)}
    then = rounds.before.keys() if rounds.before else {}
    elsewhere = {key.arn for (account, _), found in then.items() if account not in reachable for key in found}
    for place, wanted in keys.items():
        wanted.update(key.arn for key in then.get(place, ()))  # others than those that are read now may use them
    for entry in rounds.done.values():
        for account, region, arn in entry.keys:
            owner = owner_of(account, region, arn)
            if owner[0] in reachable or arn not in elsewhere:
                keys.setdefault(owner if owner[0] in reachable else (account, region), set()).add(arn)
        for account, arn in entry.roles:
            roles.setdefault(account, set()).add(arn)
    for account, arn in rounds.before.roles(sorted(reachable)) if rounds.before else ():
        roles[account].add(arn)
    orders = [Order(kind=Kind.KEYS, account=place[0], region=place[1], wanted=tuple(sorted(names))) for place, names in keys.items()]
    orders += [Order(kind=Kind.ROLES, account=account, wanted=tuple(sorted(names))) for account, names in roles.items()]
    return orders


def _replica_orders(rounds: _Round, places: tuple[str, ...]) -> list[Order]:
    """Primaries and replicas of the keys in use that nothing uses itself, in the Regions that are read."""
    reachable = rounds.reachable()
    second = rounds.of(Kind.KEYS)
    known = {name for entry in second for wanted, arn, _, _ in entry.known for name in (wanted, arn)}
    keys: dict[tuple[str, str], set[str]] = {}
    for arn in {each for entry in second for _, _, _, related in entry.known for each in related} - known:
        account, region = owner_of("", "", arn)
        if account in reachable and region in places:
            keys.setdefault((account, region), set()).add(arn)
    return [
        Order(kind=Kind.KEYS, account=account, region=region, what="replicas", wanted=tuple(sorted(keys[account, region])))
        for account, region in sorted(keys)
    ]
