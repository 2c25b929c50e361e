"""Starting and using a twin when something is in the way."""

import signal
import socket

import pytest

from strongroom.errors import ExitCode
from strongroom.twin import client as control

HIDE = """
import importlib.machinery
real = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    return None if name.partition(".")[0] in {"moto", "flask", "time_machine"} else real(name, path, target)
importlib.machinery.PathFinder.find_spec = find_spec
"""
SEED = "twin: 1\nhome_region: eu-west-2\norganization:\n  management: {name: management, id: '111111111111'}\n"
SEED += "users: [{name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: local}]\n"


@pytest.mark.parametrize("arguments", [["twin", "up", "--seed", "seed.yaml"], ["demo"]], ids=" ".join)
def test_the_twin_extra_is_missing(shell, arguments):
    """Without moto: what is missing and the command that installs it; the verbs that don't need it go on working."""
    shell.write("seed.yaml", SEED)
    shell.write("hidden/sitecustomize.py", HIDE)
    path = ":".join(filter(None, [str(shell.folder / "hidden"), shell._environment({}).get("PYTHONPATH", "")]))
    refused = shell.run(*arguments, PYTHONPATH=path)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error == "error: the twin needs moto, flask, time_machine\n  help: install it with: pip install 'strongroom[twin]'"
    shell.strategy("tiers")
    assert shell.run("check", PYTHONPATH=path).code == 0


@pytest.mark.parametrize(
    ("seed", "message"),
    [
        ("", "seed.yaml"),
        ("twin: 1\nhome_regoin: eu-west-2\n", "seed.yaml:2:1  key 'home_regoin' is unknown"),
        ("- a\n- b\n", "seed.yaml"),
        ("a: [", "seed.yaml"),
        (b"\x89PNG\xff", "seed.yaml is not UTF-8 text"),
    ],
    ids=["empty", "unknown key", "a list", "not YAML", "binary"],
)
def test_a_wrong_seed_file(shell, seed, message):
    """A seed file that is wrong is named with the place, nothing stays running, no traceback."""
    (shell.folder / "seed.yaml").write_bytes(seed if isinstance(seed, bytes) else seed.encode())
    refused = shell.run("twin", "up", "--seed", "seed.yaml", "--port", "0")
    assert (refused.code, refused.out) == (ExitCode.BAD_INPUT, "")
    assert refused.error.startswith(f"error: {message}")
    assert "no twin runs for " in shell.run("twin", "status").error


def test_the_port_is_taken(shell):
    """A port in use is named, with the way out; nothing stays behind."""
    shell.write("seed.yaml", SEED)
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        refused = shell.run("twin", "up", "--seed", "seed.yaml", "--port", port)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.startswith(f"error: can't take port {port} on 127.0.0.1: ")
    assert "--port, or 0 for any free one" in refused.error
    assert "no twin runs for " in shell.run("twin", "status").error


@pytest.mark.parametrize("arguments", [["status"], ["env"], ["clock", "advance", "1d"]], ids=" ".join)
def test_no_twin_runs(shell, arguments):
    """Verbs of the twin without a twin: how to start one; stopping none is no error."""
    refused = shell.run("twin", *arguments)
    assert refused.code == ExitCode.BAD_INPUT
    assert refused.error.endswith("help: start one with: strongroom twin up --seed FILE")
    assert shell.run("twin", "down").out == "no twin was running\n"


def test_a_twin_of_one_s_own(own_world, until):
    """A second twin in one home, a duration that is none, Ctrl-C while the clock moves: one line each."""
    home = str(own_world.shell.folder / "twin-home")
    run = own_world.shell.run
    own_world.shell.write("seed.yaml", SEED)
    assert "error: a twin already runs for " in run("twin", "up", "--seed", "seed.yaml", STRONGROOM_HOME=home).error
    refused = run("twin", "clock", "advance", "soon", STRONGROOM_HOME=home)
    assert (refused.code, "'soon'" in refused.error) == (ExitCode.BAD_INPUT, True)

    own_world.shell.strategy("tiers")
    assert run("apply", "--yes").code == 0
    moving = own_world.shell.start("twin", "clock", "advance", "20000d", STRONGROOM_HOME=home)
    until(lambda: control.clock(own_world.endpoint)["moving"])
    moving.send_signal(signal.SIGINT)
    out, err = moving.communicate(timeout=10)
    assert (moving.returncode, out) == (ExitCode.CANCELLED, b"")
    assert err.decode() == ("error: the twin goes on moving its clock\n  help: wait for it, or stop it with: strongroom twin down\n")
