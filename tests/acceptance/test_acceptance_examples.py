"""The examples: each strategy is clean, and what its source says to the letter gives the findings that were reviewed.

Findings about what this release does not deploy (UND001) are left out: they change with each release. `--update` rewrites the rest.
"""

import json
import re
import shutil
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from strongroom import strategyfile

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
GOLDEN = ROOT / "tests" / "golden" / "examples"
NAMES = sorted(folder.name for folder in EXAMPLES.iterdir() if (folder / "strategy.yaml").exists())
# What AWS's rules make of each source; the goldens have the sentences.
MUST_BE_FOUND = {
    "backup-and-dr": {
        "ALT001": "alerts without copies and missing runs",
        "LCK001": "weekly backups for 360 days under a lock of 180 at most",
        "LCK002": "their copies, under the same lock",
        "LCK004": "the lock is hard before the first weekly run",
        "LIF001": "cold after 30 days, deleted after 90",
        "REP001": "replicas as backups",
        "RPO001": "an RPO of 24 hours with one backup a day",
        "RPO002": "the same after the loss of the Region",
        "SEL004": "a plan that reaches into another account",
        "TYP002": "ECS in a plan",
    },
    "dora": {
        "REG001": "no separate copies",
        "REG002": "no other Region",
        "REG003": "no lock",
        "REG006": "no objectives",
        "RET002": "years of what has to be gone after 30 days",
        "RET003": "erasure against retention",
        "RST001": "a yearly vault under a test that looks back 30 days",
        "RST004": "restores that nobody looks into",
        "WIN001": "daily, monthly and yearly rules in one window",
    },
    "hipaa": {
        "BKT002": "MFA delete with lifecycle rules",
        "BKT003": "replication that skips encrypted objects",
        "LIF004": "cold storage for RDS",
        "MNT001": "a backup at 03:00, maintenance on Monday at 04:00",
        "REG008": "years that the law does not ask of backups",
        "REP001": "replicas as backups",
        "RET001": "2555 days are not seven years",
        "RPO001": "an RPO of 24 hours with one backup a day",
        "SRV001": "another Region in words alone",
    },
    "landing-zone": {
        "BKT002": "MFA delete with lifecycle rules",
        "REP001": "replicas as backups",
    },
    "three-tiers": {
        "ALT001": "alerts without expired jobs",
        "NAM002": "the default vault",
        "REG001": "development without copies, under HIPAA",
        "REG006": "no objectives",
    },
}


@pytest.fixture
def at_root(shell):
    """A shell in the repository, so that findings name files as a reader does."""
    return replace(shell, folder=ROOT, variables={"STRONGROOM_HOME": str(shell.folder / "home")})


def test_every_source_has_its_example():
    """Five sources, five examples, each with its strategy, its source to the letter, its organization and its page."""
    assert set(NAMES) == set(MUST_BE_FOUND) == set(strategyfile.EXAMPLES)
    for name in NAMES:
        for part in ("as-written/strategy.yaml", "organization.yaml", "README.md"):
            assert (EXAMPLES / name / part).is_file()


@pytest.mark.parametrize("name", NAMES)
def test_an_example_has_neither_errors_nor_warnings(at_root, name):
    """What we show is what we would deploy: remarks at most, and nothing is suppressed."""
    answer = at_root.strongroom("check", f"examples/{name}", "--format", "json")
    assert {finding["severity"] for finding in answer.json["findings"]} <= {"info"}
    assert answer.json["could_not_verify"] == answer.json["suppressed"] == []


@pytest.mark.parametrize("name", NAMES)
def test_a_source_to_the_letter_gives_what_was_reviewed(at_root, name, request):
    """Text and JSON of the findings are those that somebody read, and the exit code is 1."""
    check = ("check", f"examples/{name}/as-written", "--ignore", "UND001")
    printed = {
        "findings.txt": at_root.strongroom(*check, code=1).out,
        "findings.json": at_root.strongroom(*check, "--format", "json", code=1).out,
    }
    folder = GOLDEN / name
    if request.config.getoption("--update"):
        folder.mkdir(parents=True, exist_ok=True)
        for file, text in printed.items():
            (folder / file).write_text(text, encoding="utf-8")
    assert printed == {file: (folder / file).read_text(encoding="utf-8") for file in printed}


@pytest.mark.parametrize("name", NAMES)
def test_what_must_be_found_is_found(name):
    """The reviewed findings have what each source is known to get wrong."""
    document = json.loads((GOLDEN / name / "findings.json").read_text(encoding="utf-8"))
    missing = set(MUST_BE_FOUND[name]) - {finding["code"] for finding in document["findings"]}
    assert {code: MUST_BE_FOUND[name][code] for code in missing} == {}


