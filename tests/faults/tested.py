"""An organization whose restores are tested: a twin some days after its first backups, a ledger, and a clock that goes on by itself."""

import os
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from tests.faults.conftest import Result, Shell, World

from strongroom import ledger
from strongroom.api import test as api
from strongroom.domain.recovery import TestRecord
from strongroom.errors import ExitCode
from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.state import Endpoint
from strongroom.workflows.testing import Tested

HOME = "eu-west-2"
SHOP, CENTRAL = "555555555555", "333333333333"
TABLE = f"arn:aws:dynamodb:{HOME}:{SHOP}:table/orders"
BUCKET = "arn:aws:s3:::tested-papers"
TRUE = {"command": {"run": [sys.executable, "-c", "pass"]}}
FALSE = {"command": {"run": [sys.executable, "-c", "raise SystemExit(1)"]}}

SEED: dict[str, Any] = {
    "twin": 1,
    "home_region": HOME,
    "regions": [HOME],
    "organization": {
        "management": {"name": "management", "id": "111111111111"},
        "units": {
            "Security": {"accounts": {"central-backup": CENTRAL}},
            "Workloads": {"accounts": {"shop": SHOP}},
        },
    },
    "users": [
        {"name": "admin", "account": "management", "access_key": "AKIATWINMANAGEMENT01", "secret": "local-management"},
        {"name": "shop-admin", "account": "shop", "access_key": "AKIATWINSHOP00000001", "secret": "local-shop"},
        {"name": "central-admin", "account": "central-backup", "access_key": "AKIATWINCENTRAL00001", "secret": "local-central"},
    ],
    "roles": [
        {"name": "strongroom-read", "accounts": "all", "trusts": ["management"]},
        {"name": "strongroom-deploy", "accounts": "all", "trusts": ["management"]},
    ],
    "resources": [
        {"type": "dynamodb", "name": "orders", "account": "shop", "items": 3, "tags": {"environment": "prod"}},
        {"type": "s3", "name": "tested-papers", "account": "shop", "items": 3, "tags": {"environment": "prod"}},
    ],
}
STRATEGY: dict[str, Any] = {
    "strongroom": 1,
    "name": "tested",
    "organization": {
        "home_region": HOME,
        "regions": [HOME],
        "accounts": {"management": "111111111111", "backup_admin": CENTRAL, "central": CENTRAL},
        "governs": ["Workloads"],
        "opt_in": ["dynamodb", "s3", "rds"],
    },
    "vaults": {"local": {"in": "every-account"}, "central": {"in": "central", "region": HOME}},
    "plans": {
        "production": {
            "select": {"tags": {"environment": "prod"}},
            "rules": {"daily": {"at": "02:00", "keep": "30d", "copy": {"to": "central", "keep": "1y"}}},
        }
    },
    "objectives": [{"select": {"tags": {"environment": "prod"}}, "rto": "4h"}],
}
WEEKLY: dict[str, Any] = {
    "at": "Sunday 10:00",
    "select": {"tags": {"environment": "prod"}, "types": ["dynamodb"]},
    "from": ["local"],
    "within": "7d",
    "validate": {"dynamodb": [TRUE]},
}


def strategy(tests: dict[str, Any], **changes: Any) -> str:
    """Return the text of a strategy with restore tests."""
    return yaml.safe_dump({**STRATEGY, "restore_tests": tests, **changes}, sort_keys=False)


