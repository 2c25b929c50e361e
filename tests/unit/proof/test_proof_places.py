"""Scope, readings, access policies and messages: what is judged before any resource."""

import doctest
import importlib
import json
import pkgutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom import facts, ledger, proof
from strongroom.domain.names import AccountId
from strongroom.domain.origin import BuiltIn
from strongroom.domain.strategy import Selection
from strongroom.domain.tables import ACCOUNTS, NATIVE_PROTECTION, READS, RESOURCES, TABLES
from strongroom.errors import CouldNotVerify
from strongroom.proof.access import rights
from strongroom.proof.declared import declared
from strongroom.proof.messages import failure_mode
from strongroom.proof.protected import protected
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


def entitled(world):
    """What the tables of a world say about who may do what."""
    tables = {
        table.name: ledger.from_rows(table, [[row.get(column.name) for column in table.columns] for row in world.tables[table.name]])
        for table in TABLES
    }

    class Held:
        observed_at = None

        def table(self, name):
            return tables[name]

    return rights(Held(), world.management, world.estate.roles.backup)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, "denied"),
        (policy(), "allowed"),
        (policy(Action="backup:*"), "allowed"),
        (policy(Action="backup:StartRestoreJob"), "denied"),
        (policy(Principal={"AWS": "arn:aws:iam::{own}:root"}), "allowed"),
        (policy(Principal={"AWS": "arn:aws:iam::444455556666:root"}), "denied"),
        (policy(Principal={"AWS": ["444455556666", "{own}"]}), "allowed"),
        (policy(Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-abcdefghij"]}}), "allowed"),
        (policy(Condition={"StringEquals": {"aws:PrincipalOrgID": ["o-notyours00"]}}), "denied"),
        (policy(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-abcd/ou-abcd-workload/*"}}), "allowed"),
        (policy(Condition={"ForAnyValue:StringLike": {"aws:PrincipalOrgPaths": "o-*/r-abcd/ou-abcd-security/*"}}), "denied"),
        (policy(Condition={"StringEquals": {"aws:PrincipalAccount": "444455556666"}}), "denied"),
        (policy(Condition={"Bool": {"aws:ViaAWSService": "true"}}), "unknown"),
        (policy(Condition={"StringEquals": {"aws:PrincipalTag/team": "x"}}), "unknown"),
        (policy(Effect="Deny"), "denied"),
        (policy(Effect="Deny", Condition={"StringNotEquals": {"aws:PrincipalOrgID": "o-abcdefghij"}}), "denied"),
    ],
)
def test_a_snapshot_without_principals_judges_vault_policies(builder, text, expected):
    """A condition on what was not synced is never taken for a yes; the role itself is taken to be able to do its part."""
    world = builder().build()
    account = world.workloads[0]
    vault = world.rows("vaults", name="three-tiers-dr")[0]
    vault.update(access_policy=text.replace("{own}", account) if text else None)
    found = entitled(world)
    role = found.roles[account, world.estate.roles.backup]
    assert not found.synced
    assert found.authorizer.decide(role, "backup:CopyIntoBackupVault", vault["arn"]).verdict == expected


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({"Principal": {"Service": ["ec2.amazonaws.com", "backup.amazonaws.com"]}}, "allowed"),
        ({"Principal": {"Service": "backup.amazonaws.com"}, "Effect": "Deny"}, "denied"),
        ({"Principal": {"AWS": "111122223333"}}, "denied"),
        ({"Principal": {"Service": "backup.amazonaws.com"}, "Condition": {"StringEquals": {"aws:SourceAccount": "{own}"}}}, "allowed"),
        (
            {"Principal": {"Service": "backup.amazonaws.com"}, "Condition": {"StringEquals": {"aws:SourceAccount": "444455556666"}}},
            "denied",
        ),
        ({"Principal": {"Service": "backup.amazonaws.com"}, "Condition": {"ArnLike": {"aws:SourceArn": "arn:aws:backup:*"}}}, "unknown"),
        (None, "denied"),
    ],
)
def test_only_a_role_that_trusts_the_service_can_be_assumed(builder, statement, expected):
    """The trust policy has to name backup.amazonaws.com; AWS Backup says for which account it asks. Null means there is none."""
    world = builder().build()
    account = world.workloads[0]
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Action": "sts:AssumeRole", **statement}]}) if statement else None
    world.rows("roles", account_id=account)[0].update(trust_policy=trust.replace("{own}", account) if trust else None)
    assert entitled(world).assumes(account, world.estate.roles.backup).verdict == expected


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


def test_plan_of_one_account_protects_that_account_alone(builder):
    """Resources of other accounts are nobody's, and no chain is asked of them."""
    world = builder().build()
    resources = ledger.from_rows(RESOURCES, [[row.get(column.name) for column in RESOURCES.columns] for row in world.tables["resources"]])
    scope = scope_of(world.estate, _accounts(world))
    everywhere = _selected_accounts(world.estate, scope, resources)
    own = next(iter(sorted(everywhere)))
    plans = tuple(replace(plan, account=AccountId(own)) for plan in world.estate.plans)
    assert len(everywhere) > 1
    assert _selected_accounts(replace(world.estate, plans=plans), scope, resources) == {own}


def test_plan_by_arn_protects_what_it_names(builder):
    """Tags don't matter where none are asked for; exclusions by ARN hold."""
    world = builder().build()
    resources = ledger.from_rows(RESOURCES, [[row.get(column.name) for column in RESOURCES.columns] for row in world.tables["resources"]])
    scope = scope_of(world.estate, _accounts(world))
    named = sorted(resources["arn"].to_pylist())[:2]
    select = Selection(arns=tuple(named), not_arns=(named[1],), origin=BuiltIn())
    plan = replace(world.estate.plans[0], select=select)
    found = protected(replace(world.estate, plans=(plan,)), scope, declared(replace(world.estate, plans=(plan,))), Read(resources), ())
    assert found.resources["arn"].to_pylist() == [named[0]]


class Read:
    """The tables of a snapshot in which only resources were read."""

    observed_at = datetime(2026, 11, 21, tzinfo=UTC)

    def __init__(self, resources):
        self._resources = resources

    def table(self, name):
        return self._resources if name == "resources" else ledger.empty(NATIVE_PROTECTION)


def _accounts(world):
    return ledger.from_rows(ACCOUNTS, [[row.get(column.name) for column in ACCOUNTS.columns] for row in world.tables["accounts"]])


def _selected_accounts(estate, scope, resources):
    return set(protected(estate, scope, declared(estate), Read(resources), ()).resources["account_id"].to_pylist())
