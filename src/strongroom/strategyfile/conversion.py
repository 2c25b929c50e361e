"""From the parts of the grammar to the domain's strategy, with the place of every part."""

from collections.abc import Mapping

from strongroom.domain.governance import Safeguards
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Arn, EveryAccount, Region
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
    Rule,
    Strategy,
    Vault,
    VaultType,
)
from strongroom.strategyfile import defaults, governanceconversion, models
from strongroom.strategyfile.nativeconversion import native
from strongroom.strategyfile.nodes import MappingNode, Path
from strongroom.strategyfile.placed import Source, selection
from strongroom.strategyfile.roleconversion import roles
from strongroom.strategyfile.values import EVERY, ROLES_OF_ACCOUNTS


def strategy(part: models.StrategyPart, root: MappingNode, *, file: str, name: str) -> Strategy:
    """Return the strategy of a file that has no problems; `name` is used where the file gives none."""
    source = Source(root, file)
    name = part.name or name
    organization = _organization(part.organization, source)
    vaults = _vaults(part, organization, name, source)
    return Strategy(
        name=name,
        organization=organization,
        roles=roles(part.roles, organization.accounts, source, name=name),
        keys=_keys(part.keys, organization.accounts, source),
        vaults=vaults,
        plans=tuple(_plan(key, plan, organization, vaults, source) for key, plan in part.plans.items()),
        objectives=tuple(
            Objective(
                select=selection(objective.select, ("objectives", position, "select"), source),
                rpo_minutes=objective.rpo,
                rto_minutes=objective.rto,
                survives=objective.survives,
                origin=source.value("objectives", position),
            )
            for position, objective in enumerate(part.objectives)
        ),
        retention=tuple(
            RetentionOwed(
                select=selection(owed.select, ("retention", position, "select"), source),
                at_least_days=owed.at_least or 0,
                at_most_days=owed.at_most,
                basis=owed.basis,
                origin=source.value("retention", position),
            )
            for position, owed in enumerate(part.retention)
        ),
        regulations=tuple(_regulation(each, position, source) for position, each in enumerate(part.regulations)),
        restore_tests=tuple(governanceconversion.restore_test(key, each, source) for key, each in part.restore_tests.items()),
        alerts=governanceconversion.alerts(part.alerts, source),
        frameworks=tuple(governanceconversion.framework(key, each, source) for key, each in part.frameworks.items()),
        reports=tuple(governanceconversion.report(key, each, source) for key, each in part.reports.items()),
        guard_rails=governanceconversion.guard_rails(part.guard_rails, organization.governs, source),
        safeguards=Safeguards(mfa=part.safeguards.mfa),
        tag_policy=governanceconversion.tag_policy(part.tag_policy, organization.governs, source),
        native=native(part.native, source),
        origin=source.value(),
    )


def _regulation(part: models.RegulationPart, position: int, source: Source) -> Regulation:
    path = ("regulations", position)
    select = None if part.select is None else selection(part.select, (*path, "select"), source)
    return Regulation(name=part.name, select=select, origin=source.value(*path))


def _organization(part: models.OrganizationPart, source: Source) -> Organization:
    accounts = part.accounts
    return Organization(
        home_region=part.home_region,
        regions=part.regions or (part.home_region,),
        accounts=Accounts(
            management=accounts.management, backup_admin=accounts.backup_admin, central=accounts.central, log_archive=accounts.log_archive
        ),
        governs=part.governs,
        opt_in=part.opt_in,
        control_tower=governanceconversion.control_tower(part.control_tower, source),
        origin=source.key("organization"),
    )


def _keys(parts: Mapping[str, models.KeyPart], accounts: Accounts, source: Source) -> tuple[Key, ...]:
    if not parts:
        return (Key(name=defaults.BACKUP_KEY, kind=KeyKind.PER_ACCOUNT, origin=BuiltIn()),)
    return tuple(_key(name, part, accounts, source) for name, part in parts.items())


