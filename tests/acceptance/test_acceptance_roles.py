"""Roles on a twin that enforces IAM: the rendered deploy role deploys, and each role of people does its work and no more.

One account outside the governed OUs has a plan of its own in local time, and shares nothing but copies.
"""

from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

CENTRAL, LOGS, SHOP, ADMIN = "333333333333", "444444444444", "555555555555", "222222222222"
MANAGEMENT, OPERATOR = "111111111111", "AKIATWINBACKUPADMIN1"
KEYS = {MANAGEMENT: "AKIATWINMANAGEMENT01", CENTRAL: "AKIATWINCENTRAL00001", LOGS: "AKIATWINLOGS00000001", SHOP: "AKIATWINSHOP00000001"}
REGION = "eu-west-2"
ORGANIZATION = """\
twin: 1
home_region: eu-west-2
regions: [eu-west-2, eu-west-1]
organization:
  management: {name: management, id: "111111111111"}
  units:
    Security:
      accounts: {backup-admin: "222222222222", central-backup: "333333333333", log-archive: "444444444444"}
    Workloads:
      accounts: {shop: "555555555555"}
users:
  - {name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: local-secret}
  - {name: operator, account: backup-admin, access_key: AKIATWINBACKUPADMIN1, secret: local-secret}
  - {name: central, account: central-backup, access_key: AKIATWINCENTRAL00001, secret: local-secret}
  - {name: logs, account: log-archive, access_key: AKIATWINLOGS00000001, secret: local-secret}
  - {name: developer, account: shop, access_key: AKIATWINSHOP00000001, secret: local-secret}
roles:
  - {name: strongroom-read, accounts: all, trusts: [management, backup-admin]}
resources:
  - {type: dynamodb, name: orders, account: shop, items: 10, tags: {environment: prod}}
  - {type: dynamodb, name: trail, account: log-archive, items: 10, tags: {environment: logs}}
"""
STRATEGY = """\
strongroom: 1
name: roles
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333", log_archive: "444444444444"}
  governs: [Workloads]
  opt_in: [dynamodb]
roles:
  recovery: {trust: management, mfa: false}
  backup_team: {trust: management, mfa: false}
  workload_team: {trust: same-account, mfa: false}
vaults:
  local: {in: every-account}
  central: {in: central}
  logs: {in: log_archive}
  island: {in: central, type: air-gapped, lock: {min: 7d, max: 1y}, share: [backup_admin]}
plans:
  production:
    select: {tags: {environment: prod}}
    rules: {daily: {at: "05:00", keep: 30d, copy: [central, island]}}
  trail:
    in: log_archive
    regions: [eu-west-2]
    select: {tags: {environment: logs}}
    rules: {daily: {at: "06:00", timezone: Europe/London, keep: 30d, vault: logs, copy: central}}
"""


class World:
    """A twin with the strategy deployed by the rendered roles."""

    def __init__(self, shell: Any, url: str) -> None:
        self.shell, self.url = shell, url

    def client(self, service: str, account: str, role: str = "", *, by: str = "111111111111") -> Any:
        """A client as the user of an account, or as a role that somebody assumes."""
        place = {"region_name": REGION, "endpoint_url": self.url}
        keys = {"aws_access_key_id": KEYS[by if role else account], "aws_secret_access_key": "local-secret"}
        if not role:
            return boto3.client(service, **place, **keys)
        arn = f"arn:aws:iam::{account}:role/{role}"
        given = boto3.client("sts", **place, **keys).assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        session = {"aws_access_key_id": given["AccessKeyId"], "aws_secret_access_key": given["SecretAccessKey"]}
        return boto3.client(service, **place, **session, aws_session_token=given["SessionToken"])

    def pass_time(self, duration: str) -> None:
        self.shell.strongroom("twin", "clock", "advance", duration)


