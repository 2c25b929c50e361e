"""Resources carry the tags of a plan, and AWS Backup does not know their type

Why:     AWS Backup has no jobs for these types. The tags look like protection, and no message says that nothing is made.
Fix:     Protect their data with the service's own means, their definitions as code, and what they hold in the types that AWS
         Backup knows.
Limits:  Types of facts/other_services.toml, in governed accounts and Regions. What `native` declares for ECS is left out.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21 (08 §8.8)
Failure: FM32
"""

from collections.abc import Iterator
from functools import reduce
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom.checks.type_unknown_to_backup import instead, service_name
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Selection
from strongroom.domain.tables import OTHER_RESOURCES
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.protected import within
from strongroom.proof.readings import Unreadable
from strongroom.semantics.selection_columns import mask

NAMED = 20  # ARNs in a finding


@live("VRF170", severity=Severity.WARNING)
def tagged_and_unknown_to_backup(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Ask each plan that selects by tags alone what it would take in, if AWS Backup knew it."""
    selects = [plan.plan.select for plan in judgement.plans if plan.plan.select.tags and not plan.plan.select.types]
    if not selects:
        return
    readings = judgement.observed.readings
    yield from filter(None, (readings.missing(*place, OTHER_RESOURCES.name) for place in judgement.scope.places))
    others = within(judgement.scope, judgement.snapshot.table(OTHER_RESOURCES.name))
    meant = others.filter(pc.and_(_any(others, selects), pc.invert(_elsewhere(judgement, others))))
    for kind in sorted(set(meant["type"].to_pylist())):
        yield _lack(kind, meant.filter(pc.equal(meant["type"], kind)).sort_by("arn"))


def _any(resources: pa.Table, selects: list[Selection]) -> Any:
    nothing: Any = pa.chunked_array([pa.repeat(False, resources.num_rows)])
    return reduce(pc.or_, (mask(select, resources) for select in selects), nothing)


def _elsewhere(judgement: Judgement, resources: pa.Table) -> Any:
    """Return what the strategy protects by other means."""
    containers = [each.select for each in judgement.estate.native.containers]
    return pc.and_(pc.equal(resources["type"], "ecs"), _any(resources, containers))


def _lack(kind: str, found: pa.Table) -> Lack:
    arns = found["arn"].slice(0, NAMED).to_pylist()
    name, number = service_name(kind), found.num_rows
    first = found.slice(0, 1).to_pylist()[0]
    return Lack(
        subject=arns[0] if number == 1 else f"{arns[0]} and {number - 1} more",
        message=f"AWS Backup can't protect {name}, and resources of it carry the tags of a plan",
        help=instead(kind),
        account_id=first["account_id"],
        region=first["region"],
        arn=arns[0],
        resources=number,
        arns=tuple(arns),
        count=number,
    )
