"""The tag policy forbids a tag that a plan selects

Why:     A tag policy lets resources have only the values and the spelling of a key that it lists. What a plan selects beside them
         can't be written, or is reported as wrong and corrected, and AWS Backup compares letter by letter: the plan selects
         nothing. Where the policy is enforced, a backup can't copy the tag to its recovery point either.
Fix:     Add the value to the tag policy, or select what it allows.
Limits:  Tags of this strategy; tag policies of others are merged with it in the organization, which is for `verify`.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html, read 2026-11-21 (05 §5.7)
Failure: FM10
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import TagRule
from strongroom.domain.strategy import TagTerm
from strongroom.semantics.tagpolicies import allows


@check("TAG001", severity=Severity.ERROR)
def tag_policy_forbids_selected_tag(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Hold the tags of each plan's selection against the tag policy."""
    for plan in estate.plans:
        for rule in estate.tag_policy.tags if estate.tag_policy else ():
            for term in plan.select.tags:
                if lack := _lack(rule, term):
                    yield Problem(
                        subject=f"plan {plan.name}",
                        message=f"plan {plan.name} selects {term.key}: {listed(term.values)}, {lack}",
                        why=f"resources can't carry the tag, so that the plan makes no job for them ({jobs(plan)})",
                        help=f"allow it in tag_policy.tags, or select what {rule.key} may be",
                        origin=plan.select.origin,
                    )


def _lack(rule: TagRule, term: TagTerm) -> str:
    """Return why a tag can't be written; empty where it can, or is none of the rule's."""
    if rule.key.lower() != term.key.lower():
        return ""
    if rule.key != term.key:
        return f"the tag policy spells the key {rule.key}"
    forbidden = [value for value in term.values if rule.values and not any(allows(each, value) for each in rule.values)]
    return f"the tag policy does not allow {listed(forbidden)}" if forbidden else ""
