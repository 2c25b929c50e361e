"""The ledger of tests: every resource and vault that a restore test covers, when it was last proven, and when it is due again."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from importlib.resources import files
from typing import Any, TypeAlias

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.recovery import Outcome, TestRecord
from strongroom.domain.strategy import RestoreTest
from strongroom.proof.engine import judge
from strongroom.semantics.schedule import interval_minutes_max, next_slot, parse_cron, slots


class State(StrEnum):
    """How a resource stands in a vault."""

    FAILED = "failed"  # the newest test that could tell anything found it wrong
    OVERDUE = "overdue"  # not proven since the newest run that must be over
    UNKNOWN = "unknown"  # never proven, and the newest test could not tell
    PROVEN = "proven"
    WAITING = "waiting"  # no run has been due yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a resource stands in one vault of one restore test."""

    test: str
    resource_arn: str
    owner: AccountId  # account of the resource
    type: ResourceType
    vault_label: str
    vault: str  # its name
    account: AccountId  # of the vault
    region: Region
    has_points: bool  # recovery points of the resource were seen there
    state: State
    due: bool  # a run has begun since it was tested last
    proven_at: datetime | None  # AWS's time; None: never
    proven_by: str  # id of a test or of AWS's restore job
    seconds: float | None  # what that took, until it was validated; of AWS's jobs until it was restored
    rto_seconds: int | None  # the target
    tested_at: datetime | None  # by the newest record, whatever it says
    outcome: Outcome | None  # of that record
    told: str  # its sentence
    next_at: datetime | None = None  # the next run


Recorded: TypeAlias = Mapping[tuple[str, str, str, str], Sequence[TestRecord]]  # by resource ARN, and account, Region, name of the vault


def standings(
    estate: Estate,
    snapshot: ledger.Snapshot,
    earlier: Sequence[ledger.Snapshot],
    records: Iterable[TestRecord],
    *,
    now: datetime | None = None,
) -> tuple[Standing, ...]:
    """Return how every covered resource stands in every vault of its tests, what is worst first; raises CouldNotVerify.

    `now`: AWS's time; None: that of the snapshot.
    """
    if not estate.restore_tests:
        return ()
    with judge(estate, snapshot, earlier, arrivals=True) as judgement:
        rows = ledger.rows(judgement.connection, files("strongroom.evidence").joinpath("standing.sql").read_text(encoding="utf-8"))
    recorded = _by_place(records)
    labels = {vault.name: vault.label for vault in estate.vaults}
    asked_at = now or snapshot.observed_at
    begun = [_begun(test, asked_at) for test in estate.restore_tests]
    following = [next_slot(parse_cron(test.schedule), test.timezone, asked_at) for test in estate.restore_tests]
    found = []
    for row in rows:
        test = estate.restore_tests[row["test_no"]]
        mine = recorded.get((row["resource_arn"], row["account_id"], row["region"], row["vault_name"]), ())
        told = _standing(row, test.name, labels.get(row["vault_name"], ""), mine, begun[row["test_no"]])
        found.append(replace(told, next_at=following[row["test_no"]]))
    order = list(State)
    return tuple(sorted(found, key=lambda each: (order.index(each.state), each.test, each.resource_arn, each.vault, each.region)))


def longest_unproven(found: Iterable[Standing]) -> list[Standing]:
    """Return standings, those first that have waited longest for their proof."""
    return sorted(found, key=lambda each: (each.proven_at is not None, each.proven_at, each.resource_arn, each.vault))


def _by_place(records: Iterable[TestRecord]) -> Recorded:
    found: dict[tuple[str, str, str, str], list[TestRecord]] = {}
    for each in records:
        found.setdefault((each.resource_arn, each.point.account, each.point.region, each.point.vault), []).append(each)
    return found


def _begun(test: RestoreTest, now: datetime) -> datetime | None:
    """Return when the newest run of a test began."""
    cron = parse_cron(test.schedule)
    interval = timedelta(minutes=min(interval_minutes_max(cron, test.timezone), 366 * 1440))
    return max(slots(cron, test.timezone, now - 2 * interval, now), default=None)


def _standing(row: Mapping[str, Any], test: str, label: str, mine: Sequence[TestRecord], begun: datetime | None) -> Standing:
    last = max(mine, key=lambda each: each.completed_at, default=None)
    telling = max((each for each in mine if each.outcome is not Outcome.UNKNOWN), key=lambda each: each.completed_at, default=None)
    passed = max((each for each in mine if each.outcome is Outcome.PASSED), key=lambda each: each.completed_at, default=None)
    proven_at, proven_by, seconds = row["job_at"], row["job_id"] or "", row["job_seconds"]
    if passed and (proven_at is None or passed.started_at >= proven_at):
        proven_at, proven_by, seconds = passed.started_at, passed.test_id, passed.seconds
    failed = telling is not None and telling.outcome is Outcome.FAILED and (proven_at is None or telling.started_at > proven_at)
    late = row["due_at"] is not None and row["reached"] and (proven_at is None or proven_at < row["due_at"])
    touched = max((each for each in (proven_at, last.started_at if last else None) if each), default=None)
    doubted = last is not None and last.outcome is Outcome.UNKNOWN
    rest = State.PROVEN if proven_at else State.UNKNOWN if doubted else State.WAITING
    return Standing(
        test=test,
        resource_arn=row["resource_arn"],
        owner=AccountId(row["owner_id"]),
        type=ResourceType(row["type"]),
        vault_label=label,
        vault=row["vault_name"],
        account=AccountId(row["account_id"]),
        region=Region(row["region"]),
        has_points=bool(row["points"]),
        state=State.FAILED if failed else State.OVERDUE if late else rest,
        due=begun is not None and (touched is None or touched < begun),
        proven_at=proven_at,
        proven_by=proven_by,
        seconds=seconds,
        rto_seconds=None if row["rto_minutes"] is None else row["rto_minutes"] * 60,
        tested_at=last.completed_at if last else None,
        outcome=last.outcome if last else None,
        told=last.told if last else "",
    )
