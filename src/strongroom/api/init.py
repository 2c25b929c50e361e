"""`init`: a first strategy from a template."""

from pathlib import Path

from strongroom import strategyfile
from strongroom.errors import BadInput


def init(path: Path, template: str) -> Path:
    """Write a template as a new strategy file and return its path; raises BadInput when it exists."""
    target = path / "strategy.yaml" if path.is_dir() else path
    text = strategyfile.template(template)
    try:
        with target.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise BadInput(f"{target} exists already", hint="name another file: strongroom init FILE") from None
    except OSError as error:
        raise BadInput(f"can't write {target}: {error.strerror}", hint="name a file in a folder that exists") from error
    return target
