"""Questions to a set of accounts: who a name means, which policies have a say, and the answer in words."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom.domain.access import AccessAccount, ControlType, GuardedResource, KeyGrant, PrincipalKind
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.errors import BadInput
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Context, Layer, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.reach import ways

_spec = importlib.util.spec_from_file_location("small_organization", Path(__file__).with_name("small_organization.py"))
small = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(small)
WORKLOAD, CENTRAL, MANAGEMENT = small.WORKLOAD, small.CENTRAL, small.MANAGEMENT
allow, deny, role, user, vault, key = small.allow, small.deny, small.role, small.user, small.vault, small.key
control, full, document, organization = small.control, small.full, small.document, small.organization

OPS = f"arn:aws:iam::{WORKLOAD}:role/ops"
LOCAL = f"arn:aws:backup:eu-west-2:{WORKLOAD}:backup-vault:local"
CENTRAL_VAULT = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
KEY = f"arn:aws:kms:eu-west-2:{WORKLOAD}:key/k1"
ROOT_STATEMENT = allow("kms:*", Principal={"AWS": f"arn:aws:iam::{WORKLOAD}:root"}, Sid="Root")
NOTHING_MORE = Context(complete=True)


def test_the_deciding_statement_is_named_with_its_policy_and_origin():
    """Policy, number, Sid and where it was read; the words say the same."""
    access = organization([role(WORKLOAD, "ops", allow("backup:*", Sid="All"))], [vault(WORKLOAD)])
    decision = Authorizer(access).decide(OPS, "backup:StartBackupJob", LOCAL)
    assert decision.verdict is Verdict.ALLOWED
    assert (decision.ground.layer, decision.ground.policy, decision.ground.statement, decision.ground.sid) == (
        Layer.IDENTITY,
        "inline policy of role ops",
        0,
        "All",
    )
    assert decision.ground.origin == f"{WORKLOAD}/inline policy of role ops"
    assert decision.because == "statement 1 (All) of inline policy of role ops (identity policy) allows it"


def test_a_missing_allow_names_the_layer_and_the_action_as_asked():
    """No statement decides: the layer that is silent does."""
    access = organization([role(WORKLOAD, "ops", allow("s3:*"))], [vault(WORKLOAD)])
    decision = Authorizer(access).decide(OPS, "backup:StartBackupJob", LOCAL)
    assert decision.verdict is Verdict.DENIED
    assert decision.because == f"no identity policy of {OPS} allows backup:StartBackupJob"
    assert (decision.ground.layer, decision.ground.statement) == (Layer.IDENTITY, None)


def test_a_control_policy_is_named_with_its_place():
    """The root, OU or account that it is attached to."""
    rails = control("Rails", deny("backup:Delete*", Sid="NoDelete"), at=["ou-1"])
    access = organization([role(WORKLOAD, "ops", allow("*"))], [vault(WORKLOAD)], (full(), rails))
    decision = Authorizer(access).decide(OPS, "backup:DeleteBackupVault", LOCAL)
    assert decision.because == "statement 1 (NoDelete) of Rails (service control policy at ou-1) denies it"


def test_every_level_of_control_policies_must_allow():
    """Without FullAWSAccess at the account nothing is allowed there."""
    partial = replace(full(), targets=("r-1", "ou-1"))
    access = organization([role(WORKLOAD, "ops", allow("*"))], [vault(WORKLOAD)], (partial,))
    decision = Authorizer(access).decide(OPS, "backup:StartBackupJob", LOCAL)
    assert decision.because == f"no service control policy at {WORKLOAD} allows backup:StartBackupJob"


def test_control_policies_reach_neither_the_management_account_nor_service_linked_roles():
    """The two exceptions of AWS's pages."""
    rails = control("Rails", deny("*"), at=["r-1"])
    linked = "aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup"
    principals = [role(MANAGEMENT, "ops", allow("*")), role(WORKLOAD, linked, allow("*")), role(WORKLOAD, "ops", allow("*"))]
    authorizer = Authorizer(organization(principals, [vault(WORKLOAD), vault(MANAGEMENT)], (full(), rails)))
    verdicts = [
        authorizer.decide(f"arn:aws:iam::{MANAGEMENT}:role/ops", "backup:DeleteBackupVault", LOCAL.replace(WORKLOAD, MANAGEMENT)).verdict,
        authorizer.decide(f"arn:aws:iam::{WORKLOAD}:role/{linked}", "backup:DeleteBackupVault", LOCAL).verdict,
        authorizer.decide(OPS, "backup:DeleteBackupVault", LOCAL).verdict,
    ]
    assert verdicts == [Verdict.ALLOWED, Verdict.ALLOWED, Verdict.DENIED]


