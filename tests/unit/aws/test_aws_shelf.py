"""Parts of a fleet on the shelf: what was entered is read back, what was not finished doesn't count, damage is noticed."""

import pyarrow as pa
import pytest

from strongroom.aws.fleet import shelf
from strongroom.aws.fleet.crowd import processes_for
from strongroom.aws.fleet.orders import Kind, Order
from strongroom.aws.fleet.shelf import Entry, Log
from strongroom.errors import BadInput, CouldNotVerify

ROWS = pa.table({"name": ["a", "b"]})


@pytest.fixture
def filled(tmp_path):
    """A shelf with one order, and the journal's entry."""
    log = Log(tmp_path, shelf.log_name(shelf.free_number(tmp_path)))
    segments = (log.append("vaults", ROWS), log.append("vaults", ROWS.slice(1)))
    entry = Entry(
        order="account 1", segments=segments, keys=(("1", "r", "k"),), roles=(("1", "a"),), known=(("k", "arn", None, ("x",)),),
        incremental=(("r", "backup_jobs", 12.0),),
    )  # fmt: skip
    log.enter(entry)
    log.append("vaults", ROWS)  # of an order that was never finished
    log.close()
    return tmp_path, entry


def test_what_was_entered_is_read_back(filled):
    """An entry and its rows come back as they were; the next log has a name of its own."""
    folder, entry = filled
    assert list(shelf.entries(folder)) == [entry]
    assert [each.to_pylist() for each in shelf.read(folder, entry.segments)] == [[{"name": "a"}, {"name": "b"}], [{"name": "b"}]]
    assert shelf.log_name(shelf.free_number(folder)) == "part-0001"


def test_a_line_that_was_cut_does_not_count(filled):
    """A process killed while it wrote its journal leaves the orders before that line."""
    folder, entry = filled
    with (folder / "part-0000.jsonl").open("a", encoding="utf-8") as journal:
        journal.write(entry.encode()[:40])
    assert list(shelf.entries(folder)) == [entry]


def test_rows_that_are_missing_do_not_count(filled):
    """An entry whose file is shorter than it says is none."""
    folder, entry = filled
    with (folder / "part-0000.arrows").open("r+b") as file:
        file.truncate(entry.segments[-1].offset + 1)
    assert list(shelf.entries(folder)) == []


def test_rows_that_changed_are_refused(filled):
    """A changed byte is noticed, and how to begin anew is said."""
    folder, entry = filled
    content = bytearray((folder / "part-0000.arrows").read_bytes())
    content[entry.segments[0].offset + 8] ^= 1
    (folder / "part-0000.arrows").write_bytes(content)
    with pytest.raises(CouldNotVerify, match="is damaged") as refused:
        list(shelf.read(folder, entry.segments))
    assert "--fresh" in refused.value.hint


def test_an_order_survives_the_pipe():
    """What another process gets is the order that was given."""
    order = Order(kind=Kind.KEYS, account="1", region="r", wanted=("a", "b"), since=(("r", "backup_jobs", 12.0),))
    assert Order.decode(order.encode()) == order
    assert order.digest != Order(kind=Kind.KEYS, account="1", region="r", wanted=("a",)).digest


@pytest.mark.parametrize(("accounts", "asked", "expected"), [(3, None, 0), (5, 1, 0), (5, 3, 3), (2, 8, 2), (1, 2, 0)])
def test_small_fleets_are_read_by_one_process(accounts, asked, expected):
    """Processes are for many accounts, or for who asks for them."""
    assert processes_for(accounts, 2, asked) == expected


def test_a_number_of_processes_that_makes_no_sense_is_refused():
    """Zero processes read nothing."""
    with pytest.raises(BadInput, match="0 processes"):
        processes_for(3, 2, 0)
