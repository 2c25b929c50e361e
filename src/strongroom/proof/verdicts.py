"""What is said about one link of one place, before resources come in."""

from dataclasses import dataclass

from strongroom.proof.links import LinkState
from strongroom.proof.readings import Unreadable


@dataclass(frozen=True, slots=True)
class Verdict:
    """State, code of the catalogue and cause; the cause names no single resource, so that equal causes can be counted."""

    state: LinkState
    code: str = ""
    cause: str = ""
    doubt: bool = False  # UNKNOWN only because something isn't interpreted: a copy that arrived lifts it


PROVEN = Verdict(LinkState.PROVEN)


def broken(code: str, cause: str) -> Verdict:
    """Return a broken link."""
    return Verdict(LinkState.BROKEN, code, cause)


def unknown(unread: Unreadable) -> Verdict:
    """Return a link whose evidence could not be read."""
    return Verdict(LinkState.UNKNOWN, "VRF001", unread_cause(unread))


def doubtful(cause: str) -> Verdict:
    """Return a link that only an arrived copy can prove."""
    return Verdict(LinkState.UNKNOWN, "VRF028", cause, doubt=True)


def unread_cause(unread: Unreadable) -> str:
    """Return the sentence about an account (and Region) that could not be read."""
    where = f"account {unread.account_id}" + (f" in {unread.region}" if unread.region else "")
    return f"{unread.subject.removeprefix('resources:').replace('_', ' ')} of {where} could not be read: {unread.reason}"


def worst(*verdicts: Verdict) -> Verdict:
    """Return the first broken verdict, else the first certain unknown one, else the first doubtful one, else PROVEN.

    Example:
        >>> worst(PROVEN, doubtful("a condition"), broken("VRF022", "vault x does not exist")).code
        'VRF022'
    """
    rank = {LinkState.BROKEN: 0, LinkState.UNKNOWN: 1}
    return min(verdicts, key=lambda each: (rank.get(each.state, 3), each.doubt), default=PROVEN)