def test_what_was_not_read_is_unknown_and_named():
    """Identity policies, control policies, a resource's policy: none counts as empty."""
    ops = role(WORKLOAD, "ops", allow("*"))
    cases = {
        "identity policy: AccessDenied": organization([replace(ops, identity=Unread("AccessDenied"))], [vault(WORKLOAD)]),
        "service control policy: Throttled": organization([ops], [vault(WORKLOAD)], Unread("Throttled")),
        "resource policy: timeout": organization([ops], [replace(vault(WORKLOAD), policy=Unread("timeout"))]),
        "permissions boundary: gone": organization([replace(ops, boundary=Unread("gone"))], [vault(WORKLOAD)]),
        f"resource policy: the policy of {LOCAL} wasn't read": organization([ops]),
    }
    for missing, access in cases.items():
        decision = Authorizer(access).decide(OPS, "backup:DeleteBackupVault", LOCAL)
        assert (decision.verdict, decision.missing) == (Verdict.UNKNOWN, (missing,))


def test_a_certain_denial_outranks_what_was_not_read():
    """Unknown identity policies can't undo a denial elsewhere."""
    ops = role(WORKLOAD, "ops")
    access = organization([replace(ops, identity=Unread("AccessDenied"))], [vault(WORKLOAD, "local", deny("backup:*", Principal="*"))])
    assert Authorizer(access).decide(OPS, "backup:DeleteBackupVault", LOCAL).verdict is Verdict.DENIED


def test_a_principal_outside_needs_the_resource_and_stays_unknown_at_most():
    """Nobody read its account's policies: the resource's policy can only rule it out."""
    central = vault(CENTRAL, "central", allow("backup:CopyIntoBackupVault", Principal={"AWS": "999900001111"}))
    authorizer = Authorizer(organization([], [central]))
    stranger, other = (f"arn:aws:iam::{account}:role/x" for account in ("999900001111", "999900002222"))
    assert authorizer.decide(stranger, "backup:CopyIntoBackupVault", CENTRAL_VAULT).verdict is Verdict.UNKNOWN
    assert authorizer.decide(other, "backup:CopyIntoBackupVault", CENTRAL_VAULT).verdict is Verdict.DENIED


def test_a_vault_lets_other_accounts_do_nothing_but_copy_into_it():
    """Whatever its policy says."""
    central = vault(CENTRAL, "central", allow("backup:*", Principal="*"))
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("backup:*"))], [central]))
    assert authorizer.decide(OPS, "backup:CopyIntoBackupVault", CENTRAL_VAULT).verdict is Verdict.ALLOWED
    refused = authorizer.decide(OPS, "backup:DeleteBackupVault", CENTRAL_VAULT)
    assert (refused.verdict, refused.ground.layer) == (Verdict.DENIED, Layer.ACCOUNT)


