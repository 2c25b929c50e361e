"""Guard rails that let nobody through in an emergency

Why:     Guard rails stop the backup team as well: who repairs a key policy that keeps recovery out, or takes a wrong lock off, needs a
         role that they let through. Without one it takes the management account, which is for few people and not for a night on call.
Fix:     Name the role for emergencies: guard_rails.exempt, such as [break-glass].
Limits:  The deploy role and the roles of StackSets are let through in any case: `apply` can repair what the strategy declares. That the
         role exists in the accounts, and who can assume it, is for `verify` and `who-can`.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html, read 2026-11-21 (05 §5.7)
Failure: FM15
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.governance import Forbidden

_NEEDED_AGAIN: Final = {
    Forbidden.DELETE_KEYS: "a key policy that keeps recovery out can't be repaired",
    Forbidden.REMOVE_LOCKS: "an access policy or lock that is wrong can't be replaced",
    Forbidden.CHANGE_SETTINGS: "a type that is not opted in stays so",
}


@check("GRD002", severity=Severity.INFO)
def guard_rails_without_exemption(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a role that may do what a recovery may need."""
    rails = estate.guard_rails
    if rails is None or rails.exempt:
        return
    stuck = [words for denied, words in _NEEDED_AGAIN.items() if denied in rails.deny]
    if stuck:
        yield Problem(
            subject="guard rails",
            message="guard rails exempt nobody but who deploys",
            why=f"in an emergency {listed(stuck)} before somebody in the management account takes the guard rails off",
            help="name the role for emergencies: guard_rails: {exempt: [break-glass]}",
            origin=rails.origin,
        )
