"""Organizations of the twin without its server: the rules of the tree, of policies, and of who may call."""

import json
from typing import Any

import pytest

from strongroom.twin.organizations.service import Organizations
from strongroom.twin.ports import ApiError

MANAGEMENT = "111111111111"
CENTRAL = "333333333333"
SHOP = "555555555555"


def plan(**rules: str) -> dict[str, Any]:
    """A complete backup plan with a rule per name, at the given hour."""
    return {
        "regions": {"@@assign": ["eu-west-2"]},
        "rules": {
            name: {"schedule_expression": {"@@assign": f"cron(0 {hour} * * ? *)"}, "target_backup_vault_name": {"@@assign": "vault"}}
            for name, hour in rules.items()
        },
        "selections": {
            "tags": {
                "chosen": {
                    "iam_role_arn": {"@@assign": "arn:aws:iam::$account:role/x-AWSBackup"},
                    "tag_key": {"@@assign": "environment"},
                    "tag_value": {"@@assign": ["prod"]},
                }
            }
        },
    }


class World:
    """An organization with root > Workloads > Prod > Payments, and two accounts."""

    def __init__(self) -> None:
        self.organizations = Organizations()
        self.do("CreateOrganization")
        self.root = self.do("ListRoots")["Roots"][0]["Id"]
        self.workloads = self.unit(self.root, "Workloads")
        self.prod = self.unit(self.workloads, "Prod")
        self.payments = self.unit(self.prod, "Payments")
        for account in (CENTRAL, SHOP):
            self.join(account)

    def do(self, operation: str, by: str = MANAGEMENT, **parameters: Any) -> dict[str, Any]:
        return self.organizations.call(by, operation, parameters)

    def unit(self, parent: str, name: str) -> str:
        return str(self.do("CreateOrganizationalUnit", ParentId=parent, Name=name)["OrganizationalUnit"]["Id"])

    def join(self, account: str) -> None:
        handshake = self.do("InviteAccountToOrganization", Target={"Id": account, "Type": "ACCOUNT"}, Notes=f"name-{account}")
        self.do("AcceptHandshake", by=account, HandshakeId=handshake["Handshake"]["Id"])

    def move(self, account: str, source: str, destination: str) -> None:
        self.do("MoveAccount", AccountId=account, SourceParentId=source, DestinationParentId=destination)

    def policy(self, name: str, content: dict[str, Any]) -> str:
        made = self.do("CreatePolicy", Name=name, Description="", Type="BACKUP_POLICY", Content=json.dumps(content))
        return str(made["Policy"]["PolicySummary"]["Id"])

    def enable(self) -> None:
        self.do("EnablePolicyType", RootId=self.root, PolicyType="BACKUP_POLICY")

    def effective(self, account: str) -> dict[str, Any]:
        answer = self.do("DescribeEffectivePolicy", PolicyType="BACKUP_POLICY", TargetId=account)
        return dict(json.loads(answer["EffectivePolicy"]["PolicyContent"]))


@pytest.fixture
def world() -> World:
    return World()


def refused(world: World, operation: str, by: str = MANAGEMENT, **parameters: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        world.do(operation, by=by, **parameters)
    return caught.value


def test_invited_account_keeps_its_id_and_joins_the_root(world: World) -> None:
    """An invitation brings an account with a given id into the root, as INVITED."""
    account = world.do("DescribeAccount", AccountId=SHOP)["Account"]
    assert (account["Id"], account["Name"], account["JoinedMethod"], account["Status"]) == (SHOP, f"name-{SHOP}", "INVITED", "ACTIVE")
    assert world.do("ListParents", ChildId=SHOP)["Parents"] == [{"Id": world.root, "Type": "ROOT"}]


def test_an_account_introduced_beforehand_brings_its_name() -> None:
    """An account's own name and address win over the notes of its invitation."""
    world = World()
    world.organizations.introduce("777777777777", name="sandbox", email="sandbox@example.com")
    world.join("777777777777")
    account = world.do("DescribeAccount", AccountId="777777777777")["Account"]
    assert (account["Name"], account["Email"]) == ("sandbox", "sandbox@example.com")


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ({"Id": SHOP, "Type": "ACCOUNT"}, "HandshakeConstraintViolationException"),
        ({"Id": "12345", "Type": "ACCOUNT"}, "InvalidInputException"),
        ({"Id": "a@example.com", "Type": "EMAIL"}, "InvalidInputException"),
    ],
)
def test_invitations_that_are_refused(world: World, target: dict[str, str], code: str) -> None:
    """Members, malformed ids and e-mail addresses can't be invited."""
    assert refused(world, "InviteAccountToOrganization", Target=target).code == code


