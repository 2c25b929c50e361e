"""Write a file whole or not at all."""

import os
from contextlib import suppress
from pathlib import Path

from strongroom.errors import BadInput


def write_whole(file: Path, text: str) -> None:
    """Replace a file's content; after a crash it has the old content or the new. Raises BadInput when it can't be written."""
    draft = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        if file.exists() and not file.is_file():  # /dev/stdout and friends can't be replaced
            file.write_text(text, encoding="utf-8")
            return
        draft.write_text(text, encoding="utf-8")
        draft.replace(file)
    except OSError as error:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
        raise BadInput(f"can't write {file}: {error.strerror}", hint="name a file in a folder that you may write to") from error
