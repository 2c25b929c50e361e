"""An account with backups is closed, or about to be

Why:     What is in the vaults of an account is deleted with it, 90 days after it was closed; a vault lock does not outlive its
         account. Its keys are unusable at once, so that nothing encrypted with them can be restored, wherever it lies.
Fix:     Reopen the account with AWS Support inside the 90 days, and copy what is still needed into a vault of another account.
Limits:  Organizations tells that an account is closed, not since when. Accounts that the strategy names or governs; a governed
         one is a warning, because accounts are closed on purpose as well.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21 (03 §3.2);
         facts.limit("account_closure_days")
Failure: FM06
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId
from strongroom.domain.organization import is_governed
from strongroom.facts import limit
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable


@live("VRF151", severity=Severity.ERROR)
def accounts_closing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for accounts that are not active among those that own vaults of the strategy or are governed."""
    owners: dict[str, list[str]] = {}
    for vault in judgement.estate.vaults:
        if isinstance(vault.account, AccountId):
            owners.setdefault(str(vault.account), []).append(vault.name)
    for row in judgement.snapshot.table("accounts").to_pylist():
        account = row["account_id"]
        governed = is_governed(judgement.estate.organization.governs, ou_path=row["ou_path"], ou_ids=tuple(row["ou_ids"]))
        if row["status"] != "ACTIVE" and (governed or account in owners):
            yield _lack(account, row["status"], owners.get(account, ()))


def _lack(account: str, status: str, vaults: list[str] | tuple[str, ...]) -> Lack:
    days = int(limit("account_closure_days").value)
    holds = f", which owns {', '.join(f'vault {name}' for name in vaults)}," if vaults else ""
    return Lack(
        subject=f"account {account}",
        message=f"account {account}{holds} is {status}: its vaults are deleted {days} days after it was closed",
        help=f"let AWS Support reopen account {account} inside the {days} days, and copy what is still needed to another account",
        account_id=account,
        link=LinkName.KEPT,
        severity=None if vaults else Severity.WARNING,
    )
