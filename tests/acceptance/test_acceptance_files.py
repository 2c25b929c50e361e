"""The verbs that need no AWS: init, check, schema, render, explain, and what they say about bad input."""

import json
from xml.etree import ElementTree as ET

import pytest

FAULTY = """\
strongroom: 1
organization: {home_region: eu-west-2, governs: [Workloads]}
vaults:
  vault: {in: every-account, lock: {mode: governance, max: 10d}}
plans:
  production:
    select: {tags: {environment: prod}}
    rules:
      daily: {at: "02:00", keep: 30d, vault: vault}
"""


@pytest.mark.parametrize("template", ["minimal", "three-tiers"])
def test_init_writes_what_check_accepts(shell, template):
    """A template is a strategy without findings, and is never overwritten."""
    shell.strongroom("init", "--template", template)
    assert "exists already" in shell.strongroom("init", code=2).err
    assert "no findings" in shell.strongroom("check").out


def test_init_names_the_templates(shell):
    """An unknown template is bad input that names the one that was meant, or all of them."""
    assert "did you mean hipaa?" in shell.strongroom("init", "--template", "hipa", code=2).err
    refused = shell.strongroom("init", "--template", "banking", code=2)
    assert "minimal, three-tiers, landing-zone, backup-and-dr, dora, hipaa" in refused.err
    assert not (shell.folder / "strategy.yaml").exists()


def test_findings_exit_with_1_in_every_format(shell):
    """Text, JSON, SARIF and JUnit tell the same findings and exit with 1."""
    (shell.folder / "strategy.yaml").write_text(FAULTY, encoding="utf-8")
    text = shell.strongroom("check", code=1).out
    found = shell.strongroom("check", "--format", "json", code=1).json["findings"]
    codes = [finding["code"] for finding in found]
    assert codes
    assert all(f"[{code}] strategy.yaml:" in text for code in codes)
    sarif = json.loads(shell.strongroom("check", "--format", "sarif", code=1).out)
    assert sarif["version"] == "2.1.0"
    results = sarif["runs"][0]["results"]
    assert [result["ruleId"] for result in results] == codes
    assert all(result["locations"][0]["physicalLocation"]["region"]["startLine"] > 1 for result in results)
    suite = ET.fromstring(shell.strongroom("check", "--format", "junit", code=1).out)  # noqa: S314 - our own output
    assert [case.get("classname") for case in suite.iter("testcase")] == codes


def test_no_findings_in_every_format(shell, example):
    """A good strategy exits with 0 and parses in every format."""
    assert shell.strongroom("check", example, "--format", "json").json["findings"] == []
    assert json.loads(shell.strongroom("check", example, "--format", "sarif").out)["runs"][0]["results"] == []
    suite = ET.fromstring(shell.strongroom("check", example, "--format", "junit").out)  # noqa: S314 - our own output
    assert [case.get("name") for case in suite.iter("testcase")] == ["no findings"]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        pytest.param("", "empty", id="empty"),
        pytest.param("plans: [\n", "strategy.yaml:", id="not YAML"),
        pytest.param("strongroom: 1\nplan: {}\n", "strategy.yaml:2:1", id="unknown key"),
        pytest.param("# " + "x" * 10_000_000, "", id="10 MB"),
        pytest.param(FAULTY.replace("30d", "30 days"), "strategy.yaml:9:", id="bad duration"),
        pytest.param(FAULTY.replace("eu-west-2", "eu-west-22"), "strategy.yaml:2:", id="unknown Region"),
        pytest.param(FAULTY.replace("vault: vault", "vault: valt"), "strategy.yaml:9:", id="vault not declared"),
        pytest.param(FAULTY.replace('"02:00"', '"cron(0 25 * * ? *)"'), "strategy.yaml:9:", id="bad cron"),
    ],
)
def test_a_file_that_is_no_strategy_is_bad_input(shell, content, says):
    """A faulty file exits with 2 and one place a mistake, from `check` and from the verbs that need a strategy."""
    (shell.folder / "strategy.yaml").write_text(content, encoding="utf-8")
    checked = shell.strongroom("check", code=2)
    assert says in checked.out + checked.err
    rendered = shell.strongroom("render", "--out", "rendered", code=2)
    assert "error" in rendered.err
    assert not (shell.folder / "rendered").exists()


@pytest.mark.parametrize("verb", ["check", "render", "plan", "apply", "sync", "verify"])
def test_no_such_file_is_bad_input(shell, verb):
    """A strategy that isn't there exits with 2 and the next thing to type."""
    assert "strongroom init" in shell.strongroom(verb, "nowhere.yaml", code=2).err


def test_mistyped_words_are_bad_input(shell):
    """Unknown verbs and options exit with 2; a near miss is suggested."""
    assert "'check'" in shell.strongroom("chekc", code=2).err
    shell.strongroom("check", "--fromat", "json", code=2)


