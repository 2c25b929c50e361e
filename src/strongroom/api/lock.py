"""`lock rehearse`: which jobs fail under a vault lock, and what it commits until when."""

import difflib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from strongroom import compiler, strategyfile
from strongroom.api.strategy import load_strategy
from strongroom.domain.estate import Estate
from strongroom.domain.strategy import LockMode, VaultType
from strongroom.errors import BadInput, ExitCode
from strongroom.forecast.lockrehearsal import ProposedLock, Rehearsal, declared_locks, refusal
from strongroom.forecast.lockrehearsal import rehearse as rehearsed

DAYS = 30  # over which jobs are counted where nobody says otherwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A lock as it was asked for on the command line; None is what nobody said."""

    vault: str | None = None  # label
    min: str | None = None  # a duration such as 7d
    max: str | None = None
    mode: LockMode | None = None
    grace: str | None = None


def rehearse(strategy: Path, asked: Asked, *, now: datetime | None, days: int, home: Path | None) -> Rehearsal:
    """Return what the locks of a strategy, or the one that is asked for, would do if they were put at `now`.

    With a `home`, the newest snapshot of its ledger tells what lies in the vaults, and its time is `now` unless that is given:
    the machine's clock is never compared with AWS's instants. Without a home, `now` must be given. Raises FaultyStrategy,
    BadInput, CouldNotVerify.
    """
    estate = compiler.compile_strategy(load_strategy(strategy))
    locks = (_asked(estate, asked),) if asked.vault is not None else declared_locks(estate)
    if asked.vault is None and asked != Asked():
        raise BadInput("a lock was given without a vault", hint="name the vault: strongroom lock rehearse --vault LABEL --min 7d")
    if not locks:
        label = next((vault.label for vault in estate.vaults), "LABEL")
        raise BadInput("no vault of the strategy declares a lock", hint=f"try one: strongroom lock rehearse --vault {label} --min 7d")
    return _rehearsed(estate, locks, now=now, days=days, home=home)


def rehearse_locks(estate: Estate, labels: Collection[str], *, now: datetime, home: Path | None) -> Rehearsal:
    """Return what the declared locks of some vaults would do from `now` on; with a `home`, its newest snapshot tells what lies there."""
    return _rehearsed(estate, tuple(each for each in declared_locks(estate) if each.label in labels), now=now, days=DAYS, home=home)


def _rehearsed(estate: Estate, locks: tuple[ProposedLock, ...], *, now: datetime | None, days: int, home: Path | None) -> Rehearsal:
    if home is None:
        if now is None:
            raise BadInput("it isn't said when the lock is put", hint="give an instant, or a ledger")
        return rehearsed(estate, locks, now=now, days=days)
    from strongroom import ledger
    from strongroom.forecast.counting import selected
    from strongroom.forecast.stored import stored_points

    snapshot = ledger.latest(home)
    now = now or snapshot.observed_at
    stored, unread = stored_points(estate, locks, snapshot, now=now)
    resources, gaps = selected(snapshot, estate)
    return rehearsed(
        estate,
        locks,
        now=now,
        days=days,
        stored=stored,
        selected=resources,
        observed_at=snapshot.observed_at,
        unread=tuple(dict.fromkeys((*unread, *gaps))),
    )


def exit_code(found: Rehearsal) -> ExitCode:
    """Return FINDINGS for jobs that would fail or locks that AWS refuses, COULD_NOT_VERIFY when the ledger has gaps."""
    if found.unread:
        return ExitCode.COULD_NOT_VERIFY
    bad = any(each.failing or each.refused or each.stuck for each in found.locks)
    return ExitCode.FINDINGS if bad or found.refused_schedules else ExitCode.PROVEN


def _asked(estate: Estate, asked: Asked) -> ProposedLock:
    """Return the lock asked for; what was not said is taken from the lock that the vault declares."""
    labels = {vault.label: vault for vault in estate.vaults}
    if asked.vault not in labels:
        close = difflib.get_close_matches(str(asked.vault), labels, n=1)
        raise BadInput(
            f"the strategy has no vault {asked.vault!r}", hint=f"did you mean {close[0]}?" if close else f"vaults: {', '.join(labels)}"
        )
    declared = labels[asked.vault].lock
    if declared is None and asked == Asked(vault=asked.vault):
        raise BadInput(f"vault {asked.vault} declares no lock", hint="say which: --min 7d --max 3y --mode compliance --grace 14d")
    mode = asked.mode or (declared.mode if declared else LockMode.GOVERNANCE)
    if asked.grace is not None and mode is LockMode.GOVERNANCE:
        raise BadInput(f"grace is {asked.grace}, but a governance lock has no grace time", hint="add --mode compliance")
    air_gapped = labels[asked.vault].type is VaultType.AIR_GAPPED
    if air_gapped and (asked.grace is not None or mode is LockMode.GOVERNANCE):
        raise BadInput(
            f"vault {asked.vault} is air-gapped: its lock is compliance, and hard from the start", hint="give --min and --max alone"
        )
    lock = ProposedLock(
        label=str(asked.vault),
        mode=mode,
        min_days=_days("--min", asked.min) if asked.min is not None else declared.min_days if declared else None,
        max_days=_days("--max", asked.max) if asked.max is not None else declared.max_days if declared else None,
        grace_days=_days("--grace", asked.grace) if asked.grace is not None else declared.grace_days if declared else None,
        air_gapped=air_gapped,
    )
    if refused := refusal(lock):
        raise BadInput(f"AWS does not accept the lock: {refused}", hint="change --min, --max or --grace")
    return lock


def _days(option: str, text: str) -> int:
    try:
        return strategyfile.days(text)
    except ValueError as error:
        raise BadInput(f"{option}: {error}", hint=f"write something like {option} 30d") from error
