"""A snapshot becomes who may do what; what nobody could read is unread, never an empty policy."""

import json
from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.access import ControlType, KeyGrant, PrincipalKind
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.domain.tables import TABLES
from strongroom.proof.entitlements import AIR_GAPPED, access

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MANAGEMENT, SHOP = "111111111111", "555555555555"
HOME = "eu-west-2"
KEY = f"arn:aws:kms:{HOME}:{SHOP}:key/mrk-1"
VAULT = f"arn:aws:backup:{HOME}:{SHOP}:backup-vault:local"
OPS = f"arn:aws:iam::{SHOP}:role/ops/restore"
ANN = f"arn:aws:iam::{SHOP}:user/ann"
TEXTS = {"d-trust": '{"Statement":[]}', "d-admin": '{"Version":"2012-10-17"}', "d-own": "{}"}


class Tables:
    """The tables of a small organization: what a test leaves out of `rows` is empty."""

    observed_at = NOW

    def __init__(self, **rows):
        self.rows = {
            "accounts": [
                (MANAGEMENT, "management", "ACTIVE", "", ["r-1"], True, None),
                (SHOP, "shop", "ACTIVE", "Prod", ["r-1", "ou-1"], False, None),
            ],
            "settings": [(MANAGEMENT, "", "organization", "id", "o-1")],
            "reads": [
                (account, region, subject, True, "", "")
                for account in (MANAGEMENT, SHOP)
                for region, subject in (("", "principals"), ("", "control_policies"), (HOME, "grants"), (HOME, "vaults"), (HOME, "keys"))
            ],
            "policy_texts": list(TEXTS.items()),
        } | rows

    def table(self, name):
        schema = next(table for table in TABLES if table.name == name)
        return ledger.from_rows(schema, self.rows.get(name, ()))

    def unread(self, account, region, subject):
        """The same with one subject refused."""
        kept = [row for row in self.rows["reads"] if row[:3] != (account, region, subject)]
        return Tables(**self.rows | {"reads": [*kept, (account, region, subject, False, "AccessDenied", "not authorized")]})


def role(arn=OPS, trust="d-trust", boundary=None):
    return (SHOP, "", arn, "role", "AROA1", trust, boundary, {"team": "sre", "a": "b"}, NOW)


def key(policy="{}", manager="CUSTOMER", state="Enabled", account=SHOP):
    return (account, HOME, KEY, manager, state, policy, "PRIMARY", KEY, [])


def grant(grant_id, constraints):
    return (SHOP, HOME, KEY, grant_id, OPS, None, ["Decrypt"], json.dumps(constraints) if constraints else None)


def test_a_role_has_its_policies_boundary_trust_and_tags():
    """Each policy has the name that people know it by, and its text."""
    boundary = "arn:aws:iam::aws:policy/Boundary"
    policies = [
        (SHOP, OPS, "boundary", "Boundary", boundary, "d-own"),
        (SHOP, OPS, "inline", "restore", None, "d-own"),
        (SHOP, OPS, "attached", "Admin", "arn:aws:iam::aws:policy/Admin", "d-admin"),
    ]
    (found,) = access(Tables(principals=[role(boundary=boundary)], principal_policies=policies)).principals
    assert (found.kind, found.account, found.unique_id, found.tags) == (PrincipalKind.ROLE, SHOP, "AROA1", (("a", "b"), ("team", "sre")))
    assert [(each.name, each.text) for each in found.identity] == [
        ("inline policy restore of role restore", "{}"),
        ("managed policy Admin", TEXTS["d-admin"]),
    ]
    assert (found.boundary.name, found.boundary.text) == ("permissions boundary Boundary", "{}")
    assert (found.trust.name, found.trust.text) == ("trust policy of role restore", TEXTS["d-trust"])
    assert found.origin == LiveOrigin(SHOP, "", OPS)


def test_a_user_has_the_policies_of_its_groups_and_no_trust():
    """A group whose policies are not known leaves an unread one, not none."""
    user = (SHOP, "", ANN, "user", "AIDA1", None, None, {}, NOW)
    policies = [(SHOP, ANN, "group", "ops/all", None, "d-admin"), (SHOP, ANN, "group", "lost", None, None)]
    (found,) = access(Tables(principals=[user], principal_policies=policies)).principals
    assert found.trust is None
    assert [each.name for each in found.identity] == ["policy all of group ops", "policies of group lost"]
    assert found.identity[0].text == TEXTS["d-admin"]
    assert isinstance(found.identity[1].text, Unread)


def test_a_text_that_is_not_there_is_unread():
    """Neither a managed policy, nor a boundary, nor a trust policy without text is taken for an empty one."""
    policies = [(SHOP, OPS, "attached", "Gone", "arn:aws:iam::aws:policy/Gone", None)]
    (found,) = access(Tables(principals=[role(trust=None, boundary="arn:b")], principal_policies=policies)).principals
    assert [isinstance(each, Unread) for each in (found.identity[0].text, found.boundary, found.trust.text)] == [True, True, True]


def test_a_managed_policy_is_one_object_in_its_account():
    """Principals with the same policies can be grouped without comparing texts."""
    roles = [f"{OPS}-{number}" for number in range(3)]
    policies = [(SHOP, arn, "attached", "Admin", "arn:aws:iam::aws:policy/Admin", "d-admin") for arn in roles]
    found = access(Tables(principals=[role(arn) for arn in roles], principal_policies=policies)).principals
    assert len({id(each.identity[0]) for each in found}) == 1


