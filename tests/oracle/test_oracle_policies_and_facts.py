"""Policies with their provenance, verdicts of selections, and the facts agree with vectors transcribed from AWS's pages."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import policies, selection

HERE = Path(__file__).parent


def vectors(name: str, table: str) -> list[Any]:
    tables = tomllib.loads((HERE / f"{name}.toml").read_text(encoding="utf-8"))
    return [pytest.param(vector, id=vector["what"]) for vector in tables[table]]


def explained(vector: dict[str, Any]) -> policies.Explanation:
    levels = [
        policies.PolicyLevel(name=name, policies=tuple(policies.AttachedPolicy(id=each, document=document) for each, document in attached))
        for name, *attached in json.loads(vector["levels"])
    ]
    return policies.explain(levels, "123456789012")


@pytest.mark.parametrize("vector", vectors("policies", "explained"))
def test_who_set_a_value(vector):
    """Every value names policy, level and operator; what was in vain names what stopped it."""
    found = explained(vector)
    (value,) = [each for each in found.values if each.path == vector["path"]]
    assert [f"{one.policy_id} {one.level} {one.operator} {', '.join(one.items)}" for one in value.set_by] == vector["set_by"]
    vain = [f"{one.policy_id} {one.operator} stopped by {one.by_policy_id} {one.by_level}" for one in found.ineffective]
    assert vain == vector["ineffective"]
    assert [one.path for one in found.open] == vector["open"]


@pytest.mark.parametrize("vector", vectors("policies", "text"))
def test_what_organizations_refuses(vector):
    """JSON, duplicate keys and grammar."""
    refused = policies.read(vector["text"]).refused
    assert vector["says"] in refused
    assert bool(refused) is bool(vector["says"])


@pytest.mark.parametrize("vector", vectors("policies", "plan_problem"))
def test_plans_that_aws_backup_does_not_make(vector):
    """They are valid policies; the account reports InvalidOrganizationBackupPlan."""
    written = dict(vector["rule"])
    days = {key: written.pop(key) for key in ("delete_after_days", "move_to_cold_storage_after_days") if key in written}
    rule = {"schedule_expression": "cron(0 2 * * ? *)", "target_backup_vault_name": "local", "lifecycle": days, **written}
    document = {"plans": {"P": {"regions": ["eu-west-2"], "rules": {"r": rule}, "selections": {"tags": {}, "resources": {}}}}}
    (plan,) = policies.plans(document)
    messages = [problem.message for problem in policies.plan_problems(plan)]
    assert len(messages) == bool(vector["says"])
    assert all(vector["says"] in message for message in messages)


@pytest.mark.parametrize("vector", vectors("policies", "in_force"))
def test_the_policy_in_force(vector):
    """An invalid effective policy leaves the last valid one in place."""
    valid = {
        "plans": {
            "P": {
                "regions": ["eu-west-2"],
                "rules": {"r": {"schedule_expression": "cron(0 2 * * ? *)", "target_backup_vault_name": "local"}},
                "selections": {"tags": {"s": {"iam_role_arn": "arn:x", "tag_key": "k", "tag_value": ["v"]}}},
            }
        }
    }
    newest = {"valid": valid, "invalid": {"plans": {"P": {"regions": ["eu-west-2"]}}}, "none": None}[vector["newest"]]
    last = {"plans": {}} if vector["last_valid"] else None
    found = policies.in_force(newest, last)
    assert found.frozen is vector["frozen"]
    assert found.document == {"newest": newest, "last": last, "none": None}[vector["has"]]


@pytest.mark.parametrize("vector", vectors("selection", "verdict"))
def test_verdicts_of_a_selection(vector):
    """Yes, no, or open with the reason; where nothing is open it is what `plan_selects` says."""
    chosen, resource_type = selection.PlanSelection.parse(vector["selection"]), ResourceType(vector["type"])
    found = selection.verdict(chosen, vector["arn"], resource_type, vector.get("tags"), vector.get("opt_in"))
    assert str(found.answer) == vector["answer"]
    assert vector.get("says", "") in found.reason
    assert bool(found.reason) is (found.answer is selection.Answer.OPEN)


@pytest.mark.parametrize("vector", vectors("selection", "refused"))
def test_selections_that_aws_refuses(vector):
    """Limits, and the empty selection."""
    arns = [f"arn:aws:s3:::b{number}" for number in range(vector["resources"])]
    arns += [f"arn:aws:s3:::b{number}*" for number in range(vector["wildcards"])]
    tags = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "k", "ConditionValue": str(number)} for number in range(vector["tags"])]
    conditions = [{"ConditionKey": "aws:ResourceTag/k", "ConditionValue": str(number)} for number in range(vector["conditions"])]
    found = selection.problem({"Resources": arns, "ListOfTags": tags, "Conditions": {"StringEquals": conditions}}) or ""
    assert vector["says"] in found
    assert bool(found) is bool(vector["says"])


@pytest.mark.parametrize("vector", vectors("facts", "limit"))
def test_numbers(vector):
    """The facts have the numbers that were read."""
    assert {name: facts.limit(name).value for name in vector["values"]} == vector["values"]


@pytest.mark.parametrize("vector", vectors("facts", "message"))
def test_messages(vector):
    """The facts have AWS's texts letter by letter."""
    assert {name: facts.message(name) for name in vector["texts"]} == vector["texts"]


@pytest.mark.parametrize("vector", vectors("facts", "pattern"))
def test_patterns_of_names(vector):
    """What AWS accepts as a name, and what not."""
    pattern = re.compile(facts.limit(vector["name"]).value)
    assert [text for text in vector["matches"] if not pattern.fullmatch(text)] == []
    assert [text for text in vector["refuses"] if pattern.fullmatch(text)] == []


@pytest.mark.parametrize("vector", vectors("facts", "increment"))
def test_what_later_backups_are(vector):
    """Incremental or full, and where their predecessor must lie."""
    found = facts.storage(ResourceType(vector["type"]))
    assert (found.later, found.chain) == (vector["later"], vector["chain"])


@pytest.mark.parametrize("vector", vectors("facts", "moved"))
def test_what_a_recovery_point_becomes_in_cold_storage(vector):
    """Full or incremental."""
    assert facts.storage(ResourceType(vector["type"])).moved == vector["moved"]


@pytest.mark.parametrize("vector", vectors("facts", "policy_pattern"))
def test_patterns_of_types_in_policies(vector):
    """As AWS's syntax page writes them."""
    assert list(facts.capabilities(ResourceType(vector["type"])).policy_pattern) == vector["patterns"]
