"""Guard rails that may not reach the account of the vaults

Why:     A service control policy reaches the accounts below the units it is attached to. The account that keeps the copies is often in
         another unit than the workloads: then its keys can be deleted and the account can leave, while every workload account is guarded.
Fix:     Attach the guard rails to the unit of that account too: guard_rails.attach_to.
Limits:  In which unit an account lies is not in a strategy: this says only that nothing but the governed units is named. Whether the
         account is below one of them is for `verify`. No control policy reaches the management account.
Source:  https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html, read 2026-11-21 (05 §5.7);
         https://docs.aws.amazon.com/kms/latest/developerguide/deleting-keys.html, read 2026-11-21 (07 §7.4)
Failure: FM06
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import listed
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId


@check("GRD004", severity=Severity.INFO)
def guard_rails_miss_vaults(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Compare where guard rails are attached with the accounts that have vaults or keys of their own."""
    rails, organization = estate.guard_rails, estate.organization
    if rails is None:
        return
    management = organization.accounts.management
    places: dict[AccountId, list[str]] = {}
    for vault in estate.vaults:
        if isinstance(vault.account, AccountId):
            places.setdefault(vault.account, []).append(f"vault {vault.label}")
    for key in estate.keys:
        if key.account is not None:
            places.setdefault(key.account, []).append(f"key {key.name}")
    if management in places:
        yield Problem(
            subject=f"account {management}",
            message=f"no guard rail reaches {listed(places.pop(management))} in the management account {management}",
            why="service control policies reach no principal of the management account",
            help="keep vaults and keys in an account of their own",
            origin=rails.origin,
            severity=Severity.WARNING,
        )
    if set(rails.attach_to) - set(organization.governs):
        return
    for account, things in sorted(places.items()):
        yield Problem(
            subject=f"account {account}",
            message=f"guard rails are attached to {listed(rails.attach_to)} alone, and account {account} has {listed(things)}",
            why="if the account lies in another unit, nothing keeps its keys and vaults from whoever administers it",
            help="name the unit of that account too: guard_rails: {attach_to: […]}, unless it lies below one of these",
            origin=rails.origin,
        )
