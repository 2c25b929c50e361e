"""A regulation asks for separate copies, and none leaves the account

Why:     The statement that the finding quotes asks for copies apart from what they protect. A copy in the account of
         the resource falls with it: to the same administrator, the same mistake, the same closure.
Fix:     Copy to a vault in another account.
Limits:  No legal advice: whether the statement applies, and whether this meets it, is not decided here. Says only
         what no declared plan can meet.
Source:  aws/10 (read 2026-11-21), by clause in checks/statements.toml, each with how far its wording was verified
Failure: none
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.regulations import Demand, unmet
from strongroom.checks.surviving import holds
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Loss


@check("REG001", severity=Severity.WARNING)
def regulation_wants_separate_account(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for a copy that leaves the account."""
    yield from unmet(
        estate,
        Demand.SEPARATE_ACCOUNT,
        lambda plan, _: holds(estate, plan, Loss.ACCOUNT),
        "has no copy in another account",
        "add a copy to a vault in another account, such as {in: central}",
    )