def _key(name: str, part: models.KeyPart, accounts: Accounts, source: Source) -> Key:
    account = None
    if part.arn is not None:
        account = AccountId(Arn.parse(part.arn).account)
    elif part.kind is KeyKind.MULTI_REGION:
        account = _single(part.where or defaults.KEY_ACCOUNT, accounts)
    ours = part.kind is not KeyKind.AWS_MANAGED and (part.arn is None or part.where is not None)
    return Key(name=name, kind=part.kind, account=account, arn=part.arn, ours=ours, rotated=part.rotation, origin=source.key("keys", name))


def _vaults(part: models.StrategyPart, organization: Organization, name: str, source: Source) -> tuple[Vault, ...]:
    key = defaults.key(part.keys) or ""
    towers = (organization.control_tower.key if organization.control_tower else None) or ""  # an adopted vault may be Control Tower's
    found = [
        Vault(
            label=label,
            name=vault.adopt or vault.name or f"{name}-{label}",
            account=_account(vault.where, organization.accounts),
            regions=_vault_regions(vault, organization),
            key=vault.key or ("" if vault.type is VaultType.AIR_GAPPED else towers if vault.adopt else key),
            type=vault.type,
            shared_with=tuple(dict.fromkeys(_single(each, organization.accounts) for each in vault.share)),
            adopted=vault.adopt is not None,
            lock=_lock(vault, part.vaults, source.key("vaults", label, "lock")),
            origin=source.key("vaults", label),
        )
        for label, vault in part.vaults.items()
    ]
    places = (vault.where for vault in part.vaults.values() if vault.type is VaultType.STANDARD)
    if defaults.adds_local_vault(places, adopted=all(plan.adopt is not None for plan in part.plans.values())):
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
    return EVERY_ACCOUNT if place == EVERY else _single(place, accounts)


def _single(place: str, accounts: Accounts) -> AccountId:
    declared: AccountId | None = getattr(accounts, place) if place in ROLES_OF_ACCOUNTS else None
    return declared or AccountId(place)


def _lock(part: models.VaultPart, parts: Mapping[str, models.VaultPart], origin: FileOrigin) -> Lock | None:
    lock = part.lock
    if lock is not None and lock.like is not None:
        lock = parts[lock.like].lock
    if lock is None:
        return None
    if part.type is VaultType.AIR_GAPPED:  # hard from the start
        return Lock(mode=LockMode.COMPLIANCE, min_days=lock.min or 1, max_days=lock.max, grace_days=0, origin=origin)
    return Lock(mode=lock.mode or LockMode.GOVERNANCE, min_days=lock.min or 1, max_days=lock.max, grace_days=lock.grace, origin=origin)


def _plan(name: str, part: models.PlanPart, organization: Organization, vaults: tuple[Vault, ...], source: Source) -> Plan:
    return Plan(
        name=part.adopt or name,
        select=selection(part.select, ("plans", name, "select"), source),
        rules=tuple(_rule(key, rule, ("plans", name, "rules", key), vaults, source) for key, rule in part.rules.items()),
        account=_single(part.where, organization.accounts) if part.where else None,
        regions=part.regions or (),
        adopted=part.adopt is not None,
        origin=source.key("plans", name),
    )


def _rule(name: str, part: models.RulePart, path: Path, vaults: tuple[Vault, ...], source: Source) -> Rule:
    air_gapped = {vault.label for vault in vaults if vault.type is VaultType.AIR_GAPPED}
    everywhere = tuple(vault.label for vault in vaults if vault.account is EVERY_ACCOUNT and vault.label not in air_gapped)
    named = part.through if part.vault in air_gapped else part.vault
    return Rule(
        name=part.adopt or name,
        schedule=part.at,
        timezone=part.timezone,
        start_within_minutes=part.start_within,
        complete_within_minutes=part.complete_within,
        keep=part.keep,
        cold_after_days=part.cold_after,
        continuous=part.continuous,
        archive=part.archive,
        vault=named or defaults.rule_vault(everywhere) or "",
        air_gapped=part.vault if part.vault in air_gapped else None,
        copies=tuple(
            Copy(to=copy.to, keep=copy.keep, cold_after_days=copy.cold_after, origin=source.value(*path, "copy", position))
            for position, copy in enumerate(part.copies)
        ),
        origin=source.key(*path),
    )
