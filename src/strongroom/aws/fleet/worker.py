"""A hand in a process of its own: orders come in on standard input, what is done goes out on standard output, both lines of JSON.

The child opens the AWS SDK as its parent did, signs with the parent's credentials, and ends when its input does: no process outlives
the one that it works for. Rows never pass the pipe; they are in the files that both can read.
"""

import io
import json
import os
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, TextIO

import botocore.session
from botocore.credentials import Credentials

from strongroom import errors
from strongroom.aws.fleet.hand import Failure, Hand, Message, Silence, Step, begin
from strongroom.aws.fleet.orders import Ground, Order
from strongroom.aws.fleet.shelf import Entry, Log
from strongroom.aws.readers.scope import Reading
from strongroom.aws.sessions import Caller, Sessions
from strongroom.errors import AwsRefused, Stopped, StrongroomError

GRACE_SECONDS = 5.0


class Worker:
    """A child process, as its parent sees it."""

    def __init__(self, setup: dict[str, Any], tell: Callable[[Message], None]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-c", f"from {__name__} import run; run()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            bufsize=1,
            process_group=0,  # Ctrl-C is for the parent, which ends its children
        )
        self._tell = tell
        self._orders: dict[str, str] = {}  # open ones, with their accounts
        self._stopping = False
        self._send(setup)
        threading.Thread(target=self._listen, name="strongroom-worker", daemon=True).start()

    def give(self, order: Order) -> None:
        """Let an order be carried out there."""
        self._orders[order.name] = order.account
        self._send({"order": order.encode()})

    def sign_with(self, credentials: tuple[str, str, str | None]) -> None:
        """Let it sign with renewed credentials from now on."""
        self._send({"credentials": credentials})

    def hear_of(self, silence: Silence) -> None:
        """Let it know of a Region and service that never answered."""
        self._send({"silence": [silence.region, silence.service]})

    def stop(self) -> None:
        """End the process: politely, and if it doesn't listen, by force."""
        self._stopping = True
        stdin = self._process.stdin
        try:
            if stdin:
                stdin.close()
            self._process.wait(GRACE_SECONDS)
        except (OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait()

    def _send(self, message: dict[str, Any]) -> None:
        stdin = self._process.stdin
        try:
            if stdin:
                stdin.write(f"{json.dumps(message)}\n")
        except OSError:  # it died: `_listen` says so, with the accounts that it had
            pass

    def _listen(self) -> None:
        with self._process.stdout or io.StringIO() as lines:
            for line in lines:
                message = _decoded(json.loads(line))
                if isinstance(message, Entry):
                    self._orders.pop(message.order, None)
                self._tell(message)
        if not self._stopping:
            self._tell(Failure(self._death()))

    def _death(self) -> StrongroomError:
        code = self._process.wait()
        accounts = sorted(set(self._orders.values()))
        how = f"killed by signal {-code}" if code < 0 else f"exit code {code}"
        shown = ", ".join(accounts[:5]) + (f" and {len(accounts) - 5} more" if len(accounts) > 5 else "")
        return Stopped(
            f"a process that read accounts {shown or '(none yet)'} died ({how}): no snapshot was written",
            hint="run strongroom sync again within an hour: it goes on where this one stopped; --processes 1 needs less memory",
        )


def _decoded(document: dict[str, Any]) -> Message:
    if "step" in document:
        return Step(*document["step"])
    if "silence" in document:
        return Silence(*document["silence"])
    if "entry" in document:
        return Entry.decode(document["entry"])
    if "bug" in document:
        return Failure(RuntimeError(f"in a worker process:\n{document['bug']}"))
    kind = getattr(errors, document["kind"])
    known = {"hint": document["hint"]} | ({"code": document["code"]} if issubclass(kind, AwsRefused) else {})
    return Failure(kind(document["message"], **known))


def _encoded(message: Message) -> dict[str, Any]:
    if isinstance(message, Step):
        return {"step": [message.brought, message.what]}
    if isinstance(message, Silence):
        return {"silence": [message.region, message.service]}
    if isinstance(message, Entry):
        return {"entry": json.loads(message.encode())}
    error = message.error
    if isinstance(error, StrongroomError):
        return {"kind": type(error).__name__, "message": error.message, "hint": error.hint, "code": getattr(error, "code", "")}
    return {"bug": "".join(traceback.format_exception(error))}


def setup_of(sessions: Sessions, ground: Ground, *, folder: Path, name: str) -> dict[str, Any]:
    """Return what a child has to know before its first order."""
    return {
        "folder": str(folder),
        "name": name,
        "role": sessions.role,
        "caller": asdict(sessions.caller()),
        "credentials": sessions.signing(),
        "silences": sessions.silences,
        "home_region": ground.reading.home_region,
        "places": ground.places,
        "texts": list(ground.reading.texts),
    }


def main(lines: TextIO, out: TextIO) -> None:
    """Carry out the orders that come in, until there are no more."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    setup = json.loads(next(lines))
    own = _Given(*setup["credentials"])
    caller = Caller(**setup["caller"])
    sessions = Sessions(botocore.session.Session(), own, role=setup["role"], region=caller.region, caller=caller)
    log = Log(Path(setup["folder"]), setup["name"])
    reading = Reading(sessions, setup["home_region"], spill=log.append, texts=dict.fromkeys(setup["texts"]))
    lock = threading.Lock()

    def tell(message: Message) -> None:
        with lock:
            out.write(f"{json.dumps(_encoded(message))}\n")
            out.flush()

    for region, service in setup["silences"]:
        sessions.hears_nothing(region, service)
    sessions.on_silence = lambda region, service: tell(Silence(region, service))
    hand = Hand(Ground(reading=reading, places=tuple(setup["places"])), log, tell)
    begin(hand)
    for line in lines:
        message = json.loads(line)
        if "order" in message:
            hand.give(Order.decode(message["order"]))
        elif "silence" in message:
            sessions.hears_nothing(*message["silence"])
        else:
            own.renew(*message["credentials"])


class _Given:
    """The caller's credentials, as the parent gave them."""

    method = "strongroom"

    def __init__(self, access_key: str, secret_key: str, token: str | None) -> None:
        self.renew(access_key, secret_key, token)

    def renew(self, access_key: str, secret_key: str, token: str | None) -> None:
        """Use others from now on."""
        self._frozen = Credentials(access_key, secret_key, token).get_frozen_credentials()

    def get_frozen_credentials(self) -> Any:
        """As botocore's credentials."""
        return self._frozen


def run() -> None:
    """Be a worker until standard input ends."""
    try:
        main(sys.stdin, sys.stdout)
    finally:
        os._exit(0)  # threads may still wait for the network; what they would bring nobody wants
