"""The places that hold copies: a vault and a key, with everything that destroys what lies there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strongroom.domain.names import vault_arn
from strongroom.proof.entitlements import AIR_GAPPED
from strongroom.proof.observed import Tables
from strongroom.proof.survival.deeds import Target
from strongroom.proof.survival.powers import Powerful, Powers
from strongroom.semantics.survival import Event, EventKind

MANAGEMENT = Event(EventKind.MANAGEMENT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A vault and a key."""

    number: int
    account: str
    region: str
    vault: str  # its name
    key_arn: str  # empty: AWS's own, which nobody can delete
    usable: bool  # False: its key is disabled, deleted or waits for it, so that nothing here can be restored
    doubt: str  # what could not be read of it; empty: nothing
    hardened: bool
    held: bool  # by a legal hold: nobody deletes it before the hold is cancelled
    powers: Powers
    events: Mapping[Event, bool]  # that destroy it, each True where that is certain


@dataclass(frozen=True, slots=True)
class _Known:
    """What the snapshot says about vaults and keys."""

    vaults: Mapping[tuple[str, str, str], tuple[str, bool, datetime | None, str | None]]  # type, locked, lock_at, key
    keys: Mapping[str, tuple[str, str]]  # manager, state
    holds: Mapping[tuple[str, str], str]  # an active legal hold of an account and Region: its id
    management: str
    now: datetime


def read_places(rows: list[dict[str, Any]], tables: Tables, powerful: Powerful, management: str) -> tuple[Place, ...]:
    """Return a place for each row (account_id, region, vault_name, key_arn, held, key_unknown, example), in their order."""
    columns = ("account_id", "region", "name", "type", "locked", "lock_at", "key_arn")
    known = _Known(
        vaults={row[:3]: row[3:] for row in _rows(tables, "vaults", *columns)},
        keys={arn: (manager, state) for arn, manager, state in _rows(tables, "keys", "arn", "manager", "state")},
        holds={row[:2]: row[2] for row in _rows(tables, "legal_holds", "account_id", "region", "hold_id", "status") if row[3] == "ACTIVE"},
        management=management,
        now=tables.observed_at,
    )
    return tuple(_place(number, row, known, powerful) for number, row in enumerate(rows))


def _place(number: int, row: Mapping[str, Any], known: _Known, powerful: Powerful) -> Place:
    account, region, name = row["account_id"], row["region"], row["vault_name"]
    kind, locked, lock_at, own = known.vaults.get((account, region, name), ("", False, None, None))
    manager, state = known.keys.get(row["key_arn"], ("", "")) if row["key_arn"] else ("AWS", "Enabled")
    hardened = kind == AIR_GAPPED or (locked and lock_at is not None and lock_at <= known.now)
    key_arn = "" if manager == "AWS" else row["key_arn"]
    target = Target(
        account=account,
        vault_arn=vault_arn(account, region, name),
        example=row["example"],
        key_arn=key_arn,
        locked=locked and not hardened,
        hardened=hardened,
        hold_arn=f"arn:aws:backup:{region}:{account}:legal-hold:{known.holds[account, region]}" if row["held"] else "",
    )
    powers = powerful.over(target)
    return Place(
        number=number,
        account=account,
        region=region,
        vault=name,
        key_arn=key_arn,
        usable=state in {"Enabled", ""},
        doubt="; ".join(_doubts(row, kind, state, of_aws=kind == AIR_GAPPED and own is None)),
        hardened=hardened,
        held=row["held"],
        powers=powers,
        events=dict(_events(account, region, key_arn, powers, known.management)),
    )


def _doubts(row: Mapping[str, Any], kind: str, state: str, *, of_aws: bool) -> Iterator[str]:
    """Yield what isn't known; `of_aws`: an air-gapped vault on a key that AWS owns, which it tells for no recovery point."""
    if not kind:
        yield f"vault {row['vault_name']} in account {row['account_id']}, {row['region']} could not be read"
    if row["key_unknown"] and not of_aws:
        yield f"AWS does not tell the key of recovery points in vault {row['vault_name']} in account {row['account_id']}, {row['region']}"
    elif not state:
        yield f"key {row['key_arn']} could not be read"


def _events(account: str, region: str, key_arn: str, powers: Powers, management: str) -> Iterator[tuple[Event, bool]]:
    yield MANAGEMENT, True  # it can close every other account, and lift what forbids
    yield Event(EventKind.REGION, region), True
    keepers = {account, *([key_arn.split(":")[4]] if key_arn else [])}
    for each in sorted(keepers - {management}):
        yield Event(EventKind.CLOSED, each), True  # what it holds, and whatever is encrypted with its keys
    if key_arn:
        yield Event(EventKind.KEY, key_arn), True
    for each in sorted(powers.by_points.keys() | powers.by_key.keys()):
        certain = powers.by_points.get(each, False) or powers.by_key.get(each, False)
        yield Event(EventKind.ADMINISTRATOR, each), certain


def _rows(tables: Tables, name: str, *columns: str) -> Iterator[tuple[Any, ...]]:
    table = tables.table(name)
    return zip(*(table.column(column).to_pylist() for column in columns), strict=True)
