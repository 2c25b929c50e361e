"""A problem of a strategy file on its way to becoming a finding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin
from strongroom.strategyfile.codes import CODES
from strongroom.strategyfile.nodes import Path, Place

SHOWN_MAX: Final = 100  # problems of a file; more would bury the first ones, and take time to word
_SHOWN_CHARACTERS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong where; `subject` is a dotted path."""

    code: str
    place: Place
    subject: str
    message: str
    help: str


class ValueProblem(ValueError):
    """A single value can't be used; whoever knows its place turns this into a `Problem`.

    The message goes on after the key: "'30 days' is not a duration". A fix that takes time to find, such as a near miss, is a
    function that is only called for problems that are shown.
    """

    def __init__(self, code: str, message: str, fix: str | Callable[[], str]) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self._fix = fix

    @property
    def fix(self) -> str:
        """What to type or edit."""
        return self._fix if isinstance(self._fix, str) else self._fix()


def finding(problem: Problem, *, file: str) -> Finding:
    """Return the finding that a user sees."""
    return Finding(
        code=problem.code,
        severity=Severity.ERROR,
        subject=problem.subject,
        message=problem.message,
        why=CODES[problem.code].why,
        help=problem.help,
        origin=FileOrigin(file, problem.place.line, problem.place.column),
    )


def dotted(path: Path) -> str:
    """Return a path as people write it.

    Example:
        >>> dotted(("objectives", 0, "rpo")), dotted(())
        ('objectives[0].rpo', 'strategy')
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{named(step)}" for step in path)
    return text.removeprefix(".") or "strategy"


def named(key: str) -> str:
    """Return a key as it is, or in quotes where it is empty or has blanks at its ends or control characters; never long.

    Example:
        >>> named("daily"), named("")
        ('daily', "''")
    """
    short = shortened(key)
    return short if short and short.isprintable() and short.strip() == short else repr(short)


def shortened(text: str) -> str:
    """Return text of at most 60 characters."""
    return text if len(text) <= _SHOWN_CHARACTERS else text[: _SHOWN_CHARACTERS - 1] + "…"


def shown(value: str) -> str:
    """Return a value in quotes, short and without control characters, for a message.

    Example:
        >>> shown("30 days"), len(shown("x" * 1000))
        ("'30 days'", 62)
    """
    return repr(shortened(value))