@pytest.mark.parametrize("name", NAMES)
def test_an_example_renders(at_root, name, tmp_path):
    """Every example compiles to templates and policies, one policy for each of its plans at least."""
    at_root.strongroom("render", f"examples/{name}/strategy.yaml", "--out", tmp_path / "rendered")
    strategy = strategyfile.load(EXAMPLES / name / "strategy.yaml").strategy
    policies = [json.loads(file.read_text(encoding="utf-8")) for file in (tmp_path / "rendered" / "policies").glob("*.json")]
    assert {plan for policy in policies for plan in policy["plans"]} >= {plan.name for plan in strategy.plans}
    assert list((tmp_path / "rendered" / "stack-sets").glob("*.json"))


@pytest.mark.parametrize("name", strategyfile.EXAMPLES)
def test_an_example_is_a_template(shell, name):
    """`init` writes the example, with the files that it names, and never over something that is there."""
    shell.strongroom("init", "--template", name)
    written = {str(file.relative_to(shell.folder)): file.read_text(encoding="utf-8") for file in shell.folder.rglob("*.*")}
    expected = [EXAMPLES / name / "strategy.yaml", *(EXAMPLES / name).glob("checks/*.sql")]
    assert written == {str(file.relative_to(EXAMPLES / name)): file.read_text(encoding="utf-8") for file in expected}
    shell.strongroom("check", "strategy.yaml")
    (shell.folder / "strategy.yaml").unlink()
    if len(expected) > 1:
        assert "exists already" in shell.strongroom("init", "--template", name, code=2).err
        assert not (shell.folder / "strategy.yaml").exists()


@pytest.mark.parametrize("name", NAMES)
def test_every_file_that_a_strategy_names_is_there(name):
    """Validations stand beside the strategy that names them."""
    strategy = strategyfile.load(EXAMPLES / name / "strategy.yaml").strategy
    named = {validation.file for test in strategy.restore_tests for validation in test.validations if validation.file}
    assert named == {str(file.relative_to(EXAMPLES / name)) for file in (EXAMPLES / name).glob("checks/*.sql")}


def test_the_wheel_has_every_example():
    """What `init` and `demo` need is packaged."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    included = project["tool"]["hatch"]["build"]["targets"]["wheel"]["force-include"]
    assert {f"examples/{name}": f"strongroom/examples/{name}" for name in NAMES}.items() <= included.items()


@pytest.mark.long
@pytest.mark.parametrize("name", [name for name in NAMES if name != "three-tiers"])  # which the demo and other tests deploy
def test_an_example_runs_on_the_twin(shell, name):
    """Deployed to its own organization, ninety days pass without a failed job, and applying again changes nothing."""
    shutil.copytree(EXAMPLES / name, shell.folder, dirs_exist_ok=True)
    shell.variables = {"STRONGROOM_HOME": str(shell.folder / "home")}
    shell.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0")
    try:
        exports = re.findall(r"export (\w+)=(.*);", shell.strongroom("twin", "env").out)
        shell.variables = {**shell.variables, **dict(exports)}
        locks = shell.strongroom("plan", "--format", "json").json["plan"]["locks"]
        shell.strongroom("apply", "--yes", *(word for label in locks for word in ("--accept-lock", label)))
        counts = shell.strongroom("twin", "clock", "advance", "90d", "--format", "json").json["counts"]
        assert counts["backup_jobs"] == counts["backup_jobs_completed"] > 0
        assert counts["copy_jobs"] == counts["copy_jobs_completed"] > 0
        assert shell.strongroom("plan", "--format", "json").json["plan"]["steps"] == []
        shell.strongroom("sync")
    finally:
        shell.strongroom("twin", "down")


def test_what_the_demo_runs_is_the_example_with_restore_tests(at_root):
    """The same strategy word for word, with who tests and what is tested beside it; no error and no warning."""
    tested = (EXAMPLES / "three-tiers" / "with-restore-tests" / "strategy.yaml").read_text(encoding="utf-8")
    assert tested.startswith((EXAMPLES / "three-tiers" / "strategy.yaml").read_text(encoding="utf-8"))
    answer = at_root.strongroom("check", "examples/three-tiers/with-restore-tests", "--format", "json")
    assert {finding["severity"] for finding in json.loads(answer.out)["findings"]} <= {"info"}
