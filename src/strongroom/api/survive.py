"""`survive`: what has to go wrong before data are lost, from a snapshot of the ledger."""

from collections.abc import Sequence
from pathlib import Path

from strongroom.api.entitled import snapshot_of
from strongroom.errors import BadInput
from strongroom.proof import survival

DAYS_MAX = 36_500


def survive(*, home: Path, as_of: str | None = None, days: Sequence[int] = survival.DAYS) -> survival.Survival:
    """Return what has to go wrong for all resources; `days`: for which ransomware may go unnoticed. Raises CouldNotVerify, BadInput."""
    return survival.survive(snapshot_of(home, as_of), days=_checked(days))


def survive_one(arn: str, *, home: Path, as_of: str | None = None, days: Sequence[int] = survival.DAYS) -> survival.Held:
    """Return what has to go wrong for one resource; raises CouldNotVerify, BadInput for an ARN that the ledger doesn't know."""
    return survival.survive_one(snapshot_of(home, as_of), arn, days=_checked(days))


def _checked(days: Sequence[int]) -> tuple[int, ...]:
    wrong = next((each for each in days if not 1 <= each <= DAYS_MAX), None)
    if wrong is not None:
        raise BadInput(f"ransomware that goes unnoticed for {wrong} days can't be asked about", hint=f"write 1 to {DAYS_MAX:,} days")
    return tuple(sorted(set(days))) or survival.DAYS
