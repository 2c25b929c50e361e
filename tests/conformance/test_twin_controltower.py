"""AWS Control Tower of the twin through boto3: order, prerequisites, what it makes, drift."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from tests.conformance.conftest import SEED, Twin

from strongroom.twin import client as control
from strongroom.twin import process
from strongroom.twin.seedfile import load
from strongroom.twin.stem import Stem

MANAGEMENT, ADMIN, CENTRAL, SHOP, LEDGER, SANDBOX = (
    "111111111111",
    "222222222222",
    "333333333333",
    "555555555555",
    "666666666666",
    "777777777777",
)
HOME, SECOND, THIRD = "eu-west-2", "eu-west-1", "eu-central-1"
FIRST, BACKUP = "AWSControlTowerBaseline", "BackupBaseline"
POLLS_MAX = 10


class Organization:
    """A twin with its landing zone, and short words for its calls."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.tower = twin.client("controltower")
        self.organizations = twin.client("organizations", "us-east-1")
        self.root = self.organizations.list_roots()["Roots"][0]["Id"]
        self.baselines = {each["name"]: each["arn"] for each in self.tower.list_baselines()["baselines"]}
        self.key = ""
        self.shared: list[str] = []

    def unit(self, *path: str) -> str:
        found = self.root
        for name in path:
            units = self.organizations.list_organizational_units_for_parent(ParentId=found)["OrganizationalUnits"]
            found = next(each["Id"] for each in units if each["Name"] == name)
        return str(found)

    def arn(self, *path: str) -> str:
        return str(self.organizations.describe_organizational_unit(OrganizationalUnitId=self.unit(*path))["OrganizationalUnit"]["Arn"])

    def account(self, name: str) -> str:
        made = self.organizations.create_account(Email=f"{name}@example.com", AccountName=name)["CreateAccountStatus"]
        return str(made["AccountId"])

    def move(self, account: str, destination: str) -> None:
        parent = self.organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
        self.organizations.move_account(AccountId=account, SourceParentId=parent, DestinationParentId=destination)

    def make_key(self, *regions: str) -> str:
        kms = self.twin.client("kms")
        policy = json.dumps(self.key_policy())
        made = kms.create_key(MultiRegion=True, Policy=policy)["KeyMetadata"]
        for region in regions:
            kms.replicate_key(KeyId=made["KeyId"], ReplicaRegion=region, Policy=policy)
        return str(made["Arn"])

    def key_policy(self) -> dict[str, Any]:
        organization = self.organizations.describe_organization()["Organization"]["Id"]
        own = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"}, "Action": "kms:*", "Resource": "*"}
        members = {
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:CreateGrant"],
            "Resource": "*",
            "Condition": {"StringEquals": {"aws:PrincipalOrgID": organization}},
        }
        return {"Version": "2012-10-17", "Statement": [own, members]}

    def manifest(self, **backup: Any) -> dict[str, Any]:
        self.shared = self.shared or [self.account("log-archive"), self.account("audit")]
        configurations = {"backupAdmin": {"accountId": ADMIN}, "centralBackup": {"accountId": CENTRAL}, "kmsKeyArn": self.key} | backup
        return {
            "governedRegions": [HOME, SECOND],
            "organizationStructure": {"security": {"name": "Security"}},
            "centralizedLogging": {"accountId": self.shared[0], "enabled": True},
            "securityRoles": {"accountId": self.shared[1]},
            "accessManagement": {"enabled": False},
            "backup": {"enabled": True, "configurations": configurations},
        }

    def create(self, manifest: dict[str, Any], **more: Any) -> dict[str, Any]:
        return self.ended(self.tower.create_landing_zone(version="3.3", manifest=manifest, **more)["operationIdentifier"])

    def update(self, manifest: dict[str, Any]) -> dict[str, Any]:
        zone = self.tower.list_landing_zones()["landingZones"][0]["arn"]
        found = self.tower.update_landing_zone(version="3.3", manifest=manifest, landingZoneIdentifier=zone)
        return self.ended(found["operationIdentifier"])

    def ended(self, operation: str) -> dict[str, Any]:
        """The operation of the landing zone when it has ended, which takes some polls."""
        seen = []
        for _ in range(POLLS_MAX):
            found = self.tower.get_landing_zone_operation(operationIdentifier=operation)["operationDetails"]
            seen.append(found["status"])
            if found["status"] != "IN_PROGRESS":
                break
        assert seen[0] == "IN_PROGRESS"
        assert ("statusMessage" in found) is (found["status"] == "FAILED")
        return dict(found)

    def enable(self, name: str, *path: str) -> str:
        made = self.tower.enable_baseline(baselineIdentifier=self.baselines[name], baselineVersion="1.0", targetIdentifier=self.arn(*path))
        assert self.settled(made["operationIdentifier"])["status"] == "SUCCEEDED"
        return str(made["arn"])

    def settled(self, operation: str) -> dict[str, Any]:
        """The operation of a baseline when it has ended."""
        for _ in range(POLLS_MAX):
            found = self.tower.get_baseline_operation(operationIdentifier=operation)["baselineOperation"]
            if found["status"] != "IN_PROGRESS":
                break
        return dict(found)

    def refusal(self, name: str, target: str) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            self.tower.enable_baseline(baselineIdentifier=self.baselines[name], baselineVersion="1.0", targetIdentifier=target)
        error = caught.value.response["Error"]
        return error["Code"], error["Message"]

    def enabled(self, arn: str) -> dict[str, Any]:
        return dict(self.tower.get_enabled_baseline(enabledBaselineIdentifier=arn)["enabledBaselineDetails"])

    def drift(self, arn: str) -> str:
        return str(self.enabled(arn)["driftStatusSummary"]["types"]["inheritance"]["status"])

    def vaults(self, account: str, region: str = HOME) -> list[str]:
        found = self.client("backup", account, region).list_backup_vaults()["BackupVaultList"]
        return sorted(each["BackupVaultName"] for each in found if each["BackupVaultName"].startswith("aws-controltower"))

    def plans(self, account: str, region: str = HOME) -> list[str]:
        found = self.client("backup", account, region).list_backup_plans()["BackupPlansList"]
        return sorted(each["BackupPlanName"] for each in found)

    def client(self, service: str, account: str, region: str = HOME) -> Any:
        return self.twin.client(service, region, account)


