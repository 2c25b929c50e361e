"""A restore test examines nothing of what it restores

Why:     A restore that completes proves that AWS could make a resource. Nobody has looked inside: an empty database, or one of
         last year, is restored just as well.
Fix:     Add a validation for the type: validate: {rds: checks/ledger.sql}.
Limits:  Types that the test names, else those that the plans into its vaults name. What a validation asks is for its author.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-validation.html, read 2026-11-21 (04 §4.4)
Failure: FM26
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.testing import tested
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("RST004", severity=Severity.WARNING)
def restore_test_examines_nothing(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for types of a test without a validation."""
    for test in estate.restore_tests:
        examined = {each.type for each in test.validations}
        kinds = tested(estate, test)
        unseen = [str(kind) for kind in kinds if kind not in examined]
        if unseen or not (kinds or examined):
            yield Problem(
                subject=f"restore test {test.name}",
                message=f"nobody looks into what restore test {test.name} restores{f' of {listed(unseen)}' if unseen else ''}",
                why="a restore that completes says nothing about the data in it",
                help="add: validate: {rds: checks/ledger.sql}, with a file for each type",
                origin=test.origin,
            )
