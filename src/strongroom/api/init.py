"""`init`: a first strategy from a template."""

from pathlib import Path

from strongroom import strategyfile
from strongroom.errors import BadInput


def init(path: Path, template: str) -> tuple[Path, ...]:
    """Write a template as a new strategy, with the files that it names, and return their paths; raises BadInput when one exists."""
    target = path / "strategy.yaml" if path.is_dir() else path
    texts = {target: strategyfile.template(template)}
    texts |= {target.parent / name: text for name, text in strategyfile.companions(template).items()}
    for file in texts:
        if file.exists():
            raise BadInput(f"{file} exists already", hint="name another file or folder: strongroom init FILE")
    for file, text in texts.items():
        _write(file, text, folder=file.parent != target.parent)
    return tuple(texts)


def _write(file: Path, text: str, *, folder: bool) -> None:
    try:
        if folder:
            file.parent.mkdir(exist_ok=True)
        with file.open("x", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        raise BadInput(f"{file} exists already", hint="name another file or folder: strongroom init FILE") from None
    except OSError as error:
        raise BadInput(f"can't write {file}: {error.strerror}", hint="name a file in a folder that exists") from error
