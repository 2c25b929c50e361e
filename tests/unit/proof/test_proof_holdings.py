"""What can be asked about, from a snapshot of the ledger: nothing that could not be read is silently left out."""

from datetime import UTC, datetime

import pytest

from strongroom import ledger
from strongroom.domain.tables import TABLES
from strongroom.proof.entitlements import access
from strongroom.proof.holdings import Gap, ThingKind, of_snapshot

NOW = datetime(2026, 11, 21, tzinfo=UTC)
MANAGEMENT, SHOP = "111111111111", "555555555555"
HOME = "eu-west-2"
VAULT = f"arn:aws:backup:{HOME}:{SHOP}:backup-vault:local"
EMPTY = f"arn:aws:backup:{HOME}:{SHOP}:backup-vault:empty"
SHUT = f"arn:aws:backup:{HOME}:{SHOP}:backup-vault:air"
KEY, OLD_KEY, MANAGED = (f"arn:aws:kms:{HOME}:{SHOP}:key/{name}" for name in ("vault", "old", "aws"))
JOB = f"arn:aws:iam::{SHOP}:role/job"
TRUST = '{"Statement":[{"Effect":"Allow","Principal":{"Service":"backup.amazonaws.com"},"Action":"sts:AssumeRole"}]}'


def vault(arn, name, kind="BACKUP_VAULT", key=KEY):
    return (SHOP, HOME, name, arn, kind, key, False, None, None, None, None, NOW)


def point(arn, key=KEY, created_at=NOW, vault_name="local"):
    table = f"arn:aws:dynamodb:{HOME}:{SHOP}:table/orders"
    return (
        SHOP,
        HOME,
        vault_name,
        arn,
        table,
        "DynamoDB",
        "COMPLETED",
        None,
        created_at,
        None,
        None,
        None,
        1,
        None,
        key,
        True,
        None,
        None,
        None,
    )


def key(arn, manager="CUSTOMER"):
    policy = '{"Statement":[]}' if manager == "CUSTOMER" else None
    return (SHOP, HOME, arn, manager, "Enabled", policy, "NONE", None, None)


@pytest.fixture
def held(tmp_path):
    """`held(**rows)`: what a small snapshot knows of; what a test names takes the place of what is there."""

    def holding(**rows):
        own = f"arn:aws:backup:{HOME}:{SHOP}:recovery-point:"
        known = {
            "accounts": [
                (MANAGEMENT, "management", "ACTIVE", "", ["r-1"], True, None),
                (SHOP, "shop", "ACTIVE", "Prod", ["r-1", "ou-1"], False, None),
            ],
            "settings": [(MANAGEMENT, "", "organization", "id", "o-1")],
            "vaults": [vault(VAULT, "local"), vault(EMPTY, "empty"), vault(SHUT, "air", "LOGICALLY_AIR_GAPPED_BACKUP_VAULT")],
            "recovery_points": [
                point(f"{own}1", created_at=NOW.replace(day=1)),
                point(f"{own}2"),
                point(f"arn:aws:ec2:{HOME}::snapshot/snap-1", key=OLD_KEY),
                point(f"arn:aws:ec2:{HOME}::image/ami-1", key=MANAGED),
            ],
            "keys": [key(KEY), key(OLD_KEY), key(MANAGED, "AWS")],
            "principals": [(SHOP, "", JOB, "role", "AROA1", "d", None, {}, NOW)],
            "policy_texts": [("d", TRUST)],
            "backup_plans": [
                (SHOP, HOME, plan_id, plan_id, f"arn:aws:backup:{HOME}:{SHOP}:backup-plan:{plan_id}", "v", NOW, None)
                for plan_id in ("p-1", "orgs/o-1/x")
            ],
            "policies": [(MANAGEMENT, "p-backup", "daily", "{}", target) for target in ("r-1", "ou-1")],
            "control_policies": [(MANAGEMENT, "p-rails", "SERVICE_CONTROL_POLICY", "rails", "{}", "r-1")],
            "reads": [
                (account, where, subject, True, "", "")
                for account in (MANAGEMENT, SHOP)
                for where, subject in (("", "principals"), ("", "control_policies"), (HOME, "vaults"), (HOME, "grants"), (HOME, "keys"))
            ],
        } | rows
        tables = {table.name: ledger.from_rows(table, known.get(table.name, ())) for table in TABLES}
        snapshot = ledger.write(tmp_path, tables, observed_at=NOW, source={})
        return of_snapshot(snapshot, access(snapshot))

    return holding


def of_kind(holdings, kind):
    return [each for each in holdings.things if each.kind is kind]


def test_one_recovery_point_of_each_form_stands_for_a_vault_s(held):
    """The newest of each; an empty vault has examples of every form, an air-gapped one of AWS Backup's own alone."""
    points = of_kind(held(), ThingKind.POINT)
    assert {each.arn for each in points if each.vaults == (VAULT,)} == {
        f"arn:aws:backup:{HOME}:{SHOP}:recovery-point:2",
        f"arn:aws:ec2:{HOME}::snapshot/snap-1",
        f"arn:aws:ec2:{HOME}::image/ami-1",
    }
    assert {each.arn.split(":")[2] for each in points if each.vaults == (EMPTY,)} >= {"backup", "ec2", "rds", "dynamodb", "fsx"}
    assert [each.arn.split(":")[5] for each in points if each.vaults == (SHUT,)] == ["recovery-point"]
    assert {(each.account, each.example) for each in points if each.vaults == (VAULT,)} == {(SHOP, False)}


def test_the_keys_are_those_of_vaults_and_of_recovery_points(held):
    """A key that the vault had before still encrypts what was made then."""
    keys = {each.arn: each.vaults for each in of_kind(held(), ThingKind.KEY)}
    assert keys == {KEY: (VAULT, EMPTY, SHUT), OLD_KEY: (VAULT,)}


def test_a_key_of_aws_is_a_gap(held):
    """Nobody sees its policy."""
    assert held().gaps == (Gap(account=SHOP, region=HOME, what=f"key {MANAGED}", reason="AWS manages this key and its policy"),)


def test_plans_of_organization_policies_can_t_be_changed_in_their_accounts(held):
    """Their policies can, in the management account; control policies are policies too."""
    found = held()
    assert [each.name for each in of_kind(found, ThingKind.PLAN)] == ["p-1"]
    assert [each.arn for each in of_kind(found, ThingKind.POLICY)] == [
        f"arn:aws:organizations::{MANAGEMENT}:policy/o-1/backup_policy/p-backup",
        f"arn:aws:organizations::{MANAGEMENT}:policy/o-1/service_control_policy/p-rails",
    ]


def test_the_roles_are_those_that_aws_backup_may_assume(held):
    """By what their trust policies say."""
    assert [each.arn for each in of_kind(held(), ThingKind.ROLE)] == [JOB]


@pytest.mark.parametrize("subject", ["vaults", "recovery_points", "keys", "backup_plans"])
def test_what_could_not_be_read_is_a_gap(held, subject):
    """A vault that nobody could list has no row: its place says so."""
    refused = (SHOP, "eu-west-1", subject, False, "AccessDenied", "not authorized")
    gaps = held(reads=[refused]).gaps
    assert [(gap.account, gap.region, gap.reason) for gap in gaps if "key arn" not in gap.what] == [
        (SHOP, "eu-west-1", "AccessDenied: not authorized")
    ]
