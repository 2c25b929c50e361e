"""A pytest plugin: a local AWS organization for tests, seeded once a session and forked for each test that wants its own.

`aws_twin` is a fresh twin for one test, `aws_twin_session` one for all tests of a session. Nothing starts before a test asks for one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from strongroom.twin.state import Endpoint
    from strongroom.twin.stem import Stem

DEFAULT_SEED = """\
twin: 1
home_region: eu-west-1
regions: [eu-west-1, eu-central-1]
organization:
  management: {name: management, id: "111111111111"}
  units:
    Workloads:
      accounts: {workload: "222222222222"}
users:
  - {name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: test}
  - {name: admin, account: workload, access_key: AKIATWINWORKLOAD0001, secret: test}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsTwin:
    """A running twin as a test sees it."""

    endpoint: "Endpoint"
    keys: dict[str, tuple[str, str]]  # account id -> access key and secret of the seed's first user there

    @property
    def url(self) -> str:
        """What `endpoint_url` and AWS_ENDPOINT_URL take."""
        return self.endpoint.url

    @property
    def region(self) -> str:
        """The home Region of the seed."""
        return self.endpoint.region

    @property
    def account(self) -> str:
        """The management account."""
        return self.endpoint.account

    def environment(self, account: str = "") -> dict[str, str]:
        """Return the variables that make any AWS SDK or tool talk to this twin; as the management account unless one is named."""
        access_key, secret = self._key(account)
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": access_key,
            "AWS_SECRET_ACCESS_KEY": secret,
            "AWS_DEFAULT_REGION": self.region,
        }

    def client(self, service: str, region: str = "", account: str = "", **options: Any) -> Any:
        """Return a boto3 client, in the home Region and as the management account unless others are named."""
        import boto3

        access_key, secret = self._key(account)
        return boto3.client(
            service,
            region_name=region or self.region,
            endpoint_url=self.url,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            **options,
        )

    def advance(self, duration: str) -> dict[str, Any]:
        """Let time such as `90d` or `36h` pass, and return the new now with counts of what happened."""
        from strongroom.twin import client

        return client.move_clock(self.endpoint, advance=duration)

    @contextmanager
    def fault(self, kind: str, **members: Any) -> Iterator[int]:
        """Let something go wrong inside a `with`: `with aws_twin.fault("throttle", service="backup", rate=0.2): …`."""
        from strongroom.twin import client

        number = client.add_fault(self.endpoint, kind, **members)
        try:
            yield number
        finally:
            client.clear_faults(self.endpoint, number)

    def calls(self, *, write: bool | None = None) -> list[dict[str, Any]]:
        """Return the calls that the twin has answered, in order; `write` filters."""
        from strongroom.twin import client

        return client.calls(self.endpoint, write=write)

    def _key(self, account: str) -> tuple[str, str]:
        if account and account not in self.keys:
            raise KeyError(f"the seed has no user in account {account}, only in {', '.join(sorted(self.keys))}")
        return self.keys[account] if account else (self.endpoint.access_key, self.endpoint.secret)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a project name its seed in its configuration."""
    parser.addini("twin_seed", "seed file of the aws_twin fixtures, relative to the configuration file", default="")
    parser.addini("twin_enforce_iam", "let calls and jobs of the aws_twin fixtures do only what policies allow", type="bool", default=False)


@pytest.fixture(scope="session")
def twin_seed(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The seed file: `twin_seed` of the configuration, else an organization of two accounts; override it for one of your own."""
    named = str(pytestconfig.getini("twin_seed"))
    if named:
        return (pytestconfig.inipath.parent if pytestconfig.inipath else pytestconfig.rootpath) / named
    path = tmp_path_factory.mktemp("twin-seed") / "organization.yaml"
    path.write_text(DEFAULT_SEED, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def twin_stem(twin_seed: Path, pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator["Stem"]:
    """The seeded process that twins are forked from; it ends with the session, and they with it."""
    from strongroom.twin.stem import Stem

    enforced = bool(pytestconfig.getini("twin_enforce_iam"))
    with Stem(tmp_path_factory.mktemp("twin-stem"), seed=twin_seed, enforce_iam=enforced) as stem:
        yield stem


@pytest.fixture(scope="session")
def aws_twin_session(twin_stem: "Stem", twin_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsTwin]:
    """One twin for all tests of the session."""
    yield from _grown(twin_stem, twin_seed, tmp_path_factory.mktemp("twin"))


@pytest.fixture
def aws_twin(twin_stem: "Stem", twin_seed: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AwsTwin]:
    """A twin of its own for a test, as the seed made it."""
    yield from _grown(twin_stem, twin_seed, tmp_path_factory.mktemp("twin"))


def _grown(stem: "Stem", seed: Path, home: Path) -> Iterator[AwsTwin]:
    from strongroom.twin import process
    from strongroom.twin.seedfile import load

    keys: dict[str, tuple[str, str]] = {}
    for user in load(seed).users:
        keys.setdefault(user.account, (user.access_key, user.secret))
    endpoint = stem.grow(home)
    try:
        yield AwsTwin(endpoint=endpoint, keys=keys)
    finally:
        process.down(home)
