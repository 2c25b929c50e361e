"""What would make a restore fail, looked up before it begins: permissions, key, copy back, names, quotas, networks, time."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from strongroom import proof
from strongroom.aws.recovery import points, surroundings
from strongroom.aws.sessions import Sessions
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.names import AccountId, Region, ResourceType, vault_arn
from strongroom.domain.origin import LiveOrigin, Origin
from strongroom.errors import AwsRefused, NoCredentials, StrongroomError
from strongroom.ledger import Snapshot
from strongroom.proof.links import LinkName, LinkState
from strongroom.semantics import copies
from strongroom.semantics import restores as rules
from strongroom.semantics.restores import CLUSTERS
from strongroom.workflows.catalogue import finding
from strongroom.workflows.restoring.choosing import Choice
from strongroom.workflows.restoring.metadata import RESTORED_TYPES, made_name, name_problem, written_into
from strongroom.workflows.restoring.request import RestoreRequest

_DATABASES = frozenset({ResourceType.RDS, *CLUSTERS})
_WRITABLE = frozenset({ResourceType.S3, ResourceType.EFS})  # AWS Backup can restore into what exists
_USABLE_KEY = "Enabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Intended:
    """What is about to be restored, and where."""

    request: RestoreRequest
    choice: Choice
    account: AccountId
    region: Region
    metadata: Mapping[str, str]
    cluster: bool
    copies_back: bool

    @property
    def type(self) -> ResourceType:
        """The resource's type."""
        return self.choice.type


def preflight(intended: Intended, sessions: Sessions, *, estate: Estate | None, snapshot: Snapshot | None) -> tuple[Finding, ...]:
    """Return everything that is in the way of a restore, or not known; nothing that could act is called."""
    return (
        *_metadata(intended),
        *_guarded(intended, "names", lambda: tuple(_names(intended, sessions))),
        *_guarded(intended, "its key", lambda: tuple(_key(intended, sessions))),
        *_guarded(intended, "quotas", lambda: tuple(_quota(intended, sessions))),
        *_guarded(intended, "networks", lambda: tuple(_network(intended, sessions))),
        *_copy(intended, estate),
        *_permissions(intended, estate, snapshot),
    )


def _guarded(intended: Intended, what: str, look: Callable[[], tuple[Finding, ...]]) -> tuple[Finding, ...]:
    """Return what was found, or that it could not be looked at."""
    try:
        return look()
    except NoCredentials:
        raise
    except AwsRefused as error:
        message = f"{what} could not be looked at: {error.message}"
        return (finding("RCV016", intended.request.resource_arn, message, LiveOrigin(intended.account, intended.region, "")),)


def _metadata(intended: Intended) -> Iterator[Finding]:
    origin, subject = LiveOrigin(intended.account, intended.region, ""), intended.request.resource_arn
    if intended.type not in RESTORED_TYPES:
        message = f"{intended.type} can't be restored by Strongroom"
        yield finding("RCV006", subject, message, origin)
        return
    point = intended.choice.candidate.point if intended.choice.candidate else None
    if point is None:
        return
    missing = rules.missing(intended.type, intended.metadata, cluster=intended.cluster, continuous=point.continuous)
    if missing:
        yield finding("RCV007", subject, missing[:1].lower() + missing[1:], origin)


def _names(intended: Intended, sessions: Sessions) -> Iterator[Finding]:
    """Nothing that exists is written into unless it is named twice, and AWS can."""
    kind, request = intended.type, intended.request
    origin = LiveOrigin(intended.account, intended.region, "")
    into = written_into(kind, intended.metadata)
    if into:
        if request.overwrite != into:
            message = f"{into} exists already and would be written into"
            fix = f"name it twice if that is meant: --name {into} --overwrite {into}"
            yield finding("RCV008", into, message, origin, fix=fix)
        elif not surroundings.is_taken(sessions, kind, into, intended.account, intended.region):
            yield finding("RCV008", into, f"{into} does not exist, so nothing can be restored into it", origin, fix="leave out --overwrite")
        return
    name = made_name(kind, intended.metadata, cluster=intended.cluster)
    problem = name_problem(kind, name) if name else ""
    if problem:
        yield finding("RCV008", name, problem, origin)
    elif name and surroundings.is_taken(sessions, kind, name, intended.account, intended.region, cluster=intended.cluster):
        into_it = f"; or write into it: --name {name} --overwrite {name}" if kind in _WRITABLE else ""
        never = "" if kind in _WRITABLE else f", and AWS restores no {kind} into one that exists"
        yield finding("RCV008", name, f"{name} exists already{never}", origin, fix=f"choose another one with --name{into_it}")


def _key(intended: Intended, sessions: Sessions) -> Iterator[Finding]:
    each = intended.choice.candidate
    if each is None or not each.key_arn or ":key/" not in each.key_arn:
        return
    state, _ = points.key_state(sessions, each.key_arn)
    if state != _USABLE_KEY:
        point = each.point
        message = f"its key {each.key_arn} is {state}"
        yield finding("RCV004", f"recovery point {point.arn}", message, LiveOrigin(point.account, point.region, point.arn))


