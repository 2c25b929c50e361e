"""Validators as processes: what hangs is ended with its children, what breaks is unknown, plugins of others, commands and addresses."""

import http.server
import json
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore.credentials import Credentials

from strongroom.aws.sessions import Caller, Sessions
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.recovery import Endpoint, Measurement, Outcome, PointRef, Restored
from strongroom.domain.strategy import Login, Validation
from strongroom.errors import Stopped
from strongroom.validators.child import answer, request
from strongroom.validators.running import examine
from strongroom.validators.target import Target

PASSED, FAILED, UNKNOWN = Outcome.PASSED, Outcome.FAILED, Outcome.UNKNOWN
ACCOUNT, REGION = AccountId("222222222222"), Region("eu-west-1")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PASSWORD = "correct-horse-battery-staple"
PLUGIN = """
import ctypes, json, os, subprocess, sys, time
from strongroom.domain.recovery import Outcome
from strongroom.validators.target import Found

def balances(target, settings):
    print("to nobody"); print("to nobody", file=sys.stderr)
    return Found(outcome=Outcome.PASSED, told=f"{settings['currency']} of {target.source_arn}", measured={"sum": 42})

def raising(target, settings):
    raise ValueError(f"no balance with {target.opened().password()}\\nsecond line")

def hanging(target, settings):
    subprocess.Popen(["sleep", "600"])
    with open(target.path("pids"), "w") as file:
        file.write(f"{os.getpid()}")
    time.sleep(600)

def crashing(target, settings):
    ctypes.string_at(0)

def leaving(target, settings):
    os._exit(3)

def shouting(target, settings):
    return Found(outcome=Outcome.PASSED, told="x", measured={"all": "x" * 3_000_000})

def mistaken(target, settings):
    return True

def unserious(target, settings):
    return Found(outcome=Outcome.PASSED, told="x", measured={"at": object()})
"""
NAMES = ("balances", "raising", "hanging", "crashing", "leaving", "shouting", "mistaken", "unserious")


@pytest.fixture
def plugins(tmp_path, monkeypatch) -> None:
    """A package with validators, installed for the processes that examine."""
    site = tmp_path / "site"
    about = site / "ledger_validators-1.0.dist-info"
    about.mkdir(parents=True)
    (site / "ledger_validators.py").write_text(PLUGIN, encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: ledger-validators\nVersion: 1.0\n", encoding="utf-8")
    named = "".join(f"{name} = ledger_validators:{name}\n" for name in (*NAMES, "absent"))
    (about / "entry_points.txt").write_text(f"[strongroom.validators]\n{named}sql = ledger_validators:balances\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(site))
    monkeypatch.setenv("LEDGER_PASSWORD", PASSWORD)


def sessions() -> Sessions:
    caller = Caller(account=ACCOUNT, arn=f"arn:aws:iam::{ACCOUNT}:user/tester", region=REGION)
    return Sessions(botocore.session.Session(), Credentials("AKIATEST", "a-secret-key"), role="none", region=REGION, caller=caller)


def target(folder: Path, **changed: Any) -> Target:
    restored = Restored(
        resource_arn=f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1",
        type=ResourceType.EC2,
        account=ACCOUNT,
        region=REGION,
        job_id="job",
        endpoint=changed.pop("endpoint", None),
        encrypted=True,
        key_arn=None,
        started_at=NOON,
        completed_at=NOON,
    )
    point = PointRef(account=ACCOUNT, region=REGION, vault="local", arn="arn:p", created_at=NOON)
    login = Login(type=ResourceType.EC2, user="auditor", variable="LEDGER_PASSWORD", origin=BuiltIn())
    return Target(**{"restored": restored, "source_arn": "arn:source", "point": point, "login": login, "folder": folder, **changed})


def validation(name: str, **settings: Any) -> Validation:
    return Validation(type=ResourceType.EC2, validator=name, settings=json.dumps(settings), origin=BuiltIn())


def run(about: Target, name: str, **settings: Any) -> Measurement:
    """Examine as a test does, in a process."""
    return examine(about, [validation(name, **settings)], sessions())[-1]


def found(about: Target, name: str, **settings: Any) -> tuple[Outcome, str, dict[str, Any]]:
    """What the process of a validator answers to a request, without the time that a process takes."""
    told = answer(json.loads(request(about, name, settings, {})))
    return Outcome(told["outcome"]), told["told"], told["measured"]


@pytest.mark.usefixtures("plugins")
def test_a_validator_of_another_package_is_found_by_its_name(tmp_path):
    """It gets the target and its settings; what it prints goes nowhere, what it measures is kept."""
    measured = run(target(tmp_path), "balances", currency="EUR")
    assert (measured.validator, measured.outcome, measured.told) == ("balances", PASSED, "EUR of arn:source")
    assert measured.measured == {"sum": 42}


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("raising", "the validator failed: ValueError: no balance with ••• second line"),
        ("crashing", "its process died without an answer (killed by signal 11)"),
        ("leaving", "its process died without an answer (exit code 3)"),
        ("shouting", "answered with more than 1048576 bytes"),
        ("mistaken", "validator mistaken answered with bool: Found expected"),
        ("unserious", "the validator failed: TypeError: Object of type object is not JSON serializable"),
        ("balance", "no validator is called balance (did you mean balances?)"),
        ("absent", "the validator failed: AttributeError: module 'ledger_validators' has no attribute 'absent'"),
    ],
)
@pytest.mark.usefixtures("plugins")
def test_a_validator_that_breaks_is_unknown(tmp_path, name, told):
    """With its cause in one line, without a trace and without a password."""
    measured = run(target(tmp_path), name)
    assert (measured.outcome, measured.told[: len(told)]) == (UNKNOWN, told)
    assert PASSWORD not in repr(measured)
    assert measured.measured == {}


