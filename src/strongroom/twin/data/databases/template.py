"""The database that every other one begins as: made once by each twin, when somebody first connects."""

import secrets
from pathlib import Path

from strongroom.twin.data.databases import programs
from strongroom.twin.data.databases.bases import SEGMENT_BYTES, Base, segments
from strongroom.twin.data.databases.server import ADMINISTRATOR, Server

_HBA = "host all all 127.0.0.1/32 scram-sha-256\n"


class Template:
    """A database as `initdb` makes it; all others have its identity, so that they can go on from each other's logs."""

    def __init__(self, folder: Path, *, password: str = "", start: int | None = None) -> None:
        """Make it in a folder, or find it there as a saved twin had it; raises NotKept."""
        self.password = password or secrets.token_hex(16)
        data = folder / "data"
        if start is None:
            start = _make(folder, data, self.password)
        self.base = Base(folder=data, start=start, stop=0, users=1)

    def server(self, folder: Path, log: Path) -> Server:
        """Return the server of a folder that began as this one."""
        return Server(folder, log, password=self.password)


def _make(folder: Path, data: Path, password: str) -> int:
    """Let `initdb` make a database, and return where its log begins."""
    folder.mkdir(mode=0o755, parents=True)
    programs.own(folder)
    secret = folder / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    programs.own(secret)
    options = {
        "pgdata": str(data),
        "username": ADMINISTRATOR,
        "pwfile": str(secret),
        "auth": "scram-sha-256",
        "encoding": "UTF8",
        "locale-provider": "builtin",
        "builtin-locale": "C.UTF-8",
        "locale": "C",
        "wal-segsize": str(SEGMENT_BYTES >> 20),
    }
    programs.run("initdb", "--no-sync", "--no-instructions", *(f"--{name}={value}" for name, value in options.items()))
    secret.unlink()
    (data / "pg_hba.conf").write_text(_HBA, encoding="utf-8")
    first, *unused = sorted(segments(data / "pg_wal"))
    for _, file in unused:
        file.unlink()
    return first[0] * SEGMENT_BYTES
