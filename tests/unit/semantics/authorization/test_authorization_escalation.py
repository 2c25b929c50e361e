"""Who could by changing policies, or by passing roles, first; and who comes in from identity providers."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom import facts
from strongroom.domain.access import ControlType
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.reach import Asked, Reacher, ways

_spec = importlib.util.spec_from_file_location("small_organization", Path(__file__).with_name("small_organization.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)
WORKLOAD, CENTRAL, MANAGEMENT = small.WORKLOAD, small.CENTRAL, small.MANAGEMENT
allow, deny, role, user, vault, key = small.allow, small.deny, small.role, small.user, small.vault, small.key
control, full, document, organization = small.control, small.full, small.document, small.organization

VAULT = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
KEY = f"arn:aws:kms:eu-west-2:{CENTRAL}:key/k1"
ROOT = f"arn:aws:iam::{CENTRAL}:root"
SAML = f"arn:aws:iam::{CENTRAL}:saml-provider/AWSSSO_0123_DO_NOT_DELETE"
OPS = f"arn:aws:iam::{CENTRAL}:role/ops"


def found(principals, resources=(), action="backup:DeleteBackupVault", resource=VAULT, *, controls=None, rails=(), escalations=True):
    authorizer = Authorizer(organization(principals, resources or [vault(CENTRAL, "central")], controls))
    return ways(authorizer, [action], resource, rails=[parse(document(*each), name=name) for name, *each in rails], escalations=escalations)


def steps(routes, name):
    return [[step.words for step in route.steps] for route in routes if route.principal.endswith(f"/{name}")]


def trusting(principal, action="sts:AssumeRole", **others):
    trust = allow(action, Principal=principal, **others)
    del trust["Resource"]
    return small.written("trust", trust)


@pytest.mark.parametrize("action", ["iam:PutRolePolicy", "iam:AttachRolePolicy"])
def test_who_may_change_its_own_permissions_has_all_of_them(action):
    """A role without a single permission of AWS Backup; only asked for, since it is no way that policies intend."""
    ops = role(CENTRAL, "ops", allow(action, resource=OPS))
    assert steps(found([ops]).certain, "ops") == [["changes its own permissions"]]
    assert steps(found([ops], escalations=False).certain, "ops") == []
    (route,) = (route for route in found([ops]).certain if route.principal == OPS)
    assert (route.chain, route.steps[0].is_change) == ((OPS,), True)
    assert route.decision.because == "statement 1 of the permissions that it gives itself (identity policy) allows it"
    assert route.links[0].because == "statement 1 of inline policy of role ops (identity policy) allows it"


def test_a_boundary_and_control_policies_limit_what_somebody_gives_itself():
    """And so does a vault's own policy."""
    ops = role(CENTRAL, "ops", allow("iam:*"), boundary=small.written("boundary", allow("iam:*", "s3:*")))
    free = replace(ops, boundary=None)
    assert steps(found([free]).certain, "ops") == [["changes its own permissions"]]
    assert steps(found([ops]).certain, "ops") == []
    rails = control("Rails", deny("backup:Delete*"), at=["r-1"])
    assert steps(found([free], controls=(full(), rails)).certain, "ops") == []
    shut = vault(CENTRAL, "central", deny("backup:*", Principal="*"))
    assert steps(found([free], [shut]).certain, "ops") == []


def test_who_may_change_another_role_and_assume_it_has_its_powers():
    """Both are needed."""
    other = role(CENTRAL, "other", trusts=[OPS])
    puts = allow("iam:PutRolePolicy", resource=other.arn)
    assert steps(found([role(CENTRAL, "ops", puts), other]).certain, "ops") == [["changes the permissions of role other and assumes it"]]
    assert steps(found([role(CENTRAL, "ops", puts), replace(other, trust=trusting({"Service": "ec2.amazonaws.com"}))]).certain, "ops") == []


@pytest.mark.parametrize(
    ("permissions", "trusts", "words", "verdict"),
    [
        (["iam:UpdateAssumeRolePolicy"], "backup.amazonaws.com", "changes the trust policy of role keeper and assumes it", Verdict.ALLOWED),
        (["iam:PassRole", "cloudformation:CreateStack"], "cloudformation.amazonaws.com", "CloudFormation stack", Verdict.ALLOWED),
        (["iam:PassRole", "lambda:*"], "lambda.amazonaws.com", "Lambda function", Verdict.ALLOWED),
        (["iam:PassRole", "ec2:RunInstances"], "ec2.amazonaws.com", "EC2 instance", Verdict.UNKNOWN),
        (["iam:PassRole", "lambda:*"], "backup.amazonaws.com", "", Verdict.DENIED),  # a service that the role doesn't trust
        (["iam:PassRole", "lambda:CreateFunction"], "lambda.amazonaws.com", "", Verdict.DENIED),
        (["lambda:*"], "lambda.amazonaws.com", "", Verdict.DENIED),
    ],
)
def test_becoming_a_role_without_its_trust(permissions, trusts, words, verdict):
    """By changing the trust, or by a service that works as the role; where something else is needed, it isn't certain."""
    keeper = role(CENTRAL, "keeper", allow("backup:*"), trusts=[trusts])
    reach = found([role(CENTRAL, "ops", allow(*permissions)), keeper])
    told = {Verdict.ALLOWED: reach.certain, Verdict.UNKNOWN: reach.unknown}.get(verdict, (*reach.certain, *reach.unknown))
    assert len(steps(told, "ops")) == (verdict is not Verdict.DENIED)
    assert all(words in step for each in steps(told, "ops") for step in each)


