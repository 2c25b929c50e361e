"""What `can` and `who-can` print, at a hundred characters a line."""

import json

import pytest
from click.testing import CliRunner

from strongroom.cli.app import cli
from strongroom.cli.printing import print_wrapped
from strongroom.errors import ExitCode
from strongroom.semantics.authorization.operations import verbs

CENTRAL, SHOP = "333333333333", "555555555555"
VAULT = f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:central"
KEEPER = f"arn:aws:iam::{CENTRAL}:role/keeper"
DOCUMENT = """\
access: 1
organization: {id: o-exampleorg1, root: r-ab12}
accounts:
  "111111111111": {name: management, management: true}
  "333333333333": {name: central}
  "555555555555": {name: shop}
principals:
  - {arn: "arn:aws:iam::111111111111:role/auditor", policies: [], trust: {Version: "2012-10-17", Statement: []}, tags: {}}
  - arn: arn:aws:iam::555555555555:role/deploy
    policies: [{name: hop, policy: {Version: "2012-10-17", Statement: [{Effect: Allow, Action: "sts:AssumeRole", Resource: "*"}]}}]
    trust: {Version: "2012-10-17", Statement: []}
    tags: {}
  - arn: arn:aws:iam::333333333333:role/keeper
    policies: [keeper.json]
    trust: {Version: "2012-10-17", Statement: [{Sid: FromShop, Effect: Allow, Principal: {AWS: "555555555555"}, Action: "sts:AssumeRole"}]}
    tags: {}
  - arn: arn:aws:iam::333333333333:role/break-glass
    policies: [glass.json]
    trust: {Version: "2012-10-17", Statement: []}
    tags: {}
resources:
  - {arn: "arn:aws:backup:eu-west-2:333333333333:backup-vault:central", policy: none}
controls: []
"""
DELETE = {"Sid": "Del", "Effect": "Allow", "Action": "backup:Delete*", "Resource": "*"}
GLASS = {**DELETE, "Sid": "WithMfa", "Condition": {"Bool": {"aws:MultiFactorAuthPresent": "true"}}}


@pytest.fixture
def run(tmp_path, monkeypatch):
    """`run(verb, …)`: exit code, standard output and standard error of a verb over the document."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "100")
    (tmp_path / "access.yaml").write_text(DOCUMENT)
    for name, statement in (("keeper", DELETE), ("glass", GLASS), ("rail", {**DELETE, "Effect": "Deny"})):
        (tmp_path / f"{name}.json").write_text(json.dumps({"Version": "2012-10-17", "Statement": [statement]}))

    def running(*arguments):
        done = CliRunner().invoke(cli, [*arguments, "--policies", "."], standalone_mode=False, catch_exceptions=False)
        return done.return_value, done.stdout, done.stderr

    return running


def test_who_can_in_words(run):
    """Those who could, the shortest way first, and those of whom it isn't known; no line is longer than the terminal."""
    code, out, _ = run("who-can", "delete-vault")
    assert code == ExitCode.COULD_NOT_VERIFY
    assert (
        out
        == """\
delete-vault: delete a vault, once it is empty, asked of vault central of central 333333333333,
  eu-west-2

could
  role keeper of central 333333333333
    deletes it (backup:DeleteBackupVault)
    statement 1 (Del) of policy keeper of role keeper (identity policy) allows it
    at keeper.json:1:1
  root user of central 333333333333
    deletes it (backup:DeleteBackupVault)
    the account, whose root user no identity policy limits, allows it
  role deploy of shop 555555555555 -> role keeper of central 333333333333
    deletes it (backup:DeleteBackupVault)
    statement 1 (Del) of policy keeper of role keeper (identity policy) allows it
    at keeper.json:1:1

unknown
  role break-glass of central 333333333333
    deletes it (backup:DeleteBackupVault)
    statement 1 (WithMfa) of policy glass of role break-glass (identity policy) may allow it:
      aws:MultiFactorAuthPresent not known
    at glass.json:1:1

delete-vault: 3 principals could, 1 unknown (access.yaml)
"""
    )


