"""The compiler's whole output for some strategies, and what cfn-lint says about it; `--update` rewrites the files."""

import json

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

from strongroom.compiler import RESOURCE_TYPES, compile_strategy, read_role_template


def _outputs(strategy):
    estate = compile_strategy(strategy)
    texts = {f"stack-set.{each.name}.json": each.template for each in estate.stack_sets}
    texts |= {f"stack.{each.name}.{each.account}.{each.region}.json": each.template for each in estate.stacks}
    texts |= {f"policy.{each.name}.json": each.content for each in estate.policies}
    texts |= {f"guard-rails.{each.name}.json": each.content for each in estate.rails}
    texts["read-role.json"] = read_role_template(strategy.roles.read, (strategy.organization.accounts.management,))
    return {name: json.dumps(json.loads(text), indent=2) + "\n" for name, text in texts.items()}


def test_output_is_what_was_reviewed(situation, request):
    """Every template and policy is the one that somebody read."""
    folder, strategy = situation
    outputs = _outputs(strategy)
    if request.config.getoption("--update"):
        folder.mkdir(exist_ok=True)
        for old in folder.glob("*.json"):
            old.unlink()
        for name, text in outputs.items():
            (folder / name).write_text(text, encoding="utf-8")
    assert outputs == {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.json")}


def test_cfn_lint_finds_nothing(situation):
    """No template has an error or a warning; informational rules (metadata for other tools) are not held against it."""
    _, strategy = situation
    everything = ManualArgs(include_checks=["I"], include_experimental=True, regions=list(strategy.organization.regions))
    for name, text in _outputs(strategy).items():
        if not name.startswith(("policy.", "guard-rails.")):
            found = cfnlint.api.lint(text, config=everything)
            matches = [match for match in found if match.rule.severity != "informational"]
            assert [f"{name}: {match}" for match in matches] == []


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_cfn_lint_knows_every_type_we_use(kind):
    """An allowed type without a schema would be passed over silently: an impossible property must be an error."""
    template = {"Resources": {"Thing": {"Type": kind, "Properties": {"NoSuchProperty": True}}}}
    rules = {match.rule.id for match in cfnlint.api.lint_all(json.dumps(template))}
    assert "E3002" in rules
