"""The virtual clock over the wire."""

import threading
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import urllib3

from strongroom.errors import BadInput
from strongroom.twin import client as control


def date_of(twin: Any) -> datetime:
    answer = twin.client("sts").get_caller_identity()
    return parsedate_to_datetime(answer["ResponseMetadata"]["HTTPHeaders"]["date"])


def test_clock_starts_now_and_moves_everything(own_twin: Any) -> None:
    """The clock starts at the real now; after a move the Date header and the instants of all services follow."""
    assert abs(date_of(own_twin) - datetime.now(UTC)) < timedelta(minutes=1)
    answer = own_twin.advance("90d")
    expected = datetime.now(UTC) + timedelta(days=90)
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
    target = (datetime.now(UTC) + timedelta(days=10)).replace(microsecond=0)
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
    mover = threading.Thread(target=own_twin.advance, args=("20y",))
    mover.start()
    seen = control.clock(own_twin.endpoint)
    moved = date_of(own_twin)
    mover.join()
    assert set(seen) >= {"now", "moving"}
    assert moved > datetime.now(UTC) or not seen["moving"]
    assert control.clock(own_twin.endpoint)["moving"] is False
