"""First strategies for `strongroom init`: YAML files beside this module."""

from importlib.resources import files
from typing import Final

from strongroom.errors import BadInput
from strongroom.strategyfile.nearmiss import did_you_mean

TEMPLATES: Final = ("minimal", "three-tiers")


def template(name: str) -> str:
    """Return the text of a template; raises BadInput with the near miss for an unknown name."""
    if name not in TEMPLATES:
        raise BadInput(f"there is no template {name!r}", hint=did_you_mean(name, TEMPLATES))
    return files(__package__).joinpath(f"{name}.yaml").read_text(encoding="utf-8")
