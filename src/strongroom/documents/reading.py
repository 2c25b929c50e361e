"""Bytes -> text -> nodes: the encoding, the size, and which of JSON and YAML it is."""

from pathlib import Path
from typing import Final

from strongroom.documents.jsonreading import read_json
from strongroom.documents.nodes import Node, Place
from strongroom.documents.notes import Notes
from strongroom.documents.stopped import Stopped
from strongroom.documents.yamlreading import read_yaml
from strongroom.errors import BadInput

BYTES_MAX: Final = 16 << 20  # larger files are refused unread


def read_file(path: Path, notes: Notes) -> str | None:
    """Return the text of a file, or None with a finding; raises BadInput when it can't be opened."""
    try:
        with path.open("rb") as file:
            content = file.read(BYTES_MAX + 1)
    except FileNotFoundError:
        raise BadInput(f"there is no file {path}", hint="check the path") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise BadInput(f"can't read {path}: {reason}", hint="check the path and its permissions") from error
    if len(content) > BYTES_MAX:
        message = f"the file has more than {BYTES_MAX} bytes"
        notes.add("DOC003", Place(1, 1), "document", message, "check that this is the right file")
        return None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")) + 1
        message = f"the file is not UTF-8 text: byte 0x{content[error.start]:02x} can't be read"
        notes.add("DOC002", Place(before.count(b"\n") + 1, column), "document", message, "save the file with the encoding UTF-8")
        return None


def read(text: str, notes: Notes) -> Node | None:
    """Return the nodes of a JSON or YAML text, or None with a finding. Never raises."""
    text = text.removeprefix("\ufeff")
    problems: list[Stopped] = []
    root: Node | None = None
    try:
        root = read_json(text, problems) if _is_json(text) else read_yaml(text, problems)
    except Stopped as stopped:
        problems.append(stopped)
    for problem in problems:
        notes.add(problem.code, problem.place, "document", problem.message, problem.fix)
    return root


def _is_json(text: str) -> bool:
    start = text.lstrip(" \t\r\n")[:1]
    return start == "" or start in "{["
