"""A StackSet of the strategy failed in some accounts

Why:     StackSets bring vaults, keys, roles and alarms to every governed account. One failed stack leaves an account without them: the
         plan of the organization policy is there, and each of its jobs fails, or nobody hears of it.
Fix:     Remove the reason that CloudFormation names, then: strongroom apply. An account that was moved out of the governed OUs and back has
         kept its stacks, which are in the way of new ones: apply takes them back into the StackSet, if the read role can be assumed
         there. By hand, in the management account: delete the failed stack from the StackSet (cloudformation delete-stack-instances
         --retain-stacks), then import the kept one (cloudformation import-stacks-to-stack-set --stack-ids ARN
         --organizational-unit-ids OU). Don't delete the kept stack: its vaults and keys would be left without one
Limits:  What CloudFormation says of the last operation. A stack that is being made or updated right now is no failure.
Source:  https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_StackInstanceSummary.html, read 2026-11-21
Failure: FM07
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, unread, was_asked
from strongroom.proof.readings import Unreadable

CURRENT = "CURRENT"
UNDER_WAY = frozenset({"PENDING", "RUNNING"})
IN_THE_WAY = "already exists"  # CloudFormation's words for what a stack can't make
PASSED_OVER = "SKIPPED_SUSPENDED_ACCOUNT"


@live("VRF121", severity=Severity.ERROR)
def stack_set_failed(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for stacks of the strategy's StackSets that are not current."""
    declared = {stack_set.name for stack_set in judgement.estate.stack_sets}
    if not declared or not was_asked(judgement, "stack_instances"):
        return
    yield from unread(judgement, "stack_instances")
    found: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for row in rows(judgement, "stack_instances"):
        if row["stack_set"] not in declared or row["status"] == CURRENT or row["detail"] in UNDER_WAY | {PASSED_OVER}:
            continue
        reason = row["reason"] or row["detail"].lower() or row["status"].lower()
        found.setdefault((row["stack_set"], reason), []).append((row["account_id"], row["region"]))
    for (name, reason), places in sorted(found.items()):
        account, region = min(places)
        yield Lack(
            subject=f"StackSet {name} in account {account}, {region}" + (f" and {len(places) - 1} more" if len(places) > 1 else ""),
            message=f"StackSet {name} failed: {reason}",
            help=_taking_in(judgement, name, places) if IN_THE_WAY in reason.lower() else "",
            account_id=account,
            region=region,
            count=len(places),
        )


def _taking_in(judgement: Judgement, name: str, places: list[tuple[str, str]]) -> str:
    """Return how the stacks that an account kept when it left come back into the StackSet; shown for the first of the accounts."""
    account = min(places)[0]
    regions = " ".join(sorted({region for owner, region in places if owner == account}))
    unit = next((row["ou_ids"][-1] for row in rows(judgement, "accounts") if row["account_id"] == account and row["ou_ids"]), "OU")
    return (
        f"strongroom apply, which takes back what account {account} kept when it left, if the read role can be assumed there; by hand, if "
        f"cloudformation list-stacks there shows StackSet-{name}-…, in the management account: cloudformation delete-stack-instances "
        f"--stack-set-name {name} --retain-stacks --regions {regions} --deployment-targets "
        f"OrganizationalUnitIds={unit},AccountFilterType=INTERSECTION,Accounts={account}; then, with the ARNs of the kept stacks: "
        f"cloudformation import-stacks-to-stack-set --stack-set-name {name} --organizational-unit-ids {unit} --stack-ids ARN; else remove "
        f"what is in the way; then: strongroom apply"
    )
