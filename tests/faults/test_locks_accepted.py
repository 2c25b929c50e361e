"""A compliance lock is put by an explicit word for each vault, after what it commits to was shown, and last of all."""

import json

from strongroom.errors import ExitCode

LOCK = (
    "central: {in: central, region: eu-west-2}",
    "central: {in: central, region: eu-west-2, lock: {mode: compliance, min: 1d, max: 3y, grace: 3d}}",
)
CENTRAL = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}


def test_without_the_word_nothing_is_written(world):
    """The rehearsal is shown, then a finding with the word to add: exit code 1; another vault's name is bad input."""
    world.shell.strategy("hardening", LOCK)
    after = world.last_call()
    refused = world.shell.run("apply", "--yes", "--no-drift")
    assert refused.code == ExitCode.FINDINGS
    lines = (world.shell.folder / "strategy.yaml").read_text(encoding="utf-8").splitlines()
    declared = next(number for number, line in enumerate(lines, start=1) if LOCK[1] in line)
    rehearsal, finding = (refused.out.index(text) for text in ("changeable  until ", f"error[APL001] strategy.yaml:{declared}:"))
    assert rehearsal < finding
    assert "  help: read the rehearsal, then add: --accept-lock central\n" in refused.out
    document = json.loads(world.shell.run("apply", "--yes", "--no-drift", "--format", "json").out)
    assert ([each["code"] for each in document["findings"]][-1], document["locks"]["locks"][0]["lock"]["label"]) == ("APL001", "central")
    mistyped = world.shell.run("apply", "--yes", "--accept-lock", "centrall")
    assert (mistyped.code, mistyped.error) == (
        ExitCode.BAD_INPUT,
        "error: the strategy has no vault 'centrall'\n  help: did you mean central?",
    )
    assert world.writes(after) == []


def test_with_the_word_the_lock_is_the_last_write(world):
    """The vault is there, the policy attached, then the lock comes; a second apply needs no word any more."""
    world.shell.strategy("hardened", LOCK)
    after = world.last_call()
    assert world.shell.run("apply", "--yes", "--no-drift", "--accept-lock", "central").code == 0
    operations = [call["operation"] for call in world.writes(after)]
    assert (operations[-2:], operations.count("CreateStack"), operations.count("UpdateStack")) == (["AttachPolicy", "UpdateStack"], 2, 1)
    vault = world.client("backup", **CENTRAL).describe_backup_vault(BackupVaultName="hardened-central")
    assert (vault["Locked"], vault["MinRetentionDays"], vault["MaxRetentionDays"]) == (True, 1, 1096)
    assert "nothing to do" in world.shell.run("apply", "--yes", "--no-drift").out


def test_a_lock_in_a_plan_file_has_to_be_accepted_too(world):
    """The file says which locks its steps put; a file alone is no agreement."""
    world.shell.strategy("filed-lock", LOCK)
    assert world.shell.run("plan", "--out", "p.json").code == 0
    assert json.loads((world.shell.folder / "p.json").read_text())["locks"] == ["central"]
    after = world.last_call()
    assert world.shell.run("apply", "--plan", "p.json", "--yes").code == ExitCode.FINDINGS
    assert world.writes(after) == []
    assert world.shell.run("apply", "--plan", "p.json", "--yes", "--accept-lock", "central").code == 0
