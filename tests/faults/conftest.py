"""The real command line in processes of its own, against a twin: what a person sees when something is wrong."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from tests import forked

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.state import Endpoint
from strongroom.twin.stem import Stem

SEED = Path(__file__).parent / "organization.yaml"
PROGRAM = str(Path(sys.executable).with_name("strongroom"))
SECONDS_MAX = 60  # nothing here may take longer
NOON = 12  # o'clock
ESCAPES = re.compile(r"\x1b")
# What differs between two twins that hold the same: random ids and instants.
MASKS = (
    (re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(\+00:00|Z)?"), "INSTANT"),
    (re.compile(r"[0-9a-f]{0,8}(-[0-9a-f]{4}){1,3}-[0-9a-f]{12}"), "UUID"),  # or its end, in names that were cut
    (re.compile(r"\bA[A-Z0-9]{19,20}\b"), "IAM"),
    (re.compile(r"\bp-[a-z0-9]{8,32}\b"), "POLICY"),
    (re.compile(r"\b[0-9a-f]{32,64}\b"), "HEX"),
    (re.compile(r"(?<=-)(?=[0-9]*[A-F])[0-9A-F]{12}\b"), "SUFFIX"),  # of names that CloudFormation makes
)
# How often and where somebody asked is no state of the organization, nor how often its owner was told to change it.
ASKED = frozenset({"polls_left", "last_used", "last_used_region", "generation", "_generation"})
EPOCH = 1e9  # seconds: larger numbers are instants
STRATEGY = """\
strongroom: 1
name: NAME
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333"}
  governs: [Workloads]
  opt_in: [dynamodb, s3]
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-2}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", keep: 30d, copy: {to: central, keep: 1y}}
"""

_MOTO = """\
import os, sys
from moto.server import ThreadedMotoServer

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
print(*server.get_host_and_port(), flush=True)
sys.stdin.read()
os._exit(0)
"""


@dataclass(frozen=True)
class Result:
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The one error and its help, as printed."""
        lines = [line for line in self.err.splitlines() if line.startswith(("error: ", "  help: "))]
        return "\n".join(lines)


@dataclass
class Shell:
    """A folder and an environment in which commands run; nothing of the machine's own AWS configuration is seen."""

    folder: Path
    env: dict[str, str] = field(default_factory=dict)

    def run(self, *arguments: str, stdin: int = subprocess.DEVNULL, timeout: float = SECONDS_MAX, **env: str) -> Result:
        """Run `strongroom` to its end; no traceback and no escape code may be seen, whatever happens."""
        done = forked.run(arguments, folder=self.folder, env=self._environment(env), stdin=stdin, seconds=timeout)
        result = Result(done.returncode, done.stdout.decode(), done.stderr.decode())
        assert "Traceback" not in result.out + result.err
        assert not ESCAPES.search(result.out + result.err)
        return result

    def start(self, *arguments: str, **env: str) -> "subprocess.Popen[bytes]":
        """Start `strongroom` and leave it running; Ctrl-C reaches it even where the tests themselves ignore it."""
        return subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=self.folder,
            env=self._environment(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - no threads before it
        )

    def write(self, name: str, text: str) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def strategy(self, name: str, *changes: tuple[str, str], file: str = "strategy.yaml") -> Path:
        """Write the strategy of these tests under a name of its own, with pieces replaced."""
        text = STRATEGY.replace("NAME", name)
        for old, new in changes:
            assert old in text
            text = text.replace(old, new)
        return self.write(file, text)

    def _environment(self, env: dict[str, str]) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STRONGROOM_HOME", "FORCE_COLOR"))}
        own = {
            "HOME": str(self.folder),
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "COLUMNS": "120",
        }
        return {**kept, **own, **self.env, **env}


@dataclass
class World:
    """A running twin, and a shell whose commands talk to it."""

    endpoint: Endpoint
    shell: Shell

    def writes(self, after: int = 0) -> list[dict[str, Any]]:
        """The writes that AWS carried out, in order."""
        return [call for call in control.calls(self.endpoint, after=after, write=True) if not call["error"]]

    def wait_for_noon(self) -> None:
        """Let the virtual clock come to the next noon, so that two worlds see the same hours."""
        _move_to(self.endpoint, hour=NOON)

    def wait_for_afternoon(self) -> None:
        """Let the virtual clock come to noon unless it is later: a night lies before the next noon, whenever the twin began."""
        if datetime.fromisoformat(control.clock(self.endpoint)["now"]).hour < NOON:
            self.wait_for_noon()

    def last_call(self) -> int:
        return max((call["number"] for call in control.calls(self.endpoint)), default=0)

    def fault(self, kind: str, **members: Any) -> None:
        control.add_fault(self.endpoint, kind, **members)

    def mend(self) -> None:
        control.clear_faults(self.endpoint)

    def hits(self) -> int:
        """How many calls the faults in force have spoilt."""
        return sum(fault["hits"] for fault in control.ask(self.endpoint, "GET", "faults")["faults"])

    def client(self, service: str, region: str = "eu-west-2", **credentials: str) -> Any:
        """A client of the management account, for somebody else who changes things by hand."""
        keys = credentials or {"aws_access_key_id": self.endpoint.access_key, "aws_secret_access_key": self.endpoint.secret}
        config = Config(retries={"total_max_attempts": 1})
        return boto3.client(service, region_name=region, endpoint_url=self.endpoint.url, config=config, **keys)


