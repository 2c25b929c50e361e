"""One conformance suite of AWS Backup, for the twin always and for a real account with STRONGROOM_AWS=1.

Tests speak boto3 alone. On a real account those marked `aws_costs` or `aws_locks` are left out: they restore and keep things,
wait for days, or lock. What needs time to pass asks `aws.advance`, which only the twin has.
"""

import contextlib
import json
import os
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from strongroom.twin import process

REAL = os.environ.get("STRONGROOM_AWS") == "1"
ACCOUNT = "666666666666"  # a workload account of the twin
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
HERE = Path(__file__).parent
_POLICIES = tuple(f"arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyFor{what}" for what in ("Backup", "Restores"))


def pytest_collection_modifyitems(items: Sequence[pytest.Item]) -> None:
    """Leave out on a real account what would cost or lock."""
    for item in items:
        if REAL and HERE in item.path.parents and (item.get_closest_marker("aws_costs") or item.get_closest_marker("aws_locks")):
            item.add_marker(pytest.mark.skip(reason="costs or locks in a real account"))


@dataclass
class Aws:
    """Where the suite runs: clients, names of its own, a role, a way to let time pass."""

    client: Callable[..., Any]  # client(service, account=…); on a real account there is one account only
    advance: Callable[[str], Any]  # advance("90d")
    region: str
    account: str
    twin: bool = not REAL
    _made: dict[str, str] = field(default_factory=dict)
    _named: list[str] = field(default_factory=list)

    def name(self, what: str) -> str:
        """A name that nobody has used."""
        self._named.append(f"{what}_{uuid.uuid4().hex[:8]}")
        return self._named[-1]

    def role(self) -> str:
        """A role that AWS Backup may assume."""
        if "role" not in self._made:
            iam, name = self.client("iam"), self.name("strongroom-conformance")
            made = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **TRUST}))
            for policy in _POLICIES if REAL else ():
                iam.attach_role_policy(RoleName=name, PolicyArn=policy)
            self._made["role"] = made["Role"]["Arn"]
        return self._made["role"]

    def clean(self) -> None:
        """Remove the role again, and the vaults and topics with names of ours: tests leave none with anything in it."""
        for name in self._named:
            with contextlib.suppress(ClientError):
                self.client("backup").delete_backup_vault(BackupVaultName=name)
            with contextlib.suppress(ClientError):
                self.client("sns").delete_topic(TopicArn=f"arn:aws:sns:{self.region}:{self.account}:{name}")
        if "role" in self._made:
            iam, name = self.client("iam"), self._made.pop("role").rpartition("/")[2]
            for policy in _POLICIES if REAL else ():
                iam.detach_role_policy(RoleName=name, PolicyArn=policy)
            iam.delete_role(RoleName=name)

    def table(self) -> str:
        """A new DynamoDB table."""
        attributes = [{"AttributeName": "id", "AttributeType": "S"}]
        keys = [{"AttributeName": "id", "KeyType": "HASH"}]
        name = self.name("conformance")
        made = self.client("dynamodb").create_table(
            TableName=name, AttributeDefinitions=attributes, KeySchema=keys, BillingMode="PAY_PER_REQUEST"
        )
        return str(made["TableDescription"]["TableArn"])

    def point(self, **more: Any) -> dict[str, Any]:
        """A recovery point of a new table in a new vault."""
        backup, vault = self.client("backup"), self.name("conformance")
        backup.create_backup_vault(BackupVaultName=vault)
        backup.start_backup_job(BackupVaultName=vault, ResourceArn=self.table(), IamRoleArn=self.role(), **more)
        self.advance("1h")
        (point,) = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault)["RecoveryPoints"]
        return dict(point)

    def refusal(self, call: Callable[..., Any], **parameters: Any) -> tuple[str, str]:
        """Code and text of a refusal."""
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]


@pytest.fixture(scope="session")
def aws(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    """The twin, whose clock this suite moves, or the real account that the environment names."""
    if REAL:
        session = boto3.Session()
        real = Aws(
            client=lambda service, **_: session.client(service),
            advance=lambda _duration: pytest.fail("nobody can move AWS's clock"),
            region=session.region_name,
            account=session.client("sts").get_caller_identity()["Account"],
        )
        yield real
        real.clean()
        return
    started = request.getfixturevalue("start_twin")(tmp_path_factory.mktemp("aws-backup"))
    yield Aws(
        client=lambda service, account=ACCOUNT: started.client(service, account=account),
        advance=started.advance,
        region=started.region,
        account=ACCOUNT,
    )
    process.down(started.home)
