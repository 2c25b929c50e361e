"""AWS finds an error in the effective policy of an account

Why:     Policies of all levels are merged, and only then the result is validated. An account whose effective policy is invalid stays
         on its last valid one: plans are not made, changes don't reach it, and nobody in the account hears of it.
Fix:     Repair what the message names in the policies that contribute to it: organizations describe-effective-policy for the account
Limits:  What Organizations validates: structure and numbers. That a vault, a role or a schedule is right shows in plans and jobs.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/invalid-policy-alerts.html, read 2026-11-21 (05 §5.5)
Failure: FM07
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.names import PolicyType
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, unread, was_asked
from strongroom.proof.readings import Unreadable

SHOWN = 3  # errors of an account


@live("VRF120", severity=Severity.ERROR)
def effective_policy_invalid(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look at the errors of the accounts that the strategy governs, for the types of policies that it has."""
    estate = judgement.estate
    types = {str(policy.type) for policy in (*estate.policies, *estate.tag_policies)}
    if not types or not was_asked(judgement, "policy_errors"):
        return
    yield from unread(judgement, "policy_errors")
    governed = {account.id for account in judgement.scope.accounts}
    errors: dict[tuple[str, str], list[str]] = {}
    for row in rows(judgement, "policy_errors"):
        if row["type"] in types and row["account_id"] in governed:
            where = ", ".join(word for word in (row["code"], row["path"]) if word)
            message = f"{row['message']} ({where})" if where else row["message"]
            errors.setdefault((row["type"], row["account_id"]), []).append(message)
    found: dict[tuple[str, str], list[str]] = {}
    for (kind, account), messages in errors.items():
        found.setdefault((kind, _first(list(dict.fromkeys(messages)))), []).append(account)
    for (kind, message), accounts in sorted(found.items()):
        words = PolicyType(kind).words
        yield Lack(
            subject=f"effective {words} of {_few(accounts)}",
            message=f"the effective {words} is invalid: {message}",
            account_id=accounts[0],
            count=len(accounts),
        )


def _first(messages: list[str]) -> str:
    more = f"; and {len(messages) - SHOWN} more" if len(messages) > SHOWN else ""
    return "; ".join(messages[:SHOWN]) + more


def _few(accounts: list[str]) -> str:
    return f"account {accounts[0]}" + (f" and {len(accounts) - 1} more" if len(accounts) > 1 else "")
