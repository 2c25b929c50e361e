"""The link `sealed`, as far as it doesn't depend on the single resource: the lock of a vault and the kind of its key, as declared or not.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/vault-lock.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pyarrow as pa

from strongroom.domain.estate import Estate
from strongroom.domain.names import Arn, RetentionDays
from strongroom.domain.strategy import Key, KeyKind, LockMode, Vault, VaultType
from strongroom.domain.strategy import Lock as DeclaredLock
from strongroom.proof.declared import DeclaredPlan, DeclaredRule, Leg
from strongroom.proof.equipped import EquippedJudge
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Observed, ObservedVault
from strongroom.proof.verdicts import PROVEN, Verdict, broken, worst
from strongroom.semantics.locks import Lock, Phase, phase

SEALS = pa.schema(
    [
        ("place_no", pa.int32()),
        ("leg_no", pa.int32()),
        ("state", pa.string()),  # not_required: a lock that is still to harden, as declared
        ("code", pa.string()),
        ("cause", pa.string()),
        ("doubt", pa.bool_()),
    ]
)
SLACK = timedelta(hours=1)  # AWS rounds, and the clock of the lock is not that of the answer
_OF_THE_VAULT = frozenset({"VRF001", "VRF022", "VRF023"})  # what `equipped` says of a vault, word for word: one fault is one finding


@dataclass(frozen=True, slots=True)
class SealedJudge:
    """Judges locks and keys of vaults."""

    estate: Estate
    observed: Observed
    equipped: EquippedJudge
    now: datetime
    verdicts: dict[tuple[str, RetentionDays, str, str, str], Verdict] = field(default_factory=dict)  # of the vaults met so far

    def table(self, places: Sequence[tuple[str, str]], plans: Iterable[DeclaredPlan], legs: pa.Table) -> pa.Table:
        """Return a row for each place and leg of `place_legs`."""
        by_number = {leg.number: (rule, leg) for plan in plans for rule in plan.rules for leg in rule.legs}
        numbers = zip(legs["place_no"].to_pylist(), legs["leg_no"].to_pylist(), strict=True)
        rows = [(place, number, *_columns(self._rule(*by_number[number], *places[place]))) for place, number in numbers]
        columns = list(zip(*rows, strict=True)) or [()] * len(SEALS)
        return pa.Table.from_arrays([pa.array(values, each.type) for values, each in zip(columns, SEALS, strict=True)], schema=SEALS)

    def _rule(self, rule: DeclaredRule, leg: Leg, account: str, region: str) -> Verdict:
        """Return the verdict on a leg; recovery points on their way to an air-gapped vault pass through the standard one."""
        found = self.leg(leg, account, region)
        passed = self.leg(rule.legs[0], account, region) if leg.target else PROVEN
        return worst(found, passed) if passed.state is LinkState.BROKEN else found

    def leg(self, leg: Leg, account: str, region: str) -> Verdict:
        """Return whether the vault of a leg is locked and encrypted as declared, for resources of an account and Region."""
        owner, where = leg.place(account, region)
        same = (leg.label, leg.keep, owner, where, leg.vault_name)
        if same not in self.verdicts:
            self.verdicts[same] = self._vault(leg, owner, where)
        return self.verdicts[same]

    def _vault(self, leg: Leg, owner: str, where: str) -> Verdict:
        named = leg.account is not None
        usable = self.equipped.vault(owner, where, leg.vault_name, leg.keep, named=named)
        if usable.code in _OF_THE_VAULT:
            return usable
        found = self.observed.vaults[owner, where, leg.vault_name]
        declared = next((each for each in self.estate.vaults if each.label == leg.label), None)
        if declared is None:
            return usable if usable.doubt else PROVEN
        vault = f"vault {leg.vault_name} in {where}"
        told = _Told(vault, f" (account {owner})" if named else "")
        key = PROVEN if declared.adopted else self._key(told, declared, found, owner)
        return worst(_lock(told, declared, found, self.now), key, usable if usable.doubt else PROVEN)

    def _key(self, told: "_Told", vault: Vault, found: ObservedVault, owner: str) -> Verdict:
        """Return whether a vault uses the kind of key that is declared; whether that can be used is the question of `equipped`."""
        declared = next((each for each in self.estate.keys if each.name == vault.key), None)
        if declared is None:  # a key that AWS owns
            return PROVEN
        if found.key_arn is None:
            return Verdict(LinkState.UNKNOWN, "VRF088", f"AWS did not tell the key of {told.vault}{told.whose}")
        known = self.observed.keys.get(found.key_arn)
        if known is None:
            return PROVEN  # in doubt already
        wanted = "AWS" if declared.kind is KeyKind.AWS_MANAGED else "CUSTOMER"
        if known[0] != wanted:
            kinds = {"AWS": "an AWS-managed key", "CUSTOMER": "a customer-managed key"}
            return broken("VRF047", f"{told.vault} uses {kinds[known[0]]}, {kinds[wanted]} is declared{told.whose}")
        return self._own(told, declared, found.key_arn, owner)

    def _own(self, told: "_Told", declared: Key, arn: str, owner: str) -> Verdict:
        if declared.kind is KeyKind.PER_ACCOUNT and (whose := _account(arn)) not in {owner, ""}:
            return broken("VRF047", f"{told.vault} uses a key of account {whose}, one of its own account is declared{told.whose}")
        if declared.kind is not KeyKind.MULTI_REGION:
            return PROVEN
        if declared.arn is not None and _key_id(arn) != _key_id(declared.arn):
            return broken("VRF047", f"{told.vault} uses key {arn}, {declared.arn} and its replicas are declared{told.whose}")
        if arn in self.observed.single_region:
            return broken("VRF047", f"{told.vault} uses a key of a single Region, a multi-Region key is declared{told.whose}")
        return PROVEN


@dataclass(frozen=True, slots=True)
class _Told:
    """How causes call a vault; whose it is when it isn't every account's own."""

    vault: str
    whose: str

    def lock(self, code: str, what: str) -> Verdict:
        """Return what is wrong with the lock."""
        return broken(code, f"{self.vault} {what}{self.whose}")


def _lock(told: _Told, vault: Vault, found: ObservedVault, now: datetime) -> Verdict:
    """Return whether the lock of a vault is in force as declared; one that is still to harden is NOT_REQUIRED, with the day."""
    lock = Lock(min_days=found.min_days, max_days=found.max_days, lock_at=found.lock_at) if found.locked else None
    wrong = next(_differences(vault, found, lock, now), None)
    if wrong is not None:
        return told.lock(*wrong)
    if vault.lock is not None and phase(lock, now) is Phase.GRACE and not found.air_gapped:
        cause = f"the lock of {told.vault} hardens on {_day(lock)}, until then it can be removed{told.whose}"
        return Verdict(LinkState.NOT_REQUIRED, "", cause)
    return PROVEN


def _differences(vault: Vault, found: ObservedVault, lock: Lock | None, now: datetime) -> Iterator[tuple[str, str]]:
    """Yield in what a lock differs from the declared one; a lock that nobody has declared is for the live checks."""
    if vault.type is VaultType.AIR_GAPPED and not found.air_gapped:
        yield "VRF042", "is not air-gapped, as it is declared to be"
    if vault.lock is None:
        return
    declared, is_phase = vault.lock, phase(lock, now)
    wanted, is_range = _range(declared.min_days, declared.max_days), _range(found.min_days, found.max_days)
    if lock is None and not found.air_gapped:
        yield "VRF042", f"has no lock, a {declared.mode} lock to {wanted} is declared"
    if declared.mode is LockMode.COMPLIANCE and is_phase is Phase.GOVERNANCE and not found.air_gapped:
        yield "VRF043", "has a governance lock, which can be removed, a compliance lock is declared"
    if is_range != wanted:
        yield _wrong_range(lock, is_range, wanted, is_phase)
    if is_phase is Phase.GRACE and not found.air_gapped:
        yield from _wrong_grace(declared, lock, now)


def _wrong_range(lock: Lock | None, found: str, wanted: str, is_phase: Phase) -> tuple[str, str]:
    what = f"is locked to {found}, {wanted} are declared"
    if is_phase is Phase.COMPLIANCE:
        return "VRF045", f"{what}; nobody can change it any more since {_day(lock)}"
    return "VRF044", f"{what}; it can be changed until {_day(lock)}" if is_phase is Phase.GRACE else what


def _wrong_grace(declared: DeclaredLock, lock: Lock | None, now: datetime) -> Iterator[tuple[str, str]]:
    if declared.mode is LockMode.GOVERNANCE:
        yield "VRF044", f"has a compliance lock, a governance lock is declared; it can be changed until {_day(lock)}"
    days = declared.grace_days
    if days is not None and lock is not None and lock.lock_at is not None and lock.lock_at > now + timedelta(days=days) + SLACK:
        yield "VRF044", f"hardens on {_day(lock)}, the declared grace time is {days} days"


def _range(low: int | None, high: int | None) -> str:
    """Return a lock's range in words.

    Example:
        >>> _range(7, 365), _range(None, None)
        ('7 to 365 days', 'at least 1 days')
    """
    return f"at least {low or 1} days" if high is None else f"{low or 1} to {high} days"


def _day(lock: Lock | None) -> str:
    """Return the day on which a lock hardens: not the minute, which differs from account to account."""
    return f"{lock.lock_at:%Y-%m-%d}" if lock is not None and lock.lock_at is not None else ""


def _account(arn: str) -> str:
    try:
        return Arn.parse(arn).account
    except ValueError:
        return ""


def _key_id(arn: str) -> str:
    return arn.rpartition("/")[2]


def _columns(each: Verdict) -> tuple[Any, ...]:
    return str(each.state), each.code or None, each.cause or None, each.doubt
