"""`strongroom ledger`."""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import plain, print_json, text_or_json
from strongroom.cli.printing import print_table
from strongroom.errors import BadInput, ExitCode

if TYPE_CHECKING:
    import pyarrow as pa

    from strongroom.api.ledger import Compared

CELL_WIDTH_MAX = 60
ROWS_SHOWN = 200

strategy_option = click.option("--strategy", type=click.Path(path_type=Path), help="Only to find its state folder.")
as_of_option = click.option("--as-of", metavar="INSTANT", help="The ledger's newest snapshot until then, or a snapshot's id.")


@click.group("ledger")
def command() -> None:
    """Snapshots of what sync has read: list, compare, query, export, check and prune them."""


@command.command("list")
@strategy_option
@text_or_json
def list_(strategy: Path | None, output: str) -> int:
    """Show all snapshots, the oldest first."""
    from strongroom.api.home import home_for
    from strongroom.api.ledger import snapshots

    kept = snapshots(home=home_for(strategy))
    if output == "json":
        print_json("ledger list", snapshots=kept)
        return ExitCode.PROVEN
    rows = [
        (
            each.id,
            f"{each.observed_at:%Y-%m-%d %H:%M:%S}",
            f"{each.rows:,}",
            f"{each.size_bytes / 1e6:.1f} MB",
            dict(each.source).get("caller", ""),
        )
        for each in kept
    ]
    print_table(("snapshot", "seen (UTC)", "rows", "size", "read by"), rows)
    return ExitCode.PROVEN


@command.command("diff")
@click.argument("before", required=False)
@click.argument("after", required=False)
@click.option("--table", metavar="NAME", help="Show its rows that are gone and new.")
@strategy_option
@text_or_json
def diff(*, before: str | None, after: str | None, table: str | None, strategy: Path | None, output: str) -> int:
    """Show what two snapshots differ in: ids or instants, the last two where none are named.

    A row that has changed is both gone and new.
    """
    from strongroom.api.home import home_for
    from strongroom.api.ledger import compare

    found = compare(before, after, home=home_for(strategy), table=table)
    if output == "json":
        rows = {name: _rows(each) for name, each in (("gone", found.gone), ("new", found.new)) if each is not None}
        print_json("ledger diff", before=found.before, after=found.after, differences=found.differences, **rows)
    else:
        print_compared(found)
    return ExitCode.PROVEN


def print_compared(found: "Compared") -> None:
    """Print counts by table, then the rows of the one that was named."""
    click.echo(f"{found.before} -> {found.after}")
    if not found.differences:
        click.echo("no difference")
    else:
        print_table(("table", "gone", "new"), [(each.table, str(each.gone), str(each.new)) for each in found.differences])
    for mark, color, rows in (("-", "red", found.gone), ("+", "green", found.new)):
        for row in rows.to_pylist() if rows is not None else ():
            text = ", ".join(f"{name}={_cell(value)}" for name, value in row.items() if value not in (None, ""))
            click.echo(click.style(f"{mark} {text}", fg=color))


@command.command("query")
@click.argument("sql")
@as_of_option
@strategy_option
@click.option("--format", "output", type=click.Choice(["text", "json", "csv"]), default="text", show_default=True)
def query(*, sql: str, as_of: str | None, strategy: Path | None, output: str) -> int:
    """Ask SQL of a snapshot: its tables are views, DuckDB answers. `-` reads SQL from standard input."""
    from strongroom.api.home import home_for
    from strongroom.api.ledger import query as ask

    found = ask(sys.stdin.read() if sql == "-" else sql, home=home_for(strategy), as_of=as_of)
    if output == "json":
        print_json("ledger query", columns=found.column_names, rows=_rows(found))
    elif output == "csv":
        _print_csv(found)
    else:
        rows = [[_cell(value) for value in row.values()] for row in found.slice(0, ROWS_SHOWN).to_pylist()]
        print_table(found.column_names, rows)
        if found.num_rows > ROWS_SHOWN:
            click.echo(f"and {found.num_rows - ROWS_SHOWN} more rows; all of them: --format json or csv")
    return ExitCode.PROVEN


