"""Tests that somebody asks for by hand: from which vaults, how examined, and what can't be tested."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.unit.proof.tested import WEEKLY

from strongroom.api.byhand import ANY_AGE_DAYS, Asked, by_hand
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Login, Objective, Pick, RestoreOverride, Validation
from strongroom.errors import BadInput, CouldNotVerify

SOURCE = Path(__file__).parents[2] / "detect" / "synthetic" / "conftest.py"
EVERY_TABLE = replace(WEEKLY.select, types=(ResourceType.DYNAMODB,))


@pytest.fixture(scope="module")
def world():
    """The healthy organization of the tests of detection: three tiers in two Regions."""
    specification = importlib.util.spec_from_file_location("synthetic_for_tests_by_hand", SOURCE)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module.Builder(1, 5).build()


@pytest.fixture(scope="module")
def snapshot(world, tmp_path_factory):
    return world.write(tmp_path_factory.mktemp("ledger"))


def asked(world, *vaults, validators=(), arn="", copy_back=False):
    return Asked(arn=arn or world.resource()["arn"], vaults=vaults, validators=validators, copy_back=copy_back)


def subjects(world, snapshot, wish, **estate):
    return list(by_hand(wish, replace(world.estate, **estate), snapshot, Path()))


def places(found):
    return {(each.vault_label, each.account, each.region, each.vault) for each in found}


def test_without_a_vault_all_that_hold_recovery_points_of_it_are_tested(world, snapshot):
    """As the ledger has seen them: the newest recovery point of each, however old."""
    found = subjects(world, snapshot, asked(world))
    table = world.resource()
    labels = {vault.name: vault.label for vault in world.estate.vaults}
    rows = world.rows("recovery_points", resource_arn=table["arn"])
    assert places(found) == {(labels[row["vault_name"]], row["account_id"], row["region"], row["vault_name"]) for row in rows}
    assert len(found) > 1
    assert {(each.test, each.pick, each.within_days, each.schedule, each.type) for each in found} == {
        ("", Pick.LATEST, ANY_AGE_DAYS, "", ResourceType.DYNAMODB)
    }
    assert [each.number for each in found] == list(range(1, len(found) + 1))


def test_a_vault_of_every_account_is_that_of_the_resource(world, snapshot):
    """In the Region where its recovery points lie; a copy is restored where it is, unless it is to be copied back."""
    table = world.resource()
    (local,) = subjects(world, snapshot, asked(world, "local"))
    assert (local.account, local.region, local.into) == (table["account_id"], table["region"], table["account_id"])
    (copy,) = subjects(world, snapshot, asked(world, "central"))
    assert copy.account != table["account_id"]
    assert copy.into == copy.account
    (back,) = subjects(world, snapshot, asked(world, "central", copy_back=True))
    assert (back.account, back.into) == (copy.account, table["account_id"])


def test_what_the_strategy_says_of_the_type_holds(world, snapshot):
    """Overrides, login and settings of validators of the first restore test that has them, and the tightest objective."""
    rows = Validation(type=ResourceType.DYNAMODB, validator="rows", settings='{"orders": 42}', origin=BuiltIn())
    test = replace(
        WEEKLY,
        validations=(rows,),
        overrides=(RestoreOverride(type=ResourceType.DYNAMODB, values=(("encryptionType", "KMS"),), origin=BuiltIn()),),
        logins=(Login(type=ResourceType.DYNAMODB, user="keeper", origin=BuiltIn()), Login(type=ResourceType.RDS, origin=BuiltIn())),
    )
    promised = Objective(select=EVERY_TABLE, rpo_minutes=None, rto_minutes=9, origin=BuiltIn())
    wish = asked(world, "local", validators=("rows", "manifest"))
    (found,) = subjects(world, snapshot, wish, restore_tests=(test,), objectives=(promised,))
    assert [(each.validator, each.settings == rows.settings) for each in found.validations] == [("rows", True), ("manifest", False)]
    assert (found.overrides, found.login, found.rto_seconds) == ({"encryptionType": "KMS"}, test.logins[0], 540)


@pytest.mark.parametrize(
    ("arn", "error", "words"),
    [
        ("arn:aws:dynamodb:eu-west-2:111122223333:table/nobody", BadInput, "no resource arn:aws:dynamodb"),
        ("arn:aws:fsx:eu-west-2:111122223333:file-system/fs-1", BadInput, "FSx can't be restored by Strongroom"),
    ],
)
def test_what_can_not_be_tested_is_said(world, snapshot, arn, error, words):
    with pytest.raises(error, match=words) as refused:
        subjects(world, snapshot, asked(world, arn=arn))
    assert refused.value.hint


def test_a_resource_without_a_recovery_point_is_told(world, tmp_path):
    """The ledger knows it and no vault that holds any of it: nothing can be verified."""
    arn = world.resource()["arn"]
    kept = [row for row in world.tables["recovery_points"] if row["resource_arn"] != arn]
    bare = replace(world, tables=world.tables | {"recovery_points": kept}).write(tmp_path)
    with pytest.raises(CouldNotVerify, match="no vault holds a recovery point") as refused:
        subjects(world, bare, asked(world))
    assert f"strongroom prove {arn}" in refused.value.hint
