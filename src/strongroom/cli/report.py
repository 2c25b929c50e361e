"""Write a JSON report to a file, whole or not at all."""

import json
import os
from pathlib import Path
from typing import Any

from strongroom.errors import BadInput


def write_report(path: Path, document: dict[str, Any]) -> None:
    """Write a document as indented JSON; raises BadInput when the file can't be written."""
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        if path.exists() and not path.is_file():  # /dev/stdout and friends can't be replaced
            path.write_text(text, encoding="utf-8")
            return
        draft.write_text(text, encoding="utf-8")
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise BadInput(f"can't write {path}: {error.strerror}", hint="name another file") from error
