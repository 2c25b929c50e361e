"""Every row of the AWS reference is held by a vector or says why not, and every vector holds a row."""

import importlib.util
import re
from collections import Counter
from itertools import groupby
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "docs" / "oracle_coverage.py"


def load():
    spec = importlib.util.spec_from_file_location("oracle_coverage", SCRIPT)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_row_has_vectors_or_a_reason():
    """Exactly one of the two."""
    assert [row.id for row in load().rows() if bool(row.vectors) is bool(row.reason)] == []


def test_every_vector_that_a_row_names_exists():
    """A renamed vector takes its row along."""
    coverage = load()
    known = {address for address, _ in coverage.vectors()}
    assert sorted({address for row in coverage.rows() for address in row.vectors} - known) == []


def test_every_vector_holds_a_row():
    """A vector that no row names proves something that the reference doesn't say."""
    coverage = load()
    named = {address for row in coverage.rows() for address in row.vectors}
    assert sorted({address for address, _ in coverage.vectors()} - named) == []


def test_addresses_of_vectors_are_unique():
    """A name stands once in a file."""
    assert [address for address, count in Counter(address for address, _ in load().vectors()).items() if count > 1] == []


def test_ids_of_rows_are_unique_and_without_gaps():
    """Rows are counted through each section of the reference, so that none is missing in the middle."""
    found = [re.fullmatch(r"((?:0[1-57]-[1-57]|IAM-[1-7])\.[0-9]+)-([0-9]+)", row.id).groups() for row in load().rows()]
    for section, numbers in groupby(found, key=lambda pair: pair[0]):
        listed = [int(number) for _, number in numbers]
        assert listed == list(range(1, len(listed) + 1)), section


def test_the_page_names_every_row_and_every_source():
    """What is generated is complete."""
    coverage = load()
    text = coverage.page()
    assert all(f"| {row.id} |" in text for row in coverage.rows())
    assert all(source.startswith("https://") for _, source in coverage.vectors())
