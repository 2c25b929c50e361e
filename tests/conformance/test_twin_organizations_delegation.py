"""Delegation in AWS Organizations of the twin through boto3: the resource policy, trusted access, delegated administrators."""

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

MANAGEMENT, ADMIN, CENTRAL, SHOP = "111111111111", "222222222222", "333333333333", "555555555555"
BACKUP = "backup.amazonaws.com"
CONTENT = json.dumps({"plans": {}})
WRITES = ["CreatePolicy", "UpdatePolicy", "DeletePolicy", "AttachPolicy", "DetachPolicy", "TagResource"]


def statement(principal: str, actions: list[str], **more: Any) -> dict[str, Any]:
    """A statement that lets a principal do operations, by default on backup policies."""
    condition = {"StringEquals": {"organizations:PolicyType": "BACKUP_POLICY"}}
    granted = [f"organizations:{each}" for each in actions]
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": granted, "Resource": "*", "Condition": condition} | more


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def root_of(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


@pytest.fixture
def organizations(own_twin: Any) -> Any:
    """Organizations with backup policies, as the management account calls it."""
    client = own_twin.client("organizations", "us-east-1")
    client.enable_policy_type(RootId=client.list_roots()["Roots"][0]["Id"], PolicyType="BACKUP_POLICY")
    return client


def refusal(call: Any, **parameters: Any) -> tuple[str, str]:
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    response = caught.value.response
    return response["Error"]["Code"], response.get("Reason", "")


def create(client: Any, kind: str = "BACKUP_POLICY", name: str = "p", content: str = CONTENT) -> str:
    made = client.create_policy(Name=name, Description="", Type=kind, Content=content)
    return str(made["Policy"]["PolicySummary"]["Id"])


def test_a_member_does_exactly_what_the_resource_policy_grants(own_twin: Any, organizations: Any) -> None:
    """It writes backup policies and no others, attaches them, tags them; before and after the policy it may do nothing of that."""
    member = own_twin.client("organizations", "us-east-1", ADMIN)
    assert refusal(member.create_policy, Name="p", Description="", Type="BACKUP_POLICY", Content=CONTENT)[0] == "AccessDeniedException"
    organizations.put_resource_policy(Content=policy(statement(root_of(ADMIN), WRITES)))
    made = create(member)
    member.tag_resource(ResourceId=made, Tags=[{"Key": "team", "Value": "backup"}])
    member.attach_policy(PolicyId=made, TargetId=SHOP)
    member.update_policy(PolicyId=made, Description="changed")
    assert organizations.list_targets_for_policy(PolicyId=made)["Targets"][0]["TargetId"] == SHOP
    denies = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]})
    wrong = {"Name": "s", "Description": "", "Type": "SERVICE_CONTROL_POLICY", "Content": denies}
    assert refusal(member.create_policy, **wrong)[0] == "AccessDeniedException"
    control = create(organizations, "SERVICE_CONTROL_POLICY", "s", denies)
    assert refusal(member.attach_policy, PolicyId=control, TargetId=SHOP)[0] == "AccessDeniedException"
    assert refusal(member.tag_resource, ResourceId=control, Tags=[{"Key": "a", "Value": "b"}])[0] == "AccessDeniedException"
    assert refusal(member.list_policies, Filter="BACKUP_POLICY")[0] == "AccessDeniedException"
    stranger = own_twin.client("organizations", "us-east-1", CENTRAL)
    assert refusal(stranger.detach_policy, PolicyId=made, TargetId=SHOP)[0] == "AccessDeniedException"
    organizations.delete_resource_policy()
    assert refusal(member.detach_policy, PolicyId=made, TargetId=SHOP)[0] == "AccessDeniedException"


def test_the_resource_of_a_statement_bounds_where_policies_are_attached(own_twin: Any, organizations: Any) -> None:
    """Granted are the policies and one account; another account as target is denied."""
    organization = organizations.describe_organization()["Organization"]["Id"]
    here = f"arn:aws:organizations::{MANAGEMENT}"
    resources = [f"{here}:policy/{organization}/backup_policy/*", f"{here}:account/{organization}/{SHOP}"]
    attach = statement(root_of(ADMIN), ["AttachPolicy"], Resource=resources)
    organizations.put_resource_policy(Content=policy(statement(root_of(ADMIN), ["CreatePolicy"]), attach))
    member = own_twin.client("organizations", "us-east-1", ADMIN)
    made = create(member)
    member.attach_policy(PolicyId=made, TargetId=SHOP)
    assert refusal(member.attach_policy, PolicyId=made, TargetId=CENTRAL)[0] == "AccessDeniedException"


def test_a_role_that_the_policy_names_is_meant_alone(own_twin: Any, organizations: Any) -> None:
    """The account's user is denied, a session of the role is not."""
    role = f"arn:aws:iam::{ADMIN}:role/strongroom-read"
    organizations.put_resource_policy(Content=policy(statement(role, ["CreatePolicy"])))
    user = own_twin.client("organizations", "us-east-1", ADMIN)
    assert refusal(user.create_policy, Name="p", Description="", Type="BACKUP_POLICY", Content=CONTENT)[0] == "AccessDeniedException"
    session = own_twin.client("sts").assume_role(RoleArn=role, RoleSessionName="delegated")["Credentials"]
    credentials = {
        "aws_access_key_id": session["AccessKeyId"],
        "aws_secret_access_key": session["SecretAccessKey"],
        "aws_session_token": session["SessionToken"],
    }
    assert create(own_twin.client_with("organizations", "us-east-1", **credentials)).startswith("p-")


