"""The `strongroom` command: verbs are imported when they are called, and errors become one line and an exit code."""

import gc
import importlib
import os
import signal
import sys
import threading
from typing import NoReturn

import click

from strongroom import __version__
from strongroom.cli import streams
from strongroom.errors import BadInput, ExitCode, StrongroomError

# The verbs in the order of a day's work; the short help stands here so that --help imports none of them.
VERBS = {
    "init": "write a first strategy from a template",
    "check": "say what will fail, before anything is deployed",
    "explain": "explain a finding's code",
    "calendar": "show every run of the next days, and which are lost to what",
    "policy": "show an account's effective policy, and what a policy change gains or loses",
    "lock": "rehearse vault locks: which jobs fail, what is committed until when",
    "schema": "print the JSON Schema of strategy files, for editors",
    "render": "write CloudFormation templates and policies for your own pipeline",
    "whoami": "show who you are in AWS and which accounts can be reached",
    "plan": "show what apply would change",
    "apply": "deploy a strategy: show the plan, then execute it",
    "resume": "go on with an interrupted apply, restore or test",
    "destroy": "take a deployed strategy away, except what recovery points need",
    "enrol": "opt governed accounts in to AWS Backup, which no template can",
    "sync": "read the live state of every account into the ledger",
    "ledger": "list, compare, query, export, check and prune what sync has read",
    "coverage": "show what is backed up and what is not, without a strategy",
    "verify": "compare the strategy with the ledger: proven, broken, unknown",
    "prove": "show one resource's proof, link by link",
    "rpo": "draw how much of a resource would have been lost, day by day",
    "survive": "show what has to go wrong before data are lost",
    "restore": "bring back what was backed up, beside what exists",
    "test": "restore recovery points, examine what came back, keep the evidence, clean up",
    "manifest": "write down names and checksums of what is in resources, to compare restores with",
    "tests": "list every resource and vault that restore tests cover: last proven, overdue",
    "can": "say whether AWS would let somebody make a call, and why",
    "who-can": "show everybody who could delete backups, decrypt, unlock …, by which way",
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
        command: click.Command = importlib.import_module(f"strongroom.cli.{cmd_name.replace('-', '_')}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """List the verbs without importing any."""
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        """Suggest the nearest verb for a mistyped one."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = "".join(f" Did you mean {verb!r}?" for verb in get_close_matches(args[0], VERBS, n=1))
            raise click.UsageError(f"No such verb {args[0]!r}.{near}", ctx)
        return super().resolve_command(ctx, args)


@click.command(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(__version__, message="strongroom %(version)s")
def cli() -> None:
    """Declare the backup strategy of an AWS organization once; check it, deploy it, and prove that it holds.

    AWS credentials, profile, Region and endpoint come from the AWS SDK's own configuration.
    Exit codes: 0 proven, 1 findings, 2 bad input, 3 could not verify, 4 AWS refused, 5 stopped and resumable, 70 bug, 130 cancelled.
    """


def main() -> NoReturn:
    """Run the command line; whatever goes wrong ends in one clear message and the right exit code."""
    streams.prepare()
    # Pydantic would look through everything that is installed for plugins before it reads the first strategy: ours needs none, and
    # `check` is to answer at once.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    gc.set_threshold(100_000)  # modules and models stay anyway: looking through them for garbage is a tenth of a `check`
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what a pipeline sends when it is cancelled
    with click.Context(cli, color=streams.colored()):
        code = _run()
    _leave(code)


def _run() -> int:
    try:
        code = cli.main(standalone_mode=False, color=streams.colored())
        streams.settle()
        return int(code) if isinstance(code, int) else ExitCode.PROVEN
    except click.exceptions.Exit as error:
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("cancelled", err=True)
        return ExitCode.CANCELLED
    except click.ClickException as error:
        return _tell(_usage(error))
    except StrongroomError as error:
        return _tell(error)
    except Exception:  # noqa: BLE001 - the outermost loop
        import traceback

        traceback.print_exc()
        click.echo("this is a bug in strongroom, please report the lines above", err=True)
        return ExitCode.BUG


def _usage(error: click.ClickException) -> BadInput:
    """Return what click has to say about the command line in the form of our own errors."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        click.echo(error.format_message(), err=True)
        return BadInput("no verb is given", hint=f"for example: {error.ctx.command_path if error.ctx else 'strongroom'} --help")
    message, mark, near = error.format_message().partition(" Did you mean ")
    path = error.ctx.command_path if isinstance(error, click.UsageError) and error.ctx else "strongroom"
    hint = f"did you mean {near}" if mark else f"see what is possible: {path} --help"
    return BadInput(" ".join(f"{message[:1].lower()}{message[1:]}".split()).rstrip("."), hint=hint)


def _tell(error: StrongroomError) -> ExitCode:
    """Print an error, the findings that it carries before it, and return its exit code."""
    findings = getattr(error, "findings", ())
    if findings:
        from strongroom.cli.printing import print_findings

        print_findings(findings, err=True)
    click.echo(f"{click.style('error', fg='red', bold=True)}: {error.message}", err=True)
    if error.hint:
        click.echo(f"  help: {error.hint}", err=True)
    return error.exit_code


def _leave(code: int) -> NoReturn:
    """End the process; a thread that still waits for an answer of AWS must not keep the terminal."""
    try:
        streams.settle()
    except StrongroomError as error:  # a full disk shows at the last flush
        code = _tell(error) if code == ExitCode.PROVEN else code
    if any(not thread.daemon for thread in threading.enumerate() if thread is not threading.main_thread()):
        os._exit(code)
    sys.exit(code)
