"""`can` and `who-can` with input that is wrong: findings with their places, one error with its help, never a traceback."""

import json
import shutil

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from strongroom import ledger
from strongroom.domain.tables import TABLES
from strongroom.errors import ExitCode

KEEPER = "arn:aws:iam::333333333333:role/keeper"
VAULT = "arn:aws:backup:eu-west-2:333333333333:backup-vault:central"
DOCUMENT = f"""\
access: 1
principals:
  - arn: {KEEPER}
    policies: [keeper.json]
    trust: {{Version: "2012-10-17", Statement: []}}
    tags: {{}}
resources:
  - {{arn: "{VAULT}", policy: none}}
"""
STATEMENT = '{"Effect": "Allow", "Action": "backup:*", "Resource": "*"}'
POLICY = f'{{"Version": "2012-10-17",\n "Statement": [{STATEMENT}]}}'
CAN = ("can", KEEPER, "backup:DeleteBackupVault", VAULT)
WHO = ("who-can", "delete-vault")


@pytest.fixture
def entitled(shell):
    """A shell beside an access document, with pieces of its files replaced."""

    def writing(**files):
        for name, text in {
            "access.yaml": DOCUMENT,
            "keeper.json": POLICY,
            **{key.replace("_", "."): each for key, each in files.items()},
        }.items():
            shell.write(name, text)
        return shell

    return writing


@pytest.mark.parametrize("question", [CAN, WHO], ids=lambda value: value[0])
def test_the_document_answers(entitled, question):
    """Without any mistake: exit code 0."""
    assert entitled().run(*question, "--policies", ".").code == ExitCode.PROVEN


@pytest.mark.parametrize("question", [CAN, WHO], ids=lambda value: value[0])
def test_a_file_that_is_not_there(shell, question):
    """Its name, and what could be there."""
    refused = shell.run(*question, "--policies", "nowhere.yaml")
    assert refused.code == ExitCode.BAD_INPUT
    assert "nowhere.yaml" in refused.error


@pytest.mark.parametrize("question", [CAN, WHO], ids=lambda value: value[0])
@pytest.mark.parametrize(
    ("files", "place"),
    [
        ({"access_yaml": "access: 1\nprincipals: [\n"}, "access.yaml:3:1"),
        ({"access_yaml": DOCUMENT.replace("principals", "principles")}, "access.yaml:2:1"),
        ({"access_yaml": DOCUMENT.replace("role/keeper", "group/keeper")}, "access.yaml:3:"),
        ({"access_yaml": DOCUMENT.replace("keeper.json", "kept.json")}, "access.yaml:4:"),
    ],
    ids=["not YAML", "unknown key", "no principal", "no such policy"],
)
def test_a_document_that_answers_nothing(entitled, question, files, place):
    """All findings with their places, then one error: exit code 2."""
    refused = entitled(**files).run(*question, "--policies", ".")
    assert refused.code == ExitCode.BAD_INPUT
    assert f"] {place}" in refused.err
    assert "\nerror: access.yaml has " in refused.err
    assert refused.out == ""


@pytest.mark.parametrize(
    ("policy", "place"),
    [
        (POLICY.replace('"Allow"', '"Perhaps"'), "keeper.json:2:27"),
        (POLICY.replace('"Resource": "*"', '"Resource": "*", "Condition": {"StringEqualz": {"aws:PrincipalArn": "x"}}'), "keeper.json:2:"),
        (POLICY.replace("]", ""), "keeper.json:2:"),
    ],
    ids=["effect", "operator", "not JSON"],
)
def test_a_policy_that_aws_would_refuse_is_unknown_never_allowed(entitled, policy, place):
    """A finding with file, line and column, on standard error; what it would decide is unknown, or nothing can be answered."""
    said = entitled(keeper_json=policy).run(*CAN, "--policies", ".")
    assert said.code in {ExitCode.COULD_NOT_VERIFY, ExitCode.BAD_INPUT}
    assert "allowed" not in said.out
    assert f"] {place}" in said.err
    who = entitled(keeper_json=policy).run(*WHO, "--policies", ".", "--format", "json")
    assert who.code == said.code
    if who.code == ExitCode.COULD_NOT_VERIFY:
        document = json.loads(who.out)
        assert [row["principal"] for row in document["unknown"]] == [KEEPER]
        assert document["findings"][0]["origin"].startswith("keeper.json:2:")