@pytest.fixture
def bare(own_twin: Any) -> Organization:
    """An organization without a landing zone."""
    return Organization(own_twin)


@pytest.fixture
def governed(bare: Organization) -> Organization:
    """An organization whose landing zone has backup enabled."""
    bare.key = bare.make_key(SECOND)
    assert bare.create(bare.manifest())["status"] == "SUCCEEDED"
    return bare


def test_the_baselines_are_there_before_a_landing_zone_is(bare: Organization) -> None:
    """Seven of them, each by its ARN; nothing can be enabled yet."""
    assert {FIRST, BACKUP, "BackupAdminBaseline", "BackupCentralVaultBaseline"} < set(bare.baselines)
    assert bare.tower.get_baseline(baselineIdentifier=bare.baselines[BACKUP])["name"] == BACKUP
    assert bare.tower.list_landing_zones()["landingZones"] == []
    code, message = bare.refusal(FIRST, bare.arn("Workloads"))
    assert code == "ValidationException"
    assert "no landing zone" in message


def test_a_landing_zone_makes_central_vaults_and_delegates(governed: Organization) -> None:
    """A central vault in every governed Region under that Region's replica, the administrator delegated, its report plans there."""
    zone = governed.tower.get_landing_zone(landingZoneIdentifier=governed.tower.list_landing_zones()["landingZones"][0]["arn"])[
        "landingZone"
    ]
    assert (zone["status"], zone["version"], zone["driftStatus"]["status"]) == ("ACTIVE", "3.3", "IN_SYNC")
    assert zone["manifest"]["backup"]["configurations"]["kmsKeyArn"] == governed.key
    for region in (HOME, SECOND):
        (name,) = governed.vaults(CENTRAL, region)
        assert name.startswith("aws-controltower-central-backupvault-")
        backup = governed.client("backup", CENTRAL, region)
        assert backup.describe_backup_vault(BackupVaultName=name)["EncryptionKeyArn"] == governed.key.replace(HOME, region)
        policy = json.loads(backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"])
        assert policy["Statement"][0]["Action"] == "backup:CopyIntoBackupVault"
    administrators = governed.organizations.list_delegated_administrators(ServicePrincipal="backup.amazonaws.com")
    assert [each["Id"] for each in administrators["DelegatedAdministrators"]] == [ADMIN]
    reports = governed.client("backup", ADMIN).list_report_plans()["ReportPlans"]
    assert {each["ReportPlanName"] for each in reports} == {f"aws_controltower_{what}_report" for what in ("backup", "copy", "restore")}
    settings = governed.client("backup", MANAGEMENT).describe_global_settings()["GlobalSettings"]
    assert settings["isCrossAccountBackupEnabled"] == "true"
    security = governed.organizations.list_accounts_for_parent(ParentId=governed.unit("Security"))["Accounts"]
    assert {ADMIN, CENTRAL, *governed.shared} == {each["Id"] for each in security}
    own = governed.tower.list_enabled_baselines()["enabledBaselines"]
    assert {each["baselineIdentifier"] for each in own} == {
        governed.baselines[name] for name in ("BackupAdminBaseline", "BackupCentralVaultBaseline")
    }


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"backup": {"enabled": True}}, "backup.configurations"),
        ({"backup": {"enabled": False, "configurations": {}}}, "not permitted while backup is disabled"),
        ({"governedRegions": [SECOND]}, "home Region"),
        ({"governedRegions": [HOME, "eu-nowhere-1"]}, "no AWS Region"),
        ({"organizationStructure": {}}, "organizationStructure.security.name"),
    ],
)
def test_a_manifest_against_its_schema_is_refused_at_once(bare: Organization, change: dict[str, Any], why: str) -> None:
    """A ValidationException names the key, and nothing was begun."""
    bare.key = "arn:aws:kms:eu-west-2:111111111111:key/mrk-0"
    with pytest.raises(bare.tower.exceptions.ValidationException, match=why):
        bare.tower.create_landing_zone(version="3.3", manifest=bare.manifest() | change)
    assert bare.tower.list_landing_zones()["landingZones"] == []


