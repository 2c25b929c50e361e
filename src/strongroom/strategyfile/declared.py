"""What a file declares, as far as it can be read: names, places and Regions, without asking whether all of it is valid.

Relations between parts are checked on this, so that a mistake in one part doesn't hide those in another.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass

from strongroom import facts
from strongroom.domain.strategy import VaultType
from strongroom.strategyfile import defaults
from strongroom.strategyfile.nodes import Entry, Node, Path, Place, entries, find, items, text
from strongroom.strategyfile.problem import named
from strongroom.strategyfile.values import ACCOUNT_PATTERN, EVERY, ROLES_OF_ACCOUNTS


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredVault:
    """A vault under `vaults`, or the built-in one (entry None)."""

    label: str
    entry: Entry | None
    place: str | None  # None: not written, or not text
    regions: tuple[str, ...]  # empty: not known, because home_region is missing
    air_gapped: bool = False

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"vault {named(self.label)}"

    @property
    def everywhere(self) -> bool:
        """It is in every governed account."""
        return self.place == EVERY

    @property
    def placed(self) -> bool:
        """Its place is known; otherwise the grammar has reported it."""
        return self.place in (EVERY, *ROLES_OF_ACCOUNTS) or re.fullmatch(ACCOUNT_PATTERN, self.place or "") is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """The names that a file declares."""

    root: Node
    name: str
    home_region: str | None
    regions: tuple[str, ...]  # governed; empty: not all known
    accounts: Mapping[str, str]  # role -> id, as written
    keys: Collection[str]
    vaults: Mapping[str, DeclaredVault]
    everywhere: tuple[str, ...]  # labels of the standard vaults in every account
    placed: bool  # the place of every vault is known

    def account(self, place: str) -> str | None:
        """Return the account that a place means; None for every-account and for roles without an account."""
        return self.accounts.get(place) if place in ROLES_OF_ACCOUNTS else None if place == EVERY else place


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRule:
    """A rule with its path, wherever its plan is."""

    plan: str
    entry: Entry
    path: Path
    account: str | None = None  # `in` of its plan; None: not written
    regions: tuple[str, ...] = ()  # of its plan; empty: not written

    @property
    def title(self) -> str:
        """How messages call it."""
        return f"rule {named(self.plan)}.{named(self.entry.key)}"


def declared(root: Node, *, name: str) -> Declared:
    """Return what a file declares; `name` is the strategy's where the file gives none."""
    organization = find(root, "organization")
    home_region = text(find(organization, "home_region"))
    written = _texts(find(organization, "regions"))
    regions = tuple(dict.fromkeys(written)) or ((home_region,) if home_region else ())
    if not facts.regions().issuperset(regions):
        regions = ()
    accounts = {entry.key: value for entry in entries(find(organization, "accounts")) if (value := text(entry.value)) is not None}
    found = [_vault(entry, home_region, regions) for entry in entries(find(root, "vaults"))]
    vaults = {vault.label: vault for vault in found}
    plans = entries(find(root, "plans"))
    adopted = bool(plans) and all(find(plan.value, "adopt") is not None for plan in plans)
    places = (vault.place for vault in found if not vault.air_gapped)
    added = defaults.LOCAL_VAULT not in vaults and defaults.adds_local_vault(places, adopted=adopted)
    if added and all(vault.placed for vault in found):
        vaults[defaults.LOCAL_VAULT] = DeclaredVault(label=defaults.LOCAL_VAULT, entry=None, place=EVERY, regions=regions)
    return Declared(
        root=root,
        name=text(find(root, "name")) or name,
        home_region=home_region,
        regions=regions,
        accounts=accounts,
        keys=dict.fromkeys(entry.key for entry in entries(find(root, "keys"))).keys(),
        vaults=vaults,
        everywhere=tuple(vault.label for vault in vaults.values() if vault.everywhere and not vault.air_gapped),
        placed=all(vault.placed for vault in found),
    )


def rules(root: Node) -> tuple[DeclaredRule, ...]:
    """Return all rules of all plans."""
    return tuple(
        DeclaredRule(
            plan=plan.key,
            entry=rule,
            path=("plans", plan.key, "rules", rule.key),
            account=text(find(plan.value, "in")),
            regions=_texts(find(plan.value, "regions")),
        )
        for plan in entries(find(root, "plans"))
        for rule in entries(find(plan.value, "rules"))
    )


def destinations(rule: Node) -> tuple[tuple[str, Place], ...]:
    """Return the labels that a rule copies to, each with its place."""
    found = []
    for item in items(find(rule, "copy")):
        target = find(item, "to") or item
        label = text(target)
        if label is not None:
            found.append((label, target.place))
    return tuple(found)


def selects(root: Node) -> Iterator[tuple[Path, Node]]:
    """Yield every selection of the file, and every exclusion inside one."""
    holders: list[Path] = [(part, entry.key) for part in ("plans", "restore_tests") for entry in entries(find(root, part))]
    holders += [("native", kind.key, entry.key) for kind in entries(find(root, "native")) for entry in entries(kind.value)]
    holders += [(part, position) for part in ("objectives", "retention", "regulations") for position in range(len(items(find(root, part))))]
    for holder in holders:
        for path in ((*holder, "select"), (*holder, "select", "not")):
            node = find(root, *path)
            if node is not None:
                yield path, node


def _vault(entry: Entry, home_region: str | None, governed: tuple[str, ...]) -> DeclaredVault:
    place = text(find(entry.value, "in"))
    written = _texts(find(entry.value, "regions")) or _texts(find(entry.value, "region"))
    regions = defaults.vault_regions(place or "", written, home_region, governed) if home_region else written
    known = dict.fromkeys(region for region in regions if region in facts.regions())
    air_gapped = text(find(entry.value, "type")) == VaultType.AIR_GAPPED
    return DeclaredVault(label=entry.key, entry=entry, place=place, regions=tuple(known), air_gapped=air_gapped)


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(value for item in items(node) if (value := text(item)) is not None)
