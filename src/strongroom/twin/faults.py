"""Faults on demand: what tests ask the twin to do wrong, in AWS's words and shapes."""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any

from strongroom.twin.backup.chance import chance
from strongroom.twin.ports import ApiError


class FaultKind(StrEnum):
    """The faults the twin knows; `MEMBERS` says what each takes."""

    DENY_ASSUME_ROLE = "deny-assume-role"  # AssumeRole into `account` answers AccessDenied
    DENY_ROLE = "deny-role"  # nobody can assume `role` (ARN), AWS Backup's jobs neither
    SILENT_REGION = "silent-region"  # calls to `region` (of `service`, if named) get no answer: `how` close or hang
    REGION_OUTAGE = "region-outage"  # calls to `region` answer 503 ServiceUnavailable; jobs of AWS Backup that begin there fail
    THROTTLE = "throttle"  # calls are throttled, each service in its own words
    ERROR = "error"  # calls answer `code` with `status` and `message`
    CUT_AFTER_WRITE = "cut-after-write"  # write number `after` is executed, its answer lost; `times` calls (0: all) are cut
    DISABLE_KEY = "disable-key"  # the KMS key `key` (ARN) is disabled
    DELETE_KEY = "delete-key"  # the KMS key `key` (ARN) waits for its deletion
    SLOW_JOBS = "slow-jobs"  # jobs of AWS Backup that begin take `factor` times as long
    HANG_JOBS = "hang-jobs"  # jobs of AWS Backup that begin never end by themselves
    LOSE_EVENTS = "lose-events"  # events and notifications of AWS Backup never arrive, or a share `rate` of them
    CLOSE_ACCOUNT = "close-account"  # `account` is closed, after `after` more writes
    REMOVE_ACCOUNT = "remove-account"  # `account` leaves the organization, after `after` more writes
    CORRUPT_DATA = "corrupt-data"  # `count` things in the recovery point `arn`, or in all those of the resource `arn`, rot in silence
    NO_SPACE = "no-space"  # data of recovery points and of what is restored find no room: their jobs fail


_CALLS = frozenset({"account", "region", "service", "operation", "rate", "after", "times"})
_JOBS = frozenset({"account", "region", "type"})
MEMBERS: Mapping[FaultKind, tuple[frozenset[str], frozenset[str]]] = {  # needed, possible
    FaultKind.DENY_ASSUME_ROLE: (frozenset({"account"}), frozenset()),
    FaultKind.DENY_ROLE: (frozenset({"role"}), frozenset()),
    FaultKind.SILENT_REGION: (frozenset({"region"}), frozenset({"service", "how"})),
    FaultKind.REGION_OUTAGE: (frozenset({"region"}), frozenset({"service"})),
    FaultKind.THROTTLE: (frozenset(), _CALLS),
    FaultKind.ERROR: (frozenset({"code"}), _CALLS | {"status", "message"}),
    FaultKind.CUT_AFTER_WRITE: (frozenset(), frozenset({"after", "times"})),
    FaultKind.DISABLE_KEY: (frozenset({"key"}), frozenset()),
    FaultKind.DELETE_KEY: (frozenset({"key"}), frozenset()),
    FaultKind.SLOW_JOBS: (frozenset({"factor"}), _JOBS),
    FaultKind.HANG_JOBS: (frozenset(), _JOBS),
    FaultKind.LOSE_EVENTS: (frozenset(), frozenset({"account", "region", "rate"})),
    FaultKind.CLOSE_ACCOUNT: (frozenset({"account"}), frozenset({"after"})),
    FaultKind.REMOVE_ACCOUNT: (frozenset({"account"}), frozenset({"after"})),
    FaultKind.CORRUPT_DATA: (frozenset({"arn"}), frozenset({"count", "seed"})),
    FaultKind.NO_SPACE: (frozenset(), _JOBS),
}
_AT_WRITES = (FaultKind.CLOSE_ACCOUNT, FaultKind.REMOVE_ACCOUNT)
_ANSWERED = (FaultKind.REGION_OUTAGE, FaultKind.THROTTLE, FaultKind.ERROR)
_FACTOR_MAX = 10_000

