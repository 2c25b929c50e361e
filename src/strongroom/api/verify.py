"""`verify`, `prove` and `coverage`: declared against observed, from the newest snapshot of the ledger."""

from pathlib import Path

from strongroom import compiler, ledger, proof
from strongroom.api.strategy import load_strategy


def verify(strategy: Path, *, home: Path) -> proof.Verification:
    """Return every link of every protected resource: proven, broken or unknown. Raises CouldNotVerify without a snapshot."""
    estate = compiler.compile_strategy(load_strategy(strategy))
    newest = ledger.latest(home)
    return proof.verify(estate, newest, _before(newest, home))


def prove(strategy: Path, arn: str, *, home: Path) -> tuple[proof.Chain, ...]:
    """Return one resource's proof chains, one for every rule and destination; raises BadInput for an unknown ARN."""
    estate = compiler.compile_strategy(load_strategy(strategy))
    newest = ledger.latest(home)
    return proof.prove(estate, newest, arn, _before(newest, home))


def coverage(*, home: Path) -> proof.Coverage:
    """Return what is backed up and what is not; needs no strategy."""
    return proof.coverage(ledger.latest(home))


def _before(newest: ledger.Snapshot, home: Path) -> tuple[ledger.Snapshot, ...]:
    return tuple(snapshot for snapshot in ledger.snapshots(home) if snapshot.id != newest.id)
