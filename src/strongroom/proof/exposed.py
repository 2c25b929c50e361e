"""`rpo`: how much of one resource would have been lost at any time, for each vault, from everything that the ledger has seen."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.errors import BadInput
from strongroom.ledger.narrowing import Narrowing
from strongroom.proof.promises import extreme, lags
from strongroom.semantics.exposure import Exposure, Point, exposures, worst_by_day

USABLE = ("COMPLETED", "AVAILABLE", "EXPIRED")  # states of recovery points that a restore could have been made from


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposed:
    """How exposed a resource was where one vault is all that is left."""

    account: str
    region: str
    vault: str
    points: int  # that the ledger has ever seen there
    exposures: tuple[Exposure, ...]
    by_day: tuple[tuple[datetime, timedelta | None], ...]  # the most that a failure on that day would have cost

    @property
    def worst(self) -> timedelta | None:
        """The most that it would have cost on the days shown."""
        return max((loss for _, loss in self.by_day if loss is not None), default=None)

    @property
    def now(self) -> timedelta | None:
        """What a failure now would cost."""
        return self.exposures[-1].loss if self.exposures else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ActualRpo:
    """The RPO of one resource as it really was."""

    arn: str
    type: str
    observed_at: datetime
    rpo_minutes: int | None  # of the strategy's objectives; None: there is none, or no strategy was asked
    vaults: tuple[Exposed, ...]

    def missed(self, exposed: Exposed) -> int:
        """Return on how many of the days shown the objective was not held by a vault."""
        if self.rpo_minutes is None:
            return 0
        bound = timedelta(minutes=self.rpo_minutes)
        return sum(1 for _, loss in exposed.by_day if loss is not None and loss > bound)


def actual_rpo(snapshots: Sequence[ledger.Snapshot], arn: str, *, days: int, estate: Estate | None = None) -> ActualRpo:
    """Return the RPO of a resource over the last `days`, from all snapshots (oldest first).

    Raises BadInput for a resource that the newest snapshot doesn't know and of which no recovery point was ever seen.
    """
    alone = [replace(each, only=Narrowing(resource=arn, accounts=())) for each in snapshots]
    newest = alone[-1]
    mine = newest.table("resources")
    points = _points(alone)
    if mine.num_rows == 0 and not points:
        raise BadInput(f"no resource {arn} in the ledger", hint="strongroom coverage lists the resources that were found")
    kind = str(mine["type"][0]) if mine.num_rows else ""
    lag = dict(zip(*(column.to_pylist() for column in lags().columns), strict=True)).get(kind)
    first = newest.observed_at - timedelta(days=days - 1)
    return ActualRpo(
        arn=arn,
        type=kind,
        observed_at=newest.observed_at,
        rpo_minutes=_objective(estate, mine) if estate is not None and mine.num_rows else None,
        vaults=tuple(_exposed(place, rows, lag, newest.observed_at, first, days) for place, rows in sorted(points.items())),
    )


def _points(alone: Sequence[ledger.Snapshot]) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    """Return all recovery points of the resource that any snapshot has seen, by account, Region and vault."""
    seen: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for snapshot in alone:
        for row in snapshot.table("recovery_points").to_pylist():
            if row["status"] in USABLE:
                seen[row["account_id"], row["region"], row["vault_name"], row["arn"]] = row
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for (account, region, vault, _), row in seen.items():
        found.setdefault((account, region, vault), []).append(row)
    return found


def _exposed(  # noqa: PLR0917 - one place and what is known of all
    place: tuple[str, str, str], rows: Sequence[dict[str, Any]], lag: int | None, now: datetime, first: datetime, days: int
) -> Exposed:
    points = [
        Point(
            row["completed_at"] or row["created_at"],
            row["created_at"],
            timedelta(minutes=lag) if lag is not None and row["status"] == "AVAILABLE" else None,
        )
        for row in rows
    ]
    exposed = exposures(points, now)
    account, region, vault = place
    by_day = tuple(worst_by_day(exposed, first, days))
    return Exposed(account=account, region=region, vault=vault, points=len(points), exposures=exposed, by_day=by_day)


def _objective(estate: Estate, mine: pa.Table) -> int | None:
    """Return the least RPO of the objectives that select a resource."""
    promises = [(each.select, each.rpo_minutes) for each in estate.objectives if each.rpo_minutes]
    found: int | None = extreme(mine, promises, pc.min_element_wise)[0].as_py()
    return found
