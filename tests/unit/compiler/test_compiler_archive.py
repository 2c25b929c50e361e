"""The EBS archive in policies."""

import json

import pytest

from strongroom import compiler, strategyfile
from strongroom.semantics import policies

STRATEGY = """strongroom: 1
name: archive
organization: {{home_region: eu-west-2, accounts: {{central: "333333333333"}}, governs: [Workloads]}}
vaults:
  central: {{in: central}}
plans:
  p:
    select: {{tags: {{a: b}}}}
    rules:
      r: {{at: "day 1 02:00", keep: 1y, cold_after: 30d, {rule}copy: [{copy}]}}
"""


def _rule(rule, copy):
    parsed = strategyfile.parse(STRATEGY.format(rule=rule, copy=copy), file="s.yaml")
    assert parsed.findings == ()
    (policy,) = compiler.compile_strategy(parsed.strategy).policies
    (plan,) = policies.plans(policies.effective([[json.loads(policy.content)]], "555555555555"))
    return plan.rules[0], json.loads(policy.content)["plans"]["p"]["rules"]["r"]


def test_archive_is_written_where_it_is_asked():
    """And an inherited copy lifecycle carries it too."""
    rule, text = _rule("archive: true, ", "central")
    assert rule.archive
    assert text["lifecycle"]["opt_in_to_archive_for_supported_resources"] == {"@@assign": "true"}
    (copy,) = text["copy_actions"].values()
    assert copy["lifecycle"]["opt_in_to_archive_for_supported_resources"] == {"@@assign": "true"}


@pytest.mark.parametrize(("rule", "copy"), [("", "central"), ("archive: true, ", "{to: central, keep: 7y}")])
def test_archive_is_absent_where_it_is_not_asked(rule, copy):
    """Even a false is refused where EBS has no archive; a copy that stays warm has none."""
    _, text = _rule(rule, copy)
    (action,) = text["copy_actions"].values()
    assert "opt_in_to_archive_for_supported_resources" not in action["lifecycle"]
    assert ("opt_in_to_archive_for_supported_resources" in text["lifecycle"]) == bool(rule)
