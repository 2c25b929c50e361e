"""A legal hold keeps recovery points from whoever may not cancel it; nothing else about them changes."""

from pathlib import Path

import pyarrow as pa
import pytest
from benchmarks.who_can import CENTRAL, NOW, REGION, write_ledger

from strongroom import ledger
from strongroom.domain.tables import CONTROL_POLICIES, HELD_POINTS, LEGAL_HOLDS, TABLES
from strongroom.proof.survival import Copy, survive, survive_one
from strongroom.semantics.survival import ANYBODY, Event, EventKind

HELD = f"arn:aws:dynamodb:{REGION}:{CENTRAL}:table/t1"  # everybody's builders may delete its recovery point, and cancel nothing
OTHER = f"arn:aws:dynamodb:{REGION}:{CENTRAL}:table/t3"
DENIED = '{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "backup:CancelLegalHold", "Resource": "*"}]}'


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four accounts with a vault each."""
    folder = tmp_path_factory.mktemp("held")
    write_ledger(folder, accounts=4)
    return folder


def copy_of(home, arn, *, status="ACTIVE", denied=False) -> Copy:
    """The only copy of a resource, once what HELD has is under a legal hold."""
    read = ledger.snapshots(home)[0]
    tables = {table.name: read.table(table.name) for table in TABLES}
    tables["legal_holds"] = ledger.from_rows(LEGAL_HOLDS, [(CENTRAL, REGION, "hold-1", "lawsuit", status, NOW, None, None, True)])
    points = tables["recovery_points"].to_pylist()
    point = next(each["arn"] for each in points if each["resource_arn"] == HELD)
    tables["held_points"] = ledger.from_rows(HELD_POINTS, [(CENTRAL, REGION, "hold-1", "central", point, HELD)])
    if denied:
        rails = [(CENTRAL, "p-holds", "SERVICE_CONTROL_POLICY", "holds", DENIED, "r-ab12")]
        tables["control_policies"] = pa.concat_tables([tables["control_policies"], ledger.from_rows(CONTROL_POLICIES, rails)])
    snapshot = ledger.write(home, tables, observed_at=NOW, source={"verb": "test"})
    ((copy, _),) = survive_one(snapshot, arn).copies
    assert sum(survive(snapshot).by_size.values()) == survive(snapshot).resources
    return copy


def test_who_may_delete_and_not_cancel_destroys_nothing_that_is_held(home):
    """Any administrator deletes the other table's recovery point; the held one falls to its own account's alone, who may cancel."""
    held, other = copy_of(home, HELD), copy_of(home, OTHER)
    assert (held.held, other.held) == (True, False)
    assert (held.by_points, other.by_points) == ({"its own account"}, {"*"})
    assert ANYBODY not in held.events
    assert {event for event in held.events if event.kind is not EventKind.ADMINISTRATOR} == {
        event for event in other.events if event.kind is not EventKind.ADMINISTRATOR
    }


def test_where_nobody_may_cancel_nobody_deletes(home):
    """What is left is the key, which no hold covers."""
    held = copy_of(home, HELD, denied=True)
    assert held.by_points == frozenset()
    assert Event(EventKind.ADMINISTRATOR, "its own account") in held.events
    assert held.by_key == {"its own account"}


@pytest.mark.parametrize("status", ["CREATING", "CANCELING", "CANCELED"])
def test_a_hold_that_is_not_active_keeps_nothing(home, status):
    """While it is made or given up deletions may succeed."""
    assert copy_of(home, HELD, status=status) == copy_of(home, OTHER)
