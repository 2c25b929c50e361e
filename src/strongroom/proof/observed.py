"""What was observed of the places themselves, small enough for Python: policies, plans, roles, vaults, keys, settings."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

import pyarrow as pa

from strongroom.domain.estate import BackupPlan
from strongroom.proof.readings import Readings, readings

AIR_GAPPED = "LOGICALLY_AIR_GAPPED_BACKUP_VAULT"  # a vault's type


class Tables(Protocol):
    """Whatever has the tables of `domain.tables`: a snapshot of the ledger."""

    @property
    def observed_at(self) -> datetime:
        """AWS's time."""

    def table(self, name: str) -> pa.Table:
        """Return one table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedPlan:
    """A plan in one account and Region."""

    plan_id: str
    created_at: datetime | None
    rules: Mapping[str, tuple[str, ...]]  # rule ids by name in lower case


@dataclass(frozen=True, slots=True, kw_only=True)
class ObservedVault:
    """A vault, as far as jobs depend on it."""

    key_arn: str | None
    access_policy: str | None
    air_gapped: bool
    min_days: int | None
    max_days: int | None
    locked: bool = False  # whatever the phase of the lock
    lock_at: datetime | None = None  # when the lock hardens; None: governance, or no lock


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """Everything but the mass facts."""

    readings: Readings
    effective_policies: Mapping[str, str]  # by account; empty: no policy reaches it
    plans: Mapping[tuple[str, str, str], ObservedPlan]  # of organization policies: account, Region, name
    own_plans: Mapping[tuple[str, str, str], ObservedPlan]  # made in the account itself; the newest of a name
    vaults: Mapping[tuple[str, str, str], ObservedVault]  # account, Region, name
    keys: Mapping[str, tuple[str, str]]  # ARN: manager, state
    primaries: Mapping[str, str]  # of multi-Region keys: ARN of a key and of its primary
    single_region: frozenset[str]  # ARNs of keys that are no multi-Region keys
    roles: Mapping[tuple[str, str], tuple[bool, str | None]]  # account, name: exists, trust policy
    settings: Mapping[tuple[str, str, str], Mapping[str, str]]  # account, Region, kind: value by name

    def plan(self, account: str, region: str, plan: BackupPlan) -> ObservedPlan | None:
        """Return what came of a plan in an account and Region; None: it isn't there."""
        there = self.plans if plan.account is None else self.own_plans
        return there.get((account, region, plan.name))


def observe(tables: Tables) -> Observed:
    """Return the small facts of a snapshot, ready for look-ups."""
    return Observed(
        readings=readings(tables.table("reads")),
        effective_policies=dict(zip(*_columns(tables, "effective_policies", "account_id", "content"), strict=True)),
        plans=_plans(tables, of_policies=True),
        own_plans=_plans(tables, of_policies=False),
        vaults=_vaults(tables),
        keys={arn: (manager, state) for arn, manager, state in _rows(tables, "keys", "arn", "manager", "state")},
        primaries={arn: primary for arn, primary in _rows(tables, "keys", "arn", "primary_arn") if primary},
        single_region=frozenset(arn for arn, kind in _rows(tables, "keys", "arn", "multi_region") if kind == "NONE"),
        roles={
            (account, arn.rsplit("/", 1)[-1]): (exists, trust)
            for account, arn, exists, trust in _rows(tables, "roles", "account_id", "arn", "exists", "trust_policy")
        },
        settings=_settings(tables),
    )


def canonical(text: str) -> str:
    """Return JSON text with sorted keys and no blanks, so that equal documents are equal texts.

    Example:
        >>> canonical('{"b": 1, "a": [2]}')
        '{"a":[2],"b":1}'
    """
    return json.dumps(json.loads(text), sort_keys=True, separators=(",", ":"))


def _plans(tables: Tables, *, of_policies: bool) -> dict[tuple[str, str, str], ObservedPlan]:
    rules: dict[tuple[str, str, str], dict[str, tuple[str, ...]]] = {}
    for account, region, plan_id, rule_id, name in _rows(tables, "backup_rules", "account_id", "region", "plan_id", "rule_id", "name"):
        mine = rules.setdefault((account, region, plan_id), {})
        mine[name.lower()] = (*mine.get(name.lower(), ()), rule_id)
    columns = ("account_id", "region", "plan_id", "name", "created_at")
    return {
        (account, region, name): ObservedPlan(plan_id=plan_id, created_at=created_at, rules=rules.get((account, region, plan_id), {}))
        for account, region, plan_id, name, created_at in sorted(_rows(tables, "backup_plans", *columns), key=_age)
        if plan_id.startswith("orgs/") is of_policies
    }


def _age(row: tuple[Any, ...]) -> tuple[bool, Any]:
    created_at = row[-1]
    return created_at is not None, created_at


def _vaults(tables: Tables) -> dict[tuple[str, str, str], ObservedVault]:
    names = ("account_id", "region", "name", "type", "key_arn", "access_policy")
    bounds = ("locked", "min_retention_days", "max_retention_days", "lock_at")
    return {
        (account, region, name): ObservedVault(
            key_arn=key_arn,
            access_policy=policy,
            air_gapped=kind == AIR_GAPPED,
            min_days=min_days if locked else None,
            max_days=max_days if locked else None,
            locked=locked,
            lock_at=lock_at if locked else None,
        )
        for account, region, name, kind, key_arn, policy, locked, min_days, max_days, lock_at in _rows(tables, "vaults", *names, *bounds)
    }


def _settings(tables: Tables) -> dict[tuple[str, str, str], dict[str, str]]:
    found: dict[tuple[str, str, str], dict[str, str]] = {}
    for account, region, kind, name, value in _rows(tables, "settings", "account_id", "region", "kind", "name", "value"):
        found.setdefault((account, region, kind), {})[name] = value
    return found


def _rows(tables: Tables, name: str, *columns: str) -> Iterable[tuple[Any, ...]]:
    return zip(*_columns(tables, name, *columns), strict=True)


def _columns(tables: Tables, name: str, *columns: str) -> list[list[Any]]:
    table = tables.table(name)
    return [table.column(column).to_pylist() for column in columns]
