"""The commands in README and tutorial are run, in order, and print what the pages say."""

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests import forked

from strongroom import strategyfile

ROOT = Path(__file__).parents[2]
PAGES = (
    "README.md",
    "docs/tutorial.md",
    "docs/how-to/use-the-twin.md",
    "docs/how-to/who-can-delete.md",
    "docs/how-to/what-must-go-wrong.md",
    "docs/how-to/read-verify.md",
    "docs/how-to/from-an-organization-of-others.md",
    *(f"examples/{name}/README.md" for name in strategyfile.EXAMPLES),
)
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
MARK = "=== end of"
PROGRESS = re.compile(r"(reading|applying): \d+ of \d+")  # plain lines that only a slow run prints
# What differs from run to run; the shape of the rest must agree.
VARIABLE = (
    (re.compile(r"127\.0\.0\.1:\d+"), "127.0.0.1:PORT"),
    (re.compile(r"pid \d+"), "pid N"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d[:-]\d\d([:-]\d\d)?(\.\d+)?(Z|\+00:00| UTC)?(-\d{4})?"), "INSTANT"),
    (re.compile(r"-[0-9a-f]{12}\b"), "-RUN"),
    (re.compile(r"\b(vol|snap|fs|key)-[0-9a-f]{8,}"), "\\1-ID"),
    (re.compile(r"\b\d+\b(?! (errors?|warnings?|broken|unknown|accounts|steps))"), "N"),  # jobs and recovery points depend on the weekday
)


@dataclass
class Session:
    """A console block: commands, each with the output that the page shows."""

    commands: list[tuple[str, list[str]]]


def sessions(page: str) -> list[Session]:
    found = []
    for block in BLOCK.findall((ROOT / page).read_text(encoding="utf-8")):
        commands: list[tuple[str, list[str]]] = []
        for line in block.rstrip("\n").split("\n"):
            if line.startswith("$ "):
                commands.append((line[2:], []))
            else:
                commands[-1][1].append(line)
        found.append(Session(commands))
    return found


def normal(lines: list[str]) -> list[str]:
    cleaned = []
    for line in lines:
        text = line.rstrip()
        for pattern, replacement in VARIABLE:
            text = pattern.sub(replacement, text)
        cleaned.append(re.sub(r" {2,}", "  ", text))
    while cleaned and not cleaned[-1]:  # a blank line before the end of a block can't be seen
        cleaned.pop()
    return cleaned


def run(all_sessions: list[Session], folder: Path, programs: Path) -> list[list[str]]:
    """Run all commands of a page in one shell, with the programs of a folder first, and return what each printed."""
    commands = [command for session in all_sessions for command, _ in session.commands]
    script = "".join(f"{on_free_port(command)}\necho '{MARK}' {number}\n" for number, command in enumerate(commands))
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment |= {
        "PATH": os.pathsep.join([str(programs), str(Path(sys.executable).parent), os.environ["PATH"]]),
        "STRONGROOM_HOME": str(folder / "home"),
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_PAGER": "",
        "COLUMNS": "100",
    }
    try:
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=300,
            check=False,
        )
    finally:
        subprocess.run(["bash", "-c", "strongroom twin down"], cwd=folder, env=environment, capture_output=True, check=False)
    outputs, lines = [], []
    for line in done.stdout.split("\n"):
        if line.startswith(MARK):
            outputs.append(lines)
            lines = []
        elif not PROGRESS.match(line):
            lines.append(line)
    assert len(outputs) == len(commands), done.stdout
    return outputs


def on_free_port(command: str) -> str:
    return f"{command} --port 0" if command.startswith("strongroom twin up") else command


@pytest.mark.parametrize("page", PAGES)
def test_the_commands_print_what_the_page_says(
    page: str, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
):
    """Every console block is run as a user would, that of the README with the program itself; --update writes what was printed there."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    parsed = sessions(page)
    programs = Path(sys.executable).parent if page == "README.md" else forked.program(tmp_path_factory.mktemp("programs"))
    printed = run(parsed, tmp_path, programs)
    if request.config.getoption("--update"):
        update(page, parsed, printed)
    expected = [lines for session in sessions(page) for _, lines in session.commands]
    assert [normal(lines) for lines in printed] == [normal(lines) for lines in expected]


def update(page: str, parsed: list[Session], printed: list[list[str]]) -> None:
    outputs = iter(printed)
    blocks = iter(
        "```console\n" + "".join("\n".join([f"$ {command}", *next(outputs)]) + "\n" for command, _ in session.commands) + "```"
        for session in parsed
    )
    path = ROOT / page
    path.write_text(BLOCK.sub(lambda _: next(blocks), path.read_text(encoding="utf-8")), encoding="utf-8")


def test_the_strategy_of_the_readme_is_whole():
    """The twelve lines that open the README make a strategy without a finding."""
    [text] = re.findall(r"```yaml\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    parsed = strategyfile.parse(text, file="README.md")
    assert (parsed.findings, parsed.strategy is not None) == ((), True)


def test_the_python_of_the_twins_page_runs(tmp_path: Path):
    """The boto3 lines work with the variables of a twin, the pytest example passes with the plugin."""
    text = (ROOT / "docs/how-to/use-the-twin.md").read_text(encoding="utf-8")
    script, tests = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    (tmp_path / "test_example.py").write_text(
        f"{tests}\n\ndef test_script(aws_twin, monkeypatch):\n"
        "    for name, value in aws_twin.environment().items():\n        monkeypatch.setenv(name, value)\n"
        f"    exec({script!r})\n",
        encoding="utf-8",
    )
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PYTEST_"))}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "strongroom.twin.pytest_plugin"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert "4 passed" in done.stdout, done.stdout
