"""Which accounts a strategy governs, and which account decides for the organization."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import pyarrow as pa

from strongroom.domain import organization
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, Region
from strongroom.errors import CouldNotVerify


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of the organization, as far as proof needs it."""

    id: AccountId
    ou_path: str
    ou_ids: tuple[str, ...]
    active: bool
    management: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Where the strategy applies; a place is an account with one of its Regions, numbered from 0."""

    management: AccountId
    accounts: tuple[Account, ...]  # governed and active, in order of id
    own: tuple[Account, ...] = ()  # active ones that are not governed and have a plan of their own
    places: tuple[tuple[AccountId, Region], ...]
    without_accounts: tuple[str, ...]  # OUs of `governs` below which no active account is

    @property
    def everyone(self) -> tuple[Account, ...]:
        """All accounts in which the strategy protects something."""
        return (*self.accounts, *self.own)

    @property
    def numbers(self) -> dict[tuple[str, str], int]:
        """The number of each place."""
        return {place: number for number, place in enumerate(self.places)}


def scope_of(estate: Estate, accounts: pa.Table) -> Scope:
    """Return the active accounts below the governed OUs and those with plans of their own, with the governed Regions.

    `accounts` is the table of that name. Raises CouldNotVerify when it is empty: without the organization nothing can be said.
    """
    everyone = tuple(_accounts(accounts))
    if not everyone:
        raise CouldNotVerify("the snapshot holds no account of the organization", hint="run: strongroom sync")
    governed = tuple(account for account in everyone if account.active and is_governed(estate.organization.governs, account))
    with_plans = {plan.account for plan in estate.plans if plan.account is not None}
    own = tuple(account for account in everyone if account.active and account.id in with_plans and account not in governed)
    declared = estate.organization.accounts.management
    management = declared or next((account.id for account in everyone if account.management), AccountId(""))
    return Scope(
        management=management,
        accounts=governed,
        own=own,
        places=tuple((account.id, region) for account in (*governed, *own) for region in estate.organization.regions),
        without_accounts=tuple(ou for ou in estate.organization.governs if not any(is_governed((ou,), account) for account in governed)),
    )


def is_governed(governs: Iterable[str], account: Account) -> bool:
    """Return whether an account is below one of the OUs, each given as a name, a path from the root, or an id.

    Example:
        >>> prod = Account(id=AccountId("111122223333"), ou_path="Workloads/Prod", ou_ids=("r-1", "ou-2"), active=True, management=False)
        >>> is_governed(["Workloads"], prod), is_governed(["Workloads/Staging"], prod), is_governed(["ou-2"], prod)
        (True, False, True)
    """
    return organization.is_governed(governs, ou_path=account.ou_path, ou_ids=account.ou_ids)


def _accounts(table: pa.Table) -> Sequence[Account]:
    rows = sorted(table.to_pylist(), key=lambda row: str(row["account_id"]))
    return [
        Account(
            id=AccountId(row["account_id"]),
            ou_path=row["ou_path"],
            ou_ids=tuple(row["ou_ids"]),
            active=row["status"] == "ACTIVE",
            management=row["management"],
        )
        for row in rows
    ]