def test_an_invitation_is_answered_once_and_by_its_account_only(world: World) -> None:
    """Others are denied; a second acceptance, a second invitation and an acceptance after cancelling are refused."""
    invitation = {"Target": {"Id": "777777777777", "Type": "ACCOUNT"}}
    handshake = world.do("InviteAccountToOrganization", **invitation)["Handshake"]["Id"]
    assert refused(world, "InviteAccountToOrganization", **invitation).code == "DuplicateHandshakeException"
    assert refused(world, "AcceptHandshake", by="999999999999", HandshakeId=handshake).code == "AccessDeniedException"
    assert [each["Id"] for each in world.do("ListHandshakesForAccount", by="777777777777")["Handshakes"]] == [handshake]
    world.do("CancelHandshake", HandshakeId=handshake)
    assert refused(world, "AcceptHandshake", by="777777777777", HandshakeId=handshake).code == "InvalidHandshakeTransitionException"
    again = world.do("InviteAccountToOrganization", **invitation)["Handshake"]["Id"]
    world.do("AcceptHandshake", by="777777777777", HandshakeId=again)
    assert refused(world, "AcceptHandshake", by="777777777777", HandshakeId=again).code == "HandshakeAlreadyInStateException"


def test_paths_and_listings_follow_a_move(world: World) -> None:
    """After MoveAccount the path, the parent and the children agree."""
    world.move(SHOP, world.root, world.payments)
    organizations = world.organizations
    expected = f"{organizations.organization_id}/{world.root}/{world.workloads}/{world.prod}/{world.payments}/"
    assert organizations.path_of(SHOP) == expected
    assert world.do("ListChildren", ParentId=world.payments, ChildType="ACCOUNT")["Children"] == [{"Id": SHOP, "Type": "ACCOUNT"}]
    assert [each["Id"] for each in world.do("ListAccountsForParent", ParentId=world.payments)["Accounts"]] == [SHOP]
    assert [each["Id"] for each in world.do("ListOrganizationalUnitsForParent", ParentId=world.workloads)["OrganizationalUnits"]] == [
        world.prod
    ]
    assert organizations.accounts_below(world.workloads) == (SHOP,)


@pytest.mark.parametrize(
    ("source", "destination", "code"),
    [
        ("workloads", "prod", "SourceParentNotFoundException"),
        ("root", "root", "DuplicateAccountException"),
        ("root", "ou-none-00000000", "DestinationParentNotFoundException"),
        ("root", "nonsense", "InvalidInputException"),
    ],
)
def test_moves_that_are_refused(world: World, source: str, destination: str, code: str) -> None:
    """The source must be the parent, the destination must exist and differ."""
    parents = {name: getattr(world, name, name) for name in (source, destination)}
    error = refused(world, "MoveAccount", AccountId=SHOP, SourceParentId=parents[source], DestinationParentId=parents[destination])
    assert error.code == code


def test_units_are_unique_among_siblings_five_deep_and_deleted_empty(world: World) -> None:
    """Duplicate names, a sixth level and the deletion of a unit with children are refused."""
    assert refused(world, "CreateOrganizationalUnit", ParentId=world.root, Name="Workloads").code == "DuplicateOrganizationalUnitException"
    fifth = world.unit(world.unit(world.payments, "four"), "five")
    error = refused(world, "CreateOrganizationalUnit", ParentId=fifth, Name="six")
    assert (error.code, error.members["Reason"]) == ("ConstraintViolationException", "OU_DEPTH_LIMIT_EXCEEDED")
    assert refused(world, "DeleteOrganizationalUnit", OrganizationalUnitId=world.prod).code == "OrganizationalUnitNotEmptyException"
    world.do("DeleteOrganizationalUnit", OrganizationalUnitId=fifth)


