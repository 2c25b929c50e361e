"""`survive`: for every resource what has to go wrong before no recovery point is left that could be restored."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from importlib.resources import files
from typing import Final

import duckdb
import pyarrow as pa

from strongroom import ledger
from strongroom.errors import BadInput, ExitCode
from strongroom.ledger.narrowing import Narrowing
from strongroom.proof.engine import MEMORY_MB
from strongroom.proof.entitlements import access
from strongroom.proof.readings import unread_reason
from strongroom.proof.slots import INSTANT
from strongroom.proof.survival.patterns import (
    ANY_NUMBER,
    Copy,
    Improvement,
    Standing,
    cheapest_improvement,
    held_copies,
    standing,
)
from strongroom.proof.survival.places import Place, read_places
from strongroom.proof.survival.powers import Powerful
from strongroom.semantics.survival import EventKind, Events

DAYS: Final = (1, 7, 30, 90)  # for which ransomware may go unnoticed
PLACE: Final = ("account_id", "region", "vault_name", "key_arn", "form", "held")
SUBJECTS: Final = ("vaults", "recovery_points", "keys", "principals")  # without which it isn't known what is left


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A smallest set of events that many resources share, in words without their accounts."""

    events: Events
    resources: int
    example: str  # ARN of one of them
    certain: bool
    improvement: Improvement | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reaching:
    """How many resources have a recovery point from before an attack that nobody noticed for some days."""

    days: int
    resources: int
    oldest_at: datetime | None  # the oldest instant that any of them can go back to


@dataclass(frozen=True, slots=True, kw_only=True)
class Survival:
    """What has to go wrong, for all resources of a snapshot."""

    snapshot_id: str
    observed_at: datetime
    resources: int  # that are there, or have recovery points left
    by_size: dict[int, int]  # resources by how many things have to go wrong, the management account aside; ANY_NUMBER: more
    patterns: tuple[Pattern, ...]  # what concerns most resources with the fewest things first
    reaching: tuple[Reaching, ...]
    doubts: tuple[str, ...]  # what could not be read

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when something could not be read or isn't certain, FINDINGS when one thing is enough, else PROVEN."""
        if self.doubts or any(not pattern.certain for pattern in self.patterns):
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if self.by_size.get(0) or self.by_size.get(1) else ExitCode.PROVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """One resource: its copies, and what has to go wrong."""

    arn: str
    account: str
    copies: tuple[tuple[Copy, Place], ...]
    observed_at: datetime
    doubts: tuple[str, ...]  # what could not be read

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when something could not be read or isn't certain, FINDINGS when one thing is enough, else PROVEN."""
        found = self.standing
        if self.doubts or not all(found.certain(events) for events in found.fewest):
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if found.size <= 1 else ExitCode.PROVEN

    @property
    def standing(self) -> Standing:
        """What has to go wrong, in words that don't depend on the account."""
        return standing(tuple(copy for copy, _ in self.copies))

    @property
    def events(self) -> tuple[Events, ...]:
        """The events that destroy each copy, by ids of accounts and ARNs of keys."""

        def unnoticed(copy: Copy) -> Events:
            return frozenset(event for event in copy.events if event.kind is EventKind.RANSOMWARE)

        return tuple(frozenset(place.events) | unnoticed(copy) for copy, place in self.copies)


def survive(snapshot: ledger.Snapshot, *, days: Sequence[int] = DAYS) -> Survival:
    """Return what has to go wrong for every resource; raises CouldNotVerify for a damaged snapshot."""
    days = tuple(sorted(set(days)))
    connection = _loaded(snapshot, days)
    try:
        places = _places(connection, snapshot)
        connection.execute(_query("signatures"))
        groups = ledger.rows(
            connection,
            "SELECT account_id, copies, count(*) AS resources, min(arn) AS example FROM standing GROUP BY ALL ORDER BY ALL",
        )
        reaching = tuple(_reaching(connection, each) for each in days)
    finally:
        connection.close()
    stands: dict[tuple[Copy, ...], tuple[int, str]] = {}
    for group in groups:
        copies = tuple(copy for copy, _ in held_copies(group["copies"], group["account_id"], places, days))
        count, example = stands.get(copies, (0, group["example"]))
        stands[copies] = (count + group["resources"], example)
    sizes: Counter[int] = Counter()
    for copies, (count, _) in stands.items():
        sizes[standing(copies).size] += count
    return Survival(
        snapshot_id=snapshot.id,
        observed_at=snapshot.observed_at,
        resources=sum(sizes.values()),
        by_size=dict(sorted(sizes.items())),
        patterns=tuple(_patterns(stands)),
        reaching=reaching,
        doubts=tuple(_doubts(snapshot, places)),
    )


