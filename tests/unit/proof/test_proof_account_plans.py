"""Plans of single accounts: their chains are judged wherever the account is, and no organization policy is asked."""

from dataclasses import replace

import pytest

from strongroom import proof
from strongroom.domain.names import AccountId
from strongroom.proof.links import LinkName, LinkState


@pytest.fixture
def own(builder):
    """A healthy organization in which the central account, which is not governed, has a plan and a table of its own."""
    made = builder()
    world = made.build()
    central, home = world.central, "eu-west-2"
    declared = world.estate.plans[0]
    rule = replace(declared.rules[0], label="central", vault_name="three-tiers-central", copies=())
    plan = replace(declared, name="own", rules=(rule,), regions=(declared.regions[0],), account=AccountId(central))
    world.estate = replace(world.estate, plans=(*world.estate.plans, plan))
    made.key(central, home, made.data_key(central, home))
    arn = f"arn:aws:iam::{central}:role/three-tiers-AWSBackup"
    trust = world.tables["roles"][0]["trust_policy"]
    made.add("roles", account_id=central, region="", arn=arn, exists=True, trust_policy=trust)
    of_policy = world.rows("backup_plans", name=declared.name)[0]
    made.add("backup_plans", **{**of_policy, "account_id": central, "region": home, "plan_id": "11111111-own", "name": "own"})
    of_rule = world.rows("backup_rules", plan_id=of_policy["plan_id"])[0]
    known = {"account_id": central, "region": home, "plan_id": "11111111-own", "rule_id": "own-rule", "vault_name": "three-tiers-central"}
    made.add("backup_rules", **{**of_rule, **known})
    made.table = made.add_resource(central, home, "DynamoDB", "own-table", {world.key: world.values[0]})
    plans = world.estate.plans
    world.estate = replace(world.estate, plans=(plan,))  # `protect` takes the plan by its number
    made.protect(made.table, 0)
    world.estate = replace(world.estate, plans=plans)
    return made


def chain(made, tmp_path):
    (found,) = proof.prove(made.world.estate, made.world.write(tmp_path), made.table["arn"])
    return found, {link.name: link for link in found.links}


def test_chain_of_an_account_outside_the_governed_ous_is_proven(own, tmp_path):
    """By its own plan, and by no plan of an organization policy, which doesn't reach it."""
    found, _ = chain(own, tmp_path)
    assert (found.plan, found.destination_label, found.state) == ("own", "central", LinkState.PROVEN)


def test_plan_that_is_not_there_breaks_the_chain(own, tmp_path):
    """A plan of an organization policy with the same name is another plan."""
    own.world.drop("backup_plans", plan_id="11111111-own")
    own.add("backup_plans", **{**own.world.tables["backup_plans"][0], "account_id": own.world.central, "plan_id": "orgs/x", "name": "own"})
    _, links = chain(own, tmp_path)
    assert (links[LinkName.SELECTED].state, links[LinkName.SELECTED].code) == (LinkState.BROKEN, "VRF013")


def test_missing_role_breaks_the_chain(own, tmp_path):
    """The StackSets don't bring it there."""
    own.world.drop("roles", account_id=own.world.central)
    _, links = chain(own, tmp_path)
    assert (links[LinkName.EQUIPPED].state, links[LinkName.EQUIPPED].code) == (LinkState.BROKEN, "VRF020")


def test_account_that_was_not_read_is_unknown(own, tmp_path):
    """Its plans are part of what has to be read."""
    for row in own.world.rows("reads", account_id=own.world.central, subject="backup_plans"):
        row.update(read=False, code="AccessDenied", reason="not allowed")
    _, links = chain(own, tmp_path)
    assert links[LinkName.SELECTED].state is LinkState.UNKNOWN


def test_rest_of_the_organization_is_judged_as_before(own, tmp_path):
    """One more chain, and no other resource of the account is drawn in by plans of policies."""
    verified = proof.verify(own.world.estate, own.world.write(tmp_path))
    without = proof.verify(replace(own.world.estate, plans=own.world.estate.plans[:-1]), own.world.write(tmp_path))
    assert (verified.broken, verified.unknown) == (without.broken, without.unknown)
    assert (verified.accounts, verified.proven) == (without.accounts + 1, without.proven + 1)
