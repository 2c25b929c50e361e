"""What a strategy or an Organizations backup policy gives to whom, in one form, so that two of them can be compared."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final

from strongroom.checks.timetable import AFTER
from strongroom.domain.estate import BackupPlan, BackupRule, CopyAction, Estate
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, Arn, ResourceType, RetentionDays
from strongroom.domain.strategy import Lock, Selection
from strongroom.errors import BadInput
from strongroom.facts import capabilities
from strongroom.semantics import lifecycle, policies
from strongroom.semantics.policies import PolicyCopy, PolicyPlan, PolicyRule
from strongroom.semantics.schedule import CronError, parse_cron, zone
from strongroom.semantics.selection import PlanSelection, matches, names_type, opted_in, plan_selects
from strongroom.semantics.windows import RuleWindow, runs

_YEAR: Final = timedelta(days=365)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionCopy:
    """A copy of what a rule makes."""

    destination: str  # account/Region/vault; $account is the account of the resource
    keep: RetentionDays
    cold_after_days: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionRule:
    """What a rule gives to every resource that its plan selects."""

    plan: str
    rule: str
    regions: tuple[str, ...]
    schedule: str
    timezone: str
    start_within_minutes: int
    complete_within_minutes: int
    vault: str
    keep: RetentionDays
    cold_after_days: int | None
    continuous: bool
    copies: tuple[ProtectionCopy, ...]
    runs: int  # in the year 2027, without those that overlap drops; 0 where AWS refuses the schedule
    lost: int  # dropped by overlap in that year


@dataclass(frozen=True, slots=True, kw_only=True)
class ProtectionPlan:
    """The rules of a plan and whom they are for: any of the selections."""

    name: str
    rules: tuple[ProtectionRule, ...]
    selections: tuple[Selection | PlanSelection, ...]

    def selects(self, resource_type: ResourceType, tags: Mapping[str, str], opt_in: Mapping[str, bool]) -> bool:
        """Return whether a resource of a type with some tags is backed up by this plan, in its Regions.

        Raises BadInput for a strategy's plan that asks for ARNs, which tags and type don't tell.
        """
        if self.by_arn:
            raise BadInput(
                f"plan {self.name} selects by ARN: what it protects can't be told by tags and types",
                hint="compare plans that select by tags and types",
            )
        return any(_selects(each, resource_type, tags, opt_in) for each in self.selections)

    @property
    def by_arn(self) -> bool:
        """Whether a selection of a strategy asks for ARNs."""
        return any(each.arns or each.not_arns for each in self.selections if isinstance(each, Selection))

    def selects_resource(self, resource_type: ResourceType, tags: Mapping[str, str], arn: str, opt_in: Mapping[str, bool]) -> bool:
        """Return whether a resource is backed up by this plan, in its Regions."""
        return any(_takes(each, resource_type, tags, arn, opt_in) for each in self.selections)


@dataclass(frozen=True, slots=True, kw_only=True)
class Protection:
    """One side of a comparison."""

    name: str
    plans: tuple[ProtectionPlan, ...]
    opt_in: tuple[ResourceType, ...] | None  # None: not said, every type counts as opted in
    governs: tuple[str, ...] | None  # None: not said
    locks: tuple[tuple[str, Lock | None], ...]  # (vault as account/Regions/name, its lock)


def of_estate(estate: Estate) -> Protection:
    """Return what a compiled strategy gives."""
    return Protection(
        name=estate.name,
        plans=tuple(_estate_plan(plan) for plan in estate.plans),
        opt_in=estate.settings.opt_in,
        governs=estate.organization.governs,
        locks=tuple((_place(vault.account, ",".join(vault.regions), vault.name), vault.lock) for vault in estate.vaults),
    )


def of_policy(effective: Mapping[str, Any], *, name: str) -> Protection:
    """Return what an effective backup policy gives; raises policies.PolicyError where it can't be read."""
    return Protection(name=name, plans=tuple(_policy_plan(plan) for plan in policies.plans(effective)), opt_in=None, governs=None, locks=())


def _selects(each: Selection | PlanSelection, resource_type: ResourceType, tags: Mapping[str, str], opt_in: Mapping[str, bool]) -> bool:
    return any(_takes(each, resource_type, tags, arn, opt_in) for arn in example_arns(resource_type))


def _takes(
    each: Selection | PlanSelection, resource_type: ResourceType, tags: Mapping[str, str], arn: str, opt_in: Mapping[str, bool]
) -> bool:
    if isinstance(each, Selection):
        named = resource_type in each.types or any(names_type(pattern) for pattern in each.arns)
        return matches(each, resource_type, tags, arn) and opted_in(resource_type, opt_in, named=named)
    return plan_selects(each, arn, resource_type, tags, opt_in)


def example_arns(resource_type: ResourceType) -> tuple[str, ...]:
    """Return ARNs that stand for all resources of a type.

    Example:
        >>> example_arns(ResourceType.DYNAMODB)
        ('arn:aws:dynamodb:x:x:table/x',)
    """
    return tuple(pattern.replace("*", "x") for pattern in capabilities(resource_type).policy_pattern)


