"""The last step: what a test has made is taken away, AWS is asked until it is gone, and what stays is told."""

import threading
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Final

from strongroom.aws.recovery.cleaning import delete, leftovers, still_there
from strongroom.aws.recovery.points import described_point
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import OWNER_TAG
from strongroom.domain.names import AccountId, Region
from strongroom.domain.recovery import TEST_TAG, Made
from strongroom.errors import AwsRefused, NoCredentials, Stopped

POLL_SECONDS_MIN, POLL_SECONDS_MAX = 0.1, 10.0
EXPIRES: Final = "its vault lets nobody delete it, it expires on"
ASKED_AT_ONCE = 16  # places
WAIT_MINUTES_MAX: Final = 45  # a database takes ten; what isn't gone then is told


@dataclass(frozen=True, slots=True, kw_only=True)
class Left:
    """Something that a test has made and that is still there, or a place that could not be looked at (no thing)."""

    thing: Made | None
    account: AccountId
    region: Region
    reason: str
    run: str = ""  # of the test, as its tag says

    @property
    def arn(self) -> str:
        """What it is called; of a place its account and Region."""
        return self.thing.arn if self.thing else f"account {self.account}, {self.region}"


def clean(things: Sequence[Made], sessions: Sessions, *, tags: Mapping[str, str], halt: threading.Event) -> tuple[Left, ...]:
    """Take things away in their order and return what is still there; raises Stopped, NoCredentials.

    Each has to carry all of `tags`. What AWS doesn't let go keeps nothing else from being deleted.
    """
    left = []
    for thing in things:
        try:
            delete(thing, sessions, tags=tags)
            reason = _until_gone(thing, sessions, halt)
        except NoCredentials:
            raise
        except AwsRefused as error:
            reason = _expiry(thing, sessions) or error.message
        if reason:
            left.append(Left(thing=thing, account=thing.account, region=thing.region, reason=reason, run=tags.get(TEST_TAG, "")))
    return tuple(left)


def earlier_leftovers(sessions: Sessions, places: Iterable[tuple[AccountId, Region]], *, strategy: str, but: str = "") -> tuple[Left, ...]:
    """Return what tests of a strategy have left behind in some places, and the places that could not be looked at.

    Only what carries the strategy's own tag and that of a test counts; `but`: the run whose things don't.
    """
    with ThreadPoolExecutor(max_workers=ASKED_AT_ONCE) as pool:
        answers = list(pool.map(lambda place: leftovers(sessions, [place], tag=TEST_TAG), places))
    unread = [each for _, unasked in answers for each in unasked]
    mine = [
        each
        for found, _ in answers
        for each in found
        if each.tags.get(OWNER_TAG) == strategy and each.tags.get(TEST_TAG, "") not in ("", but)
    ]
    there = tuple(
        Left(thing=each, account=each.account, region=each.region, reason="a test left it behind", run=each.tags[TEST_TAG]) for each in mine
    )
    return (*there, *(Left(thing=None, account=account, region=region, reason=why.reason) for account, region, why in unread))


def clean_leftovers(found: Iterable[Left], sessions: Sessions, *, strategy: str, halt: threading.Event) -> tuple[Left, ...]:
    """Take away what earlier tests left behind and return what is still there; raises Stopped, NoCredentials."""
    still: list[Left] = []
    for each in found:
        if each.thing is None:
            still.append(each)
        else:
            still += clean([each.thing], sessions, tags={OWNER_TAG: strategy, TEST_TAG: each.run}, halt=halt)
    return tuple(still)


def _expiry(thing: Made, sessions: Sessions) -> str:
    """Return when a copied recovery point ends by itself, which a vault's policy may let nobody delete; empty: it doesn't."""
    if thing.type is not None:
        return ""
    try:
        found = described_point(sessions, thing.account, thing.region, thing.vault, thing.arn)
    except NoCredentials:
        raise
    except AwsRefused:
        return ""
    return f"{EXPIRES} {found.delete_at:%Y-%m-%d}" if found.delete_at else ""


def _until_gone(thing: Made, sessions: Sessions, halt: threading.Event) -> str:
    """Ask AWS until something is gone; returns why it isn't, empty when it is."""
    pause, waited = POLL_SECONDS_MIN, 0.0
    while still_there(thing, sessions):
        if waited > WAIT_MINUTES_MAX * 60:
            return f"AWS still has it {WAIT_MINUTES_MAX} minutes after it was asked to delete it"
        if halt.wait(pause):
            raise Stopped("stopped while AWS deletes what the test made")
        waited += pause
        pause = min(pause * 2, POLL_SECONDS_MAX)
    return ""
