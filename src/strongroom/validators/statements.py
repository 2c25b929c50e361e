"""A file of SQL as its statements, each with the line it starts in."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

# Alternatives in the order in which they are tried: what may hold a semicolon that ends nothing.
_TOKEN: Final = re.compile(
    r"""
    (?P<comment> --[^\n]* )
    | (?P<block> /\* )
    | (?P<text> [eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*" )
    | (?P<dollar> \$(?P<tag>[A-Za-z_\x80-\uffff][\w\x80-\uffff]*|)\$ .*? \$(?P=tag)\$ )
    | (?P<end> ; )
    | (?P<word> [\w\x80-\uffff$]+ )
    | (?P<other> . )
    """,
    re.VERBOSE | re.DOTALL,
)
_BLOCK: Final = re.compile(r"/\*|\*/")


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement of a file."""

    line: int  # where it starts, from 1
    text: str  # without comments before it and without its semicolon
    word: str  # its first, in lower case, such as select; empty for one that starts with something else


def statements(text: str) -> Iterator[Statement]:
    r"""Yield the statements of a text; empty ones are left out.

    Example:
        >>> [(each.line, each.word) for each in statements("-- first;\nSELECT ';' AS a;\n\nVALUES (1)")]
        [(2, 'select'), (4, 'values')]
    """
    position, begun, word = 0, -1, ""
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or found["block"]:
            position = _after_block(text, position)
            continue
        if found["end"]:
            if begun >= 0:
                yield _statement(text, begun, found.start(), word)
            begun = -1
        elif begun < 0 and not found["comment"] and not found[0].isspace():
            begun, word = found.start(), (found["word"] or "").lower()
            if found[0] == "(":  # of a query in parentheses
                inner = re.match(r"[(\s]*(\w*)", text[begun:])
                word = inner[1].lower() if inner else ""
        position = found.end()
    if begun >= 0:
        yield _statement(text, begun, len(text), word)


def _statement(text: str, begun: int, ended: int, word: str) -> Statement:
    return Statement(line=text.count("\n", 0, begun) + 1, text=text[begun:ended].rstrip(), word=word)


def _after_block(text: str, position: int) -> int:
    """Return where a comment ends; those of SQL may be nested."""
    depth = 0
    for mark in _BLOCK.finditer(text, position):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return mark.end()
    return len(text)
