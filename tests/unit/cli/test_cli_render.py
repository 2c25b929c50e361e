"""`strongroom render`: which of its places is the strategy and which the folder."""

import json

import pytest
from click.testing import CliRunner

from strongroom.cli.render import command

STRATEGY = """strongroom: 1
name: {name}
organization: {{home_region: eu-west-2, governs: [Workloads]}}
plans: {{p: {{select: {{tags: {{a: b}}}}, rules: {{daily: {{at: "05:00", keep: 30d}}}}}}}}
"""


@pytest.fixture
def run(tmp_path, monkeypatch):
    """Run the verb in a folder with a strategy of the usual name and another one."""
    monkeypatch.chdir(tmp_path)
    for name in ("strategy.yaml", "other.yaml", "plain"):
        (tmp_path / name).write_text(STRATEGY.format(name=name.partition(".")[0]), encoding="utf-8")
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "strategy.yaml").write_text(STRATEGY.format(name="inside"), encoding="utf-8")
    return lambda *arguments: CliRunner().invoke(command, arguments, standalone_mode=False)


@pytest.mark.parametrize(
    ("arguments", "folder", "name"),
    [
        ((), "rendered", "strategy"),
        (("tree",), "tree", "strategy"),
        (("other.yaml",), "rendered", "other"),
        (("plain",), "rendered", "plain"),
        (("other.yaml", "tree"), "tree", "other"),
        (("other.yaml", "--out", "tree"), "tree", "other"),
        (("--out", "tree"), "tree", "strategy"),
        (("inside",), "rendered", "inside"),
        (("inside", "inside"), "inside", "inside"),
    ],
)
def test_a_file_is_a_strategy_and_anything_else_a_folder(run, tmp_path, arguments, folder, name):
    """One place, two, or none: what is a file, or is named like one, is the strategy."""
    result = run(*arguments)
    assert result.exception is None
    assert json.loads((tmp_path / folder / "index.json").read_text(encoding="utf-8"))["strategy"] == name


@pytest.mark.parametrize("arguments", [("other.yaml", "a", "b"), ("other.yaml", "a", "--out", "b")])
def test_too_many_places_are_refused(run, arguments):
    """Nothing is guessed."""
    assert "places" in str(run(*arguments).exception)


def test_json_lists_what_was_written_and_removed(run):
    """For the pipeline that commits the folder."""
    document = json.loads(run("tree", "--format", "json").stdout)
    assert "tree/index.json" in document["files"]
    assert document["removed"] == []


def test_missing_strategy_is_not_taken_for_a_folder(run, tmp_path):
    """A name that ends in .yaml is never made a folder of."""
    assert "missing.yaml" in str(run("missing.yaml").exception)
    assert not (tmp_path / "missing.yaml").exists()
