"""A declared snapshot of a database, or its copy, was not made

Why:     Manual snapshots are for what automated backups don't keep: months and years. RDS makes none by itself, so that whatever
         should make them stops without a message, and the gap is noticed when a year is asked for.
Fix:     The command of the finding, by the team that owns the database; and look why the schedule made none
Limits:  The last run of `at` that is a day ago or more, when the database was there and `keep` is not over: any manual snapshot since
         counts, whoever made it, and in each Region of `copy` one that was copied from it; a Region that the strategy does not govern
         is not read, so that copies there are unknown. Not comparable: `keep`, because RDS tells no end of a snapshot and nothing of
         deleted ones; `key` but for the id of a key that has its ARN in the strategy.
Source:  https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBSnapshot.html, read 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import snapshots
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF222", severity=Severity.ERROR)
def database_snapshots_missing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for what the last run of each schedule left of each database."""
    yield from lacks(snapshots.found(ground(judgement)))
