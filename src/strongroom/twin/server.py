"""The server process: `python -m strongroom.twin.server --port 0 --seed FILE --home DIR`.

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
from pathlib import Path
from typing import Any, TextIO

from strongroom.errors import BadInput, ExitCode
from strongroom.twin.seed import Seed
from strongroom.twin.seedfile import load
from strongroom.twin.state import STATE_FILE, Endpoint, write_state


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a twin until it is told to stop, and return its exit code."""
    parser = argparse.ArgumentParser(prog="strongroom.twin.server", description="a local AWS organization")
    parser.add_argument("--port", type=int, default=4577, help="port on 127.0.0.1; 0: any free one")
    parser.add_argument("--seed", type=Path, required=True, help="YAML file that declares the organization")
    parser.add_argument("--home", type=Path, required=True, help="folder for twin/twin.json")
    options = parser.parse_args(arguments)
    if os.getpid() != os.getpgrp():
        os.setsid()  # Ctrl-C in the terminal is not meant for the twin
    out = _speak()
    try:
        _run(options.port, load(options.seed), options.seed, options.home, out)
    except BadInput as error:
        _say(out, {"error": error.message, "hint": error.hint})
        return ExitCode.BAD_INPUT
    return ExitCode.PROVEN


def _run(port: int, seed: Seed, seed_path: Path, home: Path, out: TextIO) -> None:
    from strongroom.twin.listener import Listener

    started = time.monotonic()
    try:
        listener = Listener(port)
    except (OSError, OverflowError) as error:
        raise BadInput(
            f"can't take port {port} on 127.0.0.1: {error}", hint="choose another one with --port, or 0 for any free one"
        ) from error

    from strongroom.twin.control import PREFIX, Control

    app = _assemble()
    _sow(app, seed)
    endpoint = Endpoint(
        url=f"http://127.0.0.1:{listener.port}",
        port=listener.port,
        pid=os.getpid(),
        instance=secrets.token_hex(8),
        account=seed.management.id,
        access_key=seed.administrator().access_key,
        secret=seed.administrator().secret,
        region=seed.home_region,
    )
    facts = {"instance": endpoint.instance, "seed": str(seed_path), "resources": len(seed.resources), "endpoint": endpoint.url}
    control = Control(app, instance=endpoint.instance, facts=facts, shutdown=listener.shutdown)
    listener.listen(lambda call, server: control.handle(call) if call.path.startswith(PREFIX) else app.handle(call, server))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: threading.Thread(target=listener.shutdown).start())
    write_state(home, endpoint)
    try:
        _say(out, {"ready": endpoint.url, "seconds": round(time.monotonic() - started, 3)})
        listener.serve_forever(poll_interval=0.1)
    finally:
        listener.server_close()
        (home / STATE_FILE).unlink(missing_ok=True)


def _assemble() -> Any:
    """Put the parts together, in the order in which they need each other; importing moto takes most of the start."""
    from strongroom.twin import amendments, thrift  # first: thrift changes how moto is imported

    thrift.spare_private_keys()
    amendments.apply()
    from strongroom.twin import cloudformation, organizations
    from strongroom.twin.app import App
    from strongroom.twin.backup.service import Backup
    from strongroom.twin.clock import Clock

    clock = Clock()
    organization = organizations.install()
    backup = Backup(organization, clock.now)
    cloudformation.install(backup, organization)
    return App(clock=clock, organization=organization, backup=backup)


def _sow(app: Any, seed: Seed) -> None:
    from strongroom.twin.seeding import sow

    sow(app, seed)


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
