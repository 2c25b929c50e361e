"""One twin for all conformance tests of a session, on a free port, and boto3 clients for it.

`twin.client("backup", region, account="333333333333")` acts with the keys of the seed's user in that account.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load
from strongroom.twin.state import Endpoint

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


def start(home: Path, seed: Path = SEED) -> Twin:
    """Start a twin of its own for a test that needs one."""
    keys = {user.account: (user.access_key, user.secret) for user in load(seed).users}
    return Twin(endpoint=process.up(home, 0, seed), home=home, keys=keys)


@pytest.fixture(scope="session")
def start_twin() -> Callable[..., Twin]:
    """`start_twin(home, seed)`, for tests that want a twin or a seed of their own; they call `process.down(home)`."""
    return start


@pytest.fixture(scope="session")
def twin(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Twin]:
    """The twin that all conformance tests share: make things with names of your own, and expect others' things beside them."""
    started = start(tmp_path_factory.mktemp("twin"))
    yield started
    process.down(started.home)


@pytest.fixture
def own_twin(tmp_path: Path) -> Iterator[Twin]:
    """A fresh twin for one test: 3 seconds, so only where the shared one won't do."""
    started = start(tmp_path)
    yield started
    process.down(started.home)
