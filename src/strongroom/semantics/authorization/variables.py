"""Policy variables: `${aws:username}`, with a default `${aws:PrincipalTag/team, 'none'}`, and the escapes `${*} ${?} ${$}`.

Only policies of version 2012-10-17 have them; older ones take the text literally.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Final

from strongroom.semantics.authorization.patterns import Piece, pieces
from strongroom.semantics.authorization.truth import MAYBE, NO, Truth

_VARIABLE: Final = re.compile(r"\$\{\s*(?:(?P<escape>[*?$])|(?P<key>[^,{}'\"]+?)\s*(?:,\s*'(?P<default>[^'{}]*)'\s*)?)\}")


class Unknown(Enum):
    """The value of a context key that nobody told us."""

    UNKNOWN = "unknown"


UNKNOWN: Final = Unknown.UNKNOWN

Value = tuple[str, ...] | Unknown  # of a context key; (): the call doesn't have it
Lookup = Callable[[str], Value]  # by key in lower case


@dataclass(frozen=True, slots=True)
class Variable:
    """A place in a text that the value of a context key takes."""

    key: str  # lower case
    default: str | None


Template = tuple[Piece | Variable, ...]


def template(text: str) -> Template:
    """Return the parts of a text with variables; raises ValueError where one is malformed.

    Example:
        >>> template("home/${aws:username}")
        ('home/', Variable(key='aws:username', default=None))
    """
    parts: list[Piece | Variable] = []
    position = 0
    for found in _VARIABLE.finditer(text):
        parts += _literal(text[position : found.start()])
        position = found.end()
        if escaped := found["escape"]:
            parts.append(escaped)
        else:
            parts.append(Variable(found["key"].lower(), found["default"]))
    parts += _literal(text[position:])
    return tuple(parts)


def has_variables(parts: Template) -> bool:
    """Return whether a text depends on the call."""
    return any(isinstance(part, Variable) for part in parts)


def pieces_of(parts: Template) -> tuple[Piece, ...]:
    """Return a text that has no variables as pieces."""
    return tuple(part for part in parts if not isinstance(part, Variable))


def substituted(parts: Template, lookup: Lookup) -> tuple[Piece, ...] | Truth:
    """Return a text with the values of a call; NO: the call has no value and there is no default; MAYBE: not known.

    Wildcards in a value are ordinary characters. A key with several values can't be a variable: MAYBE.

    Example:
        >>> substituted(template("home/${aws:username}"), {"aws:username": ("ann",)}.__getitem__)
        ('home/', 'ann')
    """
    found: list[Piece] = []
    for part in parts:
        if not isinstance(part, Variable):
            found.append(part)
            continue
        value = lookup(part.key)
        if value is UNKNOWN or len(value) > 1:
            return MAYBE
        if value:
            found.append(value[0])
        elif part.default is not None:
            found.append(part.default)
        else:
            return NO
    return tuple(found)


def _literal(text: str) -> tuple[Piece, ...]:
    if "${" in text:
        raise ValueError(f"a policy variable in {text!r} isn't closed or has no name")
    return pieces(text)