def test_a_key_policy_that_names_nobody_shuts_out_administrators():
    """Identity policies count only where the key policy names the account."""
    admin = role(WORKLOAD, "ops", allow("*"))
    closed = key(WORKLOAD, allow("kms:*", Principal={"AWS": f"arn:aws:iam::{WORKLOAD}:role/keeper"}))
    shut = Authorizer(organization([admin], [closed])).decide(OPS, "kms:Decrypt", KEY)
    assert (shut.verdict, shut.because) == (Verdict.DENIED, f"no statement of key policy of k1 lets {OPS} do kms:Decrypt")
    opened = Authorizer(organization([admin], [key(WORKLOAD, ROOT_STATEMENT)])).decide(OPS, "kms:Decrypt", KEY)
    assert opened.because == (
        "statement 1 (Root) of key policy of k1 (resource policy) and statement 1 of inline policy of role ops (identity policy) allow it"
    )


def test_a_grant_lets_its_grantee_in_for_its_operations():
    """Also across accounts; a given encryption context must be the call's."""
    grantee = f"arn:aws:iam::{CENTRAL}:role/ops"
    grant = KeyGrant(id="g1", grantee=grantee, operations=("Decrypt",), encryption_context=(("vault", "central"),))
    authorizer = Authorizer(organization([role(CENTRAL, "ops", allow("s3:*"))], [key(WORKLOAD, ROOT_STATEMENT, grants=(grant,))]))
    right = Context(values={"kms:EncryptionContext:vault": ("central",)}, complete=True)
    assert authorizer.decide(grantee, "kms:Decrypt", KEY, right).because == "grant g1 allows it"
    assert authorizer.decide(grantee, "kms:Decrypt", KEY, NOTHING_MORE).verdict is Verdict.DENIED
    assert authorizer.decide(grantee, "kms:Decrypt", KEY).verdict is Verdict.UNKNOWN
    assert authorizer.decide(grantee, "kms:Encrypt", KEY, right).verdict is Verdict.DENIED


def test_the_root_user_is_limited_by_control_and_resource_policies_alone():
    """It has no identity policies, and assumes no role."""
    root = f"arn:aws:iam::{WORKLOAD}:root"
    rails = control("Rails", deny("backup:DeleteBackupVault"), at=["r-1"])
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", trusts=[WORKLOAD])], [vault(WORKLOAD)], (full(), rails)))
    assert authorizer.decide(root, "backup:StartBackupJob", LOCAL).verdict is Verdict.ALLOWED
    assert authorizer.decide(WORKLOAD, "backup:DeleteBackupVault", LOCAL).verdict is Verdict.DENIED
    assert authorizer.decide(root, "sts:AssumeRole", OPS).because == "AWS lets no root user assume a role"


def test_a_service_needs_to_be_named():
    """By its own name in the resource's policy."""
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("*"), trusts=["backup.amazonaws.com"])]))
    assert authorizer.decide("backup.amazonaws.com", "sts:AssumeRole", OPS).verdict is Verdict.ALLOWED
    assert authorizer.decide("ec2.amazonaws.com", "sts:AssumeRole", OPS).verdict is Verdict.DENIED


def test_a_trust_policy_is_about_assuming_the_role_alone():
    """Deleting or passing the role is a matter of identity policies."""
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("iam:*"), trusts=["backup.amazonaws.com"])]))
    assert authorizer.decide(OPS, "iam:PassRole", OPS).verdict is Verdict.ALLOWED
    assert authorizer.decide(OPS, "sts:AssumeRole", OPS).verdict is Verdict.DENIED


def test_a_session_has_its_role_and_its_name():
    """Also when the role has a path, which the session's ARN doesn't show."""
    deep = role(WORKLOAD, "teams/ops", allow("backup:*", Condition={"StringLike": {"aws:userid": "AROATEAMS/OPS:ann"}}))
    authorizer = Authorizer(organization([deep], [vault(WORKLOAD)]))
    session = f"arn:aws:sts::{WORKLOAD}:assumed-role/ops/ann"
    assert (authorizer.actor(session).arn, authorizer.actor(session).session) == (deep.arn, "ann")
    assert authorizer.decide(session, "backup:StartBackupJob", LOCAL).verdict is Verdict.ALLOWED


