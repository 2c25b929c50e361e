"""`can`: the question as people write it, and the answer with the statement that decides."""

import json

import pytest

from strongroom.api.can import action_named, can
from strongroom.api.entitled import FaultyPolicies, entitled
from strongroom.errors import BadInput, CouldNotVerify, ExitCode

MFA = {"Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}
SNAPSHOT = "arn:aws:ec2:eu-west-2::snapshot/snap-0123456789abcdef0"


def test_what_is_allowed_names_its_statement(source, documents):
    """Verdict, Sid, policy and where that stands; exit code 0."""
    found = can(source(), documents.KEEPER, "backup:DeleteBackupVault", documents.VAULT)
    (answer,) = found.answers
    assert (found.verdict, found.exit_code) == ("allowed", ExitCode.PROVEN)
    assert (answer.decision.ground.sid, answer.decision.ground.policy) == ("Del", "policy 1 of role keeper")
    assert answer.decision.ground.origin.split(":")[0].endswith("access.yaml")


def test_what_is_denied_names_the_statement_that_denies(source, documents):
    """A statement of the vault's policy wins over the role's own; exit code 1."""
    shut = documents.deny("backup:DeleteBackupVault", Principal="*", Sid="Shut")
    found = can(source(resources=documents.resources(shut)), "keeper", "backup:DeleteBackupVault", "central")
    assert (found.verdict, found.exit_code) == ("denied", ExitCode.FINDINGS)
    assert found.answers[0].decision.ground.sid == "Shut"
    said = {layer.value: verdict.value for layer, verdict, _ in found.answers[0].decision.layers}
    assert said == {"resource policy": "denied", "identity policy": "allowed"}


def test_what_depends_on_the_context_is_unknown_until_it_is_told(source, documents):
    """MFA: unknown with the key's name, allowed with true, denied with false or without the key."""
    known = source(principals=[documents.principal(documents.KEEPER, documents.allow("backup:*", **MFA))])

    def ask(*context):
        return can(known, "keeper", "backup:DeleteBackupVault", "central", context=context)

    assert ask().answers[0].decision.missing == ("aws:MultiFactorAuthPresent",)
    key = "aws:multifactorauthpresent"  # in any case
    assert [ask(*given).exit_code for given in ((), (f"{key}=true",), (f"{key}=false",), (f"{key}=",))] == [3, 0, 1, 1]


def test_a_context_key_may_have_several_values(source, documents):
    """The option is repeated."""
    wanted = {"Condition": {"ForAllValues:StringEquals": {"aws:TagKeys": ["a", "b"]}}}
    known = source(principals=[documents.principal(documents.KEEPER, documents.allow("backup:*", **wanted))])
    verdicts = [
        can(known, "keeper", "backup:DeleteBackupVault", "central", context=context).verdict.value
        for context in (("aws:TagKeys=a", "aws:TagKeys=b"), ("aws:TagKeys=a", "aws:TagKeys=c"))
    ]
    assert verdicts == ["allowed", "denied"]


def test_a_session_policy_limits(source, tmp_path):
    """What the role may do and the session's policy doesn't name is denied."""
    file = tmp_path / "session.json"
    file.write_text(json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "backup:List*", "Resource": "*"}]}))
    found = can(source(), "keeper", "backup:DeleteBackupVault", "central", session_policies=[file])
    assert found.verdict == "denied"
    assert found.answers[0].decision.ground.layer == "session policy"


def test_a_session_policy_that_aws_would_refuse_is_bad_input_with_its_place(source, tmp_path):
    """Findings with file, line and column."""
    file = tmp_path / "session.json"
    file.write_text('{"Version": "2012-10-17",\n "Statement": [{"Effect": "Perhaps", "Action": "*", "Resource": "*"}]}')
    with pytest.raises(FaultyPolicies) as raised:
        can(source(), "keeper", "backup:DeleteBackupVault", "central", session_policies=[file])
    assert [(each.code, each.origin.line, each.origin.column) for each in raised.value.findings] == [("DOC040", 2, 27)]


def test_a_policy_with_an_unknown_operator_never_allows(source, documents):
    """It is a finding with its place, and what its statement decides is unknown."""
    odd = documents.allow("backup:*", Condition={"StringSortOf": {"aws:PrincipalTag/team": "x"}})
    known = source(principals=[documents.principal(documents.KEEPER, odd)])
    found = can(known, "keeper", "backup:DeleteBackupVault", "central")
    assert (found.verdict, found.exit_code) == ("unknown", ExitCode.COULD_NOT_VERIFY)
    assert [each.message for each in found.findings] == ["there is no operator StringSortOf"]


def test_a_document_that_answers_nothing_is_bad_input(source, documents):
    """An account that isn't declared: everything above it could be otherwise."""
    with pytest.raises(FaultyPolicies) as raised:
        source(principals=[documents.principal("arn:aws:iam::777777777777:role/x", documents.allow("*"))])
    assert [each.code for each in raised.value.findings] == ["DOC041"]


def test_recovery_points_are_asked_for_by_their_vault(source, documents):
    """Every form of ARN that the vault may hold is asked about, before the vault's own policy."""
    shut = documents.deny("backup:DeleteRecoveryPoint", Principal="*", Sid="Shut")
    allowed = can(source(), "keeper", "backup:deleterecoverypoint", "central")
    assert allowed.action == "backup:DeleteRecoveryPoint"
    assert {each.vault for each in allowed.answers} == {documents.VAULT}
    assert {each.resource.split(":")[2] for each in allowed.answers} >= {"backup", "ec2", "rds"}
    assert allowed.verdict == "allowed"
    assert can(source(resources=documents.resources(shut)), "keeper", "backup:DeleteRecoveryPoint", "central").verdict == "denied"


