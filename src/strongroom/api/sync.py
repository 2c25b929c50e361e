"""`sync`: read the live state of every account into the ledger."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from strongroom import ledger
from strongroom.api.home import require_writable
from strongroom.api.strategy import load_strategy
from strongroom.aws import fleet
from strongroom.aws.fleet.earlier import NOT_ASKED, Extent
from strongroom.aws.fleet.unfinished import scope_digest, unfinished
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import Region
from strongroom.domain.tables import TABLES
from strongroom.errors import AwsRefused, BadInput, ExitCode, Stopped
from strongroom.ledger.snapshot import folder

READ_ROLE = "strongroom-read"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """A subject that could not be read in some places."""

    account_id: str
    region: str
    subjects: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A new snapshot in the ledger."""

    snapshot: ledger.Snapshot
    rows: tuple[tuple[str, int], ...]  # (table, rows)
    unread: tuple[Unread, ...]
    begun_at: datetime | None = None  # AWS's time when the reading began that this one took up
    partial: bool = False  # the rest is what an earlier snapshot says; for `verify` it is unread

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when anything could not be read."""
        return ExitCode.COULD_NOT_VERIFY if self.unread else ExitCode.PROVEN


def sync(
    strategy: Path | None,
    *,
    home: Path,
    regions: Sequence[str] = (),
    role: str | None = None,
    processes: int | None = None,
    fresh: bool = False,
    accounts: Sequence[str] = (),
    only_regions: Sequence[str] = (),
    since: datetime | None = None,
    full: bool = False,
    on_progress: Callable[[int, int, str], None],
) -> Synced:
    """Read all accounts into a new snapshot; without a strategy, the given Regions (else the SDK's) are read.

    `accounts` and `only_regions`: nothing else is asked for, the rest is what the newest snapshot says, marked as such. Jobs that it has
    and that had ended are not asked for again, but those created after `since` are, and all if `full`.
    A reading that was stopped less than an hour ago is taken up, unless `fresh`. `processes`: at most so many; None: as many as there are
    cores, if there is enough to read. `on_progress` hears (done, total, what). Raises AwsRefused when the organization itself can't be
    read, Stopped when reading ended half-way and can be taken up.
    """
    require_writable(home)
    wanted, role_name = _scope(strategy, regions, role)
    sessions = Sessions.open(role=role_name, region=wanted[0] if wanted else None)
    if not wanted:
        wanted = (Region(sessions.caller().region),)
    caller = sessions.caller().arn
    extent = _extent(accounts, only_regions, wanted)
    kept = ledger.snapshots(home)
    scope = {
        "accounts": ",".join(extent.accounts),
        "only_regions": ",".join(extent.regions),
        "before": kept[-1].id if kept else "",
        "since": "all" if full else str(since),
        "caller": caller,
        "role": role_name,
        "regions": ",".join(wanted),
        "strategy": hashlib.sha256(strategy.read_bytes()).hexdigest() if strategy else "",
    }
    now = sessions.observed_at()
    with unfinished(folder(home), scope_digest(scope), now=now, fresh=fresh) as opened:
        opened.begin(now)
        gather = partial(
            fleet.gather, sessions, opened.folder, home_region=wanted[0], regions=wanted, processes=processes, on_progress=on_progress
        )
        try:
            gathered = gather(
                observed_at=opened.begun_at or now,
                extent=extent,
                before=kept[-1] if kept and not (full and extent.whole) else None,
                since=since,
                full=full,
            )
            source = {"caller": caller, "regions": ",".join(wanted), **_told(extent)}
            tables = {table.name: gathered.chunks(table.name) for table in TABLES}
            snapshot = ledger.write(home, tables, observed_at=gathered.observed_at, source=source)
        except AwsRefused as error:
            raise organization_refusal(error, sessions) from error
        except KeyboardInterrupt as interrupt:
            if not (count := opened.accounts_read):
                raise
            hint = "run the same strongroom sync within an hour: it goes on from here; --fresh begins anew"
            raise Stopped(f"reading was stopped, {count} accounts are read", hint=hint) from interrupt
        opened.finished = True
    return Synced(
        snapshot=snapshot,
        rows=tuple((table.name, table.rows) for table in ledger.manifest(snapshot).tables),
        unread=_unread(snapshot.table("reads").to_pylist()),
        begun_at=opened.begun_at if gathered.taken_up else None,
        partial=not extent.whole,
    )


def _extent(accounts: Sequence[str], regions: Sequence[str], wanted: Sequence[Region]) -> Extent:
    wrong = sorted(set(regions) - set(wanted))
    if wrong:
        raise BadInput(f"{', '.join(wrong)} is none of the Regions that are read", hint=f"these are: {', '.join(wanted)}")
    return Extent(accounts=tuple(sorted(set(accounts))), regions=tuple(sorted(set(regions))))


def _told(extent: Extent) -> dict[str, str]:
    """Return what a manifest says of a partial reading."""
    asked = {"only_accounts": ",".join(extent.accounts), "only_regions": ",".join(extent.regions)}
    return {name: value for name, value in asked.items() if value}


def organization_refusal(error: AwsRefused, sessions: Sessions) -> AwsRefused:
    """Return a refusal to read the organization with the hint that helps there: who may read it."""
    if error.code in {"AccessDenied", "AccessDeniedException"}:
        error.hint = (
            f"account {sessions.caller().account} may not read the organization: use credentials of the management account, "
            "or of a delegated administrator whom the organization's resource policy lets read it"
        )
    return error


def _scope(strategy: Path | None, regions: Sequence[str], role: str | None) -> tuple[tuple[Region, ...], str]:
    if strategy is None:
        try:
            return tuple(Region.parse(region) for region in regions), role or READ_ROLE
        except ValueError as error:
            raise BadInput(str(error), hint="name Regions such as: --region eu-west-2") from error
    if regions:
        raise BadInput(
            f"{strategy} says which Regions to read, and --region {regions[0]} too",
            hint="leave out --region, or the strategy",
        )
    declared = load_strategy(strategy)
    home = declared.organization.home_region
    others = tuple(region for region in declared.organization.regions if region != home)
    return (home, *others), role or declared.roles.read


def _unread(reads: list[dict[str, object]]) -> tuple[Unread, ...]:
    subjects: dict[tuple[str, str, str], list[str]] = {}
    for row in reads:
        if not row["read"] and row["code"] != NOT_ASKED:
            place = (str(row["account_id"]), str(row["region"]), str(row["reason"]))
            subjects.setdefault(place, []).append(str(row["subject"]))
    return tuple(
        Unread(account_id=account, region=region, reason=reason, subjects=tuple(sorted(names)))
        for (account, region, reason), names in sorted(subjects.items())
    )