def test_version_four_says_enabled_everywhere_and_needs_config_for_backup(bare: Organization) -> None:
    """All `enabled` flags are required, and backup stands on AWS Config."""
    bare.key = bare.make_key(SECOND)
    third = bare.manifest()
    for account in bare.shared:
        bare.move(account, bare.unit("Security"))
    fourth = {name: value for name, value in third.items() if name != "organizationStructure"}
    with pytest.raises(bare.tower.exceptions.ValidationException, match=r"securityRoles\.enabled"):
        bare.tower.create_landing_zone(version="4.0", manifest=fourth)
    fourth["securityRoles"] = {"accountId": bare.shared[1], "enabled": True}
    fourth["config"] = {"enabled": False}
    with pytest.raises(bare.tower.exceptions.ValidationException, match="while config is not"):
        bare.tower.create_landing_zone(version="4.0", manifest=fourth)
    fourth["config"] = {"enabled": True, "accountId": bare.shared[1]}
    made = bare.tower.create_landing_zone(version="4.0", manifest=fourth)
    assert bare.ended(made["operationIdentifier"])["status"] == "SUCCEEDED"
    assert len(bare.vaults(CENTRAL)) == 1


def test_an_older_version_has_no_backup(bare: Organization) -> None:
    """Backup needs 3.1."""
    with pytest.raises(bare.tower.exceptions.ValidationException, match=r"needs landing zone version 3\.1"):
        bare.tower.create_landing_zone(version="3.0", manifest=bare.manifest())


