"""The file of suppressions: text -> suppressions, and findings with the place of every mistake.

Kept apart from `suppressions`, so that checks without a file of suppressions load no YAML reader.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from strongroom.checks.suppressions import CODES, Suppression
from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import FileOrigin
from strongroom.strategyfile.nearmiss import did_you_mean
from strongroom.strategyfile.nodes import MappingNode, Node, Place, ScalarNode, entries, find, items, text
from strongroom.strategyfile.problem import finding, shown
from strongroom.strategyfile.reading import read

_KEYS = ("code", "subject", "reason", "owner", "expires")
_EXAMPLE = "suppressions: [{code: LCK003, subject: vault central, reason: meant, owner: backup team, expires: 2027-03-31}]"


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionFile:
    """What a file of suppressions says; entries with a mistake are left out and found."""

    suppressions: tuple[Suppression, ...]
    findings: tuple[Finding, ...]


def parse_suppressions(content: str, *, file: str) -> SuppressionFile:
    """Return the suppressions in a text; `file` is what findings call it. Never raises, whatever the text.

    Example:
        >>> parse_suppressions("suppressions: [{code: LCK003}]", file="s.yaml").findings[0].message
        'the suppression lacks subject, reason, owner, expires'
    """
    found = read(content.removeprefix("\ufeff"))
    problems = [finding(problem, file=file) for problem in found.problems]
    root = found.root
    listed = find(root, "suppressions")
    if root is None and not problems:
        return SuppressionFile(suppressions=(), findings=())
    if listed is None or not isinstance(root, MappingNode):
        if not problems:
            problems.append(_finding(file, root.place if root else Place(1, 1), "the file has no list suppressions", f"write: {_EXAMPLE}"))
        return SuppressionFile(suppressions=(), findings=tuple(problems))
    problems += [
        _finding(file, entry.key_place, f"unknown key {shown(entry.key)}", did_you_mean(entry.key, ("suppressions",)))
        for entry in entries(root)
        if entry.key != "suppressions"
    ]
    suppressions = []
    for item in items(listed):
        mistakes = list(_mistakes(item, file))
        problems += mistakes
        if not mistakes:
            suppressions.append(_suppression(item, file))
    return SuppressionFile(suppressions=tuple(suppressions), findings=tuple(problems))


def _mistakes(item: Node, file: str) -> Iterator[Finding]:
    if not isinstance(item, MappingNode):
        yield _finding(file, item.place, "a suppression is keys with values", f"write: {_EXAMPLE}")
        return
    for entry in entries(item):
        if entry.key not in _KEYS:
            yield _finding(file, entry.key_place, f"unknown key {shown(entry.key)} in a suppression", did_you_mean(entry.key, _KEYS))
        elif not (text(entry.value) or "").strip():
            yield _finding(
                file, entry.value.place, f"{entry.key} of a suppression is not text", "write a text, in quotes where it is a number"
            )
    missing = [key for key in _KEYS if key not in item.entries]
    if missing:
        yield _finding(file, item.place, f"the suppression lacks {', '.join(missing)}", "add what is missing: nothing is hidden without it")
    expires = find(item, "expires")
    if isinstance(expires, ScalarNode) and _date(expires.text) is None:
        message = f"expires {shown(expires.text)} is not a date: year-month-day expected"
        yield _finding(file, expires.place, message, "write something like 2027-03-31")


def _suppression(item: Node, file: str) -> Suppression:
    code, subject, reason, owner, expires = ((text(find(item, key)) or "").strip() for key in _KEYS)
    place = item.place
    return Suppression(
        code=code.upper(),
        subject=subject,
        reason=reason,
        owner=owner,
        expires=_date(expires) or date.min,
        origin=FileOrigin(file, place.line, place.column),
    )


def _date(written: str) -> date | None:
    try:
        return date.fromisoformat(written)
    except ValueError:
        return None


def _finding(file: str, place: Place, message: str, fix: str) -> Finding:
    return Finding(
        code="SUP003",
        severity=Severity.ERROR,
        subject="suppressions",
        message=message,
        why=CODES["SUP003"][0].lower(),
        help=fix,
        origin=FileOrigin(file, place.line, place.column),
    )
