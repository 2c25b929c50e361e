"""The YAML parser's complaints in words that a backup engineer can act on."""

import re

from ruamel.yaml.error import MarkedYAMLError, YAMLError

from strongroom.strategyfile.nodes import Place
from strongroom.strategyfile.problem import Problem

# What the parser says (its problem, or its context), what we say, and what to type. The first match counts.
_SENTENCES = (
    (r"found character '\\t'", "a tab can't be used for indentation", "indent with blanks"),
    (r"found character '([@`%])'", "text can't start with {0}", "put the value in quotes"),
    (r"mapping values are not allowed", "a second colon in this value, or a line indented too far", "put text with a colon in quotes"),
    (r"could not find expected ':'", "a key without a colon", "write a colon and a blank after the key"),
    (r"escape", "an unknown escape after a backslash", r"write \\ for a backslash, or use single quotes"),
    (r"quoted scalar", "a quote is opened and never closed", "close the quote"),
    (r"expected ',' or '[\]}]'", "a bracket is opened and not closed, or a comma is missing", "close the bracket, or add a comma"),
    (r"expected <block end>", "the indentation matches no line above", "align the line with its siblings"),
    (r"flow node", "a bracket is opened and not closed", "close the bracket"),
    (r"block scalar", "the first line after | or > can't be read", "write the text indented below | or >"),
    (r"simple key|block (mapping|collection|sequence)", "the indentation matches no line above", "align the line with its siblings"),
    (r"directive", "a directive (%) that can't be read", "remove the line, or put the value in quotes"),
    (r"anchor|alias", "an anchor (&) or alias (*) without a name", "put text that starts with & or * in quotes"),
    (r"tag", "a tag (!) that can't be read", "put text that starts with ! in quotes"),
    (r"document start", "text after the end of the document", "remove what follows, or indent it"),
)  # fmt: skip


def problem(error: YAMLError | ValueError | OverflowError) -> Problem:
    """Return the problem that stopped the parser; any other error is an escape of a character that doesn't exist."""
    place, said = Place(1, 1), "escape"
    if isinstance(error, MarkedYAMLError):
        said = f"{error.problem or ''}; {error.context or ''}"
        mark = error.problem_mark or error.context_mark
        # an unclosed quote or bracket and a key without a colon are noticed later, but were made where they start
        if error.context_mark is not None and re.search("unexpected end of stream|<stream end>|could not find expected ':'", said):
            mark = error.context_mark
        if mark is not None:
            place = Place(mark.line + 1, mark.column + 1)
    for pattern, message, fix in _SENTENCES:
        match = re.search(pattern, said)
        if match:
            return _problem(place, message.format(*match.groups()), fix)
    return _problem(place, "this can't be read", "look for a missing quote, colon or bracket here or in the line above")


def _problem(place: Place, message: str, fix: str) -> Problem:
    return Problem(code="YML001", place=place, subject="strategy", message=f"not YAML: {message}", help=fix)
