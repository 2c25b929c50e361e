"""AWS Organizations of the twin through boto3, as an administrator and as members see it."""

import json
from collections.abc import Iterator
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
POLICY = {
    "plans": {
        "Wire": {
            "regions": {"@@assign": ["eu-west-2"]},
            "rules": {
                "Daily": {
                    "schedule_expression": {"@@assign": "cron(0 2 * * ? *)"},
                    "target_backup_vault_name": {"@@assign": "no-such-vault"},
                    "lifecycle": {"delete_after_days": {"@@assign": "7"}},
                }
            },
            "selections": {
                "tags": {
                    "nothing": {
                        "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/wire-AWSBackup"},
                        "tag_key": {"@@assign": "wire"},
                        "tag_value": {"@@assign": ["nothing has this"]},
                    }
                }
            },
        }
    }
}


@pytest.fixture
def organizations(twin: Any) -> Any:
    return twin.client("organizations", "us-east-1")


@pytest.fixture
def root(organizations: Any) -> str:
    """The root, with backup policies enabled."""
    found = organizations.list_roots()["Roots"][0]
    if all(each["Type"] != "BACKUP_POLICY" for each in found["PolicyTypes"]):
        organizations.enable_policy_type(RootId=found["Id"], PolicyType="BACKUP_POLICY")
    return str(found["Id"])


@pytest.fixture
def unit(organizations: Any, root: str) -> Iterator[str]:
    """A unit with the sandbox account in it; the account goes back afterwards."""
    made = organizations.create_organizational_unit(ParentId=root, Name="wire")["OrganizationalUnit"]["Id"]
    home = organizations.list_parents(ChildId=SANDBOX)["Parents"][0]["Id"]
    organizations.move_account(AccountId=SANDBOX, SourceParentId=home, DestinationParentId=made)
    yield made
    organizations.move_account(AccountId=SANDBOX, SourceParentId=made, DestinationParentId=home)
    for policy in organizations.list_policies_for_target(TargetId=made, Filter="BACKUP_POLICY")["Policies"]:
        organizations.detach_policy(PolicyId=policy["Id"], TargetId=made)
        organizations.delete_policy(PolicyId=policy["Id"])
    organizations.delete_organizational_unit(OrganizationalUnitId=made)


def code(error: pytest.ExceptionInfo[ClientError]) -> str:
    return str(error.value.response["Error"]["Code"])


def test_the_seeds_accounts_are_members_with_their_ids(organizations: Any) -> None:
    """Paginators walk all pages; every account of the seed is there, by invitation."""
    pages = organizations.get_paginator("list_accounts").paginate(PaginationConfig={"PageSize": 2})
    accounts = {account["Id"]: account for page in pages for account in page["Accounts"]}
    assert {MANAGEMENT, ADMIN, CENTRAL, SHOP, LEDGER, SANDBOX} <= set(accounts)
    assert accounts[SHOP]["Name"] == "shop"
    assert {account["JoinedMethod"] for account in accounts.values()} == {"INVITED"}


def test_nested_units_are_listed_level_by_level(organizations: Any, root: str) -> None:
    """Payments is below Prod below Workloads."""
    name, parent = "", root
    for wanted in ("Workloads", "Prod", "Payments"):
        units = organizations.list_organizational_units_for_parent(ParentId=parent)["OrganizationalUnits"]
        name, parent = next((each["Name"], each["Id"]) for each in units if each["Name"] == wanted)
    assert name == "Payments"
    assert [each["Id"] for each in organizations.list_accounts_for_parent(ParentId=parent)["Accounts"]] == [LEDGER]


def test_a_policy_reaches_the_account_and_the_account_reads_it(twin: Any, organizations: Any, unit: str) -> None:
    """Created, tagged, attached, inherited, listed from both sides, read by the member itself."""
    made = organizations.create_policy(
        Name="wire",
        Description="d",
        Type="BACKUP_POLICY",
        Content=json.dumps(POLICY),
        Tags=[{"Key": "strongroom:strategy", "Value": "wire"}],
    )
    policy = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=unit)
    assert organizations.list_tags_for_resource(ResourceId=policy)["Tags"][0]["Value"] == "wire"
    targets = organizations.list_targets_for_policy(PolicyId=policy)["Targets"]
    assert [(each["TargetId"], each["Type"]) for each in targets] == [(unit, "ORGANIZATIONAL_UNIT")]
    member = twin.client("organizations", "us-east-1", SANDBOX)
    content = member.describe_effective_policy(PolicyType="BACKUP_POLICY")["EffectivePolicy"]["PolicyContent"]
    rule = json.loads(content)["plans"]["Wire"]["rules"]["daily"]
    assert rule["schedule_expression"] == "cron(0 2 * * ? *)"
    assert "@@" not in content


def test_members_are_denied_and_errors_carry_their_reason(twin: Any, organizations: Any) -> None:
    """A member may not list; a constraint tells its reason as a member of the error."""
    with pytest.raises(ClientError) as denied:
        twin.client("organizations", "us-east-1", SHOP).list_accounts()
    assert code(denied) == "AccessDeniedException"
    assert denied.value.response["Error"]["Message"] == "You don't have permissions to access this resource."
    with pytest.raises(organizations.exceptions.ConstraintViolationException) as violated:
        organizations.register_delegated_administrator(AccountId=MANAGEMENT, ServicePrincipal="backup.amazonaws.com")
    assert violated.value.response["Reason"] == "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"
    with pytest.raises(organizations.exceptions.MalformedPolicyDocumentException):
        organizations.create_policy(Name="bad", Description="", Type="BACKUP_POLICY", Content='{"plans": {"P": {"rulez": {}}}}')


def test_a_delegated_administrator_reads_everything(twin: Any, organizations: Any) -> None:
    """Trusted access, registration, reading by the administrator, and all of it back."""
    service = "backup.amazonaws.com"
    organizations.enable_aws_service_access(ServicePrincipal=service)
    registered = [each["Id"] for each in organizations.list_delegated_administrators(ServicePrincipal=service)["DelegatedAdministrators"]]
    if ADMIN not in registered:
        organizations.register_delegated_administrator(AccountId=ADMIN, ServicePrincipal=service)
    administrator = twin.client("organizations", "us-east-1", ADMIN)
    assert len(administrator.list_accounts()["Accounts"]) >= 6
    services = administrator.list_delegated_services_for_account(AccountId=ADMIN)["DelegatedServices"]
    assert service in [each["ServicePrincipal"] for each in services]
    enabled = administrator.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    assert service in [each["ServicePrincipal"] for each in enabled]


def test_an_unknown_operation_answers_with_an_error_of_the_protocol(organizations: Any) -> None:
    """What the twin does not have is refused in JSON, not with a stack trace."""
    with pytest.raises(ClientError) as refused:
        organizations.enable_all_features()
    assert code(refused) == "UnknownOperationException"
