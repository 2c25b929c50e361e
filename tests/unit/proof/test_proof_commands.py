"""The calls that `prove` gives for a check by hand: real names, quoted for a shell, that the AWS CLI understands."""

import json
import shlex

import pytest
from botocore import xform_name
from botocore.session import get_session

from strongroom import proof
from strongroom.cli.prove import chain_members, print_by_hand
from strongroom.proof.links import LinkName, LinkState


@pytest.fixture
def proven(builder, tmp_path):
    """A world, and the chains of one of its tables."""
    world = builder(1, 5).build()
    return world, proof.prove(world.estate, world.write(tmp_path), world.resource()["arn"])


def words(recheck):
    """The words of a call as a shell splits it."""
    return shlex.split(recheck.command)


def test_every_link_that_is_required_can_be_checked_by_hand(proven):
    """Each has a call, each call the account whose credentials it needs."""
    _, chains = proven
    for chain in chains:
        for link in chain.links:
            assert bool(link.by_hand) is (link.state is not LinkState.NOT_REQUIRED)
            assert all(each.account_id.isdigit() for each in link.by_hand)


def test_calls_are_calls_of_the_aws_cli(proven):
    """Service, operation and options are those of AWS's own models; required members are there."""
    _, chains = proven
    calls = {each for chain in chains for link in chain.links for each in link.by_hand}
    assert len(calls) > 15
    models = get_session()
    for call in calls:
        program, service, operation, *options = words(call)
        assert program == "aws"
        model = models.get_service_model(service)
        name = next(each for each in model.operation_names if xform_name(each, "-") == operation)
        members = model.operation_model(name).input_shape
        known = {xform_name(member, "-") for member in members.members} if members else set()
        given = {option.removeprefix("--") for option in options[::2]}
        assert given <= known | {"region", "query"}
        assert {xform_name(member, "-") for member in (members.required_members if members else ())} <= given


def test_calls_name_what_the_chain_is_about(proven):
    """The vault of the destination in its account, the keys that recovery points are under, the plan of the account."""
    world, chains = proven
    central = next(chain for chain in chains if chain.destination_label == "central")
    sealed = next(link for link in central.links if link.name is LinkName.SEALED)
    vault = world.rows("vaults", name="three-tiers-central")[0]
    assert words(sealed.by_hand[0])[:5] == ["aws", "backup", "describe-backup-vault", "--backup-vault-name", "three-tiers-central"]
    assert any(vault["key_arn"] in words(each) for each in sealed.by_hand)
    assert {each.account_id for each in sealed.by_hand} == {world.central}
    selected = central.links[0].by_hand
    plans = {row["plan_id"] for row in world.rows("backup_plans", name="production", account_id=central.account_id)}
    assert plans & {word for each in selected for word in words(each)}
    assert selected[0].account_id == world.management


def test_names_are_quoted_for_a_shell(builder, tmp_path):
    """A name with blanks and quotes stays one word."""
    made = builder(1, 5)
    world = made.build()
    odd = made.add_resource(world.workloads[0], "eu-west-2", "DynamoDB", "it's $(mine); rm", {world.key: world.values[0]})
    made.protect(odd, 0)
    chain = proof.prove(world.estate, world.write(tmp_path), odd["arn"])[0]
    points = next(each for link in chain.links for each in link.by_hand if "list-recovery-points-by-backup-vault" in each.command)
    assert words(points)[words(points).index("--by-resource-arn") + 1] == odd["arn"]


def test_each_call_is_printed_once_by_account(proven, capsys):
    """Beside the first link that it is about."""
    world, chains = proven
    print_by_hand(chains)
    lines = capsys.readouterr().out.splitlines()
    printed = [line for line in lines if " aws " in line]
    assert len(printed) == len({each for chain in chains for link in chain.links for each in link.by_hand}) > 15
    assert f"  as account {world.central}" in lines
    assert "simulate-principal-policy" in lines[1]


def test_calls_are_in_the_json_too(proven):
    """With the account of each."""
    _, chains = proven
    document = json.loads(json.dumps(chain_members(chains[0])))
    assert set(document["links"][0]["by_hand"][0]) == {"account_id", "command"}
