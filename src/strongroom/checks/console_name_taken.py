"""A name belongs to what the console creates

Why:     The vault `Default` and the role `AWSBackupDefaultServiceRole` are made by the console, in those accounts and Regions
         where somebody opened it, and by nothing else. Where they exist, the deployment fails because the name is taken;
         the vault is on the AWS-managed key, so that no copy can cross accounts.
Fix:     Choose another name.
Limits:  Names of service vaults with a slash are refused by the grammar.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vaults.html, read 2026-11-21 (01 §1.11, 03 §3.1)
Failure: FM07
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity

VAULT: Final = "Default"
ROLE: Final = "AWSBackupDefaultServiceRole"


@check("NAM002", severity=Severity.ERROR)
def console_name_taken(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the names of vaults and of the backup role."""
    for vault in estate.vaults:
        if vault.name == VAULT and not vault.adopted:
            yield Problem(
                subject=f"vault {vault.label}",
                message=f"vault {vault.label} is named {VAULT}, as the vault that the console creates",
                why="where somebody has opened the console the vault exists, and the stack fails; elsewhere it is another vault",
                help="remove name, or choose another",
                origin=vault.origin,
            )
    if estate.roles.backup == ROLE and not estate.roles.adopted:
        yield Problem(
            subject=f"role {ROLE}",
            message=f"the backup role is named {ROLE}, as the role that the console creates",
            why="where somebody has opened the console the role exists, and the stack of that account fails",
            help="remove roles.backup, or choose another name that contains AWSBackup",
            origin=estate.organization.origin,
        )