def test_pages_are_honoured_and_bounded(world: World) -> None:
    """MaxResults cuts pages, NextToken goes on, more than AWS allows and foreign tokens are refused."""
    first = world.do("ListAccounts", MaxResults=2)
    second = world.do("ListAccounts", MaxResults=2, NextToken=first["NextToken"])
    assert [each["Id"] for each in first["Accounts"] + second["Accounts"]] == [MANAGEMENT, CENTRAL, SHOP]
    assert "NextToken" not in second
    assert refused(world, "ListAccounts", MaxResults=21).members["Reason"] == "MAX_VALUE_EXCEEDED"
    assert refused(world, "ListAccounts", NextToken="garbage").members["Reason"] == "INVALID_NEXT_TOKEN"


def test_who_may_call(world: World) -> None:
    """Members read only about themselves, delegated administrators read everything, strangers have no organization."""
    assert refused(world, "ListAccounts", by=SHOP).code == "AccessDeniedException"
    assert world.do("DescribeOrganization", by=SHOP)["Organization"]["MasterAccountId"] == MANAGEMENT
    assert refused(world, "ListAccounts", by="999999999999").code == "AWSOrganizationsNotInUseException"
    world.do("EnableAWSServiceAccess", ServicePrincipal="backup.amazonaws.com")
    world.do("RegisterDelegatedAdministrator", AccountId=CENTRAL, ServicePrincipal="backup.amazonaws.com")
    assert len(world.do("ListAccounts", by=CENTRAL)["Accounts"]) == 3
    assert refused(world, "CreateOrganizationalUnit", by=CENTRAL, ParentId=world.root, Name="x").code == "AccessDeniedException"


def test_the_resource_policy_lets_an_account_write_backup_policies_only(world: World) -> None:
    """A statement of the organization's resource policy grants its actions for its policy type."""
    world.enable()
    statement = {
        "Effect": "Allow",
        "Principal": {"AWS": f"arn:aws:iam::{CENTRAL}:root"},
        "Action": ["organizations:CreatePolicy"],
        "Resource": "*",
        "Condition": {"StringEquals": {"organizations:PolicyType": "BACKUP_POLICY"}},
    }
    world.do("PutResourcePolicy", Content=json.dumps({"Version": "2012-10-17", "Statement": [statement]}))
    content = json.dumps({"plans": {"P": plan(a="1")}})
    made = world.do("CreatePolicy", by=CENTRAL, Name="p", Description="", Type="BACKUP_POLICY", Content=content)
    assert made["Policy"]["PolicySummary"]["Type"] == "BACKUP_POLICY"
    error = refused(world, "CreatePolicy", by=CENTRAL, Name="s", Description="", Type="SERVICE_CONTROL_POLICY", Content="{}")
    assert error.code == "AccessDeniedException"
    assert refused(world, "DeletePolicy", by=CENTRAL, PolicyId="p-00000000").code == "AccessDeniedException"


