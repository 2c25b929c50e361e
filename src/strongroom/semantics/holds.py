"""Legal holds: what they take in, when they protect, and what happens when the last one ends.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/legalhold.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateLegalHold.html
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.semantics.jobs import LegalHoldState, RecoveryPointStatus, holdable

_S = LegalHoldState
LEGAL_HOLD_MOVES: Final[Mapping[LegalHoldState, frozenset[LegalHoldState]]] = MappingProxyType(
    {
        _S.CREATING: frozenset({_S.ACTIVE}),
        _S.ACTIVE: frozenset({_S.CANCELING}),
        _S.CANCELING: frozenset({_S.CANCELED}),
        _S.CANCELED: frozenset(),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldSelection:
    """RecoveryPointSelection of a hold; what is empty or None doesn't narrow it."""

    vaults: tuple[str, ...] = ()  # names
    resources: tuple[str, ...] = ()  # ARNs, or resource types
    since: datetime | None = None  # both ends included
    until: datetime | None = None


def may_move(before: LegalHoldState, after: LegalHoldState) -> bool:
    """Return whether a hold moves from one state to another.

    Example:
        >>> may_move(LegalHoldState.ACTIVE, LegalHoldState.CANCELING), may_move(LegalHoldState.CANCELED, LegalHoldState.ACTIVE)
        (True, False)
    """
    return after in LEGAL_HOLD_MOVES[before]


def problem(selection: HoldSelection, *, description: str, tags: int, now: datetime) -> str:
    """Return why a hold is refused, empty if it isn't; the texts are our own, the bounds AWS's.

    Example:
        >>> from datetime import UTC
        >>> now = datetime(2027, 1, 1, tzinfo=UTC)
        >>> problem(HoldSelection(since=now, until=datetime(2027, 1, 2, tzinfo=UTC)), description="case 12", tags=0, now=now)
        'ToDate 2027-01-02 00:00:00+00:00 is in the future'
    """
    longest = facts.limit("legal_hold_description_characters_max").value
    if len(description) > longest:
        return f"Description has {len(description)} characters, {longest} at most"
    if tags > facts.limit("tags_max").value:
        return f"Tags has {tags} entries, {facts.limit('tags_max').value} at most"
    for name, at in (("FromDate", selection.since), ("ToDate", selection.until)):
        if at is not None and at > now:
            return f"{name} {at} is in the future"
    if selection.since is not None and selection.until is not None and selection.since > selection.until:
        return f"FromDate {selection.since} is later than ToDate {selection.until}"
    return ""


def takes(
    selection: HoldSelection,
    *,
    vault: str,
    resource_arn: str,
    resource_type: str,
    created_at: datetime,
    status: RecoveryPointStatus,
    continuous: bool,
) -> bool:
    """Return whether a new hold takes a recovery point in that exists when it is made; copies have to be selected themselves.

    One that is being created may or may not be included; it is left out here, so that nobody counts on it.

    Example:
        >>> from datetime import UTC
        >>> point = {"resource_arn": "arn:1", "resource_type": "EBS", "created_at": datetime(2027, 1, 1, tzinfo=UTC)}
        >>> snapshot = {"status": RecoveryPointStatus.COMPLETED, "continuous": False, **point}
        >>> [takes(HoldSelection(vaults=("local",)), vault=vault, **snapshot) for vault in ("local", "central")]
        [True, False]
    """
    if holdable(status, continuous=continuous) is not True:
        return False
    return (
        (not selection.vaults or vault in selection.vaults)
        and (not selection.resources or resource_arn in selection.resources or resource_type in selection.resources)
        and (selection.since is None or selection.since <= created_at)
        and (selection.until is None or created_at <= selection.until)
    )


def protects(states: Iterable[LegalHoldState]) -> bool:
    """Return whether a recovery point under holds in these states can't be deleted, disassociated or expire.

    While a hold is being made or cancelled AWS promises nothing; here it doesn't protect then, so that nobody counts on it.

    Example:
        >>> protects([LegalHoldState.CANCELING, LegalHoldState.ACTIVE]), protects([LegalHoldState.CREATING])
        (True, False)
    """
    return LegalHoldState.ACTIVE in states


def cancel_refused(state: LegalHoldState) -> str:
    """Return why a hold can't be cancelled, empty if it can; the text is our own.

    Example:
        >>> cancel_refused(LegalHoldState.ACTIVE), cancel_refused(LegalHoldState.CREATING)
        ('', 'the legal hold is CREATING')
    """
    return "" if may_move(state, LegalHoldState.CANCELING) else f"the legal hold is {state}"
