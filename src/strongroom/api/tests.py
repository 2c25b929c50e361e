"""`tests`: which resources have been restored from which vaults, when, in what time, and what is overdue."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from strongroom import compiler, ledger
from strongroom.api.entitled import snapshot_of
from strongroom.api.strategy import load_strategy
from strongroom.domain.estate import Estate
from strongroom.errors import ExitCode
from strongroom.evidence.standing import Standing, State, standings


@dataclass(frozen=True, slots=True, kw_only=True)
class TestsReport:
    """How every resource stands in every vault that a restore test covers."""

    __test__ = False  # pytest: no test class

    strategy: str
    snapshot: str  # its id
    observed_at: datetime  # AWS's time of the snapshot
    standings: tuple[Standing, ...]  # what is worst first

    @property
    def exit_code(self) -> ExitCode:
        """FINDINGS when something is overdue or was found wrong, COULD_NOT_VERIFY when only tests could not tell."""
        states = {each.state for each in self.standings}
        if states & {State.OVERDUE, State.FAILED}:
            return ExitCode.FINDINGS
        return ExitCode.COULD_NOT_VERIFY if State.UNKNOWN in states else ExitCode.PROVEN


def tests(  # the verb's name, and no test
    strategy: Path,
    *,
    home: Path,
    as_of: str | None = None,  # noqa: PT028
    overdue: bool = False,  # noqa: PT028
) -> TestsReport:
    """Return how what the restore tests cover stands, by the ledger; `overdue`: only what is overdue or was found wrong.

    Raises CouldNotVerify without a snapshot or for a damaged record, BadInput.
    """
    estate = compiler.compile_strategy(load_strategy(strategy))
    snapshot = snapshot_of(home, as_of)
    found = standing_of(estate, snapshot, home=home, until=None if as_of is None else snapshot.observed_at)
    wanted = tuple(each for each in found if not overdue or each.state in (State.OVERDUE, State.FAILED))
    return TestsReport(strategy=estate.name, snapshot=snapshot.id, observed_at=snapshot.observed_at, standings=wanted)


def standing_of(
    estate: Estate, snapshot: ledger.Snapshot, *, home: Path, until: datetime | None = None, now: datetime | None = None
) -> tuple[Standing, ...]:
    """Return the standings by a snapshot and by the records of this ledger, `until` those that were completed by then."""
    earlier = tuple(each for each in ledger.snapshots(home) if each.id < snapshot.id)
    records = tuple(each for each in ledger.records(home) if until is None or each.completed_at <= until)
    return standings(estate, snapshot, earlier, records, now=now)


def evidence_of(test_id: str, *, home: Path) -> str:
    """Return the evidence of one test for people, as Markdown; raises BadInput where there is no such test."""
    return ledger.record_text(home, test_id)