def test_delegated_administrator_needs_trusted_access_first(world: World) -> None:
    """Registration before trusted access, of the management account, twice, or a sixth time is refused."""
    asked = {"AccountId": CENTRAL, "ServicePrincipal": "backup.amazonaws.com"}
    assert refused(world, "RegisterDelegatedAdministrator", **asked).members["Reason"] == "SERVICE_ACCESS_NOT_ENABLED"
    world.do("EnableAWSServiceAccess", ServicePrincipal="backup.amazonaws.com")
    error = refused(world, "RegisterDelegatedAdministrator", AccountId=MANAGEMENT, ServicePrincipal="backup.amazonaws.com")
    assert error.members["Reason"] == "CANNOT_REGISTER_MASTER_AS_DELEGATED_ADMINISTRATOR"
    world.do("RegisterDelegatedAdministrator", **asked)
    assert refused(world, "RegisterDelegatedAdministrator", **asked).code == "AccountAlreadyRegisteredException"
    assert world.organizations.is_delegated_administrator(CENTRAL, "backup.amazonaws.com")
    listed = world.do("ListDelegatedServicesForAccount", AccountId=CENTRAL)["DelegatedServices"]
    assert [each["ServicePrincipal"] for each in listed] == ["backup.amazonaws.com"]
    error = refused(world, "DisableAWSServiceAccess", ServicePrincipal="backup.amazonaws.com")
    assert error.members["Reason"] == "DELEGATED_ADMINISTRATOR_EXISTS_FOR_THIS_SERVICE"
    error = refused(world, "RemoveAccountFromOrganization", AccountId=CENTRAL)
    assert error.members["Reason"] == "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG"
    world.do("DeregisterDelegatedAdministrator", **asked)
    assert refused(world, "ListDelegatedServicesForAccount", AccountId=CENTRAL).code == "AccountNotRegisteredException"
    assert refused(world, "EnableAWSServiceAccess", ServicePrincipal="bakcup.amazonaws.com").code == "InvalidInputException"
    for number in range(5):
        account = f"90000000000{number}"
        world.join(account)
        world.do("RegisterDelegatedAdministrator", AccountId=account, ServicePrincipal="backup.amazonaws.com")
    error = refused(world, "RegisterDelegatedAdministrator", **asked)
    assert error.members["Reason"] == "MAX_DELEGATED_ADMINISTRATORS_FOR_SERVICE_LIMIT_EXCEEDED"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        ("{", "not JSON"),
        ('{"plans": {}, "plans": {}}', "duplicate key plans"),
        ('{"plans": {"P": {"rulez": {}}}}', "rulez"),
        ('{"plans": {"P": {"regions": ["eu-west-2"]}}}', "operator"),
        ('{"plans": {"P": {"rules": {"r": {"schedule_expression": {"@@append": ["x"]}}}}}}', "@@append"),
        ("[]", "object"),
    ],
)
def test_malformed_backup_policies(world: World, content: str, why: str) -> None:
    """Broken JSON, duplicate keys, unknown elements and misused operators are refused when the policy is written."""
    error = refused(world, "CreatePolicy", Name="p", Description="", Type="BACKUP_POLICY", Content=content)
    assert error.code == "MalformedPolicyDocumentException"
    assert error.message.startswith("The provided policy document does not meet the requirements of the specified policy type")
    assert why in error.message


def test_policy_size_is_counted_in_characters(world: World) -> None:
    """10,000 characters pass, one more does not; white space counts."""
    text = json.dumps({"plans": {"P": plan(a="1")}})
    world.do("CreatePolicy", Name="p", Description="", Type="BACKUP_POLICY", Content=text.ljust(10_000))
    error = refused(world, "CreatePolicy", Name="q", Description="", Type="BACKUP_POLICY", Content=text.ljust(10_001))
    assert error.members["Reason"] == "POLICY_CONTENT_LIMIT_EXCEEDED"


