"""The `strongroom` command: verbs are imported when they are called, and errors become one line and an exit code."""

import importlib
import os
import sys

import click

from strongroom import __version__
from strongroom.errors import ExitCode, StrongroomError

# The verbs in the order of a day's work; the short help stands here so that --help imports none of them.
VERBS = {
    "init": "write a first strategy from a template",
    "check": "say what will fail, before anything is deployed",
    "explain": "explain a finding's code",
    "schema": "print the JSON Schema of strategy files, for editors",
    "render": "write CloudFormation templates and policies for your own pipeline",
    "whoami": "show who you are in AWS and which accounts can be reached",
    "plan": "show what apply would change",
    "apply": "deploy a strategy: show the plan, then execute it",
    "resume": "go on with an interrupted apply",
    "sync": "read the live state of every account into the ledger",
    "coverage": "show what is backed up and what is not, without a strategy",
    "verify": "compare the strategy with the ledger: proven, broken, unknown",
    "prove": "show one resource's proof, link by link",
    "twin": "run a local AWS organization in which AWS Backup really runs",
    "demo": "see all of it in under a minute, on the twin",
}


class Verbs(click.Group):
    """A group whose commands live in modules of their own name."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Return the verbs in the order of a day's work."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import a verb's module when it is called."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"strongroom.cli.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for a mistyped one."""
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            near = get_close_matches(args[0], VERBS, n=1)
            if not near:
                raise
            raise click.UsageError(f"{error.message} Did you mean {near[0]!r}?", ctx) from error


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, message="strongroom %(version)s")
def cli() -> None:
    """Declare the backup strategy of an AWS organization once; check it, deploy it, and prove that it holds.

    AWS credentials, profile, Region and endpoint come from the AWS SDK's own configuration.
    Exit codes: 0 proven, 1 findings, 2 bad input, 3 could not verify, 4 AWS refused, 5 stopped and resumable, 70 bug, 130 cancelled.
    """


def main() -> None:
    """Run the command line; whatever goes wrong ends in one clear message and the right exit code."""
    try:
        code = cli.main(standalone_mode=False)
        sys.stdout.flush()
        sys.exit(int(code) if isinstance(code, int) else ExitCode.PROVEN)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(ExitCode.BAD_INPUT)
    except (click.Abort, KeyboardInterrupt):
        click.echo("cancelled", err=True)
        sys.exit(ExitCode.CANCELLED)
    except StrongroomError as error:
        _tell(error)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): that is its decision, not an error of ours.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(ExitCode.PROVEN)
    except Exception:  # noqa: BLE001 - the outermost loop
        import traceback

        traceback.print_exc()
        click.echo("this is a bug in strongroom, please report the lines above", err=True)
        sys.exit(ExitCode.BUG)


def _tell(error: StrongroomError) -> None:
    from strongroom.api.strategy import FaultyStrategy
    from strongroom.cli.printing import print_findings

    if isinstance(error, FaultyStrategy):
        print_findings(error.findings, err=True)
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error.message}", err=True)
    if error.hint:
        click.echo(f"  help: {error.hint}", err=True)
