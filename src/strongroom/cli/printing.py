"""How findings and numbers look on a terminal."""

from collections.abc import Iterable, Sequence

import click

from strongroom.domain.finding import Finding, Severity

COLORS = {Severity.ERROR: "red", Severity.WARNING: "yellow", Severity.INFO: "cyan"}


def print_findings(findings: Iterable[Finding], *, err: bool = False) -> None:
    """Print findings one below the other, each with its place, its reason and its fix."""
    for finding in findings:
        label = click.style(f"{finding.severity.value}[{finding.code}]", fg=COLORS[finding.severity], bold=True)
        click.echo(f"{label} {finding.origin}  {finding.message}", err=err)
        mode = f" ({finding.failure_mode})" if finding.failure_mode else ""
        if finding.why:
            click.echo(f"  why:  {finding.why}{mode}", err=err)
        click.echo(f"  help: {finding.help}", err=err)


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