def test_attachments_have_order_and_limits(world: World) -> None:
    """The type must be enabled; ten policies fit a target; twice is refused; the listing keeps the order of attachment."""
    policies = [world.policy(f"p{number}", {"plans": {f"P{number}": plan(a="1")}}) for number in range(11)]
    assert refused(world, "AttachPolicy", PolicyId=policies[0], TargetId=world.prod).code == "PolicyTypeNotEnabledException"
    world.enable()
    for policy in reversed(policies[:10]):
        world.do("AttachPolicy", PolicyId=policy, TargetId=world.prod)
    assert refused(world, "AttachPolicy", PolicyId=policies[0], TargetId=world.prod).code == "DuplicatePolicyAttachmentException"
    error = refused(world, "AttachPolicy", PolicyId=policies[10], TargetId=world.prod)
    assert error.members["Reason"] == "MAX_POLICY_TYPE_ATTACHMENT_LIMIT_EXCEEDED"
    listed = world.do("ListPoliciesForTarget", TargetId=world.prod, Filter="BACKUP_POLICY")["Policies"]
    assert [each["Id"] for each in listed] == policies[9::-1]
    assert refused(world, "DeletePolicy", PolicyId=policies[0]).code == "PolicyInUseException"
    world.do("DetachPolicy", PolicyId=policies[0], TargetId=world.prod)
    assert refused(world, "DetachPolicy", PolicyId=policies[0], TargetId=world.prod).code == "PolicyNotAttachedException"
    world.do("DeletePolicy", PolicyId=policies[0])
    assert refused(world, "DescribePolicy", PolicyId=policies[0]).code == "PolicyNotFoundException"
    assert refused(world, "AttachPolicy", PolicyId=policies[1], TargetId="999999999999").code == "TargetNotFoundException"


def test_names_of_policies_are_unique(world: World) -> None:
    """A second policy of the name is refused on creation and on update."""
    world.policy("one", {"plans": {"P": plan(a="1")}})
    two = world.policy("two", {"plans": {"P": plan(a="1")}})
    error = refused(world, "CreatePolicy", Name="one", Description="", Type="BACKUP_POLICY", Content='{"plans": {}}')
    assert error.code == "DuplicatePolicyException"
    assert refused(world, "UpdatePolicy", PolicyId=two, Name="one").code == "DuplicatePolicyException"


def test_effective_policy_follows_the_tree(world: World) -> None:
    """Policies of root, units and account merge; a move, a detachment and an update show at once; without any there is none."""
    world.enable()
    world.do("AttachPolicy", PolicyId=world.policy("root", {"plans": {"Base": plan(daily="2")}}), TargetId=world.root)
    upper = world.policy("prod", {"plans": {"Prod": plan(daily="3")}})
    world.do("AttachPolicy", PolicyId=upper, TargetId=world.prod)
    assert set(world.effective(SHOP)["plans"]) == {"Base"}
    world.move(SHOP, world.root, world.payments)
    assert set(world.effective(SHOP)["plans"]) == {"Base", "Prod"}
    role = world.effective(SHOP)["plans"]["Prod"]["selections"]["tags"]["chosen"]["iam_role_arn"]
    assert role == f"arn:aws:iam::{SHOP}:role/x-AWSBackup"
    world.do("UpdatePolicy", PolicyId=upper, Content=json.dumps({"plans": {"Renamed": plan(daily="3")}}))
    assert set(world.effective(SHOP)["plans"]) == {"Base", "Renamed"}
    assert set(world.organizations.effective_backup_policy(SHOP)["plans"]) == {"Base", "Renamed"}  # type: ignore[index]
    own = world.do("DescribeEffectivePolicy", by=SHOP, PolicyType="BACKUP_POLICY")["EffectivePolicy"]
    assert own["TargetId"] == SHOP
    assert refused(world, "DescribeEffectivePolicy", by=SHOP, PolicyType="BACKUP_POLICY", TargetId=CENTRAL).code == "AccessDeniedException"
    world.do("DisablePolicyType", RootId=world.root, PolicyType="BACKUP_POLICY")
    error = refused(world, "DescribeEffectivePolicy", PolicyType="BACKUP_POLICY", TargetId=SHOP)
    assert error.code == "EffectivePolicyNotFoundException"


