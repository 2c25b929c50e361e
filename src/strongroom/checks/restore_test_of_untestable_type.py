"""A restore test is about a type that AWS can't test

Why:     Restore testing knows ten types. A selection of another one is refused, so that nothing of it is ever restored while the
         strategy says that it is.
Fix:     Leave the type out, and restore it by hand in a drill.
Limits:  Types that the test names.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html, read 2026-11-21 (04 §4.2); facts.capabilities
Failure: FM26
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import capabilities


@check("RST005", severity=Severity.ERROR)
def restore_test_of_untestable_type(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the types that each test names."""
    for test in estate.restore_tests:
        refused = [kind for kind in test.select.types if not capabilities(kind).restore_testing]
        if refused:
            yield Problem(
                subject=f"restore test {test.name}",
                message=f"restore test {test.name} names {listed(map(str, refused))}, which restore testing does not know",
                why="AWS Backup refuses the selection: nothing of the type is ever restored",
                help=f"leave out {listed(kind.keyword for kind in refused)}, and drill the restore by hand",
                origin=test.origin,
            )
