"""Control Tower's part in backups: planted one at a time, each fault is named, once, and nothing else is. Only with --long."""

import json
import random
import re
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import WORDS
from tests.detect.watched import Planted

from strongroom.errors import ExitCode
from strongroom.twin import client as control

pytestmark = pytest.mark.long
EXAMPLE = Path(__file__).parents[2] / "examples" / "landing-zone"
DRAWN = 5  # the seed of names and accounts
HOME, UNGOVERNED = "eu-west-2", "us-east-1"
MANAGEMENT, ADMIN, CENTRAL, AUDIT, PAYMENTS = (digit * 12 for digit in "12376")  # in the example's files
POLLS, WAIT_SECONDS = 100, 0.1


class Tower:
    """The example's landing zone under other names."""

    def __init__(self, seed: int) -> None:
        drawn = random.Random(seed)  # noqa: S311 - reproducible, not secret
        self.ids = {digit * 12: f"{drawn.randrange(10**11, 10**12)}" for digit in "1234567"}
        words = drawn.sample(WORDS, 4)
        self.names = dict(zip(("Workloads", "Prod", "Payments", "landing-zone"), words, strict=True))

    def write(self, folder: Path) -> None:
        """Write both files into a folder without restore tests, which nobody would validate, and what no bucket of the twin has set."""
        for name in ("organization.yaml", "strategy.yaml"):
            text = re.sub(r"restore_tests:.*?\n\n|native:.*", "", (EXAMPLE / name).read_text(encoding="utf-8"), flags=re.DOTALL)
            for old, new in (self.ids | self.names).items():
                text = text.replace(old, new)
            (folder / name).write_text(text, encoding="utf-8")

    def client(self, world: World, service: str) -> Any:
        """A client in the management account."""
        return world.client(service, self.ids[MANAGEMENT], HOME)

    def unit(self, world: World, name: str) -> str:
        """The ARN of an OU by its name in the example."""
        organizations = self.client(world, "organizations")
        todo = [organizations.list_roots()["Roots"][0]["Id"]]
        while todo:
            below = organizations.list_organizational_units_for_parent(ParentId=todo.pop())["OrganizationalUnits"]
            for unit in below:
                if unit["Name"] == self.names.get(name, name):
                    return str(unit["Arn"])
                todo.append(unit["Id"])
        raise AssertionError(f"no OU {name}")


Fault = Callable[[World, Tower], AbstractContextManager[Planted]]


@contextmanager
def baseline_disabled(world: World, it: Tower) -> Iterator[Planted]:
    """The backup baseline is disabled on the lowest OU."""
    tower, target = it.client(world, "controltower"), it.unit(world, "Payments")
    baseline = next(each["arn"] for each in tower.list_baselines()["baselines"] if each["name"] == "BackupBaseline")
    found = tower.list_enabled_baselines(filter={"baselineIdentifiers": [baseline], "targetIdentifiers": [target]})["enabledBaselines"][0]
    _ended(tower, tower.disable_baseline(enabledBaselineIdentifier=found["arn"]))
    yield Planted(code="VRF141", mode="FM24", says="the backup baseline is not enabled", about=it.names["Payments"])
    wanted = {"baselineIdentifier": baseline, "baselineVersion": found["baselineVersion"], "targetIdentifier": target}
    _ended(tower, tower.enable_baseline(**wanted))


@contextmanager
def account_moved(world: World, it: Tower) -> Iterator[Planted]:
    """An account was moved to the OU above, and has the baseline of the one that it was in."""
    organizations, account = it.client(world, "organizations"), it.ids[PAYMENTS]
    below, above = (it.unit(world, name).rpartition("/")[2] for name in ("Payments", "Prod"))
    organizations.move_account(AccountId=account, SourceParentId=below, DestinationParentId=above)
    yield Planted(code="VRF141", mode="FM24", says="the backup baseline has drifted: inheritance", about=it.names["Prod"])
    organizations.move_account(AccountId=account, SourceParentId=above, DestinationParentId=below)


@contextmanager
def shared_account_moved(world: World, it: Tower) -> Iterator[Planted]:
    """The audit account was moved out of the Security OU."""
    organizations, account = it.client(world, "organizations"), it.ids[AUDIT]
    home, away = organizations.list_parents(ChildId=account)["Parents"][0]["Id"], organizations.list_roots()["Roots"][0]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=home, DestinationParentId=away)
    yield Planted(code="VRF140", mode="FM24", says="the landing zone has drifted")
    organizations.move_account(AccountId=account, SourceParentId=away, DestinationParentId=home)


