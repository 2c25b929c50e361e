"""What `workflows.sqlite` knows about runs: which there are, of which kind, what each was to do, how far it came.

Reading never launches DBOS: nothing is recovered, nothing starts.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from pathlib import Path
from typing import Any

from strongroom.aws.deployment.watched import Watched
from strongroom.domain.changeplan import ChangePlan, from_json
from strongroom.errors import BadInput

# A run is stored with this mark in front of its DBOS application version. Raise it when the meaning of a stored run changes:
# with DBOS's own version, a hash of the source, no run from before an upgrade could be told apart or resumed.
FORMAT = "apply-4"


class RunKind(StrEnum):
    """The verbs whose work is a run; the values are the names of DBOS's workflows."""

    APPLY = "apply"
    RESTORE = "restore"
    TEST = "test"


MARKS = {RunKind.APPLY: FORMAT, RunKind.RESTORE: "restore-1", RunKind.TEST: "test-1"}
_AGAIN = {
    RunKind.APPLY: "make a new plan, which goes on from there: strongroom apply",
    RunKind.RESTORE: "restore again: strongroom restore",
    RunKind.TEST: "test again: strongroom test",
}
UNFINISHED = ("PENDING", "ENQUEUED", "CANCELLED", "MAX_RECOVERY_ATTEMPTS_EXCEEDED")


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What was started and has not finished."""

    run_id: str
    strategy: str
    steps: int
    done: int
    kind: RunKind = RunKind.APPLY


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """An unfinished run of any kind, as it was started."""

    run_id: str
    kind: RunKind
    version: str  # DBOS's application version, of this run alone
    arguments: tuple[Any, ...]  # of its workflow: JSON
    done: int  # steps that have ended


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """All that is stored of an unfinished `apply`."""

    run_id: str
    version: str  # DBOS's application version, of this run alone
    plan: ChangePlan
    watched: Watched
    done: int  # steps that have ended


def database(home: Path) -> Path:
    """Return the file that holds the runs."""
    return home.resolve() / "workflows.sqlite"


def url(home: Path) -> str:
    """Return the same for DBOS."""
    return f"sqlite:///{database(home)}"


def unfinished_runs(home: Path) -> tuple[Run, ...]:
    """Return the runs that `resume` can go on with, oldest first.

    A run that a later one of the same strategy has overtaken is none of them: its remaining steps are out of date.
    """
    with _client(home) as client:
        rows = _rows(client)
        found = [row for row in rows if row.status in UNFINISHED and _readable(row) and _overtaking(row, rows) is None]
        return tuple(
            Run(
                run_id=row.workflow_id,
                strategy=_strategy(row),
                steps=int(row.attributes["steps"]),
                done=_done(client, row.workflow_id),
                kind=RunKind(row.name),
            )
            for row in found
        )


def unfinished_run(run_id: str, home: Path) -> Record:
    """Return what `resume` needs of an `apply`; raises BadInput when the run is unknown, has ended, or must not go on."""
    found = stored(run_id, home)
    document, watched = found.arguments
    return Record(
        run_id=run_id,
        version=found.version,
        plan=from_json(document, file=f"run {run_id}"),
        watched=Watched.from_json(watched),
        done=found.done,
    )


def stored(run_id: str, home: Path) -> Stored:
    """Return a run that can go on; raises BadInput when it is unknown, has ended, or must not go on."""
    with _client(home) as client:
        rows = _rows(client)
        row = next((row for row in rows if row.workflow_id == run_id), None)
        if row is None:
            near = get_close_matches(run_id, [row.workflow_id for row in rows if row.status in UNFINISHED], n=1)
            hint = f"did you mean {near[0]}?" if near else "list the runs that can go on with: strongroom resume"
            raise BadInput(f"there is no run {run_id!r} in {home}", hint=hint)
        _require_open(row, rows)
        return Stored(
            run_id=run_id,
            kind=RunKind(row.name),
            version=str(row.app_version),
            arguments=tuple(client.list_workflows(workflow_ids=[run_id], load_output=False)[0].input["args"]),
            done=_done(client, run_id),
        )


def _require_open(row: Any, rows: list[Any]) -> None:
    """Raise BadInput when a run has ended or must not go on."""
    run_id, kind = row.workflow_id, RunKind(row.name)
    if row.status == "SUCCESS":
        hint = "see what is left with: strongroom plan" if kind is RunKind.APPLY else _AGAIN[kind]
        raise BadInput(f"run {run_id} has finished, there is nothing to resume", hint=hint)
    if row.status == "ERROR":
        raise BadInput(f"run {run_id} ended because AWS refused a step", hint=_AGAIN[kind])
    later = _overtaking(row, rows)
    if later:
        raise BadInput(
            f"run {run_id} was overtaken by {later}, a later run of the same strategy", hint="see what is left with: strongroom plan"
        )
    if not _readable(row):
        raise BadInput(f"run {run_id} was started by another release of Strongroom", hint=_AGAIN[kind])


def park(run_id: str, home: Path) -> None:
    """Take an unfinished run out of DBOS's queue, where a `resume` that was killed may have left it: launching would start it at once."""
    with _client(home) as client:
        client.cancel_workflow(run_id)