def test_passing_a_role_to_something_whose_name_is_limited_is_not_certain():
    """A function of some name may be made; a denial of all functions is certain."""
    keeper = role(CENTRAL, "keeper", allow("backup:*"), trusts=["lambda.amazonaws.com"])
    some = [allow("iam:PassRole"), allow("lambda:*", resource="arn:aws:lambda:*:*:function:dev-*")]
    reach = found([role(CENTRAL, "ops", *some), keeper])
    assert (steps(reach.certain, "ops"), len(steps(reach.unknown, "ops"))) == ([], 1)
    reach = found([role(CENTRAL, "ops", *some, deny("lambda:*")), keeper])
    assert steps((*reach.certain, *reach.unknown), "ops") == []


def test_making_an_access_key_of_a_user_is_becoming_it():
    """Passwords too, as far as it is known whether there is one; nobody becomes the root user."""
    ann = user(CENTRAL, "ann", allow("backup:*"))
    assert steps(found([role(CENTRAL, "ops", allow("iam:CreateAccessKey")), ann]).certain, "ops") == [["makes an access key of user ann"]]
    reach = found([role(CENTRAL, "ops", allow("iam:UpdateLoginProfile")), ann])
    assert steps(reach.unknown, "ops") == [["changes the password of user ann"]]
    (route,) = (route for route in reach.unknown if route.principal == OPS)
    assert route.decision.missing == ("whether the user has a password",)


def test_who_may_change_the_key_policy_may_decrypt():
    """In the key's own account: AWS takes no policy from another one."""
    admin = key(CENTRAL, allow("kms:PutKeyPolicy", Principal={"AWS": [ROOT, f"arn:aws:iam::{WORKLOAD}:root"]}))
    principals = [
        role(CENTRAL, "ops", allow("kms:PutKeyPolicy")),
        role(CENTRAL, "idle", allow("kms:Decrypt")),
        role(WORKLOAD, "far", allow("kms:*")),
    ]
    reach = found(principals, [admin], "kms:Decrypt", KEY)
    assert {route.principal for route in (*reach.certain, *reach.unknown)} == {OPS, ROOT}
    assert steps(reach.certain, "ops") == [["changes the key policy of key k1"]]


def test_who_may_make_grants_may_decrypt():
    """Also from another account, but not where grants are for AWS's services alone."""
    both = {"AWS": [ROOT, f"arn:aws:iam::{WORKLOAD}:root"]}
    principals = [role(CENTRAL, "ops", allow("kms:CreateGrant")), role(WORKLOAD, "far", allow("kms:CreateGrant"))]
    reach = found(principals, [key(CENTRAL, allow("kms:CreateGrant", Principal=both))], "kms:Decrypt", KEY)
    assert steps(reach.certain, "far") == steps(reach.certain, "ops") == [["gives itself a grant on key k1"]]
    services = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    reach = found(principals, [key(CENTRAL, allow("kms:CreateGrant", Principal=both, Condition=services))], "kms:Decrypt", KEY)
    assert (reach.certain, reach.unknown) == ((), ())
    reach = found(principals, [key(CENTRAL, allow("kms:CreateGrant", Principal=both))], "kms:ScheduleKeyDeletion", KEY)
    assert steps((*reach.certain, *reach.unknown), "far") == []  # no grant gives that


@pytest.mark.parametrize("change", ["backup:PutBackupVaultAccessPolicy", "backup:DeleteBackupVaultAccessPolicy"])
def test_a_vault_policy_stops_nobody_who_may_change_it(change):
    """A denial of deleting; one that denies the change as well holds."""
    ops = role(CENTRAL, "ops", allow("backup:DeleteRecoveryPoint", change))
    guarded = vault(CENTRAL, "central", deny("backup:DeleteRecoveryPoint", Principal="*"))
    point = Asked(action="backup:DeleteRecoveryPoint", resource="arn:aws:ec2:eu-west-2::snapshot/snap-1", guard=VAULT)
    reach = Reacher(Authorizer(organization([ops], [guarded]))).ask([point], escalations=True)
    assert len(steps(reach.certain, "ops")) == 1
    shut = vault(CENTRAL, "central", deny("backup:Delete*", "backup:Put*", Principal="*"))
    assert steps(Reacher(Authorizer(organization([ops], [shut]))).ask([point], escalations=True).certain, "ops") == []


