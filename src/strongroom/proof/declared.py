"""What the estate demands, flat: plans, rules, and for each rule its legs, numbered so that SQL can join them.

A leg is one destination of one rule: the local vault, the air-gapped vault of the account that is the target, or one copy action.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from strongroom.domain.estate import BackupPlan, BackupRule, Estate
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region, RetentionDays, vault_arn
from strongroom.semantics.schedule import Cron, interval_minutes_max, parse_cron

COMPLETION_MINUTES_MAX = 24 * 60  # a job that runs longer is not waited for: AWS's default window is a week
COPY_MINUTES = 24 * 60  # copies have no window of their own; AWS keeps trying for hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Leg:
    """One destination of one rule."""

    number: int
    rule: int  # number of the rule
    label: str  # of the vault in the strategy
    vault_name: str
    account: AccountId | None  # None: the account of the resource
    region: Region | None  # None: the Region of the resource
    keep: RetentionDays
    copy: bool  # judged against the local leg; of an air-gapped target, too, whether AWS Backup copies or writes straight there
    target: bool = False  # the air-gapped vault that the rule writes into

    def place(self, account: str, region: str) -> tuple[str, str]:
        """Return account and Region of the vault, for a resource of an account and Region."""
        return self.account or account, self.region or region

    def vault_arn(self, account: str, region: str) -> str:
        """Return the ARN of the vault, for a resource of an account and Region."""
        return vault_arn(*self.place(account, region), self.vault_name)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredRule:
    """A rule with its schedule understood."""

    number: int
    plan: int  # number of the plan
    name: str  # "production.daily"
    rule: BackupRule
    cron: Cron
    interval_minutes: int  # the longest gap between two runs
    legs: tuple[Leg, ...]  # the local one first

    @property
    def target(self) -> Leg | None:
        """The leg of the air-gapped vault that is the target; None: the rule writes into its standard vault."""
        return next((leg for leg in self.legs if leg.target), None)

    @property
    def ends(self) -> tuple[Leg, ...]:
        """The legs where recovery points have to end; what goes to an air-gapped vault only passes through the local one."""
        return self.legs if self.target is None else self.legs[1:]

    @property
    def allowance(self) -> timedelta:
        """How long after its slot a run may take before its recovery point counts as missing."""
        return timedelta(minutes=self.rule.start_within_minutes + min(self.rule.complete_within_minutes, COMPLETION_MINUTES_MAX))

    @property
    def copy_allowance(self) -> timedelta:
        """The same for its copies, which start when the backup is complete."""
        return self.allowance + timedelta(minutes=COPY_MINUTES)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeclaredPlan:
    """A plan with its rules numbered."""

    number: int
    plan: BackupPlan
    rules: tuple[DeclaredRule, ...]


def declared(estate: Estate) -> tuple[DeclaredPlan, ...]:
    """Return the plans of an estate with rules and legs numbered from 0; raises CronError for a schedule AWS would refuse."""
    plans: list[DeclaredPlan] = []
    rules = legs = 0
    for number, plan in enumerate(estate.plans):
        mine: list[DeclaredRule] = []
        for rule in plan.rules:
            mine.append(_rule(plan, number, rule, rules, legs))
            rules += 1
            legs += len(mine[-1].legs)
        plans.append(DeclaredPlan(number=number, plan=plan, rules=tuple(mine)))
    return tuple(plans)


def _rule(plan: BackupPlan, plan_number: int, rule: BackupRule, number: int, first_leg: int) -> DeclaredRule:
    cron = parse_cron(rule.schedule)
    local = Leg(
        number=first_leg, rule=number, label=rule.label, vault_name=rule.vault_name, account=None, region=None, keep=rule.keep, copy=False
    )
    target = [
        replace(local, number=first_leg + 1, label=label, vault_name=name, copy=True, target=True)
        for label, name in ((rule.air_gapped, rule.air_gapped_name),)
        if label and name
    ]
    copies = [
        Leg(
            number=first_leg + len(target) + index,
            rule=number,
            label=copy.label,
            vault_name=copy.vault_name,
            account=None if copy.account is EVERY_ACCOUNT else copy.account,
            region=copy.region,
            keep=copy.keep,
            copy=True,
        )
        for index, copy in enumerate(rule.copies, 1)
    ]
    return DeclaredRule(
        number=number,
        plan=plan_number,
        name=f"{plan.name}.{rule.name}",
        rule=rule,
        cron=cron,
        interval_minutes=interval_minutes_max(cron, rule.timezone),
        legs=(local, *target, *copies),
    )
