"""`strongroom twin`: up, env, status, clock, down."""

import socket

import pytest
from tests.acceptance.conftest import Shell, exported


@pytest.fixture
def home(shell, tmp_path):
    """A shell that uses a state folder of its own; its twin is stopped at the end."""
    own = shell.at_home(tmp_path / "home")
    yield own
    own.strongroom("twin", "down")


SEED = """\
twin: 1
home_region: eu-west-2
organization: {management: {name: management, id: "111111111111"}}
users: [{name: admin, account: management, access_key: AKIATWINMANAGEMENT01, secret: local}]
"""


def test_a_twin_lives_from_up_to_down(home: Shell):
    """A twin that was started answers, moves its clock, is asked by a shell's AWS CLI, refuses a second one, and stops."""
    (home.folder / "organization.yaml").write_text(SEED, encoding="utf-8")
    started = home.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0", "--format", "json").json
    again = home.strongroom("twin", "up", "--seed", "organization.yaml", "--port", "0", code=2)
    assert "already runs" in again.err
    before = home.strongroom("twin", "status", "--format", "json").json
    assert (before["accounts"], before["endpoint"]) == (1, started["url"])
    moved = home.strongroom("twin", "clock", "advance", "36h", "--format", "json").json
    assert moved["now"] > before["now"]
    assert "backwards" in home.strongroom("twin", "clock", "advance", "backwards", code=2).err
    asked = home.run("sh", "-c", 'eval "$(strongroom twin env)" && aws sts get-caller-identity --query Account --output text')
    assert (asked.code, asked.out.strip()) == (0, "111111111111")
    assert exported(home.strongroom("twin", "env").out)["AWS_ENDPOINT_URL"] == started["url"]
    assert home.strongroom("twin", "down").out == "stopped\n"
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", int(started["url"].rpartition(":")[2])), timeout=2):
        pass


def test_without_a_twin_its_verbs_say_so(home: Shell):
    """No twin: env, status and clock are bad input; down has nothing to do."""
    for arguments in (("env",), ("status",), ("clock", "advance", "1d")):
        assert "strongroom twin up" in home.strongroom("twin", *arguments, code=2).err
    assert home.strongroom("twin", "down").out == "no twin was running\n"


def test_a_taken_port_or_a_bad_seed_starts_nothing(home: Shell):
    """A port that is taken, no such seed and a wrong seed exit with 2 and leave no twin."""
    (home.folder / "organization.yaml").write_text(SEED, encoding="utf-8")
    (home.folder / "wrong.yaml").write_text(SEED.replace("secret", "secrte"), encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert port in home.strongroom("twin", "up", "--seed", "organization.yaml", "--port", port, code=2).err
    assert "nowhere.yaml" in home.strongroom("twin", "up", "--seed", "nowhere.yaml", "--port", "0", code=2).err
    assert "wrong.yaml:4:" in home.strongroom("twin", "up", "--seed", "wrong.yaml", "--port", "0", code=2).err
    home.strongroom("twin", "status", code=2)