@command.command("tables")
@text_or_json
def tables(output: str) -> int:
    """Show the tables and columns that query knows."""
    from strongroom.domain.tables import TABLES

    if output == "json":
        print_json("ledger tables", tables=TABLES)
        return ExitCode.PROVEN
    for table in TABLES:
        click.echo(click.style(table.name, bold=True) + f"  {table.row}")
        for column in table.columns:
            click.echo(f"  {column.name}  {column.type.value}{' or null' if column.nullable else ''}: {column.meaning}")
    return ExitCode.PROVEN


@command.command("export")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--table", "names", multiple=True, metavar="NAME", help="Only this table; repeatable.")
@click.option("--as", "kind", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
@as_of_option
@strategy_option
def export(*, folder: Path, names: tuple[str, ...], kind: str, as_of: str | None, strategy: Path | None) -> int:
    """Write tables of a snapshot into FOLDER, for other tools; with all tables also the records of restore tests."""
    from strongroom.api.home import home_for
    from strongroom.api.ledger import export as write

    for file in write(folder, home=home_for(strategy), as_of=as_of, tables=names, kind=kind):
        click.echo(str(file))
    return ExitCode.PROVEN


@command.command("check")
@strategy_option
@text_or_json
def check(strategy: Path | None, output: str) -> int:
    """Compare every file of every snapshot, and every record of a restore test, with its SHA-256; exits with 3 when one differs."""
    from strongroom.api.home import home_for
    from strongroom.api.ledger import RECORDS, exit_code
    from strongroom.api.ledger import check as checked

    found = checked(home=home_for(strategy))
    if output == "json":
        print_json("ledger check", snapshots=found)
    else:
        for each in found:
            state = click.style(f"damaged: {', '.join(each.damaged)}", fg="red") if each.damaged else click.style("intact", fg="green")
            click.echo(f"{each.id}  {state}")
        click.echo(f"{sum(each.id != RECORDS for each in found)} snapshots")
    return exit_code(found)


@command.command("prune")
@click.option("--keep", type=click.IntRange(min=1), metavar="NUMBER", help="Keep the newest so many.")
@click.option("--older-than", "days", type=click.IntRange(min=1), metavar="DAYS", help="Remove what was seen so long before the newest.")
@click.option("--yes", is_flag=True, help="Don't ask.")
@strategy_option
def prune(*, keep: int | None, days: int | None, yes: bool, strategy: Path | None) -> int:
    """Remove old snapshots; the newest always stays. What verify and reports know of the past goes with them."""
    from strongroom.api.home import home_for
    from strongroom.api.ledger import prune as remove
    from strongroom.api.ledger import pruning

    home = home_for(strategy)
    found = pruning(home=home, keep=keep, days=days)
    for each in found.unwanted:
        click.echo(f"{click.style('-', fg='red')} {each.id}")
    if not found.unwanted:
        click.echo(f"nothing to remove: {found.stay} snapshots")
        return ExitCode.PROVEN
    if not yes:
        if not sys.stdin.isatty():
            raise BadInput("nobody is at the terminal to agree", hint="say it with --yes")
        click.confirm(f"remove {len(found.unwanted)} snapshots, keep {found.stay}?", abort=True)
    remove(found, home=home)
    click.echo(f"removed {len(found.unwanted)} snapshots, {found.stay} stay")
    return ExitCode.PROVEN


def _rows(table: "pa.Table") -> list[dict[str, object]]:
    return [{name: plain(dict(value) if _is_map(value) else value) for name, value in row.items()} for row in table.to_pylist()]


def _is_map(value: object) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(each, tuple) for each in value)


def _cell(value: object) -> str:
    text = "" if value is None else value if isinstance(value, str) else json.dumps(plain(value), default=str)
    return text if len(text) <= CELL_WIDTH_MAX else f"{text[: CELL_WIDTH_MAX - 1]}…"


def _print_csv(table: "pa.Table") -> None:
    import csv

    writer = csv.writer(sys.stdout)
    writer.writerow(table.column_names)
    for row in table.to_pylist():
        writer.writerow(
            value if isinstance(value, str | int | float | None) else json.dumps(plain(value), default=str) for value in row.values()
        )
