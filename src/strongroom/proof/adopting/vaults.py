"""Vaults and keys that plans use, with labels for a strategy file."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from strongroom.domain.estate import CopyAction
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.domain.strategy import KeyKind
from strongroom.proof.adopting.plans import FoundPlan
from strongroom.proof.adopting.words import label as free_label
from strongroom.proof.observed import AIR_GAPPED

EVERY = "every-account"
_Target = tuple[str, str, str]  # account or every-account, Region or empty, name


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundKey:
    """A key of vaults."""

    name: str
    kind: KeyKind
    arn: str | None = None  # of the primary key of a multi-Region one


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundVault:
    """A vault that plans use."""

    label: str
    name: str
    account: str  # or every-account
    regions: tuple[str, ...]
    air_gapped: bool
    key: str | None  # name of a FoundKey; None: one of AWS's own
    locked: bool
    min_days: int | None
    max_days: int | None
    lock_at: datetime | None  # of a compliance lock
    remarks: tuple[str, ...]


class Vaults:
    """The vaults of a snapshot, and those among them that plans use."""

    def __init__(self, rows: Iterable[dict[str, Any]]) -> None:
        self.rows: dict[tuple[str, str], list[dict[str, Any]]] = {}  # by Region and name
        for row in rows:
            self.rows.setdefault((row["region"], row["name"]), []).append(row)
        self.labels: dict[_Target, str] = {}
        self.used: dict[str, tuple[str, str, dict[str, None]]] = {}  # label -> account, name, Regions
        self.group: Collection[str] = ()
        self._keys: dict[tuple[KeyKind, str | None], FoundKey] = {}

    def placed(self, plans: tuple[FoundPlan, ...], group: Collection[str], central: str | None) -> tuple[FoundPlan, ...]:
        """Return the plans with labels of their vaults; one whose account holds copies of itself is split by Region."""
        self.group = group
        self.central = central
        by_region = {copy.vault_name for plan in plans if plan.account is None for copy in _copies(plan) if copy.account is EVERY_ACCOUNT}
        split = [part for plan in plans for part in _split(plan, by_region)]
        return tuple(self._placed(plan, by_region) for plan in split)

    def _placed(self, plan: FoundPlan, by_region: set[str]) -> FoundPlan:
        own = plan.account or EVERY

        def local(name: str) -> str:
            where = plan.regions[0] if plan.account is not None or name in by_region else ""
            return self._label(own, where, name, plan.regions)

        locals_ = tuple(local(rule.vault_name) for rule in plan.rules)
        targets = tuple(local(name) if (name := rule.air_gapped_name) and self._gapped(plan, name) else "" for rule in plan.rules)
        destinations = tuple(tuple(self._destination(copy, own) for copy in rule.copies) for rule in plan.rules)
        unseen = dict.fromkeys(
            f"rule {rule.name}: its air-gapped vault {rule.air_gapped_name} was not seen"
            for rule, target in zip(plan.rules, targets, strict=True)
            if rule.air_gapped_name and not target
        )
        return replace(plan, vaults=locals_, targets=targets, destinations=destinations, remarks=(*plan.remarks, *unseen))

    def _gapped(self, plan: FoundPlan, name: str) -> bool:
        """Return whether an air-gapped vault was seen, with the range of its lock, in the Regions of a plan."""
        return all(any(row["type"] == AIR_GAPPED for row in self.rows.get((region, name), ())) for region in plan.regions)

    def _destination(self, copy: CopyAction, own: str) -> str:
        account = own if copy.account is EVERY_ACCOUNT else str(copy.account)
        return self._label(account, copy.region, copy.vault_name, (copy.region,))

    def _label(self, account: str, region: str, name: str, regions: Iterable[str]) -> str:
        target = (account, region, name)
        if target not in self.labels:
            same = any(other[0] == account and other[2] == name for other in self.labels)
            self.labels[target] = free_label(f"{name}-{region}" if same else name, self.used, otherwise="vault")
            self.used[self.labels[target]] = (account, name, {})
        chosen = self.labels[target]
        self.used[chosen][2].update(dict.fromkeys(regions))
        return chosen

    def regions(self) -> list[str]:
        """Return the Regions of the vaults in use."""
        return [region for _, _, regions in self.used.values() for region in regions]

    def unused(self) -> set[str]:
        """Return the names of vaults that no plan uses, each with its number of places."""
        found: dict[str, int] = {}
        for (region, name), rows in self.rows.items():
            for row in rows:
                if not any(
                    name == used and region in regions and account in {EVERY, row["account_id"]}
                    for account, used, regions in self.used.values()
                ):
                    found[name] = found.get(name, 0) + 1
        return {f"{name} (in {count} places)" if count > 1 else name for name, count in found.items()}

    def keys(self) -> tuple[FoundKey, ...]:
        """Return the keys of the vaults in use."""
        for chosen in self.used:
            self._vault(chosen, 0)
        return tuple(self._keys.values())

    def found(self, accounts: int) -> tuple[FoundVault, ...]:
        """Return the vaults in use; those of every account as most of `accounts` have them."""
        return tuple(self._vault(chosen, accounts) for chosen in self.used)

    def _vault(self, chosen: str, accounts: int) -> FoundVault:
        account, name, regions = self.used[chosen]
        rows = [
            row
            for region in regions
            for row in self.rows.get((region, name), ())
            if row["account_id"] == account or (account == EVERY and row["account_id"] in self.group)
        ]
        kinds = Counter(
            (row["locked"], row["min_retention_days"], row["max_retention_days"], row["lock_at"] is not None, row["type"]) for row in rows
        )
        remarks = tuple(_remarks(rows, len(kinds), len(regions) * (accounts if account == EVERY else 1)))
        first = next((row for row in rows if _kind(row) == kinds.most_common(1)[0][0]), None)
        return FoundVault(
            label=chosen,
            name=name,
            account=account,
            regions=tuple(regions),
            air_gapped=first is not None and first["type"] == AIR_GAPPED,
            key=self._key(first),
            locked=first is not None and first["locked"],
            min_days=first["min_retention_days"] if first else None,
            max_days=first["max_retention_days"] if first else None,
            lock_at=first["lock_at"] if first else None,
            remarks=remarks,
        )

    def _key(self, row: dict[str, Any] | None) -> str | None:
        if row is not None and row["type"] == AIR_GAPPED and row["manager"] != "CUSTOMER":
            return None
        kind, arn = KeyKind.PER_ACCOUNT, None
        if row is not None and row["manager"] == "AWS":
            kind = KeyKind.AWS_MANAGED
        elif row is not None and row["multi_region"] in {"PRIMARY", "REPLICA"} and row["primary_arn"]:
            kind, arn = KeyKind.MULTI_REGION, str(row["primary_arn"])
        if (kind, arn) not in self._keys:
            taken = {each.name for each in self._keys.values()}
            name = free_label({KeyKind.PER_ACCOUNT: "own", KeyKind.AWS_MANAGED: "aws"}.get(kind, "shared"), taken, otherwise="key")
            self._keys[(kind, arn)] = FoundKey(name=name, kind=kind, arn=arn)
        return self._keys[(kind, arn)].name


def _kind(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["locked"], row["min_retention_days"], row["max_retention_days"], row["lock_at"] is not None, row["type"]


def _remarks(rows: list[dict[str, Any]], kinds: int, wanted: int) -> Iterator[str]:
    if not rows:
        yield "it was not seen: its key and lock are guesses"
    elif wanted and len(rows) < wanted:
        yield f"it is in {len(rows)} of {wanted} accounts and Regions"
    if kinds > 1:
        yield "its lock is not the same in all accounts and Regions: as most of them have it"
    if rows and all(row["manager"] is None and row["key_arn"] for row in rows):
        yield "its key could not be read: whose it is is a guess"


def _copies(plan: FoundPlan) -> Iterator[CopyAction]:
    for rule in plan.rules:
        yield from rule.copies


def _split(plan: FoundPlan, by_region: set[str]) -> Iterator[FoundPlan]:
    """Yield a plan once for each Region where its vaults have to be told apart by Region."""
    apart = plan.account is not None or any(rule.vault_name in by_region for rule in plan.rules)
    if not apart:
        yield plan
        return
    for region in plan.regions:
        yield replace(plan, regions=(region,))
