"""The healthy organization of tests/detect/synthetic, for the units too."""

import importlib.util
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "detect" / "synthetic" / "conftest.py"


@pytest.fixture(scope="session")
def synthetic():
    specification = importlib.util.spec_from_file_location("synthetic_organization", SOURCE)
    module = importlib.util.module_from_spec(specification)
    sys.modules[specification.name] = module
    specification.loader.exec_module(module)
    return module


@pytest.fixture
def builder(synthetic):
    def make(seed=1, resources=20):
        return synthetic.Builder(seed, resources)

    return make
