"""Scope, readings, access policies and messages: what is judged before any resource."""

import doctest
import importlib
import json
import pkgutil

import pytest

from strongroom import facts, ledger, proof
from strongroom.domain.names import AccountId
from strongroom.domain.tables import ACCOUNTS, READS
from strongroom.errors import CouldNotVerify
from strongroom.proof.access import lets_copies_in, trusts_backup
from strongroom.proof.messages import failure_mode
from strongroom.proof.readings import readings
from strongroom.proof.scope import Account, is_governed, scope_of
from strongroom.proof.verdicts import PROVEN, broken, doubtful, worst

OWN = Account(id=AccountId("111122223333"), ou_path="Workloads/Prod", ou_ids=("r-1", "ou-1", "ou-2"), active=True, management=False)


@pytest.mark.parametrize("name", [each.name for each in pkgutil.iter_modules(proof.__path__)])
def test_examples_of_proof_are_true(name):
    """Examples in docstrings are run."""
    assert doctest.testmod(importlib.import_module(f"strongroom.proof.{name}")).failed == 0


@pytest.mark.parametrize(
    ("governs", "expected"),
    [
        ("Workloads", True),
        ("Prod", True),
        ("Workloads/Prod", True),
        ("ou-1", True),
        ("r-1", True),
        ("Prod/Workloads", False),
        ("Work", False),
        ("Workloads/Pro", False),
    ],
)
def test_accounts_are_governed_by_name_path_or_id(governs, expected):
    """Whole names only, with everything below."""
    assert is_governed([governs], OWN) is expected


def test_scope_leaves_out_accounts_that_are_not_active(builder):
    """A suspended account makes no backups."""
    world = builder().build()
    rows = [dict(row) for row in world.tables["accounts"]]
    gone = world.workloads[0]
    next(row for row in rows if row["account_id"] == gone)["status"] = "SUSPENDED"
    table = ledger.from_rows(ACCOUNTS, [[row.get(column.name) for column in ACCOUNTS.columns] for row in rows])
    scope = scope_of(world.estate, table)
    assert gone not in {account.id for account in scope.accounts}
    assert scope.management == world.management
    assert len(scope.places) == 2 * len(scope.accounts)


def test_scope_needs_the_organization(builder):
    """No account at all is no answer."""
    with pytest.raises(CouldNotVerify, match="no account"):
        scope_of(builder().world.estate, ledger.empty(ACCOUNTS))


def reads(*rows):
    return readings(ledger.from_rows(READS, rows))


def test_what_was_not_asked_is_unread():
    """A missing row is as good as a refusal."""
    assert reads().missing("1", "eu-west-2", "vaults").reason == "it was not asked for"


def test_a_refusal_is_unread_with_its_reason():
    """AWS's code and words are kept."""
    found = reads(("1", "eu-west-2", "vaults", False, "AccessDenied", "no"))
    assert found.missing("1", "eu-west-2", "vaults").reason == "AccessDenied: no"
    assert found.missing("1", "eu-west-1", "vaults").reason == "it was not asked for"


def test_a_row_of_the_whole_account_speaks_for_its_regions():
    """Unless the Region has a row of its own."""
    found = reads(("1", "", "settings", True, "", ""), ("1", "eu-west-1", "settings", False, "X", "y"))
    assert found.missing("1", "eu-west-2", "settings") is None
    assert found.missing("1", "eu-west-1", "settings").reason == "X: y"


def test_resources_as_a_whole_speak_for_each_type():
    """`resources` without a type covers `resources:EBS`."""
    assert reads(("1", "eu-west-2", "resources", True, "", "")).missing("1", "eu-west-2", "resources:EBS") is None


def test_global_subjects_have_no_region():
    """Roles are asked once for an account."""
    assert reads(("1", "", "roles", True, "", "")).missing("1", "eu-west-2", "roles") is None