def test_a_session_policy_limits():
    """It takes away what it doesn't allow."""
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("*"))], [vault(WORKLOAD)]))
    narrow = parse(document(allow("s3:*")), name="session policy")
    decision = authorizer.decide(OPS, "backup:StartBackupJob", LOCAL, session_policies=(narrow,))
    assert (decision.verdict, decision.ground.layer) == (Verdict.DENIED, Layer.SESSION)


def test_resource_control_policies_reach_whoever_asks_for_a_bucket_but_no_vault():
    """Vaults are not among the resources that they reach."""
    outside = control("Perimeter", deny("*", Principal="*"), at=["r-1"], kind=ControlType.RCP)
    controls = (full(), full(ControlType.RCP), outside)
    bucket = replace(vault(WORKLOAD), arn="arn:aws:s3:::data")
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("*"))], [vault(WORKLOAD), bucket], controls))
    denied = authorizer.decide(OPS, "s3:GetObject", "arn:aws:s3:::data/x")
    assert (denied.verdict, denied.ground.layer) == (Verdict.DENIED, Layer.RCP)
    assert authorizer.decide(OPS, "backup:StartBackupJob", LOCAL).verdict is Verdict.ALLOWED


def test_the_vault_of_a_recovery_point_guards_it():
    """Its policy denies what it denies for every recovery point in it, also snapshots whose ARN names no account."""
    guarded = vault(WORKLOAD, "local", deny("backup:DeleteRecoveryPoint", Principal="*"))
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("backup:*"))], [guarded]))
    snapshot = "arn:aws:ec2:eu-west-2::snapshot/snap-1"
    assert authorizer.decide(OPS, "backup:DeleteRecoveryPoint", snapshot, guard=LOCAL).verdict is Verdict.DENIED
    point = f"arn:aws:backup:eu-west-2:{WORKLOAD}:recovery-point:1"
    assert authorizer.decide(OPS, "backup:DeleteRecoveryPoint", point).verdict is Verdict.UNKNOWN


def test_keys_of_the_organization_follow_from_the_accounts_place():
    """aws:PrincipalOrgID, aws:PrincipalOrgPaths and aws:ResourceOrgPaths need nobody to tell them."""
    condition = {
        "StringEquals": {"aws:PrincipalOrgID": "o-abc", "aws:ResourceAccount": CENTRAL},
        "ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-abc/r-1/ou-1/*", "aws:ResourceOrgPaths": "o-abc/r-1/*"},
    }
    central = vault(CENTRAL, "central", allow("backup:CopyIntoBackupVault", Principal="*", Condition=condition))
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("backup:*"))], [central]))
    assert authorizer.decide(OPS, "backup:CopyIntoBackupVault", CENTRAL_VAULT).verdict is Verdict.ALLOWED


def test_an_account_outside_any_organization_has_no_control_policies():
    """No organization, or an account that isn't in it."""
    ops = role(WORKLOAD, "ops", allow("*"))
    alone = organization([ops], [vault(WORKLOAD)], (), organization_id=None, accounts=(AccessAccount(id=WORKLOAD),))
    assert Authorizer(alone).decide(OPS, "backup:StartBackupJob", LOCAL).verdict is Verdict.ALLOWED


@pytest.mark.parametrize("name", ["", "ops", "arn:aws:s3:::bucket", "1234", "*", f"arn:aws:iam::{WORKLOAD}:group/g"])
def test_what_names_no_principal_is_bad_input(name):
    """With a hint that says what would."""
    with pytest.raises(BadInput) as raised:
        Authorizer(organization()).actor(name)
    assert name in raised.value.message
    assert raised.value.hint


