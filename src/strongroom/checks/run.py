"""Running the catalogue, and explaining its codes."""

import difflib
from collections.abc import Collection, Iterable, Iterator
from typing import Final

from strongroom.checks.catalogue import CHECKS
from strongroom.checks.check import Check
from strongroom.checks.interest import interest
from strongroom.checks.inventory import Inventory, Stock
from strongroom.checks.suppressions import explanation
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding
from strongroom.domain.origin import FileOrigin, Origin
from strongroom.errors import BadInput

# Of these nothing was judged: neither a pass nor a failure.
UNKNOWN: Final = frozenset({"UNK001", "UNK002"})


def run(estate: Estate, inventory: Stock | None = None, *, only: Collection[str] | None = None) -> tuple[Finding, ...]:
    """Return the findings of all checks, in the order of the file; without an inventory some checks can't speak.

    `only`: the codes of the checks that are asked; None: all of them.
    """
    asked = CHECKS if only is None else tuple(each for each in CHECKS if each.code in only)
    return tuple(sorted(_findings(asked, estate, inventory.alike(interest(estate)) if inventory else None), key=_place))


def codes() -> tuple[str, ...]:
    """Return the codes of all checks, in the order of the catalogue."""
    return tuple(each.code for each in CHECKS)


def explain(code: str) -> str:
    """Return what a code means: title, severity, why, fix, limits and source; raises BadInput with near misses.

    Example:
        >>> explain("tzn001").splitlines()[0]
        'TZN001 (error): A rule is scheduled in a time zone that Organizations policies do not know'
    """
    for each in CHECKS:
        if each.code == code.upper():
            return _explanation(each)
    if (words := explanation(code.upper())) is not None:
        return words
    close = difflib.get_close_matches(code.upper(), codes(), n=3)
    hint = f"did you mean {' or '.join(close)}?" if close else f"known codes: {', '.join(codes())}"
    raise BadInput(f"no check has the code {code!r}", hint=hint)


def _explanation(each: Check) -> str:
    title, _, rest = each.text.partition("\n")
    return f"{each.code} ({each.severity}): {title.rstrip('.')}\n{rest}"


def _findings(asked: Iterable[Check], estate: Estate, inventory: Inventory | None) -> Iterator[Finding]:
    for each in asked:
        failure = each.documentation.failure
        for problem in each.find(estate, inventory):
            yield Finding(
                code=each.code,
                severity=problem.severity or each.severity,
                subject=problem.subject,
                message=problem.message,
                why=problem.why,
                help=problem.help,
                origin=problem.origin,
                failure_mode=failure if failure.startswith("FM") else "",
                count=problem.count,
            )


def _place(finding: Finding) -> tuple[str, int, int, str, str, str]:
    line, column, file = _position(finding.origin)
    return (file, line, column, finding.code, finding.subject, finding.message)


def _position(origin: Origin) -> tuple[int, int, str]:
    if isinstance(origin, FileOrigin):
        return origin.line, origin.column, origin.file
    return 0, 0, str(origin)
