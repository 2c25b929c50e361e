"""What lies in the vaults that a lock is rehearsed on, from a snapshot of the ledger."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from strongroom.domain.estate import Estate
from strongroom.domain.names import EVERY_ACCOUNT
from strongroom.domain.strategy import Vault
from strongroom.forecast.counting import governed_accounts
from strongroom.forecast.lockrehearsal import ProposedLock, StoredPoints
from strongroom.forecast.unread import UnreadPlace
from strongroom.ledger import Snapshot, connect, rows
from strongroom.semantics import locks

_STORED = """
SELECT v.account_id, v.region, v.name AS vault_name, v.locked, v.min_retention_days AS min_days, v.max_retention_days AS max_days,
       v.lock_at,
       count(r.arn) AS recovery_points,
       count(r.arn) FILTER (r.delete_after_days < $min_days) AS too_short,
       count(r.arn) FILTER ($max_days IS NOT NULL AND (r.delete_after_days IS NULL OR r.delete_after_days > $max_days)) AS too_long,
       count(r.arn) FILTER (r.delete_after_days IS NULL AND r.delete_at IS NULL) AS forever,
       max(r.delete_at) AS last_delete_at
FROM vaults v
LEFT JOIN recovery_points r ON r.account_id = v.account_id AND r.region = v.region AND r.vault_name = v.name AND r.status <> 'DELETED'
WHERE v.name = $name AND list_contains($regions::VARCHAR[], v.region) AND list_contains($accounts::VARCHAR[], v.account_id)
GROUP BY ALL
ORDER BY v.account_id, v.region
"""
_UNREAD = """
SELECT a.account_id, g.region, s.subject, coalesce(reads.reason, 'it was not asked for') AS reason
FROM (SELECT unnest($accounts::VARCHAR[]) AS account_id) a
CROSS JOIN (SELECT unnest($regions::VARCHAR[]) AS region) g
CROSS JOIN (VALUES ('recovery_points'), ('vaults')) s(subject)
LEFT JOIN reads ON reads.account_id = a.account_id AND reads.region = g.region AND reads.subject = s.subject
WHERE reads.read IS NOT TRUE
ORDER BY ALL
"""


def stored_points(
    estate: Estate, proposed: Iterable[ProposedLock], snapshot: Snapshot, *, now: datetime
) -> tuple[dict[str, tuple[StoredPoints, ...]], tuple[UnreadPlace, ...]]:
    """Return, by label, what a snapshot knows of the vaults that the locks are for, and what could not be read of them.

    A vault in every account is looked for in the governed, active ones. The lock that is on now is judged at `now`.
    Raises CouldNotVerify for a damaged snapshot.
    """
    vaults = {vault.label: vault for vault in estate.vaults}
    found: dict[str, tuple[StoredPoints, ...]] = {}
    unread: dict[UnreadPlace, None] = {}
    with connect(snapshot) as ledger:
        governed = tuple(governed_accounts(ledger, estate.organization.governs))
        for lock in proposed:
            place = _place(vaults[lock.label], governed)
            asked = {**place, "name": vaults[lock.label].name, "min_days": lock.min_days, "max_days": lock.max_days}
            found[lock.label] = tuple(_points(row, now) for row in rows(ledger, _STORED, asked))
            unread |= {UnreadPlace(**row): None for row in rows(ledger, _UNREAD, place)}
    return found, tuple(unread)


def _place(vault: Vault, governed: Sequence[str]) -> dict[str, list[str]]:
    accounts = list(governed) if vault.account is EVERY_ACCOUNT else [str(vault.account)]
    return {"accounts": accounts, "regions": [str(region) for region in vault.regions]}


def _points(row: dict[str, Any], now: datetime) -> StoredPoints:
    current = locks.Lock(min_days=row["min_days"], max_days=row["max_days"], lock_at=row["lock_at"]) if row["locked"] else None
    return StoredPoints(**row, phase=locks.phase(current, now))
