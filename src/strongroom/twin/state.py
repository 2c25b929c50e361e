"""The state file of a running twin: where it is, who it is, and which access key opens it."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

STATE_FILE = Path("twin") / "twin.json"  # below the home folder
FORMAT_VERSION = 1
LOOPBACK = "127.0.0.1"
EVERYWHERE = "0.0.0.0"  # noqa: S104 - compared with, and only bound where somebody asks for it


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A running twin as a client sees it."""

    url: str  # http://127.0.0.1:4577
    port: int
    pid: int
    instance: str  # random; tells this twin from any other process that got its pid or port later
    account: str  # management account
    access_key: str  # of the first user in the management account
    secret: str
    region: str  # home Region
    host: str = LOOPBACK  # where clients on this machine reach it


def write_state(home: Path, endpoint: Endpoint) -> None:
    """Write the state file, readable by its owner only, all of it or nothing."""
    path = home / STATE_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(f".{endpoint.pid}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump({"format_version": FORMAT_VERSION, **asdict(endpoint)}, file, indent=2)
        file.write("\n")
    draft.replace(path)


def read_state(home: Path) -> Endpoint | None:
    """Return what the state file says, or None without a readable one."""
    try:
        members = json.loads((home / STATE_FILE).read_text(encoding="utf-8"))
        if members.pop("format_version", None) != FORMAT_VERSION:
            return None
        return Endpoint(**members)
    except (OSError, ValueError, TypeError, AttributeError):
        return None