def _quota(intended: Intended, sessions: Sessions) -> Iterator[Finding]:
    found = surroundings.quota_in_use(sessions, intended.type, intended.account, intended.region)
    if found and found[2] >= found[1]:
        name, value, used = found
        message = f"{used} of {value} {name} are used in account {intended.account}, {intended.region}"
        yield finding("RCV010", name, message, LiveOrigin(intended.account, intended.region, ""))


def _network(intended: Intended, sessions: Sessions) -> Iterator[Finding]:
    if intended.type not in _DATABASES or intended.choice.candidate is None:
        return
    origin, group = LiveOrigin(intended.account, intended.region, ""), rules.value(intended.metadata, "DBSubnetGroupName")
    if group:
        known = surroundings.subnet_groups(sessions, intended.account, intended.region)
        if group.lower() not in {each.lower() for each in known}:
            shown = f": there are {', '.join(known)}" if known else ": there is none"
            yield finding(
                "RCV011", group, f"DB subnet group {group} is not in account {intended.account}, {intended.region}{shown}", origin
            )
    elif not surroundings.has_network(sessions, intended.account, intended.region):
        message = f"account {intended.account} has no default VPC in {intended.region}, and no DB subnet group is named"
        yield finding("RCV011", intended.region, message, origin)


def _copy(intended: Intended, estate: Estate | None) -> Iterator[Finding]:
    """What AWS says of the kind of copy that has to come first."""
    each = intended.choice.candidate
    if each is None or not intended.copies_back:
        return
    point = each.point
    case = copies.CopyCase(
        type=intended.type,
        same_account=point.account == intended.account,
        same_region=point.region == intended.region,
        # of what is encrypted by its vault's key, that key lets itself be shared; AWS's own keys keep nothing from being copied home
        key_manager=copies.CUSTOMER if each.key_arn else None,
        cross_account_enabled=True,
        destination_key_manager=copies.CUSTOMER,
        source_region=point.region,
        destination_region=intended.region,
        multi_az_cluster=intended.cluster,
        cold=bool(each.cold),
        continuous=point.continuous,
        on_demand=True,
    )
    verdict = copies.verdict(case)
    origin, subject = LiveOrigin(point.account, point.region, point.arn), f"recovery point {point.arn}"
    if verdict.outcome is copies.Outcome.FAILS:
        message = verdict.message[:1].lower() + verdict.message[1:].rstrip(".")
        yield finding("RCV009", subject, message, origin)
    elif estate is None:
        yield finding("RCV013", subject, "whether it may be copied back is not known: there is no strategy", origin)


def _permissions(intended: Intended, estate: Estate | None, snapshot: Snapshot | None) -> Iterator[Finding]:
    """What the evaluator says, for the link `restorable` of the chain whose vault this is."""
    request, each = intended.request, intended.choice.candidate
    arn = request.resource_arn
    origin = LiveOrigin(intended.account, intended.region, arn)
    if estate is None or snapshot is None:
        lacking = "there is no strategy" if estate is None else "no snapshot is in the ledger"
        yield finding("RCV013", arn, f"permissions are not predicted: {lacking}", origin)
        return
    try:
        chains = proof.prove(estate, snapshot, arn)
    except StrongroomError as error:
        yield finding("RCV013", arn, f"permissions are not predicted: {error.message}", origin)
        return
    vault = vault_arn(each.point.account, each.point.region, each.point.vault) if each else ""
    mine = [chain for chain in chains if chain.destination_vault_arn == vault]
    links = {link for chain in mine for link in chain.links if link.name is LinkName.RESTORABLE}
    if each is None or not links:
        what = "of the service's own restore" if each is None else f"of vault {each.point.vault}"
        yield finding("RCV013", arn, f"permissions are not predicted: snapshot {snapshot.id} has no proof {what} for it", origin)
    for link in sorted(links, key=lambda link: link.cause):
        if link.state is LinkState.BROKEN:
            yield finding("RCV012", arn, f"{link.cause} (snapshot {snapshot.id})", origin, fix=link.fix)
        elif link.state in {LinkState.UNKNOWN, LinkState.NOT_ASSESSED}:
            yield finding("RCV013", arn, f"{link.cause} (snapshot {snapshot.id})", origin)


def too_long(rto_seconds: int | None, parts: Mapping[str, int | None], origin: Origin, subject: str) -> Iterator[Finding]:
    """Yield that a restore takes longer than was promised; `parts`: seconds by name, None where nobody has measured them."""
    known = {name: seconds for name, seconds in parts.items() if seconds is not None}
    total = sum(known.values())
    if rto_seconds is not None and total > rto_seconds:
        shown = " and ".join(f"{name} {_minutes(seconds)}" for name, seconds in known.items())
        yield finding("RCV014", subject, f"{shown} are expected, {_minutes(rto_seconds)} are promised", origin, severity=Severity.WARNING)


def _minutes(seconds: int) -> str:
    """Return seconds as people say them.

    Example:
        >>> _minutes(5400), _minutes(59)
        ('1h 30m', '59s')
    """
    hours, rest = divmod(seconds, 3600)
    minutes, left = divmod(rest, 60)
    return " ".join(f"{count}{unit}" for count, unit in ((hours, "h"), (minutes, "m")) if count) or f"{left}s"
