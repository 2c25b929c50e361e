"""Rules for all tests: no network in unit tests, long runs on request only, a day of the week and an hour that don't depend on now."""

import os
from collections.abc import Sequence
from pathlib import Path

import pytest
from pytest_socket import disable_socket, enable_socket

UNIT = Path(__file__).parent / "unit"
# A Wednesday at noon, far from the hours of all rules and from midnight: what a test sees doesn't depend on when it runs.
# `STRONGROOM_TWIN_START=2027-01-31T01:50:00Z make test` asks whether that hides something.
os.environ.setdefault("STRONGROOM_TWIN_START", "2027-03-03T12:00:00Z")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--long", action="store_true", help="run the long tests too")
    parser.addoption("--update", action="store_true", help="rewrite golden files; read the diff")


def pytest_collection_modifyitems(config: pytest.Config, items: Sequence[pytest.Item]) -> None:
    if config.getoption("--long"):
        return
    for item in items:
        if item.get_closest_marker("long"):
            item.add_marker(pytest.mark.skip(reason="runs with --long only (make test-all)"))


@pytest.fixture(autouse=True)
def _no_network_in_unit_tests(request: pytest.FixtureRequest) -> None:
    if UNIT in Path(request.node.path).parents:
        disable_socket()
    else:
        enable_socket()