def free_id(plan_id: str, home: Path) -> str:
    """Return an id for a new run of a plan; raises BadInput when a run of it has not ended.

    A plan from a file may be carried out again after a failure, as long as the world is as it was.
    """
    with _client(home) as client:
        status = {row.workflow_id: row.status for row in _rows(client)}
    taken = [each for each in status if each == plan_id or each.startswith(f"{plan_id}-")]
    for each in taken:
        if status[each] in UNFINISHED:
            raise BadInput(f"run {each} of this plan was stopped and has not ended", hint=f"go on with: strongroom resume {each}")
    return f"{plan_id}-{len(taken) + 1}" if taken else plan_id


@contextmanager
def _client(home: Path) -> Iterator[Any]:
    file = database(home)
    if not file.exists():
        yield _NoRuns()
        return
    try:  # asked before DBOS is, whose errors about a file that is no database would be a traceback
        with sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True) as connection:
            tables = {name for (name,) in connection.execute("select name from sqlite_master where type = 'table'")}
        connection.close()
    except sqlite3.Error as error:
        raise BadInput(
            f"can't read {file}: {error}", hint="move it away: runs in it can't be resumed, what they did in AWS stays"
        ) from error
    if "workflow_status" not in tables:
        yield _NoRuns()
        return
    from dbos import DBOSClient

    client = DBOSClient(system_database_url=url(home))
    try:
        yield client
    finally:
        client.destroy()


class _NoRuns:
    """A database without runs, or none at all."""

    def list_workflows(self, **_: object) -> list[Any]:
        return []


def _rows(client: Any) -> list[Any]:
    """Runs, oldest first, without the plans in them."""
    listed = client.list_workflows(load_input=False, load_output=False)
    return sorted((row for row in listed if row.name in set(RunKind)), key=lambda row: row.created_at)


def _readable(row: Any) -> bool:
    """Whether this release understands what is stored of a run."""
    return str(row.app_version).startswith(f"{MARKS[RunKind(row.name)]} ")


def _strategy(row: Any) -> str:
    return str((row.attributes or {}).get("strategy", ""))


def _overtaking(row: Any, rows: list[Any]) -> str | None:
    """Return the later `apply` of the same strategy, after which an earlier one is out of date; restores and tests never are."""
    if row.name != RunKind.APPLY:
        return None
    later = [each for each in rows if each.name == RunKind.APPLY and each.created_at > row.created_at and _strategy(each) == _strategy(row)]
    return str(later[-1].workflow_id) if later else None


def _done(client: Any, run_id: str) -> int:
    return len(client.list_workflow_steps(run_id, load_output=False))
