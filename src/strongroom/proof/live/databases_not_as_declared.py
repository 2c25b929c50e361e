"""Databases do not protect themselves as the strategy declares

Why:     A plan, an objective or a regulation may rest on what databases do for themselves, and Strongroom never changes a database of a
         workload. Whoever owns it switches protection off with one call, and no job of AWS Backup fails because of it.
Fix:     The command of the finding, by the team that owns the database; or write down what is meant under native: databases
Limits:  keep, backup_window, maintenance_window, deletion_protection and copy_tags of RDS instances, Multi-AZ clusters and Aurora in
         governed accounts and Regions; what is not written is not judged. More than is declared is a warning. Where a plan backs up
         continuously, AWS Backup sets retention and window itself (CNT002). Snapshots are for VRF222.
Source:  https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_DBInstance.html, read 2026-11-21
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.live.differing import lacks
from strongroom.proof.native import databases
from strongroom.proof.native.comparing import ground
from strongroom.proof.readings import Unreadable


@live("VRF221", severity=Severity.ERROR)
def databases_not_as_declared(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold each database that a declaration selects against it."""
    yield from lacks(databases.found(ground(judgement)))