def test_who_can_with_a_guard_rail(run):
    """Whom it would stop is told with each, and counted."""
    _, out, _ = run("who-can", "delete-vault", "central", "--unless-rail", "rail.json")
    assert out.count("    guard rail rail.json would stop it\n") == 4
    assert out.splitlines()[-1] == "delete-vault: 3 principals could, guard rails stop 3 of them, 1 unknown (access.yaml)"


def test_who_can_in_json(run):
    """Everything that the words say, and each assumption's reason."""
    code, out, err = run("who-can", "delete-vault", "--format", "json")
    document = json.loads(out)
    assert (document["format_version"], document["verb"], document["exit_code"], code, err) == (1, "who-can", 3, 3, "")
    assert (document["asked"], [each["arn"] for each in document["subjects"]]) == ("delete-vault", [VAULT])
    longest = document["could"][-1]
    assert longest["chain"] == [f"arn:aws:iam::{SHOP}:role/deploy", KEEPER]
    assert longest["statement"]["sid"] == "Del"
    assert longest["statement"]["number"] == 1
    assert longest["assumed"][0].startswith("statement 1 (FromShop) of trust policy of role keeper")
    assert [each["missing"] for each in document["unknown"]] == [["aws:MultiFactorAuthPresent"]]


OPS = f"""\
  - arn: arn:aws:iam::{CENTRAL}:role/ops
    policies: [{{name: own, policy: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Action: "iam:PutRolePolicy", Resource: "*"}}]}}}}]
    trust: {{Version: "2012-10-17", Statement: [{{Effect: Allow, Principal: {{AWS: "{SHOP}"}}, Action: "sts:AssumeRole"}}]}}
    tags: {{}}
"""


def test_changes_of_policies_are_told_apart_from_roles_that_are_assumed(run, tmp_path):
    """Under a title of their own, step by step, with the statement that allows the change; in JSON each step is marked."""
    only = DOCUMENT.replace('{AWS: "555555555555"}', '{AWS: "333333333333"}')
    (tmp_path / "access.yaml").write_text(only.replace("resources:\n", f"{OPS}resources:\n"))
    _, out, _ = run("who-can", "delete-vault", "--escalations")
    assert (
        """\
could by changing policies or passing roles first
  role ops of central 333333333333
    first changes its own permissions
    then deletes it (backup:DeleteBackupVault)
    statement 1 of own (identity policy) allows it
    at access.yaml:22:36
  role deploy of shop 555555555555
    first assumes role ops
    then in central 333333333333 changes its own permissions
    then deletes it (backup:DeleteBackupVault)
    statement 1 of own (identity policy) allows it
    at access.yaml:22:36

unknown
"""
        in out
    )
    assert out.endswith(
        "\ndelete-vault: 4 principals could, 2 of them by changing policies or passing roles first, 1 unknown\n  (access.yaml)\n"
    )
    document = json.loads(run("who-can", "delete-vault", "--escalations", "--format", "json")[1])
    (far,) = [each for each in document["could"] if each["principal"].endswith("/deploy")]
    assert [(step["words"], step["change"], step["verdict"]) for step in far["steps"]] == [
        ("assumes role ops", False, "allowed"),
        ("changes its own permissions", True, "allowed"),
    ]
    assert len(far["assumed"]) == 1


def test_whom_identity_providers_sign_in_and_vaults_are_shared_with(run, tmp_path):
    """Nobody knows who they are: they are called by what lets them in."""
    saml, federated = f"arn:aws:iam::{CENTRAL}:saml-provider/corp", '{Federated: "PROVIDER"}, Action: "sts:AssumeRoleWithSAML"'
    trust = f'{{AWS: "{SHOP}"}}, Action: "sts:AssumeRole"'
    assert trust in DOCUMENT
    (tmp_path / "access.yaml").write_text(DOCUMENT.replace(trust, federated.replace("PROVIDER", saml)))
    assert "  whom identity provider corp of central 333333333333 signs in -> role keeper\n" in run("who-can", "delete-vault")[1]
    by_web = federated.replace("PROVIDER", "accounts.example.com").replace("SAML", "WebIdentity")
    (tmp_path / "access.yaml").write_text(DOCUMENT.replace(trust, by_web))
    assert (
        "  whom identity provider accounts.example.com signs in -> role keeper of central 333333333333\n"
        in run("who-can", "delete-vault")[1]
    )
    assert "\n  any account that it is shared with\n" in run("who-can", "restore")[1]


