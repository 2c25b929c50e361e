"""Principals, grants, replicas and control policies: the twin answers them as AWS does, and `fleet` reads them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from strongroom.aws import fleet
from strongroom.aws.sessions import Sessions
from strongroom.domain.access import ControlType
from strongroom.domain.names import Region
from strongroom.proof.entitlements import access
from strongroom.semantics.authorization.access import Authorizer

HOME, OTHER = "eu-west-2", "eu-west-1"
MANAGEMENT, SHOP, LEDGER, SANDBOX = "111111111111", "555555555555", "666666666666", "777777777777"
ADMINISTRATOR = "arn:aws:iam::aws:policy/AdministratorAccess"
ROLE_TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
}
DENY_DELETION = {
    "Version": "2012-10-17",
    "Statement": [{"Sid": "keep", "Effect": "Deny", "Action": "backup:DeleteRecoveryPoint", "Resource": "*"}],
}
DENY_OUTSIDERS = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*"}],
}


def policy(action: str) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": action, "Resource": "*"}]}


class Read:
    """What was read, with the tables as a snapshot has them."""

    def __init__(self, found: fleet.Fleet) -> None:
        self.observed_at = found.observed_at
        self.tables = found.tables

    def table(self, name: str) -> Any:
        return self.tables[name]

    def rows(self, name: str, **wanted: object) -> list[dict[str, Any]]:
        return [row for row in self.tables[name].to_pylist() if all(row[key] == value for key, value in wanted.items())]


@pytest.fixture
def read(twin: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Read the whole organization as the management account's user."""
    for name, value in {
        "AWS_ENDPOINT_URL": twin.endpoint.url,
        "AWS_ACCESS_KEY_ID": twin.endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": twin.endpoint.secret,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
    }.items():
        monkeypatch.setenv(name, value)

    def reading() -> Read:
        sessions = Sessions.open(role="strongroom-read", region=HOME)
        return Read(fleet.read(sessions, home_region=Region(HOME), regions=(Region(HOME), Region(OTHER)), on_progress=lambda *_: None))

    return reading


@pytest.fixture(scope="module")
def people(twin: Any) -> dict[str, str]:
    """In the shop: a role with inline, own, AWS-managed policies and a boundary, and a user in a group."""
    iam = twin.client("iam", "us-east-1", account=SHOP)
    own = iam.create_policy(PolicyName="permissions-own", PolicyDocument=json.dumps(policy("s3:*")))["Policy"]["Arn"]
    iam.create_policy_version(PolicyArn=own, PolicyDocument=json.dumps(policy("s3:Get*")), SetAsDefault=True)
    bound = iam.create_policy(PolicyName="permissions-bound", PolicyDocument=json.dumps(policy("backup:*")))["Policy"]["Arn"]
    role = iam.create_role(
        RoleName="permissions-role",
        AssumeRolePolicyDocument=json.dumps(ROLE_TRUST),
        PermissionsBoundary=bound,
        Tags=[{"Key": "team", "Value": "sre"}],
    )["Role"]["Arn"]
    iam.put_role_policy(RoleName="permissions-role", PolicyName="inline", PolicyDocument=json.dumps(policy("kms:Decrypt")))
    for arn in (own, ADMINISTRATOR):
        iam.attach_role_policy(RoleName="permissions-role", PolicyArn=arn)
    user = iam.create_user(UserName="permissions-ann")["User"]["Arn"]
    iam.create_group(GroupName="permissions-group")
    iam.put_group_policy(GroupName="permissions-group", PolicyName="all", PolicyDocument=json.dumps(policy("*")))
    iam.attach_group_policy(GroupName="permissions-group", PolicyArn=ADMINISTRATOR)
    iam.add_user_to_group(GroupName="permissions-group", UserName="permissions-ann")
    iam.put_user_policy(UserName="permissions-ann", PolicyName="mine", PolicyDocument=json.dumps(policy("ec2:*")))
    return {"role": role, "user": user, "own": own, "bound": bound}


@pytest.fixture(scope="module")
def keys(twin: Any) -> dict[str, str]:
    """In the ledger's account: a primary key that a vault uses, with a grant, and a replica that nothing uses."""
    kms = twin.client("kms", account=LEDGER)
    primary = kms.create_key(MultiRegion=True)["KeyMetadata"]["Arn"]
    kms.create_grant(
        KeyId=primary,
        GranteePrincipal=f"arn:aws:iam::{LEDGER}:role/reader",
        RetiringPrincipal=f"arn:aws:iam::{LEDGER}:role/retirer",
        Operations=["Decrypt", "DescribeKey"],
        Constraints={"EncryptionContextSubset": {"purpose": "backup"}},
    )
    kms.replicate_key(KeyId=primary, ReplicaRegion=OTHER, Policy=json.dumps(policy("kms:Decrypt")))
    twin.client("backup", account=LEDGER).create_backup_vault(BackupVaultName="permissions", EncryptionKeyArn=primary)
    return {"primary": primary, "replica": primary.replace(HOME, OTHER)}