def policy(**statement):
    base = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    return json.dumps({"Statement": [base | statement]})


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, False),
        (policy(), True),
        (policy(Action="backup:*"), True),
        (policy(Action="backup:StartRestoreJob"), False),
        (policy(Principal={"AWS": "arn:aws:iam::111122223333:root"}), True),
        (policy(Principal={"AWS": "arn:aws:iam::444455556666:root"}), False),
        (policy(Principal={"AWS": ["444455556666", "111122223333"]}), True),
        (policy(Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-abcdefghij"]}}), True),
        (policy(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/r-1/ou-1/*"}}), True),
        (policy(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-a/r-1/ou-9/*"}}), False),
        (policy(Condition={"StringEquals": {"aws:PrincipalAccount": "444455556666"}}), False),
        (policy(Condition={"Bool": {"aws:ViaAWSService": "true"}}), None),
        (policy(Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}}), None),
        (policy(Effect="Deny"), False),
        (policy(Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), False),
    ],
)
def test_vault_policies_are_decided_or_doubtful(text, expected):
    """A condition that isn't interpreted is never taken for a yes."""
    assert lets_copies_in(text, OWN) is expected


def test_a_deny_outranks_an_allow():
    """As in IAM."""
    statements = [json.loads(policy())["Statement"][0], json.loads(policy(Effect="Deny"))["Statement"][0]]
    assert lets_copies_in(json.dumps({"Statement": statements}), OWN) is False


def test_a_deny_for_others_does_not_matter():
    """The usual: allow everybody, deny whoever is outside the organization."""
    deny = json.loads(policy(Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}))["Statement"][0]
    assert lets_copies_in(json.dumps({"Statement": [json.loads(policy())["Statement"][0], deny]}), OWN) is True


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Effect": "Allow", "Principal": {"Service": ["ec2.amazonaws.com", "backup.amazonaws.com"]}, "Action": ["sts:AssumeRole"]}, True),
        ({"Effect": "Deny", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}, False),
        ({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}, False),
    ],
)
def test_only_a_role_for_the_service_can_be_assumed(statement, expected):
    """The trust policy has to name backup.amazonaws.com."""
    assert trusts_backup(json.dumps({"Statement": statement})) is expected


def test_without_trust_policy_nobody_assumes_a_role():
    """Null means it was not there."""
    assert trusts_backup(None) is False


@pytest.mark.parametrize(
    ("name", "mode"),
    [
        ("copy_aws_managed_key", "FM01"),
        ("copy_default_key_vault", "FM02"),
        ("lock_range_copy", "FM03"),
        ("key_unusable", "FM05"),
        ("role_not_assumable", "FM07"),
        ("unsupported_type", "FM14"),
        ("maintenance_window", "FM19"),
        ("cross_account_off", "FM23"),
        ("vault_missing", "FM07"),
        ("internal_error", "FM21"),
    ],
)
def test_messages_of_aws_are_classified(name, mode):
    """By the texts in facts; others keep the mode of their kind."""
    assert failure_mode(f"Copy job failed: {facts.message(name)}", "FM21") == mode


def test_a_broken_verdict_outranks_doubt():
    """And a certain unknown outranks a doubtful one."""
    assert worst(doubtful("x"), PROVEN, broken("VRF022", "y")).code == "VRF022"
    assert worst() is PROVEN


def test_every_cause_says_why_and_what_to_do():
    """Codes are unique; every entry has a title, a reason and a fix."""
    codes = [cause.code for cause in proof.CAUSES]
    assert len(codes) == len(set(codes))
    assert all(cause.title and cause.why and cause.fix for cause in proof.CAUSES)


def test_every_query_says_what_its_rows_are():
    """A named query begins with its header: title, row, reads."""
    from importlib.resources import files

    queries = [each for each in files("strongroom.proof").iterdir() if each.name.endswith(".sql")]
    assert len(queries) >= 8
    for each in queries:
        text = each.read_text(encoding="utf-8")
        assert text.startswith("-- ")
        assert "-- Row:" in text
        assert "-- Reads:" in text
