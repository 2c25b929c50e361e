"""The judgement itself: small facts in Python, mass facts in SQL, one row for each chain as the result."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import Forever, ResourceType
from strongroom.proof.access import Rights, rights
from strongroom.proof.declared import COPY_MINUTES, DeclaredPlan, declared
from strongroom.proof.equipped import EquippedJudge
from strongroom.proof.groups import grouped, patterns
from strongroom.proof.messages import denials
from strongroom.proof.observed import Observed, observe
from strongroom.proof.permitted import Permissions
from strongroom.proof.places import Places
from strongroom.proof.promises import hardened, lags
from strongroom.proof.protected import Protected, covered, protected
from strongroom.proof.recorded import restore_tests
from strongroom.proof.restored import RestoreTests, restore_jobs
from strongroom.proof.restoring import restorables, roles_asked
from strongroom.proof.scope import Scope, scope_of
from strongroom.proof.sealed import SealedJudge
from strongroom.proof.sealing import sealing
from strongroom.proof.selected import SelectedJudge
from strongroom.proof.slots import INSTANT, slot_tables
from strongroom.proof.targets import targets
from strongroom.proof.touched import touched

if TYPE_CHECKING:
    from strongroom.domain.recovery import TestRecord

JOBS_DAYS = 30  # how far AWS lists jobs back
MEMORY_MB = 2_200  # for SQL; a million resources take 1.2 GB beside it, and 4 GiB are allowed
STEPS = ("points", "observed", "flaws", "troubles", "judged", "promises", "gaps", "restored", "recovered", "denied", "chains", "standing")

LEGS = pa.schema(
    [
        ("leg_no", pa.int32()),
        ("rule_no", pa.int32()),
        ("plan_no", pa.int32()),
        ("local_leg_no", pa.int32()),
        ("rule_name", pa.string()),
        ("copy", pa.bool_()),
        ("target", pa.bool_()),  # the air-gapped vault that the rule writes into
        ("continuous", pa.bool_()),
        ("keep_days", pa.int64()),  # null: for ever
        ("interval_minutes", pa.int64()),  # longest gap between two runs
        ("bound_minutes", pa.int64()),  # after this time without a recovery point a run is missing
        ("hardened", pa.bool_()),  # its vault is declared with a compliance lock, or is air-gapped
    ]
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """The judged chains, in a DuckDB connection that has the tables `chains`, `protected` and `vault_places`."""

    estate: Estate
    snapshot: ledger.Snapshot
    scope: Scope
    plans: tuple[DeclaredPlan, ...]
    observed: Observed
    rights: Rights
    resources: Protected
    tests: pa.Table  # restore_tests: the records of restore tests
    connection: duckdb.DuckDBPyConnection

    def rows(self, name: str) -> list[dict[str, Any]]:
        """Return the rows of a named query."""
        return ledger.rows(self.connection, query(name))


@contextmanager
def judge(
    estate: Estate,
    snapshot: ledger.Snapshot,
    earlier: Sequence[ledger.Snapshot] = (),
    *,
    arn: str | None = None,
    arrivals: bool = False,
    records: "Sequence[TestRecord]" = (),
) -> Iterator[Judgement]:
    """Judge all chains of an estate (or those of one resource) against a snapshot and records of restore tests; raises CouldNotVerify.

    `arrivals`: only what has arrived of the resources that declared restore tests cover, up to the table `judged`; no link is decided.
    """
    if arn is not None:
        snapshot, *earlier = (touched(estate, each, arn) for each in (snapshot, *earlier))
    scope = scope_of(estate, snapshot.table("accounts"))
    plans = declared(estate)
    observed = observe(snapshot)
    mine = protected(estate, scope, plans, snapshot, earlier)
    mine = covered(mine) if arrivals else mine
    restoring = roles_asked(estate)
    entitled = rights(snapshot, scope.management, estate.roles.backup, _buckets(mine.resources), also=restoring, read=observed.readings)
    groups, resources = grouped(mine.resources, patterns(entitled, estate.roles.backup, *restoring))
    keys = sealing(observed, groups)
    connection = ledger.connect(snapshot, threads=1 if arn else None)  # the rows about one resource are few
    try:
        connection.execute(f"SET memory_limit = '{MEMORY_MB}MB'")
        _load(connection, {"key_numbers": keys.keys()})
        hashes = {row["key_no"]: row["hash"] for row in ledger.rows(connection, "SELECT key_no, hash(arn) AS hash FROM key_numbers")}
        mine = replace(mine, resources=keys.resources(resources, hashes))
        _load(connection, {"protected": mine.resources, "memberships": mine.memberships, "legs": _legs(estate, plans), "lags": lags()})
        equipped = EquippedJudge(estate, scope, observed, entitled)
        places = Places(SelectedJudge(estate, scope, observed), equipped, plans).tables(pc.unique(mine.resources["type"]).to_pylist())
        sealed = SealedJudge(estate, observed, equipped, snapshot.observed_at).table(scope.places, plans, places["place_legs"])
        _load(connection, places | {"vault_places": keys.vaults(places["vault_places"], hashes), "seals": sealed})
        permissions = Permissions(entitled, observed, estate.roles.backup, plans)
        selected = tuple(_selected_groups(mine))
        basic = (number for number, group in enumerate(groups) if permissions.is_basic(group))
        _load(connection, {"targets": targets(plans, groups, selected, basic)})
        if not arrivals:
            _load(connection, {"permissions": permissions.table(groups, selected)})
            _load(connection, {"restorables": restorables(estate, scope, snapshot, permissions, groups=groups, selected=selected)})
        _load(connection, RestoreTests(estate, plans, snapshot, observed.readings).build(places["vault_places"]))
        _load(connection, {"tested": mine.tested, "restores": restore_jobs(estate, snapshot, earlier)})
        tests = restore_tests(records, arn=arn)
        _load(connection, {"restore_tests": tests, "denials": pa.table({"fragment": denials()})})
        _load(connection, {"restoring": pa.table({"role": pa.array([estate.roles.restore], pa.string())})})
        local = sorted({rule.rule.vault_name for plan in plans for rule in plan.rules})
        _load(connection, {"local_vaults": pa.table({"name": pa.array(local, pa.string())})})
        _load(connection, {"unselected": mine.others.select(["account_id", "region", "arn"])})
        _load(connection, {"clock": pa.table({"now": pa.array([snapshot.observed_at], INSTANT)})})
        _load(connection, slot_tables(plans, _since(connection, snapshot, earlier), snapshot.observed_at))
        for step in STEPS[: STEPS.index("judged") + 1] if arrivals else STEPS:
            if step in LOOKED_FOR and not ledger.rows(connection, f"SELECT 1 FROM {LOOKED_FOR[step]} LIMIT 1"):  # noqa: S608 - our own
                connection.execute(NOTHING[step])
            else:
                connection.execute(query(step))
        yield Judgement(estate, snapshot, scope, plans, observed, entitled, mine, tests, connection)
    finally:
        connection.close()


# Steps that read all recovery points once more, or take their time, only when something is to be found; else their tables are empty.
LOOKED_FOR = {
    "flaws": "observed WHERE odd",
    "gaps": "judged WHERE suspect AND in_range > 0",
    "restored": "(SELECT 1 FROM tested UNION ALL SELECT 1 FROM restore_tests)",
    "recovered": "(SELECT 1 FROM restores UNION ALL SELECT 1 FROM restore_tests)",
    "denied": "(SELECT 1 FROM restores UNION ALL SELECT 1 FROM restore_tests)",
}
NOTHING = {
    "flaws": "CREATE TEMP TABLE flaws (resource_no INTEGER, leg_no INTEGER, flaw BIGINT)",
    "gaps": """CREATE TEMP TABLE gaps (
        resource_no INTEGER, leg_no INTEGER, slot_no INTEGER, slot_at TIMESTAMPTZ, message VARCHAR, kind VARCHAR
    )""",
    "restored": "CREATE TEMP TABLE restored (resource_no INTEGER, leg_no INTEGER, state VARCHAR, code VARCHAR, cause VARCHAR)",
    "recovered": "CREATE TEMP TABLE recovered (resource_no INTEGER, leg_no INTEGER)",
    "denied": "CREATE TEMP TABLE denied (resource_no INTEGER, leg_no INTEGER, message VARCHAR)",
}


def _buckets(resources: pa.Table) -> Iterable[tuple[str, str]]:
    """Yield buckets with their accounts: nothing else that is protected has a policy that jobs depend on and that is not synced."""
    found = resources.filter(pc.equal(resources["type"], str(ResourceType.S3)))
    return zip(found["arn"].to_pylist(), found["account_id"].to_pylist(), strict=True)


def _selected_groups(resources: Protected) -> Iterator[tuple[int, int]]:
    """Yield the numbers of groups, and of plans that select something in them."""
    groups = resources.resources["group_no"].combine_chunks().take(resources.memberships["resource_no"].combine_chunks())
    pairs = pa.table({"group_no": groups, "plan_no": resources.memberships["plan_no"]}).group_by(["group_no", "plan_no"]).aggregate([])
    return iter(sorted(zip(pairs["group_no"].to_pylist(), pairs["plan_no"].to_pylist(), strict=True)))


def query(name: str) -> str:
    """Return the text of a named query of this room."""
    return files("strongroom.proof").joinpath(f"{name}.sql").read_text(encoding="utf-8")


def _load(connection: duckdb.DuckDBPyConnection, tables: dict[str, pa.Table]) -> None:
    for name, table in tables.items():
        connection.register(f"given_{name}", table)
        connection.execute(f"CREATE TEMP TABLE {name} AS SELECT * FROM given_{name}")  # noqa: S608 - our own names
        connection.unregister(f"given_{name}")


def _since(connection: duckdb.DuckDBPyConnection, snapshot: ledger.Snapshot, earlier: Sequence[ledger.Snapshot]) -> datetime:
    """Return from when on slots can matter: the oldest evidence of any kind, on a full hour."""
    oldest: datetime | None = ledger.rows(connection, "SELECT min(created_at) AS oldest_at FROM recovery_points")[0]["oldest_at"]
    known = [each.observed_at for each in earlier] + ([oldest] if oldest else [])
    since = min([*known, snapshot.observed_at - timedelta(days=JOBS_DAYS)]) - timedelta(days=1)
    return since.replace(minute=0, second=0, microsecond=0)


def _legs(estate: Estate, plans: Sequence[DeclaredPlan]) -> pa.Table:
    locked = hardened(estate)
    rows = [
        {
            "leg_no": leg.number,
            "rule_no": rule.number,
            "plan_no": plan.number,
            "local_leg_no": rule.legs[0].number,
            "rule_name": rule.name,
            "copy": leg.copy,
            "target": leg.target,
            "continuous": rule.rule.continuous,
            "keep_days": None if isinstance(leg.keep, Forever) else leg.keep,
            "interval_minutes": rule.interval_minutes,
            "bound_minutes": rule.interval_minutes + rule.allowance // timedelta(minutes=1) + (COPY_MINUTES if leg.copy else 0),
            "hardened": leg.label in locked,
        }
        for plan in plans
        for rule in plan.rules
        for leg in rule.legs
    ]
    return pa.Table.from_pylist(rows, schema=LEGS)
