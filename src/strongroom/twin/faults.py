"""Faults on demand: what tests ask the twin to do wrong."""

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from strongroom.twin.ports import ApiError


class FaultKind(StrEnum):
    """The faults the twin knows."""

    DENY_ASSUME_ROLE = "deny-assume-role"  # AssumeRole into `account` answers AccessDenied
    SILENT_REGION = "silent-region"  # calls to `region` (of `service`, if named) get no answer: `how` close or hang
    CUT_AFTER_WRITE = "cut-after-write"  # write number `after` is executed, its answer lost; `times` calls (0: all) are cut


class ConnectionCut(Exception):
    """The connection is to be closed without an answer."""


@dataclass(kw_only=True)
class _Fault:
    """An installed fault; `hits` and `writes` count."""

    number: int
    kind: FaultKind
    account: str = ""
    region: str = ""
    service: str = ""
    how: str = "close"
    after: int = 1
    times: int = 1
    writes: int = 0
    hits: int = 0


class Faults:
    """The faults in force; safe to use from several threads."""

    def __init__(self) -> None:
        self._faults: list[_Fault] = []
        self._number = 0
        self._lock = threading.Lock()
        self._cleared = threading.Condition(self._lock)

    def add(self, request: Mapping[str, Any]) -> int:
        """Install a fault from a JSON object and return its number; raises ApiError for an unknown kind or member."""
        members = dict(request)
        kind = members.pop("kind", None)
        if kind not in list(FaultKind):
            raise ApiError("BadFault", f"kind {kind!r} is unknown: {', '.join(FaultKind)} are possible")
        unknown = set(members) - {"account", "region", "service", "how", "after", "times"}
        if unknown:
            raise ApiError("BadFault", f"member {min(unknown)!r} is unknown")
        wrong = [name for name, value in members.items() if not isinstance(value, int if name in {"after", "times"} else str)]
        if wrong or members.get("how", "close") not in {"close", "hang"}:
            raise ApiError("BadFault", f"member {(wrong or ['how'])[0]!r} has a wrong value")
        with self._lock:
            self._number += 1
            self._faults.append(_Fault(number=self._number, kind=FaultKind(kind), **members))
            return self._number

    def all(self) -> list[dict[str, Any]]:
        """Return the faults in force, as JSON objects."""
        with self._lock:
            return [dict(vars(fault)) for fault in self._faults]

    def clear(self) -> None:
        """Remove all faults; calls that hang are closed."""
        with self._lock:
            self._faults.clear()
            self._cleared.notify_all()

    def denies_assuming(self, account: str) -> bool:
        """Return whether AssumeRole into an account is to be refused."""
        with self._lock:
            return self._hit(FaultKind.DENY_ASSUME_ROLE, account=account)

    def before(self, region: str, service: str) -> None:
        """Let a call to a silent Region hang or fail; raises ConnectionCut."""
        with self._lock:
            silent = [
                fault
                for fault in self._faults
                if fault.kind is FaultKind.SILENT_REGION and fault.region == region and fault.service in {"", service}
            ]
            if not silent:
                return
            silent[0].hits += 1
            while silent[0].how == "hang" and silent[0] in self._faults:
                self._cleared.wait(timeout=60)
        raise ConnectionCut(region)

    def after(self, *, write: bool) -> None:
        """Lose the answer to a call that was executed; raises ConnectionCut."""
        with self._lock:
            for fault in self._faults:
                if fault.kind is not FaultKind.CUT_AFTER_WRITE:
                    continue
                fault.writes += write
                due = fault.writes >= fault.after and (write or fault.hits > 0)
                if due and (fault.times == 0 or fault.hits < fault.times):
                    fault.hits += 1
                    raise ConnectionCut(f"after write {fault.writes}")

    def _hit(self, kind: FaultKind, *, account: str) -> bool:
        matching = [fault for fault in self._faults if fault.kind is kind and fault.account == account]
        for fault in matching:
            fault.hits += 1
        return bool(matching)
