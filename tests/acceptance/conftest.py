"""The real command line against a twin server: what a user types, what comes back, which exit code."""

import json
import os
import shlex
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from tests import forked

from strongroom.twin import client as control
from strongroom.twin.state import Endpoint, read_state

EXAMPLE = Path(__file__).parents[2] / "examples" / "three-tiers"
SCRIPTS = Path(sysconfig.get_path("scripts"))
ACQUIRED = "131313131313"  # an account that a test moves into the governed OUs
DAYS = 10


@dataclass(frozen=True)
class Answer:
    """What a command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        document: dict[str, Any] = json.loads(self.out)
        assert document["format_version"] == 1
        return document


@dataclass
class Shell:
    """A user's shell in a folder; nothing of the machine's own AWS configuration or Strongroom state gets in."""

    folder: Path
    variables: Mapping[str, str] = field(default_factory=dict)

    def run(self, *command: str | Path, **variables: str) -> Answer:
        """Run a command of the virtual environment; nobody is at the terminal."""
        name, *arguments = map(str, command)
        environment = _bare() | dict(self.variables) | variables
        if name == "strongroom":
            done = forked.run(arguments, folder=self.folder, env=environment, seconds=120)
            answer = Answer(done.returncode, done.stdout.decode(), done.stderr.decode())
        else:
            answer = self._other(name, arguments, environment)
        assert "Traceback" not in answer.err, answer.err
        return answer

    def _other(self, name: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Answer:
        """Run a command that isn't ours."""
        program = str(SCRIPTS / name) if (SCRIPTS / name).exists() else name
        done = subprocess.run(
            [program, *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            timeout=120,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def strongroom(self, *arguments: str | Path, code: int = 0, **variables: str) -> Answer:
        """Run a verb and expect an exit code."""
        answer = self.run("strongroom", *arguments, **variables)
        assert answer.code == code, f"strongroom {shlex.join(map(str, arguments))} exits with {answer.code}: {answer.out}{answer.err}"
        return answer

    def at_home(self, home: Path) -> "Shell":
        """The same shell with another state folder."""
        return Shell(self.folder, {**self.variables, "STRONGROOM_HOME": str(home)})


def _bare() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "STRONGROOM_HOME"))}
    path = f"{SCRIPTS}{os.pathsep}{kept.get('PATH', '')}"
    return {
        **kept,
        "PATH": path,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


@dataclass
class Deployed:
    """A twin in which the example was deployed by the command line, and the calls that each verb made."""

    shell: Shell
    endpoint: Endpoint
    calls: dict[str, list[dict[str, Any]]]
    answers: dict[str, Answer]

    def watched(self, verb: str, *arguments: str | Path, code: int = 0, shell: Shell | None = None) -> tuple[Answer, list[dict[str, Any]]]:
        """Run a verb, and return its answer with the calls that reached the twin meanwhile."""
        before = control.calls(self.endpoint)
        after = before[-1]["number"] if before else 0
        answer = (shell or self.shell).strongroom(verb, *arguments, code=code)
        return answer, control.calls(self.endpoint, after=after)

    def wait_for_noon(self) -> None:
        """Let the virtual clock come to the next noon: which nights a test sees doesn't depend on the hour at which its twin began."""
        now = datetime.fromisoformat(control.clock(self.endpoint)["now"])
        noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
        control.move_clock(self.endpoint, to=(noon if noon > now else noon + timedelta(days=1)).isoformat())

    def role_client(self, service: str, account: str, region: str) -> Any:
        """A boto3 client in an account, through the role that may do everything there."""
        import boto3

        place = {"region_name": region, "endpoint_url": self.endpoint.url}
        keys = {"aws_access_key_id": self.endpoint.access_key, "aws_secret_access_key": self.endpoint.secret}
        if account == self.endpoint.account:
            return boto3.client(service, **place, **keys)
        role = {"RoleArn": f"arn:aws:iam::{account}:role/strongroom-read", "RoleSessionName": "test"}
        given = boto3.client("sts", **place, **keys).assume_role(**role)["Credentials"]
        session = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
        return boto3.client(service, **place, **session, aws_session_token=given["SessionToken"])


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """A shell in an empty folder, without any AWS."""
    return Shell(tmp_path)


@pytest.fixture(scope="session")
def shell_in() -> Callable[[Path], Shell]:
    """`shell_in(folder)`: a shell with a state folder of its own, for fixtures that live longer than a test."""
    return lambda folder: Shell(folder, {"STRONGROOM_HOME": str(folder / "home")})


@pytest.fixture(scope="session")
def exported_by() -> Callable[[str], dict[str, str]]:
    """`exported_by(lines)`: the variables that `twin env` exports."""
    return exported


@pytest.fixture(scope="session")
def example() -> Path:
    return EXAMPLE


def _seed() -> str:
    """The example's organization with one account more outside the governed OUs, and a table in it that production would take."""
    text = (EXAMPLE / "organization.yaml").read_text(encoding="utf-8")
    table = "{type: dynamodb, name: takings, account: acquired, items: 5, tags: {environment: prod}}"
    for anchor, added in (
        ('        log-archive: "444444444444"\n', f'        acquired: "{ACQUIRED}"\n'),
        ("resources:\n", f"  - {table}\n"),
    ):
        assert text.count(anchor) == 1
        text = text.replace(anchor, anchor + added)
    return text


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The example: twin up, whoami, plan, apply, ten days, sync; each by its verb, and the twin down at the end."""
    folder = tmp_path_factory.mktemp("three-tiers")
    shutil.copy(EXAMPLE / "strategy.yaml", folder)
    (folder / "organization.yaml").write_text(_seed(), encoding="utf-8")
    shell = Shell(folder, {"STRONGROOM_HOME": str(folder / "home")})
    shell.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0")
    try:
        endpoint = read_state(folder / "home")
        assert endpoint is not None
        shell.variables = {**shell.variables, **exported(shell.strongroom("twin", "env").out)}
        world = Deployed(shell=shell, endpoint=endpoint, calls={}, answers={})
        for verb, arguments in (("whoami", ()), ("plan", ("--out", "plan.json")), ("apply", ("--plan", "plan.json", "--yes"))):
            world.answers[verb], world.calls[verb] = world.watched(verb, *arguments)
        world.answers["clock"] = shell.strongroom("twin", "clock", "advance", f"{DAYS}d")
        world.answers["sync"], world.calls["sync"] = world.watched("sync")
        yield world
    finally:
        shell.strongroom("twin", "down")


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    """The example's organization on a twin of its own, in which nothing is deployed."""
    folder = tmp_path_factory.mktemp("fresh")
    shutil.copy(EXAMPLE / "organization.yaml", folder)
    shell = Shell(folder, {"STRONGROOM_HOME": str(folder / "home")})
    shell.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0")
    try:
        endpoint = read_state(folder / "home")
        assert endpoint is not None
        shell.variables = {**shell.variables, **exported(shell.strongroom("twin", "env").out)}
        yield Deployed(shell=shell, endpoint=endpoint, calls={}, answers={})
    finally:
        shell.strongroom("twin", "down")


def exported(lines: str) -> dict[str, str]:
    """The variables that `twin env` exports."""
    found = [line.removeprefix("export ").removesuffix(";") for line in lines.splitlines() if line.startswith("export ")]
    return {name: value for name, _, value in (line.partition("=") for line in found)}


@pytest.fixture(scope="session")
def writes() -> Callable[[list[dict[str, Any]]], list[str]]:
    """`writes(calls)`: the calls that could have changed something."""
    return lambda calls: [f"{call['service']}:{call['operation']}" for call in calls if call["write"]]