def test_what_backup_needs_is_checked_by_the_operation_before_anything_is_made(bare: Organization) -> None:
    """FM24: a key without replicas, disabled or closed to the organization, and accounts that are wrong: FAILED, and nothing is made."""
    kms, replicas = bare.twin.client("kms"), bare.twin.client("kms", SECOND)
    bare.key = kms.create_key()["KeyMetadata"]["Arn"]
    assert "is not a multi-Region key" in bare.create(bare.manifest())["statusMessage"]
    bare.key = bare.make_key()
    assert f"not replicated to the governed Region {SECOND}" in bare.update(bare.manifest())["statusMessage"]
    key_id = bare.key.rpartition("/")[2]
    kms.replicate_key(KeyId=key_id, ReplicaRegion=SECOND)
    refused = bare.update(bare.manifest())
    assert refused["status"] == "FAILED"
    assert "does not let accounts of the organization use it" in refused["statusMessage"]
    assert SECOND in refused["statusMessage"]
    replicas.put_key_policy(KeyId=key_id, PolicyName="default", Policy=json.dumps(bare.key_policy()))
    replicas.disable_key(KeyId=key_id)
    assert "it is Disabled" in bare.update(bare.manifest())["statusMessage"]
    replicas.enable_key(KeyId=key_id)
    wrong = bare.manifest(centralBackup={"accountId": ADMIN})
    assert "can't be the backup administrator and the central" in bare.update(wrong)["statusMessage"]
    strange = bare.manifest(centralBackup={"accountId": "999999999999"})
    assert "999999999999 is no active member" in bare.update(strange)["statusMessage"]
    assert bare.vaults(CENTRAL) == []
    assert bare.update(bare.manifest())["status"] == "SUCCEEDED"
    assert len(bare.vaults(CENTRAL)) == 1


def test_an_enrolled_account_is_no_backup_account(bare: Organization) -> None:
    """FM24: the landing zone governs Dev first; then its account can't become the central one."""
    bare.key = bare.make_key(SECOND)
    assert bare.create(bare.manifest() | {"backup": {"enabled": False}})["status"] == "SUCCEEDED"
    bare.enable(FIRST, "Workloads")
    bare.enable(FIRST, "Workloads", "Dev")
    found = bare.update(bare.manifest(centralBackup={"accountId": SANDBOX}))
    assert found["status"] == "FAILED"
    assert f"{SANDBOX} is enrolled" in found["statusMessage"]


def test_baselines_are_enabled_from_the_top_down_and_once(governed: Organization) -> None:
    """FM24: Control Tower's own before the one of backup, a parent before its children, never twice, and on OUs only."""
    assert governed.refusal(BACKUP, governed.arn("Workloads"))[1].startswith(f"{BACKUP} needs {FIRST}")
    assert "does not have AWSControlTowerBaseline" in governed.refusal(FIRST, governed.arn("Workloads", "Prod"))[1]
    governed.enable(FIRST, "Workloads")
    governed.enable(FIRST, "Workloads", "Prod")
    code, message = governed.refusal(BACKUP, governed.arn("Workloads", "Prod"))
    assert (code, "does not have BackupBaseline" in message) == ("ValidationException", True)
    governed.enable(BACKUP, "Workloads")
    governed.enable(BACKUP, "Workloads", "Prod")
    assert "already enabled on this target" in governed.refusal(BACKUP, governed.arn("Workloads"))[1]
    root = governed.organizations.list_roots()["Roots"][0]["Arn"]
    account = governed.organizations.describe_account(AccountId=MANAGEMENT)["Account"]["Arn"]
    for target in (root, account):
        assert governed.refusal(BACKUP, target)[0] == "ValidationException"
    gone = governed.arn("Workloads").replace("ou-", "ou-zzzz-", 1)
    assert governed.refusal(FIRST, gone)[0] == "ResourceNotFoundException"
    assert "cannot be enabled on the Security OU" in governed.refusal(FIRST, governed.arn("Security"))[1]
    assert governed.refusal("BackupAdminBaseline", governed.arn("Workloads"))[0] == "ValidationException"


def test_one_operation_at_a_time(governed: Organization) -> None:
    """A second write while the first is UNDER_CHANGE is a conflict; when it has ended, it is done."""
    made = governed.tower.enable_baseline(
        baselineIdentifier=governed.baselines[FIRST], baselineVersion="4.0", targetIdentifier=governed.arn("Workloads")
    )
    with pytest.raises(governed.tower.exceptions.ConflictException, match=made["operationIdentifier"]):
        governed.tower.enable_baseline(
            baselineIdentifier=governed.baselines[FIRST], baselineVersion="4.0", targetIdentifier=governed.arn("Workloads", "Dev")
        )
    assert governed.settled(made["operationIdentifier"])["operationType"] == "ENABLE_BASELINE"
    assert governed.enabled(made["arn"])["statusSummary"] == {
        "status": "SUCCEEDED",
        "lastOperationIdentifier": made["operationIdentifier"],
    }


