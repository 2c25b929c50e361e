"""`strongroom twin`: a local AWS organization in a process of its own."""

import os
import sys
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.progress import progress
from strongroom.cli.storage import storage
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
@click.option("--seed", type=click.Path(path_type=Path, dir_okay=False), help="File that declares the organization.")
@click.option("--state", type=click.Path(path_type=Path, dir_okay=False), help="File with a saved twin, instead of a seed.")
@click.option("--start", default="", metavar="INSTANT", help="Where the clock begins, such as 2027-01-01T00:00:00Z; then it stands still.")
@click.option("--port", type=click.IntRange(0, 65535), default=4577, show_default=True, help="Port; 0 takes a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="IPv4 address to listen at, such as 0.0.0.0 in a container.")
@click.option(
    "--enforce-iam/--no-enforce-iam", default=None, help="Let calls and jobs do only what policies allow; a saved twin goes on as it did."
)
@text_or_json
def up(  # noqa: PLR0917 - click's options
    seed: Path | None,
    state: Path | None,
    start: str,
    port: int,
    host: str,
    enforce_iam: bool | None,  # noqa: FBT001 - click's
    output: str,
) -> int:
    """Start a twin of a seed or of a saved state and leave it running.

    The clock begins now, or where the saved one stood, and ticks. Without --enforce-iam policies of vaults, keys and roles' trust
    decide as at AWS, and nothing else: users may do everything. With it every call is asked of identity policies, boundaries,
    session policies, control policies and resource policies too, and a job does what its role may do.
    """
    from strongroom.twin import client, process

    endpoint = process.up(_home(), port, seed, state=state, start=start, enforce_iam=enforce_iam, host=host)
    databases = client.status(endpoint)["databases"]
    if "alone" in databases:
        click.echo(f"note: {databases}", err=True)
    if not host.startswith("127."):
        click.echo(f"warning: anybody who reaches {host} can read, change and stop this twin; it has no password", err=True)
    variables = process.environment(endpoint)
    if output == "json":
        print_json("twin up", url=endpoint.url, pid=endpoint.pid, account=endpoint.account, region=endpoint.region, environment=variables)
        return 0
    click.echo(f"twin of {seed or state} runs at {endpoint.url} (pid {endpoint.pid}), management account {endpoint.account}")
    click.echo('to talk to it: eval "$(strongroom twin env)", or give your tool these variables')
    for name, value in variables.items():
        click.echo(f"  {name}={value}")
    return 0


@command.command("save")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
def save(file: Path) -> int:
    """Write the state of the running twin to FILE, for `twin up --state FILE`.

    It holds every account, resource, item, object, file, block, database and key, and the credentials of the seed; only the
    twin's own classes and moto's are ever loaded from such a file, and databases only by the user and machine that saved them.
    """
    from strongroom.twin import client, process

    content = client.save(process.running(_home()))
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as out:
            out.write(content)
        draft.replace(file)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(f"can't write {file}: {error.strerror}", hint="name a file in a folder that can be written") from error
    click.echo(f"saved {file} ({len(content):,} bytes)")
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
        print_screen(figures)
    return 0


@command.command("down")
def down() -> int:
    """Stop the running twin; its state is gone unless `twin save` wrote it."""
    from strongroom.twin import process

    click.echo("stopped" if process.down(_home()) else "no twin was running")
    return 0


command.add_command(storage)


@command.group("fault")
def fault() -> None:
    """Let things go wrong in the running twin, in AWS's words."""


@fault.command("add")
@click.argument("kind")
@click.argument("members", nargs=-1, metavar="[NAME=VALUE]...")
@text_or_json
def fault_add(kind: str, members: tuple[str, ...], output: str) -> int:
    """Install a fault of a KIND, narrowed by NAME=VALUE.

    \b
    strongroom twin fault add region-outage region=eu-west-1
    strongroom twin fault add throttle service=backup operation='List*' rate=0.2
    strongroom twin fault add slow-jobs factor=12 type=RDS
    strongroom twin fault add corrupt-data arn=arn:aws:ec2:eu-west-2::snapshot/snap-0c1 count=2
    """  # noqa: D301 - \b is click's mark for lines to leave alone
    from strongroom.twin import client, process

    number = client.add_fault(process.running(_home()), kind, **dict(_member(each) for each in members))
    if output == "json":
        print_json("twin fault add", fault=number)
    else:
        click.echo(f"fault {number}: {kind}; to end it: strongroom twin fault clear {number}")
    return 0


def _member(text: str) -> tuple[str, str | int | float]:
    """Return the name and value of `rate=0.2`; raises BadInput."""
    name, mark, value = text.partition("=")
    if not mark:
        raise BadInput(f"{text!r} is no member of a fault", hint="write NAME=VALUE, for example region=eu-west-1")
    if name in {"after", "times", "status", "count"} and value.isdigit():
        return name, int(value)
    try:
        return name, float(value) if name in {"rate", "factor"} else value
    except ValueError:
        return name, value  # the twin says what is wrong with it


@fault.command("list")
@text_or_json
def fault_list(output: str) -> int:
    """List the faults in force, and how often each has struck."""
    from strongroom.twin import client, process

    faults = client.faults(process.running(_home()))
    if output == "json":
        print_json("twin fault list", faults=faults)
        return 0
    for line in [fault_line(each) for each in faults] or ["no faults"]:
        click.echo(line)
    return 0


@fault.command("clear")
@click.argument("number", type=click.IntRange(min=1), required=False)
def fault_clear(number: int | None) -> int:
    """End the fault of a NUMBER, or all; accounts that were closed or removed stay so."""
    from strongroom.twin import client, process

    click.echo(f"ended: {client.clear_faults(process.running(_home()), number or 0)}")
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


@command.command("load")
@click.option("--every", default="1h", show_default=True, help="Time between two markers, such as 1h, 30m or 1d.")
@click.option("--for", "duration", default="30d", show_default=True, help="How long the clock runs.")
@click.option("--kinds", multiple=True, metavar="KIND", help="tables, buckets, files, blocks, databases; all without it.")
@click.option("--only", multiple=True, metavar="ARN", help="Only this resource; repeatable.")
@click.option("--seed", default="", help="What the content of the markers is made of.")
@click.option("--tell", metavar="INSTANT", help="Write nothing; say which markers were there at a past instant.")
@text_or_json
def load(  # noqa: PLR0917 - click's
    every: str, duration: str, kinds: tuple[str, ...], only: tuple[str, ...], seed: str, tell: str | None, output: str
) -> int:
    """Write markers into everything that holds data while the clock runs, so that the state of any past instant is known.

    \b
    strongroom twin load --every 1h --for 30d
    strongroom twin load --tell 2027-01-15T12:00:00Z     # what must be there after a restore to this instant

    A marker has a running number, its instant, and content that depends on seed, resource and number: an item, an object, a file,
    a block, or a row of the table strongroom_marker.
    """  # noqa: D301 - \b is click's mark for lines to leave alone
    from strongroom.twin import client, process

    endpoint = process.running(_home())
    if tell is not None:
        told = client.markers_at(endpoint, tell)
        if output == "json":
            print_json("twin load", **told)
            return 0
        for line in marker_lines(told):
            click.echo(line)
        return 0
    written = write_markers(endpoint, every, duration, kinds=kinds, only=only, seed=seed, quiet=output == "json")
    if output == "json":
        print_json("twin load", **written)
    else:
        for line in figure_lines(written):
            click.echo(line)
    return 0


def write_markers(
    endpoint: "Endpoint", every: str, duration: str, *, kinds: Sequence[str], only: Sequence[str], seed: str, quiet: bool
) -> dict[str, Any]:
    """Write markers while the clock runs; returns what `loading.load` does. Raises BadInput, CouldNotVerify, Cancelled."""
    from strongroom.twin import client, loading
    from strongroom.twin.clock import duration as read
    from strongroom.twin.ports import ApiError

    try:
        step, length = read(every), read(duration)
    except ApiError as error:
        raise BadInput(error.message, hint="write something like 1h, 30d or 1d12h") from error
    if step.total_seconds() <= 0:
        raise BadInput(f"--every {every} is no time between markers", hint="write something like 1h")
    until = datetime.fromisoformat(client.clock(endpoint)["now"]) + length
    asked = loading.Load(every=step, until=until, kinds=loading.kinds_of(kinds), seed=seed, only=tuple(only))
    with progress(f"writing markers for {duration}", quiet=quiet) as update:
        try:
            return loading.load(endpoint, asked, update)
        except KeyboardInterrupt:
            raise Cancelled("the markers that are written stay", hint="see them with: strongroom twin load --tell INSTANT") from None


def marker_lines(told: dict[str, Any]) -> list[str]:
    """Return what was there at an instant as lines.

    Example:
        >>> marker = {"number": 1, "at": "2027-01-01T00:00:00+00:00", "seed": ""}
        >>> marker_lines({"at": "2027-01-02T00:00:00+00:00", "markers": [marker], "resources": {"arn:aws:s3:::orders": [1]}})
        ['1 marker up to 2027-01-02T00:00:00+00:00, the last is 1 of 2027-01-01T00:00:00+00:00', 'arn:aws:s3:::orders  1']
    """
    if not told["markers"]:
        return [f"no markers up to {told['at']}"]
    last, count = told["markers"][-1], len(told["markers"])
    first = f"{count} marker{'' if count == 1 else 's'} up to {told['at']}, the last is {last['number']} of {last['at']}"
    width = max((len(arn) for arn in told["resources"]), default=0)
    return [first, *(f"{arn:<{width}}  {spans(numbers)}" for arn, numbers in told["resources"].items())]


def spans(numbers: list[int]) -> str:
    """Return rising numbers with runs of them drawn together.

    Example:
        >>> spans([1, 2, 3, 7, 9, 10])
        '1-3, 7, 9-10'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


@command.command("mount")
@click.argument("file_system")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def mount(file_system: str, folder: Path) -> int:
    """Write the files of FILE_SYSTEM (id or ARN) as they are now into FOLDER, and print it.

    Whoever would mount a file system of EFS calls this instead: the files are a copy, and read-only.
    """
    from strongroom.twin import loading, process

    loading.mount(process.running(_home()), file_system, folder)
    click.echo(folder)
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


def print_screen(figures: dict[str, Any]) -> None:
    """Show a twin's status: side by side on a terminal, line by line elsewhere."""
    backup, clock = figures["backup"], figures["clock"]
    jobs = {name.partition("_")[0]: backup[name] for name in ("backup_jobs", "copy_jobs", "restore_jobs") if name in backup}
    twin = {
        "endpoint": figures["endpoint"],
        "seed": figures["seed"],
        "organization": figures["organization"],
        "management": figures["management_account"],
        "accounts": figures["accounts"],
        "resources": figures["resources"],
        "vaults": backup["vaults"],
        "plans": backup["plans"],
        "permissions": "enforced" if figures["enforce_iam"] else "not enforced",
        "databases": figures["databases"],
        "clock": f"{datetime.fromisoformat(clock['now']):%Y-%m-%d %H:%M:%S} UTC",
    }
    if clock["moving"]:
        twin["clock"] += f", moving to {datetime.fromisoformat(clock['to']):%Y-%m-%d}"
        twin["figures as of"] = f"{datetime.fromisoformat(figures['now']):%Y-%m-%d %H:%M:%S} UTC"
    panels = {
        "twin": figure_lines(twin),
        "jobs of 30 days": figure_lines(jobs) if any(jobs.values()) else ["none"],
        "recovery points": figure_lines(backup["recovery_points"]) or ["none"],
        "faults": [fault_line(each) for each in figures["faults"]] or ["none"],
    }
    if sys.stdout.isatty() and os.environ.get("TERM") != "dumb":
        _print_panels(panels)
        return
    for title, lines in panels.items():
        click.echo("\n".join([title, *(f"  {line}" for line in lines)]))


def _print_panels(panels: dict[str, list[str]]) -> None:
    from rich.columns import Columns
    from rich.console import Console
    from rich.panel import Panel
    from rich.text import Text

    Console(no_color=bool(os.environ.get("NO_COLOR"))).print(
        Columns([Panel(Text("\n".join(lines)), title=title, title_align="left") for title, lines in panels.items()])
    )


def fault_line(fault: dict[str, Any]) -> str:
    """Return a fault as one line.

    Example:
        >>> fault_line({"number": 2, "kind": "throttle", "service": "backup", "rate": 0.2, "hits": 7})
        '2  throttle service=backup rate=0.2, struck 7 times'
    """
    members = " ".join(f"{name}={value}" for name, value in fault.items() if name not in {"number", "kind", "hits"})
    times = "once" if fault["hits"] == 1 else f"{fault['hits']} times"
    return f"{fault['number']}  {fault['kind']}{' ' if members else ''}{members}, struck {times}"


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
