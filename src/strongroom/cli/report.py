"""Write a JSON report to a file."""

import json
from pathlib import Path
from typing import Any

from strongroom.api.writing import write_whole


def write_report(path: Path, document: dict[str, Any]) -> None:
    """Write a document as indented JSON, whole or not at all; raises BadInput when the file can't be written."""
    write_whole(path, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
