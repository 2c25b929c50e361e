"""What counts as drift of a property, and what is only written differently."""

import json
from typing import Any

import pytest

from strongroom.twin.cloudformation.differences import Difference, differences, drifted

POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": "*"}]}


@pytest.mark.parametrize(
    ("expected", "actual"),
    [
        ({"Period": "300"}, {"Period": 300}),
        ({"Threshold": 0}, {"Threshold": 0.0}),
        ({"Enabled": True}, {"Enabled": "true"}),
        ({"Locked": False}, {}),
        ({"Tags": []}, {}),
        ({"PolicyDocument": POLICY}, {"PolicyDocument": json.dumps(POLICY)}),
        (
            {"PolicyDocument": POLICY},
            {"PolicyDocument": {**POLICY, "Statement": {"Effect": "Allow", "Action": "s3:GetObject", "Resource": ["*"]}}},
        ),
        (
            {"Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}]},
            {"Tags": [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]},
        ),
        ({"Regions": ["eu-west-1", "eu-west-2"]}, {"Regions": ["eu-west-2", "eu-west-1"]}),
        ({"Rule": {"Days": 7}}, {"Rule": {"Days": 7, "Years": 1}}),
        ({"Lock": {"MinRetentionDays": 7, "ChangeableForDays": 3}}, {"Lock": {"MinRetentionDays": 7}}),
        ({"Name": "a"}, {"Name": "a", "Other": "b"}),
    ],
)
def test_other_ways_to_write_the_same_are_no_difference(expected: dict[str, Any], actual: dict[str, Any]) -> None:
    """Text for numbers, lists of one, order of tags, and everything that the template doesn't set."""
    assert differences(expected, actual) == ()


def test_every_difference_says_where_it_is_and_what_it_is() -> None:
    """A changed value, a removed and an added member of a list, a policy as a whole."""
    expected = {"Period": 300, "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}], "PolicyDocument": POLICY}
    tags = [{"Key": "b", "Value": "3"}, {"Key": "c", "Value": "4"}]
    changed = {"Version": "2012-10-17", "Statement": []}
    found = differences(expected, {"Period": 60, "Tags": tags, "PolicyDocument": changed})
    assert found == (
        Difference(path="/Period", kind="NOT_EQUAL", expected="300", actual="60"),
        Difference(path="/Tags/0", kind="REMOVE", expected=json.dumps({"Key": "a", "Value": "1"}), actual="null"),
        Difference(path="/Tags/1/Value", kind="NOT_EQUAL", expected="2", actual="3"),
        Difference(path="/Tags/1", kind="ADD", expected="null", actual=json.dumps({"Key": "c", "Value": "4"})),
        Difference(path="/PolicyDocument", kind="NOT_EQUAL", expected=json.dumps(POLICY), actual=json.dumps(changed)),
    )
    assert drifted(found) == {"Period", "Tags", "PolicyDocument"}


def test_a_property_that_is_gone_is_removed() -> None:
    """What the template sets and the service doesn't have."""
    assert [each.kind for each in differences({"AccessPolicy": POLICY, "Description": "x"}, {})] == ["REMOVE", "REMOVE"]


def test_an_account_is_no_number() -> None:
    """Two accounts that differ in a leading zero differ."""
    assert differences({"Accounts": ["012345678901"]}, {"Accounts": ["12345678901"]}) != ()
