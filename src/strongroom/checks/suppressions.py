"""Which findings are shown: chosen by code, suppressed by a reason that somebody owns and that expires."""

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from typing import Final

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import Origin
from strongroom.errors import BadInput

# Findings about suppressions themselves: title and what to do. They can't be suppressed.
CODES: Final = {
    "SUP001": ("A suppression has expired", "Repair what it hid, or give it a new reason and date."),
    "SUP002": ("A suppression hides nothing", "Remove it, or correct its code or subject."),
    "SUP003": ("A suppression can't be used", "Write code, subject, reason, owner and expires, the date as 2027-03-31."),
}
_ORDER: Final = (Severity.INFO, Severity.WARNING, Severity.ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppression:
    """A finding that somebody accepts for a time."""

    code: str  # exact
    subject: str  # as the finding prints it; `*` stands for any text
    reason: str
    owner: str
    expires: date  # the last day on which it counts
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Suppressed:
    """Findings after suppression; what is hidden is still listed."""

    kept: tuple[Finding, ...]
    suppressed: tuple[tuple[Finding, Suppression], ...]
    about: tuple[Finding, ...]  # findings about the suppressions themselves


def choose(findings: Iterable[Finding], select: Sequence[str], ignore: Sequence[str], *, known: Iterable[str] = ()) -> tuple[Finding, ...]:
    """Return the findings whose codes start with something selected (nothing: all) and with nothing ignored.

    With `known`, a selector that no known code starts with raises BadInput and suggests near ones.

    Example:
        >>> choose((), ["LCK"], [], known=["LCK001"])
        ()
    """
    codes = tuple(known)
    for selector in (*select, *ignore) if codes else ():
        if not selector or not any(code.startswith(selector.upper()) for code in codes):
            close = difflib.get_close_matches(selector.upper(), {*codes, *(code[:3] for code in codes)}, n=3)
            hint = f"did you mean {' or '.join(close)}?" if close else "strongroom explain lists the codes"
            raise BadInput(f"no check has a code that starts with {selector!r}", hint=hint)
    return tuple(each for each in findings if (not select or _starts(each.code, select)) and not _starts(each.code, ignore))


def fails(findings: Iterable[Finding], fail_on: Severity | None) -> bool:
    """Tell whether any finding is at least as severe as `fail_on`; None: no finding fails.

    Example:
        >>> fails((), Severity.INFO)
        False
    """
    return fail_on is not None and any(_ORDER.index(each.severity) >= _ORDER.index(fail_on) for each in findings)


def suppress(findings: Iterable[Finding], suppressions: Sequence[Suppression], today: date) -> Suppressed:
    """Return what is kept, what is suppressed and by what, and findings about suppressions that expired or hide nothing."""
    kept: list[Finding] = []
    hidden: list[tuple[Finding, Suppression]] = []
    used: set[Suppression] = set()
    for finding in findings:
        matching = [each for each in suppressions if _hides(each, finding)]
        used.update(matching)
        live = next((each for each in matching if today <= each.expires), None)
        if live is None or finding.code in CODES:
            kept.append(finding)
        else:
            hidden.append((finding, live))
    about = [_about(each, today, used=each in used) for each in suppressions]
    return Suppressed(kept=tuple(kept), suppressed=tuple(hidden), about=tuple(found for found in about if found is not None))


def explanation(code: str) -> str | None:
    """Return what a code about suppressions means; None for any other code.

    Example:
        >>> explanation("SUP002").splitlines()[0]
        'SUP002: A suppression hides nothing'
    """
    found = CODES.get(code)
    return None if found is None else f"{code}: {found[0]}\n\nFix:     {found[1]}"


def _starts(code: str, selectors: Iterable[str]) -> bool:
    return any(code.startswith(selector.upper()) for selector in selectors)


def _hides(suppression: Suppression, finding: Finding) -> bool:
    # brackets are letters here: ARNs and subjects contain them, and only `*` is promised
    pattern = suppression.subject.replace("[", "[[]").replace("?", "[?]")
    return suppression.code == finding.code and fnmatchcase(finding.subject, pattern)


def _about(suppression: Suppression, today: date, *, used: bool) -> Finding | None:
    if today > suppression.expires:
        late = (today - suppression.expires).days
        return Finding(
            code="SUP001",
            severity=Severity.WARNING,
            subject=f"suppression of {suppression.code}",
            message=f"the suppression of {suppression.code} for {suppression.subject} expired on {suppression.expires}, {late} days ago",
            why=f"{suppression.owner} accepted it until then: {suppression.reason}",
            help="repair what it hid, or give it a new reason and date",
            origin=suppression.origin,
        )
    if used:
        return None
    return Finding(
        code="SUP002",
        severity=Severity.INFO,
        subject=f"suppression of {suppression.code}",
        message=f"the suppression of {suppression.code} for {suppression.subject} hides nothing",
        why="no finding has this code and subject; a mistyped one would hide nothing either",
        help="remove it, or correct its code or subject",
        origin=suppression.origin,
    )
