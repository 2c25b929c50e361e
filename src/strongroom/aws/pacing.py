"""How fast AWS is asked, and what is asked again: for each account, service and Region of its own.

AWS throttles an account in a Region. The SDK's adaptive mode slows down a client, and one client serves all accounts here: one busy account
would slow down the reading of all, and use up what all may retry. So the SDK's own retries are off and these are in their place; which
errors are worth another attempt is still the SDK's table.
"""

import random
import threading
import time
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import resources
from typing import Any, Final

from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError
from botocore.retries.standard import RetryEventAdapter, StandardRetryConditions, ThrottlingErrorDetector

from strongroom.aws.wire import signing_account

ATTEMPTS = 5
ATTEMPTS_THROTTLED = 12  # each waits for the rate that AWS still allowed: patience is all that is needed
ATTEMPTS_SILENT = 3  # an endpoint that takes a call and does not answer costs a time-out each
BACKOFF_SECONDS, BACKOFF_SECONDS_MAX = 0.1, 20.0
RATE_MIN, RATE_FREE = 2.0, 200.0  # calls a second: never slower, no longer watched
CUT_SECONDS = 1.0  # calls under way when the first one was throttled say nothing new
RECOVERY = 0.25  # share of the rate that comes back each second
# The SDK takes this code for throttling; it is in DynamoDB (too many tables change at once), elsewhere a quota, which no patience raises.
QUOTA, THROTTLED_BY_QUOTA = "LimitExceededException", frozenset({"dynamodb"})


@dataclass(slots=True)
class Pace:
    """How fast calls go to one service in one account and Region: freely, until AWS says that it is too fast."""

    rate: float | None = None  # calls a second; None: as fast as they come
    burst: float = 1.0
    documented: float | None = None  # it never becomes faster
    lock: threading.Lock = field(default_factory=threading.Lock)
    _tokens: float = 1.0
    _counted_at: float = 0.0
    _second: int = 0  # the current one, and calls in it and in the one before
    _sent: int = 0
    _sent_before: int = 0
    _cut_at: float = float("-inf")

    def wait(self, now: float) -> float:
        """Count a call, and return the seconds that it has to wait."""
        second = int(now)
        if second != self._second:
            self._sent_before, self._sent, self._second = (self._sent if second == self._second + 1 else 0), 0, second
        self._sent += 1
        if self.rate is None:
            return 0.0
        with self.lock:
            rate = self._recovered(now)
            if rate is None:
                return 0.0
            self._tokens = min(self.burst, self._tokens + (now - self._counted_at) * rate) - 1.0
            self._counted_at = now
            return max(0.0, -self._tokens / rate)

    def throttled(self, now: float) -> None:
        """Slow down to half of what was just sent."""
        with self.lock:
            if now - self._cut_at < CUT_SECONDS:
                return
            measured = float(max(self._sent, self._sent_before, 1))
            self.rate = max(RATE_MIN, min(measured, self.rate or measured) / 2)
            self.burst, self._tokens, self._counted_at, self._cut_at = 1.0, 0.0, now, now

    def _recovered(self, now: float) -> float | None:
        """Return the rate, which grows again as long as nothing is throttled."""
        rate = self.rate or RATE_FREE
        since = now - max(self._cut_at + CUT_SECONDS, self._counted_at)
        if since > 0 and self._cut_at > float("-inf"):
            rate *= (1 + RECOVERY) ** since
            self.rate = rate if self.documented is None else min(rate, self.documented)
            if self.rate > RATE_FREE:
                self.rate = None
        return self.rate


class Paces:
    """The paces of all accounts, and the handlers of a client's events that keep to them; safe to use from several threads."""

    def __init__(
        self,
        *,
        attempts: int | None = None,
        silent: Callable[[str], bool] = lambda _region: False,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._attempts = attempts  # as the SDK's configuration says; None: nothing
        self._silent = silent  # tells whether a Region is known not to answer
        self._clock = clock
        self._sleep = sleep
        self._paces: dict[tuple[str, str, str, str], Pace] = {}
        self._adapter = RetryEventAdapter()
        self._conditions = StandardRetryConditions(max_attempts=ATTEMPTS_THROTTLED + 1)
        self._detector = ThrottlingErrorDetector(self._adapter)

    def watch(self, client: Any) -> None:
        """Let all calls of a client keep to the paces, in place of its own retries."""
        service, region = client.meta.service_model.service_name, client.meta.region_name
        event = client.meta.service_model.service_id.hyphenize()

        def before(operation_name: str, **_: Any) -> None:
            pace = self.of(service, region, operation_name)
            seconds = pace.wait(self._clock())
            if seconds:
                self._sleep(seconds)

        def after(operation: Any, attempts: int, **known: Any) -> float | None:
            if known["caught_exception"] is None and known["response"][0].status_code < 300:
                return None
            return self._again(service, region, {"operation": operation, "attempts": attempts, **known})

        events = client.meta.events
        events.unregister(f"needs-retry.{event}", unique_id=f"retry-config-{event}")
        events.register_first(f"request-created.{event}", before)
        events.register(f"needs-retry.{event}", after)

    def of(self, service: str, region: str, operation: str) -> Pace:
        """Return the pace of an operation in the account whose credentials are in force."""
        documented = _documented(service, operation)
        key = (signing_account(), service, region, operation if documented else "")
        found = self._paces.get(key)
        if found is None:
            made = Pace() if documented is None else Pace(rate=documented[0], documented=documented[0], burst=documented[1])
            made._tokens = made.burst  # noqa: SLF001 - a full bucket to begin with
            found = self._paces.setdefault(key, made)
        return found

    def _again(self, service: str, region: str, known: dict[str, Any]) -> float | None:
        """Return after how many seconds a failed call is worth another attempt; None: it isn't."""
        context = self._adapter.create_retry_context(**known)
        if not self._conditions.is_retryable(context) or (context.get_error_code() == QUOTA and service not in THROTTLED_BY_QUOTA):
            return None
        attempts, error = int(known["attempts"]), known["caught_exception"]
        backoff = min(BACKOFF_SECONDS_MAX, BACKOFF_SECONDS * 2.0**attempts) * random.random()  # noqa: S311 - no secret
        if self._detector.is_throttling_error_from_context(context):
            self.of(service, region, known["operation"].name).throttled(self._clock())
            return backoff if attempts < (self._attempts or ATTEMPTS_THROTTLED) else None
        timed_out = isinstance(error, ReadTimeoutError | ConnectTimeoutError)
        if timed_out and self._silent(region):
            return None
        return backoff if attempts < (self._attempts or (ATTEMPTS_SILENT if timed_out else ATTEMPTS)) else None


_RATES: Final = "request_rates.toml"


@cache
def _rates() -> Mapping[str, Mapping[str, Any]]:
    return tomllib.loads((resources.files("strongroom.facts") / _RATES).read_text(encoding="utf-8"))


@cache
def _documented(service: str, operation: str) -> tuple[float, float] | None:
    """Return calls a second and the burst that AWS documents for an operation; None: it doesn't."""
    for pattern, rate in _rates().get(service, {}).items():
        if fnmatchcase(operation, pattern):
            return float(rate["per_second"]), float(rate["burst"])
    return None
