"""Texts with wildcards: `*` for any characters, `?` for one.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html (Resource)
and https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html (ArnLike: part by part).
"""

import re
from collections.abc import Callable, Iterable
from enum import Enum
from functools import lru_cache
from typing import Final, NamedTuple

Test = Callable[[str], bool]

_ARN_COLONS: Final = 5  # after them the resource part begins, which may have colons of its own


class Wild(Enum):
    """A wildcard in a pattern."""

    MANY = "*"
    ONE = "?"


Piece = str | Wild


@lru_cache(maxsize=65536)
def pieces(text: str) -> tuple[Piece, ...]:
    """Return the literal parts and wildcards of a pattern.

    Example:
        >>> pieces("s3:Get*")
        ('s3:Get', <Wild.MANY: '*'>)
    """
    return tuple(Wild(part) if part in {"*", "?"} else part for part in re.split(r"([*?])", text) if part)


@lru_cache(maxsize=65536)
def glob(pattern: tuple[Piece, ...]) -> Test:
    """Return a test for a pattern whose wildcards match any characters, also colons and slashes.

    Example:
        >>> [glob(pieces("arn:aws:s3:::logs/*"))(arn) for arn in ("arn:aws:s3:::logs/a/b", "arn:aws:s3:::log")]
        [True, False]
    """
    if not pattern:
        return "".__eq__
    if all(isinstance(piece, str) for piece in pattern):
        return "".join(str(piece) for piece in pattern).__eq__
    if pattern == (Wild.MANY,):
        return _anything
    if len(pattern) == 2 and isinstance(pattern[0], str) and pattern[1] is Wild.MANY:
        prefix = pattern[0]
        return lambda text: text.startswith(prefix)
    return _full([_any(piece) if isinstance(piece, Wild) else re.escape(piece) for piece in pattern])


@lru_cache(maxsize=65536)
def arn_glob(pattern: tuple[Piece, ...]) -> Test | None:
    """Return a test for an ARN pattern whose wildcards stay within the part between two colons; None: it isn't one.

    Example:
        >>> like = arn_glob(pieces("arn:aws:iam::*:role/ops*"))
        >>> like("arn:aws:iam::111122223333:role/ops/a:b"), like("arn:aws:iam::1:2:role/ops")
        (True, False)
    """
    parts: list[str | _Star] = []
    colons = 0
    for piece in pattern:
        if isinstance(piece, str):
            parts.append(re.escape(piece))
            colons += piece.count(":")
        else:
            parts.append(_within(piece) if colons < _ARN_COLONS else _any(piece))
    return _full(parts) if colons >= _ARN_COLONS else None


@lru_cache(maxsize=65536)
def resource_glob(pattern: tuple[Piece, ...]) -> Test:
    """Return a test for the pattern of a Resource element: an ARN, or `*`.

    A wildcard stays within its part of the ARN; a star that ends a part reaches over the colons after it. From the fifth colon on
    it is the resource's own part, colons and all.

    Example:
        >>> arn = "arn:aws:backup:eu-west-1:111122223333:backup-vault:local"
        >>> [resource_glob(pieces(f"arn:aws:backup:{part}:backup-vault:local"))(arn) for part in ("*", "eu*3", "eu-west-?:*")]
        [True, False, True]
    """
    wild = [piece for piece in pattern if isinstance(piece, Wild)]
    if not wild or (wild == [Wild.MANY] and pattern[-1] is Wild.MANY):
        return glob(pattern)
    parts: list[str | _Star] = []
    colons = 0
    for number, piece in enumerate(pattern):
        if isinstance(piece, str):
            parts.append(re.escape(piece))
            colons += piece.count(":")
            continue
        following = pattern[number + 1] if number + 1 < len(pattern) else ":"
        ends = piece is Wild.MANY and isinstance(following, str) and following.startswith(":")
        if colons >= _ARN_COLONS:
            parts.append(_any(piece))
        else:
            parts.append(_Star(".", first_fits=False) if ends else _within(piece))
    return _full(parts)


def any_of(tests: Iterable[Test]) -> Test:
    """Return a test that holds when one of them holds; comparisons with a literal are one look into a set.

    Example:
        >>> test = any_of([glob(pieces(text)) for text in ("a", "b", "c*")])
        >>> [test(text) for text in ("a", "b", "cd", "d")]
        [True, True, True, False]
    """
    literals: set[str] = set()
    others: list[Test] = []
    for test in tests:
        literal = getattr(test, "__self__", None)  # the text of a bound __eq__
        if isinstance(literal, str):
            literals.add(literal)
        else:
            others.append(test)
    if _anything in others:
        return _anything
    if not others:
        return frozenset(literals).__contains__
    if len(others) == 1 and not literals:
        return others[0]
    known, rest = frozenset(literals), tuple(others)
    return lambda text: text in known or any(test(text) for test in rest)


def matches_anything(test: Test) -> bool:
    """Return whether a test is that of the pattern `*`."""
    return test is _anything


def _anything(_text: str) -> bool:
    return True


class _Star(NamedTuple):
    """A star, and whether the first place where what follows it fits is as good as any: then there is no way back from it."""

    characters: str  # that it stands for
    first_fits: bool = True


def _any(piece: Wild) -> str | _Star:
    return _Star(".") if piece is Wild.MANY else "."


def _within(piece: Wild) -> str | _Star:
    return _Star("[^:]") if piece is Wild.MANY else "[^:]"


def _full(parts: list[str | _Star]) -> Test:
    """Return a test of a whole text; its time grows with the text's length, not with a power of it, however many stars there are."""
    regex = ""
    while parts:
        part, *parts = parts
        if isinstance(part, str):
            regex += part
            continue
        end = next((number for number, each in enumerate(parts) if isinstance(each, _Star)), len(parts))
        chunk = "".join(each for each in parts[:end] if isinstance(each, str))
        following = parts[end] if end < len(parts) else None
        # a star that stands for any characters takes up whatever lies between the first place and a later one
        if isinstance(following, _Star) and (part.first_fits or following.characters == part.characters):
            regex += f"(?>{part.characters}*?{chunk})" if chunk else f"{part.characters}*?"
            parts = parts[end:]
        else:
            regex += f"{part.characters}*"
    match = re.compile(regex, re.DOTALL).fullmatch
    return lambda text: match(text) is not None
