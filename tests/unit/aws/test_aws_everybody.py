"""Lists of everybody's jobs: their parts hold every instant once, and of what they bring only what they answer for is kept."""

import json
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from strongroom.aws.fleet.everybody import Everybody, by_region, of_members
from strongroom.aws.fleet.orders import Kind, Order
from strongroom.aws.fleet.shelf import Entry

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = 86_400.0
INSTANT = pa.timestamp("us", tz="UTC")


def lists(members, start):
    accounts = frozenset(f"{number:012}" for number in range(members))
    return Everybody(asker="000000000001", members=accounts, starts={"eu-west-2": start}, since={}, observed_at=NOW)


@given(members=st.integers(1, 20_000), ago=st.none() | st.floats(3600, 30 * DAY))
def test_every_instant_is_in_one_part(members, ago):
    """A part ends where the next begins; the last is open, and so is the first where nothing is known."""
    start = None if ago is None else NOW.timestamp() - ago
    orders = [order for order in lists(members, start).orders if order.what == "copy_jobs"]
    begins = [next((at for _, _, at in order.since), None) for order in orders]
    assert begins[0] == (None if start is None else int(start))
    assert begins[1:] == [order.until for order in orders[:-1]]
    assert orders[-1].until is None
    assert begins[1:] == sorted(begins[1:])
    assert len(orders) <= max(1, members // 16)
    assert len({order.name for order in orders}) == len(orders)


def test_restore_jobs_are_one_list():
    """There are few of them, and none is left out because it is known."""
    assert [order.since for order in lists(5000, NOW.timestamp() - DAY).orders if order.what == "restore_jobs"] == [()]


@pytest.mark.parametrize(
    ("since", "kept"), [(None, ["old", "new"]), (NOW.timestamp() - DAY, ["new"]), (NOW.timestamp() + 1, [])], ids=["all", "new", "none"]
)
def test_what_a_list_does_not_answer_for_is_dropped(since, kept):
    """Jobs of other accounts and Regions, and those that are known already."""
    rows = [("1", "here", "old", -2), ("1", "here", "new", 0), ("2", "here", "other", 0), ("1", "there", "elsewhere", 0)]
    at = pa.array([datetime.fromtimestamp(NOW.timestamp() + days * DAY, UTC) for *_, days in rows], INSTANT)
    table = pa.table({"account_id": [row[0] for row in rows], "region": [row[1] for row in rows], "job_id": [row[2] for row in rows]})
    found = of_members(table.append_column("created_at", at), by_region({("1", "here"): since}))
    assert found["job_id"].to_pylist() == kept


def test_orders_and_entries_keep_what_lists_need():
    """Through the pipe and the journal."""
    order = Order(kind=Kind.EVERYBODY, account="1", region="r", what="copy_jobs", until=12.5, shared=(("r", 3.0),), part=2)
    assert Order.decode(order.encode()) == order
    assert len({order.digest, Order(kind=Kind.EVERYBODY, account="1").digest}) == 2
    entry = Entry(order="account 1", witnesses=(("r", "arn:aws:backup:r:1:recovery-point:x"),))
    assert Entry.decode(json.loads(entry.encode())) == entry
