"""What the ledger adds: what lies in the vaults, how many resources, which policies reach an account."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import ledger
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import LockMode
from strongroom.domain.tables import ACCOUNTS, EFFECTIVE_POLICIES, POLICIES, READS, RECOVERY_POINTS, RESOURCES, VAULTS
from strongroom.errors import BadInput, CouldNotVerify
from strongroom.forecast.counting import counted, selected
from strongroom.forecast.lockrehearsal import ProposedLock
from strongroom.forecast.stored import stored_points
from strongroom.forecast.synced import synced_levels
from strongroom.semantics.locks import Phase

NOW = datetime(2027, 1, 4, tzinfo=UTC)
CENTRAL, WORK, OTHER = "333333333333", "555555555555", "666666666666"
LOCK = ProposedLock(label="central", mode=LockMode.COMPLIANCE, min_days=7, max_days=180, grace_days=3)
RULE = 'nightly: {at: "02:00", keep: 30d, copy: {to: central, keep: 1y}}'
CENTRAL_VAULT = ("central: {in: central, region: eu-west-2}",)
POLICY = {"plans": {"p": {"regions": {"@@assign": ["eu-west-2"]}}}}


def account(account_id, path, *ids):
    return (account_id, "name", "ACTIVE", path, ["r-1", *ids], False, NOW)


def point(number, days):
    due = None if days is None else NOW + timedelta(days=days)
    place = (CENTRAL, "eu-west-2", "small-central", f"arn:rp-{number}")
    return (*place, "arn:v", "EBS", "COMPLETED", None, NOW, NOW, due, days, 1, None, None, True, None, None, None)


UNSAID = [None for column in RESOURCES.columns if column.later]


def volume(number, account_id, region, **tags):
    return (account_id, region, f"arn:aws:ec2:{region}:{account_id}:volume/v{number}", "EBS", "v", tags, NOW, True, None, None, 8, *UNSAID)


def read(account_id, region, subject, why=""):
    return (account_id, region, subject, not why, "AccessDenied" if why else "", why)


@pytest.fixture
def snapshot_of(tmp_path):
    """Write a snapshot of a small organization; tables given replace its own."""

    def made(reads=(), lock_at=None, *, locked=False):
        vault = (CENTRAL, "eu-west-2", "small-central", "arn:vault", "BACKUP_VAULT", None, locked, 7, 90, lock_at, None, NOW)
        subjects = ("vaults", "recovery_points")
        rows = {
            READS: reads or [*(read(CENTRAL, "eu-west-2", each) for each in subjects), read("111111111111", "", "policies")],
            ACCOUNTS: [
                account(WORK, "Workloads/Prod", "ou-w", "ou-p"),
                account(OTHER, "Sandbox", "ou-s"),
                account(CENTRAL, "Security", "ou-c"),
            ],
            VAULTS: [vault],
            RECOVERY_POINTS: [point(number, days) for number, days in enumerate((3, 30, 200, None))],
            RESOURCES: [
                volume(1, WORK, "eu-west-2", environment="prod", owner="a"),
                volume(2, WORK, "eu-west-2", environment="prod", owner="b"),
                volume(3, WORK, "us-east-1", environment="prod"),
                volume(4, OTHER, "eu-west-2", environment="prod"),
            ],
            POLICIES: [("111111111111", "p-1", "base", json.dumps(POLICY), "ou-w")],
            EFFECTIVE_POLICIES: [(WORK, json.dumps({"plans": {"p": {"regions": ["eu-west-2"]}}}))],
        }
        tables = {table.name: ledger.from_rows(table, found) for table, found in rows.items()}
        return ledger.write(tmp_path, tables, observed_at=NOW, source={})

    return made


def test_recovery_points_out_of_range_are_counted(plan_of, snapshot_of):
    """Too short, too long, for ever; and until when the last one with an end stays."""
    found, unread = stored_points(plan_of(RULE, vaults=CENTRAL_VAULT), [LOCK], snapshot_of(), now=NOW)
    (vault,) = found["central"]
    assert (vault.recovery_points, vault.too_short, vault.too_long, vault.forever) == (4, 1, 2, 1)
    assert vault.last_delete_at == NOW + timedelta(days=200)
    assert (vault.phase, unread) == (Phase.NONE, ())


@pytest.mark.parametrize(("days", "phase"), [(1, Phase.GRACE), (0, Phase.COMPLIANCE)])
def test_the_lock_that_is_on_is_judged_at_now(plan_of, snapshot_of, days, phase):
    """A lock hardens at its lock date, not after it."""
    snapshot = snapshot_of(lock_at=NOW + timedelta(days=days), locked=True)
    found, _ = stored_points(plan_of(RULE, vaults=CENTRAL_VAULT), [LOCK], snapshot, now=NOW)
    assert (found["central"][0].phase, found["central"][0].hardened) == (phase, phase is Phase.COMPLIANCE)


def test_what_was_not_read_is_a_gap(plan_of, snapshot_of):
    """A refused subject and one that was never asked for are both named."""
    snapshot = snapshot_of(reads=[read(CENTRAL, "eu-west-2", "recovery_points", "denied")])
    _, unread = stored_points(plan_of(RULE, vaults=CENTRAL_VAULT), [LOCK], snapshot, now=NOW)
    assert [(each.subject, each.reason) for each in unread] == [("recovery_points", "denied"), ("vaults", "it was not asked for")]


def test_resources_are_counted_by_the_keys_that_matter(snapshot_of):
    """Other tags don't split the groups; accounts outside the governed OUs don't count."""
    numbers, _ = counted(snapshot_of(), keys=("environment",), governs=("Workloads",))
    assert sorted((each.type, each.region, each.tags, each.resources) for each in numbers) == [
        (ResourceType.EBS, "eu-west-2", (("environment", "prod"),), 2),
        (ResourceType.EBS, "us-east-1", (("environment", "prod"),), 1),
    ]
    assert sum(each.resources for each in counted(snapshot_of(), keys=(), governs=None)[0]) == 4


def test_a_plan_selects_governed_resources_in_its_regions(plan_of, snapshot_of):
    """The volume in a Region without the plan, and the one in the sandbox, are not among them."""
    assert selected(snapshot_of(), plan_of(RULE, vaults=CENTRAL_VAULT)) == ({"production": 2}, ())


def test_a_plan_by_arn_selects_what_it_names(plan_of, snapshot_of):
    """One volume of the governed two, whichever tags they carry; nothing is counted that the pattern doesn't match."""
    estate = plan_of(RULE, vaults=CENTRAL_VAULT)
    for arn, expected in (("arn:aws:ec2:*:*:volume/v1", 1), ("arn:aws:ec2:*:*:volume/*", 2), ("arn:aws:s3:::*", 0)):
        named = replace(estate.plans[0], select=replace(estate.plans[0].select, tags=(), arns=(arn,)))
        assert selected(snapshot_of(), replace(estate, plans=(named,)))[0] == {"production": expected}