@pytest.mark.usefixtures("plugins")
def test_a_shipped_validator_can_not_be_replaced(tmp_path):
    """A package that calls its own one sql is not asked."""
    assert "has no endpoint" in run(target(tmp_path), "sql", query="SELECT true").told


@pytest.mark.usefixtures("plugins")
def test_a_validator_that_hangs_is_ended_with_its_children(tmp_path):
    """At its deadline, and the others are run all the same."""
    begun = time.monotonic()
    (_, hanging, command) = examine(
        target(tmp_path, deadline_seconds=6.0), [validation("hanging"), validation("command", run=["true"])], sessions()
    )
    assert (hanging.outcome, hanging.told) == (UNKNOWN, "did not end within 6 s and was ended")
    assert command.outcome is PASSED
    assert time.monotonic() - begun < 20
    assert alive(int((tmp_path / "pids").read_text())) == []


def test_a_command_has_a_deadline_of_its_own(tmp_path):
    """`deadline` of the settings is in minutes and counts instead of the test's."""
    about = target(tmp_path, deadline_seconds=0.001)
    assert run(about, "command", run=["true"], deadline=1).outcome is PASSED
    assert run(about, "command", run=["true"]).outcome is UNKNOWN


def alive(session: int) -> list[int]:
    """Processes of a session, waited for a moment until there are none."""
    ends = time.monotonic() + 5
    while (living := _of(session)) and time.monotonic() < ends:
        time.sleep(0.05)
    return living


def _of(session: int) -> list[int]:
    living = []
    for each in (entry for entry in Path("/proc").iterdir() if entry.name.isdigit()):
        with suppress(OSError):
            state, *numbers = (each / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            if int(numbers[2]) == session and state != "Z":
                living.append(int(each.name))
    return living


def until(there: Callable[[], bool], seconds: float = 20) -> None:
    ends = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < ends
        time.sleep(0.02)


@pytest.mark.usefixtures("plugins")
def test_a_run_that_is_stopped_ends_its_validator(tmp_path):
    """Soon, and with its children."""
    halt, pids = threading.Event(), tmp_path / "pids"
    waiter = threading.Thread(target=lambda: (until(lambda: pids.exists() and bool(pids.read_text())), halt.set()))
    waiter.start()
    with pytest.raises(Stopped, match="stopped while validator hanging ran"):
        examine(target(tmp_path), [validation("hanging")], sessions(), halt=halt)
    waiter.join()
    assert alive(int(pids.read_text())) == []


@pytest.mark.usefixtures("plugins")
def test_no_validator_outlives_a_run_that_is_killed(tmp_path):
    """The process that examines is killed and can't tidy up: its validator ends by itself."""
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from pathlib import Path; import test_validators_processes as t; "
        "t.run(t.target(Path(sys.argv[2])), 'hanging')"
    )
    runner = subprocess.Popen([sys.executable, "-c", program, str(Path(__file__).parent), str(tmp_path)])
    pids = tmp_path / "pids"
    until(lambda: pids.exists() and bool(pids.read_text()))
    runner.kill()
    runner.wait()
    assert alive(int(pids.read_text())) == []


@pytest.mark.parametrize(
    ("command", "outcome", "told"),
    [
        (["sh", "-c", "echo 12 rows; exit 0"], PASSED, "sh ended with 0: 12 rows"),
        (["sh", "-c", "echo first; echo no rows >&2; exit 4"], FAILED, "sh ended with 4: no rows"),
        (["sh", "-c", "kill -9 $$"], UNKNOWN, "sh was killed by signal 9"),
        (["sh", "-c", "no-such-program-here"], UNKNOWN, "sh ended with 127, as a shell does that can't run something"),
        (["./look.sh"], UNKNOWN, "./look.sh can't be started in"),
        (
            ["sh", "-c", 'echo "$STRONGROOM_RESOURCE_ARN $STRONGROOM_ADDRESS:$STRONGROOM_PORT $STRONGROOM_USER"'],
            PASSED,
            "sh ended with 0: arn:",
        ),
        (["sh", "-c", 'test -z "$LEDGER_PASSWORD" && test -z "$PGPASSWORD"'], PASSED, "sh ended with 0"),
    ],
)
@pytest.mark.usefixtures("plugins")
def test_a_command_says_by_its_end_what_it_found(tmp_path, command, outcome, told):
    """0 passes, others fail; one that can't run or was killed is unknown. It knows what was restored, and no password."""
    endpoint = Endpoint(address="10.0.0.1", port=5432, engine="postgres", user="postgres")
    answered = found(target(tmp_path, endpoint=endpoint), "command", run=command)
    assert (answered[0], answered[1][: len(told)]) == (outcome, told)
    if "ADDRESS" in command[-1]:
        assert answered[1].endswith(f"arn:aws:ec2:{REGION}:{ACCOUNT}:instance/i-1 10.0.0.1:5432 auditor")


