"""The process in which one validator runs: a request comes in on standard input, one answer goes out, both lines of JSON.

Standard input stays open for as long as the parent lives. When it ends, this process ends with everything it has started, so that no
validator outlives the run that it belongs to. What a validator prints goes nowhere: it may be a secret.
"""

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from strongroom.domain.recovery import Outcome, PointRef, Restored
from strongroom.domain.recoveryjson import decode, encode
from strongroom.domain.strategy import Login
from strongroom.errors import StrongroomError
from strongroom.validators.doors import Door
from strongroom.validators.plugins import validator
from strongroom.validators.target import Found, Target, unknown
from strongroom.validators.tidying import leaves, tidy

if TYPE_CHECKING:
    from strongroom.aws.contents.place import Place

_TOLD_CHARACTERS_MAX = 1000
_TIDYING_SECONDS = 30.0  # of a process whose parent has died


def request(target: Target, name: str, settings: Mapping[str, Any], seal: Mapping[str, Any]) -> str:
    """Return what the process is asked; it holds credentials."""
    told = {
        "restored": encode(target.restored),
        "source_arn": target.source_arn,
        "point": encode(target.point),
        "instant": encode(target.instant),
        "login": encode(target.login),
        "key_arn": target.key_arn,
        "folder": str(target.folder.absolute()),
        "manifests": None if target.manifests is None else str(target.manifests.absolute()),
        "deadline_seconds": target.deadline_seconds,
    }
    return json.dumps({"target": told, "validator": name, "settings": settings, "sessions": seal})


def _target(told: Mapping[str, Any]) -> Target:
    return Target(
        restored=decode(Restored, told["restored"]),
        source_arn=told["source_arn"],
        point=decode(PointRef, told["point"]) if told["point"] else None,
        instant=datetime.fromisoformat(told["instant"]) if told["instant"] else None,
        login=decode(Login, told["login"]) if told["login"] else None,
        key_arn=told["key_arn"],
        folder=Path(told["folder"]),
        manifests=Path(told["manifests"]) if told["manifests"] else None,
        deadline_seconds=told["deadline_seconds"],
    )


def answer(asked: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a validator finds, as JSON without secrets."""
    target = _target(asked["target"])
    door = Door(partial(_place, asked["sessions"], target.restored), target.login, target.restored.endpoint)
    return answered(replace(target, door=door), asked["validator"], asked["settings"])


def answered(target: Target, name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a validator finds in a target with a door; an exception becomes the cause why it is unknown."""
    try:
        found: Any = validator(name)(target, settings)
        if not isinstance(found, Found):
            found = unknown(f"validator {name} answered with {type(found).__name__}: Found expected")
        json.dumps(dict(found.measured))
    except StrongroomError as error:
        found = unknown(f"{error.message}{f' ({error.hint})' if error.hint else ''}")
    except Exception as error:  # noqa: BLE001 - a validator may be anybody's; its cause goes into one line
        found = unknown(f"the validator failed: {type(error).__name__}: {error}")
    told = " ".join(str(found.told).split())[:_TOLD_CHARACTERS_MAX]
    stricken: dict[str, Any] = target.opened().stricken({"told": told, "measured": dict(found.measured)})
    return {**stricken, "outcome": Outcome(found.outcome).value}


def _place(seal: dict[str, Any], restored: Restored) -> "Place":
    from strongroom.aws.contents.place import Place, opened  # noqa: PLC0415 - the SDK takes a quarter of a second: see `doors`

    return Place(opened(seal), restored.account, restored.region)


def main(lines: TextIO, out: TextIO) -> None:
    """Answer the one request that comes in."""
    asked = json.loads(next(lines))
    threading.Thread(target=partial(_watch, lines, asked), name="strongroom-parent", daemon=True).start()
    out.write(f"{json.dumps(answer(asked))}\n")
    out.flush()


def _watch(lines: TextIO, asked: Mapping[str, Any]) -> None:
    """Wait for the end of the parent, delete what only this process knows of, and end with everything that was started."""
    lines.read()
    threading.Timer(_TIDYING_SECONDS, _end).start()
    restored = decode(Restored, asked["target"]["restored"])
    if leaves(asked["validator"], restored):
        with suppress(StrongroomError):  # nobody is left to be told; the next examination looks for it
            tidy(restored, _place(asked["sessions"], restored))
    _end()


def _end() -> None:
    os.killpg(0, signal.SIGKILL)


def run() -> None:
    """Be the process of a validator."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    try:
        main(sys.stdin, out)
    finally:
        os._exit(0)  # threads of a validator may still wait for something
