"""The twin as a process that is started, asked and stopped; importing this module imports neither moto nor boto3."""

import fcntl
import importlib.util
import json
import os
import select
import signal
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from strongroom.errors import BadInput, CouldNotVerify, MissingExtra
from strongroom.twin import client
from strongroom.twin.state import LOOPBACK, STATE_FILE, Endpoint, read_state

DEFAULT_PORT = 4577
START_SECONDS_MAX = 60.0
STOP_SECONDS_MAX = 10.0
_EXTRA = ("moto", "flask", "time_machine", "boto3")  # what the [twin] extra brings


def up(
    home: Path,
    port: int,
    seed: Path | None = None,
    *,
    state: Path | None = None,
    start: str = "",
    enforce_iam: bool | None = None,
    host: str = LOOPBACK,
) -> Endpoint:
    """Start the twin of a seed or of a saved state, wait until it is ready, and return where it is; port 0 takes any free one.

    `start` is an ISO 8601 instant at which the clock begins and stands until it is moved; without one it begins now, or where the
    saved one stood, and ticks. `enforce_iam`: every call and job is asked of IAM first; None: as the saved twin did, and not for a
    seed. `host` is the IPv4 address to listen at. Raises BadInput (one runs already for this home, the port is taken, the file is
    wrong), MissingExtra, or CouldNotVerify when the process ends or hangs without a word. Nothing is left running then.
    """
    check_extra()
    options = [*origin(seed, state, start, enforce_iam=enforce_iam), "--host", host]
    folder = home / STATE_FILE.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadInput(f"can't write below {home}: {error.strerror}", hint="set STRONGROOM_HOME to a folder that can be written") from error
    with _alone(folder):
        running = _running(home)
        if running:
            raise BadInput(f"a twin already runs for {home} at {running.url}", hint="stop it with: strongroom twin down")
        (home / STATE_FILE).unlink(missing_ok=True)  # of a twin that died
        return _start(home, port, options)


def check_extra() -> None:
    """Raise MissingExtra where the twin's libraries are not installed."""
    missing = [name for name in _EXTRA if importlib.util.find_spec(name) is None]
    if missing:
        raise MissingExtra(f"the twin needs {', '.join(missing)}", hint="install it with: pip install 'strongroom[twin]'")


def origin(seed: Path | None, state: Path | None, start: str = "", *, enforce_iam: bool | None = None) -> list[str]:
    """Return the server's options for where a twin comes from and how it begins; raises BadInput unless it is one of both."""
    if (seed is None) == (state is None):
        raise BadInput("a twin is made of a seed or of a saved state", hint="give one of --seed FILE and --state FILE")
    file = ["--seed", str(seed)] if seed is not None else ["--state", str(state)]
    enforced = [] if enforce_iam is None else ["--enforce-iam" if enforce_iam else "--no-enforce-iam"]
    return [*file, *(["--start", start] if start else []), *enforced]


def running(home: Path) -> Endpoint:
    """Return the twin of a home; raises BadInput when none runs."""
    endpoint = _running(home)
    if endpoint is None:
        raise BadInput(f"no twin runs for {home}", hint="start one with: strongroom twin up --seed FILE")
    return endpoint


def status(home: Path) -> dict[str, Any]:
    """Return accounts, resources, virtual now and the numbers of AWS Backup; raises BadInput when no twin runs."""
    return client.status(running(home))


def advance(home: Path, duration: str) -> dict[str, Any]:
    """Let time such as `90d` pass, and return the new now and what happened; raises BadInput."""
    return client.move_clock(running(home), advance=duration)


def down(home: Path) -> bool:
    """Stop the twin of a home and wait until it is gone; False when there was none. Leaves no state file."""
    endpoint = _running(home)
    if endpoint is not None:
        client.ask(endpoint, "POST", "shutdown")
        _await_end(endpoint)
    (home / STATE_FILE).unlink(missing_ok=True)
    return endpoint is not None


