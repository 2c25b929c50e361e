"""`verify`: every chain of the estate, and what it comes to."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.errors import ExitCode
from strongroom.proof.engine import Judgement, judge
from strongroom.proof.findings import Fault, faults, in_order
from strongroom.proof.links import ASSESSED, LinkName, LinkState
from strongroom.proof.readings import Unreadable
from strongroom.proof.restored import SUBJECTS as RESTORE_SUBJECTS

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord

FORMAT_VERSION = 1
LINK_COLUMNS = tuple(f"{link}_{part}" for link in ASSESSED for part in ("state", "code", "cause"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Verification:
    """What `verify` found.

    `chains` has a row for each resource, rule and destination: account_id, region, resource_arn, resource_type, plan, rule,
    destination_label, destination_vault_arn, points, expected, newest_at, oldest_at, and for each assessed link its state, code
    and cause. A chain is broken when a link is, else unknown when a link is, else proven.
    """

    strategy: str
    snapshot_id: str
    observed_at: datetime
    accounts: int  # active ones that are governed or have plans of their own
    resources: int  # that the plans protect
    proven: int  # chains
    broken: int  # chains
    unknown: int  # chains
    links: Mapping[LinkName, Mapping[LinkState, int]]  # chains by link and state
    faults: tuple[Fault, ...]
    unread: tuple[Unreadable, ...]  # what links depend on and nobody could read
    chains: pa.Table

    @property
    def findings(self) -> tuple[Finding, ...]:
        """One finding for each fault."""
        return tuple(fault.finding for fault in self.faults)

    @property
    def exit_code(self) -> ExitCode:
        """COULD_NOT_VERIFY when anything is unknown, else FINDINGS when anything is broken, else PROVEN."""
        if self.unread or any(states.get(LinkState.UNKNOWN) for states in self.links.values()):
            return ExitCode.COULD_NOT_VERIFY
        return ExitCode.FINDINGS if self.faults or self.broken else ExitCode.PROVEN

    def to_json(self, *, chains: bool = False) -> dict[str, Any]:
        """Return everything as plain JSON values; `chains` adds the rows that are not proven."""
        document: dict[str, Any] = {
            "format_version": FORMAT_VERSION,
            "strategy": self.strategy,
            "snapshot": self.snapshot_id,
            "observed_at": self.observed_at.isoformat(),
            "accounts": self.accounts,
            "resources": self.resources,
            "chains": {"proven": self.proven, "broken": self.broken, "unknown": self.unknown},
            "links": {str(name): {str(state): count for state, count in states.items()} for name, states in self.links.items()},
            "exit_code": int(self.exit_code),
            "faults": [fault_json(fault) for fault in self.faults],
            "unread": [asdict(each) for each in self.unread],
        }
        if chains:
            document["not_proven"] = [_plain(row) for row in self.not_proven()]
        return document

    def not_proven(self) -> Iterator[dict[str, Any]]:
        """Yield the rows of `chains` with a broken or unknown link."""
        for batch in self.chains.to_batches(max_chunksize=65_536):
            for row in batch.to_pylist():
                if {row[f"{link}_state"] for link in ASSESSED} & {LinkState.BROKEN, LinkState.UNKNOWN}:
                    yield row


def verify(
    estate: Estate, snapshot: ledger.Snapshot, earlier: Sequence[ledger.Snapshot] = (), *, records: "Sequence[TestRecord]" = ()
) -> Verification:
    """Compare an estate with a snapshot, link by link; earlier snapshots tell since when resources have been selected.

    `records` are those of restore tests that are to count. Raises CouldNotVerify when the snapshot is damaged or holds no account at all.
    """
    from strongroom.proof import configured  # noqa: PLC0415 - `prove` answers in a second, and needs none of the checks
    from strongroom.proof.live import run as live  # noqa: PLC0415

    with judge(estate, snapshot, earlier, records=records) as judgement:
        lacks, unknown = live.run(judgement)
        wrong, unsaid = configured.run(judgement)
        unread = tuple(dict.fromkeys((*unreadable(judgement), *unknown, *unsaid)))
        counts = _counts(judgement)
        return Verification(
            strategy=estate.name,
            snapshot_id=snapshot.id,
            observed_at=snapshot.observed_at,
            accounts=len(judgement.scope.everyone),
            resources=judgement.resources.resources.num_rows,
            proven=counts["proven"],
            broken=counts["broken"],
            unknown=counts["unknown"],
            links=_links(judgement),
            faults=in_order((*faults(judgement, unread), *lacks, *wrong)),
            unread=unread,
            chains=chain_table(judgement),
        )


def unreadable(judgement: Judgement) -> Iterator[Unreadable]:
    """Yield what links of the estate depend on and what could not be read, each once."""
    seen: set[Unreadable] = set()
    for account, region, subject in _needed(judgement):
        missing = judgement.observed.readings.missing(account, region, subject)
        if missing and missing not in seen:
            seen.add(missing)
            yield missing


def _needed(judgement: Judgement) -> Iterator[tuple[str, str, str]]:
    estate, scope = judgement.estate, judgement.scope
    types = sorted(
        {str(each) for each in estate.settings.opt_in} | {str(each) for plan in judgement.plans for each in plan.plan.select.types}
    )
    subjects = ("effective_policies", "backup_plans", "backup_rules", "roles", "vaults", "keys", "recovery_points")
    for region in ("", *estate.organization.regions):
        yield scope.management, region, "settings"
    if judgement.rights.synced:
        yield scope.management, "", "control_policies"
        yield from ((account.id, "", "principals") for account in scope.everyone)
    for account, region in scope.places:
        for subject in (*subjects, *(f"resources:{each}" for each in types)):
            yield account, region, subject
    legs = [leg for plan in judgement.plans for rule in plan.rules for leg in rule.legs if leg.copy and leg.account and leg.region]
    for owner, where in sorted({(str(leg.account), str(leg.region)) for leg in legs}):
        for subject in ("vaults", "keys", "recovery_points"):
            yield owner, where, subject
    for owner, where in sorted(_tested(judgement)):
        for subject in RESTORE_SUBJECTS:
            yield owner, where, subject


def _tested(judgement: Judgement) -> set[tuple[str, str]]:
    """Return the accounts and Regions of vaults that declared restore tests restore from."""
    query = "SELECT DISTINCT p.account_id, p.region FROM test_vaults AS t JOIN vault_places AS p ON p.vault_no = t.vault_no"
    return {(row["account_id"], row["region"]) for row in ledger.rows(judgement.connection, query)}


def _counts(judgement: Judgement) -> dict[str, int]:
    states = ", ".join(f"{link}_state" for link in ASSESSED)
    text = f"""
        SELECT
            count(*) FILTER (WHERE 'broken' IN ({states})) AS broken,
            count(*) FILTER (WHERE 'unknown' IN ({states}) AND 'broken' NOT IN ({states})) AS unknown,
            count(*) AS chains
        FROM chains"""  # noqa: S608 - our own column names
    row = ledger.rows(judgement.connection, text)[0]
    return {"broken": row["broken"], "unknown": row["unknown"], "proven": row["chains"] - row["broken"] - row["unknown"]}


def _links(judgement: Judgement) -> dict[LinkName, dict[LinkState, int]]:
    found: dict[LinkName, dict[LinkState, int]] = {}
    total = 0
    for link in ASSESSED:
        text = f"SELECT {link}_state AS state, count(*) AS chains FROM chains GROUP BY 1 ORDER BY 1"  # noqa: S608 - our own column names
        found[link] = {LinkState(row["state"]): row["chains"] for row in ledger.rows(judgement.connection, text)}
        total = sum(found[link].values())
    return {link: found.get(link, {LinkState.NOT_ASSESSED: total} if total else {}) for link in LinkName}


def chain_table(judgement: Judgement) -> pa.Table:
    """Return the chains with names instead of numbers; what repeats is dictionary-encoded."""
    links = ", ".join(f"c.{name}" for name in LINK_COLUMNS)
    text = f"""
        SELECT c.place_no, c.leg_no, c.vault_no, r.arn, c.type, c.points, c.expected, c.newest_at, c.oldest_at, {links}
        FROM chains AS c JOIN protected AS r ON r.resource_no = c.resource_no
        ORDER BY c.resource_no, c.leg_no"""  # noqa: S608 - our own column names
    raw = judgement.connection.sql(text).to_arrow_table()
    places = judgement.scope.places
    rules = [(rule, leg) for plan in judgement.plans for rule in plan.rules for leg in rule.legs]
    vaults = ledger.rows(judgement.connection, "SELECT arn FROM vault_places ORDER BY vault_no")
    columns = {
        "account_id": _named(raw["place_no"], [account for account, _ in places]),
        "region": _named(raw["place_no"], [region for _, region in places]),
        "resource_arn": raw["arn"],
        "resource_type": raw["type"].dictionary_encode(),
        "plan": _named(raw["leg_no"], [judgement.plans[rule.plan].plan.name for rule, _ in rules]),
        "rule": _named(raw["leg_no"], [rule.rule.name for rule, _ in rules]),
        "destination_label": _named(raw["leg_no"], [leg.label for _, leg in rules]),
        "destination_vault_arn": _named(raw["vault_no"], [row["arn"] for row in vaults]),
    }
    columns |= {name: raw[name] for name in ("points", "expected", "newest_at", "oldest_at")}
    columns |= {name: raw[name].dictionary_encode() for name in LINK_COLUMNS}
    return pa.table(columns)


def _named(numbers: pa.ChunkedArray, names: Sequence[str]) -> pa.ChunkedArray:
    words = pa.array([str(name) for name in names], pa.string())
    return pa.chunked_array(
        [pa.DictionaryArray.from_arrays(chunk, words) for chunk in numbers.chunks], pa.dictionary(pa.int32(), pa.string())
    )


def fault_json(fault: Fault) -> dict[str, Any]:
    """Return a fault as plain JSON values."""
    finding = fault.finding
    return {
        "code": finding.code,
        "severity": str(finding.severity),
        "state": str(fault.state),
        "link": str(fault.link) if fault.link else None,
        "failure_mode": finding.failure_mode,
        "subject": finding.subject,
        "cause": finding.message,
        "why": finding.why,
        "fix": finding.help,
        "origin": str(finding.origin),
        "count": finding.count,
        "resources": fault.resources,
        "chains": fault.chains,
        "at_stake": str(fault.at_stake),
        "accounts": fault.stake.accounts,
        "resources_without_copy": fault.stake.bare,
        "resources_promised": fault.stake.promised,
        "arns": list(fault.arns),
    }


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in row.items()}
