"""What `verify` says of a fault's stake, in words and as SARIF's rank."""

import json

import pytest

from strongroom.cli.formats import sarif
from strongroom.cli.verify import ranks, stake
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.findings import Fault
from strongroom.proof.links import LinkState
from strongroom.proof.stake import NOTHING, Stake


def fault(chains=0, resources=0, stake=NOTHING):
    finding = Finding(
        code="VRF030",
        severity=Severity.ERROR,
        subject="",
        message="",
        why="",
        help="",
        origin=LiveOrigin("111122223333", "", ""),
        failure_mode="",
    )
    return Fault(finding=finding, state=LinkState.BROKEN, link=None, resources=resources, chains=chains, arns=(), stake=stake)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (fault(), ""),
        (fault(resources=1), "1 resource"),
        (fault(412, 140, Stake(accounts=3, bare=87)), "412 chains of 140 resources in 3 accounts; 87 resources without any proven copy"),
        (
            fault(2, 2, Stake(accounts=1, bare=2, bare_promised=1, promised=2)),
            "2 chains of 2 resources in 1 account; 2 resources without any proven copy, 1 of them with a promise",
        ),
        (fault(1, 1, Stake(accounts=1, promised=1)), "1 chain of 1 resource in 1 account; 1 resource with a promise"),
    ],
)
def test_the_line_says_how_much_is_at_stake(found, words):
    """Chains, resources, accounts, and what of them is without a copy or promised."""
    assert stake(found) == words


def test_ranks_follow_the_order():
    """The first result has 100, each further one less; checks without ranks have none."""
    three = [fault(), fault(), fault()]
    results = json.loads(sarif([each.finding for each in three], ranks(three)))["runs"][0]["results"]
    assert [each["rank"] for each in results] == [100.0, 66.7, 33.3]
    assert "rank" not in json.loads(sarif([three[0].finding]))["runs"][0]["results"][0]
    assert ranks([]) == []
