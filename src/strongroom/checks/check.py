"""What a check is: a code, a severity, a pure function, and the documentation at the head of its module."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.origin import Origin

HEADINGS = ("Why", "Fix", "Limits", "Source", "Failure")


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What a check found; its code, severity and failure mode come from the check."""

    subject: str  # "rule production.daily", an ARN, "3 EBS resources"
    message: str  # lower case, no full stop, with the value and the bound
    why: str  # which jobs fail, how often in 30 days, and AWS's message, where that is known
    help: str  # a thing to type or edit
    origin: Origin
    count: int = 1  # how many resources or jobs it stands for
    severity: Severity | None = None  # of this case, where it is less than the check's


Find = Callable[[Estate, Inventory | None], Iterator[Problem]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Documentation:
    """The head of a check's module."""

    title: str  # names the bad pattern
    why: str
    fix: str
    limits: str
    source: str
    failure: str  # FM01…FM39; "none" for what is no failure mode of its own


def documentation(code: str, text: str) -> Documentation:
    """Return the documentation of a code from its text; raises ValueError when a heading is missing."""
    title, _, rest = text.partition("\n")
    sections: dict[str, list[str]] = {}
    heading = ""
    for line in rest.strip().splitlines():
        name, colon, words = line.partition(":")
        if colon and name in HEADINGS:
            heading = name
            sections[heading] = [words.strip()]
        elif heading:
            sections[heading].append(line.strip())
    missing = [name for name in HEADINGS if not any(sections.get(name, ()))]
    if missing:
        raise ValueError(f"check {code} has no {', '.join(missing)} in its documentation")
    why, fix, limits, source, failure = (" ".join(sections[name]).strip() for name in HEADINGS)
    return Documentation(title=title.rstrip("."), why=why, fix=fix, limits=limits, source=source, failure=failure)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check."""

    code: str  # three letters of subject and a number; never reused
    severity: Severity
    find: Find
    needs_inventory: bool  # without one it can say nothing

    @property
    def text(self) -> str:
        """The docstring of its module, as `strongroom explain` prints it."""
        return (sys.modules[self.find.__module__].__doc__ or "").strip()

    @property
    def documentation(self) -> Documentation:
        """Its documentation by heading; raises ValueError when a heading is missing."""
        return documentation(self.code, self.text)


def check(code: str, *, severity: Severity, needs_inventory: bool = False) -> Callable[[Find], Check]:
    """Make a check of a function; the catalogue lists it, no registry is filled behind the reader's back."""

    def make(find: Find) -> Check:
        return Check(code=code, severity=severity, find=find, needs_inventory=needs_inventory)

    return make
