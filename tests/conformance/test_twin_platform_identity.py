"""Who calls the twin: keys, sessions, roles and their trust."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import botocore
import pytest
import urllib3
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from strongroom.twin import client as control

READ = "arn:aws:iam::555555555555:role/strongroom-read"
STRANGER = {"aws_access_key_id": "AKIASTRANGER00000000", "aws_secret_access_key": "x"}


def refused(call: Any, **parameters: Any) -> tuple[str, int, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    answer = caught.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"], answer["Error"]["Message"]


def assumed(twin: Any, role: str = READ, session: str = "test", **parameters: Any) -> dict[str, str]:
    answer = twin.client("sts").assume_role(RoleArn=role, RoleSessionName=session, **parameters)["Credentials"]
    return {
        "aws_access_key_id": answer["AccessKeyId"],
        "aws_secret_access_key": answer["SecretAccessKey"],
        "aws_session_token": answer["SessionToken"],
    }


@pytest.mark.parametrize(
    ("service", "operation", "codes", "status"),
    [
        ("backup", "list_backup_vaults", {"UnrecognizedClientException"}, 403),
        ("organizations", "list_accounts", {"UnrecognizedClientException"}, 403),
        ("dynamodb", "list_tables", {"UnrecognizedClientException"}, 403),
        ("sts", "get_caller_identity", {"InvalidClientTokenId"}, 403),
        ("cloudformation", "list_stacks", {"InvalidClientTokenId"}, 403),
        ("s3", "list_buckets", {"InvalidAccessKeyId"}, 403),
        ("efs", "describe_file_systems", {"UnrecognizedClientException"}, 403),
        ("ec2", "describe_volumes", {"AuthFailure"}, 401),
        ("cloudwatch", "list_metrics", {"UnrecognizedClientException", "InvalidClientTokenId"}, 403),  # botocore chooses the protocol
    ],
)
def test_unknown_access_key_is_refused(twin: Any, service: str, operation: str, codes: set[str], status: int) -> None:
    """An unknown access key is refused in the words and shape of each protocol."""
    code, got, _ = refused(getattr(twin.client_with(service, **STRANGER), operation))
    assert got == status
    assert code in codes


def test_unsigned_request_is_refused(twin: Any) -> None:
    """A request without a signature is refused."""
    client = twin.client_with("backup", config=Config(signature_version=UNSIGNED))
    assert refused(client.list_backup_vaults)[:2] == ("MissingAuthenticationTokenException", 403)


def test_plain_http_get_is_refused(twin: Any) -> None:
    """Somebody who looks at the endpoint with a browser gets 403, no trace."""
    answer = urllib3.PoolManager().request("GET", twin.endpoint.url + "/")
    assert answer.status == 403


def test_caller_identity_of_a_user(twin: Any) -> None:
    """GetCallerIdentity tells a seeded user's account and ARN."""
    answer = twin.client("sts", account="222222222222").get_caller_identity()
    assert (answer["Account"], answer["Arn"]) == ("222222222222", "arn:aws:iam::222222222222:user/admin")


def test_caller_identity_of_a_session(twin: Any) -> None:
    """GetCallerIdentity tells a session's account, role and session name."""
    answer = twin.client_with("sts", **assumed(twin, session="auditor")).get_caller_identity()
    assert answer["Arn"] == "arn:aws:sts::555555555555:assumed-role/strongroom-read/auditor"
    assert answer["Account"] == "555555555555"
    assert answer["UserId"].startswith("AROA")
    assert answer["UserId"].endswith(":auditor")


def test_session_acts_in_the_account_of_its_role(twin: Any) -> None:
    """A session sees its account's tables, not the caller's."""
    credentials = assumed(twin)
    assert "orders" in twin.client_with("dynamodb", **credentials).list_tables()["TableNames"]
    assert "orders" not in twin.client("dynamodb").list_tables()["TableNames"]


def test_expiration_is_real_and_honours_the_duration(own_twin: Any) -> None:
    """Sessions expire by the real clock, wherever the virtual one stands, so that clients don't refresh in a loop."""
    own_twin.advance("90d")
    asked = datetime.now(UTC)
    answer = own_twin.client("sts").assume_role(RoleArn=READ, RoleSessionName="test", DurationSeconds=900)
    left = answer["Credentials"]["Expiration"] - asked
    assert timedelta(seconds=890) < left < timedelta(seconds=930)
    token = own_twin.client("sts").get_session_token()["Credentials"]
    assert timedelta(hours=11) < token["Expiration"] - asked < timedelta(hours=13)
    assert own_twin.client_with("backup", **assumed(own_twin)).list_backup_vaults()["BackupVaultList"] == []


