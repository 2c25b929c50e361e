"""States of alarms by their points: the tables of AWS's page on missing data, transcribed by hand.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import pytest

from strongroom.twin.watching.verdicts import Trigger, judge

KEPT = "as it was"
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
# Points oldest first: 0 within the threshold, X outside, - missing; three evaluation periods; states by treatment.
THREE_OF_THREE = [
    ("0 - X - X", ("OK", "OK", "OK", "OK")),
    ("- - - - 0", ("OK", "OK", "OK", "OK")),
    ("- - - - -", ("INSUFFICIENT_DATA", KEPT, "ALARM", "OK")),
    ("0 X X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("- - X - -", ("ALARM", KEPT, "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0 - X - X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 0 X 0 X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0 - X - -", ("OK", "OK", "ALARM", "OK")),
    ("- - - - 0", ("OK", "OK", "ALARM", "OK")),
    ("- - - X -", ("ALARM", KEPT, "ALARM", "OK")),
]
CASES = [
    (to_alarm, points, treatment, state)
    for to_alarm, rows in ((3, THREE_OF_THREE), (2, TWO_OF_THREE))
    for points, states in rows
    for treatment, state in zip(TREATMENTS, states, strict=True)
]


@pytest.mark.parametrize(("to_alarm", "points", "treatment", "state"), CASES)
def test_points_and_what_is_missing_give_the_documented_state(to_alarm: int, points: str, treatment: str, state: str) -> None:
    """Only what the latest real points lack is filled."""
    values = [None if point == "-" else float(point == "X") for point in points.split()]
    trigger = Trigger(comparison="GreaterThanThreshold", threshold=0.5, periods=3, to_alarm=to_alarm, missing=treatment)
    assert judge(trigger, values, KEPT) == state
