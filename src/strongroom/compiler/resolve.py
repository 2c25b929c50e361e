"""The first step: names become places, and retention becomes what AWS will really apply."""

from collections.abc import Iterator, Mapping

from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate, Settings, Source
from strongroom.domain.names import FOREVER, Region, RetentionDays
from strongroom.domain.strategy import Copy, Plan, Rule, Strategy, Vault
from strongroom.facts import limit


def resolve(strategy: Strategy) -> Estate:
    """Return an estate with the plans of a strategy; every vault label must be declared (strategyfile sees to it)."""
    vaults = {vault.label: vault for vault in strategy.vaults}
    governed = strategy.organization.regions
    return Estate(
        name=strategy.name,
        source=Source.COMPILED,
        organization=strategy.organization,
        roles=strategy.roles,
        keys=strategy.keys,
        vaults=strategy.vaults,
        plans=tuple(_plan(plan, vaults, governed) for plan in strategy.plans),
        objectives=strategy.objectives,
        retention=strategy.retention,
        regulations=strategy.regulations,
        restore_tests=strategy.restore_tests,
        alerts=strategy.alerts,
        frameworks=strategy.frameworks,
        reports=strategy.reports,
        guard_rails=strategy.guard_rails,
        safeguards=strategy.safeguards,
        tag_policy=strategy.tag_policy,
        native=strategy.native,
        settings=Settings(opt_in=(), cross_account_backup=False, delegated_administrator=None),
    )


def _plan(plan: Plan, vaults: Mapping[str, Vault], governed: tuple[Region, ...]) -> BackupPlan:
    # A plan runs where its vaults are; a Region that lacks the vault of one of several rules is STR017.
    used = plan.regions or {region for rule in plan.rules for region in vaults[rule.vault].regions}
    return BackupPlan(
        name=plan.name,
        select=plan.select,
        rules=tuple(_rule(rule, vaults) for rule in plan.rules),
        regions=tuple(region for region in governed if region in used),
        account=plan.account,
        adopted=plan.adopted,
        origin=plan.origin,
    )


def _rule(rule: Rule, vaults: Mapping[str, Vault]) -> BackupRule:
    return BackupRule(
        name=rule.name,
        schedule=rule.schedule,
        timezone=rule.timezone,
        start_within_minutes=rule.start_within_minutes,
        complete_within_minutes=rule.complete_within_minutes,
        keep=rule.keep,
        cold_after_days=rule.cold_after_days,
        continuous=rule.continuous,
        label=rule.vault,
        vault_name=vaults[rule.vault].name,
        copies=tuple(action for copy in rule.copies for action in _copies(rule, copy, vaults[copy.to])),
        archive=rule.archive,
        air_gapped=rule.air_gapped,
        air_gapped_name=vaults[rule.air_gapped].name if rule.air_gapped else None,
        origin=rule.origin,
    )


def _copies(rule: Rule, copy: Copy, vault: Vault) -> Iterator[CopyAction]:
    """One copy action for each Region of the destination vault: AWS knows no wildcard there."""
    keep, cold = _copy_lifecycle(rule, copy)
    for region in vault.regions:
        yield CopyAction(
            label=vault.label,
            vault_name=vault.name,
            account=vault.account,
            region=region,
            keep=keep,
            cold_after_days=cold,
            archive=rule.archive and cold is not None,
            asked=copy.keep,
            origin=copy.origin,
        )


def _copy_lifecycle(rule: Rule, copy: Copy) -> tuple[RetentionDays, int | None]:
    """Return the lifecycle that a copy really gets (aws/01 §1.5).

    Without one it inherits the rule's, and "never" inherits the rule's expiry too: a copy that must outlive its source
    without end is written as the longest retention that AWS accepts.
    """
    if copy.keep is None and copy.cold_after_days is None:
        return rule.keep, rule.cold_after_days
    if copy.keep is FOREVER and rule.keep is not FOREVER:
        return int(limit("retention_days_max").value), copy.cold_after_days
    return rule.keep if copy.keep is None else copy.keep, copy.cold_after_days
