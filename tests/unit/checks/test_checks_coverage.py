"""The list of what is checked is complete, and says nothing that isn't so."""

import re

import pytest

from strongroom import checks, documents, strategyfile
from strongroom.checks.coverage import page

# Failure modes that `check` predicts (column "where" of the specification holds a C), and FM10, whose near misses it names.
PREDICTED = "01 02 03 04 05 06 07 08 09 10 11 12 13 14 15 16 19 21 22 23 24 25 26 28 29 30 32 33 34 36 37 38 39"
STATIC = {"P": 25, "O": 5, "V": 4, "K": 2, "R": 2, "A": 1, "C": 1, "X": 2}
CELLS = checks.cells()


def test_every_row_of_the_specification_is_there_once():
    """Nothing is passed over, nothing is invented."""
    expected = [f"FM{number}" for number in PREDICTED.split()]
    expected += [f"{letter}{number:02}" for letter, count in STATIC.items() for number in range(1, count + 1)]
    assert [cell.id for cell in CELLS] == expected


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.id)
def test_row_is_answered_or_says_why_not(cell):
    """Codes that exist, or a reason; never an empty line."""
    assert cell.what
    assert cell.codes or cell.open
    assert set(cell.codes) <= {*checks.codes(), *strategyfile.CODES, *documents.CODES}
    assert len(set(cell.codes)) == len(cell.codes)


@pytest.mark.parametrize("check", checks.CHECKS, ids=lambda check: check.code)
def test_check_stands_under_the_failure_mode_that_it_claims(check):
    """The head of a check and the list agree."""
    codes = {cell.id: cell.codes for cell in CELLS}
    failure = check.documentation.failure
    assert failure not in codes or check.code in codes[failure]


def test_page_is_a_table_with_every_row():
    """The reference shows all of it."""
    assert re.findall(r"^\| ([A-Z]+[0-9]+) \|", page(), re.MULTILINE) == [cell.id for cell in CELLS]