def test_an_account_stays_on_its_last_valid_policy(world: World) -> None:
    """An invalid effective policy is listed with its errors, and changes nothing until it is repaired."""
    world.enable()
    policy = world.policy("p", {"plans": {"Good": plan(daily="2")}})
    world.do("AttachPolicy", PolicyId=policy, TargetId=world.root)
    world.do("UpdatePolicy", PolicyId=policy, Content=json.dumps({"plans": {"Newer": plan(daily="2")}}))
    world.do("UpdatePolicy", PolicyId=policy, Content=json.dumps({"plans": {"Bad": {"regions": {"@@assign": ["eu-west-2"]}}}}))
    assert set(world.effective(SHOP)["plans"]) == {"Newer"}
    invalid = world.do("ListAccountsWithInvalidEffectivePolicy", PolicyType="BACKUP_POLICY")["Accounts"]
    assert {each["Id"] for each in invalid} == {MANAGEMENT, CENTRAL, SHOP}
    found = world.do("ListEffectivePolicyValidationErrors", AccountId=SHOP, PolicyType="BACKUP_POLICY")
    assert {each["ErrorCode"] for each in found["EffectivePolicyValidationErrors"]} == {"KEY_REQUIRED"}
    assert found["EffectivePolicyValidationErrors"][0]["ContributingPolicies"] == [policy]
    world.do("UpdatePolicy", PolicyId=policy, Content=json.dumps({"plans": {"Repaired": plan(daily="2")}}))
    assert set(world.effective(SHOP)["plans"]) == {"Repaired"}
    assert world.do("ListAccountsWithInvalidEffectivePolicy", PolicyType="BACKUP_POLICY")["Accounts"] == []


def test_first_attached_wins_within_a_target(world: World) -> None:
    """Two policies of one target that assign the same value: the one attached first decides, also after a re-ordering."""
    world.enable()
    first, second = (world.policy(name, {"plans": {"P": plan(r=hour)}}) for name, hour in (("one", "1"), ("two", "2")))
    for policy in (first, second):
        world.do("AttachPolicy", PolicyId=policy, TargetId=world.root)
    assert world.effective(SHOP)["plans"]["P"]["rules"]["r"]["schedule_expression"] == "cron(0 1 * * ? *)"
    world.do("DetachPolicy", PolicyId=first, TargetId=world.root)
    world.do("AttachPolicy", PolicyId=first, TargetId=world.root)
    assert world.effective(SHOP)["plans"]["P"]["rules"]["r"]["schedule_expression"] == "cron(0 2 * * ? *)"


def test_writes_grow_the_generation_and_reads_do_not(world: World) -> None:
    """Whoever keeps what it read can tell whether anything changed."""
    before = world.organizations.generation
    world.do("ListAccounts")
    world.do("DescribeOrganization", by=SHOP)
    assert world.organizations.generation == before
    world.do("EnableAWSServiceAccess", ServicePrincipal="backup.amazonaws.com")
    assert world.organizations.generation == before + 1
    refused(world, "EnableAWSServiceAccess", ServicePrincipal="nobody.example.com")
    assert world.organizations.generation == before + 1


def test_listeners_hear_of_joining_moving_and_leaving() -> None:
    """Each change of place is told once, with the units it was between."""
    heard: list[tuple[str, str, str]] = []
    world = World()
    world.organizations.listen(lambda *move: heard.append(move))
    world.join("777777777777")
    world.move("777777777777", world.root, world.prod)
    world.do("LeaveOrganization", by="777777777777")
    assert heard == [("777777777777", "", world.root), ("777777777777", world.root, world.prod), ("777777777777", world.prod, "")]
    assert world.organizations.path_of("777777777777") == ""
    assert refused(world, "LeaveOrganization").code == "MasterCannotLeaveOrganizationException"


def test_closed_accounts_stay_listed_and_are_not_active(world: World) -> None:
    """CloseAccount suspends; services no longer see the account."""
    world.do("CloseAccount", AccountId=SHOP)
    assert world.do("DescribeAccount", AccountId=SHOP)["Account"]["Status"] == "SUSPENDED"
    assert world.organizations.accounts() == (MANAGEMENT, CENTRAL)
    assert refused(world, "CloseAccount", AccountId=SHOP).code == "AccountAlreadyClosedException"


