"""What we promise about the repository itself: sizes, imports, documentation."""

import ast
import doctest
import importlib
import pkgutil
import re
import subprocess
import sys
from pathlib import Path

import pytest

import strongroom

ROOT = Path(__file__).parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
PURE_ROOMS = ("domain", "facts", "semantics", "strategyfile", "documents", "forecast", "compiler", "checks", "errors", "cli.printing")


@pytest.mark.parametrize("file", SOURCES, ids=lambda file: str(file.relative_to(ROOT / "src")))
def test_no_module_is_longer_than_500_lines(file: Path):
    """A module past 500 lines is split by subject."""
    assert len(file.read_text(encoding="utf-8").splitlines()) <= 500


def test_every_room_says_its_purpose():
    """A package's __init__ begins with a docstring."""
    missing = [str(file) for file in SOURCES if file.name == "__init__.py" and not ast.get_docstring(ast.parse(file.read_text()))]
    assert missing == []


def test_only_the_outermost_loops_catch_everything():
    """`except Exception` stands in cli, workflows and the process of a validator, which may be anybody's; bare excepts nowhere."""
    broad = [
        f"{file.relative_to(ROOT)}:{node.lineno}"
        for file in SOURCES
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or (isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}))
        and not {"cli", "workflows"} & set(file.parts)
        and file.parts[-2:] != ("validators", "child.py")
    ]
    assert broad == []


def test_no_file_names_a_package_registry():
    """Lock files keep names, versions and hashes; no tracked file names a registry or mirror."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    registry = re.compile(r"(pypi\.org|pythonhosted\.org|registry\.npmjs|index-url|find-links\s*=|extra-index)", re.IGNORECASE)
    guilty = [
        name
        for name in tracked
        if name not in {"tests/repo/test_structure.py", "Makefile"}
        and registry.search((ROOT / name).read_text(encoding="utf-8", errors="ignore"))
    ]
    assert guilty == []


def test_every_locked_package_has_hashes():
    """`pip install --require-hashes` can install the lock file."""
    lock = (ROOT / "requirements" / "dev.lock").read_text()
    blocks = re.split(r"\n(?=[a-z0-9])", lock.strip())
    assert [block.split("\n")[0] for block in blocks if "--hash=sha256:" not in block] == []


def imported_after(code: str) -> set[str]:
    listing = f"import sys; {code}; print(' '.join(sorted(sys.modules)))"
    return set(subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split())


HEAVY = {"pyarrow", "duckdb", "boto3", "botocore", "dbos", "moto", "numpy"}


def test_help_imports_no_verb():
    """`strongroom --help` imports click and nothing of what the verbs need."""
    modules = imported_after("import strongroom.cli")
    assert modules & (HEAVY | {"pydantic", "rich", "ruamel.yaml"}) == set()


def test_check_imports_nothing_that_reads_aws_or_the_ledger():
    """`check` works in a pull request: no boto3, pyarrow, DuckDB or DBOS on its way."""
    assert imported_after("import strongroom.api.check, strongroom.cli.check") & HEAVY == set()


def pure_modules() -> list[str]:
    names = [each.name for each in pkgutil.walk_packages(strongroom.__path__, "strongroom.")]
    wanted = tuple(f"strongroom.{room}" for room in PURE_ROOMS)
    return [name for name in names if name.startswith(wanted) and not name.endswith("selection_columns")]


@pytest.mark.parametrize("name", pure_modules())
def test_examples_in_docstrings_are_true(name: str):
    """Examples of pure functions are run."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_generated_pages_are_up_to_date():
    """docs/reference says what the code says; `make docs` writes it."""
    done = subprocess.run([sys.executable, "docs/generate.py", "--check"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
