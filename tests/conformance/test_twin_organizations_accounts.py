"""Accounts that move, close and leave in AWS Organizations of the twin, with what follows from it, through boto3."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

MANAGEMENT, ADMIN, CENTRAL, SHOP, LEDGER, SANDBOX = (
    "111111111111",
    "222222222222",
    "333333333333",
    "555555555555",
    "666666666666",
    "777777777777",
)
BACKUP = "backup.amazonaws.com"
PLAN = {
    "plans": {
        "Nightly": {
            "regions": {"@@assign": ["eu-west-2"]},
            "rules": {
                "Daily": {
                    "schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},
                    "target_backup_vault_name": {"@@assign": "Default"},
                    "lifecycle": {"delete_after_days": {"@@assign": "7"}},
                }
            },
            "selections": {
                "tags": {
                    "all": {
                        "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/backups"},
                        "tag_key": {"@@assign": "environment"},
                        "tag_value": {"@@assign": ["prod"]},
                    }
                }
            },
        }
    }
}


class Organization:
    """Organizations of a fresh twin with a backup policy on Prod."""

    def __init__(self, twin: Any) -> None:
        self.twin = twin
        self.client = twin.client("organizations", "us-east-1")
        self.root = self.client.list_roots()["Roots"][0]["Id"]
        self.client.enable_aws_service_access(ServicePrincipal=BACKUP)
        self.client.enable_policy_type(RootId=self.root, PolicyType="BACKUP_POLICY")
        made = self.client.create_policy(Name="p", Description="", Type="BACKUP_POLICY", Content=json.dumps(PLAN))
        self.policy = made["Policy"]["PolicySummary"]["Id"]
        self.client.attach_policy(PolicyId=self.policy, TargetId=self.unit("Workloads", "Prod"))

    def unit(self, *path: str) -> str:
        found = self.root
        for name in path:
            units = self.client.list_organizational_units_for_parent(ParentId=found)["OrganizationalUnits"]
            found = next(each["Id"] for each in units if each["Name"] == name)
        return str(found)

    def move(self, account: str, destination: str) -> None:
        parent = self.client.list_parents(ChildId=account)["Parents"][0]["Id"]
        self.client.move_account(AccountId=account, SourceParentId=parent, DestinationParentId=destination)

    def plans(self, account: str) -> list[str]:
        found = self.twin.client("backup", account=account).list_backup_plans()["BackupPlansList"]
        return [each["BackupPlanName"] for each in found]

    def members(self) -> list[str]:
        pages = self.client.get_paginator("list_accounts").paginate()
        return [account["Id"] for page in pages for account in page["Accounts"]]

    def refusal(self, call: Any, **parameters: Any) -> tuple[str, str]:
        with pytest.raises(ClientError) as caught:
            call(**parameters)
        response = caught.value.response
        return response["Error"]["Code"], response.get("Reason", "")


@pytest.fixture
def organization(own_twin: Any) -> Organization:
    return Organization(own_twin)


def test_a_move_takes_the_plans_of_the_new_place_and_leaves_those_of_the_old(organization: Organization) -> None:
    """The effective policy and the plans that AWS Backup makes of it follow the account; its path is the new one."""
    assert organization.plans(SHOP) == ["Nightly"]
    assert organization.plans(SANDBOX) == []
    organization.move(SANDBOX, organization.unit("Workloads", "Prod"))
    organization.move(SHOP, organization.unit("Workloads", "Dev"))
    assert (organization.plans(SANDBOX), organization.plans(SHOP)) == (["Nightly"], [])
    (path,) = organization.client.describe_account(AccountId=SANDBOX)["Account"]["Paths"]
    assert organization.unit("Workloads", "Prod") in path
    code, _ = organization.refusal(organization.client.describe_effective_policy, PolicyType="BACKUP_POLICY", TargetId=SHOP)
    assert code == "EffectivePolicyNotFoundException"


def test_a_move_enrols_the_account_in_the_stack_sets_of_the_new_place(organization: Organization) -> None:
    """A service-managed StackSet on Prod gives its vault to the account that came, with no call of ours."""
    cloudformation = organization.twin.client("cloudformation")
    cloudformation.activate_organizations_access()
    vault = {"Type": "AWS::Backup::BackupVault", "Properties": {"BackupVaultName": "enrolled"}}
    cloudformation.create_stack_set(
        StackSetName="enrol",
        TemplateBody=json.dumps({"Resources": {"Vault": vault}}),
        PermissionModel="SERVICE_MANAGED",
        AutoDeployment={"Enabled": True, "RetainStacksOnAccountRemoval": True},
    )
    targets = {"OrganizationalUnitIds": [organization.unit("Workloads", "Prod")]}
    cloudformation.create_stack_instances(StackSetName="enrol", DeploymentTargets=targets, Regions=["eu-west-2"])
    organization.move(SANDBOX, organization.unit("Workloads", "Prod"))
    vaults = organization.twin.client("backup", account=SANDBOX).list_backup_vaults()["BackupVaultList"]
    assert "enrolled" in [each["BackupVaultName"] for each in vaults]


def test_a_closed_account_is_suspended_of_no_use_and_gone_after_ninety_days(organization: Organization) -> None:
    """It stays listed in its OU, its keys are unknown, it can't be closed twice; later it is no member, and its keys stay unknown."""
    client = organization.client
    client.close_account(AccountId=SANDBOX)
    assert client.describe_account(AccountId=SANDBOX)["Account"]["Status"] == "SUSPENDED"
    below = client.list_accounts_for_parent(ParentId=organization.unit("Workloads", "Dev"))["Accounts"]
    assert [each["Id"] for each in below] == [SANDBOX]
    assert organization.refusal(client.close_account, AccountId=SANDBOX)[0] == "AccountAlreadyClosedException"
    keys = organization.twin.client("backup", account=SANDBOX)
    assert organization.refusal(keys.list_backup_vaults)[0] == "UnrecognizedClientException"
    organization.twin.advance("89d")
    assert SANDBOX in organization.members()
    organization.twin.advance("2d")
    assert SANDBOX not in organization.members()
    assert organization.refusal(client.describe_account, AccountId=SANDBOX)[0] == "AccountNotFoundException"
    assert organization.refusal(keys.list_backup_vaults)[0] == "UnrecognizedClientException"


