"""A StackSet of the strategy is missing in some accounts

Why:     An account without the stack has no vault, no key, no role or no alarms of the strategy. Organization policies don't look for
         them: the plan is made all the same, and its jobs fail one by one.
Fix:     strongroom apply
Limits:  Accounts that came to the organization within minutes may still be waiting for CloudFormation.
Source:  https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/stacksets-orgs.html, read 2026-11-21
Failure: FM07
"""

from collections.abc import Iterator

from strongroom.domain.estate import StackSet
from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import accounts_below, rows, unread, was_asked
from strongroom.proof.readings import Unreadable


@live("VRF122", severity=Severity.ERROR)
def stack_set_missing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the accounts and Regions of each StackSet against its stacks."""
    declared = judgement.estate.stack_sets
    if not declared or not was_asked(judgement, "stack_sets"):
        return
    missing = unread(judgement, "stack_sets", "stack_instances")
    yield from missing
    if missing:
        return
    there = {row["name"] for row in rows(judgement, "stack_sets")}
    stacks: dict[str, set[tuple[str, str]]] = {}
    for row in rows(judgement, "stack_instances"):
        stacks.setdefault(row["stack_set"], set()).add((row["account_id"], row["region"]))
    for stack_set in declared:
        if stack_set.name not in there:
            yield Lack(
                subject=f"StackSet {stack_set.name}",
                message=f"StackSet {stack_set.name} does not exist",
                account_id=judgement.scope.management,
                region=judgement.estate.organization.home_region,
            )
        else:
            yield from _left_out(judgement, stack_set, stacks.get(stack_set.name, set()))


def _left_out(judgement: Judgement, stack_set: StackSet, there: set[tuple[str, str]]) -> Iterator[Lack]:
    accounts = {account.id for account in accounts_below(judgement, stack_set.targets)}
    places = sorted({(account, str(region)) for account in accounts for region in stack_set.regions} - there)
    if places:
        account, region = places[0]
        yield Lack(
            subject=f"account {account}, {region}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            message=f"StackSet {stack_set.name} has no stack there",
            account_id=account,
            region=region,
            count=len(places),
        )
