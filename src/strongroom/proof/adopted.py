"""Adopted vaults that have to be there: where the newest snapshot has none."""

from dataclasses import dataclass

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region
from strongroom.domain.strategy import Vault
from strongroom.proof.scope import scope_of

VAULTS = "SELECT account_id, region, name FROM vaults WHERE name IN (SELECT unnest($names))"
READ = "SELECT account_id, region FROM reads WHERE subject = 'vaults' AND read"


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingVault:
    """An adopted vault, and the places of governed accounts that were read and don't have it."""

    vault: Vault
    places: tuple[tuple[AccountId, Region], ...]


def missing_adopted(estate: Estate, snapshot: ledger.Snapshot) -> tuple[MissingVault, ...]:
    """Return the adopted vaults that some account lacks; raises CouldNotVerify.

    Accounts that were not read are no part of it: `enrolment` counts them. Nor are single ones in which the strategy makes something:
    whoever plans looks there.
    """
    adopted = [
        vault for vault in estate.vaults if vault.adopted and not (vault.account is not EVERY_ACCOUNT and estate.looks_into(vault.account))
    ]
    if not adopted:
        return ()
    scope = scope_of(estate, snapshot.table("accounts"))
    with ledger.connect(snapshot) as connection:
        names = {"names": sorted({vault.name for vault in adopted})}
        there = {(row["account_id"], row["region"], row["name"]) for row in ledger.rows(connection, VAULTS, names)}
        read = {(row["account_id"], row["region"]) for row in ledger.rows(connection, READ)}
    found = []
    for vault in adopted:
        lacking = tuple(
            (account, region)
            for account, region in (scope.places if vault.account is EVERY_ACCOUNT else _own(vault))
            if region in vault.regions and (account, region) in read and (account, region, vault.name) not in there
        )
        if lacking:
            found.append(MissingVault(vault=vault, places=lacking))
    return tuple(found)


def _own(vault: Vault) -> tuple[tuple[AccountId, Region], ...]:
    return tuple((vault.account, region) for region in vault.regions if isinstance(vault.account, AccountId))