def test_members_get_vault_role_and_plans_that_run(governed: Organization) -> None:
    """The same vault name in every account and Region; what carries the tag is backed up and copied to the central account."""
    for path in (("Workloads",), ("Workloads", "Prod")):
        governed.enable(FIRST, *path)
        governed.enable(BACKUP, *path)
    (local,) = governed.vaults(SHOP)
    assert governed.vaults(SHOP, SECOND) == [local]
    assert local.startswith("aws-controltower-local-backupvault-")
    assert governed.plans(SHOP) == sorted(f"aws-controltower-{each}-backup-plan" for each in ("hourly", "daily", "weekly", "monthly"))
    assert governed.vaults(LEDGER) == []  # Payments lies below Prod, and has no baseline of its own
    role = governed.client("iam", SHOP).get_role(RoleName="aws-controltower-BackupRole")["Role"]["Arn"]
    backup = governed.client("backup", SHOP)
    daily = next(each for each in backup.list_backup_plans()["BackupPlansList"] if "daily" in each["BackupPlanName"])
    (selection,) = backup.list_backup_selections(BackupPlanId=daily["BackupPlanId"])["BackupSelectionsList"]
    assert selection["IamRoleArn"] == role
    assert backup.list_tags(ResourceArn=daily["BackupPlanArn"])["Tags"] == {"aws-control-tower": "managed-by-control-tower"}
    receipts = {"TagSet": [{"Key": "aws-control-tower-backupdaily", "Value": "true"}]}
    s3 = governed.client("s3", SHOP)
    s3.put_bucket_versioning(Bucket="shop-receipts", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="shop-receipts", Tagging=receipts)
    governed.twin.advance("1d")
    assert backup.list_backup_jobs()["BackupJobs"] == []  # S3 is not opted in, and nobody says so
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    governed.twin.advance("2d")
    points = backup.list_recovery_points_by_backup_vault(BackupVaultName=local)["RecoveryPoints"]
    assert {(each["ResourceArn"], each["Lifecycle"]["DeleteAfterDays"]) for each in points} == {("arn:aws:s3:::shop-receipts", 14)}
    (central,) = governed.vaults(CENTRAL)
    copies = governed.client("backup", CENTRAL).list_recovery_points_by_backup_vault(BackupVaultName=central)["RecoveryPoints"]
    assert {(each["Lifecycle"]["DeleteAfterDays"], each["Status"]) for each in copies} == {(30, "COMPLETED")}


def test_accounts_that_are_moved_in_later_are_drift_until_the_baseline_is_reset(governed: Organization) -> None:
    """Nobody equips them by itself; ResetEnabledBaseline does, and the drift is gone."""
    governed.enable(FIRST, "Workloads")
    arn = governed.enable(BACKUP, "Workloads")
    assert governed.drift(arn) == "IN_SYNC"
    governed.move(SANDBOX, governed.unit("Workloads"))
    assert governed.drift(arn) == "DRIFTED"
    assert governed.vaults(SANDBOX) == []
    reset = governed.tower.reset_enabled_baseline(enabledBaselineIdentifier=arn)["operationIdentifier"]
    assert governed.settled(reset)["status"] == "SUCCEEDED"
    assert governed.drift(arn) == "IN_SYNC"
    assert len(governed.vaults(SANDBOX)) == 1
    wanted = {"parentIdentifiers": [arn]}
    (child,) = governed.tower.list_enabled_baselines(includeChildren=True, filter=wanted)["enabledBaselines"]
    assert child["targetIdentifier"].endswith(SANDBOX)
    governed.move(SANDBOX, governed.unit("Workloads", "Dev"))
    assert governed.enabled(child["arn"])["driftStatusSummary"]["types"]["inheritance"]["status"] == "DRIFTED"


