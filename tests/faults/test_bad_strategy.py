"""A strategy file that is wrong: findings with line and column, or one error; exit code 2, nothing written."""

import os

import pytest

from strongroom.errors import ExitCode

DUPLICATE = ("  central: {in: central, region: eu-west-2}", "  local: {in: central, region: eu-west-2}")

# what is changed in the file -> where the finding points, and what it says
MISTAKES = {
    "unknown key": ("keep: 30d", "keeep: 30d", "strategy.yaml:16:28", "unknown key 'keeep'", "did you mean keep?"),
    "wrong type": ("governs: [Workloads]", "governs: {a: 1}", "strategy.yaml:7:12", "governs", ""),
    "a number for a text": (
        "regions: [eu-west-2, eu-west-1]",
        "regions: [5]",
        "strategy.yaml:5:13",
        "5 is a number",
        'put it in quotes: "5"',
    ),
    "bad duration": ("keep: 30d", "keep: 30x", "strategy.yaml:16:34", "'30x' is not a duration", "units: m minutes, h hours, d days"),
    "bad time": ('at: "02:00"', 'at: "26:00"', "strategy.yaml:16:19", "26:00", "help: "),
    "bad cron": ('at: "02:00"', 'at: "cron(0 99 * * ? *)"', "strategy.yaml:16:19", "99", "help: "),
    "unknown Region": ("eu-west-1]", "eu-wst-1]", "strategy.yaml:5:24", "'eu-wst-1' is not an AWS Region", "did you mean eu-west-1?"),
    "undeclared vault": (
        "to: central",
        "to: centrl",
        "strategy.yaml:16:50",
        "vault 'centrl', which vaults does not declare",
        "did you mean central?",
    ),
    "undeclared key": (
        "local: {in: every-account}",
        "local: {in: every-account, key: nokey}",
        "strategy.yaml:10:35",
        "key 'nokey', which keys does not declare",
        "one of: backup",
    ),
    "duplicate name": (*DUPLICATE, "strategy.yaml:11:3", "key 'local' is written twice: first in line 10", "rename or remove one of them"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_in_the_file_is_found_with_its_place(shell, mistake):
    """Each mistake gives a finding with file:line:column, the value, and what to write instead; exit code 2."""
    old, new, place, message, fix = MISTAKES[mistake]
    shell.strategy("tiers", (old, new))
    checked = shell.run("check")
    assert (checked.code, checked.err) == (ExitCode.BAD_INPUT, "")
    finding = next(line for line in checked.out.splitlines() if message in line)
    assert place in finding
    assert fix in checked.out


@pytest.mark.parametrize(
    ("content", "place", "message"),
    [
        (b"", "strategy.yaml:1:1", "the file is empty"),
        (b"# only a comment\n", "strategy.yaml:1:1", "the file is empty"),
        (b"plans: [a, b\nvaults: }\n", "strategy.yaml:2:", "not YAML"),
        (b"just words\n", "strategy.yaml:1:1", "text: keys with values expected"),
        (b"\x89PNG\x00\xff\xfe\x80", "strategy.yaml:1:", "not UTF-8"),
        (b"a: &x [*x, *x]\nb: " + b"[" * 500 + b"\n", "strategy.yaml:", ""),
    ],
    ids=["empty", "comment only", "not YAML", "a sentence", "binary", "deep and circular"],
)
def test_what_is_no_strategy_at_all_is_a_finding(shell, content, place, message):
    """A file that can't be a strategy gives a finding with its place, and nothing else is tried."""
    (shell.folder / "strategy.yaml").write_bytes(content)
    checked = shell.run("check")
    assert checked.code == ExitCode.BAD_INPUT
    assert f"] {place}" in checked.out
    assert message in checked.out


def test_ten_megabytes_are_refused_before_they_are_parsed(shell):
    """A file of 10 MB is refused by its size, with the bound."""
    (shell.folder / "strategy.yaml").write_text("plans:\n" + "  a: {select: {types: all}}\n" * 370_000)
    checked = shell.run("check", timeout=5)
    assert (checked.code, checked.out) == (ExitCode.BAD_INPUT, "")
    assert checked.error.startswith("error: strategy.yaml is larger than 1048576 bytes\n  help: ")


@pytest.mark.parametrize("verb", ["check", "plan", "apply", "verify", "sync", "render", "whoami"])
def test_a_file_that_is_not_there_is_one_error_for_every_verb(shell, verb):
    """Every verb that takes a strategy says which file is missing and how to get one."""
    missing = shell.run(verb, "nowhere.yaml")
    assert (missing.code, missing.out) == (ExitCode.BAD_INPUT, "")
    assert missing.error == "error: there is no nowhere.yaml\n  help: write one with: strongroom init nowhere.yaml"


def test_a_near_file_name_is_suggested(shell):
    """A folder without strategy.yaml, but with strategy.yml."""
    shell.strategy("tiers", file="there/strategy.yml")
    missing = shell.run("render", "there")
    assert missing.error == "error: there is no there/strategy.yaml\n  help: did you mean there/strategy.yml?"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_one_error(shell):
    """A file that can't be read is named with the reason."""
    shell.strategy("tiers").chmod(0)
    assert shell.run("check").error.startswith("error: can't read strategy.yaml: Permission denied")


@pytest.mark.parametrize("verb", ["plan", "apply", "verify", "render"])
def test_verbs_that_need_a_right_file_show_all_its_findings(shell, verb):
    """Findings go to standard error, the last line says how many there are, nothing is written."""
    shell.strategy("tiers", ("keep: 30d", "keep: 30x"), ("to: central", "to: centrl"))
    refused = shell.run(verb, "strategy.yaml")
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert "error[STR007]" in refused.err
    assert "error[STR016]" in refused.err
    assert refused.error.endswith("\nerror: strategy.yaml has 2 errors\n  help: see them with: strongroom check strategy.yaml")
    assert sorted(file.name for file in shell.folder.iterdir()) == ["strategy.yaml"]
