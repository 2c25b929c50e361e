"""The link `sealed`: locks as declared or not, and under which keys recovery points are."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import proof
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Key, KeyKind, Lock, LockMode
from strongroom.proof.engine import judge
from strongroom.proof.findings import faults
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.verification import chain_table

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
COMPLIANCE = Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=3000, grace_days=3, origin=BuiltIn())
GOVERNANCE = Lock(mode=LockMode.GOVERNANCE, min_days=7, max_days=3000, grace_days=None, origin=BuiltIn())
HARD = {"locked": True, "min_retention_days": 7, "max_retention_days": 3000, "lock_at": NOW - timedelta(days=5)}
CENTRAL = "three-tiers-central"


def locked(world, lock, **found):
    """The estate with a lock declared on the central vault, which was observed with these columns."""
    world.rows("vaults", name=CENTRAL)[0].update(found)
    vaults = tuple(replace(vault, lock=lock) if vault.name == CENTRAL else vault for vault in world.estate.vaults)
    return replace(world.estate, vaults=vaults)


def chains(world, tmp_path, estate=None):
    """The judged chains, and the causes of their links."""
    with judge(estate or world.estate, world.write(tmp_path)) as judgement:
        return chain_table(judgement).to_pylist(), [each for each in faults(judgement, ()) if each.finding.code != "VRF001"]


def of_central(rows):
    """The states, codes and causes of the chains that end in the central vault."""
    return {(row["sealed_state"], row["sealed_code"], row["sealed_cause"]) for row in rows if row["destination_label"] == "central"}


DIFFERENT = (
    (COMPLIANCE, {"locked": False}, "VRF042", "has no lock, a compliance lock to 7 to 3000 days is declared"),
    (COMPLIANCE, HARD | {"lock_at": None}, "VRF043", "has a governance lock, which can be removed"),
    (COMPLIANCE, HARD | {"min_retention_days": 1}, "VRF045", "1 to 3000 days, 7 to 3000 days are declared; nobody can change it any more"),
    (
        COMPLIANCE,
        HARD | {"max_retention_days": None, "lock_at": NOW + timedelta(days=2)},
        "VRF044",
        "at least 7 days, 7 to 3000 days are declared; it can be changed until 2026-11-23",
    ),
    (COMPLIANCE, HARD | {"lock_at": NOW + timedelta(days=36_500)}, "VRF044", "the declared grace time is 3 days"),
    (GOVERNANCE, HARD | {"lock_at": NOW + timedelta(days=2)}, "VRF044", "a governance lock is declared"),
    (GOVERNANCE, HARD | {"lock_at": None, "max_retention_days": 4000}, "VRF044", "7 to 4000 days, 7 to 3000 days are declared"),
)


@pytest.mark.parametrize("case", DIFFERENT, ids=lambda case: f"{case[2]} {case[3]}")
def test_a_lock_unlike_the_declared_one_is_named(builder, tmp_path, case):
    """Absent, removable, of another range in and after the grace time, with another grace time: one finding with its words."""
    lock, observed, code, words = case
    world = builder(1, 5).build()
    rows, found = chains(world, tmp_path, locked(world, lock, **observed))
    ((state, told, cause),) = of_central(rows)
    assert (state, told) == ("broken", code)
    assert words in cause
    touched = sum(row["destination_label"] == "central" for row in rows)
    assert [(each.finding.code, each.link, each.chains) for each in found] == [(code, LinkName.SEALED, touched)]
    assert {row["sealed_state"] for row in rows if row["destination_label"] != "central"} == {"proven"}


@pytest.mark.parametrize(
    ("lock", "found"),
    [
        (COMPLIANCE, HARD),
        (GOVERNANCE, HARD | {"lock_at": None}),
        (None, {"locked": False}),
        (replace(COMPLIANCE, max_days=None), HARD | {"max_retention_days": None}),
    ],
)
def test_a_lock_as_declared_is_proven(builder, tmp_path, lock, found):
    """Past its grace time, in the mode and with the range that are declared; without a declared lock there is nothing to prove."""
    world = builder(1, 5).build()
    rows, found_faults = chains(world, tmp_path, locked(world, lock, **found))
    assert of_central(rows) == {("proven", None, None)}
    assert found_faults == []


def test_a_lock_in_its_grace_time_is_not_due_yet(builder, tmp_path):
    """As declared, and still removable: no finding, and no proof either, but the day on which it hardens."""
    world = builder(1, 5).build()
    estate = locked(world, COMPLIANCE, **HARD | {"lock_at": NOW + timedelta(days=2)})
    rows, found_faults = chains(world, tmp_path, estate)
    ((state, _, cause),) = of_central(rows)
    assert (state, found_faults) == ("not_required", [])
    assert "hardens on 2026-11-23" in cause


def test_an_unread_vault_leaves_its_seal_unknown(builder, tmp_path):
    """Nobody has seen the lock."""
    world = builder(1, 5).build()
    world.rows("reads", account_id=world.central, region="eu-west-2", subject="vaults")[0].update(
        read=False, code="AccessDenied", reason="no"
    )
    rows, _ = chains(world, tmp_path, locked(world, COMPLIANCE, **HARD))
    assert {(state, code) for state, code, _ in of_central(rows)} == {("unknown", "VRF001")}


@pytest.mark.parametrize(
    ("kind", "known", "words"),
    [
        (KeyKind.PER_ACCOUNT, {"manager": "AWS"}, "uses an AWS-managed key, a customer-managed key is declared"),
        (KeyKind.AWS_MANAGED, {}, "uses a customer-managed key, an AWS-managed key is declared"),
        (KeyKind.MULTI_REGION, {"multi_region": "NONE"}, "uses a key of a single Region"),
    ],
)
def test_another_key_than_declared_is_named(builder, tmp_path, kind, known, words):
    """The kind of a vault's key is what the strategy says."""
    world = builder(1, 5).build()
    key = world.rows("vaults", name=CENTRAL)[0]["key_arn"]
    world.rows("keys", arn=key)[0].update(known)
    other = Key(name="other", kind=kind, origin=BuiltIn())
    vaults = tuple(replace(vault, key="other") if vault.name == CENTRAL else vault for vault in world.estate.vaults)
    rows, _ = chains(world, tmp_path, replace(world.estate, keys=(*world.estate.keys, other), vaults=vaults))
    ((state, code, cause),) = of_central(rows)
    assert (state, code) == ("broken", "VRF047")
    assert words in cause


