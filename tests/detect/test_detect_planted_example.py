"""The example's planted faults are found, each by name, and nothing else."""

from collections.abc import Iterator

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import EXAMPLE

from strongroom.errors import ExitCode

SHOP, PAYMENTS, LEDGER = "555555555555", "666666666666", "777777777777"
REGION = "eu-west-2"


@pytest.fixture(scope="module")
def example(deployed) -> Iterator[World]:
    """The example ten days after its strategy was applied."""
    with deployed(EXAMPLE, 10) as world:
        yield world


@pytest.fixture(scope="module")
def found(example):
    return example.verify()


@pytest.fixture(scope="module")
def planted(example) -> dict[str, str]:
    """What is wrong on purpose: failure mode -> ARN, looked up with calls of our own."""
    volumes = example.client("ec2", SHOP, REGION).describe_volumes(Filters=[{"Name": "tag:Name", "Values": ["shop-legacy"]}])["Volumes"]
    tables = example.client("dynamodb", PAYMENTS, REGION).describe_table(TableName="refunds")
    clusters = example.client("rds", LEDGER, REGION).describe_db_clusters(DBClusterIdentifier="ledger-cluster")
    return {
        "FM01": f"arn:aws:ec2:{REGION}:{SHOP}:volume/{volumes[0]['VolumeId']}",
        "FM09": clusters["DBClusters"][0]["DBClusterArn"],
        "FM10": tables["Table"]["TableArn"],
    }


def test_exactly_the_planted_faults_are_found(found, planted, told):
    """Each planted fault is named once by its failure mode and its one resource, and there is no other."""
    named = {(fault.finding.failure_mode, fault.arns) for fault in found.faults}
    assert named == {(mode, (arn,)) for mode, arn in planted.items()}, f"no error found, the checker is broken: {told(found)}"


@pytest.mark.parametrize(
    ("mode", "cause", "fix"),
    [
        ("FM01", "Snapshots encrypted with the AWS managed key can't be shared", "customer-managed key"),
        ("FM09", "Aurora is not opted in to AWS Backup in eu-west-2, eu-west-1", "opt_in"),
        ("FM10", "tag environment: prd is almost environment: prod (one letter off), so plan production leaves", "write environment: prod"),
    ],
)
def test_each_finding_says_cause_and_fix(found, mode, cause, fix):
    """A finding carries AWS's own words or ours for the cause, and something to do about it."""
    finding = next(fault.finding for fault in found.faults if fault.finding.failure_mode == mode)
    assert cause in finding.message
    assert fix in finding.help
    assert finding.why


def test_nothing_else_is_broken_or_unknown(found, planted):
    """Every chain of every other resource is proven; nothing is unknown."""
    assert {row["resource_arn"] for row in found.not_proven()} == {planted["FM01"], planted["FM09"]}
    assert (found.unknown, found.unread) == (0, ())
    assert found.proven > 100
    assert found.exit_code is ExitCode.FINDINGS


def test_the_faults_are_still_the_same_after_ninety_days(example, planted, told):
    """Ninety days of expiring and failing later, each planted fault is named with its one resource, and no other."""
    example.let_pass(80)
    found = example.verify()
    assert {(fault.finding.failure_mode, fault.arns) for fault in found.faults} == {(mode, (arn,)) for mode, arn in planted.items()}, told(
        found
    )
    assert found.unknown == 0
