"""A declared restore test is not there, or leaves a type out

Why:     Nothing restores what no restore-testing plan reaches: the test that the strategy declares proves nothing, and no job fails.
Fix:     Run strongroom apply: the StackSet and the stacks of the strategy's tests make the plans and their selections.
Limits:  A plan of any name counts that restores from the vault; that its selections mean the resources is for the link `restored`.
         What this release does not deploy is said by strongroom check.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.1)
Failure: FM26
"""

from collections.abc import Iterator, Sequence
from typing import Any

from strongroom.compiler.restore_tests import tested_types
from strongroom.domain.finding import Severity
from strongroom.domain.names import EVERY_ACCOUNT, ResourceType, vault_arn
from strongroom.domain.strategy import Vault
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.semantics.restoretesting import Algorithm, PointSelection, PointType, takes_vault

Place = tuple[str, str]  # account, Region
_Plan = tuple[str, PointSelection, set[str]]  # name, recovery points, types of its selections
_READ = ("restore_testing_plans", "restore_testing_selections")


@live("VRF155", severity=Severity.ERROR)
def restore_test_not_deployed(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look in each place of each test's vaults for a plan that restores from them."""
    estate, readings = judgement.estate, judgement.observed.readings
    impossible = {each.subject for each in estate.undeployed}
    tests = [test for test in estate.restore_tests if f"restore test {test.name}" not in impossible]
    vaults = {vault.label: vault for vault in estate.vaults}
    there = _plans(judgement)
    groups: dict[tuple[str, str, str, str], list[Place]] = {}
    for test in tests:
        for vault in (vaults[label] for label in test.vaults if label in vaults):
            for place in _places(judgement, vault):
                unread = [missing for subject in _READ if (missing := readings.missing(*place, subject))]
                yield from unread
                lack = "" if unread else _lacking(vault, place, there.get(place, ()), tested_types(estate, test))
                if lack:
                    groups.setdefault((test.name, vault.name, place[1], lack), []).append(place)
    for (test_name, name, region, lack), places in groups.items():
        yield _lack(test_name, name, region, lack, places)


def _places(judgement: Judgement, vault: Vault) -> Iterator[Place]:
    if vault.account is EVERY_ACCOUNT:
        yield from (place for place in judgement.scope.places if place[1] in vault.regions)
    else:
        yield from ((str(vault.account), str(region)) for region in vault.regions)


def _plans(judgement: Judgement) -> dict[Place, list[_Plan]]:
    types: dict[tuple[str, str, str], set[str]] = {}
    for row in judgement.snapshot.table("restore_testing_selections").to_pylist():
        types.setdefault((row["account_id"], row["region"], row["plan_name"]), set()).add(row["resource_type"])
    found: dict[Place, list[_Plan]] = {}
    for row in judgement.snapshot.table("restore_testing_plans").to_pylist():
        place = (row["account_id"], row["region"])
        found.setdefault(place, []).append((row["name"], points_of(row), types.get((*place, row["name"]), set())))
    return found


def points_of(row: dict[str, Any]) -> PointSelection:
    """Return which recovery points a restore-testing plan takes."""
    return PointSelection(
        algorithm=Algorithm(row["algorithm"] or Algorithm.LATEST),
        types=tuple(PointType(each) for each in row["recovery_point_types"]),
        include_vaults=tuple(row["vaults"]),
        exclude_vaults=tuple(row["excluded_vaults"]),
        window_days=row["window_days"] or 0,
    )


def _lacking(vault: Vault, place: Place, plans: Sequence[_Plan], kinds: Sequence[ResourceType]) -> str:
    arn = vault_arn(*place, vault.name)
    reaching = [(name, types) for name, points, types in plans if takes_vault(points, arn)]
    if not reaching:
        return "no restore-testing plan restores from"
    missing = [str(kind) for kind in kinds if not any(str(kind) in types for _, types in reaching)]
    return f"no selection of {', '.join(name for name, _ in reaching)} takes {', '.join(missing)} of" if missing else ""


def _lack(test: str, vault: str, region: str, lack: str, places: list[Place]) -> Lack:
    account = min(places)[0]
    return Lack(
        subject=f"restore test {test}",
        message=f"restore test {test}: {lack} vault {vault} in {region}",
        help="run strongroom apply",
        account_id=account,
        region=region,
        arn=vault_arn(account, region, vault),
        link=LinkName.RESTORED,
        count=len(places),
    )
