"""Write docs/reference from the code, so that it can't lag behind: `make docs`."""

import io
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import click

import oracle_coverage
from strongroom import checks, facts, strategyfile
from strongroom.aws.permissions import LOCAL_VERBS, PERMISSIONS
from strongroom.checks import CHECKS
from strongroom.cli.app import cli
from strongroom.errors import ExitCode
from strongroom.proof import CAUSES
from strongroom.proof.messages import failure_mode

ROOT = Path(__file__).parents[1]
REFERENCE = ROOT / "docs" / "reference"
NOTE = "<!-- made by docs/generate.py from the code; don't edit -->\n\n"
EXIT_CODES = {
    ExitCode.PROVEN: "done, and nothing found",
    ExitCode.FINDINGS: "the answer is there, and it names problems",
    ExitCode.BAD_INPUT: "a file, an option or an argument is wrong",
    ExitCode.COULD_NOT_VERIFY: "something could not be read; outranks 1, and both counts are printed",
    ExitCode.AWS_REFUSED: "no credentials, access denied, or AWS rejected a call",
    ExitCode.STOPPED: "stopped half-way; `strongroom resume` goes on",
    ExitCode.BUG: "a bug in Strongroom",
    ExitCode.CANCELLED: "cancelled before anything was changed",
}


def permissions() -> str:
    """Return the page of IAM permissions."""
    lines = [
        "# IAM permissions",
        "",
        "What each verb needs, and who needs it. Strongroom assumes a role once (one hop) and never stores credentials.",
    ]
    for entry in PERMISSIONS:
        verbs = " and ".join(f"`{verb}`" for verb in entry.verbs)
        lines += ["", f"## {verbs}: {entry.principal}", "", f"{entry.why[0].upper()}{entry.why[1:]}.", ""]
        lines += [f"- `{action}`" for action in entry.actions]
    lines += [
        "",
        "## No permissions",
        "",
        f"{', '.join(f'`{verb}`' for verb in LOCAL_VERBS)} make no call to AWS (`twin` and `demo` only to the twin).",
    ]
    return "\n".join(lines) + "\n"


def command_line() -> str:
    """Return every verb's help as the command line prints it."""
    lines = ["# Command line", "", *_help(cli, "strongroom", ())]
    lines += ["", "## Exit codes", "", "| code | meaning |", "|---|---|"]
    lines += [f"| {code.value} | {meaning} |" for code, meaning in EXIT_CODES.items()]
    return "\n".join(lines) + "\n"


def _help(command: click.Command, name: str, path: tuple[str, ...]) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(("strongroom", *path)), max_content_width=120, terminal_width=120)
    if path:
        yield from ("", f"{'#' * (len(path) + 1)} `{name}`")
    yield from ("", "```", command.get_help(context), "```")
    if isinstance(command, click.Group):
        for sub in command.list_commands(context):
            found = command.get_command(context, sub)
            if found is not None:
                yield from _help(found, f"{name} {sub}", (*path, sub))


def check_catalogue() -> str:
    """Return the catalogue of checks, each with its explanation."""
    lines = ["# Checks", "", "What `strongroom check` looks for. `strongroom explain CODE` prints the same."]
    for code in checks.codes():
        lines += ["", f"## {code}", "", "```", checks.explain(code).rstrip(), "```"]
    return "\n".join(lines) + "\n"


def strategy() -> str:
    """Return the reference of the strategy file, from its JSON Schema."""
    schema = strategyfile.json_schema()
    lines = ["# Strategy file", "", "`strongroom schema` prints the JSON Schema for editors. This page lists every key."]
    definitions = {"the file": schema, **schema.get("$defs", {})}
    for name, definition in definitions.items():
        properties = definition.get("properties", {})
        if properties:
            lines += ["", f"## {name}", "", "| key | meaning |", "|---|---|"]
            lines += [f"| `{key}` | {_cell(each.get('description', ''))} |" for key, each in properties.items()]
    return "\n".join(lines) + "\n"


def failure_modes() -> str:
    """Return the table of failure modes: what the twin reproduces, what checks predict, what verify detects."""
    titles: dict[str, str] = tomllib.loads((ROOT / "docs" / "failure-modes.toml").read_text(encoding="utf-8"))
    tests = [*ROOT.glob("tests/unit/twin*/test_*.py"), *ROOT.glob("tests/conformance/test_*.py"), *ROOT.glob("tests/detect/test_*.py")]
    by_message = {failure_mode(facts.message(name), "") for name in facts.names("messages")}
    reproduced = {mode for file in tests for mode in re.findall(r"\bFM\d\d\b", file.read_text(encoding="utf-8"))}
    lines = [
        "# Failure modes",
        "",
        "The ways backups fail in the real world. *Twin*: a test reproduces it there. *check*: predicted before anything is deployed.",
        "*verify*: detected in the live state; *message*: told by what AWS says of a failed job.",
        "An empty cell is not built yet, or can't be known on that side.",
        "",
        "| id | what happens | twin | check | verify |",
        "|---|---|---|---|---|",
    ]
    for mode, title in titles.items():
        predicted = ", ".join(each.code for each in CHECKS if mode in each.documentation.failure)
        detected = ", ".join([cause.code for cause in CAUSES if mode in cause.failure_mode] + ["message"] * (mode in by_message))
        lines.append(f"| {mode} | {title} | {'yes' if mode in reproduced else ''} | {predicted} | {detected} |")
    return "\n".join(lines) + "\n"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


PAGES = {
    "permissions.md": permissions,
    "command-line.md": command_line,
    "checks.md": check_catalogue,
    "failure-modes.md": failure_modes,
    "what-is-checked.md": checks.coverage.page,
    "oracle-coverage.md": oracle_coverage.page,
    "strategy-file.md": strategy,
}


def main() -> int:
    """Write every page, or with --check say which are out of date."""
    REFERENCE.mkdir(exist_ok=True)
    stale = []
    for name, page in PAGES.items():
        with redirect_stdout(io.StringIO()):
            text = NOTE + page()
        target = REFERENCE / name
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            stale.append(name)
            if "--check" not in sys.argv:
                target.write_text(text, encoding="utf-8")
    print(f"{len(PAGES)} pages, {len(stale)} {'out of date: ' + ', '.join(stale) if '--check' in sys.argv else 'written'}")
    return 1 if stale and "--check" in sys.argv else 0


if __name__ == "__main__":
    sys.exit(main())
