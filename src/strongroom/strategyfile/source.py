"""From bytes to text that may be given to a YAML parser: size, encoding, control characters, length of lines."""

import re

from strongroom.strategyfile.nodes import Place
from strongroom.strategyfile.problem import Problem, shown

MAX_BYTES = 1 << 20  # larger files are refused unread
_MAX_LINE_CHARACTERS = 100_000  # YAML parsers take quadratic time over some single tokens
# What YAML 1.2 doesn't allow in a file (production c-printable).
CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
# A directive for another version of YAML, in which the same words mean other things.
_OTHER_VERSION = re.compile("(?:^|[\r\x85\u2028\u2029])(%YAML(?![ \t]+1\\.2[ \t\r]*(?:#.*)?$).{0,20})", re.MULTILINE)
_SUBJECT = "strategy"


def decoded(content: bytes) -> str | Problem:
    """Return the text of a file without a byte order mark, or the reason why it is none."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start]
        line = before.count(b"\n") + 1
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", errors="replace")) + 1
        message = f"the file is not UTF-8 text: byte 0x{content[error.start]:02x} can't be read"
        return _problem("YML002", Place(line, column), message, "save the file with the encoding UTF-8")


def refused(text: str) -> Problem | None:
    """Return why text may not reach the parser; None when it may."""
    size = len(text) if text.isascii() else len(text.encode("utf-8", errors="surrogatepass"))
    if size > MAX_BYTES:
        return _problem(
            "YML003", Place(1, 1), f"the file has {size} bytes, at most {MAX_BYTES} allowed", "check that this is the right file"
        )
    control = CONTROL.search(text)
    if control:
        before = text[: control.start()]
        place = Place(before.count("\n") + 1, len(before) - before.rfind("\n"))
        message = f"the file contains the control character U+{ord(control[0]):04X}"
        return _problem("YML002", place, message, "remove it")
    other = _OTHER_VERSION.search(text)
    if other:
        place = Place(text.count("\n", 0, other.start()) + 1, 1)
        return _problem("YML007", place, f"{shown(other[1].strip())} declares another version: YAML 1.2 expected", "remove the line")
    for number, line in enumerate(text.split("\n"), start=1):
        if len(line) > _MAX_LINE_CHARACTERS:
            message = f"line {number} has {len(line)} characters, at most {_MAX_LINE_CHARACTERS} allowed"
            return _problem("YML003", Place(number, 1), message, "break the line, or check that this is the right file")
    return None


def _problem(code: str, place: Place, message: str, fix: str) -> Problem:
    return Problem(code=code, place=place, subject=_SUBJECT, message=message, help=fix)
