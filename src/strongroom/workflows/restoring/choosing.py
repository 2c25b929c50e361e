"""Which recovery point a restore starts from: where they lie, which can be used, which is the best, and why.

The newest data win; of equally new ones the vault from which the way is shortest: own account and Region, own account, an air-gapped vault
that is shared, another account. What lies in another account or Region than the target has to be copied there first.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import IntEnum

from strongroom.aws.recovery import points, surroundings
from strongroom.aws.recovery.points import Candidate
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.names import AccountId, Arn, EveryAccount, Region, ResourceType, vault_arn
from strongroom.domain.origin import LiveOrigin
from strongroom.errors import AwsRefused, BadInput, NoCredentials
from strongroom.semantics import continuous
from strongroom.semantics import restores as rules
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.workflows.catalogue import finding
from strongroom.workflows.restoring.request import Wanted, type_of

NEAREST = 3  # recovery points that a refusal names
_OWN_LOG = frozenset({ResourceType.DYNAMODB, ResourceType.RDS})  # services whose own point-in-time restore is used

Place = tuple[AccountId, Region, str]  # of a vault: account, Region, name


class Way(IntEnum):
    """How far a recovery point is from where it is restored; the shortest is taken."""

    HERE = 0  # in the account and Region of the target
    SHARED = 1  # in an air-gapped vault of another account that is shared with the target's
    OTHER_REGION = 2  # in the own account
    OTHER_ACCOUNT = 3
    ELSEWHERE = 4  # another account and another Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """A recovery point, or a service's own log, and how it is used."""

    candidate: Candidate | None  # None: the service's own log
    type: ResourceType
    instant: datetime | None  # that is restored to; None: the recovery point as it is
    way: Way
    reason: str  # why this one, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """What was chosen, or why nothing could be."""

    choice: Choice | None
    findings: tuple[Finding, ...]


def choose(wanted: Wanted, sessions: Sessions, *, estate: Estate | None, places: Iterable[Place]) -> Chosen:
    """Return the recovery point that a request means; `places`: vaults beside those of the strategy. Raises BadInput, AwsRefused."""
    request = wanted.request
    if request.at is not None and request.at > wanted.now:
        raise BadInput(f"{request.at:%Y-%m-%d %H:%M:%S} UTC has not come yet", hint="name an instant that has passed")
    if request.point is not None:
        point = request.point
        found: tuple[Candidate, ...] = (points.described_point(sessions, point.account, point.region, point.vault, point.arn),)
        unread: tuple[Finding, ...] = ()
    else:
        found, unread = _found(wanted, sessions, estate, places)
    if request.point is not None or request.point_arn:
        return _named(wanted, sessions, found, unread)
    return _best(wanted, sessions, found, unread)


@dataclass(frozen=True, slots=True)
class _Doors:
    """Which accounts can be entered; of one that can't is told once."""

    sessions: Sessions
    unread: list[Finding]
    _known: dict[AccountId, bool] = field(default_factory=dict)

    def opens(self, account: AccountId) -> bool:
        """Return whether the role can be assumed in an account; raises NoCredentials."""
        if account not in self._known:
            try:
                self.sessions.assume(account)
                self._known[account] = True
            except NoCredentials:
                raise
            except AwsRefused as error:
                message = f"recovery points were not looked for there: {error.message}"
                self.unread.append(finding("RCV016", f"account {account}", message, LiveOrigin(account, "", "")))
                self._known[account] = False
        return self._known[account]


def _found(
    wanted: Wanted, sessions: Sessions, estate: Estate | None, places: Iterable[Place]
) -> tuple[tuple[Candidate, ...], tuple[Finding, ...]]:
    """Return the recovery points of the resource in every vault that is looked into, and what could not be."""
    request = wanted.request
    found: dict[tuple[str, ...], Candidate] = {}
    unread: list[Finding] = []
    doors = _Doors(sessions, unread)
    for account, region, vault in _vaults(wanted, doors, estate, places):
        if not doors.opens(account):
            continue
        try:
            for each in points.points_in_vault(sessions, account, region, vault, request.resource_arn):
                found[each.point.account, each.point.region, each.point.vault, each.point.arn] = each
        except NoCredentials:
            raise
        except AwsRefused as error:
            if error.code != "ResourceNotFoundException":  # a vault of the strategy that is not there yet
                unread.append(_unread(account, region, vault, error))
    return tuple(found.values()), tuple(unread)


def _unread(account: str, region: str, vault: str, error: AwsRefused) -> Finding:
    return finding(
        "RCV016", f"vault {vault}", f"recovery points were not looked for there: {error.message}", LiveOrigin(account, region, vault)
    )


