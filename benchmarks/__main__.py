"""Run every benchmark and print what was measured beside its budget: `make bench`, or `python -m benchmarks NAME…`.

Names are those of budget.toml. Each benchmark runs to its end whatever came of the others; the exit code is 1 when a budget is
exceeded or a benchmark could not measure.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any

from benchmarks import table

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def measure(command: list[str], runs: int) -> list[float] | None:
    """Return the wall seconds of whole processes, after one warm-up where there are several runs; None: it did not work."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    seconds = []
    for _ in range(runs + (runs > 1)):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        seconds.append(time.perf_counter() - started)
        if done.returncode not in {0, 1}:
            print(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}", flush=True)
            return None
    return seconds[-runs:]


def run(name: str, entry: dict[str, Any]) -> bool:
    """Run one benchmark; return whether it is well. One with budgets of its own prints its own lines."""
    if "module" in entry:
        command = [sys.executable, "-m", *entry["module"].split()]
        print(f"-- {' '.join(command[1:])}", flush=True)
        return subprocess.run(command, cwd=ROOT, check=False).returncode == 0
    seconds = measure(entry["command"], entry["runs"])
    return seconds is not None and not table.seen(name, statistics.median(seconds), entry["seconds_max"])


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all, and print the table of all lines; return 1 when one is not well."""
    budget = tomllib.loads((ROOT / "benchmarks" / "budget.toml").read_text(encoding="utf-8"))
    benchmarks = {name: entry for name, entry in budget.items() if {"module", "command"} & set(entry)}
    unknown = set(names) - set(benchmarks)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(benchmarks)}")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table"
        os.environ[table.KEPT] = str(file)
        failed = [name for name, entry in benchmarks.items() if (not names or name in names) and not run(name, entry)]
        print(f"\n{'benchmark':<32}{'seen':>11}    target", flush=True)
        for row in table.kept(file):
            print(table.line(row))
    if failed:
        print(f"not well: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