def test_can_in_words(run):
    """Verdict, who, what, why and where; with --explain what every layer says."""
    code, out, _ = run("can", "keeper", "backup:deletebackupvault", "central", "--explain")
    assert code == ExitCode.PROVEN
    assert (
        out
        == """\
allowed: backup:DeleteBackupVault
  who:  role keeper of central 333333333333
  on:   vault central of central 333333333333, eu-west-2
  why:  statement 1 (Del) of policy keeper of role keeper (identity policy) allows it
  at:   keeper.json:1:1
  identity policy           allowed
    Allow  statement 1 (Del) of policy keeper of role keeper, keeper.json:1:1
"""
    )


def test_can_says_what_the_call_must_be_known_for(run):
    """The option to type; a recovery point's vault is asked about as a whole."""
    code, out, _ = run("can", "break-glass", "backup:DeleteRecoveryPoint", "central")
    assert code == ExitCode.COULD_NOT_VERIFY
    assert "  on:   recovery points in vault central of central 333333333333, eu-west-2\n" in out
    assert "  help: say what the call has: --context aws:MultiFactorAuthPresent=…\n" in out


def test_can_in_json(run):
    """One document, with every layer."""
    code, out, _ = run("can", "deploy", "backup:DeleteBackupVault", "central", "--format", "json")
    document = json.loads(out)
    assert (document["verdict"], document["exit_code"], code) == ("denied", 1, ExitCode.FINDINGS)
    assert document["answers"][0]["because"].startswith("AWS Backup lets other accounts do nothing but copy")
    assert [layer["layer"] for layer in document["answers"][0]["layers"]] == ["identity policy"]


def test_notes_go_beside_the_answer(run):
    """A mistyped action is asked, and noted on standard error."""
    _, out, err = run("can", "keeper", "backup:DeleteBackupVolt", "central", "--format", "json")
    assert json.loads(out)["notes"] == ["nothing is known of the action backup:DeleteBackupVolt: did you mean backup:DeleteBackupVault?"]
    assert err.startswith("note: nothing is known of the action")


def test_many_groups_are_cut(run, tmp_path):
    """Forty, then how many principals more there are and how to see them."""
    roles = "".join(
        f'  - {{arn: "arn:aws:iam::{CENTRAL}:role/r{number}", policies: [{{name: own{number}, policy: '
        f'{{Version: "2012-10-17", Statement: [{json.dumps(DELETE)}]}}}}], trust: {{Version: "2012-10-17", Statement: []}}, tags: {{}}}}\n'
        for number in range(60)
    )
    (tmp_path / "access.yaml").write_text(DOCUMENT.replace("resources:\n", f"{roles}resources:\n"))
    _, out, _ = run("who-can", "delete-vault")
    assert out.count("  role r") < 45
    assert "  and 23 principals more; all of them: --format json\n" in out


def test_a_name_can_t_speak_to_the_terminal(capsys):
    """Escape codes and line breaks in what others named are shown, not sent."""
    print_wrapped("policy evil\x1b[2J of\nrole x", "  ")
    assert capsys.readouterr().out == "  policy evil\\x1b[2J of\\nrole x\n"


def test_the_help_names_every_verb():
    """What `who-can` knows is what its help says."""
    shown = CliRunner().invoke(cli, ["who-can", "--help"]).stdout
    assert [verb for verb in verbs() if f" {verb}" not in shown] == []
