"""Validators at work: each in a process of its own, which ends at its deadline with everything that it started."""

import json
import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, Final

from strongroom.aws.contents.place import Place, sealed
from strongroom.aws.sessions import Sessions
from strongroom.domain.recovery import EXAMINES_TAG, Measurement, Outcome
from strongroom.domain.strategy import Validation
from strongroom.errors import Stopped, StrongroomError
from strongroom.validators.child import answered, request
from strongroom.validators.doors import Door
from strongroom.validators.plugins import BUILT_IN, CONNECTION, ENCRYPTION, SHIPPED
from strongroom.validators.target import Target
from strongroom.validators.tidying import leaves, tidy

_LOOK_SECONDS: Final = 0.1  # how soon a run that is stopped ends the validator under way
_ANSWER_BYTES_MAX: Final = 1 << 20
_CHILD: Final = "from strongroom.validators.child import run; run()"


def examine(
    target: Target, validations: Sequence[Validation], sessions: Sessions, *, halt: threading.Event | None = None
) -> tuple[Measurement, ...]:
    """Examine a restored resource: `connection` and `encryption` where they have a meaning, then each validation of its type, in order.

    Validations of other types are left out. A validator that doesn't end in `target.deadline_seconds` (or in a `deadline` of its own),
    fails or is not installed is UNKNOWN, with the cause. Raises Stopped when `halt` is set, NoCredentials and AwsUnreachable when AWS
    doesn't say who is calling; whatever validators made themselves is gone then, too.
    """
    seal, halt = sealed(sessions), halt or threading.Event()
    return tuple(_examined(due, seal, sessions, halt) for due in _all_due(target, validations))


@dataclass(frozen=True, slots=True)
class _Due:
    """A validator that is to run."""

    target: Target
    name: str
    settings: Mapping[str, Any]


def _all_due(target: Target, validations: Sequence[Validation]) -> Iterator[_Due]:
    for name in BUILT_IN:
        if name != CONNECTION or target.restored.endpoint is not None:
            yield _Due(target, name, {})
    for each in validations:
        if each.type is target.restored.type:
            settings = json.loads(each.settings)
            minutes = settings.get("deadline") if each.validator in _ENDED else None
            seconds = target.deadline_seconds if minutes is None else minutes * 60.0
            yield _Due(replace(target, deadline_seconds=seconds), each.validator, settings)


_ENDED: Final = frozenset(SHIPPED) - {"rows"}  # whose settings may have a deadline in minutes; those of rows are tables


def _examined(due: _Due, seal: dict[str, Any], sessions: Sessions, halt: threading.Event) -> Measurement:
    started = time.monotonic()
    found = _here(due, sessions) if due.name == ENCRYPTION else _Process(due, seal).answer(halt)
    if found is None:  # ended by us
        left = _tidied(due, sessions)
        if halt.is_set():
            raise Stopped(f"stopped while validator {due.name} ran{left}", hint="go on with: strongroom resume")
        found = _unknown(f"did not end within {due.target.deadline_seconds:g} s and was ended{left}")
    return Measurement(
        validator=due.name,
        outcome=Outcome(found["outcome"]),
        told=found["told"],
        measured=found["measured"],
        seconds=round(time.monotonic() - started, 3),
    )


def _here(due: _Due, sessions: Sessions) -> dict[str, Any]:
    """Return what a validator of ours finds that compares what is known already, and asks AWS for a key's ARN at most."""
    restored = due.target.restored
    door = Door(lambda: Place(sessions, restored.account, restored.region), due.target.login, restored.endpoint)
    return answered(replace(due.target, door=door), due.name, due.settings)


def _unknown(told: str) -> dict[str, Any]:
    return {"outcome": Outcome.UNKNOWN.value, "told": told, "measured": {}}


def _tidied(due: _Due, sessions: Sessions) -> str:
    """Delete what a validator that was ended had made, and say what stays."""
    restored = due.target.restored
    if not leaves(due.name, restored):
        return ""
    try:
        tidy(restored, Place(sessions, restored.account, restored.region))
    except StrongroomError as error:
        return f"; its temporary snapshot may still be there, tagged {EXAMINES_TAG}: {error.message}"
    return ""


class _Process:
    """A process with a session of its own, so that it can be ended with all its children."""

    def __init__(self, due: _Due, seal: dict[str, Any]) -> None:
        self._deadline = time.monotonic() + due.target.deadline_seconds
        self._asked = request(due.target, due.name, due.settings, seal)
        self._process = subprocess.Popen(  # noqa: S603 - ourselves
            [sys.executable, "-P", "-c", _CHILD],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def answer(self, halt: threading.Event) -> dict[str, Any] | None:
        """Return what the validator answers, None when it had to be ended at its deadline or because the run is stopped."""
        try:
            written = self._read(halt)
            return None if written is None else self._parsed(written)
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):
                    if pipe:
                        pipe.close()
            self._process.wait()

    def _read(self, halt: threading.Event) -> bytes | None:
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None and stdout is not None  # noqa: S101, PT018 - both are pipes
        with suppress(BrokenPipeError):  # it died: there will be no answer
            stdin.write(f"{self._asked}\n".encode())
            stdin.flush()
        found = bytearray()
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not found.endswith(b"\n") and len(found) < _ANSWER_BYTES_MAX:
                left = self._deadline - time.monotonic()
                if halt.is_set() or left <= 0:
                    return None
                if selector.select(min(left, _LOOK_SECONDS)):
                    piece = os.read(stdout.fileno(), 1 << 16)
                    if not piece:
                        break
                    found += piece
        return bytes(found)

    def _parsed(self, written: bytes) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads(written)
        except ValueError:
            if len(written) >= _ANSWER_BYTES_MAX:
                return _unknown(f"answered with more than {_ANSWER_BYTES_MAX} bytes")
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_LOOK_SECONDS * 10)
            code = self._process.poll()
            how = "closed its answer" if code is None else f"killed by signal {-code}" if code < 0 else f"exit code {code}"
            return _unknown(f"its process died without an answer ({how})")
        return found
