"""Access documents for tests of `can` and `who-can`."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

_spec = importlib.util.spec_from_file_location("entitlement_documents", Path(__file__).with_name("entitlement_documents.py"))
assert _spec is not None
assert _spec.loader is not None
_documents = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_documents)


@pytest.fixture
def documents() -> ModuleType:
    """What access documents are made of."""
    return _documents


@pytest.fixture
def source(tmp_path: Path):
    """`source(**changes)`: who may do what by a document with these changes."""
    from strongroom.api.entitled import entitled

    return lambda **changes: entitled(policies=_documents.write(tmp_path, **changes), home=tmp_path)
