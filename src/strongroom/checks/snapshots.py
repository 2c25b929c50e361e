"""Manual snapshots that databases are declared to have outside of AWS Backup, where they keep a promise.

Only databases have them. A promise that names no type is about other things too, which snapshots of databases don't protect.
"""

from collections.abc import Iterable

from strongroom.checks.reach import Cell, may_select
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import NativeSnapshots
from strongroom.semantics.schedule import UNBOUNDED_MINUTES, interval_minutes_max, parse_cron


def snapshots(estate: Estate, cell: Cell) -> tuple[NativeSnapshots, ...]:
    """Return the snapshots that a cell's databases may have, of those that are made again and again; nothing for other types."""
    if cell.type not in {ResourceType.RDS, ResourceType.AURORA}:
        return ()
    declared = [each for databases in estate.native.databases if may_select(databases.select, cell) for each in databases.snapshots]
    return tuple(each for each in declared if _gap_minutes(each) < UNBOUNDED_MINUTES)


def snapshots_leave(estate: Estate, cell: Cell, plans: Iterable[BackupPlan], *, rpo_minutes: int | None = None) -> bool:
    """Tell whether snapshots, not farther apart than an RPO, are copied out of each Region of a cell's databases.

    These are the Regions of its plans; without any, every one governed.
    """
    regions = {region for plan in plans for region in plan.regions} or set(estate.organization.regions)
    places = {to for each in snapshots(estate, cell) if rpo_minutes is None or _gap_minutes(each) <= rpo_minutes for to in each.to}
    return all(places - {region} for region in regions)


def _gap_minutes(each: NativeSnapshots) -> int:
    return interval_minutes_max(parse_cron(each.schedule), each.timezone)
