"""The link `selected`, as far as it doesn't depend on the single resource: effective policy, plan, opt-in."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from strongroom.domain.changeplan import canonical as canonical_json
from strongroom.domain.estate import Estate
from strongroom.domain.names import EVERY_ACCOUNT, FOREVER, Arn, ResourceType, RetentionDays
from strongroom.domain.strategy import Selection
from strongroom.proof.declared import DeclaredPlan, DeclaredRule
from strongroom.proof.observed import Observed, canonical
from strongroom.proof.scope import Scope
from strongroom.proof.verdicts import PROVEN, Verdict, broken, unknown
from strongroom.semantics import policies
from strongroom.semantics.selection import names_type, opted_in

ACCOUNT = "$account"  # stands for the account's own id, so that accounts with the same policy are compared once
START_MINUTES = 480  # what AWS Backup takes when a policy says nothing
COMPLETE_MINUTES = 10_080


@dataclass(frozen=True, slots=True)
class SelectedJudge:
    """Judges plans in places; equal effective policies are parsed once."""

    estate: Estate
    scope: Scope
    observed: Observed
    parsed: dict[str, Mapping[str, policies.PolicyPlan]] = field(default_factory=dict)
    expected: dict[str, Mapping[str, policies.PolicyPlan]] = field(default_factory=dict)
    meanings: dict[tuple[policies.PolicySelection, ...], frozenset[Selection]] = field(default_factory=dict)

    def place(self, account: str, region: str, plan: DeclaredPlan, rule: DeclaredRule) -> Verdict:
        """Return whether policy and plan include a rule in an account and Region."""
        for subject in (*(() if plan.plan.account else ("effective_policies",)), "backup_plans", "backup_rules"):
            unread = self.observed.readings.missing(account, region, subject)
            if unread:
                return unknown(unread)
        verdict = PROVEN if plan.plan.account is not None else self._policy(account, region, plan, rule)
        if verdict is not PROVEN:
            return verdict
        found = self.observed.plan(account, region, plan.plan)
        if found is None or rule.rule.name.lower() not in found.rules:
            what = f"plan {plan.plan.name}" if found is None else f"rule {rule.name}"
            return broken("VRF013", f"{what} does not exist in accounts and Regions whose effective policy contains it")
        return PROVEN

    def resource_type(self, region: str, plan: DeclaredPlan, resource_type: ResourceType) -> Verdict:
        """Return whether opt-in lets a plan protect a type in a Region: of the account that made it, else of the management account."""
        owner = plan.plan.account or self.scope.management
        unread = self.observed.readings.missing(owner, region, "settings")
        if unread:
            return unknown(unread)
        named = bool(plan.plan.select.types) or any(names_type(pattern) for pattern in plan.plan.select.arns)
        regions = plan.plan.regions if plan.plan.account else self.estate.organization.regions
        off = [each for each in regions if not self._opted_in(owner, each, resource_type, named=named)]
        if region not in off:
            return PROVEN
        whose = f"account {owner}, which made the plan itself" if plan.plan.account else "the management account"
        return broken("VRF014", f"{resource_type} is not opted in to AWS Backup in {', '.join(off)} of {whose}")

    def _opted_in(self, owner: str, region: str, resource_type: ResourceType, *, named: bool) -> bool:
        values = self.observed.settings.get((owner, region, "opt_in"), {})
        return opted_in(resource_type, {name: value == "true" for name, value in values.items()}, named=named)

    def _policy(self, account: str, region: str, plan: DeclaredPlan, rule: DeclaredRule) -> Verdict:
        name = plan.plan.name
        found = self._effective(account).get(name)
        if found is None:
            return broken("VRF011", f"the effective backup policy lacks plan {name}")
        if region not in found.regions:
            return broken("VRF012", f"plan {name} of the effective policy leaves out Region {region}")
        other = next((each for each in found.rules if each.name.lower() == rule.rule.name.lower()), None)
        if other is None:
            return broken("VRF012", f"plan {name} of the effective policy lacks rule {rule.rule.name}")
        difference = next(_differences(account, rule, other), None)
        if difference:
            return broken("VRF012", f"rule {rule.name} of the effective policy {difference}")
        if plan.plan.adopted:
            same = self._meant(found) == self._adopted(name)
        else:
            wanted = self._declared(account).get(name)
            same = wanted is None or set(wanted.selections) == set(found.selections)
        return PROVEN if same else broken("VRF012", f"plan {name} of the effective policy selects other resources than the strategy")

    def _meant(self, plan: policies.PolicyPlan) -> frozenset[Selection]:
        from strongroom.documents.meant import meant  # noqa: PLC0415 - for adopted plans alone: `prove` answers in a second

        if plan.selections not in self.meanings:
            self.meanings[plan.selections] = meant(map(canonical_json, policies.selection_documents(plan))).selections
        return self.meanings[plan.selections]

    def _adopted(self, name: str) -> frozenset[Selection]:
        """Return what the strategy says that an adopted plan selects; several of its plans may be one plan in AWS."""
        from strongroom.documents.meant import plain  # noqa: PLC0415

        return frozenset(plain(plan.select) for plan in self.estate.plans if plan.adopted and plan.account is None and plan.name == name)

    def _effective(self, account: str) -> Mapping[str, policies.PolicyPlan]:
        text = self.observed.effective_policies.get(account, "").replace(account, ACCOUNT)
        if text not in self.parsed:
            self.parsed[text] = {plan.name: plan for plan in policies.plans(json.loads(text))} if text else {}
        return self.parsed[text]

    def _declared(self, account: str) -> Mapping[str, policies.PolicyPlan]:
        """Return the plans of the estate's own policies, as they would be effective in an account."""
        texts = tuple(canonical(policy.content).replace(account, ACCOUNT) for policy in self.estate.policies)
        key = "\n".join(texts)
        if key not in self.expected:
            merged = policies.effective([[json.loads(text) for text in texts]], ACCOUNT)
            self.expected[key] = {plan.name: plan for plan in policies.plans(merged)} if merged else {}
        return self.expected[key]


