"""Policies are beyond a limit of AWS that can't be split away

Why:     A policy has 10,000 characters at most, a target 10 policies, a plan 10 rules and 100 selections, a rule 5 copies,
         a selection 30 conditions. AWS refuses what is larger; from a policy, the accounts learn nothing of it.
Fix:     Declare fewer copies, exclusions or plans; merge plans that differ only in their tag values.
Limits:  Strongroom splits plans and packs policies by itself: this is about what is left. Policies that somebody else
         attached to the same target are not counted.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_reference_limits.html, read 2026-11-21;
         facts.limit("policy_characters"), facts.limit("policies_per_target"), facts.limit("copies_per_rule"),
         facts.limit("scp_characters"), facts.limit("scps_per_target")
Failure: FM08
"""

import json
from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import rule_subject, rules
from strongroom.domain.estate import Estate, OrganizationPolicy
from strongroom.domain.finding import Severity
from strongroom.domain.origin import Origin
from strongroom.facts import Fact, limit


@check("POL001", severity=Severity.ERROR)
def policy_limit_exceeded(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Count what AWS counts."""
    for subject, number, bound, origin in _counts(estate):
        if number > bound.value:
            yield Problem(
                subject=subject,
                message=f"{subject} has {number} {bound.unit}, {bound.value} allowed",
                why="AWS refuses the policy, or each account the plan made of it, without a reason: none of its jobs ever starts",
                help="declare fewer of them, or merge plans",
                origin=origin,
            )


def _counts(estate: Estate) -> Iterator[tuple[str, int, Fact, Origin]]:
    for plan, rule in rules(estate):
        yield rule_subject(plan, rule), len(rule.copies), limit("copies_per_rule"), rule.origin
    for plan in estate.plans:
        yield f"plan {plan.name}", len(plan.rules), limit("rules_per_plan"), plan.origin
    origins = {plan.name: plan.select.origin for plan in estate.plans}
    for policy in estate.policies:
        yield f"policy {policy.name}", len(policy.content), limit("policy_characters"), origins[policy.plans[0]]
        yield from _selection_counts(policy, origins)
    if estate.guard_rails is not None:
        for rails in estate.rails:
            yield f"guard rails {rails.name}", len(rails.content), limit("scp_characters"), estate.guard_rails.origin
        # FullAWSAccess is attached everywhere, unless somebody replaced it
        yield "each guarded OU", len(estate.rails) + 1, limit("scps_per_target"), estate.guard_rails.origin
    yield "each governed OU", len(estate.policies), limit("policies_per_target"), estate.organization.origin


def _selection_counts(policy: OrganizationPolicy, origins: dict[str, Origin]) -> Iterator[tuple[str, int, Fact, Origin]]:
    for name, plan in json.loads(policy.content)["plans"].items():
        by_tags, by_types = (plan["selections"].get(kind, {}) for kind in ("tags", "resources"))
        yield f"plan {name}", len(by_tags), limit("tag_selections_per_plan"), origins[name]
        yield f"plan {name}", len(by_tags) + len(by_types), limit("selections_per_plan"), origins[name]
        conditions = [selection.get("conditions", {}) for selection in (*by_tags.values(), *by_types.values())]
        most = max((sum(map(len, each.values())) for each in conditions), default=0)
        yield f"plan {name}", most, limit("policy_conditions_max"), origins[name]