def test_what_somebody_deletes_is_drift_and_reset_makes_it_again(governed: Organization) -> None:
    """A plan that is gone comes back; what stands is left alone."""
    governed.enable(FIRST, "Workloads")
    governed.move(SANDBOX, governed.unit("Workloads"))
    arn = governed.enable(BACKUP, "Workloads")
    backup = governed.client("backup", SANDBOX)
    plans = {each["BackupPlanName"]: each for each in backup.list_backup_plans()["BackupPlansList"]}
    lost = plans["aws-controltower-daily-backup-plan"]["BackupPlanId"]
    (selection,) = backup.list_backup_selections(BackupPlanId=lost)["BackupSelectionsList"]
    backup.delete_backup_selection(BackupPlanId=lost, SelectionId=selection["SelectionId"])
    backup.delete_backup_plan(BackupPlanId=lost)
    assert governed.drift(arn) == "DRIFTED"
    governed.settled(governed.tower.reset_enabled_baseline(enabledBaselineIdentifier=arn)["operationIdentifier"])
    after = {each["BackupPlanName"]: each for each in backup.list_backup_plans()["BackupPlansList"]}
    assert after.keys() == plans.keys()
    weekly = "aws-controltower-weekly-backup-plan"
    assert after[weekly]["VersionId"] == plans[weekly]["VersionId"]
    assert governed.drift(arn) == "IN_SYNC"


def test_a_region_more_needs_a_replica_and_then_a_reset(governed: Organization) -> None:
    """FM24: without one the update fails and nothing changes; with one, what is enabled is out of step with the landing zone."""
    governed.enable(FIRST, "Workloads")
    governed.move(SANDBOX, governed.unit("Workloads"))
    arn = governed.enable(BACKUP, "Workloads")
    wider = governed.manifest() | {"governedRegions": [HOME, SECOND, THIRD]}
    found = governed.update(wider)
    assert (found["status"], f"not replicated to the governed Region {THIRD}" in found["statusMessage"]) == ("FAILED", True)
    assert governed.refusal(FIRST, governed.arn("Workloads", "Dev"))[0] == "ConflictException"
    governed.twin.client("kms").replicate_key(
        KeyId=governed.key.rpartition("/")[2], ReplicaRegion=THIRD, Policy=json.dumps(governed.key_policy())
    )
    assert governed.update(wider)["status"] == "SUCCEEDED"
    assert (len(governed.vaults(CENTRAL, THIRD)), governed.vaults(SANDBOX, THIRD)) == (1, [])
    assert governed.enabled(arn)["driftStatusSummary"]["types"]["source"]["status"] == "DRIFTED"
    reset = governed.tower.reset_enabled_baseline(enabledBaselineIdentifier=arn)["operationIdentifier"]
    assert governed.settled(reset)["operationType"] == "RESET_ENABLED_BASELINE"
    assert governed.enabled(arn)["driftStatusSummary"]["types"]["source"]["status"] == "IN_SYNC"
    assert governed.vaults(SANDBOX, THIRD) == governed.vaults(SANDBOX)


def test_remediation_equips_accounts_that_are_moved_in(bare: Organization) -> None:
    """With INHERITANCE_DRIFT among its remediation types, the landing zone does it by itself."""
    bare.key = bare.make_key(SECOND)
    assert bare.create(bare.manifest(), remediationTypes=["INHERITANCE_DRIFT"])["status"] == "SUCCEEDED"
    bare.enable(FIRST, "Workloads")
    arn = bare.enable(BACKUP, "Workloads")
    bare.move(SANDBOX, bare.unit("Workloads"))
    assert len(bare.vaults(SANDBOX)) == 1
    assert len(bare.vaults(SANDBOX, SECOND)) == 1
    assert bare.drift(arn) == "IN_SYNC"


