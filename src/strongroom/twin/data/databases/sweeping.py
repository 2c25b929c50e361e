"""What is left of a twin that was killed: servers without anybody, and folders."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from pathlib import Path

FOLDER = Path("twin") / "databases"  # below the home folder; a folder of its own in it for each run of a twin
_GONE_SECONDS_MAX = 10.0
# Ends the servers of a folder when its standard input ends, which is when the twin does, however it does, and removes the files. Twice: one
# may have been about to start.
_WATCH = """
read -r _
for _ in 1 2; do
  for each in "$0"/*/data/postmaster.pid; do [ -f "$each" ] && kill -QUIT "$(head -n 1 "$each")"; done
  sleep 0.2
done
rm -rf "$0" || { sleep 1; rm -rf "$0"; }
"""


def sweep(home: Path) -> None:
    """Stop the servers of a home folder whose twin is gone, and remove their files."""
    folder = home / FOLDER
    for file in folder.glob("*/*/data/postmaster.pid"):
        _end(file)
    shutil.rmtree(folder, ignore_errors=True)


def watch(folder: Path) -> "subprocess.Popen[bytes]":
    """Start the process that ends the servers of a folder when this one is gone, and then removes it."""
    return subprocess.Popen(  # noqa: S603 - a constant
        ["/bin/sh", "-c", _WATCH, str(folder)],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _end(file: Path) -> None:
    """End the server that a file names, if that very one runs: its pid may belong to somebody else by now."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        pid = int(file.read_text(encoding="utf-8").splitlines()[0])
        deadline = time.monotonic() + _GONE_SECONDS_MAX
        how = signal.SIGQUIT
        while str(file.parent) in _command_of(pid):
            os.kill(pid, how)
            time.sleep(0.05)
            if time.monotonic() > deadline:
                how = signal.SIGKILL


def _command_of(pid: int) -> str:
    """Return the command line of a process, empty when there is none."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
    except OSError:
        pass
    if Path("/proc/self").exists():
        return ""
    shown = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)  # noqa: S603, S607
    return shown.stdout
