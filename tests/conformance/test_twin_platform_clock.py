"""The virtual clock over the wire."""

import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import urllib3
from tests.conformance.conftest import SEED

from strongroom.errors import BadInput
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.state import Endpoint

START = "STRONGROOM_TWIN_START"


def now_of(endpoint: Endpoint) -> datetime:
    return datetime.fromisoformat(control.clock(endpoint)["now"])


def date_of(twin: Any) -> datetime:
    answer = twin.client("sts").get_caller_identity()
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def test_the_clock_starts_now(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Unless the environment or an option says otherwise; what the environment says has to be an instant."""
    monkeypatch.delenv(START)
    endpoint = process.up(tmp_path, 0, SEED)
    assert abs(now_of(endpoint) - datetime.now(UTC)) < timedelta(minutes=1)
    process.down(tmp_path)
    monkeypatch.setenv(START, "tomorrow")
    with pytest.raises(BadInput, match="'tomorrow' is not an instant") as refused:
        process.up(tmp_path, 0, SEED)
    assert refused.value.hint == "for example: STRONGROOM_TWIN_START=2027-01-01T00:00:00Z"


def test_a_clock_that_starts_elsewhere_ticks_unless_the_option_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The variable moves the beginning alone; `--start` goes before it and lets the clock stand still."""
    monkeypatch.setenv(START, "2030-05-05T12:00:00Z")
    for option, begins, ticks in (("", "2030-05-05T12:00:00+00:00", True), ("2031-01-01T00:00:00Z", "2031-01-01T00:00:00+00:00", False)):
        endpoint = process.up(tmp_path, 0, SEED, start=option)
        first = now_of(endpoint)
        time.sleep(0.01)
        assert timedelta() <= first - datetime.fromisoformat(begins) < timedelta(minutes=1)
        assert (now_of(endpoint) > first) is ticks
        process.down(tmp_path)


def test_the_clock_moves_everything(own_twin: Any) -> None:
    """After a move the Date header and the instants of all services follow."""
    expected = date_of(own_twin) + timedelta(days=90)
    answer = own_twin.advance("90d")
    assert abs(datetime.fromisoformat(answer["now"]) - expected) < timedelta(minutes=1)
    assert abs(date_of(own_twin) - expected) < timedelta(minutes=1)
    dynamodb = own_twin.client("dynamodb")
    table = dynamodb.create_table(
        TableName="late",
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )
    assert abs(table["TableDescription"]["CreationDateTime"] - expected) < timedelta(minutes=1)
    own_twin.client("iam").create_user(UserName="late")
    assert abs(own_twin.client("iam").get_user(UserName="late")["User"]["CreateDate"] - expected) < timedelta(minutes=1)


def test_clock_moves_to_an_instant_and_never_back(own_twin: Any) -> None:
    """`to` moves to an instant; one in the past is refused and changes nothing."""
    target = date_of(own_twin) + timedelta(days=10)
    answer = control.move_clock(own_twin.endpoint, to=target.isoformat())
    assert timedelta() <= datetime.fromisoformat(answer["now"]) - target < timedelta(seconds=5)
    with pytest.raises(BadInput, match="only moves forward"):
        control.move_clock(own_twin.endpoint, to=(target - timedelta(days=1)).isoformat())


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{", b'{"advance": "soon"}', b'{"advance": 5}', b'{"advance": "1d", "to": "x"}', b'{"to": "2030-01-01"}']
)
def test_nonsense_leaves_the_clock_alone(twin: Any, body: bytes) -> None:
    """A request that can't be understood is refused with a reason."""
    answer = urllib3.PoolManager().request("POST", twin.endpoint.url + "/_twin/clock", body=body)
    assert answer.status == 400
    assert answer.json()["error"]


def test_progress_is_told_while_the_clock_moves(own_twin: Any) -> None:
    """The clock can be asked while it moves; calls to AWS services wait until it is done."""
    before = date_of(own_twin)
    mover = threading.Thread(target=own_twin.advance, args=("20y",))
    mover.start()
    seen = control.clock(own_twin.endpoint)
    moved = date_of(own_twin)
    mover.join()
    assert set(seen) >= {"now", "moving"}
    assert moved > before + timedelta(days=7300) or not seen["moving"]
    assert control.clock(own_twin.endpoint)["moving"] is False
