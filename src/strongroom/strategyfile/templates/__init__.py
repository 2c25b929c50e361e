"""First strategies for `strongroom init`: a minimal one beside this module, and the examples with the files that they name."""

from pathlib import Path, PurePosixPath
from typing import Final

from strongroom.errors import BadInput
from strongroom.strategyfile.nearmiss import did_you_mean

EXAMPLES: Final = ("three-tiers", "landing-zone", "backup-and-dr", "dora", "hipaa")
TEMPLATES: Final = ("minimal", *EXAMPLES)


def template(name: str) -> str:
    """Return the text of a template; raises BadInput with the near miss for an unknown name."""
    if name not in TEMPLATES:
        raise BadInput(f"there is no template {name!r}", hint=did_you_mean(name, TEMPLATES))
    file = _example(name) / "strategy.yaml" if name in EXAMPLES else Path(__file__).with_name(f"{name}.yaml")
    return file.read_text(encoding="utf-8")


def companions(name: str) -> dict[PurePosixPath, str]:
    """Return the files that a template names, such as checks/records.sql, with their texts."""
    if name not in EXAMPLES:
        return {}
    folder = _example(name)
    files = sorted(folder.glob("checks/*.sql"))
    return {PurePosixPath(file.relative_to(folder).as_posix()): file.read_text(encoding="utf-8") for file in files}


def _example(name: str) -> Path:
    """Return the folder of an example: in the package where it is installed, else in the repository."""
    package = Path(__file__).parents[2]
    folders = (package / "examples" / name, package.parents[1] / "examples" / name)
    found = next((folder for folder in folders if (folder / "strategy.yaml").exists()), None)
    if found is None:
        raise BadInput(f"the example {name} is not installed", hint="use another template: strongroom init --template minimal")
    return found
