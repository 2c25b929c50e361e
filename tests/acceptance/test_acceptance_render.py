"""`render` by the command line: a tree that CloudFormation takes, whatever the example."""

import json
from pathlib import Path

import cfnlint.api
import pytest
from cfnlint.config import ManualArgs

from strongroom import strategyfile

EXAMPLES = Path(__file__).parents[2] / "examples"


@pytest.mark.parametrize(
    "name", [name if name == "hipaa" else pytest.param(name, marks=pytest.mark.long) for name in strategyfile.EXAMPLES]
)
def test_cfn_lint_finds_nothing_in_the_tree_of_an_example(shell, name):
    """No template has an error or a warning; informational rules (metadata for other tools) are not held against it."""
    strategy = EXAMPLES / name / "strategy.yaml"
    shell.strongroom("render", strategy, "tree")
    regions = list(strategyfile.load(strategy).strategy.organization.regions)
    everything = ManualArgs(include_checks=["I"], include_experimental=True, regions=regions)
    templates = sorted((shell.folder / "tree").rglob("*.template.json"))
    assert {file.parent.name for file in templates} == {"bootstrap", "stacks", "stack-sets"}
    largest = {
        file.name.partition(".")[0]: file for file in sorted(templates, key=lambda file: file.stat().st_size)
    }  # Regions differ little
    for file in largest.values():
        matches = [
            each for each in cfnlint.api.lint(file.read_text(encoding="utf-8"), config=everything) if each.rule.severity != "informational"
        ]
        assert [f"{file.name}: {match}" for match in matches] == []


def test_tree_is_what_its_index_says(shell, example):
    """Every file is listed, and a second run writes the same and removes nothing."""
    shell.strongroom("render", example / "strategy.yaml", "tree")
    tree = shell.folder / "tree"
    before = {str(file.relative_to(tree)): file.read_bytes() for file in tree.rglob("*") if file.is_file()}
    assert sorted(before) == sorted([*json.loads(before["index.json"])["files"], "index.json"])
    again = shell.strongroom("render", example / "strategy.yaml", "tree", "--format", "json").json
    assert again["removed"] == []
    assert {str(file.relative_to(tree)): file.read_bytes() for file in tree.rglob("*") if file.is_file()} == before
