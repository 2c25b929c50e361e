"""A copy crosses accounts into or out of a vault on the AWS-managed key

Why:     The key `aws/backup` can't be shared with another account, and the key of a vault can't be changed. Copies into
         such a vault fail for every type; copies out of it fail for the types whose recovery points the vault's key
         encrypts (S3, EFS, DynamoDB and others that AWS Backup fully manages). What a rule writes straight into an
         air-gapped vault is copied out of it, and that fails into such a vault in the account itself, too.
Fix:     Give both vaults a key of `kind: per-account`; existing vaults need a new vault under another name.
Limits:  Copies out of such a vault, or out of an air-gapped one, are only reported when a fully managed type is named in the
         plan, or opted in where the plan names none.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html, read 2026-11-21;
         facts.message("copy_default_key_vault")
Failure: FM02
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import PlacedCopy, copies, copy_subject, crosses_accounts, is_aws_managed, vault_of
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.facts import message
from strongroom.semantics.copies import fully_managed


@check("CPY001", severity=Severity.ERROR)
def copy_through_aws_managed_vault(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look at the keys of both ends of each copy that leaves the account."""
    for placed in copies(estate):
        leaves, whole = _leaves(placed), _holds_fully_managed(estate, placed)
        straight = placed.rule.air_gapped is not None and whole
        if (leaves or straight) and is_aws_managed(estate, vault_of(estate, placed.copy.label)):
            yield _problem(placed, f"vault {placed.copy.label} is on the AWS-managed key", placed.copy.label, "copy_default_key_vault")
        elif leaves and whole and not straight and is_aws_managed(estate, vault_of(estate, placed.rule.label)):
            yield _problem(
                placed, f"its source vault {placed.rule.label} is on the AWS-managed key", placed.rule.label, "copy_key_inaccessible"
            )


def _leaves(placed: PlacedCopy) -> bool:
    return crosses_accounts(placed.copy) and placed.copy.account != placed.plan.account


def _problem(placed: PlacedCopy, where: str, label: str, name: str) -> Problem:
    to = f"to account {placed.copy.account}" if _leaves(placed) else f"from air-gapped vault {placed.rule.air_gapped}"
    return Problem(
        subject=copy_subject(placed),
        message=f"the copy {to} can't work: {where}",
        why=f'every copy job fails, {often(placed.rule)} for each resource: "{message(name)}"',
        help=f"give vault {label} a key of kind per-account",
        origin=placed.copy.origin,
    )


def _holds_fully_managed(estate: Estate, placed: PlacedCopy) -> bool:
    select = placed.plan.select
    types = select.types or tuple(each for each in estate.settings.opt_in if each not in select.not_types)
    return any(fully_managed(each) for each in types)
