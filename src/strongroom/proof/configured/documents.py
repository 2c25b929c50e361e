"""Plans of the ledger as AWS's own documents, and what of them the strategy does not declare."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

import duckdb

from strongroom import ledger
from strongroom.proof.declared import DeclaredPlan

Place = tuple[str, str]  # account and Region

_RULES = "SELECT * FROM backup_rules WHERE account_id || ' ' || region IN (SELECT unnest($places)) ORDER BY ALL"
_COPIES = "SELECT * FROM copy_actions WHERE account_id || ' ' || region IN (SELECT unnest($places)) ORDER BY ALL"
_SELECTIONS = "SELECT * FROM selections WHERE account_id || ' ' || region IN (SELECT unnest($places)) ORDER BY ALL"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanDocument:
    """A plan of an account and Region, as GetBackupPlan and GetBackupSelection would return it."""

    name: str
    arn: str
    of_policy: bool  # an organization policy brought it
    rules: tuple[str, ...]  # their names
    foreign: bool  # the strategy declares no such plan, or some of its rules not
    foreign_rules: tuple[str, ...]  # names of these; all of them in a plan that is not declared
    plan: str  # JSON text
    selections: tuple[str, ...]  # JSON texts


def plan_documents(
    connection: duckdb.DuckDBPyConnection, places: Collection[Place], plans: Sequence[DeclaredPlan] | None
) -> dict[Place, list[PlanDocument]]:
    """Return the plans of the places in which the strategy does not declare all; of every place where `plans` is None."""
    text = files("strongroom.proof.configured").joinpath("plans.sql").read_text(encoding="utf-8")
    rows = [row for row in ledger.rows(connection, text) if (row["account_id"], row["region"]) in places]
    undeclared = {_key(row): _undeclared(row, plans) for row in rows}
    wanted = {key[:2] for key, rules in undeclared.items() if rules is not None}
    if not wanted:
        return {}
    parts = _Parts(connection, wanted)
    found: dict[Place, list[PlanDocument]] = {}
    for row in rows:
        key = _key(row)
        if key[:2] in wanted:
            found.setdefault(key[:2], []).append(parts.document(row, undeclared[key]))
    return found


def _key(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return row["account_id"], row["region"], row["plan_id"]


def of_policy(plan_id: str) -> bool:
    """Tell whether an organization policy brought a plan."""
    return plan_id.lower().startswith("orgs/")


def _undeclared(row: Mapping[str, Any], plans: Sequence[DeclaredPlan] | None) -> frozenset[str] | None:
    """Return the rules of a plan that the strategy does not declare, in lower case; None where it declares all of the plan."""
    rules = frozenset(row["rules"])
    account = None if of_policy(row["plan_id"]) else row["account_id"]
    for each in plans or ():
        if each.plan.name == row["name"] and each.plan.account == account:
            return (rules - {rule.rule.name.lower() for rule in each.rules}) or None
    return rules


class _Parts:
    """Rules, copy actions and selections of some places, by plan."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, places: Iterable[Place]) -> None:
        given = {"places": [f"{account} {region}" for account, region in sorted(places)]}
        self.rules = _by_plan(ledger.rows(connection, _RULES, given))
        self.copies = _by_plan(ledger.rows(connection, _COPIES, given))
        self.selections = _by_plan(ledger.rows(connection, _SELECTIONS, given))

    def document(self, row: Mapping[str, Any], undeclared: frozenset[str] | None) -> PlanDocument:
        key = _key(row)
        copies: dict[str, list[dict[str, Any]]] = {}
        for copy in self.copies.get(key, ()):
            copies.setdefault(copy["rule_id"], []).append(_copy(copy))
        rules = self.rules.get(key, ())
        body = {"BackupPlanName": row["name"], "Rules": [_rule(rule, copies.get(rule["rule_id"], ())) for rule in rules]}
        names = tuple(rule["name"] for rule in rules)
        return PlanDocument(
            name=row["name"],
            arn=row["arn"],
            of_policy=of_policy(row["plan_id"]),
            rules=names,
            foreign=undeclared is not None,
            foreign_rules=tuple(name for name in names if name.lower() in (undeclared or ())),
            plan=json.dumps(body),
            selections=tuple(each["document"] for each in self.selections.get(key, ())),
        )


def _by_plan(rows: Iterable[dict[str, Any]]) -> dict[tuple[str, str, str], list[dict[str, Any]]]:
    found: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        found.setdefault(_key(row), []).append(row)
    return found


def _rule(row: Mapping[str, Any], copies: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    written = {
        "RuleName": row["name"],
        "TargetBackupVaultName": row["vault_name"],
        "ScheduleExpression": row["schedule"] or None,
        "ScheduleExpressionTimezone": row["timezone"],
        "StartWindowMinutes": row["start_within_minutes"],
        "CompletionWindowMinutes": row["complete_within_minutes"],
        "Lifecycle": _lifecycle(row) and {**(_lifecycle(row) or {}), **_archive(row)},
        "EnableContinuousBackup": row["continuous"],
        "TargetLogicallyAirGappedBackupVaultArn": row["air_gapped_vault_arn"],
        "CopyActions": list(copies),
    }
    return {name: value for name, value in written.items() if value is not None and value != []}


def _archive(row: Mapping[str, Any]) -> dict[str, bool]:
    return {"OptInToArchiveForSupportedResources": True} if row["archive"] else {}


def _copy(row: Mapping[str, Any]) -> dict[str, Any]:
    lifecycle = _lifecycle(row)
    return {"DestinationBackupVaultArn": row["destination_vault_arn"], **({"Lifecycle": lifecycle} if lifecycle else {})}


def _lifecycle(row: Mapping[str, Any]) -> dict[str, int] | None:
    days = {"DeleteAfterDays": row["delete_after_days"], "MoveToColdStorageAfterDays": row["cold_after_days"]}
    return {name: value for name, value in days.items() if value is not None} or None