def test_a_plan_of_one_account_selects_there_alone(plan_of, snapshot_of):
    """An account without its resources has none selected."""
    estate = plan_of(RULE, vaults=CENTRAL_VAULT)
    here, there = (replace(estate, plans=(replace(estate.plans[0], account=account_id),)) for account_id in (WORK, CENTRAL))
    assert (selected(snapshot_of(), here)[0], selected(snapshot_of(), there)[0]) == ({"production": 2}, {"production": 0})


def test_policies_are_found_level_by_level(snapshot_of):
    """Root, OUs and account, each with what is attached to it, and what AWS says is effective."""
    levels, seen = synced_levels(snapshot_of(), WORK)
    assert [(level.name, [policy.id for policy in level.policies]) for level in levels] == [
        ("Root", []),
        ("Workloads", ["base (p-1)"]),
        ("Workloads/Prod", []),
        (f"account {WORK}", []),
    ]
    assert json.loads(seen)["plans"]["p"]["regions"] == ["eu-west-2"]


def test_an_unknown_account_is_bad_input_with_the_nearest(snapshot_of):
    """A mistyped account id suggests the one that is meant."""
    with pytest.raises(BadInput, match="no account 555555555556") as caught:
        synced_levels(snapshot_of(), "555555555556")
    assert caught.value.hint == f"did you mean {WORK}?"


def test_unread_policies_prove_nothing(snapshot_of):
    """Without the policies there is no effective policy, not an empty one."""
    with pytest.raises(CouldNotVerify, match="denied"):
        synced_levels(snapshot_of(reads=[read("111111111111", "", "policies", "denied")]), WORK)
