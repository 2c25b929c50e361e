"""AWS Backup on a clock that the test moves, over an organization that the test writes down; resources lie in moto's backends."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from strongroom.semantics import policies
from strongroom.twin.backup.service import Backup
from strongroom.twin.ports import Request, Response

START = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
REGION = "eu-west-2"
MANAGEMENT, CENTRAL, WORKLOAD, STRANGER = "111111111111", "333333333333", "555555555555", "999999999999"
TRUST = json.dumps(
    {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]},
)


@dataclass
class WrittenOrganization:
    """An organization as an OrganizationView, written down by a test."""

    generation: int = 1
    organization_id: str = "o-abcdefghij"
    management_account: str = MANAGEMENT
    members: tuple[str, ...] = (MANAGEMENT, CENTRAL, WORKLOAD)
    policies: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    trusted: bool = True
    closed: tuple[str, ...] = ()

    def accounts(self) -> tuple[str, ...]:
        return self.members

    def is_closed(self, account: str) -> bool:
        return account in self.closed

    def path_of(self, account: str) -> str:
        return f"{self.organization_id}/r-abcd/ou-abcd-{'central' if account == CENTRAL else 'workload'}/"

    def effective_backup_policy(self, account: str) -> Mapping[str, Any] | None:
        return self.policies.get(account)

    def is_trusted(self, service: str) -> bool:
        return self.trusted and service == "backup.amazonaws.com"

    def is_delegated_administrator(self, account: str, service: str) -> bool:  # noqa: ARG002 - the port's signature
        return False


class Scene:
    """A twin's AWS Backup with its clock and its organization."""

    def __init__(self, seed: str = "test") -> None:
        self.at = START
        self.organization = WrittenOrganization()
        self.backup = Backup(self.organization, lambda: self.at, seed=seed)

    def do(self, operation: str, *, account: str = WORKLOAD, region: str = REGION, **parameters: Any) -> dict[str, Any]:
        return self.backup.call(account, region, operation, parameters)

    def ask(self, method: str, path: str, *, body: Any = None, account: str = WORKLOAD, **query: str) -> Response:
        return self.backup.handle(
            Request(
                account=account,
                region=REGION,
                principal=f"arn:aws:iam::{account}:user/someone",
                service="backup",
                method=method,
                path=path,
                query={name: (value,) for name, value in query.items()},
                headers={},
                body=b"" if body is None else json.dumps(body).encode(),
            )
        )

    def wait(self, **time: float) -> dict[str, int]:
        target = self.at + timedelta(**time)
        happened = self.backup.run_until(target)
        self.at = target
        return happened

    def role(self, account: str = WORKLOAD, name: str = "test-AWSBackup") -> str:
        from moto.iam.models import iam_backends

        backend = iam_backends[account]["aws"]
        role = backend.create_role(
            role_name=name,
            assume_role_policy_document=TRUST,
            path="/",
            permissions_boundary=None,
            description="",
            tags=[],
            max_session_duration="3600",
        )
        return str(role.arn)

    def key(self, account: str = WORKLOAD, region: str = REGION, shared_with: str = "") -> Any:
        from moto.kms.models import kms_backends

        other = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{shared_with}:root"}, "Action": "kms:*", "Resource": "*"}
        policy = json.dumps({"Statement": [other]}) if shared_with else None
        return kms_backends[account][region].create_key(policy, "ENCRYPT_DECRYPT", "SYMMETRIC_DEFAULT", "", None)

    def table(self, name: str, *, account: str = WORKLOAD, region: str = REGION, **tags: str) -> str:
        from moto.dynamodb.models import dynamodb_backends

        table = dynamodb_backends[account][region].create_table(
            name,
            schema=[{"AttributeName": "id", "KeyType": "HASH"}],
            attr=[{"AttributeName": "id", "AttributeType": "S"}],
            billing_mode="PAY_PER_REQUEST",
            throughput=None,
            indexes=[],
            global_indexes=[],
            streams=None,
            sse_specification=None,
            tags=[{"Key": key, "Value": value} for key, value in tags.items()],
            deletion_protection_enabled=False,
            warm_throughput=None,
        )
        return str(table.table_arn)

    def volume(self, *, size: int = 8, key: str | None = None, account: str = WORKLOAD, **tags: str) -> str:
        from moto.ec2.models import ec2_backends

        backend = ec2_backends[account][REGION]
        volume = backend.create_volume(size, f"{REGION}a", encrypted=key is not None, kms_key_id=key)
        volume.add_tags(tags)
        return f"arn:aws:ec2:{REGION}:{account}:volume/{volume.id}"

    def bucket(self, name: str, *, versioned: bool = True, account: str = WORKLOAD, **tags: str) -> str:
        from moto.s3.models import s3_backends

        backend = s3_backends[account]["aws"]
        bucket = backend.create_bucket(name, REGION)
        if versioned:
            backend.put_bucket_versioning(name, "Enabled")
        backend.put_bucket_tagging(name, tags)
        return str(bucket.arn)

    def stack(self, name: str, *, account: str = WORKLOAD, region: str = REGION, **resources: Any) -> str:
        """A stack of CloudFormation with resources as a template has them."""
        from strongroom.twin.cloudformation.wire import CloudFormation, CloudFormationResponse, resource_types

        known = vars(CloudFormationResponse).get("cloudformation") or CloudFormation(resource_types(self.backup), self.organization)
        CloudFormationResponse.cloudformation = known
        known.call(account, region, "CreateStack", {"StackName": name, "TemplateBody": json.dumps({"Resources": resources})})
        return str(known.stacks.named(account, region, name).id)

    def vault(self, name: str = "local", *, account: str = WORKLOAD, region: str = REGION, **more: Any) -> str:
        key = self.key(account, region).arn
        made = self.do("CreateBackupVault", account=account, region=region, BackupVaultName=name, EncryptionKeyArn=key, **more)
        return str(made["BackupVaultArn"])

    def central_vault(self, **more: Any) -> str:
        """A vault in the central account that the whole organization may copy into, with cross-account backup switched on."""
        arn = self.vault("central", account=CENTRAL, **more)
        statement = {
            "Effect": "Allow",
            "Principal": "*",
            "Action": "backup:CopyIntoBackupVault",
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": self.organization.organization_id}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        self.do("PutBackupVaultAccessPolicy", account=CENTRAL, BackupVaultName="central", Policy=policy)
        self.do("UpdateGlobalSettings", account=MANAGEMENT, GlobalSettings={"isCrossAccountBackupEnabled": "true"})
        return arn

    def plan(self, *rules: Mapping[str, Any], name: str = "production", role: str | None = None, **selection: Any) -> str:
        plan_id = str(self.do("CreateBackupPlan", BackupPlan={"BackupPlanName": name, "Rules": list(rules)})["BackupPlanId"])
        chosen = selection or {"ListOfTags": [tag("environment", "prod")]}
        arn = role or self.role(name=f"{name}-AWSBackup")
        self.do("CreateBackupSelection", BackupPlanId=plan_id, BackupSelection={"SelectionName": "all", "IamRoleArn": arn, **chosen})
        return plan_id

    def points(self, vault: str = "local", account: str = WORKLOAD, region: str = REGION, **filters: Any) -> list[dict[str, Any]]:
        return list(
            self.do("ListRecoveryPointsByBackupVault", account=account, region=region, BackupVaultName=vault, **filters)["RecoveryPoints"]
        )

    def jobs(self, **filters: Any) -> list[dict[str, Any]]:
        return list(self.do("ListBackupJobs", **filters)["BackupJobs"])

    def copies(self, **filters: Any) -> list[dict[str, Any]]:
        return list(self.do("ListCopyJobs", **filters)["CopyJobs"])


def tag(key: str, value: str) -> dict[str, str]:
    return {"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value}


def rule(name: str = "daily", **members: Any) -> dict[str, Any]:
    defaults = {
        "RuleName": name,
        "TargetBackupVaultName": "local",
        "ScheduleExpression": "cron(0 2 * * ? *)",
        "StartWindowMinutes": 60,
        "CompletionWindowMinutes": 600,
        "Lifecycle": {"DeleteAfterDays": 30},
    }
    return {key: value for key, value in (defaults | members).items() if value is not None}


def effective(vault: str = "local", *, days: str = "30", name: str = "Production") -> dict[str, Any]:
    """An effective policy with one plan."""
    merged = {
        "plans": {
            name: {
                "regions": [REGION],
                "rules": {
                    "daily": {
                        "schedule_expression": "cron(0 2 * * ? *)",
                        "target_backup_vault_name": vault,
                        "start_backup_window_minutes": "60",
                        "lifecycle": {"delete_after_days": days},
                    }
                },
                "selections": {
                    "tags": {
                        "prod": {
                            "iam_role_arn": f"arn:aws:iam::{WORKLOAD}:role/test-AWSBackup",
                            "tag_key": "environment",
                            "tag_value": ["prod"],
                        }
                    }
                },
            }
        }
    }
    assert policies.problems(merged) == ()
    return merged


@pytest.fixture
def scene() -> Iterator[Scene]:
    clear()
    yield Scene()
    clear()


@pytest.fixture
def another_scene() -> Any:
    """A second AWS Backup with the same seed over the same resources."""
    return Scene


@pytest.fixture
def kit() -> Any:
    """Builders for documents."""
    return Kit


class Kit:
    rule = staticmethod(rule)
    tag = staticmethod(tag)
    effective = staticmethod(effective)

    @staticmethod
    def clear() -> None:
        """Forget all resources, and let moto draw the same ids again."""
        from moto.moto_api._internal import mock_random

        clear()
        mock_random.seed(12)

    REGION, MANAGEMENT, CENTRAL, WORKLOAD, STRANGER, START = REGION, MANAGEMENT, CENTRAL, WORKLOAD, STRANGER, START


def clear() -> None:
    import sys

    stacks = sys.modules.get("strongroom.twin.cloudformation.wire")
    if stacks is not None and "cloudformation" in vars(stacks.CloudFormationResponse):
        del stacks.CloudFormationResponse.cloudformation
    for service in ("dynamodb", "ec2", "rds", "s3", "efs", "iam", "kms", "events", "sns", "sqs", "logs"):
        module = sys.modules.get(f"moto.{service}.models")
        if module is not None:
            backends = getattr(module, f"{service}_backends")
            backends.clear()
            if service == "s3":
                backends.bucket_accounts.clear()