def environment(endpoint: Endpoint) -> dict[str, str]:
    """Return the variables that make the AWS SDKs and the AWS CLI talk to a twin."""
    return {
        "AWS_ENDPOINT_URL": endpoint.url,
        "AWS_ACCESS_KEY_ID": endpoint.access_key,
        "AWS_SECRET_ACCESS_KEY": endpoint.secret,
        "AWS_DEFAULT_REGION": endpoint.region,
    }


def exports(endpoint: Endpoint) -> str:
    """Return the same as lines for a shell: `eval $(strongroom twin env)`.

    A session token or a profile from the user's own environment would be sent along, so they are unset.
    """
    lines = [f"export {name}={value};" for name, value in environment(endpoint).items()]
    return "\n".join([*lines, "unset AWS_SESSION_TOKEN AWS_PROFILE;"])


def _running(home: Path) -> Endpoint | None:
    """The twin of the state file, if that very one answers: its pid or port may belong to somebody else by now."""
    endpoint = read_state(home)
    if endpoint is None or not _alive(endpoint.pid):
        return None
    return endpoint if client.health(endpoint) else None


def _start(home: Path, port: int, options: Sequence[str]) -> Endpoint:
    log = home / STATE_FILE.parent / "twin.log"
    pid, pipe = _spawn(("--port", str(port), "--home", str(home), *options), log)
    endpoint = None
    try:
        endpoint = _introduced(_first_line(pipe), home, log)
    finally:
        os.close(pipe)
        if endpoint is None:
            os.kill(pid, signal.SIGKILL)  # a child of ours that nobody has waited for: the pid is still its own
            os.waitpid(pid, 0)
            (home / STATE_FILE).unlink(missing_ok=True)
    return endpoint


def _introduced(said: Mapping[str, Any], home: Path, log: Path) -> Endpoint:
    """Return the twin that says it is ready; raises what it says otherwise."""
    endpoint = read_state(home)
    if "error" in said:
        raise BadInput(str(said["error"]), hint=str(said.get("hint", "")))
    if "ready" not in said or endpoint is None:
        raise CouldNotVerify(f"the twin did not start: {last_line(log)}", hint=f"read {log}")
    return endpoint


def _spawn(options: Sequence[str], log: Path) -> tuple[int, int]:
    """Start the server, and return its pid and the pipe of its standard output.

    Not with `subprocess`, whose objects complain about a child that outlives them, which is what this one is for.
    """
    pipe, theirs = os.pipe()
    try:
        pid = os.posix_spawn(
            sys.executable,
            command(options),
            surroundings(),
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, theirs, 1),
                (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600),
            ],
        )
    finally:
        os.close(theirs)
    return pid, pipe


def command(options: Sequence[str]) -> list[str]:
    """Return the command of a server."""
    return [sys.executable, "-P", "-m", "strongroom.twin.server", *options]  # -P: no modules from the user's folder


def surroundings() -> dict[str, str]:
    """Return the environment of a server: it must not find anybody's credentials, and its clients must not reach another twin."""
    own = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "MOTO_"))}
    # sets are walked in the same order in each run
    return own | {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull, "PYTHONHASHSEED": "0"}


def _first_line(pipe: int) -> dict[str, Any]:
    """What the server says of itself within the time a start may take; empty when it says nothing."""
    deadline = time.monotonic() + START_SECONDS_MAX
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))
        part = os.read(pipe, 65_536) if ready else b""
        if not part:
            break
        line += part
    try:
        said = json.loads(line or b"{}")
    except ValueError:
        said = {}
    return said if isinstance(said, dict) else {}


def _await_end(endpoint: Endpoint) -> None:
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while _alive(endpoint.pid):
        if time.monotonic() > deadline:
            os.kill(endpoint.pid, signal.SIGKILL)  # it answered as ours a moment ago
            return
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        # a child of this process that has ended stays a zombie until somebody asks
        if os.waitpid(pid, os.WNOHANG)[0] == pid:
            return False
    except ChildProcessError:
        pass
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time start a twin for a home."""
    with (folder / "lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def last_line(log: Path) -> str:
    """Return the last line of a server's log."""
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
