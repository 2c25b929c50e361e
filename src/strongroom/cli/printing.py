"""How findings and numbers look on a terminal."""

import shutil
import textwrap
from collections.abc import Iterable, Sequence

import click

from strongroom.domain.estate import Undeployed
from strongroom.domain.finding import Finding, Severity

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}
WIDTH = 100  # characters, where nobody is at a terminal


def print_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Print findings one below the other, each with its place, its reason and its fix."""
    for finding in findings:
        label = click.style(f"{finding.severity.value}[{finding.code}]", fg=COLORS[finding.severity], bold=True)
        click.echo(f"{label} {finding.origin}  {finding.message}", err=err)
        mode = f" ({finding.failure_mode})" if finding.failure_mode else ""
        if finding.why:
            click.echo(f"  why:  {finding.why}{mode}", err=err)
        click.echo(f"  help: {finding.help}", err=err)


def print_undeployed(undeployed: Sequence[Undeployed]) -> None:
    """Print what a strategy declares and nothing deploys; nothing when there is no such thing."""
    if undeployed:
        click.echo(f"declared, but not deployed ({len(undeployed)}):")
    for each in undeployed:
        click.echo(f"  {click.style('!', fg='yellow', bold=True)} {each.subject}: {each.reason} ({each.origin})")


def print_wrapped(text: str, indent: str, *, bold: bool = False, color: str = "", deeper: int = 2) -> None:
    """Print a text in lines that fit the terminal, further ones indented more; names stay whole, what isn't printable is escaped."""
    text = "".join(letter if letter.isprintable() else letter.encode("unicode_escape").decode() for letter in text)
    width = shutil.get_terminal_size((WIDTH, 24)).columns
    further = indent + " " * deeper
    lines = textwrap.wrap(
        text, width, initial_indent=indent, subsequent_indent=further, break_long_words=False, break_on_hyphens=False
    )  # fmt: skip
    for line in lines:
        click.echo(click.style(line, fg=color or None, bold=bold or None) if bold or color else line)


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print aligned columns; numbers are the caller's to format."""
    widths = [max(len(row[column]) for row in (head, *rows)) for column in range(len(head))]
    for number, row in enumerate((head, *rows)):
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        click.echo(click.style(line, bold=True) if number == 0 else line)


def counted(findings: Sequence[Finding]) -> str:
    """Return how many findings there are of each severity.

    Example:
        >>> counted(())
        'no findings'
    """
    counts = {severity: sum(finding.severity is severity for finding in findings) for severity in Severity}
    names = {Severity.ERROR: "errors", Severity.WARNING: "warnings", Severity.INFO: "remarks"}
    parts = [f"{count} {names[severity] if count > 1 else names[severity][:-1]}" for severity, count in counts.items() if count]
    return ", ".join(parts) or "no findings"
