"""In which order, how many at once and until how many failures an operation reaches the instances of a StackSet.

Source: CloudFormation API reference, StackSetOperationPreferences (read 2026-11).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from strongroom.twin.cloudformation.stackset import Instance
from strongroom.twin.cloudformation.template import refuse

_PAIRS = (("FailureToleranceCount", "FailureTolerancePercentage"), ("MaxConcurrentCount", "MaxConcurrentPercentage"))
SOFT = "SOFT_FAILURE_TOLERANCE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preferences:
    """The preferences of an operation; without any, one account at a time, and the first failure ends it."""

    region_order: tuple[str, ...] = ()
    parallel: bool = False  # Regions beside each other: one that stops doesn't stop the others
    tolerance: int | None = None  # accounts in a Region
    tolerance_percentage: int | None = None
    concurrent: int | None = None  # accounts in a Region
    concurrent_percentage: int | None = None
    soft: bool = False  # as many at once as asked for, however many have failed

    def tolerated(self, accounts: int) -> int:
        """How many of the accounts in a Region may fail."""
        if self.tolerance_percentage is not None:
            return accounts * self.tolerance_percentage // 100
        return self.tolerance or 0

    def at_once(self, accounts: int) -> int:
        """How many accounts of a Region are tried at once; unless soft, one more than may fail at most."""
        share = accounts * self.concurrent_percentage // 100 if self.concurrent_percentage is not None else 0
        wanted = max(share, self.concurrent or 1)
        return wanted if self.soft else min(wanted, self.tolerated(accounts) + 1)


REGARDLESS = Preferences(parallel=True, tolerance_percentage=100, concurrent_percentage=100)


def read(given: Mapping[str, Any] | None) -> Preferences:
    """The OperationPreferences of a request; raises ApiError for those that contradict each other."""
    given = given or {}
    for count, percentage in _PAIRS:
        if count in given and percentage in given:
            raise refuse(f"You can specify either {count} or {percentage}, but not both.")
    return Preferences(
        region_order=tuple(given.get("RegionOrder") or ()),
        parallel=given.get("RegionConcurrencyType") == "PARALLEL",
        tolerance=_number(given, "FailureToleranceCount"),
        tolerance_percentage=_number(given, "FailureTolerancePercentage"),
        concurrent=_number(given, "MaxConcurrentCount"),
        concurrent_percentage=_number(given, "MaxConcurrentPercentage"),
        soft=given.get("ConcurrencyMode") == SOFT,
    )


def by_region(instances: Iterable[Instance], preferences: Preferences, *, ordered: bool) -> dict[str, list[Instance]]:
    """Instances by Region, in the order of RegionOrder where it is `ordered`; Regions that it doesn't name come last."""
    found: dict[str, list[Instance]] = {}
    for instance in instances:
        found.setdefault(instance.region, []).append(instance)
    if not ordered:
        return found
    first = {region: found[region] for region in preferences.region_order if region in found}
    return first | found


def _number(given: Mapping[str, Any], name: str) -> int | None:
    return int(given[name]) if given.get(name) is not None else None
