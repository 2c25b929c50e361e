"""A compliance lock without guard rails for what it doesn't cover

Why:     A hardened lock keeps recovery points from being deleted. It does not keep their KMS key: disabled or deleted, it makes
         them unreadable. An account that is closed takes its vaults with it 90 days later, and one that leaves the organization
         can no longer copy.
Fix:     Deny it: guard_rails with delete-keys, close-account and leave-organization.
Limits:  What the strategy declares; service control policies that somebody else attached are for `verify`.
Source:  https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html, read 2026-11-21 (07 §7.4);
         facts.limit("account_closure_days")
Failure: FM05
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate, Source
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Forbidden
from strongroom.domain.strategy import LockMode
from strongroom.facts import limit

_NEEDED: Final = (Forbidden.DELETE_KEYS, Forbidden.CLOSE_ACCOUNT, Forbidden.LEAVE_ORGANIZATION)


@check("GRD001", severity=Severity.INFO)
def locked_without_guard_rail(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare hard locks with what guard rails deny; what others wrote doesn't say what is denied elsewhere."""
    if estate.source is not Source.COMPILED:
        return
    hard = [vault for vault in estate.vaults if vault.lock and vault.lock.mode is LockMode.COMPLIANCE]
    denied = estate.guard_rails.deny if estate.guard_rails else ()
    missing = [str(each) for each in _NEEDED if each not in denied]
    if not hard or not missing:
        return
    gone = limit("account_closure_days").value
    yield Problem(
        subject=f"vault {hard[0].label}" if len(hard) == 1 else f"{len(hard)} vaults",
        message=f"{listed(f'vault {vault.label}' for vault in hard)} can't be emptied, and nothing denies {listed(missing)}",
        why=f"without its key a recovery point is unreadable, and {gone} days after an account is closed its vaults are gone",
        help=f"add: guard_rails: {{deny: [{', '.join(str(each) for each in _NEEDED)}]}}",
        origin=estate.guard_rails.origin if estate.guard_rails else hard[0].origin,
    )
