"""The backup window and the maintenance window of databases overlap

Why:     RDS refuses a backup window that overlaps the maintenance window: the change fails as a whole, and neither of them is set.
Fix:     Move one of the two.
Limits:  Windows that the strategy declares; with a window of a single database, `apply` would say it.
Source:  https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_ModifyDBInstance.html, read 2026-11-21 (PreferredBackupWindow)
Failure: FM19
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.semantics.maintenance import weekly

_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_WEEK: Final = 7 * 24 * 60


@check("MNT002", severity=Severity.ERROR)
def database_windows_overlap(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Hold the two windows of each declaration against each other, on every day of the week."""
    for databases in estate.native.databases:
        backup, maintenance = databases.backup_window, databases.maintenance_window
        if backup and maintenance and _overlap(backup, maintenance):
            yield Problem(
                subject=f"native databases {databases.name}",
                message=f"the backup window {backup} overlaps the maintenance window {maintenance}",
                why="RDS refuses the change, and the databases keep the windows that they have",
                help="move one of the two",
                origin=databases.origin,
            )


def _overlap(daily: str, maintenance: str) -> bool:
    window = weekly(maintenance)
    begin, end = daily.split("-")
    for number, day in enumerate(_DAYS):
        following = day if end > begin else _DAYS[(number + 1) % 7]
        each = weekly(f"{day}:{begin}-{following}:{end}")
        if (each.begins_minute - window.begins_minute) % _WEEK < window.minutes:
            return True
        if (window.begins_minute - each.begins_minute) % _WEEK < each.minutes:
            return True
    return False
