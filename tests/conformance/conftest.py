"""One twin for all conformance tests of a session, on a free port, and boto3 clients for it.

`twin.client("backup", region, account="333333333333")` acts with the keys of the seed's user in that account.
"""

import json
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from strongroom.errors import CouldNotVerify
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load
from strongroom.twin.state import Endpoint
from strongroom.twin.stem import Stem

SEED = Path(__file__).parent / "small-organization.yaml"


@dataclass
class Twin:
    """A running twin with clients; `endpoint` is what `strongroom.twin.client` and `process` take."""

    endpoint: Endpoint
    home: Path
    keys: dict[str, tuple[str, str]]  # account id -> access key and secret
    region: str = "eu-west-2"
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    def client(self, service: str, region: str | None = None, account: str = "111111111111") -> Any:
        """A client with the keys of the seed's user in `account`; no retries, so that errors are seen at once."""
        place = (service, region or self.region, account)
        if place not in self._clients:
            access_key, secret = self.keys[account]
            self._clients[place] = self.client_with(service, region, aws_access_key_id=access_key, aws_secret_access_key=secret)
        return self._clients[place]

    def client_with(self, service: str, region: str | None = None, **credentials: Any) -> Any:
        """A client with the given credentials; `config` may be among them."""
        config = Config(retries={"total_max_attempts": 1}, read_timeout=120).merge(credentials.pop("config", Config()))
        return boto3.client(service, region_name=region or self.region, endpoint_url=self.endpoint.url, config=config, **credentials)

    def advance(self, duration: str) -> dict[str, Any]:
        """Let time such as `90d` pass."""
        return control.move_clock(self.endpoint, advance=duration)

    def calls(self, **filters: Any) -> list[dict[str, Any]]:
        """The journal of wire calls."""
        return control.calls(self.endpoint, **filters)


def start(home: Path, seed: Path = SEED, stem: Stem | None = None) -> Twin:
    """Start a twin of its own for a test that needs one; forked from a stem of the same seed where there is one."""
    keys = {user.account: (user.access_key, user.secret) for user in load(seed).users}
    started = Twin(endpoint=stem.grow(home) if stem and seed == SEED else process.up(home, 0, seed), home=home, keys=keys)
    _RUNNING[started.endpoint.instance] = (started, 0)
    return started


# Which test calls which operation of AWS Backup, and how it was answered: read from the journals of the twins, kept in a file from
# which docs/reference/twin-coverage.md is made. A test that passes without a call that the file claims of it fails.
RECORD = Path(__file__).parent / "calls.json"
REAL = os.environ.get("STRONGROOM_AWS") == "1"  # a real account keeps no journal
NOISE = "test_twin_robust.py"  # its requests are random, so they say nothing
Claims = dict[str, dict[str, list[str]]]  # test -> operation -> outcomes: an error code, or "" for a success


def claimed_calls() -> Claims:
    """Return what the file claims."""
    claims: Claims = json.loads(RECORD.read_text(encoding="utf-8")) if RECORD.exists() else {}
    return claims


def outcomes(calls: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Return the outcomes of calls of AWS Backup by operation."""
    found: dict[str, set[str]] = {}
    for call in calls:
        if call["service"] == "backup" and call["operation"]:
            found.setdefault(call["operation"], set()).add(call["error"])
    return {operation: sorted(codes) for operation, codes in sorted(found.items())}


def missing(claimed: Mapping[str, list[str]], seen: Mapping[str, list[str]]) -> list[str]:
    """Return what is claimed of a test and was not seen."""
    return [
        f"{operation} ({code or 'done'})" for operation, codes in claimed.items() for code in codes if code not in seen.get(operation, ())
    ]


def write_down(seen: Claims) -> None:
    """Replace what the file claims of the tests that ran, and forget tests that are gone."""
    here = RECORD.parent
    kept = {test: claims for test, claims in claimed_calls().items() if _exists(here, test)} | seen
    text = json.dumps({test: claims for test, claims in sorted(kept.items()) if claims}, indent=1)
    RECORD.write_text(text + "\n", encoding="utf-8")


def _exists(here: Path, test: str) -> bool:
    name, _, function = test.partition("::")
    file = here / name
    return file.exists() and f"def {function.partition('[')[0]}(" in file.read_text(encoding="utf-8")


_RUNNING: dict[str, tuple[Twin, int]] = {}  # twins with the number of the last call that was looked at
_SEEN: Claims = {}


def _new_calls() -> list[dict[str, Any]]:
    """The calls that all running twins have answered since the last time."""
    found = []
    for instance, (twin, last) in list(_RUNNING.items()):
        try:
            calls = twin.calls(after=last)
        except CouldNotVerify:  # its test has stopped it
            del _RUNNING[instance]
            continue
        found += calls
        _RUNNING[instance] = (twin, calls[-1]["number"] if calls else last)
    return found


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note what a test that passed has called, while its twins still run; it fails when it lacks a call that the record claims."""
    outcome: Any = yield
    report = outcome.get_result()
    if REAL or Path(__file__).parent not in item.path.parents or item.path.name == NOISE:
        return
    if report.when == "teardown":
        _new_calls()  # who tidies up after a test proves nothing, and nobody knows which test comes next
    if report.when != "call":
        return
    test = f"{item.path.relative_to(Path(__file__).parent)}{item.nodeid.removeprefix(item.nodeid.partition('::')[0])}"
    seen = outcomes(_new_calls())
    if not report.passed:
        return
    _SEEN[test] = seen
    lacking = [] if item.config.getoption("--update") else missing(claimed_calls().get(test, {}), seen)
    if lacking:
        report.outcome = "failed"
        report.longrepr = f"calls.json claims of this test what it didn't do: {', '.join(lacking)}; run it with --update"


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With --update, write down what was called; in one process, so without -n."""
    if session.config.getoption("--update") and _SEEN and not hasattr(session.config, "workerinput"):
        write_down(_SEEN)


@pytest.fixture(scope="session")
def stem(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stem]:
    """The small organization, seeded once; each twin of these tests is a fork of it, which takes 50 ms instead of seconds."""
    with Stem(tmp_path_factory.mktemp("stem"), seed=SEED) as made:
        yield made


@pytest.fixture(scope="session")
def start_twin(stem: Stem) -> Callable[..., Twin]:
    """`start_twin(home, seed)`, for tests that want a twin or a seed of their own; they call `process.down(home)`."""
    return lambda home, seed=SEED: start(home, seed, stem)


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory, stem: Stem) -> Iterator[Twin]:
    """The twin that all conformance tests share: make things with names of your own, and expect others' things beside them."""
    started = start(tmp_path_factory.mktemp("twin"), stem=stem)
    yield started
    process.down(started.home)


@pytest.fixture
def own_twin(tmp_path: Path, stem: Stem) -> Iterator[Twin]:
    """A fresh twin for one test."""
    started = start(tmp_path, stem=stem)
    yield started
    process.down(started.home)
