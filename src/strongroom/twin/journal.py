"""The journal of wire calls: what tests and people ask to see what a client really did."""

import re
import threading
from dataclasses import asdict, dataclass
from typing import Any

# An operation whose name starts like this changes nothing. AssumeRole and its kin hand out sessions, no state of the account;
# CloudFormation's Detect… look for drift, and IAM grants them at the access level Read.
_READS = re.compile(
    r"(Get|List|Describe|Detect|Head|BatchGet|Search|Query|Scan|Select|Assume|Simulate|Validate|Estimate|Lookup|Preview|Check|Decode)[A-Z]|(Query|Scan|Search)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One wire call."""

    number: int  # counts from 1, never reused
    at: str  # virtual instant, ISO 8601
    account: str  # of the caller; empty when the caller is unknown
    region: str
    service: str  # signing name
    operation: str  # empty when nobody recognised it
    principal: str  # ARN of the caller
    status: int  # HTTP status; 0 when the connection was cut
    error: str  # AWS's error code, empty on success
    write: bool  # whether it could have changed something
    duration_ms: float  # real time in the server


class Journal:
    """All calls since the start or the last `clear`, in order; safe to use from several threads."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._number = 0
        self._lock = threading.Lock()

    def record(self, **fields: Any) -> Entry:
        """Append a call; takes the fields of `Entry` without its number."""
        with self._lock:
            self._number += 1
            entry = Entry(number=self._number, **fields)
            self._entries.append(entry)
            return entry

    def calls(self, *, after: int = 0, write: bool | None = None, limit: int = 100_000) -> list[dict[str, Any]]:
        """Return the calls with a number above `after`, as JSON objects; `write` filters."""
        with self._lock:
            entries = [entry for entry in self._entries if entry.number > after and write in (None, entry.write)]
        return [asdict(entry) for entry in entries[:limit]]

    def clear(self) -> None:
        """Forget all calls; numbers go on."""
        with self._lock:
            self._entries.clear()


def is_write(operation: str, method: str) -> bool:
    """Return whether a call may change something, judged by its operation, or by its HTTP method where that is unknown.

    Example:
        >>> is_write("CreateBackupVault", "PUT"), is_write("ListBackupPlans", "GET"), is_write("DescribeTable", "POST")
        (True, False, False)
        >>> is_write("", "GET"), is_write("", "DELETE")
        (False, True)
    """
    if not operation:
        return method not in {"GET", "HEAD", "OPTIONS"}
    return not _READS.match(operation)
