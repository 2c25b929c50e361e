"""Small parts of the twin: durations, journal, faults, state file, client without a server."""

from datetime import timedelta
from pathlib import Path

import pytest

from strongroom.twin import process
from strongroom.twin.clock import duration, instant
from strongroom.twin.faults import ConnectionCut, Faults
from strongroom.twin.journal import Journal, is_write
from strongroom.twin.ports import ApiError
from strongroom.twin.state import STATE_FILE, Endpoint, read_state, write_state

ENDPOINT = Endpoint(
    url="http://127.0.0.1:4577", port=4577, pid=1, instance="i", account="111111111111", access_key="AKIA", secret="s", region="eu-west-2"
)


def test_durations() -> None:
    """Durations add up; a year is 365.25 days."""
    assert duration("1d12h") == timedelta(hours=36)
    assert duration("1y") == timedelta(days=365.25)


@pytest.mark.parametrize("text", ["", "90", "d", "1.5d", "-1d", "90 d", "1d!", None, 5, "1234567d"])
def test_nonsense_durations(text: object) -> None:
    """What isn't a duration is refused, with an example of one."""
    with pytest.raises(ApiError, match="something like 90d"):
        duration(text)


@pytest.mark.parametrize("text", ["", "tomorrow", "2027-01-01", "2027-01-01T00:00:00", None])
def test_nonsense_instants(text: object) -> None:
    """What isn't an instant with a zone is refused, with an example of one."""
    with pytest.raises(ApiError, match="2027-01-01T00:00:00Z"):
        instant(text)


@pytest.mark.parametrize(
    ("operation", "method", "write"),
    [
        ("GetBackupPlan", "GET", False),
        ("BatchGetItem", "POST", False),
        ("Query", "POST", False),
        ("AssumeRole", "POST", False),
        ("HeadBucket", "HEAD", False),
        ("SearchResources", "POST", False),
        ("PutItem", "POST", True),
        ("StartBackupJob", "PUT", True),
        ("Getaway", "POST", True),
        ("", "PUT", True),
        ("", "HEAD", False),
    ],
)
def test_writes_are_told_from_reads(operation: str, method: str, write: bool) -> None:  # noqa: FBT001
    """The name of the operation decides, or the HTTP method where nobody knows it."""
    assert is_write(operation, method) is write


def test_journal_numbers_go_on_after_clear() -> None:
    """Numbers are never used twice, so that `after` keeps its meaning."""
    journal = Journal()
    fields = {
        "at": "",
        "account": "",
        "region": "",
        "service": "",
        "operation": "",
        "principal": "",
        "status": 200,
        "error": "",
        "duration_ms": 0,
    }
    journal.record(write=True, **fields)
    journal.clear()
    journal.record(write=False, **fields)
    assert [each["number"] for each in journal.calls()] == [2]
    assert journal.calls(write=True) == []
    assert journal.calls(after=2) == []


def test_cut_counts_writes_only() -> None:
    """The cut comes after write N, once, or for all that follows with `times` 0."""
    faults = Faults()
    faults.add({"kind": "cut-after-write", "after": 2})
    for write in (False, True, False):
        faults.after(write=write)
    with pytest.raises(ConnectionCut):
        faults.after(write=True)
    faults.after(write=True)
    faults.clear()
    faults.add({"kind": "cut-after-write", "after": 1, "times": 0})
    faults.after(write=False)
    for write in (True, False, True):
        with pytest.raises(ConnectionCut):
            faults.after(write=write)


@pytest.mark.parametrize(
    "request_", [{}, {"kind": "x"}, {"kind": "silent-region", "how": "sulk"}, {"kind": "cut-after-write", "after": "2"}]
)
def test_wrong_faults(request_: dict[str, str]) -> None:
    """A fault that can't be understood is refused."""
    with pytest.raises(ApiError):
        Faults().add(request_)


def test_state_file_round_trip(tmp_path: Path) -> None:
    """What was written is read again; nothing else is beside it."""
    write_state(tmp_path, ENDPOINT)
    assert read_state(tmp_path) == ENDPOINT
    assert [path.name for path in (tmp_path / STATE_FILE).parent.iterdir()] == ["twin.json"]


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 2}', '{"format_version": 1, "pid": 1}', "\x00"])
def test_broken_state_file_is_no_twin(tmp_path: Path, text: str) -> None:
    """A state file that can't be read means that there is no twin."""
    (tmp_path / STATE_FILE).parent.mkdir()
    (tmp_path / STATE_FILE).write_text(text)
    assert read_state(tmp_path) is None
    assert process.down(tmp_path) is False


def test_missing_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the [twin] extra, `up` says how to install it."""
    from importlib import util

    from strongroom.errors import MissingExtra

    found = util.find_spec
    monkeypatch.setattr(util, "find_spec", lambda name: None if name == "moto" else found(name))
    with pytest.raises(MissingExtra) as caught:
        process.up(tmp_path, 0, tmp_path / "seed.yaml")
    assert caught.value.hint == "install it with: pip install 'strongroom[twin]'"
    assert list(tmp_path.iterdir()) == []
