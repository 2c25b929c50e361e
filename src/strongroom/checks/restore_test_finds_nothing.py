"""A restore test has times without a recovery point to restore

Why:     A resource without a recovery point in the test's window is skipped, it does not fail: the test is green and has proven
         nothing. That happens whenever the window is shorter than the time between two backups, or no rule writes into the vault.
Fix:     Raise `within` above the interval of the rules, or test a vault that rules write into.
Limits:  The rules of this strategy, with the latest moment at which a job may start; types and tags of the test are not asked.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.2)
Failure: FM26
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.testing import writing
from strongroom.checks.timetable import DAYS, MINUTES_PER_DAY, hours, interval_minutes, times_of
from strongroom.checks.walk import rule_subject
from strongroom.domain.estate import BackupRule, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import RestoreTest


@check("RST001", severity=Severity.WARNING)
def restore_test_finds_nothing(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare the window of each test with the most frequent rule into each of its vaults."""
    for test in estate.restore_tests:
        for label in test.vaults:
            found = min(writing(estate, label), key=lambda pair: _gap(pair[1]), default=None)
            if found is None:
                message = f"restore test {test.name} restores from vault {label}, into which no rule writes"
                yield _problem(test, message, "from: with the label of a vault that rules write into")
            elif (gap := _gap(found[1])) > test.within_days * MINUTES_PER_DAY:
                gone = f"the next recovery point of {rule_subject(*found)} may be {hours(gap)} away"
                message = f"restore test {test.name} looks back {test.within_days}d into vault {label}, {gone}"
                yield _problem(test, message, f"within: {-(-gap // MINUTES_PER_DAY)}d")


def _problem(test: RestoreTest, message: str, fix: str) -> Problem:
    runs = len(times_of(test.schedule, test.timezone))
    return Problem(
        subject=f"restore test {test.name}",
        message=message,
        why=f"{runs} runs in {DAYS} days are green without a restore: what has no recovery point in the window is skipped",
        help=f"write {fix}",
        origin=test.origin,
    )


def _gap(rule: BackupRule) -> int:
    """Return the longest time without a new recovery point, in minutes, as far as the start of jobs tells."""
    return interval_minutes(rule) + rule.start_within_minutes
