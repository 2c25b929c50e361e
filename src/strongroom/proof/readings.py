"""What was read and what was not: nothing is concluded from the absence of a row that nobody could read."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import pyarrow as pa

GLOBAL_SUBJECTS = frozenset({"accounts", "policies", "effective_policies", "roles"})  # asked once for an account, in whatever Region
NOT_ASKED = "it was not asked for"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """A subject of one account and Region that links depend on and that could not be read."""

    account_id: str
    region: str  # empty for global services
    subject: str
    reason: str


@dataclass(frozen=True, slots=True)
class Readings:
    """The `reads` table, by account and subject: for each Region why it could not be read, empty when it was."""

    reasons: Mapping[tuple[str, str], Mapping[str, str]]

    def missing(self, account: str, region: str, subject: str) -> Unreadable | None:
        """Return None when a subject was read, else what could not be; a subject that was never asked is unread as well."""
        found = self.reasons.get((account, subject))
        if found is None and subject.startswith("resources:"):
            found = self.reasons.get((account, "resources"))
        where = "" if subject in GLOBAL_SUBJECTS else region
        reasons = self._of(found or {}, region, everywhere=subject in GLOBAL_SUBJECTS)
        reason = NOT_ASKED if not reasons else next((reason for reason in reasons if reason), "")
        return Unreadable(account_id=account, region=where, subject=subject, reason=reason) if reason else None

    @staticmethod
    def _of(found: Mapping[str, str], region: str, *, everywhere: bool) -> tuple[str, ...]:
        """Return the reasons of the rows that speak for a Region: its own, else the one of the whole account."""
        if everywhere:
            return tuple(found.values())
        return tuple(found[each] for each in (region, "") if each in found)[:1]


def readings(reads: pa.Table) -> Readings:
    """Return the `reads` table ready for questions."""
    found: dict[tuple[str, str], dict[str, str]] = {}
    for account, region, subject, read, code, reason in _rows(reads):
        why = "" if read else unread_reason(code, reason)
        where = found.setdefault((account, subject), {})
        where[region] = where.get(region) or why
    return Readings(found)


def unread_reason(code: str, reason: str) -> str:
    """Return why something was not read, with AWS's code once.

    Example:
        >>> unread_reason("AccessDenied", "not allowed (AccessDenied: no)"), unread_reason("AccessDenied", "not allowed")
        ('not allowed (AccessDenied: no)', 'AccessDenied: not allowed')
    """
    return ": ".join(part for part in (code if code not in reason else "", reason) if part) or "no reason given"


def _rows(reads: pa.Table) -> Iterable[tuple[str, str, str, bool, str, str]]:
    names = ("account_id", "region", "subject", "read", "code", "reason")
    return zip(*(reads.column(name).to_pylist() for name in names), strict=True)