@pytest.fixture(scope="module")
def world(tmp_path_factory, exported_by, shell_in):
    """Render, make the deploy roles by hand as the index says, apply from the backup administrator's account, ten days, sync."""
    shell = shell_in(tmp_path_factory.mktemp("roles"))
    (shell.folder / "organization.yaml").write_text(ORGANIZATION, encoding="utf-8")
    (shell.folder / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
    shell.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0", "--enforce-iam")
    try:
        shell.variables = {**shell.variables, **exported_by(shell.strongroom("twin", "env").out)}
        made = World(shell, shell.variables["AWS_ENDPOINT_URL"])
        shell.strongroom("render", "tree")
        for account in (MANAGEMENT, CENTRAL, LOGS):
            text = (shell.folder / f"tree/bootstrap/strongroom-deploy.{account}.template.json").read_text(encoding="utf-8")
            made.client("cloudformation", account).create_stack(
                StackName="bootstrap", TemplateBody=text, Capabilities=["CAPABILITY_NAMED_IAM"]
            )
        shell.strongroom("apply", "--yes", "--accept-lock", "island", AWS_ACCESS_KEY_ID=OPERATOR, AWS_SECRET_ACCESS_KEY="local-secret")
        made.pass_time("10d")
        shell.strongroom("sync")
        yield made
    finally:
        shell.strongroom("twin", "down")


def refused(call: Any, **parameters: Any) -> str:
    """AWS's code for a call that it refuses."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return caught.value.response["Error"]["Code"]


def test_second_plan_has_nothing_to_do(world):
    """Whatever the role deployed is what was declared."""
    assert world.shell.strongroom("plan", "--format", "json").json["plan"]["steps"] == []


def test_every_chain_is_proven(world):
    """Also that of the account with a plan of its own, whose copies reach the central vault from outside the governed OUs."""
    verified = world.shell.strongroom("verify", "--format", "json").json
    assert verified["chains"] == {"proven": 5, "broken": 0, "unknown": 0}
    assert verified["accounts"] == 2


def test_plan_of_an_account_keeps_local_time(world):
    """At six in London, wherever the rest of the organization is scheduled in UTC."""
    backup = world.client("backup", LOGS)
    (plan,) = [each for each in backup.list_backup_plans()["BackupPlansList"] if each["BackupPlanName"] == "trail"]
    (rule,) = backup.get_backup_plan(BackupPlanId=plan["BackupPlanId"])["BackupPlan"]["Rules"]
    assert (rule["ScheduleExpression"], rule["ScheduleExpressionTimezone"]) == ("cron(0 6 * * ? *)", "Europe/London")


def test_copy_comes_back_and_is_restored(world):
    """The recovery role copies back from the central account; the workload's own team restores what came."""
    recovery = world.client("backup", CENTRAL, "roles-recovery")
    points = recovery.list_recovery_points_by_backup_vault(BackupVaultName="roles-central")["RecoveryPoints"]
    point = next(each["RecoveryPointArn"] for each in points if each["ResourceArn"].endswith("orders"))
    job = recovery.start_copy_job(
        RecoveryPointArn=point,
        SourceBackupVaultName="roles-central",
        DestinationBackupVaultArn=f"arn:aws:backup:{REGION}:{SHOP}:backup-vault:roles-local",
        IamRoleArn=f"arn:aws:iam::{CENTRAL}:role/roles-AWSBackup",
    )["CopyJobId"]
    world.pass_time("3h")
    copied = recovery.describe_copy_job(CopyJobId=job)["CopyJob"]
    assert copied["State"] == "COMPLETED", copied.get("StatusMessage")

    team = world.client("backup", SHOP, "roles-workload-team", by=SHOP)
    back = {"BackupVaultName": "roles-local", "RecoveryPointArn": copied["DestinationRecoveryPointArn"]}
    metadata = team.get_recovery_point_restore_metadata(**back)["RestoreMetadata"]
    restore = team.start_restore_job(
        RecoveryPointArn=back["RecoveryPointArn"],
        Metadata={**metadata, "targetTableName": "orders-again"},
        IamRoleArn=f"arn:aws:iam::{SHOP}:role/roles-AWSBackup-restore",
        ResourceType="DynamoDB",
    )["RestoreJobId"]
    world.pass_time("6h")
    restored = team.describe_restore_job(RestoreJobId=restore)
    assert restored["Status"] == "COMPLETED", restored.get("StatusMessage")
    assert restored["CreatedResourceArn"].endswith("orders-again")


def test_backup_team_backs_up_by_hand_and_deletes_nothing(world):
    """With the role of backups alone, into the strategy's vault."""
    team = world.client("backup", SHOP, "roles-backup-team")
    table = f"arn:aws:dynamodb:{REGION}:{SHOP}:table/orders"
    asked = {"BackupVaultName": "roles-local", "ResourceArn": table}
    job = team.start_backup_job(**asked, IamRoleArn=f"arn:aws:iam::{SHOP}:role/roles-AWSBackup")["BackupJobId"]
    world.pass_time("3h")
    made = team.describe_backup_job(BackupJobId=job)
    assert made["State"] == "COMPLETED", made.get("StatusMessage")
    point = {"BackupVaultName": "roles-local", "RecoveryPointArn": made["RecoveryPointArn"]}
    assert refused(team.start_backup_job, **asked, IamRoleArn=f"arn:aws:iam::{SHOP}:role/strongroom-read") == "AccessDeniedException"
    assert refused(team.delete_recovery_point, **point) == "AccessDeniedException"
    assert refused(team.update_recovery_point_lifecycle, **point, Lifecycle={"DeleteAfterDays": 1}) == "AccessDeniedException"
    assert refused(team.delete_backup_vault, BackupVaultName="roles-local") == "AccessDeniedException"


def test_administrator_of_the_account_can_not_delete_either(world):
    """The vault's own policy is in the way."""
    developer = world.client("backup", SHOP)
    point = developer.list_recovery_points_by_backup_vault(BackupVaultName="roles-local")["RecoveryPoints"][0]["RecoveryPointArn"]
    assert refused(developer.delete_recovery_point, BackupVaultName="roles-local", RecoveryPointArn=point) == "AccessDeniedException"


def test_workload_team_is_of_its_own_account_alone(world):
    """Nobody else may assume its role, and it is nowhere where copies of others are kept."""
    sts = world.client("sts", "111111111111")
    for account in (SHOP, CENTRAL):
        role = f"arn:aws:iam::{account}:role/roles-workload-team"
        assert refused(sts.assume_role, RoleArn=role, RoleSessionName="test") == "AccessDenied"
    assert "roles-workload-team" not in {each["RoleName"] for each in world.client("iam", CENTRAL).list_roles()["Roles"]}


def test_air_gapped_vault_is_seen_where_it_is_shared(world):
    """Without an invitation that somebody would have to accept."""
    administrator = world.client("backup", ADMIN, "strongroom-read")
    shared = administrator.list_backup_vaults(ByShared=True)["BackupVaultList"]
    assert [each["BackupVaultArn"] for each in shared] == [f"arn:aws:backup:{REGION}:{CENTRAL}:backup-vault:roles-island"]
