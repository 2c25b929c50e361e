"""What one resource has to do with: the rows about itself, and the accounts in which its backups and their keys lie.

The same judgement over these rows alone gives the same answer as over the whole snapshot; a larger organization doesn't make it slower.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from strongroom import ledger
from strongroom.domain.estate import Estate
from strongroom.domain.names import Arn
from strongroom.ledger.narrowing import Narrowing

_ACCOUNT_ID = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


def touched(estate: Estate, snapshot: ledger.Snapshot, arn: str) -> ledger.Snapshot:
    """Return the snapshot without the rows of other resources, and of accounts that decide nothing about one.

    Raises CouldNotVerify for a damaged table.
    """
    alone = replace(snapshot, only=Narrowing(resource=arn, accounts=()))
    found = alone.table("resources").select(["account_id", "key_arn"]).to_pylist()
    accounts = {row["account_id"] for row in found} | set(_of_keys(row["key_arn"] for row in found))
    accounts |= _named(estate) | {_owner(arn)}
    managing = alone.table("accounts")
    accounts |= set(managing.filter(managing["management"])["account_id"].to_pylist())
    near = _only(alone, accounts)
    accounts |= set(_of_keys(near.table("vaults")["key_arn"].to_pylist()))  # a vault's key may be another account's
    return _only(alone, accounts)


def _only(snapshot: ledger.Snapshot, accounts: set[str]) -> ledger.Snapshot:
    only = snapshot.only or Narrowing(resource="", accounts=())
    return replace(snapshot, only=replace(only, accounts=tuple(sorted(accounts - {""}))))


def _named(estate: Estate) -> frozenset[str]:
    """Return every account that the strategy names in any place: which of them has a part in a resource's backups is not ours to say."""
    return frozenset(_ACCOUNT_ID.findall(repr(estate)))


def _of_keys(arns: Iterable[str | None]) -> Iterator[str]:
    yield from (_owner(arn) for arn in arns if arn)


def _owner(arn: str) -> str:
    try:
        return Arn.parse(arn).account
    except ValueError:
        return ""
