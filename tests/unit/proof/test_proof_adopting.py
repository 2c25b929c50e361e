"""What a snapshot shows becomes a strategy that means the same, and what it can't say is named."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from strongroom import compiler, proof, strategyfile
from strongroom.proof import adopting
from strongroom.proof.adopting.accounts import Member, governed_units, largest_group
from strongroom.proof.adopting.words import at, days, label, minutes, scalar
from strongroom.strategyfile import durations

HOME = "eu-west-2"
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TRUST = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


@pytest.fixture
def made(builder):
    """The builder of a healthy organization, whose selections name a role."""
    found = builder(seed=5, resources=5)
    found.build()
    for row in found.world.tables["selections"]:
        row["role_arn"] = f"arn:aws:iam::{row['account_id']}:role/service-role/OurBackups"
    return found


def written(made, tmp_path):
    snapshot = made.world.write(tmp_path)
    text = adopting.written(adopting.find(snapshot), observed_at=snapshot.observed_at, snapshot=snapshot.id)
    parsed = strategyfile.parse(text, file="found.yaml")
    assert parsed.findings == (), text
    return text, compiler.compile_strategy(parsed.strategy)


def test_the_strategy_means_what_is_there(made, tmp_path):
    """Each plan with its name, selection, schedule, windows and retention; nothing to deploy."""
    _, estate = written(made, tmp_path)
    there = {plan.name: plan for plan in made.world.estate.plans}
    assert {plan.name for plan in estate.plans} == set(there)
    for plan in estate.plans:
        assert plan.select.tags == there[plan.name].select.tags
        assert [(rule.schedule, rule.start_within_minutes, rule.keep, rule.vault_name) for rule in plan.rules] == [
            (rule.schedule, rule.start_within_minutes, rule.keep, rule.vault_name) for rule in there[plan.name].rules
        ]
    assert (estate.organization_policies, estate.stack_sets, estate.stacks) == ((), (), ())
    assert estate.roles.backup == "OurBackups"


def test_a_plan_that_one_account_made_is_written_with_its_account(made, tmp_path):
    """It protects that account alone."""
    account = made.world.workloads[0]
    add(made, account, "hand.made", {"ListOfTags": [tag("own", "yes")]})
    _, estate = written(made, tmp_path)
    [plan] = [plan for plan in estate.plans if plan.account is not None]
    assert (plan.name, plan.account, plan.adopted) == ("hand.made", account, True)


def test_what_a_strategy_can_t_say_is_named(made, tmp_path):
    """A condition with a wildcard, vaults that nobody uses: in comments, not dropped."""
    account = made.world.workloads[0]
    like = {"StringLike": [{"ConditionKey": "aws:ResourceTag/app", "ConditionValue": "shop-*"}]}
    add(made, account, "odd", {"Resources": ["*"], "Conditions": like})
    made.vault(account, HOME, "forgotten", None)
    text, estate = written(made, tmp_path)
    assert "not here: a selection of plan odd" in text
    assert "StringLike app: shop-*" in text
    assert "vaults that no plan uses: forgotten" in text
    assert "odd" not in [plan.name for plan in estate.plans]


def test_a_plan_that_selects_in_two_ways_is_two_plans_of_one_name(made, tmp_path):
    """Selections of AWS are a union; the terms of a strategy's selection are not."""
    selection = {"ListOfTags": [tag("own", "yes"), tag("other", "yes")]}
    add(made, made.world.workloads[0], "both", selection)
    text, estate = written(made, tmp_path)
    mine = [plan for plan in estate.plans if plan.name == "both"]
    assert sorted(term.key for plan in mine for term in plan.select.tags) == ["other", "own"]
    assert "both-2:" in text


def test_locks_keys_and_places_are_those_of_the_vault(made, tmp_path):
    """A hardened lock says from when on; a vault in one account says in which."""
    account = made.world.workloads[1]
    made.vault(account, HOME, "own", None)
    row = made.world.rows("vaults", account_id=account, name="own")[0]
    row |= {"locked": True, "min_retention_days": 7, "max_retention_days": 366, "lock_at": row["created_at"]}
    add(made, account, "locked", {"ListOfTags": [tag("own", "yes")]}, vault="own")
    text, estate = written(made, tmp_path)
    [vault] = [vault for vault in estate.vaults if vault.name == "own"]
    assert (vault.account, vault.adopted) == (account, True)
    assert (vault.lock.mode, vault.lock.min_days, vault.lock.max_days) == ("compliance", 7, 366)
    assert "# hard from 2026-" in text


@pytest.mark.parametrize("seen", [True, False])
def test_a_rule_that_writes_into_an_air_gapped_vault_names_it_where_it_was_seen(made, tmp_path, seen):
    """With the standard vault that its recovery points pass; the range of the lock of an unseen one would be a guess."""
    account = made.world.workloads[1]
    target = made.vault_arn(account, HOME, "gap")
    if seen:
        made.vault(account, HOME, "gap", None)
        row = made.world.rows("vaults", account_id=account, name="gap")[0]
        row |= {"type": "LOGICALLY_AIR_GAPPED_BACKUP_VAULT", "key_arn": None}
        row |= {"locked": True, "min_retention_days": 7, "max_retention_days": 500, "lock_at": row["created_at"]}
    add(made, account, "gapped", {"ListOfTags": [tag("own", "yes")]})
    made.world.rows("backup_rules", account_id=account, name="Nightly.1")[0]["air_gapped_vault_arn"] = target
    text, estate = written(made, tmp_path)
    [rule] = [rule for plan in estate.plans if plan.name == "gapped" for rule in plan.rules]
    assert (rule.vault_name, rule.air_gapped_name) == ("three-tiers-local", "gap" if seen else None)
    assert ("its air-gapped vault gap was not seen" in text) is not seen


