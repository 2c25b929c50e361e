"""`strongroom lock rehearse` on the command line: exit codes, and one clear message for bad input."""

import json
from functools import partial
from pathlib import Path

import pytest

STRATEGY = Path(__file__).parents[2] / "golden" / "forecast" / "busy-week" / "strategy.yaml"


@pytest.fixture
def rehearse(verb):
    """Run the verb and return (exit code, output, errors)."""
    return partial(verb, "lock", "rehearse", STRATEGY, "--from", "2027-01-01")


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 1, "1 rule or copy action fails under 1 lock"),
        (("--vault", "central"), 1, "compliance, 7d to 180d"),
        (("--vault", "central", "--max", "1y"), 0, "compliance, 7d to 366d"),
        (("--vault", "dr", "--min", "1d", "--mode", "governance"), 0, "nothing is committed"),
        (("--vault", "local", "--min", "7d"), 1, "fails       backup production.hourly"),
    ],
)
def test_jobs_that_would_fail_exit_with_1(rehearse, arguments, code, words):
    """Declared and made-up locks alike."""
    found, output, errors = rehearse(*arguments)
    assert (found, errors) == (code, "")
    assert words in output


def test_json_of_a_rehearsal_has_its_format_version(rehearse):
    """The failing jobs are counted at the top."""
    code, output, _ = rehearse("--format", "json")
    found = json.loads(output)
    assert (code, found["format_version"], found["failing_jobs"]) == (1, 1, 1)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--vault", "centrel"), "did you mean central?"),
        (("--vault", "dr"), "vault dr declares no lock"),
        (("--min", "7d"), "a lock was given without a vault"),
        (("--vault", "dr", "--min", "7"), "'7' is not a duration"),
        (("--vault", "dr", "--min", "0d"), "MinRetentionDays is 0, 1 at least"),
        (("--vault", "dr", "--min", "9d", "--max", "8d"), "MaxRetentionDays is 8, below MinRetentionDays 9"),
        (("--vault", "dr", "--max", "36501d"), "36500 at most"),
        (("--vault", "dr", "--max", "999999999y"), "36500 at most"),
        (("--vault", "dr", "--min", "7d", "--grace", "3d"), "a governance lock has no grace time"),
        (("--vault", "dr", "--min", "7d", "--mode", "compliance", "--grace", "2d"), "ChangeableForDays is 2, 3 to 36500 allowed"),
        (("--vault", "dr", "--mode", "hard"), "hard"),
    ],
)
def test_bad_input_to_a_rehearsal_is_one_clear_message(rehearse, arguments, words):
    """Exit code 2, what is wrong, and nothing else."""
    code, output, errors = rehearse(*arguments)
    assert (code, output) == (2, "")
    assert words in errors


def test_without_a_snapshot_the_ledger_can_not_tell(rehearse):
    """Exit code 3 and what to run."""
    code, _, errors = rehearse("--ledger")
    assert code == 3
    assert "strongroom sync" in errors
