"""Rules that write into an air-gapped vault: where recovery points have to end, which way they go, and what stays outside."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import facts, proof
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Lock, LockMode, Loss, Objective, VaultType
from strongroom.proof.links import LinkName

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
LOCAL, ISLAND = "three-tiers-local", "three-tiers-island"
STRAIGHT = {"DynamoDB", "S3", "EFS"}
TARGET = "target_logically_air_gapped_backup_vault_arn"


def with_island(estate):
    """The estate with an air-gapped vault in every account, into which the rules of production write."""
    local = next(vault for vault in estate.vaults if vault.label == "local")
    lock = Lock(mode=LockMode.COMPLIANCE, min_days=7, max_days=400, grace_days=0, origin=BuiltIn())
    island = replace(local, label="island", name=ISLAND, key="", type=VaultType.AIR_GAPPED, lock=lock)
    assert island.account is EVERY_ACCOUNT
    plans = tuple(
        replace(plan, rules=tuple(replace(rule, air_gapped="island", air_gapped_name=ISLAND) for rule in plan.rules))
        if plan.name == "production"
        else plan
        for plan in estate.plans
    )
    policies = tuple(replace(policy, content=_aimed(policy.content)) for policy in estate.policies)
    return replace(estate, vaults=(*estate.vaults, island), plans=plans, policies=policies)


def _aimed(content):
    document = json.loads(content)
    for rule in document["plans"].get("production", {"rules": {}})["rules"].values():
        rule[TARGET] = {"@@assign": f"arn:aws:backup:$region:$account:backup-vault:{ISLAND}"}
    return json.dumps(document)


@pytest.fixture
def made(builder):
    """A healthy organization whose production writes into air-gapped vaults, without databases, which they don't take."""
    found = builder(seed=3, resources=24)
    found.world.estate = with_island(found.world.estate)
    world = found.build()
    for account in world.workloads:
        for region in ("eu-west-2", "eu-west-1"):
            found.vault(account, region, ISLAND, None)
    for vault in world.rows("vaults", name=ISLAND):
        vault |= {"type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "key_arn": None, "lock_at": vault["created_at"]}
        vault |= {"locked": True, "min_retention_days": 7, "max_retention_days": 400}
    production = {row["arn"] for row in world.tables["resources"] if row["tags"].get(world.key) == world.values[0]}
    for arn in sorted(production):
        (resource,) = world.rows("resources", arn=arn)
        if resource["type"] == "RDS":
            for table in ("recovery_points", "backup_jobs", "copy_jobs"):
                world.drop(table, resource_arn=arn)
            world.drop("resources", arn=arn)
        else:
            into_island(found, resource)
    return found


def into_island(made, resource):
    """Move what a rule made of a resource to where AWS Backup has it in the end."""
    account, region = resource["account_id"], resource["region"]
    for job in made.world.rows("backup_jobs", resource_arn=resource["arn"]):
        if resource["type"] in STRAIGHT:
            job["vault_name"] = ISLAND
        else:
            one = {name: job[name] for name in ("plan_id", "rule_id", "created_at")}
            made.copy_job(resource, made.vault_arn(account, region, LOCAL), made.vault_arn(account, region, ISLAND), one)
    for point in made.world.rows("recovery_points", resource_arn=resource["arn"], vault_name=LOCAL):
        point |= {"vault_name": ISLAND, "key_arn": None, "encrypted": True}


def verified(made, tmp_path):
    return proof.verify(made.world.estate, made.world.write(tmp_path))


def told(found):
    return [(fault.finding.code, str(fault.state), fault.arns) for fault in found.faults]


def chains(found, arn):
    """The chains of a resource by destination."""
    return {row["destination_label"]: row for row in found.chains.to_pylist() if row["resource_arn"] == arn}


def test_what_is_in_the_air_gapped_vault_is_proven_there_alone(made, tmp_path):
    """Whichever way it went; the standard vault is no destination, and not one chain is broken or unknown."""
    found = verified(made, tmp_path)
    assert (told(found), found.broken, found.unknown) == ([], 0, 0)
    for kind in ("DynamoDB", "EBS"):
        mine = chains(found, made.world.resource(0, kind)["arn"])
        assert set(mine) == {"island", "central", "dr"}
        assert mine["island"]["destination_vault_arn"].endswith(f":backup-vault:{ISLAND}")
        assert {mine["island"][f"{link}_state"] for link in ("backed_up", "copied", "sealed", "kept")} == {"proven"}
    others = {row["destination_label"] for row in found.chains.to_pylist() if row["plan"] != "production"}
    assert others == {"local", "central"}


def test_objective_that_survives_deletion_is_held_by_the_air_gapped_vault(made, tmp_path):
    """Its lock is hard by nature; what only passes the standard vault holds nothing."""
    select = made.world.estate.plans[0].select
    promise = Objective(select=select, rpo_minutes=36 * 60, rto_minutes=None, survives=(Loss.DELETION,), origin=BuiltIn())
    made.world.estate = replace(made.world.estate, objectives=(promise,))
    assert told(verified(made, tmp_path)) == []
    for vault in made.world.rows("vaults", name=ISLAND):
        made.world.drop("recovery_points", account_id=vault["account_id"], region=vault["region"], vault_name=ISLAND)
    codes = {code for code, _, _ in told(verified(made, tmp_path / "without"))}
    assert codes == {"VRF030"}  # the cause outranks the promise


def test_a_recovery_point_that_someone_deleted_is_missed(made, tmp_path):
    """The job of that day is COMPLETED, straight into the air-gapped vault, and nothing is there."""
    table = made.world.resource(0)["arn"]
    points = made.world.rows("recovery_points", resource_arn=table, vault_name=ISLAND)
    gone = sorted(points, key=lambda row: row["created_at"])[-4]
    made.world.tables["recovery_points"].remove(gone)
    assert told(verified(made, tmp_path)) == [("VRF051", "broken", (table,))]


def test_a_copy_into_the_air_gapped_vault_that_failed_is_named(made, tmp_path):
    """The backup is there, in the standard vault, and AWS's words say why it stays."""
    disk = made.world.resource(0, "EBS")
    points = made.world.rows("recovery_points", resource_arn=disk["arn"], vault_name=ISLAND)
    point = min(points, key=lambda row: abs(row["created_at"] - (NOW - timedelta(days=3))))
    point |= {"vault_name": LOCAL, "key_arn": disk["key_arn"]}
    (job,) = (
        each
        for each in made.world.rows("copy_jobs", resource_arn=disk["arn"])
        if each["destination_vault_arn"].endswith(ISLAND) and abs(each["created_at"] - point["created_at"]) < timedelta(hours=2)
    )
    job |= {"state": "FAILED", "message": "the copy was refused"}
    found = verified(made, tmp_path)
    assert told(found) == [("VRF040", "broken", (disk["arn"],))]
    assert found.faults[0].finding.message.endswith("the copy was refused")
    assert chains(found, disk["arn"])["island"]["backed_up_state"] == "proven"
    assert chains(found, disk["arn"])["central"]["copied_state"] == "proven"


def test_what_the_air_gapped_vault_does_not_take_has_two_chains(made, tmp_path):
    """The one of the standard vault, where the recovery points stay, and the one that is broken, told once by the live check."""
    world = made.world
    database = made.add_resource(world.workloads[0], "eu-west-2", "RDS", "0database", {world.key: world.values[0]})
    made.protect(database, 0)
    found = verified(made, tmp_path)
    assert told(found) == [("VRF154", "broken", (database["arn"],))]
    mine = chains(found, database["arn"])
    assert set(mine) == {"local", "island", "central", "dr"}
    assert {name: mine[name]["sealed_state"] for name in mine} == {
        "local": "proven",
        "island": "broken",
        "central": "proven",
        "dr": "proven",
    }
    assert facts.message("air_gapped_unsupported_type") in mine["island"]["copied_cause"]
    assert (mine["island"]["copied_code"], found.faults[0].finding.failure_mode) == ("VRF154", "FM28")
    shown = proof.prove(world.estate, world.write(tmp_path / "prove"), database["arn"])
    (copied,) = (link for chain in shown if chain.destination_label == "island" for link in chain.links if link.name is LinkName.COPIED)
    assert (copied.code, copied.failure_mode, "customer-managed key" in copied.fix) == ("VRF154", "FM28", True)


@pytest.mark.parametrize("arrived", [True, False])
def test_where_nobody_can_tell_only_what_arrived_is_proven(made, tmp_path, arrived):
    """The key of a disk could not be read: nothing is broken, and without recovery points in the vault nothing is proven."""
    world = made.world
    disk = made.add_resource(
        world.workloads[0], "eu-west-2", "EBS", "0secret", {world.key: world.values[0]}, key_manager=None, key_arn=None
    )
    made.protect(disk, 0)
    if arrived:
        into_island(made, disk)
    found = verified(made, tmp_path)
    assert "broken" not in {state for _, state, _ in told(found)}
    island = chains(found, disk["arn"])["island"]
    assert (island["equipped_state"], island["copied_state"]) == (("proven", "proven") if arrived else ("unknown", "unknown"))


def test_policy_that_names_no_air_gapped_vault_differs(made, tmp_path):
    """Somebody took the target away: recovery points would stay where they can be deleted."""
    for row in made.world.tables["effective_policies"]:
        document = json.loads(row["content"]) if row["content"] else {"plans": {}}
        for rule in document["plans"].get("production", {"rules": {}})["rules"].values():
            rule.pop(TARGET)
        row["content"] = json.dumps(document) if row["content"] else ""
    (fault,) = verified(made, tmp_path).faults
    assert fault.finding.code == "VRF012"
    assert f"backs up to air-gapped vault (none) instead of {ISLAND}" in fault.finding.message
