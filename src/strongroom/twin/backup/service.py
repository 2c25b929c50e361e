"""AWS Backup as the rest of the twin sees it: answer a call, let time pass, tell numbers."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING, Any

from strongroom.domain.names import Arn
from strongroom.twin.backup import jobs, organization, report, wire
from strongroom.twin.backup.contents import Contents
from strongroom.twin.backup.disturbances import Disturbances
from strongroom.twin.backup.operations import OPERATIONS, Operation
from strongroom.twin.backup.permissions import ENTITLEMENTS
from strongroom.twin.backup.state import World
from strongroom.twin.ports import ApiError, OrganizationView, Request, Response

if TYPE_CHECKING:
    from strongroom.twin.entitlements import Entitlements


class Backup:
    """AWS Backup in all accounts and Regions; implements `ports.BackupService`.

    Everything random is derived from `seed`, so the same calls at the same instants give the same jobs.
    """

    def __init__(self, organization: OrganizationView, now: Callable[[], datetime], *, seed: str = "twin") -> None:
        self._now = now
        self._lock = threading.RLock()
        self._world = World(organization=organization, seed=seed, at=_milliseconds(now()))
        self._entitlements: Entitlements | None = None  # enforced, where there are some

    @property
    def world(self) -> World:
        """Everything that it knows, for the services that watch; another one after a saved twin was loaded."""
        return self._world

    def instant(self) -> datetime:
        """Return the virtual now, never before what has happened already."""
        return max(self._world.at, _milliseconds(self._now()))

    def handle(self, request: Request) -> Response:
        """Answer a wire call; never raises ApiError."""
        operation = ""
        try:
            operation, labels = wire.match(request)
            _action(operation)
            parameters = wire.parameters_of(operation, labels, request)
            with self._lock:
                document = self._do(operation, parameters, account=request.account, region=request.region, principal=request.principal)
            return wire.answer(operation, document)
        except ApiError as error:
            return wire.refusal(operation, error)

    def call(self, account: str, region: str, operation: str, parameters: Mapping[str, Any]) -> dict[str, Any]:
        """Do an operation for CloudFormation and others inside the twin; raises ApiError."""
        if operation not in wire.model().operation_names:
            raise ApiError("UnknownOperationException", f"AWS Backup has no operation {operation}", status=404)
        checked = wire.validated(operation, parameters)
        with self._lock:
            principal = f"arn:aws:iam::{account}:root"
            document = self._do(operation, checked, account=account, region=region, principal=principal, internal=True)
        return {name: value for name, value in document.items() if value is not None}

    def _do(
        self, operation: str, parameters: Mapping[str, Any], *, account: str, region: str, principal: str, internal: bool = False
    ) -> dict[str, Any]:
        action = _action(operation)
        at = self.instant()
        self._until(at)
        return action(self._world, wire.Call(account=account, region=region, principal=principal, at=at, internal=internal), parameters)

    def run_until(self, until: datetime) -> dict[str, int]:
        """Let everything due until `until` happen; returns what happened: jobs, recovery points, expired ones."""
        with self._lock:
            world, before = self._world, Counter(self._world.counts)
            self._until(max(world.at, _milliseconds(until)))
            happened = Counter(world.counts)
            happened.subtract(before)
            always = dict.fromkeys(("backup_jobs", "copy_jobs", "recovery_points", "expired"), 0)
            return always | {name: number for name, number in sorted(happened.items()) if number}

    def _until(self, until: datetime) -> None:
        world = self._world
        world.forget()
        if self._entitlements is not None:
            world.facts[ENTITLEMENTS] = self._entitlements
        organization.follow(world, max(world.at, min(_milliseconds(self._now()), until)))
        world.clockwork.run(world, until)
        world.at = until
        jobs.prune(world)

    def enforce(self, entitlements: "Entitlements") -> None:
        """Let jobs do only what policies let their roles do."""
        with self._lock:
            self._entitlements = entitlements

    def vault_policy(self, arn: str) -> str | None:
        """Return the access policy of a vault; None: it has none, or isn't there."""
        parsed = Arn.parse(arn)
        place = self._world.places.get((parsed.account, parsed.region))
        vault = place.vaults.get(parsed.resource.removeprefix("backup-vault:")) if place else None
        return vault.access_policy if vault else None

    def keep(self, contents: Contents) -> None:
        """Let recovery points hold these data from now on."""
        with self._lock:
            self._world.contents = contents

    def disturb(self, disturbances: Disturbances) -> None:
        """Let jobs go wrong from now on in the given ways, and in no others."""
        with self._lock:
            self._world.disturbances = disturbances

    def status(self) -> dict[str, Any]:
        """Numbers for `twin status`: jobs of the last 30 days by state, recovery points, vaults, plans."""
        with self._lock:
            return report.status(self._world)

    def mail(self) -> list[dict[str, str]]:
        """The mail that would have left the machine, oldest first."""
        with self._lock:
            return [{**asdict(each), "at": each.at.isoformat()} for each in self._world.book.mail]

    def dump(self) -> dict[str, Any]:
        """All vaults, plans, jobs and recovery points as plain data, for comparing two runs."""
        with self._lock:
            return report.dump(self._world)


def _action(operation: str) -> Operation:
    """Return what an operation does; raises ApiError for one that the twin doesn't have, before it looks at its parameters."""
    action = OPERATIONS.get(operation)
    if action is None:
        raise ApiError("NotImplemented", f"not implemented: the twin's AWS Backup has no {operation} yet", status=501)
    return action


def _milliseconds(at: datetime) -> datetime:
    return at.replace(microsecond=at.microsecond // 1000 * 1000)
