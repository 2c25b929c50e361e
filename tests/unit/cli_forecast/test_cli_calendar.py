"""`strongroom calendar` on the command line: formats, exit codes, one clear message for bad input."""

import json
from functools import partial
from pathlib import Path

import pytest

STRATEGY = Path(__file__).parents[2] / "golden" / "forecast" / "busy-week" / "strategy.yaml"


@pytest.fixture
def calendar(verb):
    """Run the verb and return (exit code, output, errors)."""
    return partial(verb, "calendar")


def test_lost_runs_alone_exit_with_0(calendar):
    """A calendar is an answer, not a check."""
    code, output, _ = calendar(STRATEGY, "--from", "2027-01-01", "--days", "2")
    assert code == 0
    assert "lost: rule nightly has the start window" in output


def test_json_has_its_format_version(calendar):
    """Instants are UTC, every run is there."""
    code, output, _ = calendar(STRATEGY, "--from", "2027-01-01", "--days", "1", "--format", "json")
    found = json.loads(output)
    assert (code, found["format_version"], found["verb"]) == (0, 1, "calendar")
    assert found["calendar"]["begin_at"] == "2027-01-01T00:00:00+00:00"
    assert len(found["calendar"]["runs"]) == 25


def test_from_is_read_in_the_time_zone_asked_for(calendar):
    """An instant without a zone is one of the reader's clock."""
    _, output, _ = calendar(STRATEGY, "--from", "2027-07-01", "--timezone", "Europe/London", "--days", "1", "--format", "json")
    assert json.loads(output)["calendar"]["begin_at"] == "2027-06-30T23:00:00+00:00"


def test_without_from_it_begins_now(calendar):
    """The machine's time is the default, in the command line only."""
    code, output, _ = calendar(STRATEGY, "--days", "1", "--format", "ics")
    assert code == 0
    assert output.startswith("BEGIN:VCALENDAR")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no-such.yaml",), "there is no no-such.yaml"),
        ((STRATEGY, "--from", "tomorrow"), "'tomorrow' is not an instant"),
        ((STRATEGY, "--from", "0001-01-01"), "outside the years 1970 to 2190"),
        ((STRATEGY, "--from", "9999-12-31T23:59:59-12:00"), "outside the years 1970 to 2190"),
        ((STRATEGY, "--timezone", "Europe/Londno"), "did you mean Europe/London?"),
        ((STRATEGY, "--timezone", "../../etc/passwd"), "is not an IANA time zone"),
        ((STRATEGY, "--timezone", ""), "is not an IANA time zone"),
        ((STRATEGY, "--days", "0"), "0 is not in the range"),
        ((STRATEGY, "--days", "1000000"), "not in the range"),
        ((STRATEGY, "--format", "pdf"), "pdf"),
    ],
)
def test_bad_input_is_one_clear_message(calendar, arguments, words):
    """Exit code 2, what is wrong, and nothing else."""
    code, output, errors = calendar(*arguments)
    assert (code, output) == (2, "")
    assert words in errors