def _vaults(wanted: Wanted, doors: _Doors, estate: Estate | None, places: Iterable[Place]) -> tuple[Place, ...]:
    """Return the vaults to look into, each once; raises BadInput for a vault that nobody knows."""
    asked = wanted.request.vault
    if asked.startswith("arn:"):
        try:
            arn = Arn.parse(asked)
        except ValueError as error:
            raise BadInput(str(error), hint="name the vault by its ARN or by its label in the strategy") from None
        return ((AccountId(arn.account), Region(arn.region), arn.resource.removeprefix("backup-vault:")),)
    declared = tuple(_declared(wanted, estate))
    known = [place for label, place in declared if not asked or asked in {label, place[2]}]
    known += [place for place in places if not asked or place[2] == asked]
    if wanted.account and wanted.region and doors.opens(wanted.account):
        try:
            listed = points.points_of_resource(doors.sessions, wanted.account, wanted.region, wanted.request.resource_arn)
            names = dict.fromkeys(name for name, _ in listed)
            known += [(wanted.account, wanted.region, name) for name in names if asked in {"", name}]
        except NoCredentials:
            raise
        except AwsRefused as error:
            doors.unread.append(_unread(wanted.account, wanted.region, "of the account", error))
    if asked and not known:
        labels = ", ".join(dict.fromkeys(label for label, _ in declared)) or "none, for there is no strategy"
        raise BadInput(f"no vault {asked!r} is known", hint=f"labels of the strategy: {labels}; or name the vault by its ARN")
    return tuple(dict.fromkeys(known))


def _declared(wanted: Wanted, estate: Estate | None) -> Iterator[tuple[str, Place]]:
    for vault in estate.vaults if estate else ():
        account = wanted.account if isinstance(vault.account, EveryAccount) else vault.account
        for region in vault.regions if account else ():
            yield vault.label, (AccountId(account or ""), region, vault.name)


def _named(wanted: Wanted, sessions: Sessions, found: tuple[Candidate, ...], unread: tuple[Finding, ...]) -> Chosen:
    """Return the recovery point that was named, if it can be used."""
    arn = wanted.request.point.arn if wanted.request.point else wanted.request.point_arn
    mine = [each for each in found if each.point.arn == arn]
    if not mine:
        near = _nearest(found, wanted.now)
        message = f"no vault that was looked into has recovery point {arn}{near}"
        return Chosen(choice=None, findings=(*unread, finding("RCV001", wanted.request.resource_arn, message, LiveOrigin("", "", arn))))
    candidate = min(mine, key=lambda each: _way(wanted, each, frozenset()))
    candidate = points.described_point(
        sessions, candidate.point.account, candidate.point.region, candidate.point.vault, candidate.point.arn
    )
    problem = unusable(candidate, wanted) or _outside(candidate, wanted)
    if problem:
        return Chosen(choice=None, findings=(problem,))
    way = _way(wanted, candidate, _shared(wanted, sessions, (candidate,)))
    choice = Choice(candidate=candidate, type=candidate.type, instant=_instant(candidate, wanted), way=way, reason="it was named")
    return Chosen(choice=choice, findings=_remarks(choice, wanted))


def _best(wanted: Wanted, sessions: Sessions, found: tuple[Candidate, ...], unread: tuple[Finding, ...]) -> Chosen:
    """Return the best recovery point, or the service's own log where it alone reaches the very instant."""
    shared = _shared(wanted, sessions, found)
    usable = [each for each in found if unusable(each, wanted) is None and _reach(each, wanted) is not None]
    usable.sort(key=lambda each: (_age(each, wanted), _way(wanted, each, shared), each.passing, each.point.arn))
    unasked: list[Finding] = []
    own = _own_log(wanted, sessions, unasked)
    remarks = (*unread, *unasked)
    if own is not None and not (usable and _instant(usable[0], wanted) == wanted.request.at):
        return Chosen(choice=own, findings=remarks)
    for candidate in usable:
        described = points.described_point(
            sessions, candidate.point.account, candidate.point.region, candidate.point.vault, candidate.point.arn
        )
        if unusable(described, wanted) is None:
            choice = Choice(
                candidate=described,
                type=described.type,
                instant=_instant(described, wanted),
                way=_way(wanted, described, shared),
                reason=_reason(described, wanted, usable, shared),
            )
            return Chosen(choice=choice, findings=(*remarks, *_remarks(choice, wanted)))
    return Chosen(choice=None, findings=(*remarks, _nothing(wanted, found)))