def test_a_command_is_looked_for_beside_the_strategy(tmp_path):
    """It runs in that folder, wherever the test was started."""
    (tmp_path / "checks").mkdir()
    program = tmp_path / "checks" / "look.sh"
    program.write_text('#!/bin/sh\necho "$1 in $(pwd)"\n', encoding="utf-8")
    program.chmod(0o755)
    assert (
        found(target(tmp_path), "command", run=["checks/look.sh", "--strict"])[1] == f"checks/look.sh ended with 0: --strict in {tmp_path}"
    )


@pytest.mark.usefixtures("plugins")
def test_a_command_gets_the_password_where_it_asks_for_it(tmp_path):
    """In the variable that the settings name; whatever it prints, the password is struck."""
    outcome, told, measured = found(target(tmp_path), "command", run=["sh", "-c", 'echo "it is $PGPASSWORD"'], password="PGPASSWORD")
    assert (outcome, told, measured["last_line"]) == (PASSED, "sh ended with 0: it is •••", "it is •••")


class Answers(http.server.BaseHTTPRequestHandler):
    """Answers by the path: a status, or health with a body."""

    def do_GET(self) -> None:
        status = int(self.path[1:4]) if self.path[1:4].isdigit() else 200
        self.send_response(status)
        self.end_headers()
        with suppress(OSError):
            self.wfile.write(b"ok: 1000 orders")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@contextmanager
def serving(context: ssl.SSLContext | None = None) -> Iterator[int]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    if context:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


@pytest.mark.parametrize(
    ("settings", "outcome", "told"),
    [
        ({"url": "http://{address}:{port}/health"}, PASSED, "/health answered 200 in "),
        ({"url": "http://{address}:{port}/health", "body": "[0-9]{4} orders"}, PASSED, "/health answered 200 in "),
        ({"url": "http://{address}:{port}/health", "body": "^1000"}, FAILED, "/health answered 200 without '^1000' in it"),
        ({"url": "http://{address}:{port}/503"}, FAILED, "/503 answered 503, 200 expected"),
        ({"url": "http://{address}:{port}/401", "status": [200, 401]}, PASSED, "/401 answered 401 in "),
    ],
)
def test_an_address_must_answer(tmp_path, monkeypatch, settings, outcome, told):
    """With the status and the text that are expected, and without a proxy of this machine in between."""
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    with serving() as port:
        about = target(tmp_path, endpoint=Endpoint(address="127.0.0.1", port=port))
        answered = found(about, "http", **{"status": [200], **settings})
    assert (answered[0], told in answered[1]) == (outcome, True), answered[1]


def test_an_address_that_does_not_answer(tmp_path):
    """Nobody who listens is failed; what can't be reached, or filled in, is unknown."""
    with socket.socket() as quiet:
        quiet.bind(("127.0.0.1", 0))
        port = quiet.getsockname()[1]
    about = target(tmp_path, endpoint=Endpoint(address="127.0.0.1", port=port))
    refused = found(about, "http", url="http://{address}:{port}/", status=[200])
    assert refused[:2] == (FAILED, f"http://127.0.0.1:{port}/ refuses connections: nobody listens")
    assert found(about, "http", url="http://restored.invalid/", status=[200])[0] is UNKNOWN
    with socket.create_server(("127.0.0.1", 0)) as silent:
        about = target(tmp_path, endpoint=Endpoint(address="127.0.0.1", port=silent.getsockname()[1]), deadline_seconds=0.5)
        assert found(about, "http", url="http://{address}:{port}/", status=[200])[1].endswith("can't be asked: took too long")


def test_a_certificate_counts_unless_it_is_said_not_to(tmp_path):
    """What was restored has the certificate of its source; trusting it, or not looking at it, has to be written."""
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=127.0.0.1"]
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "ca.pem"]
    subprocess.run([*made, *map(str, names)], check=True, stderr=subprocess.DEVNULL)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "ca.pem", tmp_path / "key.pem")
    with serving(context) as port:
        about = target(tmp_path, endpoint=Endpoint(address="127.0.0.1", port=port))
        asked = {"url": "https://{address}:{port}/", "status": [200]}
        assert found(about, "http", **asked)[0] is FAILED
        assert found(about, "http", **asked, ca="ca.pem")[0] is PASSED
        assert found(about, "http", **asked, verify=False)[0] is PASSED
