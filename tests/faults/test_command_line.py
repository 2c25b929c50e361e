"""What is typed wrong, what the shell takes away, and what a terminal gets to see."""

import fcntl
import json
import os
import pty
import select
import signal
import subprocess
import sys
import termios
import time
from pathlib import Path

import pytest

from strongroom.errors import ExitCode

PROGRAM = str(Path(sys.executable).with_name("strongroom"))
SECONDS_MAX = 60
CTRL_C = b"\x03"


def own_the_terminal():
    """In a new process: make standard input its controlling terminal, so that Ctrl-C reaches it."""
    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def on_terminal(shell, *arguments, answer=b"", **env):
    """Run a command on a terminal of its own, and type the answer at its question; returns exit code and what the terminal showed."""
    ours, theirs = pty.openpty()
    running = subprocess.Popen(
        [PROGRAM, *arguments],
        cwd=shell.folder,
        env=shell._environment({"TERM": "xterm-256color", **env}),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        preexec_fn=own_the_terminal,  # noqa: PLW1509 - no threads before it
    )
    os.close(theirs)
    shown, typed, deadline = b"", False, time.monotonic() + SECONDS_MAX
    while time.monotonic() < deadline:
        if not select.select([ours], [], [], 2)[0]:
            if typed and answer == CTRL_C:  # one between Python's last look for signals and its read is seen with the next key
                os.write(ours, answer)
            continue
        try:
            part = os.read(ours, 65536)
        except OSError:  # the other side is closed
            break
        shown += part
        if answer and not typed and b"[y/N]" in shown:
            os.write(ours, answer)
            typed = True
    try:
        code = running.wait(timeout=max(1, deadline - time.monotonic()))  # before the terminal hangs up on it
    except subprocess.TimeoutExpired:
        running.kill()  # it must not disturb the tests that follow
        raise AssertionError(f"it does not end; it showed: {shown.decode()}") from None
    finally:
        os.close(ours)
    return code, shown.decode().replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("arguments", "message", "fix"),
    [
        (["chekc"], "no such verb 'chekc'", "did you mean 'check'?"),
        (["zzz"], "no such verb 'zzz'", "see what is possible: strongroom --help"),
        (["check", "--fromat", "json"], "no such option '--fromat'", "did you mean '--format'?"),
        (
            ["check", "--format", "yaml"],
            "invalid value for '--format': 'yaml' is not one of",
            "see what is possible: strongroom check --help",
        ),
        (["check", "a", "b"], "got unexpected extra argument (b)", "strongroom check --help"),
        (["explain"], "missing argument 'CODE'", "strongroom explain --help"),
        (["twin", "uup"], "no such command 'uup'", "did you mean 'up'?"),
        (["twin", "up"], "a twin is made of a seed or of a saved state", "give one of --seed FILE and --state FILE"),
        (
            ["twin", "up", "--seed", "x", "--port", "99999"],
            "invalid value for '--port': 99999 is not in the range 0<=x<=65535",
            "strongroom twin up --help",
        ),
        (["explain", "LCK01"], "there is no code 'LCK01'", "did you mean LCK001"),
        (["init", "--template", "minmal"], "there is no template 'minmal'", "minimal"),
        (["restore", "notanarn"], "'notanarn' is not an ARN", "as strongroom coverage prints it"),
        (["restore", "arn:aws:s3:::papers", "--at", ""], "invalid value for '--at': it is empty", "strongroom restore --help"),
        (["test", "--resource", "notanarn"], "'notanarn' is not an ARN", "as strongroom coverage prints it"),
        (["render", "--read-role", "--trust", "12"], "'12' is not an account id", "--trust 111122223333"),
    ],
    ids=" ".join,
)
def test_a_wrong_command_is_one_error_in_our_own_form(shell, arguments, message, fix):
    """Usage errors look like all others: one line, a help, exit code 2, nothing on standard output."""
    refused = shell.run(*arguments)
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert refused.err == refused.error + "\n"
    assert refused.error.startswith(f"error: {message}")
    assert fix in refused.error.split("\n  help: ")[1]


def test_nothing_is_overwritten_by_init(shell):
    """A strategy that exists stays as it is."""
    file = shell.write("strategy.yaml", "mine\n")
    refused = shell.run("init")
    assert (refused.code, file.read_text()) == (ExitCode.BAD_INPUT, "mine\n")
    assert refused.error == "error: strategy.yaml exists already\n  help: name another file or folder: strongroom init FILE"


@pytest.mark.parametrize(
    "arguments", [["render", "--out", "taken/here"], ["demo", "--report", "taken/report.json"], ["init", "taken/x.yaml"]]
)
def test_output_that_can_t_be_written_is_one_error(shell, arguments):
    """A file stands where a folder should: one error with the path."""
    shell.strategy("tiers")
    shell.write("taken", "")
    refused = shell.run(*arguments)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith("error: can't write taken/")
    assert (shell.folder / "taken").read_text() == ""


def test_a_reader_that_leaves_changes_no_exit_code(shell):
    """`strongroom check | head -1` ends quietly, with the exit code of the check."""
    shell.strategy("tiers", *[("keep: 30d", "keep: 30x")])
    script = f"set -o pipefail; {PROGRAM} check | head -c 1; echo; echo $?"
    said = subprocess.run(["bash", "-c", script], cwd=shell.folder, env=shell._environment({}), capture_output=True, text=True, check=False)
    assert (said.stdout.split()[0], said.stderr) == ("e", "")
    longer = f"{PROGRAM} schema | head -1; echo ${{PIPESTATUS[@]}}"
    said = subprocess.run(["bash", "-c", longer], cwd=shell.folder, env=shell._environment({}), capture_output=True, text=True, check=False)
    assert (said.stdout, said.stderr) == ("{\n0 0\n", "")


