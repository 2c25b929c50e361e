"""Opt accounts in to AWS Backup, many at a time: one that can't be reached doesn't stop the others."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from strongroom.aws import crew
from strongroom.aws.deployment.settings import switch_on
from strongroom.aws.sessions import THREADS, Sessions
from strongroom.domain.estate import Settings
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.errors import AwsRefused, NoCredentials

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class EnrolledPlace:
    """One account and Region after enrolling."""

    account: AccountId
    region: Region
    changed: tuple[ResourceType, ...]  # types that were switched on now; none: everything was on before
    reason: str  # why it could not be done; empty when it was


Places = tuple[EnrolledPlace, ...]


def enrol_accounts(
    sessions: Sessions, accounts: Sequence[AccountId], regions: Sequence[Region], settings: Settings, *, on_progress: Progress
) -> Places:
    """Switch on what is missing in each account and Region, and return every place, by account and Region.

    Raises NoCredentials; an interrupt stops after the calls under way, and what is done stays.
    """
    halt = threading.Event()
    tasks = [partial(_account, sessions, account, tuple(regions), settings, halt) for account in accounts]
    found: list[EnrolledPlace] = []
    for done, (places, known) in enumerate(crew.run(tasks, threads=THREADS, halt=halt), start=1):
        found += places
        on_progress(done, known, " ".join(f"{place.account} {place.region}" for place in places[:1]))
    return tuple(sorted(found, key=lambda place: (place.account, place.region)))


def _account(
    sessions: Sessions, account: AccountId, regions: tuple[Region, ...], settings: Settings, halt: threading.Event
) -> tuple[Places, list[crew.Task[Places]]]:
    try:
        sessions.assume(account)
    except NoCredentials:
        raise  # it is the caller who can't call, not the account that can't be reached
    except AwsRefused as error:
        return tuple(EnrolledPlace(account=account, region=region, changed=(), reason=error.message) for region in regions), []
    return (), [partial(_place, sessions, account, region, settings, halt) for region in regions]


def _place(
    sessions: Sessions, account: AccountId, region: Region, settings: Settings, halt: threading.Event
) -> tuple[Places, list[crew.Task[Places]]]:
    changed: tuple[ResourceType, ...] = ()
    reason = "stopped before it began" if halt.is_set() else ""
    try:
        if not reason:
            changed = switch_on(sessions, region, settings.opt_in, settings.managed, account)
    except NoCredentials:
        raise
    except AwsRefused as error:
        reason = error.message
    return (EnrolledPlace(account=account, region=region, changed=changed, reason=reason),), []