def test_an_explanation_says_what_every_layer_says():
    """The same verdict, with all statements about the call, also where the decision needed fewer."""
    rails = control("Rails", deny("backup:*"), at=["r-1"])
    ops = role(WORKLOAD, "ops", allow("backup:*"), deny("backup:Delete*"), allow("s3:*"))
    authorizer = Authorizer(organization([ops], [vault(WORKLOAD)], (full(), rails)))
    explained = authorizer.explain(OPS, "backup:DeleteBackupVault", LOCAL)
    assert explained.because == authorizer.decide(OPS, "backup:DeleteBackupVault", LOCAL).because
    said = {layer: (verdict, [(ground.policy, ground.statement) for ground in grounds]) for layer, verdict, grounds in explained.layers}
    assert said == {
        Layer.SCP: (Verdict.DENIED, [("FullAWSAccess", 0), ("Rails", 0), ("FullAWSAccess", 0), ("FullAWSAccess", 0)]),
        Layer.IDENTITY: (Verdict.DENIED, [("inline policy of role ops", 0), ("inline policy of role ops", 1)]),
    }


def test_a_user_is_not_limited_by_its_boundary_where_a_resource_names_it():
    """A role is: it is not the session that the policy names."""
    boundary = small.written("boundary", allow("s3:*"))
    policy = allow("kms:Decrypt", Principal={"AWS": [f"arn:aws:iam::{WORKLOAD}:user/ann", OPS]})
    access = organization([user(WORKLOAD, "ann", boundary=boundary), role(WORKLOAD, "ops", boundary=boundary)], [key(WORKLOAD, policy)])
    authorizer = Authorizer(access)
    assert authorizer.decide(f"arn:aws:iam::{WORKLOAD}:user/ann", "kms:Decrypt", KEY).verdict is Verdict.ALLOWED
    assert authorizer.decide(OPS, "kms:Decrypt", KEY).verdict is Verdict.DENIED


def test_actors_are_made_once():
    """A million questions don't parse a policy twice."""
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("*"))]))
    assert authorizer.actor(OPS) is authorizer.actor(OPS)
    assert authorizer.actor(OPS).kind is PrincipalKind.ROLE


@pytest.mark.parametrize(
    ("air_gapped", "action", "verdict"),
    [
        (True, "backup:StartRestoreJob", Verdict.UNKNOWN),
        (None, "backup:StartRestoreJob", Verdict.UNKNOWN),
        (False, "backup:StartRestoreJob", Verdict.DENIED),
        (True, "backup:DeleteRecoveryPoint", Verdict.DENIED),
        (True, "backup:PutBackupVaultAccessPolicy", Verdict.DENIED),
    ],
)
def test_a_vault_that_may_be_shared_is_not_refused_to_other_accounts(air_gapped, action, verdict):
    """AWS RAM shares air-gapped vaults, for restores and copies; nobody reads with whom. No other vault, and nothing that deletes."""
    central = replace(vault(CENTRAL, "central"), air_gapped=air_gapped)
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("backup:*"))], [central]))
    point = f"arn:aws:backup:eu-west-2:{CENTRAL}:recovery-point:1"
    for decision in (authorizer.decide(OPS, action, CENTRAL_VAULT), authorizer.decide(OPS, action, point, guard=CENTRAL_VAULT)):
        assert decision.verdict is verdict
        assert ("AWS RAM" in decision.because) is (verdict is Verdict.UNKNOWN)
    found = ways(authorizer, [action], CENTRAL_VAULT)
    assert bool(found.unknown) is (verdict is Verdict.UNKNOWN)


def test_a_shared_vault_gives_nothing_to_those_without_permissions():
    """Sharing is one half: the other account's own policies are the other one."""
    central = replace(vault(CENTRAL, "central"), air_gapped=True)
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("s3:*"))], [central]))
    assert authorizer.decide(OPS, "backup:StartRestoreJob", CENTRAL_VAULT).verdict is Verdict.DENIED