@pytest.mark.parametrize(
    ("redirection", "code", "err"),
    [
        (">&-", 0, ""),
        ("2>&-", 0, ""),
        (">&- 2>&-", 0, ""),
        (">/dev/full", 2, "error: can't write the output: No space left on device\n  help: make room, or write it elsewhere\n"),
    ],
)
def test_standard_streams_that_are_closed_or_full(shell, redirection, code, err):
    """A closed stream is nobody's error; a full disk is one error."""
    said = subprocess.run(
        ["bash", "-c", f"{PROGRAM} schema {redirection}"],
        cwd=shell.folder,
        env=shell._environment({}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert (said.returncode, said.stderr) == (code, err)


def test_what_the_terminal_s_encoding_lacks_is_no_traceback(shell):
    """In an ASCII locale a name with other letters is printed with escapes."""
    refused = shell.run("check", "naïve.yaml", LC_ALL="C", PYTHONCOERCECLOCALE="0", PYTHONUTF8="0")
    assert refused.code == ExitCode.BAD_INPUT
    assert "ve.yaml" in refused.error


def test_a_terminal_gets_colours_and_no_color_takes_them_away(shell):
    """Escape codes on a terminal only, and none with NO_COLOR or on a dumb terminal."""
    code, shown = on_terminal(shell, "check")
    assert (code, shown) == (2, "\x1b[31m\x1b[1merror\x1b[0m: there is no strategy.yaml\n  help: write one with: strongroom init\n")
    for env in ({"NO_COLOR": "1"}, {"TERM": "dumb"}):
        _, shown = on_terminal(shell, "check", **env)
        assert "\x1b" not in shown


def test_progress_is_a_bar_on_a_terminal_and_plain_with_no_color(world):
    """Reading shows a bar that goes away; with NO_COLOR there is none and no escape code."""
    world.shell.strategy("tiers")
    _, shown = on_terminal(world.shell, "sync")
    assert "reading" in shown
    assert "\x1b[" in shown
    _, shown = on_terminal(world.shell, "sync", NO_COLOR="1")
    assert "\x1b" not in shown
    assert "snapshot " in shown


def test_apply_asks_and_takes_no_for_an_answer(world):
    """On a terminal apply asks; the answer no, and Ctrl-C at the question, change nothing and exit with 130."""
    world.shell.strategy("asked")
    after = world.last_call()
    for answer in (b"n\n", CTRL_C):
        code, shown = on_terminal(world.shell, "apply", answer=answer, NO_COLOR="1")
        assert code == ExitCode.CANCELLED
        assert "steps? [y/N]" in shown
    assert world.writes(after) == []


@pytest.mark.parametrize(
    ("options", "message"), [([], "nobody is here to agree to the plan"), (["--format", "json"], "with --format json nobody")]
)
def test_apply_without_a_person_needs_yes(world, options, message):
    """Where nobody can answer, or has seen the plan, apply refuses with the way that works in a pipeline."""
    world.shell.strategy("unasked")
    after = world.last_call()
    refused = world.shell.run("apply", *options)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith(f"error: {message}")
    assert "--yes" in refused.error
    assert world.writes(after) == []


def test_steps_that_take_protection_away_need_a_word_of_their_own(world):
    """Removing a plan: --yes alone is not enough, and --allow-removals says so."""
    world.shell.strategy("removing")
    assert world.shell.run("apply", "--yes").code == 0
    world.shell.strategy("removing", ("production:", "other:"))
    after = world.last_call()
    refused = world.shell.run("apply", "--yes")
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith("error: 2 steps take protection away, first: detach backup policy removing-production from Workloads")
    assert "strongroom apply --allow-removals" in refused.error
    assert world.writes(after) == []
    assert world.shell.run("apply", "--yes", "--allow-removals").code == 0
    assert "nothing to do" in world.shell.run("plan").out


@pytest.mark.parametrize(
    "arguments",
    [
        ["whoami"],
        ["plan"],
        ["apply", "--yes"],
        ["resume"],
        ["sync"],
        ["coverage"],
        ["verify"],
        ["prove", "arn:aws:dynamodb:eu-west-2:555555555555:table/orders"],
        ["check"],
        ["explain", "LCK001"],
        ["render"],
        ["can", "root@shop", "kms:Decrypt", "*"],
        ["who-can", "delete"],
    ],
    ids=" ".join,
)
def test_json_is_all_that_standard_output_gets(synced_world, arguments):
    """Every verb prints one JSON document with a format_version and its own name, and nothing else."""
    said = synced_world.shell.run(*arguments, "--format", "json")
    document = json.loads(said.out)
    assert (document["format_version"], document["verb"], said.err) == (1, arguments[0], "")


def test_ctrl_c_while_reading_leaves_no_half_snapshot(world, until):
    """Ctrl-C during sync: cancelled at once, exit code 130, no snapshot."""
    world.shell.strategy("base")
    world.fault("silent-region", region="eu-west-1", how="hang")
    running = world.shell.start("sync")
    until(world.hits)
    running.send_signal(signal.SIGINT)
    out, err = running.communicate(timeout=10)
    assert (running.returncode, out, err.split()) == (ExitCode.CANCELLED, b"", [b"cancelled"])
    assert world.shell.run("coverage").code == ExitCode.COULD_NOT_VERIFY
