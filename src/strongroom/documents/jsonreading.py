"""JSON -> nodes with places. Iterative, so that no nesting can exhaust the stack; it stops at the first mistake of syntax.

Python's own `json` forgets where things stand and which keys were written twice.
Source: https://www.rfc-editor.org/rfc/rfc8259
"""

import gc
import json
import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Final

from strongroom.documents.nodes import Entry, Items, Members, Node, Place, Scalar
from strongroom.documents.stopped import Stopped, repeated

_VALUES_MAX: Final = 400_000
_DEPTH_MAX: Final = 100
_TOKEN: Final = re.compile(
    r"[ \t\n\r]*(?:(?P<mark>[{}\[\]:,])"
    r'|"(?P<text>[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*)"'
    r"|(?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?)(?![0-9A-Za-z.+-])"
    r"|(?P<word>true|false|null)(?![0-9A-Za-z_]))"
)
_BLANKS: Final = re.compile(r"[ \t\n\r]*")
_WORDS: Final = {"true": True, "false": False, "null": None}
_DIGITS_MAX: Final = 18  # longer integers are nothing that AWS counts; Python would take quadratic time over them


@dataclass(slots=True)
class _Open:
    """A bracket that has not been closed."""

    place: Place
    mark: str
    entries: dict[str, Entry] = field(default_factory=dict)
    items: list[Node] = field(default_factory=list)
    key: tuple[str, Place] | None = None


class _Lines:
    """Offsets to lines and columns."""

    def __init__(self, text: str) -> None:
        self._starts = [0, *(match.end() for match in re.finditer("\n", text))]

    def place(self, offset: int) -> Place:
        line = bisect_right(self._starts, offset)
        return Place(line, offset - self._starts[line - 1] + 1)


def read_json(text: str, problems: list[Stopped]) -> Node:
    """Return the nodes of a JSON text; keys written twice are added to `problems`, the first one counts. Raises Stopped."""
    collecting = gc.isenabled()
    gc.disable()  # nothing of a half-read document is garbage: looking for some doubles the time for a large one
    try:
        return _Reader(text, problems).read()
    finally:
        if collecting:
            gc.enable()


class _Reader:
    def __init__(self, text: str, problems: list[Stopped]) -> None:
        self._text = text
        self._problems = problems
        self._lines = _Lines(text)
        self._open: list[_Open] = []
        self._values = 0
        self._offset = 0

    def read(self) -> Node:
        """Go through the tokens; `expected` says what may come next."""
        expected = "value"
        root: Node | None = None
        while root is None or self._open:
            match = _TOKEN.match(self._text, self._offset)
            if match is None:
                raise self._unexpected(expected)
            start = match.start(match.lastgroup or 0) - (match.lastgroup == "text")
            self._offset = match.end()
            expected, done = self._take(match, start, expected)
            root = done if done is not None and not self._open else root
        self._offset = _end(self._text, self._offset)
        if self._offset < len(self._text):
            raise Stopped("DOC001", self._lines.place(self._offset), "text after the end of the document", "remove what follows")
        return root

    def _take(self, match: re.Match[str], start: int, expected: str) -> tuple[str, Node | None]:
        """Take a token; returns what may come next and the value that it finished."""
        kind, mark = match.lastgroup, match["mark"]
        if kind == "text" and expected in {"key", "key or }"}:
            self._open[-1].key = (self._string(match["text"], start), self._lines.place(start))
            return ":", None
        if mark == ":" and expected == ":":
            return "value", None
        if mark == "," and expected in {", or }", ", or ]"}:
            return ("key" if expected == ", or }" else "value"), None
        if mark in {"}", "]"} and expected.endswith(mark):
            return self._close()
        if expected in {"value", "value or ]"} and (mark is None or mark in "{["):
            return self._value(match, start)
        self._offset = start
        raise self._unexpected(expected)

    def _value(self, match: re.Match[str], start: int) -> tuple[str, Node | None]:
        place = self._lines.place(start)
        self._values += 1
        if self._values > _VALUES_MAX:
            raise Stopped("DOC003", place, f"the file holds more than {_VALUES_MAX} values", "check that this is the right file")
        match match.lastgroup:
            case "mark":
                if len(self._open) >= _DEPTH_MAX:
                    message = f"the file is nested deeper than {_DEPTH_MAX} levels"
                    raise Stopped("DOC004", place, message, "close the brackets that stay open")
                self._open.append(_Open(place, match["mark"]))
                return ("key or }" if match["mark"] == "{" else "value or ]"), None
            case "text":
                return self._finish(Scalar(self._string(match["text"], start), place))
            case "number":
                return self._finish(Scalar(_number(match["number"]), place))
            case _:
                return self._finish(Scalar(_WORDS[match["word"]], place))

    def _string(self, written: str, start: int) -> str:
        value = written if "\\" not in written else str(json.loads(f'"{written}"'))
        if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
            raise Stopped("DOC002", self._lines.place(start), "half of a surrogate pair is no character", "remove the escape")
        return value

    def _close(self) -> tuple[str, Node]:
        opened = self._open.pop()
        node = Members(opened.entries, opened.place) if opened.mark == "{" else Items(tuple(opened.items), opened.place)
        return self._finish(node)

    def _finish(self, node: Node) -> tuple[str, Node]:
        """Put a value where it belongs."""
        if not self._open:
            return "", node
        holder = self._open[-1]
        if holder.mark == "[":
            holder.items.append(node)
            return ", or ]", node
        key, place = holder.key or ("", node.place)
        first = holder.entries.get(key)
        if first:
            self._problems.append(repeated(key, place, first.place))
        else:
            holder.entries[key] = Entry(key, place, node)
        return ", or }", node

    def _unexpected(self, expected: str) -> Stopped:
        offset = _end(self._text, self._offset)
        place = self._lines.place(offset)
        if offset == len(self._text):
            if not self._open:
                return Stopped("DOC001", Place(1, 1), "the file is empty", "check that this is the right file")
            opened = self._open[-1]
            message = f"not JSON: the file ends before the {opened.mark} of line {opened.place.line} is closed"
            return Stopped("DOC001", place, message, "complete the file")
        found = self._text[offset]
        named = found if found.isprintable() else f"U+{ord(found):04X}"
        wanted = {"key or }": "a key in double quotes or }", "key": "a key in double quotes", "value or ]": "a value or ]"}
        said = wanted.get(expected, expected if expected != "value" else "a value")
        if found == '"' and expected in {"key", "key or }", "value", "value or ]"}:
            return Stopped("DOC001", place, "not JSON: a text that isn't closed, or a wrong escape in it", "close the quote in its line")
        return Stopped("DOC001", place, f"not JSON: {said} expected, {named} found", _fix(expected, found))


def _fix(expected: str, found: str) -> str:
    if found in "]}" and expected in {"value", "key"}:
        return "remove the comma before it"
    if expected.startswith(","):
        return "add a comma, or close the bracket"
    if found in "/#":
        return "remove the comment: JSON has none"
    return "put texts and keys in double quotes, and close every bracket"


def _end(text: str, offset: int) -> int:
    match = _BLANKS.match(text, offset)
    return match.end() if match else offset


def _number(written: str) -> int | float:
    if len(written) <= _DIGITS_MAX and written.lstrip("-").isdigit():
        return int(written)
    return float(written)