def test_an_ou_without_room_for_a_control_policy_fails(governed: Organization) -> None:
    """FM24: the operation names the OU; with room again, the baseline is updated."""
    unit = governed.unit("Workloads")
    attached = []
    content = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:DeleteBucket", "Resource": "*"}]})
    for number in range(9):  # FullAWSAccess is the tenth
        made = governed.organizations.create_policy(
            Name=f"filler-{number}", Description="", Type="SERVICE_CONTROL_POLICY", Content=content
        )["Policy"]["PolicySummary"]["Id"]
        governed.organizations.attach_policy(PolicyId=made, TargetId=unit)
        attached.append(made)
    made = governed.tower.enable_baseline(
        baselineIdentifier=governed.baselines[FIRST], baselineVersion="4.0", targetIdentifier=governed.arn("Workloads")
    )
    found = governed.settled(made["operationIdentifier"])
    assert found["status"] == "FAILED"
    assert "maximum number of SCPs" in found["statusMessage"]
    assert unit in found["statusMessage"]
    assert governed.enabled(made["arn"])["statusSummary"]["status"] == "FAILED"
    governed.organizations.detach_policy(PolicyId=attached[0], TargetId=unit)
    again = governed.tower.update_enabled_baseline(enabledBaselineIdentifier=made["arn"], baselineVersion="4.0")
    assert governed.settled(again["operationIdentifier"])["status"] == "SUCCEEDED"
    names = [
        each["Name"] for each in governed.organizations.list_policies_for_target(TargetId=unit, Filter="SERVICE_CONTROL_POLICY")["Policies"]
    ]
    assert any(name.startswith("aws-guardrails-") for name in names)


def test_a_suspended_account_fails_alone(governed: Organization) -> None:
    """The others of its OU are equipped; the operation names the one that wasn't."""
    governed.enable(FIRST, "Workloads")
    governed.move(SANDBOX, governed.unit("Workloads"))
    governed.move(LEDGER, governed.unit("Workloads"))
    governed.organizations.close_account(AccountId=SANDBOX)
    made = governed.tower.enable_baseline(
        baselineIdentifier=governed.baselines[BACKUP], baselineVersion="1.0", targetIdentifier=governed.arn("Workloads")
    )
    found = governed.settled(made["operationIdentifier"])
    assert (found["status"], f"{SANDBOX}: the account is suspended" in found["statusMessage"]) == ("FAILED", True)
    assert len(governed.vaults(LEDGER)) == 1


def test_disabling_goes_from_the_bottom_up_and_leaves_recovery_points(governed: Organization) -> None:
    """Children first, backup before Control Tower's own; empty vaults go, one with a recovery point stays."""
    first, child = governed.enable(FIRST, "Workloads"), governed.enable(FIRST, "Workloads", "Prod")
    above, below = governed.enable(BACKUP, "Workloads"), governed.enable(BACKUP, "Workloads", "Prod")
    zone = governed.tower.list_landing_zones()["landingZones"][0]["arn"]
    with pytest.raises(governed.tower.exceptions.ValidationException, match="disable it there first"):
        governed.tower.update_landing_zone(
            version="3.3", landingZoneIdentifier=zone, manifest=governed.manifest() | {"backup": {"enabled": False}}
        )
    for arn in (first, above):
        with pytest.raises(governed.tower.exceptions.ConflictException):
            governed.tower.disable_baseline(enabledBaselineIdentifier=arn)
    (local,) = governed.vaults(SHOP)
    table = governed.client("dynamodb", SHOP).describe_table(TableName="orders")["Table"]["TableArn"]
    role = governed.client("iam", SHOP).get_role(RoleName="aws-controltower-BackupRole")["Role"]["Arn"]
    governed.client("backup", SHOP).start_backup_job(BackupVaultName=local, ResourceArn=table, IamRoleArn=role)
    governed.twin.advance("3h")
    for arn in (below, above, child, first):
        operation = governed.tower.disable_baseline(enabledBaselineIdentifier=arn)["operationIdentifier"]
        assert governed.settled(operation)["status"] == "SUCCEEDED"
    assert governed.plans(SHOP) == []
    assert (governed.vaults(SHOP), governed.vaults(SHOP, SECOND)) == ([local], [])
    with pytest.raises(governed.tower.exceptions.ResourceNotFoundException):
        governed.enabled(below)


def test_a_vault_that_somebody_takes_from_the_central_account_is_drift_of_the_landing_zone(governed: Organization) -> None:
    """GetLandingZone says DRIFTED, and an update makes the vault again."""
    zone = governed.tower.list_landing_zones()["landingZones"][0]["arn"]
    (name,) = governed.vaults(CENTRAL)
    governed.client("backup", CENTRAL).delete_backup_vault(BackupVaultName=name)
    assert governed.tower.get_landing_zone(landingZoneIdentifier=zone)["landingZone"]["driftStatus"]["status"] == "DRIFTED"
    assert governed.update(governed.manifest())["status"] == "SUCCEEDED"
    assert governed.vaults(CENTRAL) == [name]


