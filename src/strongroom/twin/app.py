"""The twin as an application: who calls, what is done, what is written down."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom import facts
from strongroom.twin import malformed
from strongroom.twin.clock import Clock
from strongroom.twin.cloudtrail import Trail, lookup_events
from strongroom.twin.cloudtrail.trail import Told
from strongroom.twin.controltower import ControlTower
from strongroom.twin.controltower import wire as control_tower_wire
from strongroom.twin.data.loads import Loads
from strongroom.twin.dispatch import Environ, Moto, environ_of, rest_operation
from strongroom.twin.entitlements import Entitlements
from strongroom.twin.faults import Faults
from strongroom.twin.guard import Guard
from strongroom.twin.identity import Caller, Identities
from strongroom.twin.journal import Journal, is_write
from strongroom.twin.organizations.tagpolicies import refused_key
from strongroom.twin.passage import Passage
from strongroom.twin.ports import ApiError, BackupService, OrganizationView, Request, Response
from strongroom.twin.sts import Sts
from strongroom.twin.tagging import writes
from strongroom.twin.watching import calls
from strongroom.twin.wire import Call, Protocol, Refusal, Scope, door, error, error_code

if TYPE_CHECKING:
    from strongroom.twin.data import Keeper

_NO_SCOPE = Scope("", "", "", "")
_WATCHING = frozenset({"events", "sns", "sqs", "monitoring"})  # services that tell of what AWS Backup has done
_FAILED = "InternalFailure"  # moto ended with a trace
_UNKNOWN = Caller(account="", arn="", user_id="")


@dataclass(slots=True)
class _Answered:
    """An answer with what the journal wants to know."""

    response: Response
    operation: str
    write: bool


class App:
    """All AWS services of the twin.

    Neither moto nor the engine is thread-safe, so calls are answered one at a time: a call takes 1 to 5 ms, mostly of Python, and
    threads would wait for the interpreter anyway.
    """

    def __init__(self, *, clock: Clock, organization: OrganizationView, backup: BackupService, control_tower: ControlTower) -> None:
        self.clock = clock
        self.organization = organization
        self.backup = backup
        self.control_tower = control_tower
        self.lock = threading.RLock()
        self.identities = Identities()
        self.faults = Faults()
        self.journal = Journal()
        self.trail = Trail()
        self.passage = Passage(clock, backup, self.lock)
        self._moto = Moto()
        self._sts = Sts(self.identities, organization, self.faults)
        self._guard: Guard | None = None
        self.data: Mapping[str, Keeper] = {}  # by the name of their kind
        self.loads = Loads()
        self.home: Path | None = None  # folder of the running twin; None: nobody can reach it yet

    def enforce(self) -> None:
        """Ask IAM before every call and every job from now on."""
        entitlements = Entitlements(self.organization, self.backup.vault_policy)
        self._guard = self._sts.guard = Guard(entitlements)
        self.backup.enforce(entitlements)

    def handle(self, call: Call, server: tuple[str, int] = ("127.0.0.1", 0)) -> Response:
        """Answer a call to an AWS service; raises ConnectionCut where a fault wants no answer."""
        scope = call.scope or _NO_SCOPE
        self.faults.before(scope.region, scope.service)
        started = time.perf_counter()
        resolved = self._resolved(scope) if call.scope else Refusal.UNSIGNED
        caller = resolved if isinstance(resolved, Caller) else _UNKNOWN
        protocol = call.protocol(scope.service)
        if isinstance(resolved, Refusal):
            operation, at = call.named_operation(), self.clock.now()
            answered = _Answered(door(protocol, resolved), operation, is_write(operation, call.method))
        else:
            with self.lock:
                at = self.clock.now()  # after a move of the clock that this call may have waited for
                answered = self._answer(call, scope, caller, protocol, server)
        headers = {name.lower(): value for name, value in answered.response.headers.items()}
        refused = error_code(answered.response.status, headers, answered.response.body)
        told = self.trail.record(
            at=at,
            scope=scope,
            caller=caller,
            call=call,
            operation=answered.operation,
            response=answered.response,
            error=refused,
            write=answered.write,
        )
        if told is not None and told.write:
            self._tell(told)
        self.journal.record(
            at=at.isoformat(timespec="microseconds"),
            account=caller.account,
            region=scope.region,
            service=scope.service,
            operation=answered.operation,
            principal=caller.arn,
            status=answered.response.status,
            error=refused,
            write=answered.write,
            duration_ms=round((time.perf_counter() - started) * 1000, 3),
        )
        self.faults.after(write=answered.write)
        return answered.response

    def _tell(self, told: Told) -> None:
        """Let EventBridge hear of a call, where a trail logs it."""
        with self.lock:
            if calls.logged(self.backup.world, told.account, told.region):
                self.passage.catch_up()
                calls.tell(self.backup.world, told)

    def _resolved(self, scope: Scope) -> Caller | Refusal:
        """Return the caller behind a credential scope, or why there is none; keys and sessions of a closed account are unknown."""
        found = self.identities.resolve(scope)
        return Refusal.UNKNOWN_KEY if isinstance(found, Caller) and self.organization.is_closed(found.account) else found

    def _answer(self, call: Call, scope: Scope, caller: Caller, protocol: Protocol, server: tuple[str, int]) -> _Answered:
        operation = call.named_operation()
        try:
            if self.faults.concern(scope.region, scope.service):
                operation = operation or rest_operation(environ_of(call, server), scope)
                self.faults.answer(account=caller.account, region=scope.region, service=scope.service, operation=operation)
            if scope.service == "backup":
                self.passage.catch_up()
                self._check(call, scope, caller, operation)
                response = self.backup.handle(_request(call, scope, caller))
                operation = response.operation
            elif scope.service == "controltower":
                request = _request(call, scope, caller)
                operation = control_tower_wire.operation_of(request)
                self._check(call, scope, caller, operation)
                response = self.control_tower.handle(request, operation)
            elif scope.service == "sts" and self._sts.handles(operation):
                response = self._sts.handle(operation, call.form, caller)
            else:
                environ = environ_of(call, server)
                operation = operation or rest_operation(environ, scope)
                self._check(call, scope, caller, operation)
                if scope.service in _WATCHING:
                    self.passage.catch_up()
                if scope.service == "cloudtrail" and operation == "LookupEvents":
                    return _Answered(self._looked_up(call, scope, caller), operation, write=False)
                response = self._moto_answer(call, scope, caller, operation, environ)
        except ApiError as refusal:
            response = error(protocol, refusal.code, refusal.message, status=refusal.status)
        return _Answered(response, operation, is_write(operation, call.method))

    def _looked_up(self, call: Call, scope: Scope, caller: Caller) -> Response:
        """Return CloudTrail's event history; raises ApiError."""
        self.passage.catch_up()
        refused = malformed.unreadable(call, Protocol.JSON) or malformed.refusal(call, scope, Protocol.JSON, "LookupEvents")
        if refused is not None:
            raise refused
        world, now, parameters = self.backup.world, self.clock.now(), json.loads(call.body or b"{}")
        found = lookup_events(self.trail, world, account=caller.account, region=scope.region, now=now, parameters=parameters)
        return Response(status=200, body=json.dumps(found).encode(), headers={"Content-Type": "application/x-amz-json-1.1"})

    def _check(self, call: Call, scope: Scope, caller: Caller, operation: str) -> None:
        """Refuse tags that a tag policy forbids, and what the caller may not do where the twin enforces IAM; raises ApiError."""
        policy = self.organization.effective_tag_policy(caller.account)
        if policy is not None:
            _check_tags(policy, call, scope.service, operation or rest_operation(environ_of(call, ("127.0.0.1", 0)), scope))
        if self._guard is not None:
            self._guard.check(call, scope, caller, operation, _request(call, scope, caller))

    def _moto_answer(self, call: Call, scope: Scope, caller: Caller, operation: str, environ: Environ) -> Response:
        """Let moto answer; raises ApiError for requests that AWS would refuse unread, which moto may fail over."""
        protocol = call.protocol(scope.service)
        refused = malformed.unreadable(call, protocol)
        if refused is None and scope.service in malformed.OURS:
            refused = malformed.refusal(call, scope, protocol, operation)
        if refused is not None:
            raise refused
        response = _presentable(self._moto.answer(environ, caller.account, caller.policy_arn), protocol)
        if response.headers.get("x-amzn-errortype") == _FAILED:
            raise malformed.refusal(call, scope, protocol, operation) or malformed.failure()
        return response


