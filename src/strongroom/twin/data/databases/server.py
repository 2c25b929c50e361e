"""A PostgreSQL server of one database folder: started, asked for its position, stopped."""

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from strongroom.twin.backup.contents import NotKept
from strongroom.twin.data.databases import bases, programs
from strongroom.twin.data.databases.bases import Base
from strongroom.twin.data.databases.positions import Target, number_of, text_of
from strongroom.twin.state import LOOPBACK

ADMINISTRATOR = "rdsadmin"  # a name that RDS gives nobody else
_POSITION = """
SELECT before, pg_current_wal_insert_lsn()::text FROM (
    SELECT pg_current_wal_insert_lsn()::text AS before, pg_logical_emit_message(%s, 'strongroom', 'position', %s) OFFSET 0)
"""
_START_SECONDS_MAX = 120.0
_STOP_SECONDS_MAX = 10.0
_ATTEMPTS = 6
# Somebody else took the free port, or parts of a server that was killed are still there.
_PASSING = ("could not create any TCP/IP sockets", "pre-existing shared memory block")
_SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    # The log is kept: positions of recovery points lie in it, and other databases share its files.
    "wal_level": "replica",
    "wal_keep_size": "1000000",
    "wal_recycle": "off",
    "wal_init_zero": "off",
    "max_wal_size": "1GB",
    "checkpoint_timeout": "1d",
    "wal_writer_delay": "10s",  # a commit doesn't wait for it
    "bgwriter_lru_maxpages": "0",
    "bgwriter_delay": "10s",
    "restore_command": "false",  # the log of a recovery lies where the server looks next
    "hot_standby": "off",
    # A machine that crashes takes its twins along; one server is for a few clients.
    "fsync": "off",
    "full_page_writes": "off",
    "shared_buffers": "16MB",
    "io_method": "sync",
    "max_wal_senders": "0",
    "max_worker_processes": "0",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "autovacuum": "off",  # it writes when nobody has asked for anything
    "timezone": "UTC",
    "log_timezone": "UTC",
}


class Server:
    """The server of a folder with a database."""

    def __init__(self, folder: Path, log: Path, *, password: str) -> None:
        self.folder = folder
        self.port = 0
        self._log = log
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Any = None

    @property
    def running(self) -> bool:
        """Whether the server runs."""
        return self._process is not None and self._process.poll() is None

    def start(self, target: Target | None = None) -> None:
        """Start it and wait until it takes connections, after a recovery up to a target if there is one; raises NotKept."""
        aim = () if target is None else tuple(_aim(target))
        if target is not None:
            begun = self.folder / "recovery.signal"
            begun.touch(mode=0o600)
            programs.own(begun)
        self._log.touch(mode=0o600)
        for attempt in range(_ATTEMPTS):
            place = self._log.stat().st_size
            self._spawn(aim)
            if self._ready():
                return
            said = self._said(place)
            if not any(each in said for each in _PASSING):
                break
            time.sleep(0.1 * attempt)
        raise NotKept(f"the database server doesn't start: {_reason(said)}")

    def _spawn(self, aim: Sequence[str]) -> None:
        self.port = _free_port()
        settings = [part for name, value in _SETTINGS.items() for part in ("-c", f"{name}={value}")]
        line = programs.command("postgres", "-D", str(self.folder), "-p", str(self.port), *settings, *aim)
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                line,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=programs.environment(),
                start_new_session=True,
                cwd="/",
            )

    def _ready(self) -> bool:
        """Wait for the server; False: it ended."""
        deadline = time.monotonic() + _START_SECONDS_MAX
        pid_file = self.folder / "postmaster.pid"
        own = f"{self._process.pid}\n" if self._process is not None else ""
        while self.running:
            with contextlib.suppress(OSError):
                told = pid_file.read_text(encoding="utf-8")
                if told.startswith(own) and told.rstrip().endswith("ready"):
                    return True
            if time.monotonic() > deadline:
                self.kill()
                raise NotKept(f"the database server did not start within {_START_SECONDS_MAX:.0f} s")
            time.sleep(0.005)
        return False

    def _said(self, place: int) -> str:
        with self._log.open("rb") as log:
            log.seek(place)
            return log.read().decode("utf-8", "replace")

    def ask(self, statement: Any, parameters: Sequence[Any] | None = None) -> list[tuple[Any, ...]]:
        """Run a statement as the administrator and return its rows; raises NotKept."""
        import psycopg

        try:
            if self._connection is None or self._connection.closed:
                self._connection = self.connect("postgres")
            cursor = self._connection.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            raise NotKept(f"the database server doesn't answer: {str(error).strip().splitlines()[0]}") from error

    def connect(self, database: str) -> Any:
        """Return a connection as the administrator; raises psycopg.Error."""
        import psycopg

        return psycopg.connect(
            host=LOOPBACK,
            port=self.port,
            user=ADMINISTRATOR,
            password=self._password,
            dbname=database,
            sslmode="disable",
            gssencmode="disable",
            connect_timeout=10,
            autocommit=True,
        )

    def position(self, *, committed: bool) -> tuple[int, int]:
        """Return where the log stands, and where a record ends that is written after that: of a commit, if that is asked for.

        Raises NotKept.
        """
        ((lsn, upto),) = self.ask(_POSITION, [committed, not committed])
        if committed:  # it ends when the statement is over
            ((upto,),) = self.ask("SELECT pg_current_wal_insert_lsn()::text")
        return number_of(lsn), number_of(upto)

    def base(self, folder: Path) -> Base:
        """Make a base of the running database; raises NotKept."""
        ((start,),) = self.ask("SELECT pg_backup_start('strongroom', true)::text")
        try:
            bases.copy(self.folder, folder)
        except NotKept:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        finally:
            ((stop, label),) = self.ask("SELECT lsn::text, labelfile FROM pg_backup_stop(false)")
        file = folder / "backup_label"
        file.write_text(label, encoding="utf-8")
        programs.own(file)
        return Base(folder=folder, start=number_of(start), stop=number_of(stop))

    def stop(self) -> None:
        """Stop the server in order: what was committed is in its files."""
        self._end(signal.SIGINT)

    def kill(self, *, wait: bool = True) -> None:
        """Stop the server at once; without waiting, it has to be done again."""
        self._end(signal.SIGQUIT, wait=wait)

    def _end(self, how: signal.Signals, *, wait: bool = True) -> None:
        if self._connection is not None:
            with contextlib.suppress(Exception):
                self._connection.close()
            self._connection = None
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(how)
            if not wait:
                return
            try:
                self._process.wait(_STOP_SECONDS_MAX)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = None


def _free_port() -> int:
    with socket.socket() as found:
        found.bind((LOOPBACK, 0))
        port: int = found.getsockname()[1]
        return port


def _aim(target: Target) -> Iterator[str]:
    """Return the settings that end a recovery at a target."""
    settings = {"recovery_target_action": "promote"}
    if target.lsn is not None:
        settings |= {"recovery_target_lsn": text_of(target.lsn), "recovery_target_inclusive": "off"}
    elif target.real is not None:
        settings["recovery_target_time"] = target.real.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f+00")
    for name, value in settings.items():
        yield from ("-c", f"{name}={value}")


def _reason(said: str) -> str:
    """Return the line of a log that says why."""
    lines = said.strip().splitlines()
    told = [line for line in lines if any(word in line for word in ("FATAL:", "PANIC:", "HINT:"))] or lines
    return told[-1].rpartition("]")[2].strip() if told else "it said nothing"
