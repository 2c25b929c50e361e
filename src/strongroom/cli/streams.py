"""Standard output and error that survive a reader who leaves, a closed descriptor and a full disk."""

import errno
import io
import os
import sys
from typing import Any

from strongroom.errors import BadInput


class Lasting(io.FileIO):
    """A descriptor to write to.

    A reader that has gone (`| head -1`) doesn't end the verb: what follows is dropped, and the exit code stays the verb's own.
    Any other failure is told once, as BadInput.
    """

    lost = False

    def write(self, data: bytes | memoryview) -> int:  # type: ignore[override]  # what io.BufferedWriter hands on
        """Write all of the data, or drop it once nobody reads."""
        if self.lost:
            return memoryview(data).nbytes
        try:
            return super().write(data) or 0
        except OSError as error:
            self.lost = True
            if error.errno in {errno.EPIPE, errno.ECONNRESET} or self.fileno() == 2:  # there is nowhere left to complain
                return memoryview(data).nbytes
            raise BadInput(f"can't write the output: {error.strerror}", hint="make room, or write it elsewhere") from error


def prepare() -> None:
    """Open what the shell closed (`>&-`), so that no file takes its number, and make standard output and error lasting."""
    while (opened := os.open(os.devnull, os.O_RDWR)) < 3:  # 0, 1 and 2 are the standard streams
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout, sys.stderr = _text(1), _text(2)


def settle() -> None:
    """Write out what is buffered; raises BadInput when standard output can't take it."""
    sys.stdout.flush()
    sys.stderr.flush()


def colored() -> bool | None:
    """Return False where colours are unwanted (NO_COLOR, a dumb terminal), None where the stream decides."""
    return False if os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb" else None


def _text(number: int) -> io.TextIOWrapper:
    # What a terminal's encoding lacks is written as an escape, never as a traceback.
    raw: Any = Lasting(number, "w", closefd=False)
    stream = io.BufferedWriter(raw)
    terminal = os.isatty(number)
    return io.TextIOWrapper(stream, errors="backslashreplace", line_buffering=terminal or number == 2, write_through=number == 2)
