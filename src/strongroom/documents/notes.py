"""Findings about one document, collected while it is read."""

from collections.abc import Iterable
from typing import Final

from strongroom.documents.codes import CODES
from strongroom.documents.nodes import Place
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin

SHOWN_MAX: Final = 100  # problems of a file; more would bury the first ones
_SHOWN_CHARACTERS: Final = 80
_MESSAGE_CHARACTERS: Final = 500


class Notes:
    """Collects what is wrong with a file, in any order; the same thing is said once."""

    def __init__(self, file: str) -> None:
        self.file = file
        self._found: dict[Finding, None] = {}

    def add(self, code: str, place: Place | FileOrigin, subject: str, message: str, fix: str, *, severity: Severity | None = None) -> None:
        """Note a problem; why and failure mode come from the code."""
        known = CODES[code]
        finding = Finding(
            code=code,
            severity=severity or known.severity,
            subject=shortened(subject) or "document",
            message=shortened(message, _MESSAGE_CHARACTERS).rstrip(" ."),
            why=known.why,
            help=shortened(fix, _MESSAGE_CHARACTERS),
            origin=place if isinstance(place, FileOrigin) else self.origin(place),
            failure_mode=known.failure_mode,
        )
        self._found[finding] = None

    def take(self, findings: Iterable[Finding]) -> None:
        """Add what was found in a file that this one names."""
        self._found.update(dict.fromkeys(findings))

    def origin(self, place: Place) -> FileOrigin:
        """Return a place in this file as an origin."""
        return FileOrigin(self.file, place.line, place.column)

    def __contains__(self, code: str) -> bool:
        return any(finding.code == code for finding in self._found)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings in the order of the file, at most 100 and a last one that says so."""
        ordered = sorted(self._found, key=_order)
        if len(ordered) <= SHOWN_MAX:
            return tuple(ordered)
        rest = ordered[SHOWN_MAX]
        last = Finding(
            code="DOC028",
            severity=CODES["DOC028"].severity,
            subject="document",
            message=f"there are more problems: {SHOWN_MAX} of {len(ordered)} are shown",
            why="",
            help="repair the first ones, then check again",
            origin=rest.origin,
        )
        return (*ordered[:SHOWN_MAX], last)


def _order(finding: Finding) -> tuple[str, int, int, str, str, str]:
    origin = finding.origin
    file, line, column = (origin.file, origin.line, origin.column) if isinstance(origin, FileOrigin) else ("", 0, 0)
    return file, line, column, finding.code, finding.subject, finding.message


def shortened(text: str, most: int = _SHOWN_CHARACTERS) -> str:
    r"""Return text of at most 80 printable characters, or another number.

    Example:
        >>> shortened("two\nlines")
        'two lines'
    """
    clean = "".join(letter if letter.isprintable() else " " for letter in text[: 2 * most])
    return clean if len(clean) <= most else clean[: most - 1] + "…"


def shown(text: str) -> str:
    """Return a value in quotes, short and printable, for a message."""
    return f"'{shortened(text)}'"
