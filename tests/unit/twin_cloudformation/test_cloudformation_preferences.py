"""Order, tolerance and concurrency of StackSet operations."""

import pytest

from strongroom.twin.cloudformation.preferences import Preferences, by_region, read
from strongroom.twin.cloudformation.stackset import Instance
from strongroom.twin.ports import ApiError


@pytest.mark.parametrize(
    ("given", "accounts", "tolerated", "at_once"),
    [
        (None, 10, 0, 1),
        ({"FailureToleranceCount": 3, "MaxConcurrentCount": 10}, 10, 3, 4),
        ({"FailureTolerancePercentage": 25}, 10, 2, 1),
        ({"FailureTolerancePercentage": 100, "MaxConcurrentPercentage": 100}, 7, 7, 7),
        ({"MaxConcurrentPercentage": 1}, 10, 0, 1),
        ({"MaxConcurrentCount": 5, "ConcurrencyMode": "SOFT_FAILURE_TOLERANCE"}, 10, 0, 5),
    ],
)
def test_how_many_may_fail_and_how_many_run(given: dict[str, object] | None, accounts: int, tolerated: int, at_once: int) -> None:
    """Percentages are rounded down, but one account always runs; strictly, one more than may fail."""
    preferences = read(given)
    assert (preferences.tolerated(accounts), preferences.at_once(accounts)) == (tolerated, at_once)


@pytest.mark.parametrize("what", ["FailureTolerance", "MaxConcurrent"])
def test_a_count_and_a_percentage_exclude_each_other(what: str) -> None:
    """Both is a ValidationError."""
    with pytest.raises(ApiError, match="but not both"):
        read({f"{what}Count": 1, f"{what}Percentage": 1})


def test_regions_come_in_their_order_and_the_others_after_them() -> None:
    """Only where the order is followed."""
    instances = [Instance(account="1", region=region, unit="", overrides={}) for region in ("a", "b", "c", "a")]
    wishes = Preferences(region_order=("c", "x", "a"))
    assert list(by_region(instances, wishes, ordered=True)) == ["c", "a", "b"]
    assert list(by_region(instances, wishes, ordered=False)) == ["a", "b", "c"]
    assert len(by_region(instances, wishes, ordered=True)["a"]) == 2