def test_closing_is_for_members_and_bounded(organization: Organization) -> None:
    """Not the management account; no more than ten in thirty days in a small organization, and then again."""
    client = organization.client
    assert organization.refusal(client.close_account, AccountId=MANAGEMENT)[1] == "CANNOT_CLOSE_MANAGEMENT_ACCOUNT"
    made = [
        client.create_account(Email=f"{number}@example.com", AccountName=f"account {number}")["CreateAccountStatus"]["AccountId"]
        for number in range(11)
    ]
    for account in made[:10]:
        client.close_account(AccountId=account)
    assert organization.refusal(client.close_account, AccountId=made[10])[1] == "CLOSE_ACCOUNT_QUOTA_EXCEEDED"
    organization.twin.advance("31d")
    client.close_account(AccountId=made[10])
    assert client.describe_account(AccountId=made[10])["Account"]["Status"] == "SUSPENDED"


def test_an_account_that_leaves_keeps_its_vaults_and_loses_the_plans_of_the_organization(organization: Organization) -> None:
    """It says so itself; afterwards it belongs to no organization, and no effective policy reaches it."""
    assert organization.plans(SHOP) == ["Nightly"]
    backup = organization.twin.client("backup", account=SHOP)
    backup.create_backup_vault(BackupVaultName="stays")
    member = organization.twin.client("organizations", "us-east-1", SHOP)
    member.leave_organization()
    assert SHOP not in organization.members()
    assert organization.plans(SHOP) == []
    assert "stays" in [each["BackupVaultName"] for each in backup.list_backup_vaults()["BackupVaultList"]]
    assert organization.refusal(member.describe_organization)[0] == "AWSOrganizationsNotInUseException"
    targets = organization.client.list_targets_for_policy(PolicyId=organization.policy)["Targets"]
    assert [each["Type"] for each in targets] == ["ORGANIZATIONAL_UNIT"]


def test_who_can_not_leave(organization: Organization) -> None:
    """The management account, a delegated administrator, and an account that was made less than seven days ago."""
    client = organization.client
    assert organization.refusal(client.leave_organization)[0] == "MasterCannotLeaveOrganizationException"
    client.register_delegated_administrator(AccountId=ADMIN, ServicePrincipal=BACKUP)
    removal = organization.refusal(client.remove_account_from_organization, AccountId=ADMIN)
    assert removal == ("ConstraintViolationException", "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG")
    leaving = organization.refusal(organization.twin.client("organizations", "us-east-1", ADMIN).leave_organization)
    assert leaving == removal
    made = client.create_account(Email="new@example.com", AccountName="new")["CreateAccountStatus"]["AccountId"]
    assert organization.refusal(client.remove_account_from_organization, AccountId=made)[1] == "WAIT_PERIOD_ACTIVE"
    organization.twin.advance("7d")
    client.remove_account_from_organization(AccountId=made)
    assert made not in organization.members()


def test_an_account_that_comes_back_gets_the_policies_of_its_new_place(organization: Organization) -> None:
    """Removed and invited again it starts at the root, without what was attached to it before."""
    client = organization.client
    client.attach_policy(PolicyId=organization.policy, TargetId=LEDGER)
    client.remove_account_from_organization(AccountId=LEDGER)
    handshake = client.invite_account_to_organization(Target={"Id": LEDGER, "Type": "ACCOUNT"})["Handshake"]["Id"]
    organization.twin.client("organizations", "us-east-1", LEDGER).accept_handshake(HandshakeId=handshake)
    assert client.list_parents(ChildId=LEDGER)["Parents"] == [{"Id": organization.root, "Type": "ROOT"}]
    assert client.list_policies_for_target(TargetId=LEDGER, Filter="BACKUP_POLICY")["Policies"] == []
    assert organization.plans(LEDGER) == []


def test_the_management_account_has_a_way_into_an_account_that_it_creates(organization: Organization) -> None:
    """By the role that AWS puts there, under the name that was asked for; an invited account has none."""
    sts = organization.twin.client("sts")
    for number, more in enumerate(({}, {"RoleName": "way-in"})):
        made = organization.client.create_account(Email=f"{number}@example.com", AccountName=f"new {number}", **more)
        account = made["CreateAccountStatus"]["AccountId"]
        role = f"arn:aws:iam::{account}:role/{more.get('RoleName', 'OrganizationAccountAccessRole')}"
        found = sts.assume_role(RoleArn=role, RoleSessionName="first")["Credentials"]
        backup = organization.twin.client_with(
            "backup",
            aws_access_key_id=found["AccessKeyId"],
            aws_secret_access_key=found["SecretAccessKey"],
            aws_session_token=found["SessionToken"],
        )
        backup.create_backup_vault(BackupVaultName="first")
        assert [each["BackupVaultName"] for each in backup.list_backup_vaults()["BackupVaultList"]] == ["first"]
    role = f"arn:aws:iam::{SHOP}:role/OrganizationAccountAccessRole"
    assert organization.refusal(sts.assume_role, RoleArn=role, RoleSessionName="first")[0] == "AccessDenied"
