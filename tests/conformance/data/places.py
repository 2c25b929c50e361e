"""One account whose resources are backed up into three vaults, and what every test of data does with them."""

import json
import random
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tests.conformance.conftest import Twin

SHOP, CENTRAL = "555555555555", "333333333333"
HOME, AWAY = "eu-west-2", "eu-west-1"
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
OWN, OF_CENTRAL, OF_DR = ("shop-own", SHOP, HOME), ("central", CENTRAL, HOME), ("dr", CENTRAL, AWAY)
Vault = tuple[str, str, str]  # name, account, Region


class Places:
    """A twin with the vaults and roles of these tests."""

    def __init__(self, twin: Twin) -> None:
        self.twin = twin
        self.roles = {account: self._role(account) for account in (SHOP, CENTRAL)}
        twin.client("backup").update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})
        for account, region in ((SHOP, HOME), (CENTRAL, HOME), (CENTRAL, AWAY)):
            every = dict.fromkeys(("DynamoDB", "EFS"), True)
            preferences = {"ResourceTypeOptInPreference": every | {"S3": True}, "ResourceTypeManagementPreference": every}
            twin.client("backup", region, account).update_region_settings(**preferences)
        for name, account, region in (OWN, OF_CENTRAL, OF_DR):
            self._vault(name, account, region)

    def _role(self, account: str) -> str:
        iam = self.twin.client("iam", account=account)
        return str(iam.create_role(RoleName="data-backup", AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"])

    def _vault(self, name: str, account: str, region: str) -> None:
        backup = self.twin.client("backup", region, account)
        anybody = {"Effect": "Allow", "Principal": {"AWS": [f"arn:aws:iam::{each}:root" for each in (SHOP, CENTRAL)]}, "Resource": "*"}
        key_policy = {"Version": "2012-10-17", "Statement": [anybody | {"Action": "kms:*"}]}
        key = self.twin.client("kms", region, account).create_key(Policy=json.dumps(key_policy))["KeyMetadata"]["Arn"]
        backup.create_backup_vault(BackupVaultName=name, EncryptionKeyArn=key)
        policy = {"Version": "2012-10-17", "Statement": [anybody | {"Action": "backup:CopyIntoBackupVault"}]}
        backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=json.dumps(policy))

    def client(self, service: str, account: str = SHOP, region: str = HOME) -> Any:
        return self.twin.client(service, region, account)

    def now(self) -> datetime:
        return datetime.fromisoformat(self.twin.advance("1s")["now"])

    def back_up(self, arn: str, vault: Vault = OWN) -> str:
        """Start a backup of a resource at this instant; returns the id of its job."""
        name, account, region = vault
        return str(
            self.client("backup", account, region).start_backup_job(
                BackupVaultName=name, ResourceArn=arn, IamRoleArn=self.roles[account], Lifecycle={"DeleteAfterDays": 400}
            )["BackupJobId"]
        )

    def point_of(self, job_id: str, vault: Vault = OWN) -> str:
        """Return the recovery point of a job that is over."""
        job = self.client("backup", vault[1], vault[2]).describe_backup_job(BackupJobId=job_id)
        assert job["State"] == "COMPLETED", job.get("StatusMessage")
        return str(job["RecoveryPointArn"])

    def copy(self, point: str, source: Vault, destination: Vault) -> str:
        """Copy a recovery point from vault to vault, and return the ARN of the copy."""
        name, account, region = source
        to, to_account, to_region = destination
        backup = self.client("backup", account, region)
        job = backup.start_copy_job(
            RecoveryPointArn=point,
            SourceBackupVaultName=name,
            DestinationBackupVaultArn=f"arn:aws:backup:{to_region}:{to_account}:backup-vault:{to}",
            IamRoleArn=self.roles[account],
        )["CopyJobId"]
        self.twin.advance("12h")
        done = backup.describe_copy_job(CopyJobId=job)["CopyJob"]
        assert done["State"] == "COMPLETED", done.get("StatusMessage")
        return str(done["DestinationRecoveryPointArn"])

    def restore(self, point: str, metadata: Mapping[str, str], vault: Vault = OWN) -> dict[str, Any]:
        """Restore a recovery point in the account of its vault, and return the job when it is over."""
        backup = self.client("backup", vault[1], vault[2])
        job = backup.start_restore_job(RecoveryPointArn=point, Metadata=metadata, IamRoleArn=self.roles[vault[1]])["RestoreJobId"]
        self.twin.advance("12h")
        found: dict[str, Any] = backup.describe_restore_job(RestoreJobId=job)
        return found

    def restored(self, point: str, metadata: Mapping[str, str], vault: Vault = OWN) -> str:
        """Restore a recovery point, which must succeed; returns the ARN of what was made."""
        job = self.restore(point, metadata, vault)
        assert job["Status"] == "COMPLETED", job.get("StatusMessage")
        return str(job["CreatedResourceArn"])


def at_instants(states: list[tuple[datetime, Any]], count: int) -> list[tuple[datetime, Any]]:
    """Return instants by chance in whole seconds, in their order, with the state at each; no one within a minute before a change.

    `states` are in force from their instant on, up to a little before that of the next.
    """
    luck, found = random.Random(count), []  # noqa: S311 - chance of a test
    for _ in range(count):
        number = luck.randrange(len(states) - 1)
        since, until = states[number][0], states[number + 1][0]
        at = since.timestamp() + 1 + luck.random() * ((until - since).total_seconds() - 61)
        found.append((datetime.fromtimestamp(int(at), UTC), states[number][1]))
    return sorted(found, key=lambda each: each[0])