def test_a_key_named_by_an_alias_is_not_known():
    """Whether it may be used is said by the key's policy; the alias itself is a matter of identity policies."""
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("kms:*"))], [key(WORKLOAD, ROOT_STATEMENT)]))
    alias = f"arn:aws:kms:eu-west-2:{WORKLOAD}:alias/backups"
    decision = authorizer.decide(OPS, "kms:Decrypt", alias)
    assert (decision.verdict, decision.because) == (
        Verdict.UNKNOWN,
        f"it isn't known which key {alias} stands for: ask about the key",
    )
    assert authorizer.decide(OPS, "kms:DeleteAlias", alias).verdict is Verdict.ALLOWED


def test_no_bucket_policy_shuts_out_the_root_user_of_its_account():
    """It may always change the policy; a control policy alone stops it."""
    bucket = GuardedResource(
        arn="arn:aws:s3:::data", account=WORKLOAD, policy=small.written("p", deny("s3:*", Principal="*")), origin=LiveOrigin("", "", "")
    )
    rails = control("Rails", deny("s3:*"), at=["r-1"])
    authorizer = Authorizer(organization([role(WORKLOAD, "ops", allow("s3:*"))], [bucket]))
    assert authorizer.decide(WORKLOAD, "s3:DeleteBucketPolicy", bucket.arn).verdict is Verdict.ALLOWED
    assert authorizer.decide(WORKLOAD, "s3:DeleteBucket", bucket.arn).verdict is Verdict.DENIED
    assert authorizer.decide(OPS, "s3:DeleteBucketPolicy", bucket.arn).verdict is Verdict.DENIED
    shut = Authorizer(organization([], [bucket], (full(), rails)))
    assert shut.decide(WORKLOAD, "s3:DeleteBucketPolicy", bucket.arn).verdict is Verdict.DENIED


@pytest.mark.parametrize(
    ("actions", "verdict"), [(["sts:AssumeRole"], Verdict.DENIED), (["sts:AssumeRole", "sts:TagSession"], Verdict.UNKNOWN)]
)
def test_a_session_that_may_bring_tags_has_tags_that_nobody_knows(actions, verdict):
    """A role's own tags aren't the session's where its trust policy lets whoever assumes it bring others."""
    tagged = allow("backup:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "backup"}})
    trust = allow(*actions, Principal={"AWS": CENTRAL})
    ops = replace(role(WORKLOAD, "ops", tagged, tags=(("team", "web"),)), trust=small.written("trust", trust))
    assert Authorizer(organization([ops], [vault(WORKLOAD)])).decide(OPS, "backup:StartBackupJob", LOCAL).verdict is verdict


@pytest.mark.parametrize("key_name", ["aws:ResourceOrgID", "aws:ResourceAccount"])
def test_the_owner_of_what_names_none_is_not_known(key_name):
    """A perimeter around the organization's resources doesn't certainly deny a call that has no resource."""
    perimeter = deny("*", Condition={"StringNotEquals": {key_name: ["o-abc", WORKLOAD]}})
    actor = Authorizer(organization([role(WORKLOAD, "ops", allow("*"), perimeter)])).actor(OPS)
    target = Authorizer(organization()).target("*")
    assert decide(actor, "backup:ListBackupVaults", target).verdict is Verdict.UNKNOWN


def test_whom_an_identity_provider_signs_in_is_asked_of_the_trust_policy():
    """A provider has neither policies of its own nor an account that control policies reach."""
    provider = f"arn:aws:iam::{WORKLOAD}:saml-provider/people"
    trust = allow("sts:AssumeRoleWithSAML", Principal={"Federated": provider})
    authorizer = Authorizer(organization([replace(role(WORKLOAD, "ops"), trust=small.written("trust", trust))]))
    assert authorizer.decide(provider, "sts:AssumeRoleWithSAML", OPS).verdict is Verdict.ALLOWED
    assert authorizer.decide(f"{provider}-others", "sts:AssumeRoleWithSAML", OPS).verdict is Verdict.DENIED
