"""Near misses: what somebody probably meant."""

from collections.abc import Iterable
from itertools import islice
from typing import Final

from strongroom.semantics.nearmiss import distance
from strongroom.strategyfile.problem import named

_LISTED_MAX: Final = 20
_KNOWN_MAX: Final = 1_000  # words to compare with; a file may declare more names than anybody can mean


def near_miss(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that is nearest, if it is near enough: about one wrong letter in three, three at most.

    Capitals, hyphens and underscores don't count as differences.

    Example:
        >>> near_miss("start-within", ["start_within", "keep"]), near_miss("keep", ["start_within"])
        ('start_within', None)
    """
    plain = _folded(word)
    limit = min(3, max(1, len(plain) // 3))
    ranked = sorted((distance(plain, _folded(candidate), limit), candidate) for candidate in known)
    return ranked[0][1] if ranked and ranked[0][0] <= limit else None


def did_you_mean(word: str, known: Iterable[str], *, otherwise: str = "") -> str:
    """Return the help for an unknown word: the near miss, or else the given sentence, or else all known words."""
    candidates = tuple(islice(known, _KNOWN_MAX))
    near = near_miss(word, candidates)
    if near is not None:
        return f"did you mean {named(near)}?"
    return otherwise or f"one of: {', '.join(named(candidate) for candidate in candidates[:_LISTED_MAX]) or 'none is declared'}"


def _folded(word: str) -> str:
    return word[:200].lower().replace("_", "-")