def former(world, **state):
    """Put the oldest recovery points of a volume under a former key of its account, and return the volume."""
    volume = world.resource(0, "EBS")
    arn = f"arn:aws:kms:{volume['region']}:{volume['account_id']}:key/former"
    if state:
        world.tables["keys"].append(
            {"account_id": volume["account_id"], "region": volume["region"], "arn": arn, "manager": "CUSTOMER"} | state
        )
    local = world.rows("recovery_points", resource_arn=volume["arn"], account_id=volume["account_id"])
    for point in sorted(local, key=lambda each: each["created_at"])[:12]:
        point["key_arn"] = arn
    return volume


@pytest.mark.parametrize("state", ["Disabled", "PendingDeletion"])
def test_recovery_points_under_a_former_key_that_cannot_be_used_are_named(builder, tmp_path, state):
    """FM05: today's key is fine, and what lies under the former one can't be restored; copies are under their vault's key."""
    world = builder(1, 5).build()
    volume = former(world, state=state)
    rows, found = chains(world, tmp_path)
    (fault,) = found
    assert (fault.finding.code, fault.finding.failure_mode, fault.arns, fault.chains) == ("VRF049", "FM05", (volume["arn"],), 1)
    assert f"the former key arn:aws:kms:{volume['region']}" in fault.finding.message
    assert f"which is {state}" in fault.finding.message
    assert sum(row["sealed_state"] == "broken" for row in rows) == 1


def test_a_former_key_that_can_be_used_proves_nothing_wrong(builder, tmp_path):
    """A new key doesn't reach what was backed up before; `prove` names both."""
    world = builder(1, 5).build()
    volume = former(world, state="Enabled")
    assert chains(world, tmp_path)[1] == []
    link = next(each for each in proof.prove(world.estate, world.write(tmp_path), volume["arn"])[0].links if each.name is LinkName.SEALED)
    assert link.state is LinkState.PROVEN
    assert any("12 recovery points under key" in each and each.endswith("key/former, Enabled") for each in link.evidence)
    assert any("under the key of the resource, Enabled" in each for each in link.evidence)


def test_a_key_of_recovery_points_that_nobody_looked_at_is_unknown(builder, tmp_path):
    """Neither told nor read: nothing is concluded."""
    world = builder(1, 5).build()
    volume = former(world)
    rows, found = chains(world, tmp_path)
    assert {(row["resource_arn"], row["sealed_code"]) for row in rows if row["sealed_state"] == "unknown"} == {(volume["arn"], "VRF088")}
    assert [(each.finding.code, each.state) for each in found] == [("VRF088", LinkState.UNKNOWN)]


@pytest.mark.parametrize(
    ("change", "words"),
    [({"encrypted": False, "key_arn": None}, "are not encrypted"), ({"key_arn": "arn:aws:kms:eu-west-2:1:key/data"}, "instead of the key")],
)
def test_copies_under_another_key_than_their_vaults_are_named(builder, tmp_path, change, words):
    """A copy is encrypted under the key of the vault that it lies in."""
    world = builder(1, 5).build()
    table = world.resource()
    point = world.rows("recovery_points", resource_arn=table["arn"], vault_name=CENTRAL)[0]
    if "encrypted" not in change:
        change = {"key_arn": world.rows("vaults", name="three-tiers-dr")[0]["key_arn"]}
    point.update(change)
    (fault,) = chains(world, tmp_path)[1]
    assert (fault.finding.code, fault.arns, fault.chains) == ("VRF048", (table["arn"],), 1)
    assert words in fault.finding.message


def test_an_unencrypted_volume_has_unencrypted_recovery_points(builder, tmp_path):
    """They are as they have to be, here; a copy of them is encrypted all the same."""
    made = builder(1, 5)
    world = made.build()
    volume = made.add_resource(
        world.workloads[0], "eu-west-2", "EBS", "0plain", {world.key: world.values[0]}, encrypted=False, key_arn=None
    )
    made.protect(volume, 0)
    assert chains(world, tmp_path)[1] == []
    for point in world.rows("recovery_points", resource_arn=volume["arn"], vault_name=CENTRAL):
        point.update(encrypted=False, key_arn=None)
    assert [(each.finding.code, each.chains) for each in chains(world, tmp_path)[1]] == [("VRF048", 1)]


def test_a_disabled_key_of_a_vault_is_one_finding(builder, tmp_path):
    """What can't be equipped isn't sealed either, for the same reason in the same words."""
    world = builder(1, 5).build()
    world.rows("keys", arn=world.rows("vaults", name=CENTRAL)[0]["key_arn"])[0].update(state="Disabled")
    rows, found = chains(world, tmp_path)
    assert [each.finding.code for each in found] == ["VRF023"]
    assert {(state, code) for state, code, _ in of_central(rows)} == {("broken", "VRF023")}
