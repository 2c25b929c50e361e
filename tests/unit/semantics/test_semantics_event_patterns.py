"""EventBridge patterns: each operator of AWS's page, and what is not understood decides nothing."""

import pytest

from strongroom.semantics.eventpatterns import matches

EVENT = {
    "source": "aws.backup",
    "detail-type": "Copy Job State Change",
    "resources": ["arn:aws:ec2:eu-west-2::snapshot/snap-1", "arn:aws:ec2:eu-west-2::snapshot/snap-2"],
    "detail": {"state": "FAILED", "percentDone": 40, "message": None, "nested": {"deep": True}, "name": "Central_Vault"},
}


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ({"source": ["aws.backup"]}, True),
        ({"source": ["aws.ec2", "aws.backup"]}, True),
        ({"source": ["AWS.Backup"]}, False),
        ({"source": ["aws.backup"], "detail": {"state": ["COMPLETED"]}}, False),
        ({"resources": ["arn:aws:ec2:eu-west-2::snapshot/snap-2"]}, True),
        ({"detail": {"nested": {"deep": [True]}}}, True),
        ({"detail": {"percentDone": [40]}}, True),
        ({"detail": {"percentDone": ["40"]}}, False),
        ({"detail": {"message": [None]}}, True),
        ({"detail": {"state": [{"prefix": "FA"}]}}, True),
        ({"detail": {"state": [{"prefix": {"equals-ignore-case": "fa"}}]}}, True),
        ({"detail": {"state": [{"suffix": "ED"}]}}, True),
        ({"detail": {"state": [{"suffix": "ING"}]}}, False),
        ({"detail": {"name": [{"equals-ignore-case": "central_vault"}]}}, True),
        ({"detail": {"name": [{"wildcard": "Cent*_V*t"}]}}, True),
        ({"detail": {"name": [{"wildcard": "Cent*x"}]}}, False),
        ({"detail": {"state": [{"anything-but": "COMPLETED"}]}}, True),
        ({"detail": {"state": [{"anything-but": ["FAILED", "COMPLETED"]}]}}, False),
        ({"detail": {"state": [{"anything-but": {"prefix": "COM"}}]}}, True),
        ({"detail": {"state": [{"anything-but": {"prefix": ["COM", "FA"]}}]}}, False),
        ({"detail": {"percentDone": [{"numeric": [">", 0, "<=", 40]}]}}, True),
        ({"detail": {"percentDone": [{"numeric": ["<", 40]}]}}, False),
        ({"detail": {"state": [{"numeric": ["<", 40]}]}}, False),
        ({"detail": {"errorCode": [{"exists": False}]}}, True),
        ({"detail": {"errorCode": [{"exists": True}]}}, False),
        ({"detail": {"state": [{"exists": True}]}}, True),
        ({"detail": {"errorCode": [{"anything-but": "x"}]}}, False),
        ({"detail": {"missing": {"deeper": ["x"]}}}, False),
        ({"$or": [{"source": ["aws.ec2"]}, {"detail": {"state": ["FAILED"]}}]}, True),
        ({"source": ["aws.backup"], "$or": [{"detail": {"state": ["A"]}}, {"detail": {"state": ["B"]}}]}, False),
    ],
)
def test_a_pattern_matches_or_not(pattern, answer):
    """Fields are all wanted, values of a list any, comparisons as the page has them."""
    assert matches(pattern, EVENT) is answer


@pytest.mark.parametrize(
    "pattern",
    [
        None,
        {},
        [],
        {"detail": {"state": [{"cidr": "10.0.0.0/8"}]}},
        {"detail": {"state": [{"prefix": "F", "suffix": "D"}]}},
        {"detail": {"percentDone": [{"numeric": ["~", 1]}]}},
        {"detail": {"percentDone": [{"numeric": [">"]}]}},
        {"detail": {"state": "FAILED"}},
        {"detail": {"state": [{"anything-but": {"cidr": "10.0.0.0/8"}}]}},
    ],
)
def test_what_is_not_understood_is_neither(pattern):
    """Neither matched nor missed."""
    assert matches(pattern, EVENT) is None


@pytest.mark.parametrize(
    ("pattern", "answer"),
    [
        ({"source": ["aws.ec2"], "detail": {"state": [{"cidr": "10.0.0.0/8"}]}}, False),
        ({"detail": {"state": [{"cidr": "10.0.0.0/8"}, "FAILED"]}}, True),
    ],
)
def test_what_is_not_understood_may_not_matter(pattern, answer):
    """Another field that is missed, or another value that matches, decides all the same."""
    assert matches(pattern, EVENT) is answer
