"""A tag policy in force does not allow a tag that a plan selects

Why:     Tag policies of all levels are merged. Where the result has no place for a value that a plan selects, nobody can write it on the
         types that it is enforced for, and backups can't copy it to their recovery points; on others it is reported and "corrected".
         AWS Backup compares letter by letter, and a resource without the tag is never backed up.
Fix:     Add the value to the tag policy with organizations update-policy, or take the policy off the accounts named
Limits:  Of several policies at one place that contradict each other AWS takes the one attached first, which no API tells.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_tag-policies.html, read 2026-11-21 (05 §5.7)
Failure: FM10
"""

from collections.abc import Iterator

from strongroom.domain.estate import BackupPlan
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import unread, was_asked
from strongroom.proof.readings import Unreadable
from strongroom.proof.tagging import Tagging, taggings
from strongroom.semantics.tagpolicies import rejection


@live("VRF130", severity=Severity.ERROR)
def tag_policy_in_the_way(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the tags that plans select against the effective tag policy of each account."""
    plans = [plan for plan in judgement.estate.plans if plan.select.tags]
    if not plans or not was_asked(judgement, "tag_policies"):
        return
    missing = unread(judgement, "tag_policies")
    yield from missing
    if missing:
        return
    found: dict[tuple[str, bool], list[str]] = {}
    for tagging in taggings(judgement):
        mine = [plan for plan in plans if plan.account is None or plan.account in tagging.accounts]
        if message := _rejected(mine, tagging):
            enforced = any(_enforced(judgement, plan, tagging) for plan in mine)
            found.setdefault((message, enforced), []).extend(tagging.accounts)
    for (message, enforced), accounts in sorted(found.items()):
        yield Lack(
            subject=f"account {accounts[0]}" + (f" and {len(accounts) - 1} more" if len(accounts) > 1 else ""),
            message=f"{message}, and refuses what is wrong" if enforced else f"{message}, and reports what is wrong",
            account_id=accounts[0],
            count=len(accounts),
            severity=None if enforced else Severity.WARNING,
        )


def _rejected(plans: list[BackupPlan], tagging: Tagging) -> str:
    """Return which tags that plans select a policy has no place for; empty where it has one for all."""
    found: dict[str, dict[str, None]] = {}
    for plan in plans:
        for term in plan.select.tags:
            for value in term.values:
                if why := rejection([tagging.rule], term.key, value):
                    found.setdefault(why, {})[f"{term.key}: {value}"] = None
    return "; ".join(f"plans select {', '.join(tags)}, and the tag policy in force says {why}" for why, tags in sorted(found.items()))


def _enforced(judgement: Judgement, plan: BackupPlan, tagging: Tagging) -> bool:
    return any(tagging.enforces(kind) for kind in plan.select.types or judgement.estate.settings.opt_in)
