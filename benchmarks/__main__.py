"""Run every benchmark and print what was measured beside its budget: `make bench`, or `python -m benchmarks NAME…`."""

import os
import statistics
import subprocess
import sys
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
BIN = Path(sys.executable).parent


def measure(command: list[str], runs: int) -> list[float]:
    """Return the wall seconds of whole processes, after one warm-up where there are several runs."""
    environment = {**os.environ, "PATH": f"{BIN}{os.pathsep}{os.environ['PATH']}"}
    seconds = []
    for _ in range(runs + (runs > 1)):
        started = time.perf_counter()
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        seconds.append(time.perf_counter() - started)
        if done.returncode not in {0, 1}:
            sys.exit(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr}")
    return seconds[-runs:]


def main(names: list[str]) -> int:
    """Measure the named benchmarks, or all; return 1 when a budget is exceeded."""
    budget = tomllib.loads((ROOT / "benchmarks" / "budget.toml").read_text(encoding="utf-8"))
    unknown = set(names) - set(budget)
    if unknown:
        sys.exit(f"no benchmark {', '.join(sorted(unknown))}; there are: {', '.join(budget)}")
    over = 0
    print(f"{'benchmark':<14}{'median':>10}{'min':>10}{'max':>10}{'budget':>10}")
    for name, entry in budget.items():
        if names and name not in names:
            continue
        seconds = measure(entry["command"], entry["runs"])
        median = statistics.median(seconds)
        exceeded = median > entry["seconds_max"]
        over += exceeded
        figures = "".join(f"{value:>9.3f}s" for value in (median, min(seconds), max(seconds), entry["seconds_max"]))
        print(f"{name:<14}{figures}{'  over budget' if exceeded else ''}", flush=True)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
