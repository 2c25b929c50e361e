"""`verify`, `prove` and `coverage`: declared against observed, from the newest snapshot of the ledger."""

from pathlib import Path

from strongroom import compiler, ledger, proof
from strongroom.api.strategy import load_strategy


def verify(strategy: Path, *, home: Path) -> proof.Verification:
    """Return every link of every protected resource: proven, broken or unknown. Raises CouldNotVerify without a snapshot."""
    snapshots = ledger.snapshots(home)
    newest = ledger.latest(home)
    earlier = tuple(snapshot for snapshot in snapshots if snapshot.id != newest.id)
    return proof.verify(compiler.compile_strategy(load_strategy(strategy)), newest, earlier)


def prove(strategy: Path, arn: str, *, home: Path) -> tuple[proof.Chain, ...]:
    """Return one resource's proof chains, one for every rule and destination; raises BadInput for an unknown ARN."""
    return proof.prove(compiler.compile_strategy(load_strategy(strategy)), ledger.latest(home), arn)


def coverage(*, home: Path) -> proof.Coverage:
    """Return what is backed up and what is not; needs no strategy."""
    return proof.coverage(ledger.latest(home))
