"""A compliance lock hardens on a vault that is declared without a lock

Why:     Once the grace time of a compliance lock is over, nobody can remove, lengthen or shorten it, AWS included. A range that
         refuses a declared retention then makes every job of that rule fail for as long as the vault exists. `Locked` is true
         from the first day; only the lock date tells how long there is a way back.
Fix:     Before the lock date: backup delete-backup-vault-lock-configuration, or declare the lock. After it: declare a vault of
         another name, and let rules and copies write there.
Limits:  Vaults that the strategy declares; adopted ones only where the lock refuses something. Of those that it declares with a lock
         the link `sealed` says whether it is the one.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html, read 2026-11-21 (03 §3.2)
Failure: FM04
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from strongroom.domain.finding import Severity
from strongroom.domain.names import EVERY_ACCOUNT, Forever
from strongroom.domain.strategy import Vault, VaultType
from strongroom.proof.engine import Judgement
from strongroom.proof.links import LinkName
from strongroom.proof.live.check import Lack, live
from strongroom.proof.observed import AIR_GAPPED
from strongroom.proof.readings import Unreadable
from strongroom.semantics.lifecycle import outside_lock

Place = tuple[str, str]  # account, Region
_COLUMNS = ("account_id", "region", "name", "arn", "type", "min_retention_days", "max_retention_days", "lock_at")


@dataclass(frozen=True, slots=True)
class _Case:
    """What equal locks of vaults of one name have in common: one finding, however many accounts have it."""

    vault: Vault
    region: str
    least: int | None
    most: int | None
    day: str  # when it hardens or hardened
    hard: bool
    refused: tuple[str, ...]  # rules with what they keep


@live("VRF150", severity=Severity.ERROR)
def undeclared_lock_hardens(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for compliance locks of vaults that are declared without one, and for what they refuse."""
    open_ones = (vault for vault in judgement.estate.vaults if vault.lock is None and vault.type is not VaultType.AIR_GAPPED)
    declared = {(vault.name, place): vault for vault in open_ones for place in _places(judgement, vault)}
    readings = judgement.observed.readings
    yield from filter(None, (readings.missing(*place, "vaults") for place in dict.fromkeys(place for _, place in declared)))
    cases: dict[_Case, list[dict[str, Any]]] = {}
    for row in _hardening(judgement):
        vault = declared.get((row["name"], (row["account_id"], row["region"])))
        case = _case(judgement, vault, row) if vault is not None else None
        if case is not None and (case.refused or not case.vault.adopted):
            cases.setdefault(case, []).append(row)
    yield from (_lack(case, rows) for case, rows in cases.items())


def _places(judgement: Judgement, vault: Vault) -> tuple[Place, ...]:
    if vault.account is EVERY_ACCOUNT:
        return tuple(place for place in judgement.scope.places if place[1] in vault.regions)
    return tuple((str(vault.account), str(region)) for region in vault.regions)


def _hardening(judgement: Judgement) -> Iterator[dict[str, Any]]:
    for row in judgement.snapshot.table("vaults").select(list(_COLUMNS)).to_pylist():
        if row["lock_at"] is not None and row["type"] != AIR_GAPPED:
            yield row


def _case(judgement: Judgement, vault: Vault, row: dict[str, Any]) -> _Case:
    least, most, lock_at = row["min_retention_days"], row["max_retention_days"], row["lock_at"]
    return _Case(
        vault=vault,
        region=row["region"],
        least=least,
        most=most,
        day=f"{lock_at:%Y-%m-%d}",
        hard=_over(lock_at, judgement),
        refused=tuple(dict.fromkeys(_refused(judgement, vault, row["region"], least, most))),
    )


def _over(lock_at: datetime, judgement: Judgement) -> bool:
    return lock_at <= judgement.snapshot.observed_at


def _refused(judgement: Judgement, vault: Vault, region: str, least: int | None, most: int | None) -> Iterator[str]:
    for plan in judgement.plans:
        for rule in plan.rules:
            for leg in rule.legs:
                if leg.label == vault.label and leg.region in (None, region) and outside_lock(leg.keep, least, most):
                    yield f"{rule.name} ({'forever' if isinstance(leg.keep, Forever) else f'{leg.keep} days'})"


def _lack(case: _Case, rows: list[dict[str, Any]]) -> Lack:
    first, name = min(rows, key=lambda row: str(row["account_id"])), case.vault.name
    bounds = f"{case.least or 1} to {case.most or 'any number of'} days"
    when = f"hardened on {case.day}" if case.hard else f"hardens on {case.day}"
    what = f"refuses {', '.join(case.refused)}" if case.refused else "is not declared"
    call = f"backup delete-backup-vault-lock-configuration --backup-vault-name {name} --region {case.region}"
    undo = f"{call} before {case.day}, or declare the lock"
    away = f"nobody can change it any more: declare a vault of another name than {name} and let the rules write there"
    return Lack(
        subject=f"vault {name} in {case.region}",
        message=f"the compliance lock of vault {name} in {case.region}, {bounds}, {when} and {what}",
        help=away if case.hard else undo,
        account_id=first["account_id"],
        region=case.region,
        arn=first["arn"],
        link=LinkName.SEALED,
        count=len(rows),
        severity=None if case.refused else Severity.WARNING,
    )
