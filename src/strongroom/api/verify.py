"""`verify`, `prove` and `coverage`: declared against observed, from a snapshot of the ledger."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from strongroom import compiler, ledger, proof
from strongroom.api.entitled import snapshot_of
from strongroom.api.strategy import load_strategy
from strongroom.errors import BadInput
from strongroom.proof import baseline

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord


def verify(strategy: Path, *, home: Path, as_of: str | None = None) -> proof.Verification:
    """Return every link of every protected resource: proven, broken or unknown.

    `as_of`: the newest snapshot until then, or its id; else the newest. Raises CouldNotVerify without a snapshot, BadInput.
    """
    estate = compiler.compile_strategy(load_strategy(strategy))
    asked = snapshot_of(home, as_of)
    return proof.verify(estate, asked, _before(asked, home), records=_records(asked, home, as_of))


def prove(strategy: Path, arn: str, *, home: Path, as_of: str | None = None) -> tuple[proof.Chain, ...]:
    """Return one resource's proof chains, one for every rule and destination; raises BadInput for an unknown ARN."""
    estate = compiler.compile_strategy(load_strategy(strategy))
    asked = snapshot_of(home, as_of)
    return proof.prove(estate, asked, arn, _before(asked, home), records=_records(asked, home, as_of))


def coverage(*, home: Path, as_of: str | None = None, by: str = "", strategy: Path | None = None) -> proof.Coverage:
    """Return what is backed up and what is not; needs no strategy, with one its plans are what selects.

    `by`: account, ou, type, tag:KEY or plan. Raises BadInput for another one, CouldNotVerify.
    """
    proof.grouping(by)  # before a ledger is looked for
    estate = compiler.compile_strategy(load_strategy(strategy)) if strategy else None
    return proof.coverage(snapshot_of(home, as_of), by=by, estate=estate)


def since(file: Path, found: proof.Verification) -> baseline.Since:
    """Return what changed since the `verify --format json` that a file holds; raises BadInput when it holds something else."""
    hint = "write one with: strongroom verify --format json > FILE"
    try:
        document = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadInput(f"can't read {file}: {error.strerror}", hint=hint) from error
    except ValueError as error:
        raise BadInput(f"{file} is not JSON: {error}", hint=hint) from error
    if not isinstance(document, dict) or document.get("verb") != "verify":
        raise BadInput(f"{file} is not what verify wrote", hint=hint)
    if document.get("strategy") != found.strategy:
        raise BadInput(f"{file} is about strategy {document.get('strategy')}, not {found.strategy}", hint=hint)
    try:
        return baseline.since(document, found.faults)
    except (KeyError, TypeError) as error:
        raise BadInput(f"{file} is not a whole answer of verify: {error}", hint=hint) from error


def _before(asked: ledger.Snapshot, home: Path) -> tuple[ledger.Snapshot, ...]:
    return tuple(snapshot for snapshot in ledger.snapshots(home) if snapshot.id < asked.id)


def _records(asked: ledger.Snapshot, home: Path, as_of: str | None) -> "tuple[TestRecord, ...]":
    """Return the records of restore tests: of today those that are newer than the snapshot as well, `as_of` a day those of then."""
    found = ledger.records(home)
    return found if as_of is None else tuple(each for each in found if each.completed_at <= asked.observed_at)
