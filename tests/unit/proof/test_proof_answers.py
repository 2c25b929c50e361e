"""The answers of `verify`, `prove` and `coverage` as their callers get them."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import ledger, proof
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.proof.links import LinkName, LinkState

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)


def test_prove_shows_every_link_of_a_healthy_resource(builder, tmp_path):
    """Three destinations, eight links each, with evidence."""
    world = builder().build()
    chains = proof.prove(world.estate, world.write(tmp_path), world.resource()["arn"])
    assert [chain.destination_label for chain in chains] == ["local", "central", "dr"]
    for chain in chains:
        assert tuple(link.name for link in chain.links) == tuple(LinkName)
        assert chain.state is LinkState.PROVEN
    states = {link.name: link.state for link in chains[0].links}
    assert states[LinkName.COPIED] is LinkState.NOT_REQUIRED
    assert states[LinkName.SEALED] is LinkState.PROVEN
    assert states[LinkName.RESTORED] is LinkState.NOT_REQUIRED  # no restore test is declared
    assert chains[1].destination_vault_arn == f"arn:aws:backup:eu-west-2:{world.central}:backup-vault:three-tiers-central"
    assert any("2026-11-21 02:" in each for link in chains[0].links for each in link.evidence)


def test_prove_says_what_is_broken_and_what_to_do(builder, tmp_path):
    """Cause, fix, failure mode and code stand in the link."""
    made = builder()
    world = made.build()
    cluster = made.add_resource(world.workloads[0], "eu-west-2", "Aurora", "orders", {world.key: world.values[0]})
    chain = proof.prove(world.estate, world.write(tmp_path), cluster["arn"])[0]
    link = chain.links[0]
    assert (chain.state, link.state, link.code, link.failure_mode) == (LinkState.BROKEN, LinkState.BROKEN, "VRF014", "FM09")
    assert link.cause
    assert link.fix


def test_prove_agrees_with_verify(builder, tmp_path):
    """One resource alone is judged as among all."""
    world = builder(resources=6).build()
    world.rows("vaults", name="three-tiers-dr")[0].update(access_policy=None)
    snapshot = world.write(tmp_path)
    table = proof.verify(world.estate, snapshot).chains.to_pylist()
    for row in table:
        chain = next(
            each
            for each in proof.prove(world.estate, snapshot, row["resource_arn"])
            if (each.plan, each.rule, each.destination_vault_arn) == (row["plan"], row["rule"], row["destination_vault_arn"])
        )
        assert {link.name: str(link.state) for link in chain.links if link.name in proof.ASSESSED} == {
            link: row[f"{link}_state"] for link in proof.ASSESSED
        }


def test_prove_names_the_typo_of_a_resource(builder, tmp_path):
    """No plan selects it; the chain says which one was meant."""
    made = builder()
    world = made.build()
    typo = made.add_resource(world.workloads[0], "eu-west-2", "EBS", "0typo", {world.key: world.values[1][:-1]})
    chains = proof.prove(world.estate, world.write(tmp_path), typo["arn"])
    assert [(chain.plan, chain.links[0].failure_mode, chain.state) for chain in chains] == [("staging", "FM10", LinkState.BROKEN)] * 2


def test_prove_of_an_uncovered_resource_is_empty(builder, tmp_path):
    """A resource that no plan wants has no chain."""
    made = builder()
    world = made.build()
    other = made.add_resource(world.workloads[0], "eu-west-2", "EBS", "0other", {"owner": "ann"})
    assert proof.prove(world.estate, world.write(tmp_path), other["arn"]) == ()


def test_prove_of_an_unknown_resource_is_bad_input(builder, tmp_path):
    """Neither a wrong ARN nor one that was not found is an answer."""
    world = builder().build()
    snapshot = world.write(tmp_path)
    with pytest.raises(BadInput, match="not an ARN"):
        proof.prove(world.estate, snapshot, "vol-1")
    with pytest.raises(BadInput, match="no resource"):
        proof.prove(world.estate, snapshot, f"arn:aws:ec2:eu-west-2:{world.workloads[0]}:volume/vol-1")


def test_prove_of_a_resource_in_an_unread_account_could_not_verify(builder, tmp_path):
    """It may be there."""
    world = builder().build()
    for row in world.rows("reads", account_id=world.workloads[0]):
        row.update(read=False, code="AccessDenied", reason="no")
    with pytest.raises(CouldNotVerify, match="AccessDenied"):
        proof.prove(world.estate, world.write(tmp_path), f"arn:aws:ec2:eu-west-2:{world.workloads[0]}:volume/vol-1")


def test_a_verification_is_json(builder, tmp_path):
    """Plain values, a format version, counts and faults; the chains that are not proven on demand."""
    made = builder()
    world = made.build()
    made.add_resource(world.workloads[0], "eu-west-2", "Aurora", "orders", {world.key: world.values[0]})
    found = proof.verify(world.estate, world.write(tmp_path))
    document = json.loads(json.dumps(found.to_json(chains=True)))
    assert (document["format_version"], document["exit_code"], document["chains"]["broken"]) == (1, 1, 3)
    assert [row["resource_type"] for row in document["not_proven"]] == ["Aurora"] * 3
    assert document["links"]["selected"]["broken"] == 3
    assert document["faults"][0]["failure_mode"] == "FM09"
    assert "not_proven" not in found.to_json()


def test_policy_plans_are_attributed_whatever_the_case(builder, tmp_path):
    """The builder writes plan ids of recovery points in upper case; only a foreign plan is not ours."""
    world = builder().build()
    resource = world.resource()
    for row in world.rows("recovery_points", resource_arn=resource["arn"]):
        row["plan_id"] = "b0000000-0000-0000-0000-000000000000"
    found = proof.verify(world.estate, world.write(tmp_path))
    assert {fault.finding.code for fault in found.faults} == {"VRF030"}


def test_copies_that_name_no_plan_belong_to_the_only_rule_with_that_vault(builder, tmp_path):
    """Where a vault receives copies of one rule, the rule is clear."""
    world = builder().build()
    for row in world.rows("recovery_points", vault_name="three-tiers-dr"):
        row.update(plan_id=None, rule_id=None)
    assert proof.verify(world.estate, world.write(tmp_path)).faults == ()


def test_an_older_rule_id_still_belongs_to_the_only_rule(builder, tmp_path):
    """An update of the plan may give the rule a new id."""
    world = builder().build()
    for row in world.tables["recovery_points"]:
        if row["created_at"] < NOW - timedelta(days=20):
            row["rule_id"] = "older"
    assert proof.verify(world.estate, world.write(tmp_path)).faults == ()


def test_recovery_points_that_are_not_complete_prove_nothing(builder, tmp_path):
    """A point that is still being made, or was abandoned, is no backup."""
    world = builder().build()
    resource = world.resource()
    for row in world.rows("recovery_points", resource_arn=resource["arn"]):
        row["status"] = "CREATING"
    found = proof.verify(world.estate, world.write(tmp_path))
    assert {fault.finding.code for fault in found.faults} == {"VRF030"}
    assert found.broken == 3


def test_an_empty_snapshot_could_not_verify(builder, tmp_path):
    """Nothing read, nothing said."""
    snapshot = ledger.write(tmp_path, {}, observed_at=NOW, source={})
    with pytest.raises(CouldNotVerify):
        proof.verify(builder().world.estate, snapshot)


def test_coverage_needs_no_strategy(builder, tmp_path):
    """Newest recovery point, age classes, selecting plans and the uncovered, by account, Region and type."""
    made = builder()
    world = made.build()
    resource = world.resource()
    found = proof.coverage(world.write(tmp_path))
    assert found.resources == len(world.tables["resources"])
    mine = next(
        each
        for each in found.accounts
        if (each.account_id, each.region, each.type) == (resource["account_id"], resource["region"], "DynamoDB")
    )
    assert "production" in mine.plans
    assert mine.newest_at > NOW - timedelta(hours=11)
    assert mine.within_day <= mine.within_week <= mine.ever <= mine.resources
    uncovered = {row["arn"] for row in found.uncovered.to_pylist()}
    assert uncovered == {row["arn"] for row in world.tables["resources"] if world.key not in row["tags"]}
    json.dumps(found.to_json())


def test_coverage_names_what_could_not_be_read(builder, tmp_path):
    """Unread accounts are listed, not counted as empty."""
    world = builder().build()
    for row in world.rows("reads", account_id=world.workloads[0], region="eu-west-2"):
        row.update(read=False, code="AccessDenied", reason="no")
    found = proof.coverage(world.write(tmp_path))
    assert {(each.account_id, each.region) for each in found.unread} == {(world.workloads[0], "eu-west-2")}
