"""`verify` shows first what has most at stake."""

from dataclasses import replace

import pytest

from strongroom import proof
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.findings import Fault, in_order
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.stake import Stake, StakeClass


def fault(code, *, severity=Severity.ERROR, state=LinkState.BROKEN, chains=0, resources=0, **stake):
    finding = Finding(
        code=code,
        severity=severity,
        subject="",
        message=code,
        why="",
        help="",
        origin=LiveOrigin("111122223333", "", ""),
        failure_mode="",
    )
    return Fault(
        finding=finding, state=state, link=LinkName.COPIED, resources=resources, chains=chains, arns=(), stake=Stake(accounts=1, **stake)
    )


ORDERED = (
    fault("VRF001", state=LinkState.UNKNOWN),
    fault("VRF010", resources=5, bare=5, bare_promised=5, promised=5),
    fault("VRF020", chains=900, resources=300, bare=300),
    fault("VRF030", chains=2, resources=2, bare=2),
    fault("VRF041", chains=3, resources=3, promised=3),
    fault("VRF040", chains=700, resources=350),
    fault("VRF043", chains=3, resources=3),
    fault("VRF042", chains=2, resources=2),
    fault("VRF150", resources=1),
    fault("VRF151"),
    fault("VRF060", severity=Severity.WARNING, chains=900, resources=900, bare=900),
    fault("VRF061", severity=Severity.INFO),
)


@pytest.mark.parametrize("turn", range(len(ORDERED)))
def test_faults_are_ordered_by_what_is_at_stake(turn):
    """Unread first; errors before warnings; no copy left, broken promises, fewer copies; then how much is touched."""
    assert in_order((*ORDERED[turn:], *ORDERED[:turn])) == ORDERED


def test_a_class_says_the_worst_of_a_fault():
    """The words of JSON."""
    assert [each.at_stake for each in ORDERED] == [
        StakeClass.UNREAD,
        *[StakeClass.NO_COPY] * 3,
        StakeClass.PROMISE,
        *[StakeClass.COPY] * 3,
        *[StakeClass.BESIDE] * 2,
        StakeClass.NO_COPY,
        StakeClass.BESIDE,
    ]


def test_a_cause_that_leaves_nothing_outranks_one_that_costs_a_second_copy(builder, tmp_path):
    """One resource without any recovery point comes before all copies of one Region; both are counted."""
    world = builder(resources=20).build()
    lost = world.resource()
    world.drop("recovery_points", resource_arn=lost["arn"])
    world.drop("recovery_points", vault_name="three-tiers-dr")
    estate = replace(world.estate, objectives=())
    found = [each for each in proof.verify(estate, world.write(tmp_path)).faults if each.chains]
    assert [(each.finding.code, each.at_stake) for each in found] == [("VRF030", StakeClass.NO_COPY), ("VRF041", StakeClass.COPY)]
    bare, copies = found
    assert (bare.arns, bare.stake.bare, bare.resources) == ((lost["arn"],), 1, 1)
    assert (copies.stake.bare, copies.stake.promised) == (0, 0)
    assert copies.resources > bare.resources
    assert copies.stake.accounts > 1


def test_a_promise_outranks_what_nobody_promised(builder, tmp_path):
    """One lost copy of a resource with an objective comes before all copies of those without."""
    world = builder(resources=30).build()
    kept, other = world.resource(0), {row["arn"] for row in world.tables["resources"] if row["tags"].get(world.key) == world.values[1]}
    world.drop("recovery_points", resource_arn=kept["arn"], vault_name="three-tiers-dr")
    for arn in other:
        world.drop("recovery_points", resource_arn=arn, vault_name="three-tiers-central")
    found = [each for each in proof.verify(world.estate, world.write(tmp_path)).to_json()["faults"] if each["chains"]]
    told = [(each["code"], each["at_stake"], each["resources"], each["resources_promised"]) for each in found]
    assert told == [("VRF041", "promise", 1, 1), ("VRF041", "copy", len(other), 0)]
    assert len(other) > 1
