"""From the parts of the grammar to the domain's strategy, with the place of every part."""

from collections.abc import Mapping
from dataclasses import dataclass

from strongroom.domain.names import EVERY_ACCOUNT, AccountId, EveryAccount, Region, ResourceType
from strongroom.domain.origin import BuiltIn, FileOrigin
from strongroom.domain.strategy import (
    Accounts,
    Copy,
    Key,
    KeyKind,
    Lock,
    LockMode,
    Objective,
    Organization,
    Plan,
    Regulation,
    RetentionOwed,
    Roles,
    Rule,
    Selection,
    Strategy,
    TagTerm,
    Vault,
)
from strongroom.strategyfile import defaults, models
from strongroom.strategyfile.nodes import MappingNode, Path, key_place, nearest
from strongroom.strategyfile.values import EVERY, ROLES_OF_ACCOUNTS


@dataclass(frozen=True, slots=True)
class _Source:
    root: MappingNode
    file: str

    def key(self, *path: str | int) -> FileOrigin:
        """Return where the key of a part is written."""
        place = key_place(self.root, path)
        return FileOrigin(self.file, place.line, place.column)

    def value(self, *path: str | int) -> FileOrigin:
        """Return where the value of a part starts."""
        place = nearest(self.root, path).place
        return FileOrigin(self.file, place.line, place.column)


def strategy(part: models.StrategyPart, root: MappingNode, *, file: str, name: str) -> Strategy:
    """Return the strategy of a file that has no problems; `name` is used where the file gives none."""
    source = _Source(root, file)
    name = part.name or name
    organization = _organization(part.organization, source)
    vaults = _vaults(part, organization, name, source)
    return Strategy(
        name=name,
        organization=organization,
        roles=Roles(read=part.roles.read, deploy=part.roles.deploy, backup=part.roles.backup or f"{name}-AWSBackup"),
        keys=_keys(part.keys, source),
        vaults=vaults,
        plans=tuple(_plan(key, plan, vaults, source) for key, plan in part.plans.items()),
        objectives=tuple(
            Objective(
                select=_selection(objective.select, ("objectives", position, "select"), source),
                rpo_minutes=objective.rpo,
                rto_minutes=objective.rto,
                survives=objective.survives,
                origin=source.value("objectives", position),
            )
            for position, objective in enumerate(part.objectives)
        ),
        retention=tuple(
            RetentionOwed(
                select=_selection(owed.select, ("retention", position, "select"), source),
                at_least_days=owed.at_least or 0,
                at_most_days=owed.at_most,
                basis=owed.basis,
                origin=source.value("retention", position),
            )
            for position, owed in enumerate(part.retention)
        ),
        regulations=tuple(_regulation(each, position, source) for position, each in enumerate(part.regulations)),
        origin=source.value(),
    )


def _regulation(part: models.RegulationPart, position: int, source: _Source) -> Regulation:
    path = ("regulations", position)
    select = None if part.select is None else _selection(part.select, (*path, "select"), source)
    return Regulation(name=part.name, select=select, origin=source.value(*path))


def _organization(part: models.OrganizationPart, source: _Source) -> Organization:
    accounts = part.accounts
    return Organization(
        home_region=part.home_region,
        regions=part.regions or (part.home_region,),
        accounts=Accounts(
            management=accounts.management, backup_admin=accounts.backup_admin, central=accounts.central, log_archive=accounts.log_archive
        ),
        governs=part.governs,
        opt_in=part.opt_in,
        origin=source.key("organization"),
    )


def _keys(parts: Mapping[str, models.KeyPart], source: _Source) -> tuple[Key, ...]:
    if not parts:
        return (Key(name=defaults.BACKUP_KEY, kind=KeyKind.PER_ACCOUNT, origin=BuiltIn()),)
    return tuple(Key(name=name, kind=part.kind, origin=source.key("keys", name)) for name, part in parts.items())


