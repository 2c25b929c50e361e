"""A twin with a strategy deployed over the wire, for tests that plant faults and ask what `verify` says about them.

Everything goes the way a user's calls go: a twin in a process of its own, `strongroom.api` with the SDK's environment
variables, and boto3 with the keys of a user for those who break things.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from strongroom.api.plan import apply, plan
from strongroom.api.sync import sync
from strongroom.api.verify import verify
from strongroom.proof import Fault, Verification
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load
from strongroom.twin.state import Endpoint


def _nobody_listens(*_: object) -> None:
    """What hears of progress in tests."""


@dataclass
class World:
    """A running twin and the strategy in its folder."""

    folder: Path  # strategy.yaml and organization.yaml
    home: Path
    endpoint: Endpoint
    _reads: int = 0
    _clients: dict[tuple[str, str, str], Any] = field(default_factory=dict)

    @property
    def strategy(self) -> Path:
        return self.folder / "strategy.yaml"

    def deploy(self) -> None:
        """Plan and apply."""
        with _as_sdk_reads(process.environment(self.endpoint)):
            made = plan(self.strategy)
            assert made.plan is not None, made.findings
            done = apply(made, made.plan, home=self.home, accept_locks=made.plan.locks, on_step=_nobody_listens)
            assert done.shortfalls == ()

    def let_pass(self, days: int) -> None:
        """Let some days pass, to noon: no run of a rule is near, so nothing happens by itself while a test looks on."""
        now = datetime.fromisoformat(control.clock(self.endpoint)["now"])
        noon = (now + timedelta(days=days)).replace(hour=12, minute=0, second=0, microsecond=0)
        control.move_clock(self.endpoint, to=noon.isoformat())

    def verify(self, home: Path | None = None) -> Verification:
        """Sync and verify; with a ledger of its own where none is given, so that what was seen before plays no part."""
        if home is None:
            self._reads += 1
            home = self.home / f"read-{self._reads}"
        with _as_sdk_reads(process.environment(self.endpoint)):
            synced = sync(self.strategy, home=home, on_progress=_nobody_listens)
        assert synced.unread == ()
        return verify(self.strategy, home=home)

    def client(self, service: str, account: str, region: str) -> Any:
        """A client with the keys of the seed's user in an account, else with those of the read role, which may do everything here."""
        place = (service, account, region)
        if place not in self._clients:
            self._clients[place] = _client(self, service, region, **self._keys(account))
        return self._clients[place]

    def _keys(self, account: str) -> dict[str, str]:
        seed = load(self.folder / "organization.yaml")
        user = next((user for user in seed.users if user.account == account), None)
        if user:
            return {"aws_access_key_id": user.access_key, "aws_secret_access_key": user.secret}
        role = f"arn:aws:iam::{account}:role/{seed.roles[0].name}"
        sts = self.client("sts", seed.management.id, seed.home_region)
        credentials = sts.assume_role(RoleArn=role, RoleSessionName="test")["Credentials"]
        return {
            "aws_access_key_id": credentials["AccessKeyId"],
            "aws_secret_access_key": credentials["SecretAccessKey"],
            "aws_session_token": credentials["SessionToken"],
        }


def _client(world: World, service: str, region: str, **credentials: str) -> Any:
    config = Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"})
    return boto3.client(service, region_name=region, endpoint_url=world.endpoint.url, config=config, **credentials)


@contextmanager
def _as_sdk_reads(variables: dict[str, str]) -> Iterator[None]:
    """The environment of a user who talks to a twin; the machine's own AWS configuration plays no part."""
    before = dict(os.environ)
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ |= {**variables, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
    try:
        yield
    finally:
        os.environ.clear()
        os.environ |= before


@contextmanager
def _deployed(home: Path, folder: Path, days: int, *, enforce_iam: bool) -> Iterator[World]:
    endpoint = process.up(home, 0, folder / "organization.yaml", enforce_iam=enforce_iam)
    world = World(folder=folder, home=home, endpoint=endpoint)
    try:
        world.deploy()
        if days:
            world.let_pass(days)
        yield world
    finally:
        process.down(home)


@pytest.fixture(scope="session")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path, int], Any]:
    """A context manager of (folder, days): a twin of the organization in a folder with its strategy applied, some days later.

    With `enforce_iam` its calls and jobs do only what policies allow.
    """
    return lambda folder, days, *, enforce_iam=False: _deployed(tmp_path_factory.mktemp("home"), folder, days, enforce_iam=enforce_iam)


def _told(fault: Fault) -> str:
    return f"{fault.finding.code} {fault.finding.failure_mode} {fault.finding.message} {fault.arns}"


@pytest.fixture(scope="session")
def told() -> Callable[[Verification], list[str]]:
    """`told(verification)`: its faults, a line each, for messages of asserts."""
    return lambda found: [_told(fault) for fault in found.faults]
