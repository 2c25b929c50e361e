"""Asking a running twin: its control API from another process, with nothing but the standard library."""

import base64
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.twin.state import Endpoint

_SECONDS = 30.0
_CLOCK_SECONDS = 3_600.0  # a year of a large organization takes minutes


def ask(endpoint: Endpoint, method: str, path: str, body: Mapping[str, Any] | None = None, *, seconds: float = _SECONDS) -> dict[str, Any]:
    """Return the answer of `/_twin/<path>`; raises BadInput when the twin refuses, CouldNotVerify when nothing answers."""
    try:
        document: dict[str, Any] = json.loads(_exchange(endpoint, method, path, body, seconds) or b"{}")
    except ValueError as error:
        raise _silent(endpoint, error) from error
    return document


def _exchange(endpoint: Endpoint, method: str, path: str, body: Mapping[str, Any] | None, seconds: float) -> bytes:
    import http.client  # 25 ms; most commands of the command line never get here

    connection = http.client.HTTPConnection(endpoint.host, endpoint.port, timeout=seconds)
    try:
        connection.request(method, f"/_twin/{path}", json.dumps(body) if body is not None else None)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise BadInput(f"the twin refuses: {json.loads(content or b'{}').get('error', answer.status)}")
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _silent(endpoint, error) from error
    finally:
        connection.close()
    return content


def _silent(endpoint: Endpoint, error: Exception) -> CouldNotVerify:
    return CouldNotVerify(f"no twin answers at {endpoint.url}: {error}", hint="start one with: strongroom twin up --seed FILE")


def health(endpoint: Endpoint, *, seconds: float = 2.0) -> bool:
    """Return whether the very twin of the state file answers."""
    try:
        return bool(ask(endpoint, "GET", "health", seconds=seconds).get("instance") == endpoint.instance)
    except (BadInput, CouldNotVerify):
        return False


def status(endpoint: Endpoint) -> dict[str, Any]:
    """Return accounts, resources, the virtual now, and what AWS Backup says of itself."""
    return ask(endpoint, "GET", "status")


def clock(endpoint: Endpoint) -> dict[str, Any]:
    """Return the virtual now and, while the clock moves, how far it has come."""
    return ask(endpoint, "GET", "clock")


def move_clock(endpoint: Endpoint, *, advance: str = "", to: str = "") -> dict[str, Any]:
    """Let time pass: `advance` like "90d", or `to` an ISO 8601 instant; returns the new now and counts of what happened."""
    return ask(endpoint, "POST", "clock", {"advance": advance} if advance else {"to": to}, seconds=_CLOCK_SECONDS)


def calls(endpoint: Endpoint, *, after: int = 0, write: bool | None = None) -> list[dict[str, Any]]:
    """Return the journal of wire calls above a number; `write` filters."""
    filters = "" if write is None else f"&write={str(write).lower()}"
    found: list[dict[str, Any]] = ask(endpoint, "GET", f"calls?after={after}{filters}")["calls"]
    return found


def forget_calls(endpoint: Endpoint) -> None:
    """Empty the journal."""
    ask(endpoint, "DELETE", "calls")


def add_fault(endpoint: Endpoint, kind: str, **members: Any) -> int:
    """Install a fault (see `faults.FaultKind`) and return its number."""
    return int(ask(endpoint, "POST", "faults", {"kind": kind, **members})["fault"])


def faults(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the faults in force, with how often each has struck."""
    found: list[dict[str, Any]] = ask(endpoint, "GET", "faults")["faults"]
    return found


def clear_faults(endpoint: Endpoint, number: int = 0) -> int:
    """Remove all faults, or the one of a number; returns how many."""
    return int(ask(endpoint, "DELETE", f"faults?number={number}")["cleared"])


def mail(endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the mail that would have left the machine, oldest first: at, to, topic_arn, subject, text, token of a confirmation."""
    found: list[dict[str, Any]] = ask(endpoint, "GET", "mail")["mail"]
    return found


def save(endpoint: Endpoint) -> bytes:
    """Return the state of a twin as the content of a file, for `process.up(home, port, state=FILE)`."""
    return _exchange(endpoint, "GET", "state", None, _CLOCK_SECONDS)


def dump(endpoint: Endpoint) -> dict[str, Any]:
    """Return everything that a twin holds as plain values, for comparing two runs."""
    return ask(endpoint, "GET", "dump", seconds=_CLOCK_SECONDS)


def load_step(
    endpoint: Endpoint, *, to: str = "", kinds: Sequence[str] | None = None, seed: str = "", only: Sequence[str] = ()
) -> dict[str, Any]:
    """Move the clock to an instant and write the next marker; returns its number, its instant, and the databases to write it into."""
    document = {"to": to, "kinds": kinds if kinds is None else list(kinds), "seed": seed, "only": list(only)}
    return ask(endpoint, "POST", "load", document, seconds=_CLOCK_SECONDS)


def load_written(endpoint: Endpoint, number: int, arns: Sequence[str]) -> None:
    """Say into which databases a marker was written."""
    ask(endpoint, "POST", "load/written", {"number": number, "arns": list(arns)})


def markers_at(endpoint: Endpoint, at: str = "") -> dict[str, Any]:
    """Return the markers that were there at an ISO 8601 instant, and their numbers by the ARN of the resource that held them."""
    return ask(endpoint, "GET", f"load?at={quote(at)}")


def read_files(endpoint: Endpoint, file_system: str) -> Iterator[tuple[str, bytes, str]]:
    """Yield path, content and mode of every file of a file system, by its id or ARN; raises BadInput for one that isn't there."""
    place = f"data/files/{quote(file_system)}"
    for path in ask(endpoint, "GET", place)["files"]:
        file = ask(endpoint, "GET", place + quote(path))
        yield path, base64.b64decode(file["content_base64"]), file["mode"]


def storage(endpoint: Endpoint) -> dict[str, Any]:
    """Return what snapshots of volumes take up: by account and Region, by vault, and each of them."""
    return ask(endpoint, "GET", "data/blocks")


def expire_sessions(endpoint: Endpoint, *, account: str = "") -> int:
    """Let all temporary credentials, or those in one account, expire; returns how many."""
    return int(ask(endpoint, "POST", "sessions/expire", {"account": account})["expired"])
