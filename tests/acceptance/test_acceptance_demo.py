"""`strongroom demo`: the first thing a stranger runs."""

import json
import socket
import uuid
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SECONDS_MAX = 45
MARK = "STRONGROOM_ACCEPTANCE_MARK"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    """The demo's answer and its folder; the marked environment shows which processes are its own."""
    from tests.acceptance.conftest import Shell

    folder = tmp_path_factory.mktemp("demo")
    (folder / "tmp").mkdir()
    mark = uuid.uuid4().hex
    shell = Shell(
        folder, {MARK: mark, "TMPDIR": str(folder / "tmp"), "AWS_ACCESS_KEY_ID": "AKIAUSERSOWNKEY00001", "AWS_PROFILE": "users-own"}
    )
    return shell.strongroom("demo"), folder, mark


@pytest.fixture(scope="module")
def report(demo):
    _, folder, _ = demo
    return json.loads((folder / "demo-report.json").read_text(encoding="utf-8"))


def test_the_demo_is_quick(report):
    """The demo takes less than 45 seconds once installed."""
    assert report["seconds"] < SECONDS_MAX


def test_the_demo_names_what_was_planted(demo, report):
    """Three planted faults in the report and on the terminal, nothing unknown, one healthy and one broken resource proven."""
    answer, _, _ = demo
    assert {fault["failure_mode"] for fault in report["verify"]["faults"]} == {"FM01", "FM09", "FM10"}
    assert report["verify"]["chains"]["unknown"] == 0
    assert all(mode in answer.out for mode in ("FM01", "FM09", "FM10"))
    assert [act["name"] for act in report["acts"]] == ["start_twin", "check", "apply", "let_time_pass", "test", "verify", "prove"]
    states = {name: {link["state"] for chain in each["chains"] for link in chain["links"]} for name, each in report["prove"].items()}
    assert "broken" not in states["healthy"]
    assert "broken" in states["broken"]


def test_the_demo_proves_one_chain_to_the_rows_that_are_back(report):
    """A real PostgreSQL was restored beside itself and asked; what was restored is gone, and its chain ends in `restored`."""
    (record,) = report["test"]["records"]
    assert (record["outcome"], record["cleaned_up"], report["test"]["exit_code"]) == ("passed", True, 0)
    assert {each["validator"]: each["outcome"] for each in record["measurements"]} == dict.fromkeys(
        ("connection", "encryption", "sql"), "passed"
    )
    healthy = report["prove"]["healthy"]
    assert healthy["arn"] == record["resource_arn"]
    links = {link["name"]: link["state"] for link in healthy["chains"][0]["links"]}
    assert (links["restorable"], links["restored"]) == ("proven", "proven")
    assert report["clock"]["markers"] == 9


def test_the_demo_has_the_promised_organization(report):
    """At least eleven accounts and sixty resources; ninety days of jobs."""
    assert report["twin"]["accounts"] >= 11
    assert report["twin"]["resources"] >= 60
    assert report["clock"]["counts"]["expired"] > 1000


def test_the_demo_leaves_nothing_running(demo, report):
    """No process of the demo's is left, nothing listens on its port, its temporary folder is gone, the report is the only file."""
    _, folder, mark = demo
    assert _marked(mark) == []
    with (
        pytest.raises(ConnectionRefusedError),
        socket.create_connection(("127.0.0.1", urlsplit(report["twin"]["endpoint"]).port), timeout=2),
    ):
        pass
    assert list((folder / "tmp").iterdir()) == []
    assert sorted(path.name for path in folder.iterdir()) == ["demo-report.json", "tmp"]


def _marked(mark: str) -> list[str]:
    """Processes whose environment has the mark; none where the system doesn't show environments."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except OSError:
            continue
    return found


def test_a_report_that_cannot_be_written_stops_the_demo_first(shell):
    """The demo doesn't work for a minute to fail at the end."""
    assert "can't write" in shell.strongroom("demo", "--report", "no/such/folder/report.json", code=2).err
