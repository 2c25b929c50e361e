"""A multi-Region key by the command line: key, replica and vaults on it in one apply; and ARNs, which select one table of two."""

import pytest

from strongroom.twin import client as control

CENTRAL, WORKLOAD = "333333333333", "555555555555"
STRATEGY = """strongroom: 1
name: shared
organization:
  home_region: eu-west-2
  regions: [eu-west-2, eu-west-1]
  accounts: {management: "111111111111", backup_admin: "222222222222", central: "333333333333", log_archive: "444444444444"}
  governs: [Workloads]
  opt_in: [dynamodb, s3]
keys:
  backup: {kind: multi-region, in: central%s}
vaults:
  local: {in: every-account}
  central: {in: central, region: eu-west-1}
  airgap: {type: air-gapped, in: central, lock: {min: 7d, max: 1y}}
plans:
  buckets:
    select: {arns: "arn:aws:s3:::*", not: {arns: "arn:aws:s3:::scratch-*"}}
    rules:
      daily: {keep: 30d, copy: [central, airgap]}
alerts: {email: backup-team@example.com}
"""


@pytest.fixture(scope="module")
def applied(fresh):
    """The ARN of the key, and what each apply said: the first, once more, and with the ARN written in the strategy."""
    file = fresh.shell.folder / "strategy.yaml"
    apply = ("apply", "--yes", "--accept-lock", "airgap", "--format", "json")
    file.write_text(STRATEGY % "", encoding="utf-8")
    answers = [fresh.shell.strongroom(*apply).json for _ in range(2)]
    stacks = fresh.role_client("cloudformation", CENTRAL, "eu-west-2").describe_stacks(StackName="shared-key-backup")["Stacks"]
    outputs = {each["OutputKey"]: each["OutputValue"] for each in stacks[0]["Outputs"]}
    assert outputs["KeyArn"].endswith(f"key/{outputs['KeyId']}")
    file.write_text(STRATEGY % f', arn: "{outputs["KeyArn"]}"', encoding="utf-8")
    answers.append(fresh.shell.strongroom(*apply).json)
    return outputs["KeyArn"], answers


def test_one_apply_makes_the_key_its_replica_and_what_uses_them(applied):
    """In this order, because each takes the key's id from the stack that makes it; nothing waits for a second run."""
    _, (first, second, _) = applied
    made = [step for step in first["steps"] if step.startswith("create stack")]
    assert made[:2] == [
        "create stack shared-key-backup in account 333333333333, eu-west-2: 1 KMS::Key, 1 KMS::Alias",
        "create stack shared-key-backup in account 333333333333, eu-west-1: 1 KMS::ReplicaKey, 1 KMS::Alias",
    ]
    assert first["undeployed"] == []
    assert second["steps"] == []


def test_naming_the_key_by_its_arn_makes_nothing_anew(applied):
    """The stacks change their text, and every vault keeps its key."""
    _, (_, _, named) = applied
    assert named["steps"]
    assert not [step for step in named["steps"] if step.startswith("create")]


@pytest.mark.usefixtures("applied")
def test_the_air_gapped_vault_is_there_with_its_range_and_a_key_of_aws(fresh):
    """It needs no key of ours, and nobody can change its lock."""
    vault = fresh.role_client("backup", CENTRAL, "eu-west-2").describe_backup_vault(BackupVaultName="shared-airgap")
    assert (vault["VaultType"], vault["EncryptionKeyType"]) == ("LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "AWS_OWNED_KMS_KEY")
    assert (vault["MinRetentionDays"], vault["MaxRetentionDays"], vault["LockDate"]) == (7, 366, vault["CreationDate"])


def test_every_vault_uses_the_key_of_its_region(fresh, applied):
    """One id in all Regions and accounts; the replica is a replica."""
    arn, _ = applied
    for account, region, name in ((WORKLOAD, "eu-west-2", "local"), (WORKLOAD, "eu-west-1", "local"), (CENTRAL, "eu-west-1", "central")):
        vault = fresh.role_client("backup", account, region).describe_backup_vault(BackupVaultName=f"shared-{name}")
        assert vault["EncryptionKeyArn"] == arn.replace("eu-west-2", region)
    key = fresh.role_client("kms", CENTRAL, "eu-west-1").describe_key(KeyId="alias/shared-backup")["KeyMetadata"]
    assert key["MultiRegionConfiguration"]["MultiRegionKeyType"] == "REPLICA"


@pytest.mark.usefixtures("applied")
def test_a_plan_by_arn_protects_what_it_names(fresh):
    """Buckets are backed up and copied, and nothing else is; verify proves it."""
    for mail in (each for each in control.mail(fresh.endpoint) if each["token"]):  # somebody clicks what waits
        region = mail["topic_arn"].split(":")[3]
        fresh.role_client("sns", CENTRAL, region).confirm_subscription(TopicArn=mail["topic_arn"], Token=mail["token"])
    fresh.shell.strongroom("twin", "clock", "advance", "2d")
    fresh.shell.strongroom("sync")
    verified = fresh.shell.strongroom("verify")
    points = fresh.role_client("backup", CENTRAL, "eu-west-1").list_recovery_points_by_backup_vault(BackupVaultName="shared-central")
    assert {point["ResourceType"] for point in points["RecoveryPoints"]} == {"S3"}
    sealed = fresh.role_client("backup", CENTRAL, "eu-west-2").list_recovery_points_by_backup_vault(BackupVaultName="shared-airgap")
    assert len(sealed["RecoveryPoints"]) == len(points["RecoveryPoints"])
    assert "0 broken, 0 unknown" in verified.out
