"""Records of restore tests in the ledger: kept as a whole, read again, damage is noticed, snapshots don't matter to them."""

import json
from datetime import timedelta

import pytest
from tests.unit.evidence.examples import BEGUN, RECORD, record

from strongroom import evidence, ledger
from strongroom.api import ledger as verbs
from strongroom.api.tests import evidence_of
from strongroom.domain.recovery import Outcome
from strongroom.errors import BadInput, CouldNotVerify, ExitCode

SOURCES = evidence.Sources(strategy_sha256="5e", files={"checks/orders.sql": "a1"})


def keep(home, value):
    document = evidence.document(value, SOURCES)
    return ledger.keep_record(home, document, evidence.markdown(document))


def test_records_are_read_again_the_oldest_first(tmp_path):
    later = record(test_id="a-test", completed_at=BEGUN + timedelta(days=1), outcome=Outcome.FAILED)
    keep(tmp_path, later)
    keep(tmp_path, RECORD)
    assert ledger.records(tmp_path) == (RECORD, later)
    assert ledger.damaged_records(tmp_path) == ()


def test_a_ledger_without_tests_has_no_records(tmp_path):
    assert ledger.records(tmp_path) == ()


def test_a_test_that_went_on_is_documented_in_its_own_place(tmp_path):
    """What was left behind at first is gone in the end: one record, the newer one, and its text too."""
    keep(tmp_path, record(cleaned_up=False, leftovers=("arn:left",)))
    assert "arn:left" in evidence_of("test-1-001", home=tmp_path)
    keep(tmp_path, RECORD)
    assert ledger.records(tmp_path) == (RECORD,)
    assert "arn:left" not in evidence_of("test-1-001", home=tmp_path)
    assert sorted(file.name for file in (tmp_path / "ledger" / "tests").iterdir()) == ["test-1-001.json", "test-1-001.md"]


@pytest.mark.parametrize("how", ["another outcome", "cut", "no JSON object", "another format"])
def test_what_is_not_as_it_was_written_is_no_evidence(tmp_path, how):
    """One changed value is enough: nothing is read, `ledger check` names the test and says 3."""
    ledger.write(tmp_path, {}, observed_at=BEGUN, source={})
    file = keep(tmp_path, record(outcome=Outcome.FAILED))
    text = file.read_text(encoding="utf-8")
    broken = {
        "another outcome": text.replace('"outcome":"failed"', '"outcome":"passed"'),
        "cut": text[: len(text) // 2],
        "no JSON object": "[]",
        "another format": json.dumps({"format_version": 99}),
    }[how]
    assert broken != text
    file.write_text(broken, encoding="utf-8")
    with pytest.raises(CouldNotVerify, match="is damaged"):
        ledger.records(tmp_path)
    assert ledger.damaged_records(tmp_path) == ("test-1-001",)
    checked = verbs.check(home=tmp_path)
    assert [(each.id, each.damaged) for each in checked if each.damaged] == [("tests", ("test-1-001",))]
    assert verbs.exit_code(checked) is ExitCode.COULD_NOT_VERIFY


def test_pruning_and_listing_snapshots_leave_records_alone(tmp_path):
    """Evidence outlives what it was seen beside."""
    for days in (0, 1):
        ledger.write(tmp_path, {}, observed_at=BEGUN + timedelta(days=days), source={})
    keep(tmp_path, RECORD)
    verbs.prune(verbs.pruning(home=tmp_path, keep=1, days=None), home=tmp_path)
    assert (len(verbs.snapshots(home=tmp_path)), ledger.records(tmp_path)) == (1, (RECORD,))


def test_records_are_exported_with_the_tables(tmp_path):
    """As they are: their SHA-256 can be checked without Strongroom."""
    ledger.write(tmp_path, {}, observed_at=BEGUN, source={})
    kept = keep(tmp_path, RECORD)
    written = verbs.export(tmp_path / "out", home=tmp_path)
    copied = tmp_path / "out" / "tests" / "test-1-001.json"
    assert copied in written
    assert copied.read_bytes() == kept.read_bytes()
    assert (tmp_path / "out" / "tests" / "test-1-001.md").is_file()
    assert not any("tests" in file.parts for file in verbs.export(tmp_path / "one", home=tmp_path, tables=("accounts",)))


def test_an_unknown_test_is_bad_input(tmp_path):
    for name in ("nothing", "../../etc/passwd"):
        with pytest.raises(BadInput, match="no test"):
            evidence_of(name, home=tmp_path)
    with pytest.raises(BadInput, match="can't be the id of a test"):
        keep(tmp_path, record(test_id="../escape"))


def test_a_ledger_that_cannot_be_written_is_one_error(tmp_path):
    (tmp_path / "ledger").write_text("in the way", encoding="utf-8")
    with pytest.raises(BadInput, match="the ledger can't be written"):
        keep(tmp_path, RECORD)
