"""`coverage` in groups: by account, OU, type, tag and plan, and what it does not count."""

import json
from collections import Counter

import pytest

from strongroom import proof
from strongroom.api import verify as api
from strongroom.errors import BadInput, CouldNotVerify


def groups(snapshot, by, estate=None):
    return {each.name: each for each in proof.coverage(snapshot, by=by, estate=estate).groups}


def test_groups_count_each_resource_where_it_belongs(builder, tmp_path):
    """Accounts, OUs, types and values of a tag: the numbers are those of the rows."""
    world = builder(resources=30).build()
    resources = world.tables["resources"]
    paths = {row["account_id"]: row["ou_path"] or "(root)" for row in world.tables["accounts"]}
    snapshot = world.write(tmp_path)
    wanted = {
        "account": Counter(row["account_id"] for row in resources),
        "ou": Counter(paths[row["account_id"]] for row in resources),
        "type": Counter(row["type"] for row in resources),
        f"tag:{world.key}": Counter(row["tags"].get(world.key, "(no such tag)") for row in resources),
    }
    for by, counts in wanted.items():
        assert {name: each.resources for name, each in groups(snapshot, by).items()} == counts, by
    whole = proof.coverage(snapshot)
    for by in wanted:
        found = groups(snapshot, by).values()
        for number in ("selected", "within_day", "within_week", "ever"):
            assert sum(getattr(each, number) for each in found) == sum(getattr(each, number) for each in whole.accounts), (by, number)


def test_plans_select_what_their_selections_say(builder, tmp_path):
    """FM31: an exclusion takes resources out of a plan's coverage, although the plan and the tag are there; a name counts nothing."""
    world = builder(resources=30).build()
    prod = [row for row in world.tables["resources"] if row["tags"].get(world.key) == world.values[0]]
    out = prod[0]
    before = groups(world.write(tmp_path / "before"), "plan")["production"].resources
    for row in world.rows("selections", account_id=out["account_id"], region=out["region"]):
        row["document"] = json.dumps({**json.loads(row["document"]), "NotResources": [out["arn"]]})
    snapshot = world.write(tmp_path / "after")
    assert before == len(prod)
    assert groups(snapshot, "plan")["production"].resources == before - 1
    assert groups(snapshot, "plan", world.estate)["production"].resources == before, "the strategy's plan still wants it"
    assert groups(snapshot, "plan")["(no plan)"].selected == 0


def test_what_no_opt_in_lets_in_is_not_selected(builder, tmp_path):
    """A plan that selects by tags takes no type that the management account hasn't opted in."""
    world = builder(resources=30).build()
    before = groups(world.write(tmp_path / "before"), "type")["DynamoDB"]
    for row in world.rows("settings", kind="opt_in", name="DynamoDB"):
        row["value"] = "false"
    after = groups(world.write(tmp_path / "after"), "type")["DynamoDB"]
    assert before.selected > 0
    assert (after.selected, after.resources, after.ever) == (0, before.resources, before.ever)


def test_replicas_and_multi_az_are_no_backups(builder, tmp_path):
    """FM38: a database that runs twice and is replicated, without any recovery point, is uncovered."""
    made = builder()
    world = made.build()
    copies = {"multi_az": True, "replication": "global", "automated_backup_days": 7}
    database = made.add_resource(world.workloads[0], "eu-west-2", "RDS", "0twice", {"owner": "zoe"}, **copies)
    found = proof.coverage(world.write(tmp_path), by="tag:owner")
    mine = next(each for each in found.groups if each.name == "zoe")
    assert (mine.resources, mine.ever) == (1, 0)
    assert database["arn"] in found.uncovered["arn"].to_pylist()


def test_types_that_aws_backup_does_not_know_are_listed(builder, tmp_path):
    """FM32: they are in no plan's coverage, and are told."""
    world = builder().build()
    account = world.workloads[0]
    arn = f"arn:aws:ecs:eu-west-2:{account}:cluster/shop"
    tags = {world.key: world.values[0]}
    world.tables.setdefault("other_resources", []).append(
        {"account_id": account, "region": "eu-west-2", "arn": arn, "type": "ecs", "tags": tags}
    )
    snapshot = world.write(tmp_path)
    found = proof.coverage(snapshot, by="account")
    told = {"type": "ecs", "account_id": account, "region": "eu-west-2", "resources": 1}
    assert found.unknown_to_backup.to_pylist() == [told]
    assert {each.name: each.unknown_to_backup for each in found.groups if each.unknown_to_backup} == {account: 1}
    assert groups(snapshot, "type")["ecs"].resources == 0
    assert groups(snapshot, f"tag:{world.key}")[world.values[0]].unknown_to_backup == 1
    assert json.loads(json.dumps(found.to_json()))["unknown_to_backup"] == [told]


@pytest.mark.parametrize("by", ["region", "tag", "tag:", "ou:x"])
def test_another_grouping_is_bad_input(builder, tmp_path, by):
    """The message names the ways there are."""
    with pytest.raises(BadInput, match="can't be grouped by") as refused:
        proof.coverage(builder(resources=2).build().write(tmp_path), by=by)
    assert "tag:KEY" in refused.value.hint


def test_what_nobody_can_group_by_is_refused_before_a_ledger_is_looked_for(tmp_path):
    """A slip of the pen is told as such, also where nothing was ever synced."""
    with pytest.raises(BadInput, match="can't be grouped by 'color'"):
        api.coverage(home=tmp_path, by="color")
    with pytest.raises(CouldNotVerify, match="no snapshot"):
        api.coverage(home=tmp_path, by="account")