def survive_one(snapshot: ledger.Snapshot, arn: str, *, days: Sequence[int] = DAYS) -> Held:
    """Return one resource's copies and what has to go wrong; raises BadInput when the snapshot doesn't know it, CouldNotVerify."""
    days = tuple(sorted(set(days)))
    alone = replace(snapshot, only=Narrowing(resource=arn, accounts=()))  # with all accounts: whoever can reach its copies counts
    connection = _loaded(alone, days)
    try:
        places = _places(connection, snapshot)
        connection.execute(_query("signatures"))
        found = ledger.rows(connection, "SELECT account_id, copies FROM standing WHERE arn = $arn", {"arn": arn})
    finally:
        connection.close()
    if not found:
        raise BadInput(f"{arn} is not in snapshot {snapshot.id}", hint="look for it: strongroom coverage --format json")
    copies = held_copies(found[0]["copies"], found[0]["account_id"], places, days)
    doubts = tuple(_doubts(snapshot, places))
    return Held(arn=arn, account=found[0]["account_id"], copies=copies, observed_at=snapshot.observed_at, doubts=doubts)


def _loaded(snapshot: ledger.Snapshot, days: Sequence[int]) -> duckdb.DuckDBPyConnection:
    """Return a connection with the copies of all resources that the snapshot shows."""
    connection = ledger.connect(snapshot)
    connection.execute(f"SET memory_limit = '{MEMORY_MB}MB'")
    clock = pa.table({"now": pa.array([snapshot.observed_at], INSTANT)})
    spans = pa.table({"days": pa.array(days, pa.int32())})
    for name, table in (("clock", clock), ("spans", spans)):
        connection.register(f"given_{name}", table)
        connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given_{name}")  # noqa: S608 - our own names
        connection.unregister(f"given_{name}")
    connection.execute(_query("copies"))
    return connection


def _places(connection: duckdb.DuckDBPyConnection, snapshot: ledger.Snapshot) -> tuple[Place, ...]:
    """Return the places that hold copies, and load them as a table."""
    rows = ledger.rows(
        connection,
        f"SELECT {', '.join(PLACE)}, bool_or(key_unknown) AS key_unknown, min(example) AS example "  # noqa: S608 - our own names
        "FROM copies GROUP BY ALL ORDER BY ALL",
    )
    entitled = access(snapshot)
    management = next((account.id for account in entitled.accounts if account.management), "")
    places = read_places(rows, snapshot, Powerful(entitled), management)
    table = pa.table(
        {
            "place_no": pa.array([place.number for place in places], pa.int64()),
            "usable": pa.array([place.usable for place in places], pa.bool_()),
            **{name: pa.array([row[name] for row in rows], pa.bool_() if name == "held" else pa.string()) for name in PLACE},
        }
    )
    connection.register("given_places", table)
    connection.execute("CREATE TEMP TABLE places AS SELECT * FROM given_places")
    connection.unregister("given_places")
    return places


def _reaching(connection: duckdb.DuckDBPyConnection, days: int) -> Reaching:
    found = ledger.rows(
        connection,
        "SELECT count(DISTINCT c.resource_arn) AS resources, min(c.oldest_at) AS oldest_at FROM copies AS c "
        "JOIN places AS p USING (account_id, region, vault_name, key_arn, form, held), clock AS k "
        "WHERE p.usable AND c.oldest_at <= k.now - to_days(CAST($days AS INTEGER))",
        {"days": days},
    )[0]
    return Reaching(days=days, resources=found["resources"], oldest_at=found["oldest_at"])


def _patterns(stands: dict[tuple[Copy, ...], tuple[int, str]]) -> Iterator[Pattern]:
    """Yield every set of the fewest events, with how many resources share it."""
    counts: Counter[Events] = Counter()
    first: dict[Events, tuple[Standing, str]] = {}
    certain: dict[Events, bool] = {}
    for copies, (count, example) in sorted(stands.items(), key=lambda item: (-item[1][0], item[1][1])):
        each = standing(copies)
        for events in each.fewest if each.size < ANY_NUMBER else ():
            counts[events] += count
            first.setdefault(events, (each, example))
            certain[events] = certain.get(events, True) and each.certain(events)
    for events, count in sorted(counts.items(), key=lambda item: (len(item[0]), -item[1], sorted(item[0]))):
        found, example = first[events]
        yield Pattern(
            events=events,
            resources=count,
            example=example,
            certain=certain[events],
            improvement=cheapest_improvement(found, events),
        )


def _doubts(snapshot: ledger.Snapshot, places: Sequence[Place]) -> Iterator[str]:
    yield from dict.fromkeys(place.doubt for place in places if place.doubt)
    for account, region, subject, read, code, reason in _reads(snapshot):
        if not read and subject in SUBJECTS:
            where = f"account {account}, {region}" if region else f"account {account}"
            yield f"{subject.replace('_', ' ')} of {where} could not be read: {unread_reason(code, reason)}"


def _reads(snapshot: ledger.Snapshot) -> Iterator[tuple[str, str, str, bool, str, str]]:
    table = snapshot.table("reads")
    return zip(*(table.column(name).to_pylist() for name in ("account_id", "region", "subject", "read", "code", "reason")), strict=True)


def _query(name: str) -> str:
    return files("strongroom.proof.survival").joinpath(f"{name}.sql").read_text(encoding="utf-8")
