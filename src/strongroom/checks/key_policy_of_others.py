"""A key of somebody else, whose policies decide over restores

Why:     A multi-Region key has a policy of its own in every Region: the primary and each replica must let AWS Backup's roles in. One
         missing line in the policy of a replica is found out when a restore there fails, in the disaster.
Fix:     Have whoever owns the key check the policy in every Region, or let Strongroom make the key: write `in` beside the key's `arn`.
Limits:  Keys that the strategy names and doesn't make. Their policies are not in it: once synced, `verify` judges them.
Source:  https://docs.aws.amazon.com/kms/latest/developerguide/multi-region-keys-overview.html, read 2026-11-21 (07 §7.3, §7.5)
Failure: FM15
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate, Source
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import KeyKind


@check("KEY001", severity=Severity.INFO)
def key_policy_of_others(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Look for keys with vaults on them that somebody else administers."""
    if estate.source is not Source.COMPILED:
        return
    for key in estate.keys:
        vaults = [vault for vault in estate.vaults if vault.key == key.name]
        if key.kind is not KeyKind.MULTI_REGION or key.ours or not vaults:
            continue
        regions = [region for region in estate.organization.regions if any(region in vault.regions for vault in vaults)]
        yield Problem(
            subject=f"key {key.name}",
            message=f"the policies of key {key.name} in {listed(regions)} are somebody else's, and nobody has read them",
            why=f"{listed(f'vault {vault.label}' for vault in vaults)} can be written to and restored from only where they let role "
            f"{estate.roles.backup} and AWS Backup's service-linked role use the key",
            help="let kms:Decrypt, kms:DescribeKey, kms:Encrypt, kms:GenerateDataKey*, kms:ReEncrypt* and kms:CreateGrant through there, "
            "without kms:ViaService",
            origin=key.origin,
        )