def test_a_change_that_isn_t_known_is_no_certain_way(entitled):
    """A condition that AWS would refuse on the permission to change policies: unknown with escalations, and no way at all without."""
    changes = POLICY.replace("backup:*", "iam:PutRolePolicy").replace(
        '"Resource": "*"', '"Resource": "*", "Condition": {"StringEqualz": {"aws:PrincipalArn": "x"}}'
    )
    shell = entitled(keeper_json=changes)
    asked = shell.run(*WHO, "--policies", ".", "--escalations", "--format", "json")
    assert asked.code == ExitCode.COULD_NOT_VERIFY
    document = json.loads(asked.out)
    assert KEEPER not in {row["principal"] for row in document["could"]}
    (row,) = [row for row in document["unknown"] if row["principal"] == KEEPER]
    assert [(step["change"], step["verdict"]) for step in row["steps"]] == [(True, "unknown")]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((*WHO, "--policies", ".", "--ledger"), "error: --policies and --ledger exclude each other"),
        ((*WHO, "--policies", ".", "--as-of", "2026-11-21"), "error: documents have no history"),
        ((*WHO, "--policies", ".", "--unless-rail", "keeper.yaml"), "error: "),
        ((*WHO, "--policies", ".", "--unless-rail", "bad.json"), "error: bad.json has 1 error\n  help: repair what the findings name"),
        ((*WHO, "--policies", ".", "--with-rails", "strategy.yaml"), "error: there is no strategy.yaml"),
        ((*WHO, "--policies", ".", "--through", "9"), "error: invalid value for '--through'"),
        (("who-can", "deleet", "--policies", "."), "error: nothing is known about 'deleet'\n  help: did you mean delete?"),
        (
            ("who-can", "delete", "centrall", "--policies", "."),
            "error: there is no resource 'centrall' among those read\n  help: did you mean central?",
        ),
        (("who-can",), "error: missing argument 'VERB'"),
        (("can", KEEPER), "error: missing argument 'ACTION'"),
        ((*CAN, "--policies", ".", "--context", "mfa"), "error: 'mfa' is no context key with a value"),
        ((*CAN, "--policies", ".", "--session-policy", "bad.json"), "error: bad.json has 1 error"),
        (("can", "keeper", "deleet", "central", "--policies", "."), "error: 'deleet' is no action"),
    ],
    ids=lambda value: " ".join(value)[-40:] if isinstance(value, tuple) else "",
)
def test_options_that_are_wrong(entitled, arguments, message):
    """One error and its help: exit code 2."""
    shell = entitled(bad_json=POLICY.replace('"Allow"', '"Perhaps"'))
    refused = shell.run(*arguments)
    assert refused.code == ExitCode.BAD_INPUT
    assert message in refused.error


@pytest.mark.parametrize("question", [CAN, WHO], ids=lambda value: value[0])
def test_without_a_ledger(shell, question):
    """Nothing was synced: exit code 3 and the verb that does it."""
    refused = shell.run(*question)
    assert refused.code == ExitCode.COULD_NOT_VERIFY
    assert refused.error.endswith("help: run: strongroom sync")


def test_a_damaged_ledger_is_one_error(synced_world, tmp_path):
    """A table that was cut: exit code 3, not an answer about fewer principals."""
    home = tmp_path / "home"
    shutil.copytree(synced_world.shell.folder / ".strongroom" / "ledger", home / "ledger")
    table = max(home.glob("ledger/*/principals.parquet"))  # of the newest snapshot
    table.write_bytes(table.read_bytes()[:-10])
    refused = synced_world.shell.run("who-can", "delete", STRONGROOM_HOME=str(home))
    assert refused.code == ExitCode.COULD_NOT_VERIFY
    assert "principals.parquet is damaged" in refused.error


def test_a_ledger_without_principals_makes_everything_unknown(synced_world, tmp_path):
    """A snapshot from before principals were synced: nobody is proven to be harmless, every account is unread."""
    newest = ledger.latest(synced_world.shell.folder / ".strongroom")
    later = {"principals", "principal_policies", "policy_texts", "grants", "control_policies"}
    tables = {table.name: newest.table(table.name) for table in TABLES if table.name not in later}
    reads = tables["reads"]
    tables["reads"] = reads.filter(pc.invert(pc.is_in(reads["subject"], value_set=pa.array(sorted(later)))))
    ledger.write(tmp_path, tables, observed_at=newest.observed_at, source={})
    said = synced_world.shell.run("who-can", "delete-vault", "--format", "json", STRONGROOM_HOME=str(tmp_path))
    assert said.code == ExitCode.COULD_NOT_VERIFY
    answer = json.loads(said.out)
    holders = {subject["account"] for subject in answer["subjects"]}
    assert {row["principal"].split(":")[4] for row in answer["unknown"] if row["principal"].endswith(":role/*")} >= holders
    assert {gap["account"] for gap in answer["unread"] if gap["what"] == "principals"} >= holders
