"""`rpo`: how much of a resource would have been lost at any time."""

from pathlib import Path

from strongroom import compiler, ledger
from strongroom.api.strategy import load_strategy
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.proof.exposed import ActualRpo, actual_rpo

DAYS, DAYS_MAX = 30, 3_660


def rpo(arn: str, *, home: Path, days: int = DAYS, strategy: Path | None = None) -> ActualRpo:
    """Return the RPO of a resource as it really was, for each vault; with a strategy also what it promises.

    Raises CouldNotVerify without a snapshot, BadInput for an ARN that the ledger doesn't know.
    """
    if not 1 <= days <= DAYS_MAX:
        raise BadInput(f"{days} days can't be shown", hint=f"write --days 1 to {DAYS_MAX:,}")
    kept = ledger.snapshots(home)
    if not kept:
        raise CouldNotVerify(f"no snapshot in {home / 'ledger'}", hint="run: strongroom sync")
    estate = compiler.compile_strategy(load_strategy(strategy)) if strategy is not None and strategy.exists() else None
    return actual_rpo(kept, arn, days=days, estate=estate)