@dataclass
class Scene(World):
    """A shell in a folder with a strategy and a ledger, against the shared twin."""

    @property
    def home(self) -> Path:
        return self.shell.folder / ".strongroom"

    def declare(self, **weekly: Any) -> None:
        """Write a strategy whose only restore test is `weekly`, changed."""
        self.shell.write("strategy.yaml", strategy({"weekly": {**WEEKLY, **weekly}}))

    def test(self, *arguments: str, **env: str) -> Result:
        """Run `strongroom test --yes`."""
        return self.shell.run("test", "--yes", *arguments, **env)

    def run(self, **how: Any) -> tuple[Tested, ExitCode]:
        """Test in this process, as a program does; returns what came of it and the exit code that the command line would have."""
        with self.as_a_user():
            prepared = api.prepare(self.shell.folder / "strategy.yaml", home=self.home, **how)
            done = api.run(prepared, on_progress=lambda _done, _total, _what: None)
        return done, api.exit_code(done.records, done.untested)

    @contextmanager
    def as_a_user(self) -> Iterator[None]:
        """The environment of a user who talks to the twin; the machine's own AWS configuration plays no part."""
        before = dict(os.environ)
        for name in [name for name in os.environ if name.startswith(("AWS_", "STRONGROOM_HOME"))]:
            del os.environ[name]
        os.environ |= {**self.shell.env, "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        try:
            yield
        finally:
            os.environ.clear()
            os.environ |= before

    def restores(self, run_id: str, account: str = SHOP) -> list[str]:
        """The ids of the restore jobs that a run of tests has begun."""
        jobs = self.owner("backup", account).list_restore_jobs()["RestoreJobs"]
        return [each["RestoreJobId"] for each in jobs if run_id in each.get("CreatedResourceArn", "")]

    def owner(self, service: str, account: str = SHOP) -> Any:
        """A client of somebody who may do everything in an account."""
        keys = {SHOP: ("AKIATWINSHOP00000001", "local-shop"), CENTRAL: ("AKIATWINCENTRAL00001", "local-central")}[account]
        return self.client(service, HOME, aws_access_key_id=keys[0], aws_secret_access_key=keys[1])

    def records(self) -> tuple[TestRecord, ...]:
        return ledger.records(self.home)

    def there(self, account: str = SHOP) -> set[str]:
        """What tests have made and is there, by its name."""
        tables = self.owner("dynamodb", account).list_tables()["TableNames"]
        buckets = [each["Name"] for each in self.owner("s3", account).list_buckets()["Buckets"]]
        return {name for name in (*tables, *buckets) if name.startswith("strongroom-test-")}

    def started(self, after: int) -> list[str]:
        """The restores and copies that AWS began to carry out, and the deletions."""
        wanted = ("StartRestoreJob", "StartCopyJob", "DeleteTable", "DeleteBucket", "DeleteDBInstance")
        return [each["operation"] for each in self.writes(after) if each["operation"] in wanted]


@contextmanager
def ticking(endpoint: Endpoint, *, advance: str = "5m", seconds: float = 0.1) -> Iterator[None]:
    """Let the virtual clock go on while something waits for AWS."""
    over = threading.Event()

    def tick() -> None:
        while not over.wait(seconds):
            control.move_clock(endpoint, advance=advance)

    thread = threading.Thread(target=tick)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@contextmanager
def organization(
    folder: Path, *, tests: dict[str, Any], prepare: Callable[[Scene], None] | None = None, days: int = 2, **changes: Any
) -> Iterator[Scene]:
    """A twin with a strategy deployed and prepared, some days later at noon, synced."""
    (folder / "organization.yaml").write_text(yaml.safe_dump(SEED), encoding="utf-8")
    (folder / "strategy.yaml").write_text(strategy(tests, **changes), encoding="utf-8")
    endpoint = process.up(folder / "twin-home", 0, folder / "organization.yaml")
    try:
        world = Scene(endpoint, Shell(folder, process.environment(endpoint)))
        world.wait_for_afternoon()
        applied = world.shell.run("apply", "--yes")
        assert applied.code == 0, applied
        if prepare:
            prepare(world)
        for _ in range(days):
            world.wait_for_noon()
        synced = world.shell.run("sync")
        assert synced.code == 0, synced
        yield world
    finally:
        process.down(folder / "twin-home")


def room(shared: Scene, folder: Path) -> Scene:
    """Return a folder of one's own with the ledger of the shared one as it was synced, against the same twin."""
    shutil.copytree(shared.home / "ledger", folder / ".strongroom" / "ledger", ignore=shutil.ignore_patterns("tests"))
    mine = Scene(shared.endpoint, Shell(folder, dict(shared.shell.env)))
    mine.declare()
    return mine


def as_sdk_reads(endpoint: Endpoint) -> dict[str, str]:
    """Return the variables of a user who talks to the twin; the machine's own AWS configuration plays no part."""
    return {**process.environment(endpoint), "AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