# Code and status of a throttled call, by signing name. Sources: "Common Errors" of each service's API reference, Amazon S3 and
# Amazon EC2 "Error codes", AWS Organizations "TooManyRequestsException" (read 2026-11-21).
_THROTTLED: Mapping[str, tuple[str, int]] = {
    "s3": ("SlowDown", 503),
    "ec2": ("RequestLimitExceeded", 503),
    "organizations": ("TooManyRequestsException", 400),
    "iam": ("Throttling", 400),
    "sts": ("Throttling", 400),
    "rds": ("Throttling", 400),
    "cloudformation": ("Throttling", 400),
    "sns": ("Throttling", 400),
}
_THROTTLED_OTHERS = ("ThrottlingException", 400)
_THROTTLED_MESSAGES: Mapping[str, str] = {"s3": "Please reduce your request rate.", "ec2": "Request limit exceeded."}


class ConnectionCut(Exception):
    """The connection is to be closed without an answer."""


@dataclass(kw_only=True)
class Fault:
    """An installed fault; `hits`, `writes` and `seen` count."""

    number: int
    kind: FaultKind
    account: str = ""
    region: str = ""
    service: str = ""  # signing name
    operation: str = ""  # name or pattern such as `List*`
    role: str = ""
    key: str = ""
    arn: str = ""
    seed: str = ""  # of the choice of what rots
    count: int = 1
    type: str = ""  # of resource, as AWS Backup names it
    code: str = ""
    status: int = 400
    message: str = ""
    rate: float = 1.0  # share of the calls that fail, drawn from the fault's own sequence
    factor: float = 1.0
    how: str = "close"
    after: int = 1
    times: int = 1
    writes: int = 0
    seen: int = 0
    hits: int = 0


_COUNTS = {"number", "kind", "writes", "seen", "hits"}
_TYPES: Mapping[str, Any] = {field.name: field.type for field in fields(Fault) if field.name not in _COUNTS}
Change = Callable[[Fault], None]


