"""Step seven: what a test has shown becomes evidence in the ledger."""

import hashlib
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from strongroom import evidence, ledger
from strongroom.domain.recovery import TestRecord
from strongroom.domain.strategy import Validation
from strongroom.semantics.schedule import next_slot, parse_cron
from strongroom.workflows.testing.orders import Subject


def keep(record: TestRecord, *, home: Path, strategy_sha256: str, folder: Path, validations: Iterable[Validation]) -> None:
    """Store a record as evidence, in the place of an earlier one of the same test; raises BadInput when the ledger can't be written."""
    files = {each.file: _digest(folder / each.file) for each in validations if each.file}
    document = evidence.document(record, evidence.Sources(strategy_sha256=strategy_sha256, files=files))
    ledger.keep_record(home, document, evidence.markdown(document))


def next_run(subject: Subject, after: datetime) -> datetime | None:
    """Return when a test is due again; None: nobody has declared it."""
    return next_slot(parse_cron(subject.schedule), subject.timezone, after) if subject.schedule else None


def _digest(file: Path) -> str:
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest()
    except OSError:
        return ""  # the validator has said that it is not there
