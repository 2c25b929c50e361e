"""Examples in the docstrings of this room are true, and its pure modules need no engine."""

import doctest
import importlib
import pkgutil
import subprocess
import sys

import pytest

import strongroom.forecast

MODULES = [each.name for each in pkgutil.iter_modules(strongroom.forecast.__path__, "strongroom.forecast.")]


@pytest.mark.parametrize("name", MODULES)
def test_forecast_examples_are_true(name):
    """Examples of pure functions are run."""
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("verb", ["calendar", "policy", "lock"])
def test_the_way_of_a_strategy_needs_no_engine(verb):
    """Without a ledger nothing imports pyarrow, DuckDB, boto3 or DBOS."""
    listing = f"import sys, strongroom.cli.{verb}, strongroom.api.{verb}; print(' '.join(sys.modules))"
    modules = set(subprocess.run([sys.executable, "-c", listing], capture_output=True, text=True, check=True).stdout.split())
    assert modules & {"pyarrow", "duckdb", "boto3", "dbos", "numpy"} == set()
