"""A run of restore tests in a process that loses its life when a step begins: `python -m tests.faults.restore_test_worker FOLDER STEP`."""

import os
import signal
import sys
from pathlib import Path

from strongroom.api import test as api


def main(folder: Path, title: str) -> None:
    """Test what the strategy in a folder covers, and die at a step."""

    def die_there(_done: int, _total: int, what: str) -> None:
        if what == title:
            os.kill(os.getpid(), signal.SIGKILL)

    prepared = api.prepare(folder / "strategy.yaml", home=folder / ".strongroom")
    api.run(prepared, on_progress=die_there)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
