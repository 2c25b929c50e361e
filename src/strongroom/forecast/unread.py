"""What a snapshot of the ledger could not answer, so that no number is taken for the whole."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPlace:
    """A subject of an account and Region that could not be read, and why."""

    account_id: str
    region: str
    subject: str
    reason: str
