"""Write docs/reference from the code, so that it can't lag behind: `make docs`."""

import io
import re
import sys
import tomllib
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path

import click

import authorization_rival
import oracle_coverage
import twin_coverage
from strongroom import checks, facts, strategyfile
from strongroom.api import explain
from strongroom.aws.permissions import LOCAL_VERBS, PERMISSIONS
from strongroom.checks import CHECKS
from strongroom.cli.app import cli
from strongroom.errors import ExitCode
from strongroom.proof import CAUSES
from strongroom.proof.live.catalogue import LIVE
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


def codes() -> dict[str, str]:
    """Return one page for each code that any verb can print, and the index of all, by path below the reference."""
    lines = [
        "# Codes",
        "",
        "What the codes of findings mean: one page a code, with what `strongroom explain CODE` prints. A code is never given twice.",
    ]
    known = {code: _Explained(code) for code in explain.codes()}
    if strangers := {code[:3] for code in known} - {prefix for prefixes in SUBJECTS.values() for prefix in prefixes}:
        raise ValueError(f"codes of no subject: {', '.join(sorted(strangers))}")
    for subject, prefixes in SUBJECTS.items():
        lines += ["", f"## {subject}", "", "| code | severity | what |", "|---|---|---|"]
        lines += [
            f"| [{code}]({code}.md) | {each.severity} | {_cell(each.title)} |" for code, each in known.items() if code[:3] in prefixes
        ]
    return {"checks/README.md": "\n".join(lines) + "\n"} | {f"checks/{code}.md": each.page() for code, each in known.items()}


class _Explained:
    """The explanation of a code, taken apart."""

    def __init__(self, code: str) -> None:
        self.code = code
        first, _, rest = explain.explain(code).partition("\n")
        matched = re.fullmatch(r"[A-Z]{3}\d{3}(?: \((\w+)\))?: (.*)", first)
        if matched is None:
            raise ValueError(f"the explanation of {code} begins with {first!r}")
        self.severity, self.title = matched[1] or "error", matched[2]
        self.sections = re.findall(r"^([A-Z][a-z]+):\s+(.*?)(?=^[A-Z][a-z]+:|\Z)", rest, re.DOTALL | re.MULTILINE)

    def page(self) -> str:
        lines = [f"# {self.code}: {self.title}", "", f"Severity: {self.severity}. [All codes](README.md)."]
        for heading, words in self.sections:
            text = " ".join(words.split())
            text = text[:1].upper() + text[1:]
            if heading != "Failure":
                lines += ["", f"## {heading}", "", text]
            elif text != "none":
                lines += ["", f"Failure mode: [{text}](../failure-modes.md)."]
        return "\n".join((*lines, *self._example())) + "\n"

    def _example(self) -> Iterator[str]:
        """Yield what gives the finding, from the specification of the check."""
        spec = ROOT / "tests" / "checks" / f"{self.code}.md"
        if spec.exists():
            words = re.search(r"^## failing[^\n]*\n(.*?)(?=^## |\Z)", spec.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
            yield from ("", "## Example", "", re.sub(r"```yaml \w+", "```yaml", words[1].strip()) if words else "")


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
    document = tomllib.loads((ROOT / "docs" / "failure-modes.toml").read_text(encoding="utf-8"))
    titles = {mode: title for mode, title in document.items() if mode != "where"}
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
        predicted = ", ".join(_linked(each.code) for each in CHECKS if mode in each.documentation.failure)
        detected = [_linked(cause.code) for cause in CAUSES if mode in cause.failure_mode]
        detected += [_linked(check.code) for check in LIVE if mode in check.documentation.failure]
        detected += ["message"] * (mode in by_message)
        lines.append(f"| {mode} | {title} | {'yes' if mode in reproduced else ''} | {predicted} | {', '.join(detected)} |")
    return "\n".join(lines) + "\n"


def _linked(code: str) -> str:
    return f"[{code}](checks/{code}.md)"


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


# Under which heading of the index the codes of a prefix stand.
SUBJECTS = {
    "Strategies: what will fail": tuple(sorted({code[:3] for code in checks.codes()})),
    "The strategy file": ("STR", "YML"),
    "Documents that others wrote": ("DOC",),
    "Suppressions": ("SUP",),
    "Planning in an organization": ("ORG", "APL"),
    "Restores: what is in the way": ("RCV",),
    "The live state: what verify finds": ("VRF",),
}
PAGES = {
    "permissions.md": permissions,
    "command-line.md": command_line,
    "failure-modes.md": failure_modes,
    "what-is-checked.md": checks.coverage.page,
    "oracle-coverage.md": oracle_coverage.page,
    "twin-coverage.md": twin_coverage.page,
    "authorization-rival.md": authorization_rival.page,
    "strategy-file.md": strategy,
}
BY_HAND = frozenset({"authorization.md"})  # pages beside the generated ones


def main() -> int:
    """Write every page and remove those of nothing any more, or with --check say which are out of date."""
    dry = "--check" in sys.argv
    with redirect_stdout(io.StringIO()):
        pages = {name: NOTE + page() for name, page in PAGES.items()} | {name: NOTE + text for name, text in codes().items()}
    stale = [name for name, text in pages.items() if _written(name) != text]
    known = {*pages, *BY_HAND}
    gone = [str(path.relative_to(REFERENCE)) for path in REFERENCE.rglob("*.md") if str(path.relative_to(REFERENCE)) not in known]
    for name in () if dry else stale:
        (REFERENCE / name).parent.mkdir(parents=True, exist_ok=True)
        (REFERENCE / name).write_text(pages[name], encoding="utf-8")
    for name in () if dry else gone:
        (REFERENCE / name).unlink()
    names = ", ".join((*stale, *gone))
    print(f"{len(pages)} pages, {f'out of date: {names or None}' if dry else f'{len(stale)} written, {len(gone)} removed'}")
    return 1 if names and dry else 0


def _written(name: str) -> str:
    path = REFERENCE / name
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
