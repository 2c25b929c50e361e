"""`strongroom whoami`."""

from pathlib import Path

import click

from strongroom.cli.formats import print_json, text_or_json
from strongroom.cli.printing import print_table


@click.command("whoami")
@click.argument("strategy", type=click.Path(path_type=Path), required=False)
@click.option("--role", help="Role to try in each account; default: the strategy's, else strongroom-read.")
@text_or_json
def command(strategy: Path | None, role: str | None, output: str) -> int:
    """Show who you are in AWS and which accounts can be reached."""
    from strongroom.api.whoami import whoami

    if strategy is None and Path("strategy.yaml").exists():
        strategy = Path("strategy.yaml")
    who = whoami(strategy, role=role)
    if output == "json":
        print_json(
            "whoami", account=who.account, arn=who.arn, region=who.region, role=who.role, reach=who.reach, organization=who.organization
        )
        return who.exit_code
    click.echo(f"you are {who.arn} in account {who.account}, Region {who.region or '(none configured)'}")
    if who.organization:
        click.echo(who.organization)
    rows = [(each.account_id, each.name, "reached" if each.reached else f"not reached: {each.reason}") for each in who.reach]
    if rows:
        print_table(("account", "name", f"role {who.role}"), rows)
    return who.exit_code
