"""Trust policies."""

from typing import Any

import pytest

from strongroom.twin.trust import Asker, allows

ROLE = "arn:aws:iam::111111111111:role/tool"
ASKER = Asker(
    account="111111111111",
    arn="arn:aws:sts::111111111111:assumed-role/tool/run",
    policy_arn=ROLE,
    organization_id="o-a1",
    organization_path="o-a1/r-1/ou-1/",
    external_id="",
)


def policy(*, principal: Any, condition: Any = None, effect: str = "Allow", action: Any = "sts:AssumeRole") -> dict[str, Any]:
    return {"Effect": effect, "Action": action, "Principal": principal, "Condition": condition or {}}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        ([policy(principal={"AWS": "111111111111"})], True),
        ([policy(principal={"AWS": ["222222222222", "arn:aws:iam::111111111111:root"]})], True),
        ([policy(principal={"AWS": ROLE})], True),
        ([policy(principal={"AWS": ASKER.arn})], True),
        ([policy(principal={"AWS": "arn:aws:iam::111111111111:role/other"})], False),
        ([policy(principal={"AWS": "222222222222"})], False),
        ([policy(principal={"Service": "backup.amazonaws.com"})], False),
        ([policy(principal="*")], True),
        ([policy(principal={"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalOrgID": "o-a1"}})], True),
        ([policy(principal={"AWS": "*"}, condition={"StringEquals": {"aws:PrincipalOrgID": ["o-b2", "o-c3"]}})], False),
        ([policy(principal="*", condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a1/*/ou-1/*"}})], True),
        ([policy(principal="*", condition={"StringEquals": {"sts:ExternalId": "x"}})], False),
        ([policy(principal="*", condition={"StringEqualsIfExists": {"sts:ExternalId": "x"}})], True),
        ([policy(principal="*", condition={"StringEquals": {"aws:SourceIp": "10.0.0.1"}})], False),
        ([policy(principal="*", condition={"DateLessThan": {"aws:PrincipalOrgID": "x"}})], False),
        ([policy(principal="*", condition={"ArnLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/to*"}})], True),
        ([policy(principal="*", action=["sts:TagSession"])], False),
        ([policy(principal="*", action="sts:*")], True),
        ([policy(principal="*"), policy(principal={"AWS": ROLE}, effect="Deny")], False),
        ([], False),
    ],
)
def test_trust(statements: list[dict[str, Any]], expected: bool) -> None:  # noqa: FBT001
    """Principals by account, root, role, session or wildcard; conditions all hold; a Deny wins; the unknown never holds."""
    assert allows({"Statement": statements}, "sts:AssumeRole", ASKER) is expected
