"""Configuration found in AWS goes through the checks of strategies: plans of others, and resources that a strategy can't know."""

import json
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from strongroom import checks, proof
from strongroom.domain.strategy import RetentionOwed
from strongroom.proof import configured

HOME = "eu-west-2"
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


@pytest.fixture
def made(builder):
    """The builder of a healthy organization."""
    found = builder(seed=3, resources=20)
    found.build()
    return found


def by_hand(made, account, *rules, selection, name="hand", of_policy=False, region=HOME):
    """Add a plan that somebody made in an account; rules are columns of backup_rules, `copies` those of copy_actions."""
    plan_id = ("orgs/" if of_policy else "") + made.uuid()
    place = {"account_id": account, "region": region, "plan_id": plan_id}
    made.add("backup_plans", **place, name=name, arn=f"arn:aws:backup:{region}:{account}:backup-plan:{plan_id}", version_id="v")
    for rule in rules:
        add_rule(made, place, **rule)
    made.add("selections", **place, selection_id="s", name="s", role_arn="r", document=json.dumps(selection))


def add_rule(made, place, *, copies=(), **columns):
    rule_id = made.uuid()
    given = {"name": "nightly", "vault_name": "three-tiers-local", "schedule": "cron(0 20 * * ? *)", "timezone": "Etc/UTC"}
    given |= {"start_within_minutes": 60, "complete_within_minutes": 300, "delete_after_days": 30, "continuous": False}
    made.add("backup_rules", **place, rule_id=rule_id, **(given | columns))
    for copy in copies:
        made.add("copy_actions", **place, rule_id=rule_id, **copy)


def found(made, tmp_path, estate=None):
    verified = proof.verify(estate or made.world.estate, made.world.write(tmp_path))
    return [fault.finding for fault in verified.faults]


def only(made, tmp_path, estate=None):
    findings = found(made, tmp_path, estate)
    assert findings, "no error found, the checker is broken"
    assert [(each.code, each.message) for each in findings][1:] == []
    return findings[0]


TAGGED = {"ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "hand", "ConditionValue": "yes"}]}
TYPED = {"Resources": ["arn:aws:rds:*:*:db:*"]}


def test_a_healthy_organization_yields_nothing(made, tmp_path):
    """Neither the strategy with its resources nor what it made of AWS is wrong."""
    assert found(made, tmp_path) == []


def test_a_sound_plan_of_somebody_else_is_no_fault(made, tmp_path):
    """That somebody has plans of his own is his right."""
    by_hand(made, made.world.workloads[0], {}, selection=TAGGED)
    assert found(made, tmp_path) == []


def test_start_windows_that_overlap_in_a_plan_of_somebody_are_named(made, tmp_path):
    """FM11 in a plan that was made by hand, in as many accounts as have it: one finding."""
    rules = ({}, {"name": "weekly", "schedule": "cron(30 20 ? * SUN *)", "delete_after_days": 360})
    for account in made.world.workloads[:2]:
        by_hand(made, account, *rules, selection=TAGGED)
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode, finding.count) == ("WIN001", "FM11", 2)
    assert "in 2 accounts" in finding.subject
    assert "rule weekly" in finding.message


def test_a_rule_that_somebody_added_to_a_declared_plan_is_judged(made, tmp_path):
    """FM11: it suppresses a declared rule, which the effective policy still has as it was declared."""
    account = made.world.workloads[0]
    plan = made.world.rows("backup_plans", account_id=account, region=HOME, name="production")[0]
    place = {name: plan[name] for name in ("account_id", "region", "plan_id")}
    add_rule(made, place, name="added", schedule="cron(30 2 * * ? *)", delete_after_days=400)
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode) == ("WIN001", "FM11")
    assert finding.subject.lower().startswith("rule production.daily in account")


def test_a_plan_that_selects_another_account_is_named(made, tmp_path):
    """FM37: a plan reaches only its own account."""
    mine, other = made.world.workloads[:2]
    by_hand(made, mine, {}, selection={"Resources": [f"arn:aws:rds:{HOME}:{other}:db:ledger"]})
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode) == ("SEL004", "FM37")
    assert other in finding.message


