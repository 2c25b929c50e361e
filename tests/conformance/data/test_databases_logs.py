"""Logs of databases over a long time: new bases, what is freed, and writers whom the clock doesn't wait for."""

import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.conformance.conftest import SEED, Twin
from tests.conformance.data.databases import Database, of
from tests.conformance.data.places import OWN, Places

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Places]:
    """A twin whose clock only moves when it is moved."""
    home = tmp_path_factory.mktemp("standing")
    keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
    yield Places(Twin(endpoint=process.up(home, 0, SEED, start="2027-01-01T00:00:00Z"), home=home, keys=keys))
    process.down(home)


def _told(places: Places, arn: str) -> dict[str, Any]:
    return next(each for each in control.ask(places.twin.endpoint, "GET", "data/databases")["instances"] if each["arn"] == arn)


def test_a_write_belongs_to_one_instant_while_the_clock_moves(standing: Places) -> None:
    """What a client has heard of before a move is there at the instant before it, and every instant has all that went before."""
    database = Database(standing, "busy").create()
    acknowledged: list[int] = []
    written, over = threading.Semaphore(0), threading.Event()

    def write() -> None:
        with database.connect() as connection:
            while not over.is_set():
                connection.execute("INSERT INTO numbers VALUES (%s)", [len(acknowledged)])
                acknowledged.append(len(acknowledged))
                written.release()

    writer = threading.Thread(target=write)
    writer.start()
    seen: list[tuple[datetime, int, int]] = []
    try:
        for _ in range(6):
            assert all(written.acquire(timeout=60) for _ in range(5))
            before = len(acknowledged)
            at = datetime.fromisoformat(standing.twin.advance("1h")["now"]) - timedelta(hours=1)
            seen.append((at, before, len(acknowledged)))
    finally:
        over.set()
        writer.join()
    for number in (0, 2, 5):
        at, before, after = seen[number]
        found = database.at(at, f"busy-{number}").numbers()
        assert found == list(range(len(found)))
        assert before <= len(found) <= after + 1, at  # one write may be on its way


@pytest.mark.long
def test_new_bases_come_and_what_nobody_needs_goes(standing: Places) -> None:
    """Old instants and recovery points are right beside new bases; after the window and their recovery points bases and logs are freed."""
    database = Database(standing, "grown").create(BackupRetentionPeriod=35)
    database.execute("CREATE TABLE filling (text text)")
    states: list[tuple[datetime, int]] = []
    points = []
    for number in range(5):
        with database.connect() as connection:
            connection.execute("TRUNCATE filling")
            connection.execute("INSERT INTO filling SELECT repeat(md5(n::text), 30) FROM generate_series(1, 80000) n")
        database.write(number)
        states.append((standing.now(), number + 1))
        job = standing.back_up(database.arn)
        standing.twin.advance("12h")
        points.append(standing.point_of(job))
    many = _told(standing, database.arn)
    assert many["bases"] > 3
    for number, (at, count) in enumerate(states):
        assert database.at(at, f"grown-{number}").numbers() == list(range(count))
    restored = of(standing, standing.restored(points[1], {"DBInstanceIdentifier": "grown-point"}))
    assert restored.numbers() == [0, 1]
    standing.twin.advance("60d")
    database.write(100)
    standing.twin.advance("1h")
    assert of(standing, standing.restored(points[1], {"DBInstanceIdentifier": "grown-later"})).numbers() == [0, 1]
    for point in points:
        standing.client("backup").delete_recovery_point(BackupVaultName=OWN[0], RecoveryPointArn=point)
    few = _told(standing, database.arn)
    assert (few["bases"], few["held"]) == (1, 0)
    assert few["bytes_on_disk"] < 0.6 * many["bytes_on_disk"]
    assert database.numbers() == [0, 1, 2, 3, 4, 100]
    standing.twin.advance("1h")
    assert database.at(standing.now(), "grown-last").numbers() == [0, 1, 2, 3, 4, 100]
