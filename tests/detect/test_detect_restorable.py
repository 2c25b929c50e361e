"""Restores that would fail are named before the day they are needed: one fault at a time, in a shuffled organization."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.detect import restorable
from tests.detect.conftest import World
from tests.detect.restorable import MACHINES
from tests.detect.shuffling import Resource, Shuffled, shuffled

DRAWN = 17
SOON = (restorable.key_of_copies_without_the_role, restorable.role_without_its_policy)


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    """A shuffled organization, and an instance in one account that a plan of its own copies to its other Region."""
    found = shuffled(DRAWN, accounts=3)
    declared = json.loads(found.strategy_yaml)
    declared["organization"]["opt_in"].append("ec2")
    at = found.pick("dynamodb", 0)
    declared["vaults"]["afar"] = {"in": at.account, "region": found.other_region}
    local = next(iter(declared["vaults"]))
    rules = {"daily": {"at": "01:00", "start_within": "1h", "keep": "7d", "vault": local, "copy": "afar"}}
    where = {"in": at.account, "regions": [found.home_region]}
    declared["plans"]["machines"] = {"select": {"tags": {"role": "web server"}}, "rules": rules, **where}
    instance = Resource(kind="ec2", name="web", account=at.account, region=found.home_region, tier=MACHINES, entry={})
    organization = json.loads(found.organization_yaml)
    deploy = next(each for each in organization["roles"] if each["name"] == declared["roles"]["deploy"])
    deploy["accounts"].append(at.entry["account"])  # by its name in the seed
    more = {"organization_yaml": json.dumps(organization), "strategy_yaml": json.dumps(declared)}
    return replace(found, resources=(*found.resources, instance), **more)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """The organization some days after its strategy was applied; each test repairs what it breaks."""
    folder = tmp_path_factory.mktemp("restorable")
    drawn.write(folder)
    with deployed(folder, 0) as world:
        _launch(world, drawn)
        world.let_pass(8)
        yield world


def _launch(world: World, it: Shuffled) -> None:
    """An instance with a profile."""
    at = it.pick("ec2", MACHINES)
    iam = world.client("iam", at.account, at.region)
    trust = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
    iam.create_role(RoleName="web", AssumeRolePolicyDocument=json.dumps(trust))
    iam.create_instance_profile(InstanceProfileName="web")
    iam.add_role_to_instance_profile(InstanceProfileName="web", RoleName="web")
    ec2 = world.client("ec2", at.account, at.region)
    image = ec2.register_image(Name="web", RootDeviceName="/dev/sda1")["ImageId"]
    tags = [{"Key": "role", "Value": "web server"}]
    ec2.run_instances(
        ImageId=image,
        MinCount=1,
        MaxCount=1,
        InstanceType="t3.micro",
        IamInstanceProfile={"Name": "web"},
        TagSpecifications=[{"ResourceType": "instance", "Tags": tags}],
    )


def test_everything_can_be_restored(healthy, told):
    """Nothing is wrong: at home, in the other Region, in the account that keeps copies, and back from there."""
    found = healthy.verify()
    assert (told(found), found.unknown) == ([], 0)
    assert set(found.chains["restorable_state"].to_pylist()) == {"proven"}


@pytest.mark.parametrize(
    "fault",
    [each if each in SOON else pytest.param(each, marks=pytest.mark.long) for each in restorable.FAULTS],
    ids=lambda each: each.__name__,
)
def test_a_restore_that_would_fail_is_named_and_nothing_else(healthy, drawn, told, fault):
    """The right failure mode, cause and fix; all resources that it touches, and no other finding."""
    with fault(healthy, drawn) as expected:
        found = healthy.verify()
    assert found.faults, "no error found, the checker is broken"
    first, *others = found.faults
    assert first.finding.failure_mode == expected.mode
    assert expected.says in first.finding.message
    assert expected.fix in first.finding.help
    assert first.resources == expected.touched
    assert {each.finding.failure_mode for each in others} <= set(expected.later), told(found)
    assert found.unknown == 0 or expected.later
