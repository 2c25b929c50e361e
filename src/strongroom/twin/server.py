"""The server process: `python -m strongroom.twin.server --port 0 --seed FILE --home DIR`, or with `--state FILE` of a saved twin.

It says on its standard output, in one line of JSON, either that it is ready (with the endpoint) or why it can't be, and nothing else.
"""

import argparse
import json
import os
import secrets
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn, TextIO

from strongroom.errors import BadInput, ExitCode
from strongroom.twin.garbage import undisturbed
from strongroom.twin.seed import Seed
from strongroom.twin.state import LOOPBACK, STATE_FILE, Endpoint, write_state

START_VARIABLE = "STRONGROOM_TWIN_START"  # where clocks of new twins begin instead of now; they tick all the same
_STARTED = time.monotonic()


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a twin until it is told to stop, and return its exit code."""
    parser = argparse.ArgumentParser(prog="strongroom.twin.server", description="a local AWS organization")
    parser.add_argument("--port", type=int, default=4577, help="port; 0: any free one")
    parser.add_argument("--host", default=LOOPBACK, help="IPv4 address to listen at")
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--seed", type=Path, help="YAML file that declares the organization")
    origin.add_argument("--state", type=Path, help="file with the state of a saved twin")
    parser.add_argument("--start", default="", help="ISO 8601 instant at which the clock begins, and stands until it is moved")
    parser.add_argument(
        "--enforce-iam", action=argparse.BooleanOptionalAction, help="let calls and jobs do only what policies allow, or don't"
    )
    parser.add_argument("--home", type=Path, help="folder for twin/twin.json")
    parser.add_argument("--stem", action="store_true", help="fork a twin for each line of JSON with port and home on standard input")
    options = parser.parse_args(arguments)
    if os.getpid() != os.getpgrp():
        os.setsid()  # Ctrl-C in the terminal is not meant for the twin
    out = _speak()
    from strongroom.twin import thrift  # noqa: F401 - first: it changes what others import

    try:
        if options.stem:
            return stem(options, out)
        serve(listen(options.port, options.host), begin(options), options.home, out)
    except BadInput as error:
        _say(out, {"error": error.message, "hint": error.hint})
        return ExitCode.BAD_INPUT
    return ExitCode.PROVEN


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """A twin that nobody can reach yet, and what its file declares."""

    app: Any
    facts: dict[str, Any]  # seed, resources, enforce_iam; account, access_key, secret and region of the administrator


def listen(port: int, host: str = LOOPBACK) -> Any:
    """Take a port of an address; raises BadInput."""
    from strongroom.twin.listener import Listener

    try:
        return Listener(port, host)
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"can't take port {port} on {host}: {error}", hint="choose another one with --port, or 0 for any free one"
        ) from error


def begin(options: argparse.Namespace) -> Begun:
    """Make the twin of a seed or of a saved state; raises BadInput."""
    start = _instant(options.start, "--start ")
    if options.state is None:
        from strongroom.twin.seedfile import load  # 60 ms that a saved state doesn't need

        seed = load(options.seed)
        app = _assemble(start or _instant(os.environ.get(START_VARIABLE, ""), f"{START_VARIABLE}="), ticking=start is None)
        enforced = bool(options.enforce_iam)
        _sow(app, seed, administrators=enforced)
        return _begun(app, _facts(options.seed, seed), enforced=enforced)
    from strongroom.twin import saved

    header, body = saved.read(options.state)
    app = _assemble(start or saved.virtual_now(header), ticking=start is None)
    saved.restore(app, header, body, options.state)
    saved_so = bool(header.facts.get("enforce_iam"))
    return _begun(app, header.facts, enforced=saved_so if options.enforce_iam is None else options.enforce_iam)


def _begun(app: Any, facts: dict[str, Any], *, enforced: bool) -> Begun:
    if enforced:
        app.enforce()
    return Begun(app=app, facts=facts | {"enforce_iam": enforced})


def _instant(text: str, option: str) -> datetime | None:
    from strongroom.twin.clock import instant
    from strongroom.twin.ports import ApiError

    try:
        return instant(text) if text else None
    except ApiError as refusal:
        raise BadInput(refusal.message, hint=f"for example: {option}2027-01-01T00:00:00Z") from refusal


def _facts(path: Path, seed: Seed) -> dict[str, Any]:
    user = seed.administrator()
    return {
        "seed": str(path),
        "resources": len(seed.resources),
        "account": seed.management.id,
        "access_key": user.access_key,
        "secret": user.secret,
        "region": seed.home_region,
    }


def serve(listener: Any, begun: Begun, home: Path, out: TextIO) -> None:
    """Answer calls until somebody ends the twin; says on `out` when it is ready."""
    from strongroom.twin.control import PREFIX, Control
    from strongroom.twin.data import databases

    app, facts = begun.app, begun.facts
    databases.sweep(home)
    app.home = home
    endpoint = Endpoint(
        url=f"http://{listener.host}:{listener.port}",
        host=listener.host,
        port=listener.port,
        pid=os.getpid(),
        instance=secrets.token_hex(8),
        account=facts["account"],
        access_key=facts["access_key"],
        secret=facts["secret"],
        region=facts["region"],
    )
    control = Control(app, endpoint=endpoint, facts=facts, shutdown=listener.shutdown)
    listener.listen(lambda call, server: control.handle(call) if call.path.startswith(PREFIX) else app.handle(call, server))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=listener.shutdown).start())
    write_state(home, endpoint)
    try:
        _say(out, {"ready": endpoint.url, "seconds": round(time.monotonic() - _STARTED, 3)})
        listener.serve_forever(poll_interval=0.1)
    finally:
        listener.server_close()
        for keeper in app.data.values():
            keeper.close()
        (home / STATE_FILE).unlink(missing_ok=True)


def stem(options: argparse.Namespace, out: TextIO) -> int:
    """Make a twin once, and fork a running one of it for each line on standard input; ends with its input, and they with it.

    Nothing runs in this process beside this loop, so a fork finds everything at rest.
    """
    begun = begin(options)
    growing: set[int] = set()

    def bury(*_: Any) -> None:  # at once: who stops a twin waits until its process is gone
        growing.difference_update({pid for pid in growing if os.waitpid(pid, os.WNOHANG)[0]})

    signal.signal(signal.SIGCHLD, bury)
    out.write(json.dumps({"ready": "stem"}) + "\n")
    out.flush()
    for line in sys.stdin:
        wish = json.loads(line)
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD})
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
            os.close(0)
            _branch(begun, int(wish["port"]), Path(wish["home"]), out)
        growing.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGCHLD})
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    for pid in growing:
        os.kill(pid, signal.SIGTERM)  # not waited for yet: the pid is still its own
    return ExitCode.PROVEN


def _branch(begun: Begun, port: int, home: Path, out: TextIO) -> NoReturn:
    try:
        serve(listen(port), begun, home, out)
    except BadInput as error:
        _say(out, {"error": error.message, "hint": error.hint})
    finally:
        os._exit(ExitCode.PROVEN)


def _assemble(start: datetime | None = None, *, ticking: bool = True) -> Any:
    """Put the parts together, in the order in which they need each other; importing moto takes most of the start."""
    with undisturbed():
        return _assembled(start, ticking=ticking)


def _assembled(start: datetime | None, *, ticking: bool) -> Any:
    from strongroom.twin import amendments, determinism, forgotten, thrift

    thrift.spare_private_keys()
    thrift.remember_methods()
    amendments.apply()
    forgotten.apply()
    determinism.begin()
    from strongroom.twin import cloudformation, controltower, data, effects, organizations, sharing
    from strongroom.twin.app import App
    from strongroom.twin.backup.service import Backup
    from strongroom.twin.clock import Clock
    from strongroom.twin.watching import install as watching

    clock = Clock(start, ticking=ticking)
    organization = organizations.install()
    backup = Backup(organization, clock.now)
    cloudformation.install(backup, organization)
    sharing.install(organization)
    control_tower = controltower.install(organization, backup, clock.now)
    app = App(clock=clock, organization=organization, backup=backup, control_tower=control_tower)
    effects.install(app)
    watching.install(backup)
    app.data = data.install(app)
    return app


def _sow(app: Any, seed: Seed, *, administrators: bool) -> None:
    from strongroom.twin.seeding import sow

    sow(app, seed, administrators=administrators)


def _speak() -> TextIO:
    """Return the standard output for the one line; whatever libraries print goes to the log."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return out


def _say(out: TextIO, document: Mapping[str, Any]) -> None:
    out.write(json.dumps(document) + "\n")
    out.close()


if __name__ == "__main__":
    code = main()
    sys.stderr.flush()
    os._exit(code)  # everything is closed; taking moto apart object by object would last a second