def test_tags_of_policies_and_accounts(world: World) -> None:
    """Tags given at creation and later are listed, and can be removed."""
    made = world.do(
        "CreatePolicy", Name="p", Description="", Type="BACKUP_POLICY", Content='{"plans": {}}', Tags=[{"Key": "owner", "Value": "backup"}]
    )
    policy = made["Policy"]["PolicySummary"]["Id"]
    world.do("TagResource", ResourceId=policy, Tags=[{"Key": "a", "Value": "b"}])
    world.do("UntagResource", ResourceId=policy, TagKeys=["owner"])
    assert world.do("ListTagsForResource", ResourceId=policy)["Tags"] == [{"Key": "a", "Value": "b"}]
    world.do("TagResource", ResourceId=SHOP, Tags=[{"Key": "a", "Value": "c"}])
    assert world.do("ListTagsForResource", ResourceId=SHOP)["Tags"] == [{"Key": "a", "Value": "c"}]


def test_two_organizations_of_the_same_management_account_have_the_same_ids() -> None:
    """Ids follow from the management account, so that runs can be compared."""
    one, other = World(), World()
    assert (one.organizations.organization_id, one.root, one.payments) == (other.organizations.organization_id, other.root, other.payments)


FULL = {"SERVICE_CONTROL_POLICY": "p-FullAWSAccess", "RESOURCE_CONTROL_POLICY": "p-RCPFullAWSAccess"}


def targets(world: World, policy: str) -> set[str]:
    """Everything that a policy is attached to."""
    found: list[dict[str, Any]] = []
    answer = world.do("ListTargetsForPolicy", PolicyId=policy)
    while True:
        found += answer["Targets"]
        if "NextToken" not in answer:
            return {each["TargetId"] for each in found}
        answer = world.do("ListTargetsForPolicy", PolicyId=policy, NextToken=answer["NextToken"])


@pytest.mark.parametrize("kind", FULL)
def test_enabling_control_policies_attaches_full_access_everywhere(world: World, kind: str) -> None:
    """Root, units, accounts, and whatever comes later have the policy that allows everything; other types have none."""
    if kind == "SERVICE_CONTROL_POLICY":
        world.do("DisablePolicyType", RootId=world.root, PolicyType=kind)
        assert targets(world, FULL[kind]) == set()
    world.do("EnablePolicyType", RootId=world.root, PolicyType=kind)
    later = world.unit(world.root, "Later")
    world.join("999999999999")
    everything = {world.root, world.workloads, world.prod, world.payments, later, MANAGEMENT, CENTRAL, SHOP, "999999999999"}
    assert targets(world, FULL[kind]) == everything
    described = world.do("DescribePolicy", PolicyId=FULL[kind])["Policy"]
    assert described["PolicySummary"]["AwsManaged"] is True
    assert json.loads(described["Content"])["Statement"][0]["Effect"] == "Allow"


def test_resource_control_policies_are_not_there_until_enabled(world: World) -> None:
    """Nothing is attached and nothing listed before somebody enables the type."""
    assert world.do("ListPolicies", Filter="RESOURCE_CONTROL_POLICY")["Policies"] == []
    assert world.do("ListPoliciesForTarget", TargetId=SHOP, Filter="RESOURCE_CONTROL_POLICY")["Policies"] == []


def test_full_access_to_resources_stays_attached(world: World) -> None:
    """RCPFullAWSAccess can't be detached; FullAWSAccess can, once another policy is there."""
    world.do("EnablePolicyType", RootId=world.root, PolicyType="RESOURCE_CONTROL_POLICY")
    assert refused(world, "DetachPolicy", PolicyId="p-RCPFullAWSAccess", TargetId=world.prod).code == "ConstraintViolationException"
    assert refused(world, "DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=world.prod).code == "ConstraintViolationException"
    content = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]}'
    made = world.do("CreatePolicy", Name="own", Description="", Type="SERVICE_CONTROL_POLICY", Content=content)
    world.do("AttachPolicy", PolicyId=made["Policy"]["PolicySummary"]["Id"], TargetId=world.prod)
    world.do("DetachPolicy", PolicyId="p-FullAWSAccess", TargetId=world.prod)
    assert world.prod not in targets(world, "p-FullAWSAccess")