def _estate_plan(plan: BackupPlan) -> ProtectionPlan:
    return ProtectionPlan(name=plan.name, rules=_counted(_estate_rule(plan, rule) for rule in plan.rules), selections=(plan.select,))


def _estate_rule(plan: BackupPlan, rule: BackupRule) -> ProtectionRule:
    return ProtectionRule(
        plan=plan.name,
        rule=rule.name,
        regions=tuple(plan.regions),
        schedule=rule.schedule,
        timezone=rule.timezone,
        start_within_minutes=rule.start_within_minutes,
        complete_within_minutes=rule.complete_within_minutes,
        vault=rule.vault_name,
        keep=rule.keep,
        cold_after_days=rule.cold_after_days,
        continuous=rule.continuous,
        copies=tuple(_estate_copies(plan, rule)),
        runs=0,
        lost=0,
    )


def _estate_copies(plan: BackupPlan, rule: BackupRule) -> Iterator[ProtectionCopy]:
    yield from (_estate_copy(copy) for copy in rule.copies)
    if rule.air_gapped_name is not None:
        account = EVERY_ACCOUNT if plan.account is None else plan.account
        yield ProtectionCopy(destination=_place(account, "$region", rule.air_gapped_name), keep=rule.keep, cold_after_days=None)


def _estate_copy(copy: CopyAction) -> ProtectionCopy:
    place = _place(copy.account, copy.region, copy.vault_name)
    return ProtectionCopy(destination=place, keep=copy.keep, cold_after_days=copy.cold_after_days)


def _place(account: object, region: str, vault: str) -> str:
    return f"{'$account' if account is EVERY_ACCOUNT else account}/{region}/{vault}"


def _policy_plan(plan: PolicyPlan) -> ProtectionPlan:
    return ProtectionPlan(
        name=plan.name,
        rules=_counted(_policy_rule(plan, rule) for rule in plan.rules),
        selections=tuple(_in_partition_aws(PlanSelection.parse(each)) for each in policies.selection_documents(plan)),
    )


def _in_partition_aws(selection: PlanSelection) -> PlanSelection:
    """Return a selection with its patterns in the partition of `example_arns`."""
    return replace(selection, resources=_as_aws(selection.resources), not_resources=_as_aws(selection.not_resources))


def _as_aws(patterns: Sequence[str]) -> tuple[str, ...]:
    return tuple(":".join(["arn", "aws", *pattern.split(":")[2:]]) if pattern.startswith("arn:aws-") else pattern for pattern in patterns)


def _policy_rule(plan: PolicyPlan, rule: PolicyRule) -> ProtectionRule:
    keep = _keep(rule.delete_after_days)
    copies = [_policy_copy(copy, keep) for copy in rule.copies]
    if rule.air_gapped_vault_arn:
        copies.append(ProtectionCopy(destination=_of_arn(rule.air_gapped_vault_arn), keep=keep, cold_after_days=None))
    return ProtectionRule(
        plan=plan.name,
        rule=rule.name,
        regions=plan.regions,
        schedule=rule.schedule,
        timezone="UTC",  # a policy can't say otherwise
        start_within_minutes=rule.start_within_minutes,
        complete_within_minutes=rule.complete_within_minutes,
        vault=rule.vault_name,
        keep=keep,
        cold_after_days=rule.cold_after_days,
        continuous=rule.continuous,
        copies=tuple(copies),
        runs=0,
        lost=0,
    )


def _policy_copy(copy: PolicyCopy, source_keep: RetentionDays) -> ProtectionCopy:
    keep = lifecycle.copy_retention(source_keep, copy.delete_after_days)
    return ProtectionCopy(destination=_of_arn(copy.vault_arn), keep=keep, cold_after_days=copy.cold_after_days)


def _of_arn(text: str) -> str:
    try:
        arn = Arn.parse(text)
    except ValueError:
        return text
    return _place(arn.account, arn.region, arn.resource.removeprefix("backup-vault:"))


def _keep(days: int | None) -> RetentionDays:
    return FOREVER if days is None else days


def _counted(rules: Iterable[ProtectionRule]) -> tuple[ProtectionRule, ...]:
    """Return the rules of one plan with the runs that overlap leaves each of them in a year."""
    rules = tuple(rules)
    found = runs(tuple(_windows(rules)), AFTER, AFTER + _YEAR)
    number = Counter((run.rule, run.suppressed_by is None) for run in found)
    return tuple(replace(rule, runs=number[rule.rule, True], lost=number[rule.rule, False]) for rule in rules)


def _windows(rules: Iterable[ProtectionRule]) -> Iterator[RuleWindow]:
    for rule in rules:
        try:
            zone(rule.timezone)
            cron = parse_cron(rule.schedule)
        except CronError:
            continue
        window = rule.start_within_minutes
        yield RuleWindow(name=rule.rule, cron=cron, timezone=rule.timezone, start_within_minutes=window, keep=rule.keep)
