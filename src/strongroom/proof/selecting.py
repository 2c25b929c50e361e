"""Which plans select which resources: the plans that are there, with their conditions and exclusions, or those of a strategy.

Names of plans and tags alone say nothing: a selection may ask for more, leave things out, or do nothing where a type is not opted in.
"""

import json

import pyarrow as pa
import pyarrow.compute as pc

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.proof.declared import declared
from strongroom.proof.protected import protected
from strongroom.proof.scope import scope_of
from strongroom.semantics.selection import PlanSelection
from strongroom.semantics.selection_columns import plan_mask

RESOURCE_COLUMNS = ("account_id", "region", "arn", "type", "tags")
CHOSEN = pa.schema([("account_id", pa.string()), ("arn", pa.string()), ("plan", pa.string())])

Selections = tuple[tuple[str, str], ...]  # name of the plan, BackupSelection document
OptIn = tuple[tuple[str, bool], ...]


def selected_by_plans(snapshot: ledger.Snapshot) -> pa.Table:
    """Return account_id and arn of resources with the name of each plan there that selects them.

    Places with the same selections and opt-in are looked at together: policies make thousands of accounts alike.
    """
    resources = snapshot.table("resources").select(list(RESOURCE_COLUMNS))
    where = pc.binary_join_element_wise(resources["account_id"], resources["region"], " ")
    found = [CHOSEN.empty_table()]
    for (selections, opt_in), places in _alike(snapshot).items():
        here = resources.filter(pc.is_in(where, value_set=pa.array(places, pa.string())))
        for plan, document in selections:
            chosen = here.filter(plan_mask(PlanSelection.parse(json.loads(document)), here, dict(opt_in)))
            found.append(_of_plan(chosen, plan))
    return pa.concat_tables(found)


def selected_by_strategy(estate: Estate, snapshot: ledger.Snapshot) -> pa.Table:
    """Return the same of the plans that a strategy declares, whatever has come of them; raises CouldNotVerify without accounts."""
    plans = declared(estate)
    mine = protected(estate, scope_of(estate, snapshot.table("accounts")), plans, snapshot, ())
    rows = pc.index_in(mine.memberships["resource_no"], value_set=mine.resources["resource_no"].combine_chunks())
    names = pa.array([plan.plan.name for plan in plans], pa.string())
    found = mine.resources.select(["account_id", "arn"]).take(rows)
    return found.append_column("plan", names.take(mine.memberships["plan_no"].combine_chunks())).cast(CHOSEN)


def _of_plan(resources: pa.Table, plan: str) -> pa.Table:
    return resources.select(["account_id", "arn"]).append_column("plan", pa.repeat(plan, resources.num_rows)).cast(CHOSEN)


def _alike(snapshot: ledger.Snapshot) -> dict[tuple[Selections, OptIn], list[str]]:
    management = {row["account_id"] for row in snapshot.table("accounts").to_pylist() if row["management"]}
    names = {(row["account_id"], row["region"], row["plan_id"]): row["name"] for row in snapshot.table("backup_plans").to_pylist()}
    settings = snapshot.table("settings")
    opt_in: dict[tuple[str, str], dict[str, bool]] = {}
    for row in settings.filter(pc.equal(settings["kind"], "opt_in")).to_pylist():
        opt_in.setdefault((row["account_id"], row["region"]), {})[row["name"]] = row["value"] == "true"
    places: dict[tuple[str, str, bool], set[tuple[str, str]]] = {}
    for row in snapshot.table("selections").to_pylist():
        key = (row["account_id"], row["region"], row["plan_id"])
        by_policy = row["plan_id"].startswith("orgs/")  # then the management account's opt-in decides
        document = json.dumps({**json.loads(row["document"]), "IamRoleArn": ""}, sort_keys=True)  # the role alone differs by account
        places.setdefault((row["account_id"], row["region"], by_policy), set()).add((names.get(key, row["plan_id"]), document))
    groups: dict[tuple[Selections, OptIn], list[str]] = {}
    for (account, region, by_policy), selections in places.items():
        owner = next(iter(management), account) if by_policy else account
        chosen = tuple(sorted(opt_in.get((owner, region), {}).items()))
        groups.setdefault((tuple(sorted(selections)), chosen), []).append(f"{account} {region}")
    return groups
