"""One running twin a module, with vaults in its own account, in the central one and in another Region."""

from collections.abc import Iterator

import pytest
from tests.conformance.conftest import start
from tests.conformance.data.places import Places

from strongroom.twin import process
from strongroom.twin.stem import Stem


@pytest.fixture(scope="module")
def places(tmp_path_factory: pytest.TempPathFactory, stem: Stem) -> Iterator[Places]:
    """The account whose resources are backed up and restored."""
    started = start(tmp_path_factory.mktemp("data"), stem=stem)
    yield Places(started)
    process.down(started.home)