def test_a_caller_can_not_say_that_it_is_somebody_else(own_twin: Any, organizations: Any) -> None:
    """The header by which the twin tells its services who calls is never taken from a request."""
    role = f"arn:aws:iam::{ADMIN}:role/strongroom-read"
    organizations.put_resource_policy(Content=policy(statement(role, ["CreatePolicy"])))
    access_key, secret = own_twin.keys[ADMIN]
    user = own_twin.client_with("organizations", "us-east-1", aws_access_key_id=access_key, aws_secret_access_key=secret)
    user.meta.events.register("before-sign", lambda request, **_: request.headers.add_header("x-twin-principal", role))
    assert refusal(user.create_policy, Name="p", Description="", Type="BACKUP_POLICY", Content=CONTENT)[0] == "AccessDeniedException"


def test_the_resource_policy_is_one_with_tags_of_its_own(organizations: Any) -> None:
    """Put again it keeps its id; deleted it is gone, and described or deleted then it isn't found."""
    assert refusal(organizations.describe_resource_policy)[0] == "ResourcePolicyNotFoundException"
    content = policy(statement(root_of(ADMIN), ["ListPolicies"]))
    first = organizations.put_resource_policy(Content=content, Tags=[{"Key": "strongroom:strategy", "Value": "a"}])["ResourcePolicy"]
    again = organizations.put_resource_policy(Content=policy(statement(root_of(CENTRAL), ["ListPolicies"])))["ResourcePolicy"]
    name = first["ResourcePolicySummary"]["Id"]
    assert again["ResourcePolicySummary"] == first["ResourcePolicySummary"]
    assert organizations.list_tags_for_resource(ResourceId=name)["Tags"] == [{"Key": "strongroom:strategy", "Value": "a"}]
    assert CENTRAL in organizations.describe_resource_policy()["ResourcePolicy"]["Content"]
    organizations.delete_resource_policy()
    assert refusal(organizations.delete_resource_policy)[0] == "ResourcePolicyNotFoundException"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("{", "INVALID_RESOURCE_POLICY_JSON"),
        (policy(), "INVALID_RESOURCE_POLICY_JSON"),
        (policy({"Effect": "Allow", "Principal": {"AWS": ADMIN}, "NotAction": "a:b", "Resource": "*"}), "INVALID_RESOURCE_POLICY_JSON"),
        (policy(statement(root_of(ADMIN), ["MoveAccount"])), "UNSUPPORTED_ACTION_IN_RESOURCE_POLICY"),
        (policy(statement(root_of("999999999999"), ["ListPolicies"])), "INVALID_PRINCIPAL"),
        (policy(statement(root_of(ADMIN), ["ListPolicies"])).ljust(40_001), "POLICY_CONTENT_LIMIT_EXCEEDED"),
    ],
)
def test_what_a_resource_policy_can_not_say_is_refused(organizations: Any, content: str, reason: str) -> None:
    """Broken JSON, exclusions, operations that can't be delegated, strangers, and more characters than fit."""
    assert refusal(organizations.put_resource_policy, Content=content)[1] == reason
    assert refusal(organizations.describe_resource_policy)[0] == "ResourcePolicyNotFoundException"


def test_trusted_access_is_listed_with_its_day_and_kept_while_delegated(organizations: Any) -> None:
    """Enabling twice changes nothing; disabling waits until nobody administers the service."""
    organizations.enable_aws_service_access(ServicePrincipal=BACKUP)
    (first,) = _access(organizations)
    organizations.enable_aws_service_access(ServicePrincipal=BACKUP)
    assert _access(organizations) == [first]
    organizations.register_delegated_administrator(AccountId=ADMIN, ServicePrincipal=BACKUP)
    refused = refusal(organizations.disable_aws_service_access, ServicePrincipal=BACKUP)
    assert refused == ("ConstraintViolationException", "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE")
    organizations.deregister_delegated_administrator(AccountId=ADMIN, ServicePrincipal=BACKUP)
    organizations.disable_aws_service_access(ServicePrincipal=BACKUP)
    assert _access(organizations) == []
    assert refusal(organizations.enable_aws_service_access, ServicePrincipal="no.amazonaws.com")[1] == "UNRECOGNIZED_SERVICE_PRINCIPAL"


def test_services_of_a_delegated_administrator_are_listed_one_by_one(organizations: Any) -> None:
    """Each with its day; an account that administers nothing is not registered."""
    for service in (BACKUP, "config.amazonaws.com"):
        organizations.enable_aws_service_access(ServicePrincipal=service)
        organizations.register_delegated_administrator(AccountId=ADMIN, ServicePrincipal=service)
    found = organizations.list_delegated_services_for_account(AccountId=ADMIN)["DelegatedServices"]
    assert [each["ServicePrincipal"] for each in found] == [BACKUP, "config.amazonaws.com"]
    assert all(each["DelegationEnabledDate"] for each in found)
    organizations.deregister_delegated_administrator(AccountId=ADMIN, ServicePrincipal=BACKUP)
    found = organizations.list_delegated_services_for_account(AccountId=ADMIN)["DelegatedServices"]
    assert [each["ServicePrincipal"] for each in found] == ["config.amazonaws.com"]
    assert refusal(organizations.list_delegated_services_for_account, AccountId=CENTRAL)[0] == "AccountNotRegisteredException"


def _access(organizations: Any) -> list[dict[str, Any]]:
    found = organizations.list_aws_service_access_for_organization()["EnabledServicePrincipals"]
    return [each for each in found if each["ServicePrincipal"] == BACKUP]