def tag(key, value):
    return {"ConditionType": "STRINGEQUALS", "ConditionKey": key, "ConditionValue": value}


def add(made, account, name, selection, *, vault="three-tiers-local"):
    plan_id = made.uuid()
    place = {"account_id": account, "region": HOME, "plan_id": plan_id}
    made.add("backup_plans", **place, name=name, arn=f"arn:aws:backup:{HOME}:{account}:backup-plan:{plan_id}", version_id="v")
    rule = {"name": "Nightly.1", "vault_name": vault, "schedule": "cron(15 3 1 * ? *)", "timezone": "Etc/UTC", "continuous": False}
    made.add("backup_rules", **place, rule_id="r", **rule, start_within_minutes=480, complete_within_minutes=10080, delete_after_days=400)
    made.add("selections", **place, selection_id="s", name="s", role_arn="arn:aws:iam::1:role/OurBackups", document=json.dumps(selection))


def member(number, path, *, management=False):
    return Member(id=f"{number:012}", name=f"n{number}", ou_path=path, management=management)


def test_governed_are_the_highest_units_whose_accounts_all_have_the_plans():
    """An OU with an account that lacks them is not governed as a whole, its children may be."""
    active = [member(1, "Work/Prod"), member(2, "Work/Prod/Pay"), member(3, "Work/Dev"), member(4, "Labs"), member(5, "")]
    group = {each.id for each in active} - {active[2].id}
    units, outside = governed_units(active, group)
    assert units == ("Labs", "Work/Prod")
    assert outside == (active[4].id,)


def test_the_largest_group_has_one_effective_policy_whoever_s_id_is_in_it():
    """A role's ARN has the account's id: that is no difference."""
    active = [member(1, "A"), member(2, "A"), member(3, "B")]
    texts = {each.id: f'{{"role": "{each.id}"}}' for each in active[:2]} | {active[2].id: '{"other": 1}'}
    group, others = largest_group(texts, active)
    assert (group, others) == ({active[0].id, active[1].id}, (active[2].id,))


def test_days_are_read_back_as_they_were():
    """Whatever is written means the same number."""
    assert [number for number in range(1, 36_501) if durations.days(days(number)) != number] == []


@pytest.mark.parametrize(
    ("schedule", "words"),
    [
        ("cron(0 2 * * ? *)", "02:00"),
        ("cron(0 2 ? * * *)", "cron(0 2 ? * * *)"),  # the same runs, another text: verify compares texts
        ("cron(30 4 ? * MON,FRI *)", "Monday, Friday 04:30"),
        ("cron(0 5 L * ? *)", "last day 05:00"),
        ("cron(0 5 31 * ? *)", "cron(0 5 31 * ? *)"),
        ("cron(0 * * * ? *)", "hourly"),
        ("cron(0/15 * * * ? *)", "cron(0/15 * * * ? *)"),
    ],
)
def test_a_schedule_is_said_in_words_only_where_they_mean_the_same_text(schedule, words):
    """Otherwise the expression itself is written."""
    assert at(schedule) == words


def test_scalars_and_labels_are_what_yaml_and_the_grammar_take():
    """Quotes where YAML would take a text for something else; labels that are free."""
    assert [scalar(each) for each in ("prod", "yes", "1", "a: b", "é")] == ["prod", '"yes"', '"1"', '"a: b"', '"é"']
    assert [label(each, ("prod",), otherwise="plan") for each in ("Prod", "9", "_")] == ["prod-2", "plan-9", "plan"]
    assert [minutes(each) for each in (60, 90, 1440)] == ["1h", "90m", "1d"]


def test_an_adopted_plan_that_selects_in_two_ways_is_proven(made, tmp_path):
    """Recovery points belong to the one plan in AWS, whichever of its selections took the resource."""
    account = made.world.workloads[0]
    add(made, account, "both", {"ListOfTags": [tag("own", "yes"), tag("other", "yes")]})
    plan = made.world.rows("backup_plans", name="both")[0]
    for key in ("own", "other"):
        row = made.add_resource(account, HOME, "EFS", f"system-{key}", {key: "yes"})
        at_ = {"plan_id": plan["plan_id"].upper(), "rule_id": "r", "created_at": NOW - timedelta(days=20)}
        made.point(row, (account, HOME, "three-tiers-local"), 400, at_, None)
    made.add("roles", account_id=account, region="", arn=f"arn:aws:iam::{account}:role/OurBackups", exists=True, trust_policy=TRUST)
    _, estate = written(made, tmp_path)
    found = proof.verify(estate, made.world.write(tmp_path / "again"))
    mine = [row for row in found.chains.to_pylist() if row["plan"] == "both"]
    assert [(row["selected_state"], row["backed_up_state"], row["points"]) for row in mine] == [("proven", "proven", 1)] * 2
