"""`strongroom twin`: a local AWS organization in a process of its own."""

import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress
from strongroom.errors import BadInput, Cancelled, CouldNotVerify

if TYPE_CHECKING:
    from strongroom.twin.state import Endpoint

WATCH_SECONDS = 0.25


@click.group("twin")
def command() -> None:
    """Run a local AWS organization in which AWS Backup really runs, on a virtual clock.

    \b
    strongroom twin up --seed organization.yaml
    eval "$(strongroom twin env)"      # boto3, the AWS CLI and strongroom now talk to it
    strongroom twin clock advance 90d
    """  # noqa: D301 - \b is click's mark for lines to leave alone


@command.command("up")
@click.option("--seed", type=click.Path(path_type=Path, dir_okay=False), required=True, help="File that declares the organization.")
@click.option("--port", type=click.IntRange(0, 65535), default=4577, show_default=True, help="Port on 127.0.0.1; 0 takes a free one.")
@text_or_json
def up(seed: Path, port: int, output: str) -> int:
    """Start a twin and leave it running."""
    from strongroom.twin import process

    endpoint = process.up(_home(), port, seed)
    if output == "json":
        print_json("twin up", url=endpoint.url, pid=endpoint.pid, account=endpoint.account, region=endpoint.region)
    else:
        click.echo(f"twin of {seed} runs at {endpoint.url} (pid {endpoint.pid}), management account {endpoint.account}")
        click.echo('to talk to it: eval "$(strongroom twin env)"')
    return 0


@command.command("env")
def env() -> int:
    """Print the variables that make AWS clients talk to the running twin."""
    from strongroom.twin import process

    click.echo(process.exports(process.running(_home())))
    return 0


@command.command("status")
@text_or_json
def status(output: str) -> int:
    """Show what runs, its virtual time, and what AWS Backup has done."""
    from strongroom.twin import process

    figures = process.status(_home())
    if output == "json":
        print_json("twin status", **figures)
    else:
        for line in figure_lines(figures):
            click.echo(line)
    return 0


@command.command("down")
def down() -> int:
    """Stop the running twin; its state is gone."""
    from strongroom.twin import process

    click.echo("stopped" if process.down(_home()) else "no twin was running")
    return 0


@command.group("clock")
def clock() -> None:
    """Move the virtual clock; it only goes forward."""


@clock.command("advance")
@click.argument("duration")
@text_or_json
def advance(duration: str, output: str) -> int:
    """Let DURATION pass, such as 90d, 12h or 2w: jobs run, recovery points appear, are copied, expire."""
    moved = let_pass(_home(), duration, quiet=output == "json")
    if output == "json":
        print_json("twin clock advance", **moved)
    else:
        for line in figure_lines(moved):
            click.echo(line)
    return 0


def let_pass(home: Path, duration: str, *, quiet: bool = False) -> dict[str, Any]:
    """Move the clock of a home's twin while showing how far it is; returns the new now and what happened.

    Raises BadInput for what is no duration, Cancelled when nobody waits any more: the twin goes on by itself.
    """
    from strongroom.twin import process

    endpoint = process.running(home)
    arrived = threading.Event()
    with progress(f"letting {duration} pass", quiet=quiet) as update:
        watcher = threading.Thread(target=_watch, args=(endpoint, update, arrived), daemon=True)
        watcher.start()
        try:
            return process.advance(home, duration)
        except KeyboardInterrupt:
            raise Cancelled("the twin goes on moving its clock", hint="wait for it, or stop it with: strongroom twin down") from None
        finally:
            arrived.set()
            watcher.join(timeout=1)


def _watch(endpoint: "Endpoint", update: Callable[[int, int, str], None], arrived: threading.Event) -> None:
    from strongroom.twin import client

    while not arrived.wait(WATCH_SECONDS):
        try:
            at = client.clock(endpoint)
        except (BadInput, CouldNotVerify):
            return  # who waits for the answer will hear why
        if at["moving"]:
            start, end, now = (datetime.fromisoformat(at[name]) for name in ("from", "to", "reached"))
            update((now - start).days, max((end - start).days, 1), f"{now:%Y-%m-%d}")


def figure_lines(figures: dict[str, Any], indent: str = "") -> list[str]:
    """Return nested numbers as indented lines.

    Example:
        >>> figure_lines({"jobs": {"COMPLETED": 3}})
        ['jobs', '  COMPLETED  3']
    """
    width = max((len(str(name)) for name in figures), default=0)
    lines: list[str] = []
    for name, value in figures.items():
        if isinstance(value, dict):
            lines += [f"{indent}{name}", *figure_lines(value, indent + "  ")]
        else:
            lines.append(f"{indent}{name!s:<{width}}  {value}")
    return lines


def _home() -> Path:
    from strongroom.api.home import home_for

    return home_for(None)
