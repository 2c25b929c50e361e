"""Tags that were probably meant to match: AWS Backup compares them exactly and says nothing when they don't."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from strongroom.domain.strategy import Selection, TagTerm

_LENGTH_MIN: Final = 3  # shorter words are too close to each other


@dataclass(frozen=True, slots=True, kw_only=True)
class NearMiss:
    """A tag of a resource that almost matches a selection."""

    key: str  # as the resource has it
    value: str
    expected_key: str  # as the selection declares it
    expected_value: str
    difference: str  # "wrong case", "blanks", "one letter off" …, with what differs


def near_misses(selection: Selection, tags: Mapping[str, str], known: frozenset[tuple[str, str]] = frozenset()) -> tuple[NearMiss, ...]:
    """Return the tags of a resource that miss a selection's tag terms by case, blanks or one or two letters.

    Empty when the tags match, when any term has neither a match nor a near miss, and never about a (key, value) that some
    selection declares (`known`): that resource belongs there. Types and exclusions are the caller's business.

    Example:
        >>> from strongroom.domain.origin import BuiltIn
        >>> prod = Selection(tags=(TagTerm(key="environment", values=("prod",)),), origin=BuiltIn())
        >>> [miss.difference for miss in near_misses(prod, {"environment": "prd"})]
        ['one letter off']
    """
    known = known | declared([selection])
    found: list[NearMiss] = []
    for term in selection.tags:
        if tags.get(term.key) in term.values:
            continue
        best = min(_candidates(term, tags, known), key=lambda ranked: ranked[0], default=None)
        if best is None:
            return ()
        found.append(best[1])
    return tuple(found)


def declared(selections: Iterable[Selection]) -> frozenset[tuple[str, str]]:
    """Return all (key, value) pairs that selections declare: what `near_misses` must not take for a typo."""
    return frozenset(
        (term.key, value) for selection in selections for term in (*selection.tags, *selection.not_tags) for value in term.values
    )


def difference(written: str, meant: str) -> tuple[int, str] | None:
    """Return how a text differs from the one that was meant (rank, words), or None when it is another word.

    One letter may be added, dropped, changed or swapped with its neighbour; two only in words of at least six letters, and a
    word may lack up to two of its letters. An empty difference is rank 0.

    Example:
        >>> difference("Prod", "prod"), difference("prd", "prod"), difference("dev", "prod")
        ((1, 'wrong case'), (4, 'one letter off'), None)
    """
    if written == meant:
        return 0, ""
    left, right = written.strip().casefold(), meant.strip().casefold()
    if left == right:
        return _same_word(written, meant)
    shorter = min(len(left), len(right))
    edits = distance(left, right, 2) if shorter >= _LENGTH_MIN else 3
    if edits == 1:
        return 4, "one letter off"
    if edits == 2 and (shorter >= 2 * _LENGTH_MIN or _drops_letters(left, right)):
        return 5, "two letters off"
    return None


def _same_word(written: str, meant: str) -> tuple[int, str]:
    if written.strip() == meant.strip():
        return 2, "blanks at the start or end"
    return (1, "wrong case") if written.casefold() == meant.casefold() else (3, "wrong case and blanks")


def distance(left: str, right: str, at_most: int) -> int:
    """Return the Damerau-Levenshtein distance (swapped neighbours count once), or `at_most` + 1 when it is larger.

    Example:
        >>> distance("prdo", "prod", 2), distance("production", "prod", 2)
        (1, 3)
    """
    if abs(len(left) - len(right)) > at_most:
        return at_most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        two_before, before, row = before, row, [i] + [0] * len(right)
        for j, b in enumerate(right, 1):
            row[j] = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                row[j] = min(row[j], two_before[j - 2] + 1)
    return min(row[-1], at_most + 1)


def _drops_letters(short: str, long: str) -> bool:
    """Whether `short` is `long` without some inner letters: an abbreviation such as stg for stage."""
    letters = iter(long)
    return short[0] == long[0] and all(letter in letters for letter in short)


def _candidates(term: TagTerm, tags: Mapping[str, str], known: frozenset[tuple[str, str]]) -> Iterator[tuple[int, NearMiss]]:
    for key, value in tags.items():
        key_difference = difference(key, term.key)
        if key_difference is None or (key, value) in known or (key != term.key and any(key == declared for declared, _ in known)):
            continue
        for meant in term.values:
            value_difference = difference(value, meant)
            if value_difference is None:
                continue
            words = [f"{part}: {said}" for part, (rank, said) in (("key", key_difference), ("value", value_difference)) if rank]
            said = value_difference[1] if not key_difference[0] else ", ".join(words)
            miss = NearMiss(key=key, value=value, expected_key=term.key, expected_value=meant, difference=said)
            yield key_difference[0] + value_difference[0], miss
