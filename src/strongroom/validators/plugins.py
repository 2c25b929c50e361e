"""Which function a validator's name means: those of this release first, so that no other package can take their place."""

import importlib
from collections.abc import Mapping
from difflib import get_close_matches
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import Final

from strongroom.errors import BadInput
from strongroom.validators.target import Validator

GROUP: Final = "strongroom.validators"
CONNECTION: Final = "connection"
ENCRYPTION: Final = "encryption"
BUILT_IN: Final = (CONNECTION, ENCRYPTION)  # examined without being asked for
_ROOM: Final = "strongroom.validators"
SHIPPED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "checksum": f"{_ROOM}.checksum:checksum",
        "command": f"{_ROOM}.command:command",
        "connection": f"{_ROOM}.connection:connection",
        "encryption": f"{_ROOM}.encryption:encryption",
        "http": f"{_ROOM}.http:http",
        "manifest": f"{_ROOM}.manifest:manifest",
        "rows": f"{_ROOM}.rows:rows",
        "sql": f"{_ROOM}.sql:sql",
    }
)


def validator(name: str) -> Validator:
    """Return the function of a validator; raises BadInput when no package has one, and whatever its package does."""
    if name in SHIPPED:
        module, _, function = SHIPPED[name].partition(":")
        found: Validator = getattr(importlib.import_module(module), function)
        return found
    foreign = {each.name: each for each in entry_points(group=GROUP)}
    if name not in foreign:
        near = get_close_matches(name, [*SHIPPED, *foreign], n=1)
        hint = f"did you mean {near[0]}?" if near else "install the package that brings it"
        raise BadInput(f"no validator is called {name}", hint=hint)
    loaded: Validator = foreign[name].load()
    return loaded