def test_changes_and_assumptions_follow_each_other():
    """A role of another account assumes one that changes its own permissions; a rail that stops one step stops the way."""
    ops = role(CENTRAL, "ops", allow("iam:PutRolePolicy"), trusts=[WORKLOAD])
    far = role(WORKLOAD, "far", allow("sts:AssumeRole"))
    reach = found([ops, far], rails=[("no own rights", deny("iam:PutRolePolicy"))])
    assert steps(reach.certain, "far") == [["assumes role ops", "changes its own permissions"]]
    assert {route.principal.rpartition("/")[2]: route.rail for route in reach.certain if route.steps} == {
        "ops": "no own rights",
        "far": "no own rights",
    }


def test_the_shortest_way_is_no_change_where_none_is_needed():
    """Whoever can by themselves or by trust is shown so; with escalations nobody gets lost."""
    keeper = role(CENTRAL, "keeper", allow("backup:*", "iam:*"), trusts=[WORKLOAD])
    principals = [keeper, role(WORKLOAD, "far", allow("sts:AssumeRole"))]
    plain, more = found(principals, escalations=False), found(principals)
    assert [(route.chain, route.links) for route in plain.certain] == [(route.chain, route.links) for route in more.certain]
    assert not any(step.is_change for route in more.certain for step in route.steps)


def test_the_management_account_reaches_members_by_the_role_that_organizations_makes():
    """OrganizationAccountAccessRole trusts the management account as a whole: no policy says it, its trust does."""
    access = role(CENTRAL, "OrganizationAccountAccessRole", allow("*"), trusts=[MANAGEMENT])
    reach = found([access, role(MANAGEMENT, "boss", allow("*"))], escalations=False)
    assert steps(reach.certain, "boss") == [["assumes role OrganizationAccountAccessRole"]]


@pytest.mark.parametrize(
    ("provider", "action", "named"),
    [
        (SAML, "sts:AssumeRoleWithSAML", "saml-provider AWSSSO_0123_DO_NOT_DELETE"),
        ("token.actions.githubusercontent.com", "sts:AssumeRoleWithWebIdentity", "token.actions.githubusercontent.com"),
    ],
)
def test_identity_providers_are_ways_from_outside(provider, action, named):
    """Whom a provider signs in isn't known, so that it is never certain and never left out."""
    keeper = replace(role(CENTRAL, "keeper", allow("backup:*")), trust=trusting({"Federated": provider}, action))
    reach = found([keeper], escalations=False)
    (route,) = reach.unknown
    assert (route.principal, route.chain[-1], route.decision.verdict) == (provider, keeper.arn, Verdict.UNKNOWN)
    assert route.decision.missing == (f"whom {named} signs in",)
    other = replace(keeper, trust=trusting({"Federated": provider}, "sts:TagSession"))
    assert found([other], escalations=False).unknown == ()


def test_a_session_of_an_account_outside_that_a_trust_policy_names_is_a_way():
    """It is the role behind it that nobody read."""
    session = "arn:aws:sts::999900001111:assumed-role/deploy/pipeline"
    keeper = role(CENTRAL, "keeper", allow("backup:*"), trusts=[session])
    assert [route.principal for route in found([keeper], escalations=False).unknown] == ["arn:aws:iam::999900001111:role/deploy"]


def test_what_was_not_read_is_no_certain_change():
    """Neither of one's own permissions nor of a key's policy."""
    reach = found([replace(role(CENTRAL, "ops"), identity=Unread("AccessDenied"))])
    assert [route.principal for route in reach.certain] == [ROOT]
    assert OPS in {route.principal for route in reach.unknown}
    unread = replace(key(CENTRAL), policy=Unread("AccessDenied"))
    reach = found([role(CENTRAL, "ops", allow("kms:PutKeyPolicy"))], [unread], "kms:Decrypt", KEY)
    assert (reach.certain, OPS in {route.principal for route in reach.unknown}) == ((), True)


def test_control_policies_reach_the_new_permissions_of_keys():
    """Resource control policies too: whatever a key's policy says after the change."""
    admin = key(CENTRAL, allow("kms:*", Principal={"AWS": ROOT}))
    rcp = control("Perimeter", deny("kms:Decrypt", Principal="*"), at=["r-1"], kind=ControlType.RCP)
    controls = (full(), full(ControlType.RCP), rcp)
    reach = found([role(CENTRAL, "ops", allow("kms:PutKeyPolicy", "kms:CreateGrant"))], [admin], "kms:Decrypt", KEY, controls=controls)
    assert (reach.certain, reach.unknown) == ((), ())


def test_every_kind_of_change_is_looked_for():
    """No fact is written down that the search doesn't use."""
    assert {each.kind for each in facts.escalations()} == {"permissions", "trust", "credentials", "policy", "grant", "pass"}
    assert all(("{on}" in each.words) and bool(each.service) is (each.kind == "pass") for each in facts.escalations())