def _differences(account: str, rule: DeclaredRule, found: policies.PolicyRule) -> Iterator[str]:
    wanted = rule.rule
    if found.schedule != wanted.schedule:
        yield f"runs at {found.schedule} instead of {wanted.schedule}"
    if found.vault_name != wanted.vault_name:
        yield f"backs up to vault {found.vault_name} instead of {wanted.vault_name}"
    target = found.air_gapped_vault_arn.rpartition(":")[2] if found.air_gapped_vault_arn else None
    if target != wanted.air_gapped_name:
        yield f"backs up to air-gapped vault {target or '(none)'} instead of {wanted.air_gapped_name or '(none)'}"
    if _keep(found.delete_after_days) != _keep(wanted.keep):
        yield f"keeps {_keep(found.delete_after_days)} instead of {_keep(wanted.keep)}"
    if found.cold_after_days != wanted.cold_after_days:
        yield f"moves to cold storage after {_days(found.cold_after_days)} instead of {_days(wanted.cold_after_days)}"
    if bool(found.continuous) != wanted.continuous:
        yield f"has continuous backup {'on' if found.continuous else 'off'} instead of {'on' if wanted.continuous else 'off'}"
    start = found.start_within_minutes or START_MINUTES
    if start != wanted.start_within_minutes:
        yield f"starts within {start} minutes instead of {wanted.start_within_minutes}"
    complete = found.complete_within_minutes or COMPLETE_MINUTES
    if complete != wanted.complete_within_minutes:
        yield f"completes within {complete} minutes instead of {wanted.complete_within_minutes}"
    yield from _copy_differences(account, rule, found)


def _copy_differences(account: str, rule: DeclaredRule, found: policies.PolicyRule) -> Iterator[str]:
    there = {_vault_key(copy.vault_arn, account): (_keep(copy.delete_after_days), copy.cold_after_days) for copy in found.copies}
    for copy in rule.rule.copies:
        owner = ACCOUNT if copy.account is EVERY_ACCOUNT or copy.account == account else str(copy.account)
        keep = there.pop((owner, copy.region, copy.vault_name), None)
        if keep is None:
            yield f"does not copy to vault {copy.label} in {copy.region}"
        # Without a lifecycle a copy inherits the rule's, so the text may leave it out.
        elif keep[0] != _keep(copy.keep) and not (keep == (_keep(None), None) and copy.keep == rule.rule.keep):
            yield f"keeps copies in vault {copy.label} in {copy.region} {keep[0]} instead of {_keep(copy.keep)}"
    for owner, region, name in there:
        yield f"copies to vault {name} of account {owner} in {region}, which the strategy does not name"


def _vault_key(arn: str, account: str) -> tuple[str, str, str]:
    parsed = Arn.parse(arn)
    owner = ACCOUNT if parsed.account in (ACCOUNT, account) else parsed.account
    return owner, parsed.region, parsed.resource.removeprefix("backup-vault:")


def _keep(days: RetentionDays | None) -> str:
    return "forever" if days is None or days is FOREVER or days == -1 else f"{days} days"


def _days(days: int | None) -> str:
    return "never" if days is None else f"{days} days"
