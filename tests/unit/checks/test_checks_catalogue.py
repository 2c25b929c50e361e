"""Laws over the whole catalogue."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from strongroom import checks
from strongroom.errors import BadInput

ROOM = Path(checks.__file__).parent
every_check = pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.code)


def test_codes_are_unique_and_in_order():
    """A code means one thing for ever, and is found at a glance."""
    assert list(checks.codes()) == sorted(set(checks.codes()))


@every_check
def test_code_is_three_letters_and_three_digits(check):
    """Subject and number."""
    assert re.fullmatch("[A-Z]{3}[0-9]{3}", check.code)


@every_check
def test_documentation_is_complete(check):
    """Every heading is there; the title names the pattern, the source has a date or is a fact of ours."""
    documentation = check.documentation
    assert documentation.title[0].isupper()
    assert all((documentation.why, documentation.fix, documentation.limits))
    assert re.search(r"20[0-9]{2}-[01][0-9]-[0-3][0-9]|facts\.", documentation.source)
    assert re.fullmatch("FM[0-3][0-9]|none", documentation.failure)


@every_check
def test_facts_named_as_a_source_exist(check):
    """A source that quotes a fact can be followed."""
    from strongroom import facts

    for function, name in re.findall(r'facts\.(limit|message)\("([a-z0-9_]+)"\)', check.documentation.source):
        assert getattr(facts, function)(name)


@every_check
def test_module_is_named_like_its_check_and_holds_only_that(check):
    """One file a check, found by the pattern it names."""
    assert check.find.__module__ == f"strongroom.checks.{check.find.__name__}"


def test_every_file_with_a_check_is_in_the_catalogue():
    """A check that nobody runs is worse than none."""
    written = {path.stem for path in ROOM.glob("*.py") if '@check("' in path.read_text(encoding="utf-8")}
    assert written == {check.find.__name__ for check in checks.CHECKS}


@pytest.mark.parametrize("path", sorted(ROOM.glob("*.py")), ids=lambda path: path.stem)
def test_no_check_touches_clock_network_or_chance(path):
    """The same strategy gives the same findings, today and in a year."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert not names & {"time", "random", "secrets", "socket", "urllib", "http", "os", "subprocess", "pathlib"}
    calls = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    assert not calls & {"now", "utcnow", "today"}


def test_importing_the_room_loads_nothing_heavy():
    """`strongroom check` answers at once: no table engine, AWS library or parser comes with the checks."""
    script = "import sys, strongroom.checks, strongroom.compiler; print(' '.join(sys.modules))"
    loaded = set(subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split())
    assert not loaded & {"pyarrow", "boto3", "botocore", "duckdb", "dbos", "moto", "pydantic", "ruamel", "ruamel.yaml", "numpy"}


def test_explain_shows_the_whole_documentation():
    """Code, severity and all headings."""
    text = checks.explain("lck001")
    assert text.startswith("LCK001 (error): A rule's retention is outside the range of its vault's lock\n")
    assert all(f"\n{heading}:" in text for heading in ("Why", "Fix", "Limits", "Source", "Failure"))


def test_unknown_code_suggests_near_ones():
    """A typo is answered with what was probably meant."""
    with pytest.raises(BadInput, match="no check has the code 'LCK01'") as caught:
        checks.explain("LCK01")
    assert "LCK001" in caught.value.hint
