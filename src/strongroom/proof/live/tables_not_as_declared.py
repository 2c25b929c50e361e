"""Tables do not protect themselves as the strategy declares

Why:     Point-in-time recovery is the only way back to a minute of a table, and deletion protection what keeps the table itself. Both
         are switches of the table that whoever owns it turns; what was recorded until then is gone at once.
Fix:     The command of the finding, by the team that owns the table; or write down what is meant under native: tables
Limits:  point_in_time and deletion_protection of DynamoDB tables in governed accounts and Regions. More than is declared is a warning.
Source:  https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_PointInTimeRecoveryDescription.html, read 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import tables
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF225", severity=Severity.ERROR)
def tables_not_as_declared(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold each table that a declaration selects against it."""
    yield from lacks(tables.found(ground(judgement)))
