"""What must be kept and what may be kept contradict each other

Why:     The same resources are owed for longer than they may be kept. Whatever a plan does breaks one of the two; with the
         longer one under a compliance lock there is no way back.
Fix:     Tell the two kinds of data apart by a tag, or settle which basis prevails and write that down.
Limits:  Compares declarations only; which law prevails is not decided here.
Source:  design.md §3 (retention), 2026-11-21; aws/10 §10.3 and §10.4 (12 X02)
Failure: FM36
"""

from collections.abc import Iterator
from itertools import permutations

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.reach import cells, disjoint
from strongroom.checks.walk import days
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("RET003", severity=Severity.WARNING)
def retentions_contradict(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare each bound with what is owed elsewhere for resources that may be the same."""
    for owed, bounded in permutations(estate.retention, 2):
        bound = bounded.at_most_days
        if bound is None or owed.at_least_days <= bound or disjoint(owed.select, bounded.select):
            continue
        names = " and ".join(str(cell) for cell in cells(bounded.select))
        yield Problem(
            subject=f"retention {names}",
            message=f"{days(bound)} are allowed ({bounded.basis}), {days(owed.at_least_days)} are owed ({owed.basis})",
            why="both may be about the same resources, and no retention satisfies both",
            help="tell the data apart with a tag in one of the selections, or settle which basis prevails",
            origin=bounded.origin,
        )
