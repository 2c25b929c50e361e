"""The jobs of all accounts, asked of one that administers AWS Backup, Region by Region; and whom such a list answers for.

Once cross-account monitoring is on, all jobs that are created from then on are listed for the management account and delegated
administrators. No call tells whether and since when it is on, so the list has to prove itself: it names jobs of another account from a
month ago, and in each account the jobs that made its newest recovery point of each day. An account for which it doesn't is asked itself.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/manage-cross-account.html (Monitoring activities in multiple AWS accounts),
read 2026-11-21. How late a job appears in the list is not documented: a day is allowed for.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import facts
from strongroom.aws.fleet import shelf
from strongroom.aws.fleet.orders import Kind, Order
from strongroom.aws.fleet.shelf import Entry
from strongroom.aws.organization import OrganizationAccount, OrganizationTree, read_backup_administrators
from strongroom.aws.readers.backup import PAGE
from strongroom.aws.readers.masses import JOBS
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.readers.values import INSTANT
from strongroom.domain.tables import BACKUP_JOBS, RESTORE_JOBS
from strongroom.errors import AwsRefused, NoCredentials

ACCOUNTS_MIN = 12  # with fewer it costs more calls to make sure of the list than to ask each account
ACCOUNTS_A_PART = 16  # one order a part of the time: pages of one list come one after the other
LATE = timedelta(hours=25)
DAY = timedelta(days=1)
Members = Mapping[str, tuple[pa.Array, pa.Array]]  # by Region: accounts, and since when their jobs are new
Since = Mapping[tuple[str, str, str], float]  # account, Region, kind of job: epoch seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Everybody:
    """What is asked for at once."""

    asker: str  # account that administers AWS Backup
    members: frozenset[str]  # accounts that the lists may answer for
    starts: Mapping[str, float | None]  # Region: since when, in epoch seconds; None: as far back as AWS lists jobs
    since: Since  # of members in these Regions: older jobs are known
    observed_at: datetime

    @property
    def orders(self) -> list[Order]:
        """The orders that bring the lists, each a part of the time."""
        return [order for region, start in self.starts.items() for name in JOBS for order in self._parts(region, name, start)]

    def order_of(self, account: str, spared: tuple[tuple[str, str, float], ...]) -> Order:
        """Return the order that reads an account; `spared` is what it would have been spared by itself."""
        if account not in self.members:
            return Order(kind=Kind.ACCOUNT, account=account, since=spared)
        left = tuple(each for each in spared if each[0] not in self.starts)
        until = self.observed_at.timestamp()
        shared = tuple((region, self._watched_from(account, region)) for region in sorted(self.starts))
        return Order(kind=Kind.ACCOUNT, account=account, since=left, until=until, shared=shared)

    def order_after(self, account: str, answered: frozenset[tuple[str, str]], spared: tuple[tuple[str, str, float], ...]) -> Order:
        """Return the order that settles an account's jobs, given the accounts and Regions that the lists answer for."""
        alone = tuple(region for region in sorted(self.starts) if (account, region) not in answered)
        shared = tuple((region, 0.0) for region in sorted(self.starts) if (account, region) in answered)
        since = tuple(each for each in spared if each[0] in alone)
        known = ((region, kind, self.since.get((account, region, kind))) for region, _ in shared for kind in JOBS)
        since += tuple((region, kind, at) for region, kind, at in known if at is not None)
        return Order(kind=Kind.JOBS, account=account, wanted=alone, shared=shared, since=since)

    def answered(self, folder: Path, done: Mapping[Order, Entry]) -> frozenset[tuple[str, str]]:
        """Return the accounts and Regions that the lists answer for: all that has to be in them is."""
        lists = {region: [entry for order, entry in done.items() if _is_list(order, region)] for region in self.starts}
        whole = {region for region, entries in lists.items() if all(entry.reached for entry in entries)}
        wanted: dict[str, list[tuple[str, str]]] = {region: [] for region in whole}
        for order, entry in done.items():
            if order.kind is Kind.ACCOUNT and order.account in self.members:
                for region, arn in entry.witnesses:
                    if region in whole:
                        wanted[region].append((order.account, arn))
        missing = {(account, region) for region in whole for account in _unlisted(folder, lists[region], wanted[region])}
        return frozenset((account, region) for account in self.members for region in whole) - missing

    def _watched_from(self, account: str, region: str) -> float:
        earliest = (_oldest(self.observed_at) + DAY).timestamp()
        return max(earliest, self.since.get((account, region, BACKUP_JOBS.name), earliest))

    def _parts(self, region: str, name: str, start: float | None) -> list[Order]:
        if name == RESTORE_JOBS.name:  # few, and none are spared: an old one still changes when it is validated
            return [Order(kind=Kind.EVERYBODY, account=self.asker, region=region, what=name)]
        begin, end = start or _oldest(self.observed_at).timestamp(), self.observed_at.timestamp()
        count = max(1, min(len(self.members) // ACCOUNTS_A_PART, int(end - begin) // 3600))
        bounds = [float(int(begin + (end - begin) * each / count)) for each in range(count + 1)]
        return [
            Order(
                kind=Kind.EVERYBODY,
                account=self.asker,
                region=region,
                what=name,
                part=each,
                since=((region, name, bounds[each]),) if each or start else (),
                until=bounds[each + 1] if each + 1 < count else None,
            )
            for each in range(count)
        ]


def everybody(
    reading: Reading,
    tree: OrganizationTree,
    places: Sequence[str],
    since: Since,
    *,
    observed_at: datetime,
    accounts_min: int = ACCOUNTS_MIN,
) -> Everybody | None:
    """Return what can be asked for at once; None where it can't, or where it is not worth it. Raises NoCredentials.

    `since`: for which accounts, Regions and kinds of jobs older ones are known.
    """
    active = [account for account in tree.accounts if account.status == "ACTIVE"]
    if len(active) < accounts_min:
        return None
    asker = _administrator(reading, tree)
    if asker is None:
        return None
    settled = {account.id for account in active if _has_been_here(account, observed_at)}
    starts: dict[str, float | None] = {}
    allowed: dict[tuple[str, str, str], float] = {}
    members = set(settled)
    for region in places:
        if not _shows_others(Scope(reading, asker, region), observed_at):
            continue
        known = {key: at - LATE.total_seconds() for key, at in since.items() if key[1] == region and key[0] in settled}
        late = max(known.values(), default=0.0) - DAY.total_seconds()
        recent = {account for account in settled if all(known.get((account, region, kind), 0.0) >= late for kind in _kinds(since))}
        if known and 2 * len(recent) >= len(settled):
            starts[region] = late
            members &= recent
            allowed |= {key: at for key, at in known.items() if key[0] in recent}
        else:
            starts[region] = None
    return Everybody(asker=asker, members=frozenset(members), starts=starts, since=allowed, observed_at=observed_at) if starts else None


def by_region(members: Mapping[tuple[str, str], float | None]) -> Members:
    """Return accounts and Regions that lists answer for, and since when in epoch seconds, as arrays for each Region."""
    found: dict[str, dict[str, datetime | None]] = {}
    for (account, region), at in members.items():
        found.setdefault(region, {})[account] = None if at is None else datetime.fromtimestamp(at, UTC)
    return {region: (pa.array(list(here), pa.string()), pa.array(list(here.values()), INSTANT)) for region, here in found.items()}


def of_members(rows: pa.Table, members: Members) -> pa.Table:
    """Return the jobs of a list that are of accounts and Regions it answers for; of each those that are not known already.

    Example:
        >>> jobs = pa.table({"account_id": ["1", "2"], "region": ["here", "here"], "created_at": pa.array([0, 0], INSTANT)})
        >>> of_members(jobs, by_region({("2", "here"): None}))["account_id"].to_pylist()
        ['2']
    """
    kept = [rows.slice(0, 0)]
    for region, (accounts, since) in members.items():
        position = pc.index_in(rows["account_id"], value_set=accounts)
        new = pc.fill_null(pc.greater_equal(rows["created_at"], pc.take(since, position)), fill_value=True)
        kept.append(rows.filter(pc.and_(pc.and_(pc.equal(rows["region"], region), pc.is_valid(position)), new)))
    return pa.concat_tables(kept)


def _kinds(since: Since) -> frozenset[str]:
    return frozenset(kind for _, _, kind in since)


def _is_list(order: Order, region: str) -> bool:
    return order.kind is Kind.EVERYBODY and order.region == region


def _unlisted(folder: Path, lists: Iterable[Entry], wanted: Sequence[tuple[str, str]]) -> set[str]:
    """Return the accounts of recovery points that no listed job has made."""
    arns = pa.array([arn for _, arn in wanted], pa.string())
    found = pa.array([False] * len(wanted))
    for entry in lists if wanted else ():
        for rows in shelf.read(folder, (each for each in entry.segments if each.table == BACKUP_JOBS.name)):
            found = pc.or_(found, pc.is_in(arns, value_set=rows["recovery_point_arn"].combine_chunks()))
    return {account for (account, _), listed in zip(wanted, found.to_pylist(), strict=True) if not listed}


def _administrator(reading: Reading, tree: OrganizationTree) -> str | None:
    """Return an account that administers AWS Backup and in which this reading can ask; None: there is none."""
    caller = reading.sessions.caller().account
    try:
        administrators = sorted(map(str, read_backup_administrators(reading.sessions)))
    except NoCredentials:
        raise
    except AwsRefused:
        administrators = []
    able = [*administrators, str(tree.management_account)]
    for account in sorted(able, key=lambda each: each != caller):  # whoever asks needs no role in its own account
        try:
            reading.sessions.assume(account)
        except NoCredentials:
            raise
        except AwsRefused:
            continue
        return account
    return None


def _shows_others(scope: Scope, observed_at: datetime) -> bool:
    """Whether the list names a job of another account that was created a month ago."""
    until = _oldest(observed_at) + DAY
    try:
        answer = scope.call("backup", "list_backup_jobs", raw=True, ByAccountId="*", ByCreatedBefore=until, MaxResults=PAGE)
    except NoCredentials:
        raise
    except AwsRefused:
        return False
    return any(job.get("AccountId") not in {None, scope.account} for job in answer.get("BackupJobs") or ())


def _has_been_here(account: OrganizationAccount, observed_at: datetime) -> bool:
    """Whether an account has been in the organization for as long as jobs are listed: what it did before is not in the list."""
    return account.joined_at is not None and account.joined_at <= _oldest(observed_at)


def _oldest(observed_at: datetime) -> datetime:
    return observed_at - timedelta(days=facts.limit("job_history_days").value)