class Faults:
    """The faults in force; safe to use from several threads.

    Those that change the world (keys, accounts, jobs) do it through `begin` and `end`, which `effects` sets; both are called without
    the lock of this class, because they wait for the lock of the twin.
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._number = 0
        self._lock = threading.RLock()
        self._cleared = threading.Condition(self._lock)
        self.begin: Change = lambda _fault: None
        self.end: Change = lambda _fault: None

    def add(self, request: Mapping[str, Any]) -> int:
        """Install a fault from a JSON object and return its number; raises ApiError for an unknown kind, member or value."""
        kind, members = _checked(request)
        with self._lock:
            self._number += 1
            fault = Fault(number=self._number, kind=kind, **members)
        if kind not in _AT_WRITES or fault.after == 0:
            self.begin(fault)  # may refuse
        with self._lock:
            self._faults.append(fault)
        return fault.number

    def all(self) -> list[dict[str, Any]]:
        """Return the faults in force, as JSON objects."""
        with self._lock:
            return [{"kind": fault.kind.value, **_shown(fault)} for fault in self._faults]

    def installed(self) -> tuple[Fault, ...]:
        """The faults in force."""
        with self._lock:
            return tuple(self._faults)

    def clear(self, number: int = 0) -> int:
        """Remove all faults, or the one of a number, and return how many; calls that hang are closed."""
        with self._lock:
            gone = [fault for fault in self._faults if number in {0, fault.number}]
            self._faults = [fault for fault in self._faults if fault not in gone]
            self._cleared.notify_all()
        for fault in gone:
            self.end(fault)
        return len(gone)

    def denies_assuming(self, account: str, role_arn: str = "") -> bool:
        """Return whether AssumeRole into an account, or of a role, is to be refused."""
        with self._lock:
            matching = [
                fault
                for fault in self._faults
                if (fault.kind is FaultKind.DENY_ASSUME_ROLE and fault.account == account)
                or (fault.kind is FaultKind.DENY_ROLE and fault.role == role_arn)
            ]
            for fault in matching:
                fault.hits += 1
            return bool(matching)

    def before(self, region: str, service: str) -> None:
        """Let a call to a silent Region hang or fail; raises ConnectionCut."""
        with self._lock:
            silent = [
                fault
                for fault in self._faults
                if fault.kind is FaultKind.SILENT_REGION and fault.region == region and fault.service in {"", service}
            ]
            if not silent:
                return
            silent[0].hits += 1
            while silent[0].how == "hang" and silent[0] in self._faults:
                self._cleared.wait(timeout=60)
        raise ConnectionCut(region)

    def concern(self, region: str, service: str) -> bool:
        """Return whether calls of a service in a Region may be answered with an error."""
        return any(
            fault.kind in _ANSWERED and fault.region in {"", region} and fault.service in {"", service} for fault in self.installed()
        )

    def answer(self, *, account: str, region: str, service: str, operation: str) -> None:
        """Raise the error that a call is to be answered with, if any."""
        with self._lock:
            for fault in self._faults:
                if fault.kind in _ANSWERED and _meets(fault, account, region, service, operation) and _strikes(fault):
                    raise _error(fault, service)

    def after(self, *, write: bool) -> None:
        """Lose the answer to a call that was executed, or change what is due after it; raises ConnectionCut."""
        with self._lock:
            due = [fault for fault in self._faults if _is_due(fault, write=write)]
        for fault in due:
            if fault.kind in _AT_WRITES:
                self.begin(fault)
        for fault in due:
            if fault.kind is FaultKind.CUT_AFTER_WRITE:
                raise ConnectionCut(f"after write {fault.writes}")


def _is_due(fault: Fault, *, write: bool) -> bool:
    if fault.kind not in {FaultKind.CUT_AFTER_WRITE, *_AT_WRITES} or (fault.kind in _AT_WRITES and fault.after == 0):
        return False
    fault.writes += write
    due = fault.writes >= fault.after and (write or fault.hits > 0) and (fault.times == 0 or fault.hits < fault.times)
    fault.hits += due
    return due


def _checked(request: Mapping[str, Any]) -> tuple[FaultKind, dict[str, Any]]:
    members = dict(request)
    name = members.pop("kind", None)
    if name not in list(FaultKind):
        raise ApiError("BadFault", f"kind {name!r} is unknown: {', '.join(FaultKind)} are possible")
    kind = FaultKind(name)
    needed, possible = MEMBERS[kind]
    unknown, missing = set(members) - needed - possible, needed - set(members)
    if unknown:
        fitting = f"{kind} takes {', '.join(sorted(needed | possible))}"
        raise ApiError("BadFault", f"member {min(unknown)!r} is unknown: {fitting}")
    if missing:
        raise ApiError("BadFault", f"{kind} needs the member {min(missing)!r}")
    for member, value in members.items():
        if not _fits(member, value):
            raise ApiError("BadFault", f"member {member!r} has a wrong value: {value!r}")
    if kind in {FaultKind.THROTTLE, FaultKind.ERROR}:
        members = {"after": 0, "times": 0} | members
    elif kind in _AT_WRITES:
        members = {"after": 0} | members
    return kind, members


def _fits(member: str, value: Any) -> bool:
    kind = _TYPES[member]
    if kind is str:
        return isinstance(value, str) and value != "" and (member != "how" or value in {"close", "hang"})
    if isinstance(value, bool) or not isinstance(value, int | float if kind is float else int) or value < 0:
        return False
    bounds = {"rate": (0, 1), "status": (400, 599), "factor": (0, _FACTOR_MAX)}.get(member)
    return bounds is None or bounds[0] <= value <= bounds[1]


def _shown(fault: Fault) -> dict[str, Any]:
    needed, possible = MEMBERS[fault.kind]
    told = {name: getattr(fault, name) for name in sorted(needed | possible) if getattr(fault, name) not in ("", 0)}
    return {"number": fault.number, **told, "hits": fault.hits}


def _meets(fault: Fault, account: str, region: str, service: str, operation: str) -> bool:
    return (
        fault.account in {"", account}
        and fault.region in {"", region}
        and fault.service in {"", service}
        and (not fault.operation or fnmatchcase(operation, fault.operation))
    )


def _strikes(fault: Fault) -> bool:
    """Whether this call is one of those that fail; the same calls in the same order meet the same fate."""
    if fault.kind is FaultKind.REGION_OUTAGE:
        fault.hits += 1
        return True
    fault.seen += 1
    if fault.seen <= fault.after or (fault.times != 0 and fault.hits >= fault.times):
        return False
    if fault.rate < 1 and chance("fault", fault.number, fault.seen).fraction(0) >= fault.rate:
        return False
    fault.hits += 1
    return True


def _error(fault: Fault, service: str) -> ApiError:
    if fault.kind is FaultKind.REGION_OUTAGE:
        return ApiError("ServiceUnavailable", "The request has failed due to a temporary failure of the server.", status=503)
    if fault.kind is FaultKind.ERROR:
        return ApiError(fault.code, fault.message or "a fault that was asked for", status=fault.status)
    code, status = _THROTTLED.get(service, _THROTTLED_OTHERS)
    return ApiError(code, _THROTTLED_MESSAGES.get(service, "Rate exceeded"), status=status)