def _nothing(wanted: Wanted, found: tuple[Candidate, ...]) -> Finding:
    """Return why nothing can be restored: each recovery point has its reason, or there is none."""
    arn = wanted.request.resource_arn
    problems = [problem for each in found if (problem := unusable(each, wanted))]
    continuous_ones = [each for each in found if each.point.continuous]
    if len(problems) == len(found) and len({each.code for each in problems}) == 1:
        newest = max(found, key=lambda each: each.point.created_at)
        return unusable(newest, wanted) or problems[0]
    if wanted.request.at and continuous_ones and not any(_reach(each, wanted) for each in found):
        outside = _outside(continuous_ones[0], wanted)
        if outside:
            return outside
    until = f" of {wanted.request.at:%Y-%m-%d %H:%M:%S} UTC or before" if wanted.request.at else ""
    where = f" in vault {wanted.request.vault}" if wanted.request.vault else ""
    message = f"no recovery point{until}{where} can be restored{_nearest(found, wanted.request.at or wanted.now)}"
    return finding("RCV001", arn, message, LiveOrigin(wanted.account or "", wanted.region or "", arn))


def _nearest(found: Iterable[Candidate], at: datetime) -> str:
    """Return the nearest recovery points in words, empty where there is none."""
    nearest = sorted(found, key=lambda each: (abs(each.point.created_at - at), each.point.arn))[:NEAREST]
    shown = "; ".join(
        f"{each.point.created_at:%Y-%m-%d %H:%M} {each.status} in {each.point.vault} ({each.point.account}, {each.point.region})"
        for each in nearest
    )
    return f"; nearest: {shown}" if shown else "; there is none at all"


def unusable(each: Candidate, wanted: Wanted) -> Finding | None:
    """Return why no restore can start from a recovery point; None: one can."""
    point = each.point
    origin, subject = LiveOrigin(point.account, point.region, point.arn), f"recovery point {point.arn}"
    refused = rules.refused(each.status)
    if each.parent and each.status.restorable:
        refused = "a composite recovery point cannot be restored, its nested ones can"
    if refused:
        return finding("RCV002", subject, f"{refused} ({point.created_at:%Y-%m-%d %H:%M} UTC)", origin)
    if each.cold and not wanted.request.accept_cold:
        least, most = rules.retrieval(each.type, cold=True)
        span = _hours(most) if least == most else f"{_hours(least)} to {_hours(most)}"
        return finding("RCV003", subject, f"it is in cold storage: AWS takes {span} to bring it back", origin)
    return None


def _hours(span: timedelta) -> str:
    return f"{span / timedelta(hours=1):g} hours"


def window(each: Candidate, now: datetime) -> tuple[datetime, datetime]:
    """Return the first and the last instant that a continuous recovery point can be restored to."""
    goes_on = each.status is RecoveryPointStatus.AVAILABLE
    last = (continuous.restorable_until(each.type, now) if goes_on else None) or each.completed_at or each.point.created_at
    first = continuous.restorable_from(each.point.created_at, each.delete_after_days, now)
    return first.replace(microsecond=0) + timedelta(seconds=bool(first.microsecond)), last.replace(microsecond=0)  # AWS takes whole seconds


def _outside(each: Candidate, wanted: Wanted) -> Finding | None:
    """Return why a recovery point can't be restored to the instant that was asked for; None: it can, or none was."""
    at, point = wanted.request.at, each.point
    if at is None:
        return None
    origin, subject = LiveOrigin(point.account, point.region, point.arn), f"recovery point {point.arn}"
    if not point.continuous:
        if point.created_at <= at:
            return None
        return finding("RCV005", subject, f"it is of {point.created_at:%Y-%m-%d %H:%M:%S}, after {at:%Y-%m-%d %H:%M:%S} UTC", origin)
    first, last = window(each, wanted.now)
    if first <= at <= last:
        return None
    spoken = f"{first:%Y-%m-%d %H:%M:%S} to {last:%Y-%m-%d %H:%M:%S} UTC"
    return finding("RCV005", subject, f"{at:%Y-%m-%d %H:%M:%S} UTC is outside the window that can be restored, {spoken}", origin)


def _reach(each: Candidate, wanted: Wanted) -> datetime | None:
    """Return the instant of the data that a recovery point gives; None: nothing at or before the one that was asked for."""
    at = wanted.request.at
    if each.point.continuous:
        first, last = window(each, wanted.now)
        return None if first > last or (at and at < first) else min(at or last, last)
    return each.point.created_at if at is None or each.point.created_at <= at else None


def _age(each: Candidate, wanted: Wanted) -> timedelta:
    return (wanted.request.at or wanted.now) - (_reach(each, wanted) or each.point.created_at)


def _instant(each: Candidate, wanted: Wanted) -> datetime | None:
    """Return the instant that a continuous recovery point is restored to; None: it is a snapshot."""
    return _reach(each, wanted) if each.point.continuous else None


