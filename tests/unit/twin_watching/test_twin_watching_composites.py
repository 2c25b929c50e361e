"""Rules of composite alarms: what holds, and what can't be read."""

import pytest

from strongroom.twin.watching.composites import BadRule, holds, names

STATES = {"rings": "ALARM", "fine": "OK", "new one": "INSUFFICIENT_DATA"}
CASES = [
    ("ALARM(rings)", True),
    ('ALARM("rings") AND OK(fine)', True),
    ("ALARM(fine) OR ALARM('rings')", True),
    ("ALARM(rings) OR ALARM(fine) AND FALSE", True),
    ("(ALARM(rings) OR ALARM(fine)) AND FALSE", False),
    ("NOT ALARM(rings)", False),
    ('INSUFFICIENT_DATA("new one") AND TRUE', True),
    ("ALARM(arn:aws:cloudwatch:eu-west-2:555555555555:alarm:rings)", True),
]


@pytest.mark.parametrize(("rule", "expected"), CASES)
def test_a_rule_holds_by_the_states_of_its_alarms(rule: str, expected: bool) -> None:  # noqa: FBT001 - the column of a table
    """AND binds more closely than OR; names may have quotation marks, or be ARNs."""
    assert holds(rule, STATES.__getitem__) is expected


@pytest.mark.parametrize(
    "rule", ["", "ALARM(rings", "ALARM(rings) OK(fine)", "AND ALARM(rings)", "(ALARM(rings)", "rings", "ALARM(rings) OR"]
)
def test_what_is_no_rule_is_refused(rule: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(BadRule):
        holds(rule, STATES.__getitem__)


def test_the_alarms_of_a_rule_are_known() -> None:
    """Each once, whatever is asked of them."""
    assert names("ALARM(a) AND NOT (OK('b c') OR ALARM(a))") == {"a", "b c"}
