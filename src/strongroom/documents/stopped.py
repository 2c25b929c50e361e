"""What ends the reading of a text, or spoils it."""

from strongroom.documents.nodes import Place
from strongroom.documents.notes import shown


class Stopped(Exception):
    """A problem of syntax: code, place, message and fix."""

    def __init__(self, code: str, place: Place, message: str, fix: str) -> None:
        super().__init__(message)
        self.code = code
        self.place = place
        self.message = message
        self.fix = fix


def repeated(key: str, place: Place, first: Place) -> Stopped:
    """Return the problem of a key that is written twice."""
    message = f"key {shown(key)} is written twice: first in line {first.line}"
    return Stopped("DOC005", place, message, "rename or remove one of them")