def test_only_the_management_account_in_the_home_region_sees_it(governed: Organization) -> None:
    """Members are denied; another Region has no landing zone; what the twin lacks is said loudly."""
    with pytest.raises(ClientError) as denied:
        governed.client("controltower", ADMIN).list_landing_zones()
    assert denied.value.response["Error"]["Code"] == "AccessDeniedException"
    assert governed.client("controltower", MANAGEMENT, SECOND).list_landing_zones()["landingZones"] == []
    with pytest.raises(ClientError) as lacking:
        governed.tower.list_enabled_controls()
    assert lacking.value.response["Error"]["Code"] == "NotImplemented"
    with pytest.raises(governed.tower.exceptions.ConflictException):
        governed.tower.create_landing_zone(version="3.3", manifest=governed.manifest())


def test_a_saved_twin_remembers_its_landing_zone(governed: Organization, tmp_path: Path) -> None:
    """State and dump hold it: they are the same after loading, and so is what Control Tower answers."""
    governed.enable(FIRST, "Workloads")
    arn = governed.enable(BACKUP, "Workloads")
    before = control.dump(governed.twin.endpoint)
    assert before["control_tower"]["zone"]["version"] == "3.3"
    file = tmp_path / "governed.twin"
    file.write_bytes(control.save(governed.twin.endpoint))
    with Stem(tmp_path / "stem", state=file, start=control.clock(governed.twin.endpoint)["now"]) as stem:
        endpoint = stem.grow(tmp_path / "loaded")
        assert control.dump(endpoint)["control_tower"] == before["control_tower"]
        credentials = {"aws_access_key_id": endpoint.access_key, "aws_secret_access_key": endpoint.secret}
        tower = boto3.client("controltower", region_name=HOME, endpoint_url=endpoint.url, **credentials)
        found = tower.get_enabled_baseline(enabledBaselineIdentifier=arn)["enabledBaselineDetails"]
        assert found["statusSummary"]["status"] == "SUCCEEDED"
        assert found["targetIdentifier"] == governed.arn("Workloads")


@pytest.fixture
def enforced(tmp_path: Path) -> Iterator[Twin]:
    """A twin of the small organization with --enforce-iam."""
    keys = {user.account: (user.access_key, user.secret) for user in load(SEED).users}
    yield Twin(endpoint=process.up(tmp_path, 0, SEED, enforce_iam=True), home=tmp_path, keys=keys)
    process.down(tmp_path)


def test_where_iam_is_enforced_nobody_changes_what_is_control_towers_own(enforced: Twin) -> None:
    """Its control policy denies to take the vault and the role away; locking the vault stays allowed, and its plans run."""
    found = Organization(enforced)
    found.key = found.make_key(SECOND)
    assert found.create(found.manifest())["status"] == "SUCCEEDED"
    found.enable(FIRST, "Workloads")
    found.move(SHOP, found.unit("Workloads"))
    found.enable(BACKUP, "Workloads")
    (local,), backup = found.vaults(SHOP), found.client("backup", SHOP)
    for call in (backup.delete_backup_vault, backup.delete_backup_vault_access_policy):
        with pytest.raises(ClientError, match="explicit deny in a service control policy"):
            call(BackupVaultName=local)
    iam = found.client("iam", SHOP, "us-east-1")
    with pytest.raises(ClientError, match="explicit deny in a service control policy"):
        iam.delete_role(RoleName="aws-controltower-BackupRole")
    backup.put_backup_vault_lock_configuration(BackupVaultName=local, MinRetentionDays=1)
    backup.update_region_settings(ResourceTypeOptInPreference={"S3": True})
    s3 = found.client("s3", SHOP)
    s3.put_bucket_versioning(Bucket="shop-receipts", VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket="shop-receipts", Tagging={"TagSet": [{"Key": "aws-control-tower-backupdaily", "Value": "true"}]})
    enforced.advance("2d")
    assert {each["State"] for each in backup.list_backup_jobs()["BackupJobs"]} == {"COMPLETED"}
    assert {each["State"] for each in backup.list_copy_jobs()["CopyJobs"]} == {"COMPLETED"}
