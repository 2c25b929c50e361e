"""What a live check is: a code, a severity, a function or a query, and the documentation at its head."""

import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.resources import files

from strongroom import ledger
from strongroom.checks.check import Documentation, documentation
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.readings import Unreadable


@dataclass(frozen=True, slots=True, kw_only=True)
class Lack:
    """What a live check found; its code, why and failure mode come from the check."""

    subject: str  # "vault central in eu-west-2", "topic alerts", an ARN
    message: str  # lower case, no full stop, with the value and the bound
    help: str = ""  # a thing to type or edit; empty: what the check's documentation says
    account_id: str
    region: str = ""  # empty for global services
    arn: str = ""  # of what is wrong
    state: LinkState = LinkState.BROKEN  # or UNKNOWN: it was read and can't be interpreted
    link: LinkName | None = None  # of the chain that it endangers
    resources: int = 0  # protected ones that it touches
    arns: tuple[str, ...] = ()  # the first 20 of them
    count: int = 1  # how many places, jobs or objects it stands for
    severity: Severity | None = None  # of this case, where it is less than the check's


Find = Callable[[Judgement], Iterator[Lack | Unreadable]]
Asks = Callable[[Judgement], Iterator[tuple[str, str, str]]]  # account, Region, subject of `reads`


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCheck:
    """One live check; what it needs and nobody could read, it yields as Unreadable."""

    code: str  # VRF and a number; never reused
    severity: Severity
    find: Find
    text: str  # its documentation with all headings, as `strongroom explain` prints it

    @property
    def documentation(self) -> Documentation:
        """Its documentation by heading; raises ValueError when a heading is missing."""
        return documentation(self.code, self.text)


def live(code: str, *, severity: Severity) -> Callable[[Find], LiveCheck]:
    """Make a live check of a function; the docstring of its module is the documentation."""

    def make(find: Find) -> LiveCheck:
        text = (sys.modules[find.__module__].__doc__ or "").strip()
        return LiveCheck(code=code, severity=severity, find=find, text=text)

    return make


def live_query(code: str, name: str, *, severity: Severity, asks: Asks, wanted: Callable[[Estate], bool] = lambda _: True) -> LiveCheck:
    """Make a live check of the query `<name>.sql` beside this file; the comment at its head is the documentation.

    Its rows have columns named like the fields of Lack, and any of them may be left out but subject, message and account_id.
    `wanted`: whether the strategy asks for it at all. `asks`: what has to have been read for its silence to mean something.
    """
    text = files("strongroom.proof.live").joinpath(f"{name}.sql").read_text(encoding="utf-8")

    def find(judgement: Judgement) -> Iterator[Lack | Unreadable]:
        if not wanted(judgement.estate):
            return
        readings = judgement.observed.readings
        yield from {missing: None for place in asks(judgement) if (missing := readings.missing(*place))}
        for row in ledger.rows(judgement.connection, text):
            given = {name: value for name, value in row.items() if value is not None}
            if "arns" in given:
                given["arns"] = tuple(given["arns"])
            for field, kind in (("state", LinkState), ("link", LinkName), ("severity", Severity)):
                if field in given:
                    given[field] = kind(given[field])
            yield Lack(**given)

    return LiveCheck(code=code, severity=severity, find=find, text=_head(text))


def governed(*subjects: str) -> Asks:
    """Return what asks for subjects in every governed account and Region."""
    return lambda judgement: ((*place, subject) for place in judgement.scope.places for subject in subjects)


def _head(query: str) -> str:
    """Return the comment at the head of a query without its dashes."""
    lines = []
    for line in query.splitlines():
        if not line.startswith("--"):
            break
        lines.append(re.sub("^-- ?", "", line))
    return "\n".join(lines).strip()
