"""whoami, plan and apply by the command line, judged by the twin's journal of calls."""

import json
import shutil

import pytest

from strongroom.twin import client as control


def test_whoami_names_you_and_every_account(deployed):
    """The caller is shown, and that every account can be reached."""
    who = deployed.shell.strongroom("whoami", "--format", "json").json
    assert (who["account"], who["arn"]) == ("111111111111", "arn:aws:iam::111111111111:user/admin")
    assert len(who["reach"]) == 12
    assert all(each["reached"] for each in who["reach"])


def test_whoami_says_which_account_cannot_be_reached(deployed):
    """An account whose role can't be assumed is named, and the exit code is 3."""
    control.add_fault(deployed.endpoint, "deny-assume-role", account="888888888888")
    try:
        who = deployed.shell.strongroom("whoami", "--format", "json", code=3).json
    finally:
        control.clear_faults(deployed.endpoint)
    assert [each["account_id"] for each in who["reach"] if not each["reached"]] == ["888888888888"]


def test_plan_calls_nothing_that_could_act(deployed, writes):
    """A plan with all its steps was made without a write call."""
    assert writes(deployed.calls["plan"]) == []
    plan = json.loads((deployed.shell.folder / "plan.json").read_text(encoding="utf-8"))
    assert [step["number"] for step in plan["steps"]] == list(range(1, len(plan["steps"]) + 1))
    for title in (
        "attach backup policy three-tiers-production to Workloads",
        "let account 222222222222 manage the backup policies of Workloads, by the resource policy",
    ):
        assert title in deployed.answers["plan"].out


def test_apply_carries_out_exactly_the_plan(deployed, writes):
    """The first apply wrote, and said each step of the plan it was given."""
    assert {"organizations:AttachPolicy", "cloudformation:CreateStackSet", "backup:UpdateGlobalSettings"} <= set(
        writes(deployed.calls["apply"])
    )
    steps = json.loads((deployed.shell.folder / "plan.json").read_text(encoding="utf-8"))["steps"]
    assert f"applied {len(steps)} steps" in deployed.answers["apply"].out


def test_a_second_apply_makes_no_write_call(deployed, writes):
    """What is deployed as declared is left alone."""
    answer, calls = deployed.watched("apply", "--yes")
    assert calls
    assert writes(calls) == []
    assert "nothing to do" in answer.out


def test_a_second_apply_from_a_folder_without_state_makes_no_write_call(deployed, writes, tmp_path):
    """AWS alone says what is deployed: another folder, another STRONGROOM_HOME, no write."""
    shutil.copy(deployed.shell.folder / "strategy.yaml", tmp_path)
    answer, calls = deployed.watched("apply", tmp_path / "strategy.yaml", "--yes", shell=deployed.shell.at_home(tmp_path / "fresh"))
    assert calls
    assert writes(calls) == []
    assert "nothing to do" in answer.out


def test_a_plan_of_another_world_is_refused(deployed, writes):
    """A plan from before the first apply is not carried out again: the world has moved, exit code 4, no write."""
    answer, calls = deployed.watched("apply", "--plan", "plan.json", "--yes", code=4)
    assert "a new plan" in answer.err or "strongroom plan" in answer.err
    assert writes(calls) == []


def test_apply_asks_before_it_acts(deployed, writes, tmp_path):
    """Without --yes and without a terminal, changes are refused as bad input; nothing is written."""
    text = (deployed.shell.folder / "strategy.yaml").read_text(encoding="utf-8")
    (tmp_path / "strategy.yaml").write_text(text.replace("keep: 30d", "keep: 31d"), encoding="utf-8")
    answer, calls = deployed.watched("apply", tmp_path / "strategy.yaml", code=2)
    assert "update backup policy three-tiers-production" in answer.out
    assert "--yes" in answer.err
    assert writes(calls) == []


def test_what_takes_protection_away_needs_a_word_of_its_own(deployed, writes, tmp_path):
    """--yes is not enough for a plan that removes a policy."""
    text = (deployed.shell.folder / "strategy.yaml").read_text(encoding="utf-8")
    kept = text.replace(
        '  development:\n    select: {tags: {environment: dev}}\n    rules:\n      weekly: {at: "Sunday 04:00", keep: 7d}\n', ""
    )
    assert kept != text
    (tmp_path / "strategy.yaml").write_text(kept, encoding="utf-8")
    answer, calls = deployed.watched("apply", tmp_path / "strategy.yaml", "--yes", code=2)
    assert "--allow-removals" in answer.err
    assert writes(calls) == []


def test_an_ou_that_is_not_there_is_a_finding(deployed, tmp_path):
    """A plan for an OU that the organization lacks is a finding with the known paths: exit code 1."""
    text = (deployed.shell.folder / "strategy.yaml").read_text(encoding="utf-8")
    (tmp_path / "strategy.yaml").write_text(text.replace("governs: [Workloads]", "governs: [Worklods]"), encoding="utf-8")
    refused = deployed.shell.strongroom("plan", tmp_path / "strategy.yaml", code=1)
    assert "ORG001" in refused.out
    assert "Workloads/Prod" in refused.out


def test_resume_has_nothing_to_do(deployed):
    """After a finished apply nothing can be resumed; an unknown run is bad input."""
    assert "no unfinished run" in deployed.shell.strongroom("resume").out
    deployed.shell.strongroom("resume", "three-tiers-nothing", code=2)


@pytest.mark.parametrize("verb", ["whoami", "sync"])
def test_an_unknown_access_key_is_refused(deployed, verb):
    """Wrong credentials: one error, exit code 4."""
    answer = deployed.shell.strongroom(verb, code=4, AWS_ACCESS_KEY_ID="AKIAUNKNOWNUNKNOWN01")
    assert answer.err.count("error:") == 1


def test_deploying_from_another_account_is_refused(deployed):
    """A developer's key in a workload account can't plan: exit code 4."""
    developer = {"AWS_ACCESS_KEY_ID": "AKIATWINPAYMENTS0001", "AWS_SECRET_ACCESS_KEY": "local-payments"}
    assert "error:" in deployed.shell.strongroom("plan", code=4, **developer).err
