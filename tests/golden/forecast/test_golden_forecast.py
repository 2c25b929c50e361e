"""Calendar, rehearsal and comparison of a strategy that somebody read; `--update` rewrites the files."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WHEN = ("--from", "2027-03-22", "--days", "7")
CALENDAR = ("calendar", "strategy.yaml", *WHEN, "--timezone", "Europe/London")
RUN = "import sys; from strongroom.cli import app, main; app.VERBS.update(calendar='', policy='', lock=''); main()"
OUTPUTS = {
    "calendar.txt": (0, CALENDAR),
    "calendar.json": (0, (*CALENDAR, "--format", "json")),
    "calendar.html": (0, (*CALENDAR, "--format", "html")),
    "calendar.ics": (0, (*CALENDAR, "--format", "ics")),
    "rehearsal.txt": (1, ("lock", "rehearse", "strategy.yaml", *WHEN)),
    "rehearsal.json": (1, ("lock", "rehearse", "strategy.yaml", *WHEN, "--format", "json")),
    "diff.txt": (1, ("policy", "diff", "strategy.yaml", "changed.yaml")),
    "diff.json": (1, ("policy", "diff", "strategy.yaml", "changed.yaml", "--format", "json")),
    "effective.txt": (0, ("policy", "effective", "strategy.yaml", "--account", "555555555555", "--ou", "Workloads/Prod", "--explain")),
}


@pytest.mark.parametrize("name", OUTPUTS)
def test_output_of_the_forecast_verbs_is_what_was_reviewed(name, request):
    """Each output is the one that somebody read, to the byte, with its exit code."""
    code, arguments = OUTPUTS[name]
    folder = HERE / "busy-week"
    done = subprocess.run(
        [sys.executable, "-c", RUN, *arguments], cwd=folder, capture_output=True, check=False, env={**os.environ, "TZ": "UTC"}
    )
    assert (done.returncode, done.stderr.decode()) == (code, "")
    if request.config.getoption("--update"):
        (folder / name).write_bytes(done.stdout)
    assert done.stdout == (folder / name).read_bytes()