def _own_log(wanted: Wanted, sessions: Sessions, unread: list[Finding]) -> Choice | None:
    """Return the service's own restore to the very instant, where nothing of AWS Backup was named and the resource is still there."""
    request = wanted.request
    kind = type_of(Arn.parse(request.resource_arn))
    if request.at is None or request.vault or kind not in _OWN_LOG or not wanted.account or not wanted.region:
        return None
    if request.account not in (None, wanted.account) or request.region not in (None, wanted.region):
        return None
    try:
        own = surroundings.own_window(sessions, kind, request.resource_arn, wanted.account, wanted.region)
    except NoCredentials:
        raise
    except AwsRefused as error:
        message = f"whether its own log reaches that instant is not known: {error.message}"
        unread.append(finding("RCV016", request.resource_arn, message, LiveOrigin(wanted.account, wanted.region, request.resource_arn)))
        return None
    if own is None or not own.first <= request.at <= own.last:
        return None
    reason = f"the log of {kind} itself reaches from {own.first:%Y-%m-%d %H:%M:%S} to {own.last:%Y-%m-%d %H:%M:%S} UTC"
    return Choice(candidate=None, type=kind, instant=request.at, way=Way.HERE, reason=reason)


def _shared(wanted: Wanted, sessions: Sessions, found: Iterable[Candidate]) -> frozenset[str]:
    """Return the vaults of other accounts from which the target restores without a copy, asked only where there are such vaults."""
    target = wanted.request.account or wanted.account
    regions = sorted({each.point.region for each in found if each.air_gapped and each.point.account != target})
    shared: set[str] = set()
    for region in regions if target else ():
        try:
            shared |= points.vaults_shared_with(sessions, AccountId(target or ""), region)
        except NoCredentials:
            raise
        except AwsRefused:  # then they are taken for not shared, and the plan shows the copy back
            continue
    return frozenset(shared)


def _way(wanted: Wanted, each: Candidate, shared: frozenset[str]) -> Way:
    point, request = each.point, wanted.request
    account = request.account or wanted.account or point.account
    region = request.region or wanted.region or point.region
    if point.account != account:
        if vault_arn(point.account, point.region, point.vault) in shared and request.region in (None, point.region):
            return Way.SHARED
        return Way.OTHER_ACCOUNT if point.region == region else Way.ELSEWHERE
    return Way.HERE if point.region == region else Way.OTHER_REGION


_WORDS = {
    Way.HERE: "where it is restored",
    Way.SHARED: "in an air-gapped vault that is shared with the account",
    Way.OTHER_REGION: "in another Region of the account",
    Way.OTHER_ACCOUNT: "in another account, from where it is copied back",
    Way.ELSEWHERE: "in another account and Region, from where it is copied back",
}


def _reason(each: Candidate, wanted: Wanted, usable: list[Candidate], shared: frozenset[str]) -> str:
    others = len(usable) - 1
    until = f" until {wanted.request.at:%Y-%m-%d %H:%M:%S} UTC" if wanted.request.at else ""
    beside = f", of {others + 1} that can be restored" if others else ", the only one that can be restored"
    return f"the newest data{until}, {_WORDS[_way(wanted, each, shared)]}{beside}"


def _remarks(choice: Choice, wanted: Wanted) -> tuple[Finding, ...]:
    """Return what should be known of a choice: how much older its data are, and how long cold storage takes."""
    found: list[Finding] = []
    each, at = choice.candidate, wanted.request.at
    if each is None:
        return ()
    point = each.point
    origin, subject = LiveOrigin(point.account, point.region, point.arn), f"recovery point {point.arn}"
    reach = _reach(each, wanted)
    if at is not None and reach is not None and reach < at:
        message = f"the data are of {reach:%Y-%m-%d %H:%M:%S} UTC, {_span(at - reach)} before the instant that was asked for"
        found.append(finding("RCV015", subject, message, origin))
    if each.cold:
        least, most = rules.retrieval(each.type, cold=True)
        span = _hours(most) if least == most else f"{_hours(least)} to {_hours(most)}"
        entry = finding("RCV003", subject, f"it is in cold storage: AWS takes {span} to bring it back", origin)
        found.append(replace(entry, severity=entry.severity.WARNING, help="nothing has to be done: it was accepted"))
    return tuple(found)


def _span(span: timedelta) -> str:
    """Return a span in words.

    Example:
        >>> _span(timedelta(hours=26, minutes=3)), _span(timedelta(seconds=40))
        ('1d 2h 3m', '40s')
    """
    minutes, seconds = divmod(int(span.total_seconds()), 60)
    days, minutes = divmod(minutes, 24 * 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{count}{unit}" for count, unit in ((days, "d"), (hours, "h"), (minutes, "m")) if count]
    return " ".join(parts) or f"{seconds}s"