def _until(condition: Callable[[], Any], *, seconds: float = 30) -> Any:
    """Wait for something that another process does."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.02)
    return found


def _world(folder: Path, stem: Stem) -> World:
    endpoint = stem.grow(folder / "twin-home")
    return World(endpoint, Shell(folder, process.environment(endpoint)))


def _retire_policies(organizations: Any) -> None:
    """Remove the policies of other strategies than `base`, and what they delegate: AWS attaches ten to an OU at most."""
    document = json.loads(organizations.describe_resource_policy()["ResourcePolicy"]["Content"])
    kept = [each for each in document["Statement"] if each["Sid"].startswith("StrongroomBase")]
    organizations.put_resource_policy(Content=json.dumps({**document, "Statement": kept}))
    for policy in organizations.list_policies(Filter="BACKUP_POLICY")["Policies"]:
        if not policy["Name"].startswith("base-"):
            for target in organizations.list_targets_for_policy(PolicyId=policy["Id"])["Targets"]:
                organizations.detach_policy(PolicyId=policy["Id"], TargetId=target["TargetId"])
            organizations.delete_policy(PolicyId=policy["Id"])


def _end_state(endpoint: Endpoint, *, settled: bool = False) -> list[str]:
    """Return the lines of a twin's dump with ids and instants masked; members of mappings in the order of what they hold.

    The clock moves to two o'clock first: until then AWS Backup makes the plans of a policy that was just attached, and alarms are
    evaluated. `settled`: it has been moved there before.
    """
    if not settled:
        _move_to(endpoint, hour=14)
    return json.dumps(_masked(control.dump(endpoint)), indent=0).splitlines()


def _move_to(endpoint: Endpoint, *, hour: int) -> None:
    """Let the virtual clock come to a full hour, of the same day if that is not over."""
    now = datetime.fromisoformat(control.clock(endpoint)["now"])
    then = now.replace(hour=hour, minute=0, second=0, microsecond=0)
    control.move_clock(endpoint, to=(then if then > now else then + timedelta(days=1)).isoformat())


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted(([_text(key), _masked(item)] for key, item in value.items() if key not in ASKED), key=json.dumps)
    if isinstance(value, list):
        return [_masked(item) for item in value]
    if isinstance(value, float) and value > EPOCH:
        return "INSTANT"
    return _text(value) if isinstance(value, str) else value


def _text(text: str) -> str:
    for pattern, name in MASKS:
        text = pattern.sub(name, text)
    return text


@pytest.fixture(scope="module")
def moto() -> Iterator[tuple[str, int]]:
    """Where a plain moto listens, in a process of its own: its state belongs to the process, and it leaves files open."""
    line = [sys.executable, "-W", "ignore", "-c", _MOTO]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        host, port = server.stdout.readline().split()
        yield host, int(port)
        server.stdin.close()  # which it waits for


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell without credentials."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def stem(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stem]:
    """The organization of these tests, seeded once; each twin is a fork of it, which takes 50 ms instead of seconds."""
    with Stem(tmp_path_factory.mktemp("stem"), seed=SEED) as made:
        yield made


@pytest.fixture(scope="session")
def shared_world(tmp_path_factory: pytest.TempPathFactory, stem: Stem) -> Iterator[World]:
    """One twin for the tests that leave it as it was, or that use strategies with names of their own; `base` is deployed on it."""
    world = _world(tmp_path_factory.mktemp("faults"), stem)
    world.shell.strategy("base")
    assert world.shell.run("apply", "--yes").code == 0
    yield world
    process.down(world.shell.folder / "twin-home")


@pytest.fixture
def world(shared_world: World, tmp_path: Path) -> Iterator[World]:
    """The shared twin and a folder of the test's own; faults and policies are cleared afterwards."""
    yield World(shared_world.endpoint, Shell(tmp_path, dict(shared_world.shell.env)))
    control.clear_faults(shared_world.endpoint)
    _retire_policies(shared_world.client("organizations"))


@pytest.fixture(scope="session")
def synced_world(shared_world: World) -> World:
    """The folder of the shared twin, in which `base` is deployed and a first snapshot was taken."""
    assert shared_world.shell.run("sync").code == 0
    return shared_world


@pytest.fixture
def own_world(tmp_path: Path, stem: Stem) -> Iterator[World]:
    """A twin for one test, in which nothing was ever applied."""
    world = _world(tmp_path, stem)
    yield world
    process.down(tmp_path / "twin-home")


@pytest.fixture(scope="session")
def fresh_world(stem: Stem) -> Callable[[Path], AbstractContextManager[World]]:
    """A function whose context is a twin of one's own, for as long as it lasts; it takes a folder."""

    @contextmanager
    def start(folder: Path) -> Iterator[World]:
        world = _world(folder, stem)
        try:
            yield world
        finally:
            process.down(folder / "twin-home")

    return start


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """`until(condition)` waits for something that another process does."""
    return _until


@pytest.fixture(scope="session")
def end_state() -> Callable[..., list[str]]:
    """A function: `end_state(endpoint)` is the whole state of a twin, to be compared with another one's."""
    return _end_state