def test_accounts_have_their_place_and_the_organization_its_id():
    """Parents go from the root to the OU; the management account is marked."""
    found = access(Tables())
    assert [(each.id, each.parents, each.management) for each in found.accounts] == [
        (MANAGEMENT, ("r-1",), True),
        (SHOP, ("r-1", "ou-1"), False),
    ]
    assert found.organization_id == "o-1"
    assert isinstance(access(Tables(settings=[])).organization_id, Unread)


def test_an_account_whose_principals_were_not_read_is_unread():
    """Denied, or never asked: nobody may conclude that it has no principals."""
    assert access(Tables()).unread == ()
    assert access(Tables().unread(SHOP, "", "principals")).unread == ((SHOP, "AccessDenied: not authorized"),)
    assert access(Tables(reads=[])).unread == ((MANAGEMENT, "it was not asked for"), (SHOP, "it was not asked for"))


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (None, ((), False)),
        ({"EncryptionContextSubset": {"b": "2", "a": "1"}}, ((("a", "1"), ("b", "2")), False)),
        ({"EncryptionContextEquals": {"a": "1"}}, ((("a", "1"),), True)),
    ],
)
def test_a_grant_keeps_its_encryption_context(constraints, expected):
    """Part of the call's context, or equal to it."""
    (found,) = access(Tables(keys=[key()], grants=[grant("g", constraints)])).resources
    context, exact = expected
    assert found.grants == (KeyGrant(id="g", grantee=OPS, operations=("Decrypt",), encryption_context=context, exact_context=exact),)


def test_a_grant_with_a_constraint_nobody_knows_makes_all_unread():
    """A constraint that this release doesn't understand may forbid: nothing is said of the key's grants."""
    (found,) = access(Tables(keys=[key()], grants=[grant("g", None), grant("h", {"SourceArn": "x"}), grant("i", None)])).resources
    assert found.grants == Unread("grant h has the constraint SourceArn, which is not understood")


def test_grants_that_were_refused_are_unread():
    """No grant rows, and no permission to see any, is not the same as none."""
    tables = Tables(keys=[key()])
    assert access(tables).resources[0].grants == ()
    assert access(tables.unread(SHOP, HOME, "grants")).resources[0].grants == Unread("AccessDenied: not authorized")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (key(policy=None), "could not be read"),
        (key(policy=None, state="NotFound"), "does not exist any more"),
        (key(policy=None, manager="AWS"), "AWS manages"),
    ],
)
def test_a_key_without_a_policy_in_the_ledger_is_unread(row, reason):
    """Every key has a policy; one that is not there was not read."""
    (found,) = access(Tables(keys=[row])).resources
    assert reason in found.policy.reason


def test_a_key_that_two_accounts_were_asked_for_is_there_once():
    """It belongs to its owner, and whoever could read its policy is believed."""
    (found,) = access(Tables(keys=[key(policy=None, account=MANAGEMENT), key(policy='{"a":1}')])).resources
    assert (found.account, found.policy.text) == (SHOP, '{"a":1}')


def test_a_vault_without_a_policy_has_none():
    """AWS's answer that there is no policy is knowledge; one that could not be read has no row."""
    row = (SHOP, HOME, "local", VAULT, "BACKUP_VAULT", KEY, False, None, None, None, None, NOW)
    (found,) = access(Tables(vaults=[row])).resources
    assert (found.arn, found.policy) == (VAULT, None)
    (found,) = access(Tables(vaults=[(*row[:10], '{"Statement":[]}', NOW)])).resources
    assert found.policy.name == "access policy of vault local"


def test_control_policies_have_their_targets():
    """One policy for all its rows; a policy that is attached nowhere is still one of the organization."""
    rows = [(MANAGEMENT, "p-1", "SERVICE_CONTROL_POLICY", "FullAWSAccess", "{}", target) for target in ("r-1", SHOP)] + [
        (MANAGEMENT, "p-2", "RESOURCE_CONTROL_POLICY", "spare", "{}", "")
    ]
    first, second = access(Tables(control_policies=rows)).controls
    assert (first.type, first.targets, first.policy.name) == (ControlType.SCP, (SHOP, "r-1"), "SCP FullAWSAccess")
    assert (second.type, second.targets) == (ControlType.RCP, ())


def test_control_policies_that_were_refused_are_unread():
    """An organization whose policies nobody could read is not one without policies."""
    assert access(Tables()).controls == ()
    assert access(Tables().unread(MANAGEMENT, "", "control_policies")).controls == Unread("AccessDenied: not authorized")
    assert access(Tables(reads=[])).controls == Unread("it was not asked for")


def test_a_vault_says_whether_it_can_be_shared():
    """An air-gapped one can; others are closed to all accounts but for copies."""
    rows = [(SHOP, HOME, kind, f"{VAULT}-{kind}", kind, KEY, False, None, None, None, None, NOW) for kind in ("BACKUP_VAULT", AIR_GAPPED)]
    assert [resource.air_gapped for resource in access(Tables(vaults=rows)).resources] == [False, True]