@contextmanager
def accounts_swapped(world: World, it: Tower) -> Iterator[Planted]:
    """The landing zone keeps central vaults in the administrator's account."""
    with _landing_zone(world, it) as manifest:
        backup = manifest["backup"]["configurations"]
        backup["centralBackup"], backup["backupAdmin"] = backup["backupAdmin"], backup["centralBackup"]
        _update(world, it, manifest)
        says = f"the landing zone keeps central vaults in account {it.ids[ADMIN]} and reports in account {it.ids[CENTRAL]}"
        yield Planted(code="VRF140", mode="FM24", says=says)


@contextmanager
def region_without_replica(world: World, it: Tower) -> Iterator[Planted]:
    """Somebody lets the landing zone govern a Region to which its key is not replicated."""
    with _landing_zone(world, it) as manifest:
        manifest["governedRegions"].append(UNGOVERNED)
        _update(world, it, manifest)
        yield Planted(code="VRF142", mode="FM24", says=f"the landing zone's key has no replica in {UNGOVERNED}")


FAULTS = (baseline_disabled, account_moved, shared_account_moved, region_without_replica, accounts_swapped)


@pytest.fixture(scope="module")
def drawn() -> Tower:
    return Tower(DRAWN)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """A landing zone ten days after its strategy was applied; each test repairs what it breaks."""
    folder = tmp_path_factory.mktemp("tower")
    drawn.write(folder)
    with deployed(folder, 0) as world:
        for mail in control.mail(world.endpoint):
            sns = world.client("sns", drawn.ids[CENTRAL], mail["topic_arn"].split(":")[3])
            sns.confirm_subscription(TopicArn=mail["topic_arn"], Token=mail["token"])
        world.let_pass(10)
        yield world


def test_a_landing_zone_is_healthy(healthy, told):
    """Before anything is planted nothing is found."""
    found = healthy.verify()
    assert told(found) == []
    assert found.exit_code is ExitCode.PROVEN


@pytest.mark.parametrize("fault", FAULTS, ids=lambda each: each.__name__)
def test_a_fault_is_named(healthy, drawn, told, fault):
    """Its code and failure mode, the words of its cause, and where it is."""
    with fault(healthy, drawn) as planted:
        found = healthy.verify()
    assert [(each.finding.code, each.finding.failure_mode) for each in found.faults] == [(planted.code, planted.mode)], told(found)
    assert planted.says in found.faults[0].finding.message
    assert planted.about in found.faults[0].finding.subject


def test_what_was_repaired_is_found_no_more(healthy, told):
    """After all of them nothing is left."""
    assert told(healthy.verify()) == []


@contextmanager
def _landing_zone(world: World, it: Tower) -> Iterator[dict[str, Any]]:
    """Yield the manifest to change; in the end the landing zone gets back what it had."""
    found = it.client(world, "controltower").get_landing_zone(landingZoneIdentifier=_zone(world, it))["landingZone"]
    yield json.loads(json.dumps(found["manifest"]))
    _update(world, it, found["manifest"])


def _update(world: World, it: Tower, manifest: dict[str, Any]) -> None:
    tower, zone = it.client(world, "controltower"), _zone(world, it)
    version = tower.get_landing_zone(landingZoneIdentifier=zone)["landingZone"]["version"]
    _ended(tower, tower.update_landing_zone(landingZoneIdentifier=zone, version=version, manifest=manifest), zone=True)


def _zone(world: World, it: Tower) -> str:
    return str(it.client(world, "controltower").list_landing_zones()["landingZones"][0]["arn"])


def _ended(tower: Any, started: dict[str, Any], *, zone: bool = False) -> None:
    ask, member = (tower.get_landing_zone_operation, "operationDetails") if zone else (tower.get_baseline_operation, "baselineOperation")
    for _ in range(POLLS):
        if ask(operationIdentifier=started["operationIdentifier"])[member]["status"] != "IN_PROGRESS":
            return
        time.sleep(WAIT_SECONDS)
    raise AssertionError("Control Tower does not end")