def test_a_recovery_point_without_its_vault_is_unknown(source):
    """The vault's policy decides too; named, it is asked."""
    known = source()
    assert can(known, "keeper", "backup:DeleteRecoveryPoint", SNAPSHOT).verdict == "unknown"
    assert can(known, "keeper", "backup:DeleteRecoveryPoint", SNAPSHOT, vault="central").verdict == "allowed"
    with pytest.raises(BadInput, match="a vault holds recovery points"):
        can(known, "keeper", "backup:DeleteRecoveryPoint", "central", vault="central")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("keeper", "arn:aws:iam::333333333333:role/keeper"),
        ("role/keeper", "arn:aws:iam::333333333333:role/keeper"),
        ("keeper@central", "arn:aws:iam::333333333333:role/keeper"),
        ("ann@555555555555", "arn:aws:iam::555555555555:user/ann"),
        ("root@central", "333333333333"),
        ("333333333333", "333333333333"),
        ("backup.amazonaws.com", "backup.amazonaws.com"),
        ("arn:aws:sts::333333333333:assumed-role/keeper/ann", "arn:aws:sts::333333333333:assumed-role/keeper/ann"),
    ],
)
def test_principals_have_short_names(source, written, meant):
    """As far as they are unique."""
    assert can(source(), written, "backup:DeleteBackupVault", "central").principal == meant


@pytest.mark.parametrize("written", ["central", "vault:central", "vault:central@central", "vault:central@333333333333/eu-west-2"])
def test_resources_have_short_names(source, documents, written):
    """Kind, account and Region tell one from another."""
    assert can(source(), "keeper", "backup:DeleteBackupVault", written).resource == documents.VAULT


@pytest.mark.parametrize(
    ("question", "message", "hint"),
    [
        (("kepper", "backup:DeleteBackupVault", "central"), "there is no principal 'kepper' among those read", "did you mean keeper?"),
        (("keeper", "backup:DeleteBackupVault", "centrl"), "there is no resource 'centrl' among those read", "did you mean central?"),
        (("keeper@centrall", "backup:DeleteBackupVault", "central"), "there is no account 'centrall'", "did you mean central?"),
        (("keeper", "DeleteBackupVault", "central"), "'DeleteBackupVault' is no action", "write one action with its service"),
        (("keeper", "backup:*", "central"), "'backup:*' is no action", "write one action"),
        (("arn:aws:iam::333333333333:group/x", "backup:ListTags", "central"), "is no principal", "write the ARN of a role"),
        (("keeper", "backup:ListTags", "arn:nonsense"), "'arn:nonsense' is not an ARN", "write an ARN"),
    ],
)
def test_names_that_mean_nothing_are_bad_input(source, question, message, hint):
    """With what is nearest."""
    with pytest.raises(BadInput) as raised:
        can(source(), *question)
    assert message in raised.value.message
    assert hint in raised.value.hint


def test_a_short_name_of_two_is_not_guessed(source, documents):
    """Both are named, with a form that tells them apart."""
    twins = [documents.principal(f"arn:aws:iam::{account}:role/ops") for account in (documents.SHOP, documents.CENTRAL)]
    with pytest.raises(BadInput, match=r"2 principals are called 'ops': arn:aws:iam::555555555555:role/ops, arn") as raised:
        can(source(principals=twins), "ops", "backup:ListTags", "central")
    assert raised.value.hint == "write the ARN, or add @account, such as ops@555555555555"


@pytest.mark.parametrize("context", ["MultiFactorAuthPresent=true", "aws:MultiFactorAuthPresent"])
def test_a_context_key_is_written_with_its_service_and_value(source, context):
    """Anything else would silently be another key."""
    with pytest.raises(BadInput, match="is no context key with a value"):
        can(source(), "keeper", "backup:ListTags", "central", context=[context])


def test_a_mistyped_action_is_noted():
    """What is near to a known action; one that is far from all is simply asked."""
    assert action_named("kms:Decrpyt") == ("kms:Decrpyt", ("nothing is known of the action kms:Decrpyt: did you mean kms:Decrypt?",))
    assert action_named("KMS:decrypt") == ("kms:Decrypt", ())
    assert action_named("lightsail:CreateInstances") == ("lightsail:CreateInstances", ())


def test_a_role_that_is_not_there_is_unknown_and_noted(source, documents):
    """It may have been made since; the nearest one is named."""
    found = can(source(), f"arn:aws:iam::{documents.CENTRAL}:role/kepeer", "backup:ListTags", "central")
    assert found.verdict == "unknown"
    assert found.notes == (f"account {documents.CENTRAL} was read, and there is no role/kepeer: did you mean {documents.KEEPER}?",)


def test_without_a_ledger_nothing_can_be_said(tmp_path):
    """With the way to one."""
    with pytest.raises(CouldNotVerify) as raised:
        entitled(policies=None, home=tmp_path)
    assert raised.value.hint == "run: strongroom sync"


def test_documents_have_no_history(documents, tmp_path):
    """An instant is for the ledger."""
    with pytest.raises(BadInput, match="documents have no history"):
        entitled(policies=documents.write(tmp_path), home=tmp_path, as_of="2026-11-21")
