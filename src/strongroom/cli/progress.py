"""Progress of long work: a bar on a terminal, plain lines elsewhere; always on standard error."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

BAR_WIDTH, NUMBERS_WIDTH = 24, 26  # characters: the bar, and what counts and time need beside it
PLAIN_SECONDS = 5.0  # at most one plain line in this time


@contextmanager
def progress(title: str, *, quiet: bool = False) -> Iterator[Callable[[int, int, str], None]]:
    """Yield a function that hears (done, total, what) and shows it."""
    if quiet:
        yield lambda done, total, what: None  # noqa: ARG005 - a listener that shows nothing
    elif sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb":
        with _bar(title) as update:
            yield update
    else:
        yield _lines(title)


@contextmanager
def _bar(title: str) -> Iterator[Callable[[int, int, str], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
    from rich.table import Column

    console = Console(stderr=True)
    room = max(10, console.width - len(title) - BAR_WIDTH - NUMBERS_WIDTH)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=BAR_WIDTH),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        # Names of other people may look like markup, and titles may be longer than a line.
        TextColumn(
            "{task.fields[what]}", style="dim", markup=False, table_column=Column(no_wrap=True, overflow="ellipsis", max_width=room)
        ),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task(title, total=None, what="")
        yield lambda done, total, what: bar.update(task, completed=done, total=total, what=what)


def _lines(title: str) -> Callable[[int, int, str], None]:
    last = time.monotonic()

    def update(done: int, total: int, what: str) -> None:
        nonlocal last
        if time.monotonic() - last >= PLAIN_SECONDS:
            last = time.monotonic()
            click.echo(f"{title}: {done} of {total} {what}".rstrip(), err=True)

    return update
