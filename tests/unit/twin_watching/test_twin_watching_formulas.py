"""Metric math: values by instant, gaps, and expressions that nobody can compute."""

import pytest

from strongroom.twin.watching.formulas import BadExpression, compute

SERIES = {"m1": {0: 1.0, 60: 2.0}, "m2": {60: 4.0, 120: 6.0}}
GRID = (0, 60, 120)

CASES = [
    ("m1", {0: 1.0, 60: 2.0}),
    ("m1 + m2", {60: 6.0}),
    ("m1 * 2 - 1", {0: 1.0, 60: 3.0}),
    ("-m1", {0: -1.0, 60: -2.0}),
    ("m1 / 0", {}),
    ("(m1 - 2) ** 0.5", {60: 0.0}),
    ("SUM([m1, m2])", {0: 1.0, 60: 6.0, 120: 6.0}),
    ("MAX(METRICS())", {0: 1.0, 60: 4.0, 120: 6.0}),
    ('AVG(METRICS("m2"))', {60: 4.0, 120: 6.0}),
    ("m1 / SUM(m1)", {0: 1 / 3, 60: 2 / 3}),
    ("FILL(m1, 0)", {0: 1.0, 60: 2.0, 120: 0.0}),
    ("FILL(m1, REPEAT)", {0: 1.0, 60: 2.0, 120: 2.0}),
    ("FILL(m2, REPEAT)", {60: 4.0, 120: 6.0}),
    ("MIN(FILL(METRICS(), 9))", {0: 1.0, 60: 2.0, 120: 6.0}),
    ("IF(m1 > 1, m1, 0)", {0: 0.0, 60: 2.0}),
    ("m1 > 0 && m1 < 2", {0: 1.0, 60: 0.0}),
    ("7", {0: 7.0, 60: 7.0, 120: 7.0}),
    ("CEIL(m1 / 4)", {0: 1.0, 60: 1.0}),
]


@pytest.mark.parametrize(("expression", "values"), CASES)
def test_an_expression_has_a_value_where_all_of_its_parts_have_one(expression: str, values: dict[int, float]) -> None:
    """Functions over arrays take what there is; operations need both sides; FILL fills."""
    assert compute(expression, SERIES, GRID) == pytest.approx(values)


@pytest.mark.parametrize(
    "expression",
    ["", "m3", "m1 +", "__import__('os')", "m1.real", "METRICS()", "ANOMALY_DETECTION_BAND(m1)", "(" * 500, "-" * 5_000 + "m1", "'a'"],
)
def test_what_is_no_expression_is_refused(expression: str) -> None:
    """Unknown ids and functions, several series, and whatever else Python would understand."""
    with pytest.raises(BadExpression):
        compute(expression, SERIES, GRID)
