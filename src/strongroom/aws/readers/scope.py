"""One account in one Region, as a reader sees it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from strongroom.aws.readers.harvest import Halted
from strongroom.aws.sessions import Sessions
from strongroom.domain.names import partition_of
from strongroom.errors import AwsUnreachable

if TYPE_CHECKING:
    import pyarrow as pa

    from strongroom.aws.fleet.shelf import Segment

# botocore's exceptions for an endpoint that nobody answers at; a slow answer (ReadTimeoutError) says nothing about the next call.
NOBODY_THERE = frozenset({"EndpointConnectionError", "ConnectTimeoutError", "ProxyConnectionError", "SSLError"})


@dataclass(slots=True)
class Reading:
    """What all scopes of one `fleet.read` share."""

    sessions: Sessions
    home_region: str
    halt: threading.Event = field(default_factory=threading.Event)
    # Endpoints where all attempts failed: every account would wait for the same timeouts again.
    unreachable: dict[tuple[str, str], AwsUnreachable] = field(default_factory=dict)
    texts: dict[str, None] = field(default_factory=dict)  # digests of policy texts that are safely home
    since: dict[tuple[str, str, str], float] = field(default_factory=dict)  # (account, Region, subject): older items are known already
    # (account, Region): between which epoch seconds recovery points tell whether a list of everybody's jobs holds theirs.
    watched: dict[tuple[str, str], tuple[float, float]] = field(default_factory=dict)
    spill: "Callable[[str, pa.Table], Segment] | None" = None


@dataclass(frozen=True, slots=True)
class Scope:
    """An account and a Region; `account` None: the caller's own."""

    reading: Reading
    account: str
    region: str

    @property
    def partition(self) -> str:
        """The AWS partition of the Region."""
        return partition_of(self.region)

    def call(self, service: str, operation: str, *, raw: bool = False, **parameters: Any) -> dict[str, Any]:
        """Return one answer; raises AwsRefused, and Halted when reading stops."""
        self._look(service)
        try:
            return self.reading.sessions.call(service, self.region, operation, account=self.account, raw=raw, **parameters)
        except AwsUnreachable as error:
            raise self._remember(service, error) from error

    def pages(self, service: str, operation: str, key: str, *, raw: bool = False, **parameters: Any) -> Iterator[list[Any]]:
        """Yield the items of each page; raises AwsRefused, and Halted when reading stops."""
        listing = self.reading.sessions.whole_pages(service, self.region, operation, key, account=self.account, raw=raw, **parameters)
        while True:
            self._look(service)
            try:
                page = next(listing, None)
            except AwsUnreachable as error:
                raise self._remember(service, error) from error
            if page is None:
                return
            yield page

    def items(self, service: str, operation: str, key: str, **parameters: Any) -> Iterator[Any]:
        """Yield the items of all pages; raises AwsRefused, and Halted when reading stops."""
        for page in self.pages(service, operation, key, **parameters):
            yield from page

    def created_after(self, subject: str) -> dict[str, datetime]:
        """Return the filter of a listing that leaves out what is known already; empty: everything is asked for."""
        since = self.reading.since.get((self.account, self.region, subject))
        # A second earlier: AWS does not say whether an item of that very instant is listed.
        return {} if since is None else {"ByCreatedAfter": datetime.fromtimestamp(since - 1, UTC)}

    def _look(self, service: str) -> None:
        if self.reading.halt.is_set():
            raise Halted
        known = self.reading.unreachable.get((service, self.region))
        if known is not None:
            raise AwsUnreachable(known.message, hint=known.hint, code=known.code)

    def _remember(self, service: str, error: AwsUnreachable) -> AwsUnreachable:
        if error.code in NOBODY_THERE:
            short = AwsUnreachable(f"{service} in {self.region} does not answer ({error.code})", hint=error.hint, code=error.code)
            self.reading.unreachable.setdefault((service, self.region), short)
            return short
        return error
