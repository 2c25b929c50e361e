"""The compiler's whole output for some strategies, and what cfn-lint says about it; `--update` rewrites the files."""

import json
from functools import cache

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
    for name, text in _outputs(strategy).items():
        if not name.startswith(("policy.", "guard-rails.")):
            assert [f"{name}: {match}" for match in _matches(text.replace(strategy.name, "tiers"), strategy.organization.regions)] == []


@cache
def _matches(text, regions):
    """What is wrong with a template; situations have many in common, but for the strategy's name."""
    everything = ManualArgs(include_checks=["I"], include_experimental=True, regions=list(regions))
    return [match for match in cfnlint.api.lint(text, config=everything) if match.rule.severity != "informational"]


@pytest.mark.parametrize("kind", sorted(RESOURCE_TYPES))
def test_cfn_lint_knows_every_type_we_use(kind):
    """An allowed type without a schema would be passed over silently: an impossible property must be an error."""
    assert kind in _types_with_a_schema()


@cache
def _types_with_a_schema():
    """The types of ours of which a property that doesn't exist is refused."""
    kinds = {f"Thing{number}": kind for number, kind in enumerate(sorted(RESOURCE_TYPES))}
    template = {"Resources": {name: {"Type": kind, "Properties": {"NoSuchProperty": True}} for name, kind in kinds.items()}}
    return {kinds[match.path[1]] for match in cfnlint.api.lint_all(json.dumps(template)) if match.rule.id == "E3002"}