@pytest.mark.parametrize(
    ("account", "role"),
    [
        ("555555555555", "arn:aws:iam::333333333333:role/strongroom-deploy"),  # trusts others
        ("111111111111", "arn:aws:iam::555555555555:role/no-such-role"),
        ("111111111111", "arn:aws:iam::000000000000:role/strongroom-read"),  # no such account
    ],
)
def test_role_that_does_not_trust_or_exist(twin: Any, account: str, role: str) -> None:
    """AssumeRole says AccessDenied in AWS's words, whether the role is missing or doesn't trust the caller."""
    code, status, message = refused(twin.client("sts", account=account).assume_role, RoleArn=role, RoleSessionName="test")
    assert (code, status) == ("AccessDenied", 403)
    assert message == f"User: arn:aws:iam::{account}:user/admin is not authorized to perform: sts:AssumeRole on resource: {role}"


def trusting(twin: Any, name: str, principal: Any, condition: Any = None) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"} | ({"Condition": condition} if condition else {})
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    role = twin.client("iam", account="777777777777").create_role(RoleName=name, AssumeRolePolicyDocument=policy)
    return str(role["Role"]["Arn"])


def test_trust_by_organization_id(twin: Any) -> None:
    """A wildcard principal under aws:PrincipalOrgID lets members of the organization in, by the right id only."""
    organization = twin.client("organizations").describe_organization()["Organization"]["Id"]
    for name, value, expected in (("org-right", organization, True), ("org-wrong", "o-0000000000", False)):
        arn = trusting(twin, name, {"AWS": "*"}, {"StringEquals": {"aws:PrincipalOrgID": value}})
        call = twin.client("sts", account="555555555555").assume_role
        if expected:
            assert call(RoleArn=arn, RoleSessionName="test")["AssumedRoleUser"]["Arn"].endswith(f"{name}/test")
        else:
            assert refused(call, RoleArn=arn, RoleSessionName="test")[0] == "AccessDenied"


def test_trust_of_one_role_only(twin: Any) -> None:
    """A trust policy that names a role lets its sessions in, and nobody else of that account."""
    arn = trusting(twin, "for-readers", {"AWS": READ})
    session = twin.client_with("sts", **assumed(twin))
    assert session.assume_role(RoleArn=arn, RoleSessionName="second")["Credentials"]
    assert refused(twin.client("sts", account="555555555555").assume_role, RoleArn=arn, RoleSessionName="test")[0] == "AccessDenied"


def test_session_longer_than_the_role_allows(twin: Any) -> None:
    """A session longer than the role's maximum is a validation error."""
    code, _, message = refused(twin.client("sts").assume_role, RoleArn=READ, RoleSessionName="test", DurationSeconds=7200)
    assert code == "ValidationError"
    assert "MaxSessionDuration" in message


def test_session_key_without_its_token(twin: Any) -> None:
    """A session's key without its token, or with a wrong one, opens nothing."""
    credentials = assumed(twin)
    for token in (None, "wrong"):
        client = twin.client_with("sts", **credentials | {"aws_session_token": token})
        assert refused(client.get_caller_identity)[0] == "InvalidClientTokenId"


def test_expired_session(own_twin: Any) -> None:
    """Sessions that were made to expire answer ExpiredToken in each protocol's words."""
    credentials = assumed(own_twin)
    assert control.expire_sessions(own_twin.endpoint, account="555555555555") == 1
    assert refused(own_twin.client_with("sts", **credentials).get_caller_identity)[0] == "ExpiredToken"
    assert refused(own_twin.client_with("backup", **credentials).list_backup_vaults)[0] == "ExpiredTokenException"
    assert refused(own_twin.client_with("s3", **credentials).list_buckets)[0] == "ExpiredToken"


def test_access_keys_made_and_disabled_over_the_wire(twin: Any) -> None:
    """A key that IAM hands out works until it is made inactive."""
    iam = twin.client("iam", account="777777777777")
    iam.create_user(UserName="temporary")
    key = iam.create_access_key(UserName="temporary")["AccessKey"]
    sts = twin.client_with("sts", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"])
    assert sts.get_caller_identity()["Arn"] == "arn:aws:iam::777777777777:user/temporary"
    iam.update_access_key(UserName="temporary", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(sts.get_caller_identity)[0] == "InvalidClientTokenId"


def test_claimed_account_is_ignored(twin: Any) -> None:
    """Nobody gets into another account with moto's own header."""
    client = twin.client_with("dynamodb", aws_access_key_id=twin.keys["777777777777"][0], aws_secret_access_key="test")
    client.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("x-moto-account-id", "555555555555"))
    assert "orders" not in client.list_tables()["TableNames"]


def test_version_of_botocore_is_known() -> None:
    """The wire shapes here were seen with botocore 1.44; a new major version deserves a look."""
    assert botocore.__version__.startswith("1.")
