"""One line for each benchmark: what was seen beside what is promised; `make bench` prints all of them once more at its end."""

import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

KEPT = "STRONGROOM_BENCH_TABLE"  # names the file in which one run of `make bench` collects its lines


def seen(name: str, seconds: float, seconds_max: float | None, *, gib: float | None = None, gib_max: float | None = None) -> bool:
    """Print a line and keep it; return whether a budget is exceeded. Without a budget it is told and nothing more."""
    over = (seconds_max is not None and seconds > seconds_max) or (gib is not None and gib_max is not None and gib > gib_max)
    row = {"name": name, "seconds": seconds, "seconds_max": seconds_max, "gib": gib, "gib_max": gib_max, "over": over}
    print(line(row), flush=True)
    if KEPT in os.environ:
        with Path(os.environ[KEPT]).open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(row)}\n")
    return over


def line(row: Mapping[str, Any]) -> str:
    """Return a line of the table."""
    time = _pair(row["seconds"], row["seconds_max"], "s", 3)
    memory = _pair(row["gib"], row["gib_max"], " GiB", 2) if row["gib"] is not None else ""
    return f"{row['name']:<32}{time}{memory}{'  over budget' if row['over'] else ''}"


def kept(file: Path) -> Iterator[dict[str, Any]]:
    """Yield the lines that a run has collected."""
    yield from map(json.loads, file.read_text(encoding="utf-8").splitlines() if file.exists() else ())


def _pair(value: float, bound: float | None, unit: str, digits: int) -> str:
    limit = f" of {bound:>7.{digits}f}{unit}" if bound is not None else " " * (11 + len(unit))
    return f"{value:>10.{digits}f}{unit}{limit}"