@pytest.fixture
def controls(twin: Any) -> Iterator[dict[str, str]]:
    """A service and a resource control policy on the sandbox's unit; all goes away afterwards."""
    organizations = twin.client("organizations", "us-east-1")
    root = organizations.list_roots()["Roots"][0]["Id"]
    unit = organizations.list_parents(ChildId=SANDBOX)["Parents"][0]["Id"]
    organizations.enable_policy_type(RootId=root, PolicyType=ControlType.RCP)
    made = {
        kind: organizations.create_policy(Name=f"permissions-{kind[0]}", Description="", Type=kind, Content=json.dumps(content))
        for kind, content in ((ControlType.SCP, DENY_DELETION), (ControlType.RCP, DENY_OUTSIDERS))
    }
    ids = {kind: answer["Policy"]["PolicySummary"]["Id"] for kind, answer in made.items()}
    for each in ids.values():
        organizations.attach_policy(PolicyId=each, TargetId=unit)
    yield {"root": root, "unit": unit, "scp": ids[ControlType.SCP], "rcp": ids[ControlType.RCP]}
    for each in ids.values():
        organizations.detach_policy(PolicyId=each, TargetId=unit)
        organizations.delete_policy(PolicyId=each)
    organizations.disable_policy_type(RootId=root, PolicyType=ControlType.RCP)


def texts(read: Read, principal: str) -> dict[tuple[str, str], Any]:
    known = {row["digest"]: json.loads(row["text"]) for row in read.rows("policy_texts")}
    return {(row["kind"], row["name"]): known[row["digest"]] for row in read.rows("principal_policies", principal_arn=principal)}


def test_a_role_is_read_with_every_policy(read, people):
    """Inline, own in its default version, AWS-managed, boundary and trust: one call for the account, decoded."""
    found = read()
    (row,) = found.rows("principals", arn=people["role"])
    assert (row["account_id"], row["kind"], row["boundary_arn"], row["tags"]) == (SHOP, "role", people["bound"], [("team", "sre")])
    assert row["unique_id"].startswith("AROA")
    assert texts(found, people["role"]) == {
        ("inline", "inline"): policy("kms:Decrypt"),
        ("attached", "permissions-own"): policy("s3:Get*"),
        ("attached", "AdministratorAccess"): policy("*"),
        ("boundary", "permissions-bound"): policy("backup:*"),
    }
    trust = next(each["text"] for each in found.rows("policy_texts", digest=row["trust_digest"]))
    assert json.loads(trust) == ROLE_TRUST


def test_a_user_is_read_with_the_policies_of_its_groups(read, people):
    """Its own inline policy, and what its group has inline and attached."""
    found = read()
    (row,) = found.rows("principals", arn=people["user"])
    assert (row["kind"], row["trust_digest"], row["boundary_arn"]) == ("user", None, None)
    assert texts(found, people["user"]) == {
        ("inline", "mine"): policy("ec2:*"),
        ("group", "permissions-group/all"): policy("*"),
        ("group", "permissions-group/AdministratorAccess"): policy("*"),
    }


@pytest.mark.usefixtures("people")
def test_every_text_is_stored_once(read):
    """The same policy in every account is one text: 5,000 accounts repeat themselves."""
    found = read()
    digests = [row["digest"] for row in found.rows("policy_texts")]
    assert digests == sorted(set(digests))
    used = {row["digest"] for row in found.rows("principal_policies")} | {row["trust_digest"] for row in found.rows("principals")}
    assert used - {None} == set(digests)


@pytest.mark.usefixtures("people")
def test_one_call_reads_the_principals_of_an_account(twin, read):
    """Nothing is asked for each role or policy."""
    before = len(twin.calls())
    read()
    made = [call for call in twin.calls()[before:] if call["service"] == "iam" and call["operation"] != "GetRole"]
    assert {call["operation"] for call in made} == {"GetAccountAuthorizationDetails"}
    assert len(made) == len({call["account"] for call in made})


def test_grants_of_a_key_in_use_are_read(read, keys):
    """Who, what, under which encryption context, and who may retire it."""
    (row,) = read().rows("grants")
    assert (row["account_id"], row["region"], row["key_arn"]) == (LEDGER, HOME, keys["primary"])
    assert (row["grantee"], row["retiring"]) == (f"arn:aws:iam::{LEDGER}:role/reader", f"arn:aws:iam::{LEDGER}:role/retirer")
    assert row["operations"] == ["Decrypt", "DescribeKey"]
    assert json.loads(row["constraints"]) == {"EncryptionContextSubset": {"purpose": "backup"}}