def _check_tags(policy: Mapping[str, Any], call: Call, service: str, operation: str) -> None:
    """Refuse tags that a tag policy forbids; raises ApiError."""
    for kind, tags in writes(call, service, operation):
        key = refused_key(policy, kind, tags)
        if key:
            raise ApiError("TagPolicyViolation", facts.message("tag_policy_violation").format(key=key))


def _request(call: Call, scope: Scope, caller: Caller) -> Request:
    return Request(
        account=caller.account,
        region=scope.region,
        principal=caller.arn,
        service=scope.service,
        method=call.method,
        path=call.path,
        query=call.query,
        headers=call.headers,
        body=call.body,
    )


def _presentable(response: Response, protocol: Protocol) -> Response:
    """Return moto's answer, with pages of HTML about bugs and gaps turned into errors of the protocol."""
    headers: Mapping[str, Any] = response.headers
    if "x-twin-refusal" in {name.lower() for name in headers}:
        return error(protocol, "NotImplemented", response.body.decode("utf-8", "replace"), status=501)
    is_page = response.status >= 400 and str(headers.get("Content-Type", "")).startswith("text/html") and b"<title>" in response.body
    if is_page:
        code = _FAILED if response.status >= 500 else "UnknownOperationException"
        return error(protocol, code, "the request could not be processed", status=response.status)
    return replace(response, headers=dict(headers))
