"""What `native: tables` declares of DynamoDB tables."""

from collections.abc import Callable, Iterator

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import NativeTables
from strongroom.proof.native.comparing import Difference, Ground, Part, Row, Trait, differences, reaching, resources, switched
from strongroom.proof.readings import Unreadable

TABLES = (ResourceType.DYNAMODB,)
REACH = "point_in_time_days"


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield where tables differ from what is declared of them."""
    if given.estate.native.tables:
        yield from differences(given, _tables(given), _parts(given.estate))


def _parts(estate: Estate) -> Iterator[Part]:
    for each in estate.native.tables:
        yield Part(title=f"native tables {each.name}", select=each.select, types=TABLES, traits=tuple(_traits(each)))


def _tables(given: Ground) -> pa.Table:
    """Return the governed tables with a column `point_in_time_days`: how far back they reach, 0: off, null: unknown."""
    there = resources(given, TABLES)
    known = given.tables.table("native_protection")
    known = known.filter(pc.equal(known["kind"], "dynamodb-pitr")).combine_chunks()
    reach = pc.if_else(known["enabled"], known["window_days"], pa.scalar(0, pa.int64())).combine_chunks()
    position = pc.index_in(there["arn"], value_set=known["resource_arn"].combine_chunks())
    return there.append_column(REACH, pc.take(reach, position))


def _traits(declared: NativeTables) -> Iterator[Trait]:
    days, protected = declared.point_in_time_days, declared.deletion_protection
    asked = f"PointInTimeRecoveryEnabled=true,RecoveryPeriodInDays={days}" if days else "PointInTimeRecoveryEnabled=false"
    fix = _command("update-continuous-backups", f"--point-in-time-recovery-specification {asked}")
    yield reaching("point-in-time recovery", REACH, fix, wanted=days, read="details")
    if protected is not None:
        fix = _command("update-table", f"--{'' if protected else 'no-'}deletion-protection-enabled")
        yield switched("deletion protection", "deletion_protection", fix, on=protected)


def _command(verb: str, option: str) -> Callable[[Row], str]:
    return lambda row: f"dynamodb {verb} --region {row['region']} --table-name {row['name']} {option}"
