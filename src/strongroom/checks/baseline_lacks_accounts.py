"""Control Tower's backup baseline lacks its two accounts, or governs them

Why:     The baseline needs a central backup account and a backup administrator of their own, which are not enrolled in Control
         Tower before: it moves them into the Security OU itself. Without them, or with one account for both, the landing zone's
         update fails.
Fix:     Name two accounts under `organization.accounts` as central and backup_admin, outside of the OUs of the baseline.
Limits:  What the strategy says; in which OU the accounts lie now is for `verify`.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/enable-backup.html, read 2026-11-21 (06 §6.2)
Failure: FM24
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity


@check("CTW004", severity=Severity.ERROR)
def baseline_lacks_accounts(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the accounts of a strategy with a baseline."""
    tower, accounts = estate.organization.control_tower, estate.organization.accounts
    if tower is None:
        return
    named = (("central", accounts.central), ("backup_admin", accounts.backup_admin))
    missing = [name for name, account in named if account is None]
    lack = f"the baseline needs the {'accounts' if len(missing) > 1 else 'account'} {listed(missing)}, which the strategy does not name"
    if not missing:
        lack = _shared(estate)
    if lack:
        yield Problem(
            subject="control tower",
            message=lack,
            why="Control Tower refuses the update of the landing zone, so that no account gets vaults, role and plans",
            help='write two accounts of their own: accounts: {backup_admin: "<twelve digits>", central: "<twelve digits>"}',
            origin=tower.origin,
        )


def _shared(estate: Estate) -> str:
    accounts = estate.organization.accounts
    if accounts.central == accounts.backup_admin:
        return f"the baseline needs two accounts, {accounts.central} is central and backup_admin at once"
    if accounts.management in {accounts.central, accounts.backup_admin}:
        return f"the management account {accounts.management} can't be central or backup_admin of the baseline"
    return ""
