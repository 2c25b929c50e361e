"""A restore test reaches further back than recovery points are kept

Why:     What is older than the retention is not there any more. A random recovery point of "the last year" is then always one of
         the last weeks, and nobody has ever restored an old one, although the report reads so.
Fix:     Set `within` to the longest retention in the vault, or keep recovery points longer.
Limits:  Retentions of this strategy's rules and copies.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.1)
Failure: FM26
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.lengths import length
from strongroom.checks.testing import keeps, writing
from strongroom.checks.walk import days
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Pick


@check("RST002", severity=Severity.INFO)
def restore_test_reaches_past_retention(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the window of tests that pick at random with the longest retention in each of their vaults."""
    for test in estate.restore_tests:
        for label in test.vaults if test.pick is Pick.RANDOM else ():
            kept = max((keep for _, rule in writing(estate, label) for keep in keeps(rule, label)), key=length, default=None)
            if kept is not None and length(kept) < test.within_days:
                yield Problem(
                    subject=f"restore test {test.name}",
                    message=f"restore test {test.name} looks back {days(test.within_days)} into vault {label}, which keeps {days(kept)}",
                    why="no run ever restores an older one, so that nothing is said about them",
                    help=f"set within to {kept}d",
                    origin=test.origin,
                )
