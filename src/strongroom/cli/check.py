"""`strongroom check`."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from strongroom.cli.formats import github, junit, print_json, sarif
from strongroom.cli.printing import counted, print_findings
from strongroom.domain.finding import Severity
from strongroom.errors import BadInput

if TYPE_CHECKING:
    from strongroom.api.check import Checked

KINDS = (
    *("strategy", "policy", "plan", "selection", "vault-policy", "cloudformation", "terraform"),
    *("identity-policy", "trust-policy", "key-policy", "scp", "topic-policy", "access"),
)


@click.command("check")
@click.argument("document", type=click.Path(path_type=Path), default="strategy.yaml")
@click.option("--kind", type=click.Choice(KINDS), help="What DOCUMENT is; default: told by its keys.")
@click.option("--account", help="Account that a plan, selection or template is deployed to.")
@click.option("--region", help="Region that it is deployed to.")
@click.option("--inventory", metavar="FILE|ledger", help="Resources: a CSV or Parquet file, or the newest snapshot of the ledger.")
@click.option("--select", multiple=True, metavar="CODE", help="Only findings whose code starts with CODE.")
@click.option("--ignore", multiple=True, metavar="CODE", help="No findings whose code starts with CODE.")
@click.option(
    "--suppressions", type=click.Path(path_type=Path, dir_okay=False), help="Findings accepted for a time, with reason and owner."
)
@click.option(
    "--fail-on",
    type=click.Choice([*(each.value for each in Severity), "never"]),
    default="warning",
    show_default=True,
    help="Least severity that exits with 1; never: nothing but bad input fails.",
)
@click.option("--format", "output", type=click.Choice(["text", "json", "sarif", "junit", "github"]), default="text", show_default=True)
def command(  # noqa: PLR0917 - one parameter for each option
    document: Path,
    kind: str | None,
    account: str | None,
    region: str | None,
    inventory: str | None,
    select: tuple[str, ...],
    ignore: tuple[str, ...],
    suppressions: Path | None,
    fail_on: str,
    output: str,
) -> int:
    """Say what will fail, before anything is deployed.

    DOCUMENT is a strategy or a folder with strategy.yaml; or what others wrote: an Organizations backup policy (or a folder of
    them with attachments.yaml), a plan as GetBackupPlan returns it, a selection, a vault access policy, a CloudFormation template,
    what terraform show -json prints, a policy of a role, key or topic, a service control policy, or an access document (who may do what).

    Exits with 3 when something could not be judged, whatever else is found: a vault that the document doesn't declare, a resource
    that was not read. Ignore or suppress what you accept; with --fail-on never the exit code is always 0.
    """
    from strongroom.api.check import Choice, Scope, check
    from strongroom.api.check import inventory as resources
    from strongroom.api.home import home_for

    if kind == "strategy" and (account or region):
        raise BadInput("a strategy names its own accounts and Regions", hint="leave out --account and --region")
    home = home_for(document if document.is_file() else document / "strategy.yaml")
    known = resources(inventory, home=home) if inventory else None
    scope = Scope(kind=kind, account=account, region=region, inventory=known)
    severity = None if fail_on == "never" else Severity(fail_on)
    choice = Choice(select=select, ignore=ignore, fail_on=severity, suppressions=suppressions, today=datetime.now(UTC).date())
    checked = check(document, scope=scope, choice=choice)
    show(checked, output)
    return checked.exit_code


def show(checked: "Checked", output: str) -> None:
    """Print what was found in the format that was asked for."""
    if output == "json":
        hidden = [{"finding": finding, "suppression": by} for finding, by in checked.suppressed]
        print_json(
            "check",
            file=checked.file,
            exit_code=int(checked.exit_code),
            findings=checked.findings,
            could_not_verify=checked.unknown,
            suppressed=hidden,
        )
    elif output == "sarif":
        click.echo(sarif(checked.findings))
    elif output == "junit":
        click.echo(junit("check", checked.findings, checked.unknown))
    elif output == "github":
        click.echo("".join(f"{line}\n" for line in github(checked.findings)), nl=False)
    else:
        print_findings(checked.findings)
        for finding, by in checked.suppressed:
            click.echo(f"suppressed[{finding.code}] {finding.origin}  {finding.message} (until {by.expires}, {by.owner}: {by.reason})")
        unknown = f", {len(checked.unknown)} of them about what could not be verified" if checked.unknown else ""
        click.echo(f"{checked.file}: {counted(checked.findings)}{unknown}")