def _vaults(part: models.StrategyPart, organization: Organization, name: str, source: _Source) -> tuple[Vault, ...]:
    key = defaults.key(part.keys) or ""
    found = [
        Vault(
            label=label,
            name=vault.name or f"{name}-{label}",
            account=_account(vault.where, organization.accounts),
            regions=_vault_regions(vault, organization),
            key=vault.key or key,
            lock=_lock(vault, part.vaults, source.key("vaults", label, "lock")),
            origin=source.key("vaults", label),
        )
        for label, vault in part.vaults.items()
    ]
    if defaults.adds_local_vault(vault.where for vault in part.vaults.values()):
        label = defaults.LOCAL_VAULT
        built_in = Vault(
            label=label,
            name=f"{name}-{label}",
            account=EVERY_ACCOUNT,
            regions=organization.regions,
            key=key,
            lock=None,
            origin=BuiltIn(),
        )
        found.insert(0, built_in)
    return tuple(found)


def _vault_regions(part: models.VaultPart, organization: Organization) -> tuple[Region, ...]:
    written = part.regions or ((part.region,) if part.region else None)
    regions = defaults.vault_regions(part.where, written, organization.home_region, organization.regions)
    return tuple(Region(region) for region in regions)


def _account(place: str, accounts: Accounts) -> AccountId | EveryAccount:
    if place == EVERY:
        return EVERY_ACCOUNT
    declared: AccountId | None = getattr(accounts, place) if place in ROLES_OF_ACCOUNTS else None
    return declared or AccountId(place)


def _lock(part: models.VaultPart, parts: Mapping[str, models.VaultPart], origin: FileOrigin) -> Lock | None:
    lock = part.lock
    if lock is not None and lock.like is not None:
        lock = parts[lock.like].lock
    if lock is None:
        return None
    return Lock(mode=lock.mode or LockMode.GOVERNANCE, min_days=lock.min or 1, max_days=lock.max, grace_days=lock.grace, origin=origin)


def _plan(name: str, part: models.PlanPart, vaults: tuple[Vault, ...], source: _Source) -> Plan:
    everywhere = tuple(vault.label for vault in vaults if vault.account is EVERY_ACCOUNT)
    default_vault = defaults.rule_vault(everywhere) or ""
    return Plan(
        name=name,
        select=_selection(part.select, ("plans", name, "select"), source),
        rules=tuple(_rule(key, rule, ("plans", name, "rules", key), default_vault, source) for key, rule in part.rules.items()),
        origin=source.key("plans", name),
    )


def _rule(name: str, part: models.RulePart, path: Path, default_vault: str, source: _Source) -> Rule:
    return Rule(
        name=name,
        schedule=part.at,
        timezone=part.timezone,
        start_within_minutes=part.start_within,
        complete_within_minutes=part.complete_within,
        keep=part.keep,
        cold_after_days=part.cold_after,
        continuous=part.continuous,
        archive=part.archive,
        vault=part.vault or default_vault,
        copies=tuple(
            Copy(to=copy.to, keep=copy.keep, cold_after_days=copy.cold_after, origin=source.value(*path, "copy", position))
            for position, copy in enumerate(part.copies)
        ),
        origin=source.key(*path),
    )


def _selection(part: models.SelectionPart, path: Path, source: _Source) -> Selection:
    return Selection(
        tags=_terms(part.tags),
        types=_types(part.types),
        not_tags=_terms(part.excluded.tags),
        not_types=part.excluded.types,
        origin=source.value(*path),
    )


def _terms(tags: Mapping[str, tuple[str, ...]]) -> tuple[TagTerm, ...]:
    return tuple(TagTerm(key=key, values=tag_values) for key, tag_values in tags.items())


def _types(types: tuple[ResourceType, ...]) -> tuple[ResourceType, ...]:
    """Every type is written as none in the domain, so that types added by a later release are included."""
    return () if set(types) == set(ResourceType) else types