def test_a_replica_that_nothing_uses_is_read_with_its_own_policy(read, keys):
    """A restore in the other Region will be judged by it; the primary keeps its own."""
    found = read()
    (primary,), (replica,) = found.rows("keys", arn=keys["primary"]), found.rows("keys", arn=keys["replica"])
    for row, kind in ((primary, "PRIMARY"), (replica, "REPLICA")):
        assert (row["multi_region"], row["primary_arn"], row["replica_arns"]) == (kind, keys["primary"], [keys["replica"]])
    assert json.loads(replica["policy"]) == policy("kms:Decrypt")
    assert json.loads(primary["policy"]) != policy("kms:Decrypt")
    assert {row["multi_region"] for row in found.rows("keys")} == {"PRIMARY", "REPLICA", "NONE"}


def test_grants_are_told_as_kms_tells_them(twin, keys):
    """By the key's ARN, with issuer and time; filtered by grantee; a replica has grants of its own."""
    kms = twin.client("kms", account=LEDGER)
    (grant,) = kms.list_grants(KeyId=keys["primary"], Limit=100)["Grants"]
    assert (grant["KeyId"], grant["IssuingAccount"]) == (keys["primary"], f"arn:aws:iam::{LEDGER}:root")
    assert "CreationDate" in grant
    assert kms.list_grants(KeyId=keys["primary"], GranteePrincipal="arn:aws:iam::000000000000:root")["Grants"] == []
    assert twin.client("kms", OTHER, account=LEDGER).list_grants(KeyId=keys["replica"])["Grants"] == []


def test_control_policies_are_read_with_their_targets(read, controls):
    """Both types, with the ones that AWS attaches to everything."""
    found = read()
    accounts = {row["account_id"] for row in found.rows("accounts")}
    for kind, full in ((ControlType.SCP, "p-FullAWSAccess"), (ControlType.RCP, "p-RCPFullAWSAccess")):
        everywhere = {row["target_id"] for row in found.rows("control_policies", type=kind, policy_id=full)}
        assert accounts | {controls["root"], controls["unit"]} <= everywhere
    (scp,), (rcp,) = (found.rows("control_policies", policy_id=controls[each]) for each in ("scp", "rcp"))
    assert (scp["target_id"], json.loads(scp["content"])) == (controls["unit"], DENY_DELETION)
    assert (rcp["target_id"], json.loads(rcp["content"])) == (controls["unit"], DENY_OUTSIDERS)


def test_a_type_that_is_not_enabled_is_none_and_no_error(read):
    """Resource control policies that nobody enabled bind nobody: nothing is asked, and it counts as read."""
    found = read()
    assert {row["type"] for row in found.rows("control_policies")} == {"SERVICE_CONTROL_POLICY"}
    assert [row["read"] for row in found.rows("reads", subject="control_policies")] == [True]


def test_what_was_read_is_who_may_do_what(read, people, keys, controls):
    """The tables of a whole organization become one `Access`, without anything unread."""
    found = access(read())
    assert found.unread == ()
    assert found.organization_id.startswith("o-")
    role = next(each for each in found.principals if each.arn == people["role"])
    assert sorted(each.name for each in role.identity) == [
        "inline policy inline of role permissions-role",
        "managed policy AdministratorAccess",
        "managed policy permissions-own",
    ]
    resources = {each.arn: each for each in found.resources}
    assert resources[keys["primary"]].grants[0].encryption_context == (("purpose", "backup"),)
    assert resources[keys["replica"]].grants == ()
    assert [each.targets for each in found.controls if each.id == controls["scp"]] == [(controls["unit"],)]
    assert {each.id for each in found.accounts if each.management} == {MANAGEMENT}


def test_what_was_read_answers_questions(read, people, controls):
    """The sandbox's administrator role may delete nothing under the control policy; the shop's user may, for none is above it."""
    authorizer = Authorizer(access(read()))
    sandbox = f"arn:aws:iam::{SANDBOX}:role/strongroom-read"
    decided = authorizer.decide(sandbox, "backup:DeleteRecoveryPoint", "*")
    assert (decided.verdict, decided.ground.sid, decided.ground.origin) == ("denied", "keep", f"{MANAGEMENT}/{controls['scp']}")
    assert authorizer.decide(sandbox, "backup:ListBackupVaults", "*").verdict == "allowed"
    assert authorizer.decide(people["user"], "backup:DeleteRecoveryPoint", "*").verdict == "allowed"
