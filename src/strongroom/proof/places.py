"""Everything that can be said about accounts and Regions before any resource, as tables for SQL."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import product
from typing import Any

import pyarrow as pa

from strongroom.domain.names import ResourceType, vault_arn
from strongroom.proof.declared import DeclaredPlan, DeclaredRule
from strongroom.proof.equipped import EquippedJudge
from strongroom.proof.readings import Unreadable
from strongroom.proof.scope import Account
from strongroom.proof.selected import SelectedJudge
from strongroom.proof.verdicts import PROVEN, Verdict, broken, doubtful, unread_cause, worst
from strongroom.semantics.copies import CopyCase, Outcome, verdict

INSTANT = pa.timestamp("us", tz="UTC")
_VERDICT = (("state", pa.string()), ("code", pa.string()), ("cause", pa.string()))

VAULT_PLACES = pa.schema(
    [("vault_no", pa.int32()), ("account_id", pa.string()), ("region", pa.string()), ("vault_name", pa.string()), ("arn", pa.string())]
)
PLACE_LEGS = pa.schema(
    [
        ("place_no", pa.int32()),
        ("leg_no", pa.int32()),
        ("vault_no", pa.int32()),
        *[(f"selected_{name}", kind) for name, kind in _VERDICT],
        *[(f"equipped_{name}", kind) for name, kind in _VERDICT],
        ("equipped_doubt", pa.bool_()),
        ("local_unread", pa.string()),  # why the recovery points of the local vault could not be read, null when they were
        ("unread", pa.string()),  # the same of this leg's vault
        ("same_account", pa.bool_()),
        ("same_region", pa.bool_()),
        ("destination_key_manager", pa.string()),  # AWS, CUSTOMER, UNKNOWN
        ("active_at", INSTANT),  # creation of the plan in the place, null when unknown
    ]
)
ATTRIBUTION = pa.schema(
    [
        ("place_no", pa.int32()),
        ("vault_no", pa.int32()),
        ("plan_id", pa.string()),  # lower case; empty: a copy that names no plan
        ("rule_id", pa.string()),
        ("sole", pa.bool_()),  # the only rule of the plan with this vault: an older rule id is taken for it
        ("leg_no", pa.int32()),
    ]
)
TYPE_STATES = pa.schema([("plan_no", pa.int32()), ("region", pa.string()), ("type", pa.string()), *_VERDICT])
COPY_STATES = pa.schema(
    [
        ("type", pa.string()),
        ("key_manager", pa.string()),  # AWS, CUSTOMER, UNKNOWN, NONE (not encrypted)
        ("same_account", pa.bool_()),
        ("same_region", pa.bool_()),
        ("destination_key_manager", pa.string()),
        *_VERDICT,
        ("doubt", pa.bool_()),
    ]
)


Row = tuple[Any, ...]
VaultKey = tuple[str, str, str]  # account, Region, name


@dataclass(frozen=True, slots=True)
class Places:
    """Builds the tables of the places."""

    selected: SelectedJudge
    equipped: EquippedJudge
    plans: Sequence[DeclaredPlan]
    vaults: dict[VaultKey, int] = field(default_factory=dict)  # numbers of the vaults met so far

    def tables(self, resource_types: Iterable[str]) -> dict[str, pa.Table]:
        """Return vault_places, place_legs, attribution, type_states and copy_states; `resource_types` are those to judge."""
        types = [ResourceType(each) for each in sorted(set(resource_types) & set(ResourceType))]
        accounts = {account.id: account for account in self.selected.scope.everyone}
        own = {account.id for account in self.selected.scope.own}
        legs: list[Row] = []
        owners: list[Row] = []
        for number, (account, region) in enumerate(self.selected.scope.places):
            reaching = (account,) if account in own else (None, account)  # organization policies reach governed accounts alone
            mine = [plan for plan in self.plans if region in plan.plan.regions and plan.plan.account in reaching]
            for plan in mine:
                legs += self._legs(number, accounts[account], region, plan)
            owners += self._attribution(number, account, region, mine)
        vaults = [(number, *key, vault_arn(*key)) for key, number in self.vaults.items()]
        return {
            "vault_places": _table(VAULT_PLACES, vaults),
            "place_legs": _table(PLACE_LEGS, legs),
            "attribution": _table(ATTRIBUTION, owners),
            "type_states": _table(TYPE_STATES, self._types(types)),
            "copy_states": _table(COPY_STATES, self._copies(types)),
        }

    def _vault(self, *key: str) -> int:
        account, region, name = key
        return self.vaults.setdefault((account, region, name), len(self.vaults))

    def _legs(self, number: int, account: Account, region: str, plan: DeclaredPlan) -> Iterator[Row]:
        readings = self.selected.observed.readings
        found = self.selected.observed.plan(account.id, region, plan.plan)
        active_at = found.created_at if found else None
        for rule in plan.rules:
            selected = self.selected.place(account.id, region, plan, rule)
            local = self._local(account, region, rule, selected)
            local_unread = readings.missing(account.id, region, "recovery_points")
            for leg in rule.legs:
                owner, where = leg.place(account.id, region)
                equipped = worst(local, self.equipped.copy(leg, account, region)) if leg.copy else local
                yield (
                    number,
                    leg.number,
                    self._vault(owner, where, leg.vault_name),
                    *_columns(selected),
                    *_columns(equipped),
                    equipped.doubt,
                    _reason(local_unread),
                    _reason(readings.missing(owner, where, "recovery_points")),
                    owner == account.id,
                    where == region,
                    self.equipped.key_manager(owner, where, leg.vault_name) or "UNKNOWN",
                    active_at,
                )

    def _local(self, account: Account, region: str, rule: DeclaredRule, selected: Verdict) -> Verdict:
        vault = self.equipped.vault(account.id, region, rule.rule.vault_name, rule.rule.keep)
        return worst(self.equipped.role(account.id, selected), vault)

    def _attribution(self, number: int, account: str, region: str, plans: Sequence[DeclaredPlan]) -> Iterator[Row]:
        by_vault: dict[int, list[int]] = {}
        for plan in plans:
            found = self.selected.observed.plan(account, region, plan.plan)
            legs = [(self._vault(*leg.place(account, region), leg.vault_name), rule, leg) for rule in plan.rules for leg in rule.legs]
            sharing = Counter(vault for vault, _, _ in legs)
            # What is in the air-gapped vault of a rule shows, too, that its backup was made, wherever it passed.
            legs += [(self._vault(*leg.place(account, region), leg.vault_name), rule, rule.legs[0]) for _, rule, leg in legs if leg.target]
            for vault, rule, leg in legs:
                if leg.copy:
                    by_vault.setdefault(vault, []).append(leg.number)
                if found:
                    ids = found.rules.get(rule.rule.name.lower(), ())
                    sole = sharing[vault] == 1 and len(ids) == 1
                    yield from ((number, vault, found.plan_id.lower(), each, sole, leg.number) for each in ids)
        yield from ((number, vault, "", "", True, legs[0]) for vault, legs in by_vault.items() if len(legs) == 1)

    def _types(self, types: Sequence[ResourceType]) -> Iterator[Row]:
        for plan, region, each in product(self.plans, self.selected.estate.organization.regions, types):
            yield plan.number, region, str(each), *_columns(self.selected.resource_type(region, plan, each))

    def _copies(self, types: Sequence[ResourceType]) -> Iterator[Row]:
        enabled = self.equipped.cross_account_enabled()
        keys = ("AWS", "CUSTOMER", "UNKNOWN", "NONE")
        both = (True, False)
        for each, key, same_account, same_region, destination in product(types, keys, both, both, keys[:3]):
            case = CopyCase(
                type=each,
                same_account=same_account,
                same_region=same_region,
                key_manager=None if key == "NONE" else key,
                cross_account_enabled=enabled,
                destination_key_manager=destination,
            )
            found = _copy_verdict(case)
            yield str(each), key, same_account, same_region, destination, *_columns(found), found.doubt


def _copy_verdict(case: CopyCase) -> Verdict:
    found = verdict(case)
    if found.outcome is Outcome.COPIES:
        return PROVEN
    where = "another vault" if case.same_account and case.same_region else "another Region" if case.same_account else "another account"
    if found.outcome is Outcome.UNKNOWN:
        return doubtful(f"whether {case.type} can be copied to {where} is not known: {found.message}")
    key = f" on an {case.key_manager}-managed key" if found.failure_mode == "FM01" else ""
    return broken("VRF026", f"{case.type}{key} can't be copied to {where}: {found.message}")


def _columns(each: Verdict) -> tuple[str, str | None, str | None]:
    return str(each.state), each.code or None, each.cause or None


def _reason(unread: Unreadable | None) -> str | None:
    return unread_cause(unread) if unread else None


def _table(schema: pa.Schema, rows: Iterable[Row]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    return pa.Table.from_arrays([pa.array(values, each.type) for values, each in zip(columns, schema, strict=True)], schema=schema)