def test_schema_is_json_schema(shell):
    """The schema parses and knows the parts of a strategy."""
    schema = json.loads(shell.strongroom("schema").out)
    assert {"plans", "vaults", "organization"} <= set(schema["properties"])


def test_render_names_what_no_file_deploys(shell, example):
    """What is declared and not deployed is in the text and in the JSON, with its place."""
    strategy = shell.folder / "strategy.yaml"
    text = (example / "strategy.yaml").read_text(encoding="utf-8")
    native = "native: {tables: {main: {select: {tags: {environment: prod}}, point_in_time: 35d}}}"
    strategy.write_text(f"{text}\n{native}\n", encoding="utf-8")
    line = len(text.splitlines()) + 2
    told = shell.strongroom("render", "--out", "out").out
    assert f"native tables main: verify compares it with what is on; whoever owns the resources sets it (strategy.yaml:{line}:" in told
    named = [each["subject"] for each in shell.strongroom("render", "--out", "out", "--format", "json").json["undeployed"]]
    assert "native tables main" in named


def test_render_writes_templates_without_lint_errors(shell, example):
    """Every rendered file parses; cfn-lint finds nothing in the templates."""
    shell.strongroom("render", example, "--out", "out")
    files = sorted(str(file.relative_to(shell.folder / "out")) for file in (shell.folder / "out").rglob("*.json"))
    assert {
        "bootstrap/strongroom-deploy.333333333333.template.json",
        "index.json",
        "organization/settings.json",
        "policies/three-tiers-production.json",
        "stack-sets/three-tiers-local.template.json",
        "stack-sets/three-tiers-roles.template.json",
        "stacks/three-tiers-central.333333333333.eu-west-2.template.json",
        "stacks/three-tiers-roles.333333333333.eu-west-2.template.json",
    } <= set(files)
    assert all(json.loads((shell.folder / "out" / file).read_text(encoding="utf-8")) for file in files)
    assert _linted(shell, [f"out/{file}" for file in files if file.endswith(".template.json")]) == "[]"


def test_the_read_role_is_a_template_without_lint_errors(shell, example):
    """The read role's template is clean, with trust in the strategy's accounts or in those named."""
    for name, arguments, trusted in (
        ("of-strategy.json", (example,), ("111111111111", "222222222222")),
        ("of-trust.json", ("--trust", "121212121212"), ("121212121212",)),
    ):
        template = shell.strongroom("render", "--read-role", *arguments).out
        assert json.loads(template)["Resources"]
        assert all(account in template for account in trusted)
        (shell.folder / name).write_text(template, encoding="utf-8")
    assert _linted(shell, ["of-strategy.json", "of-trust.json"]) == "[]"
    shell.strongroom("render", "--read-role", "--trust", "12", code=2)


def _linted(shell, files) -> str:
    return shell.run("cfn-lint", "--format", "json", "--non-zero-exit-code", "none", *files).out.strip()


@pytest.mark.parametrize("code", ["LCK001", "LIF001", "SEL001", "CPY001", "TZN001", "VRF010", "STR001", "ORG001"])
def test_explain_knows_the_codes_that_findings_carry(shell, code):
    """A code is explained: why it happens, how to mend it."""
    explained = shell.strongroom("explain", code).out
    assert explained.startswith(code)
    assert "Fix" in explained


def test_explain_suggests_the_code_that_was_meant(shell):
    """An unknown code is bad input with a near miss."""
    assert "LCK00" in shell.strongroom("explain", "LCK0001", code=2).err


def test_version_and_help_exit_with_0(shell):
    """Help lists the verbs and the exit codes."""
    assert shell.strongroom("--version").out.startswith("strongroom ")
    assert "3 could not verify" in " ".join(shell.strongroom("--help").out.split())


def test_without_credentials_aws_verbs_exit_with_4(shell, example):
    """No credentials: one error, exit code 4, nothing written."""
    for arguments in (("whoami", example), ("plan", example), ("apply", example, "--yes"), ("sync", example)):
        answer = shell.strongroom(*arguments, code=4, STRONGROOM_HOME=str(shell.folder / "home"))
        assert answer.err.count("error:") == 1
        assert "help:" in answer.err
    assert not (shell.folder / "home" / "ledger").exists()


def test_without_a_snapshot_nothing_can_be_verified(shell, example):
    """verify, prove and coverage exit with 3 and name `sync` before anything was read."""
    for arguments in (("verify", example), ("prove", "arn:aws:s3:::x", "--strategy", example), ("coverage",)):
        assert "strongroom sync" in shell.strongroom(*arguments, code=3, STRONGROOM_HOME=str(shell.folder / "home")).err
