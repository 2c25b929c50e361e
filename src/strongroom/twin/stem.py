"""A process that is seeded once and forks running twins, each in 30 ms and each with its own state: for tests that change things."""

import json
import subprocess
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from strongroom.errors import BadInput, CouldNotVerify
from strongroom.twin.process import check_extra, command, last_line, origin, surroundings
from strongroom.twin.state import STATE_FILE, Endpoint, read_state


class Stem:
    """The parent of twins: `with Stem(folder, seed=FILE) as stem: endpoint = stem.grow(home)`; its twins end with it."""

    def __init__(
        self, folder: Path, *, seed: Path | None = None, state: Path | None = None, start: str = "", enforce_iam: bool | None = None
    ) -> None:
        """Make the twin of a seed or of a saved state; raises BadInput, MissingExtra or CouldNotVerify, as `process.up` does."""
        check_extra()
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "stem.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own server
                command(["--stem", *origin(seed, state, start, enforce_iam=enforce_iam)]),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env=surroundings(),
                text=True,
            )
        with ExitStack() as unless_ready:
            unless_ready.callback(self.close)
            self._heard()
            unless_ready.pop_all()

    def grow(self, home: Path, port: int = 0) -> Endpoint:
        """Fork a running twin for a home folder; `process.down(home)` stops it. Raises BadInput for a port that is taken."""
        (home / STATE_FILE).parent.mkdir(parents=True, exist_ok=True)
        stdin = self._process.stdin
        if stdin is None or stdin.closed or self._process.poll() is not None:
            raise CouldNotVerify("the stem of these twins has ended", hint=f"read {self._log}")
        stdin.write(json.dumps({"home": str(home), "port": port}) + "\n")
        stdin.flush()
        self._heard()
        endpoint = read_state(home)
        if endpoint is None:
            raise CouldNotVerify("the twin did not start", hint=f"read {self._log}")
        return endpoint

    def close(self) -> None:
        """End the process and all its twins."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _heard(self) -> dict[str, Any]:
        """Return what the process or a twin of it says; raises what it says otherwise."""
        line = self._process.stdout.readline() if self._process.stdout is not None else ""
        said: dict[str, Any] = json.loads(line or "{}")
        if "error" in said:
            raise BadInput(str(said["error"]), hint=str(said.get("hint", "")))
        if "ready" not in said:
            raise CouldNotVerify(f"the twin did not start: {last_line(self._log)}", hint=f"read {self._log}")
        return said
