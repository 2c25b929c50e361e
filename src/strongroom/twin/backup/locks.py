"""Which jobs a vault lock refuses, as the outcome of a job."""

from strongroom.semantics import locks
from strongroom.twin.backup.plandocument import meant
from strongroom.twin.backup.state import INVALID_PARAMETERS, Lifecycle, Outcome, Vault


def refusal(vault: Vault, lifecycle: Lifecycle, *, copy: bool) -> Outcome | None:
    """Return how a job ends whose lifecycle a vault's lock refuses; asked when the job runs, never when the plan is made."""
    message = locks.fails(vault.lock, meant(lifecycle).keep, copy=copy)
    return (message, INVALID_PARAMETERS) if message else None
