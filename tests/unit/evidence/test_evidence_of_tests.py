"""The evidence of a restore test: everything that is needed to check it again, for machines and for people, and no more."""

import json
import re

import pytest
from tests.unit.evidence.examples import MADE, POINT, RECORD, SOURCE, measured, record

from strongroom import __version__, evidence
from strongroom.domain.changeplan import canonical
from strongroom.domain.recovery import Outcome

SOURCES = evidence.Sources(strategy_sha256="5e1f", files={"checks/b.sql": "b1", "checks/a.sql": ""})


def test_a_document_names_everything_that_a_check_needs():
    """Ids of AWS, who, when, what it was made from, and with which release."""
    found = evidence.document(RECORD, SOURCES)
    assert (found["format_version"], found["tool"]) == (1, {"name": "strongroom", "version": __version__})
    assert found["strategy"] == {"name": "shop", "sha256": "5e1f"}
    assert found["files"] == [{"path": "checks/a.sql", "sha256": ""}, {"path": "checks/b.sql", "sha256": "b1"}]
    text = canonical(found)
    for wanted in (SOURCE, MADE, POINT.arn, "restore-1", RECORD.tester, "2026-11-21T10:00:00+00:00"):
        assert wanted in text


def test_people_read_what_the_json_says():
    """Rendered from the JSON text alone, so that both say the same."""
    text = evidence.markdown(json.loads(json.dumps(evidence.document(RECORD, SOURCES))))
    assert text.startswith("# Restore test test-1-001: PASSED\n")
    for wanted in ("42 rows", "1200 s", "14400 s", "restore-1", "b1", "it was not there", "Everything that the test made is gone"):
        assert wanted in text


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"restored": None, "measurements": (), "cleaned_up": None, "seconds": None}, "nothing was restored"),
        ({"cleaned_up": False, "leftovers": (MADE,), "left_because": ("access denied",)}, f"- {MADE}: access denied"),
        ({"origin": "aws", "cleaned_up": None, "reported": "FAILED"}, "AWS Backup deletes what it restored."),
        ({"test": "", "vault_label": ""}, "asked for by hand"),
        ({"next_at": None, "rto_seconds": None}, "nobody has declared one"),
    ],
)
def test_whatever_happened_is_told(changes, says):
    """Nothing restored, something left behind, restored by AWS, without a schedule."""
    assert says in evidence.markdown(evidence.document(record(**changes), SOURCES)).replace("\\", "")


def test_what_databases_say_can_not_change_the_page():
    """Pipes, line ends and markup in what was told stay text in their cell."""
    nasty = "a | b\n# PASSED <img src=x> `rm` [x](y)"
    told = measured(outcome=Outcome.FAILED, told=nasty)
    text = evidence.markdown(evidence.document(record(outcome=Outcome.FAILED, told=nasty, measurements=(told,)), SOURCES))
    assert len(re.findall(r"^# ", text, re.MULTILINE)) == 1
    assert "<img" not in text.replace("\\<img", "")
    (row,) = [line for line in text.splitlines() if line.startswith("| rows")]
    assert len(re.findall(r"(?<!\\)\|", row)) == 5
