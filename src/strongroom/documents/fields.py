"""Typed reading of an object: what is missing, misspelt, of a wrong type or unknown is noted at its place."""

import re
from collections.abc import Collection
from typing import Final

from strongroom.documents.nodes import Items, Members, Node, Opaque, Place, Scalar, described
from strongroom.documents.notes import Notes, shown
from strongroom.domain.origin import FileOrigin, Unread
from strongroom.semantics.nearmiss import distance

_LISTED_MAX: Final = 12
_NUMBER: Final = re.compile(r"-?[0-9]{1,15}")
_MISREAD: Final = Unread("it has the wrong shape")


class Fields:
    """An object of a document. `lenient`: numbers and truth values may be written as text, and the other way round."""

    def __init__(self, node: Members, subject: str, notes: Notes, *, lenient: bool = False) -> None:
        self.node = node
        self.subject = subject
        self.notes = notes
        self.lenient = lenient

    @property
    def origin(self) -> FileOrigin:
        """Where the object starts."""
        return self.notes.origin(self.node.place)

    def value(self, key: str) -> Node | None:
        """Return the value under a key; None for nothing and for null."""
        entry = self.node.entries.get(key)
        if entry is None or (isinstance(entry.value, Scalar) and entry.value.value is None):
            return None
        return entry.value

    def place(self, key: str) -> Place:
        """Return the place of a value, else of the object."""
        entry = self.node.entries.get(key)
        return entry.value.place if entry else self.node.place

    def text(self, key: str, *, required: bool = False) -> str | Unread | None:
        """Return text; None when it is absent, which is noted when it is required."""
        found = self._present(key, required=required)
        if isinstance(found, Scalar):
            if isinstance(found.value, str) and (found.value or not required):
                return found.value
            if self.lenient and isinstance(found.value, int | float):
                return str(found.value).lower() if isinstance(found.value, bool) else str(found.value)
        return self._unusable(key, found, "text")

    def number(self, key: str) -> int | Unread | None:
        """Return a whole number; None when it is absent."""
        found = self._present(key)
        if isinstance(found, Scalar):
            if isinstance(found.value, int) and not isinstance(found.value, bool):
                return found.value
            if isinstance(found.value, float) and found.value.is_integer() and abs(found.value) < 1e15:
                return int(found.value)
            if self.lenient and isinstance(found.value, str) and _NUMBER.fullmatch(found.value):
                return int(found.value)
        return self._unusable(key, found, "a whole number")

    def flag(self, key: str) -> bool | Unread | None:
        """Return a truth value; None when it is absent."""
        found = self._present(key)
        if isinstance(found, Scalar):
            if isinstance(found.value, bool):
                return found.value
            if self.lenient and str(found.value).lower() in {"true", "false"}:
                return str(found.value).lower() == "true"
        return self._unusable(key, found, "true or false")

    def items(self, key: str, *, required: bool = False) -> tuple[Node, ...] | Unread:
        """Return the items of a list; none when it is absent."""
        found = self._present(key, required=required)
        if isinstance(found, Items):
            return found.items
        if self.lenient and isinstance(found, Members | Scalar):
            return (found,)
        return self._unusable(key, found, "a list") or ()

    def texts(self, key: str) -> tuple[str, ...] | Unread:
        """Return a list of texts."""
        found = self.items(key)
        if isinstance(found, Unread):
            return found
        values = [each.value for each in found if isinstance(each, Scalar) and isinstance(each.value, str)]
        if len(values) == len(found):
            return tuple(values)
        wrong = next(each for each in found if not (isinstance(each, Scalar) and isinstance(each.value, str)))
        return self._unusable(key, wrong, "a list of texts") or _MISREAD

    def objects(self, key: str, subject: str, *, required: bool = False) -> "tuple[Fields, ...] | Unread":
        """Return a list of objects; each is called by the subject and its number until it tells its name."""
        found = self.items(key, required=required)
        if isinstance(found, Unread):
            return found
        made: list[Fields] = []
        for number, node in enumerate(found, start=1):
            if not isinstance(node, Members):
                return self._unusable(key, node, "a list of objects") or _MISREAD
            made.append(Fields(node, f"{subject} {number}", self.notes, lenient=self.lenient))
        return tuple(made)

    def object(self, key: str, subject: str | None = None) -> "Fields | Unread | None":
        """Return an object; None when it is absent."""
        found = self._present(key)
        if isinstance(found, Members):
            return Fields(found, subject or self.subject, self.notes, lenient=self.lenient)
        return self._unusable(key, found, "an object")

    def only(self, known: Collection[str]) -> None:
        """Note the keys that AWS doesn't know here."""
        for entry in self.node.entries.values():
            if entry.key not in known:
                self.notes.add(
                    "DOC008", entry.place, self.subject, f"{shown(entry.key)} is no element here", did_you_mean(entry.key, sorted(known))
                )

    def missing(self, key: str) -> None:
        """Note that a required element is missing."""
        self.notes.add("DOC010", self.node.place, self.subject, f"{key} is missing", f"add {key}")

    def wrong(self, key: str, message: str, fix: str, code: str = "DOC009") -> None:
        """Note what is wrong with a value."""
        self.notes.add(code, self.place(key), self.subject, message, fix)

    def _present(self, key: str, *, required: bool = False) -> Node | None:
        found = self.value(key)
        if found is None and required:
            self.missing(key)
        return found

    def _unusable(self, key: str, found: Node | None, expected: str) -> Unread | None:
        """Return None for what is absent; note and return why anything else can't be used."""
        if found is None:
            return None
        if isinstance(found, Opaque):
            message = f"{key} is unknown: {found.reason}"
            self.notes.add("DOC011", found.place, self.subject, message, "write the value, or check what is deployed")
            return Unread(found.reason)
        self.notes.add("DOC009", found.place, self.subject, f"{key} is {described(found)}: {expected} expected", f"write {expected}")
        return _MISREAD


def did_you_mean(word: str, known: Collection[str]) -> str:
    """Return the help for an unknown word: the nearest known one, else the known ones.

    Example:
        >>> did_you_mean("RuleNam", ["RuleName", "Lifecycle"])
        'did you mean RuleName?'
    """
    folded = word[:200].lower()
    limit = min(3, max(1, len(folded) // 3))
    near = sorted((distance(folded, candidate.lower(), limit), candidate) for candidate in known)
    if near and near[0][0] <= limit:
        return f"did you mean {near[0][1]}?"
    return f"one of: {', '.join(list(known)[:_LISTED_MAX])}" if known else "remove it"