def test_cold_storage_of_a_type_without_one_is_a_warning(made, tmp_path):
    """FM12: somebody believes that it saves money."""
    by_hand(made, made.world.workloads[0], {"delete_after_days": 365, "cold_after_days": 30}, selection=TYPED)
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode, finding.severity) == ("LIF004", "FM12", "warning")


def test_a_copy_that_asks_for_ever_is_named(made, tmp_path):
    """FM13: it inherits the end of its source."""
    to = made.vault_arn(made.world.central, HOME, "three-tiers-central")
    copies = [{"destination_vault_arn": to, "delete_after_days": -1}]
    by_hand(made, made.world.workloads[0], {"copies": copies}, selection=TAGGED)
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode) == ("CPY004", "FM13")


def test_what_keeps_longer_than_the_strategy_allows_is_named(made, tmp_path):
    """FM36: a bound of the strategy holds for plans of others too."""
    estate, select = made.world.estate, made.world.estate.plans[2].select
    bound = RetentionOwed(select=select, at_least_days=0, at_most_days=30, basis="privacy", origin=estate.organization.origin)
    tag = {"ConditionType": "STRINGEQUALS", "ConditionKey": made.world.key, "ConditionValue": made.world.values[2]}
    by_hand(made, made.world.workloads[0], {"delete_after_days": 365}, selection={"ListOfTags": [tag]})
    finding = only(made, tmp_path, replace(estate, retention=(bound,)))
    assert (finding.code, finding.failure_mode) == ("RET002", "FM36")


@pytest.mark.parametrize(
    ("kind", "columns", "told"),
    [
        ("S3", {"mfa_delete": True, "lifecycle_rules": True}, ("BKT002", "FM39")),
        ("S3", {"replication": "bucket", "replication_enabled": False}, ("BKT003", "FM33")),
        ("S3", {"versioned": False}, ("BKT001", "FM25")),
        ("RDS", {"multi_az_cluster": True}, ("CPY005", "FM14")),
        ("DynamoDB", {"advanced_backup": False}, ("CPY005", "FM14")),
    ],
)
def test_the_state_of_a_protected_resource_is_named(made, tmp_path, kind, columns, told):
    """What `check` can say only with an inventory, `verify` says from the ledger."""
    row = made.world.resource(0, kind)
    row |= columns
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode) == told
    assert row["arn"] in f"{finding.subject} {finding.message}"


def test_a_replica_without_a_backup_is_named(made, tmp_path):
    """FM38: a resource that repeats a deletion elsewhere and that no plan selects."""
    account = made.world.workloads[0]
    made.add_resource(account, HOME, "DynamoDB", "repeated", {"owner": "ann"}, replication="global")
    finding = only(made, tmp_path)
    assert (finding.code, finding.failure_mode) == ("REP001", "FM38")


def test_a_replica_that_somebody_else_backs_up_is_no_fault(made, tmp_path):
    """A recovery point is one, whoever's plan made it."""
    account = made.world.workloads[0]
    row = made.add_resource(account, HOME, "DynamoDB", "repeated", {"owner": "ann"}, replication="global")
    made.point(row, (account, HOME, "somebody-s"), 30, {"plan_id": "p", "rule_id": "r", "created_at": NOW}, None)
    assert found(made, tmp_path) == []


def test_details_that_could_not_be_read_are_unknown(made, tmp_path):
    """Whether a bucket has versioning was asked, and AWS refused: nothing is concluded from it."""
    account = made.world.workloads[0]
    made.add("reads", account_id=account, region=HOME, subject="details:S3", read=False, code="AccessDenied", reason="no")
    verified = proof.verify(made.world.estate, made.world.write(tmp_path))
    assert [(each.account_id, each.subject) for each in verified.unread] == [(account, "details:S3")]
    assert int(verified.exit_code) == 3


def test_every_check_is_asked_or_left_out_for_a_reason():
    """No check is forgotten, none is in two lists."""
    left_out = [code for codes in configured.LEFT_OUT.values() for code in codes]
    asked = {*configured.OF_FOREIGN_PLANS, *configured.OF_THE_STRATEGY}
    assert sorted({*asked, *left_out}) == sorted(checks.codes())
    assert not asked.intersection(left_out)
    assert len(left_out) == len(set(left_out))
