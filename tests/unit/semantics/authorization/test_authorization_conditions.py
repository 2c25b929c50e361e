"""Conditions: what each operator says of a value, of several, of none, and of one that nobody told us."""

import pytest

from strongroom.semantics.authorization.conditions import condition
from strongroom.semantics.authorization.truth import MAYBE, NO, YES
from strongroom.semantics.authorization.variables import UNKNOWN

ROLE = "arn:aws:iam::111122223333:role/ops/lead"


def says(operator, values, found, *, variables=True, **others):
    """What a condition on the key k says when the call has these values for it."""
    known = {"k": found, **{key.replace("__", ":"): value for key, value in others.items()}}
    return condition(operator, "K", values, variables=variables).truth(lambda key: known.get(key, ()))


SINGLE = [
    ("StringEquals", "a", "a", YES),
    ("StringEquals", "a", "A", NO),
    ("StringEquals", "a*", "ab", NO),
    ("StringEquals", "a*", "a*", YES),
    ("StringNotEquals", "a", "b", YES),
    ("StringNotEquals", "a", "a", NO),
    ("StringEqualsIgnoreCase", "Straße", "STRASSE", YES),
    ("StringNotEqualsIgnoreCase", "a", "A", NO),
    ("StringLike", "a?c*", "abcde", YES),
    ("StringLike", "a?c", "ac", NO),
    ("StringLike", "A*", "ab", NO),
    ("StringNotLike", "a*", "ab", NO),
    ("NumericEquals", "10", "10.0", YES),
    ("NumericNotEquals", "10", "11", YES),
    ("NumericLessThan", "10", "9.5", YES),
    ("NumericLessThan", "10", "10", NO),
    ("NumericLessThanEquals", "10", "10", YES),
    ("NumericGreaterThan", "10", "10", NO),
    ("NumericGreaterThanEquals", "10", "1e1", YES),
    ("NumericEquals", "10", "ten", NO),
    ("DateEquals", "2026-11-21T00:00:00Z", "2026-11-21", YES),
    ("DateNotEquals", "2026-11-21T00:00:00Z", "2026-11-22", YES),
    ("DateLessThan", "2026-11-21T09:00:00Z", "2026-11-21T10:00:00+02:00", YES),
    ("DateLessThanEquals", "1795219200", "2026-11-21T00:00:00Z", YES),
    ("DateGreaterThan", "2026-11-21T00:00:00Z", "2026-11-21T00:00:01Z", YES),
    ("DateGreaterThanEquals", "2026-11-21T00:00:00Z", "2026-11-20T23:59:59Z", NO),
    ("Bool", "true", "True", YES),
    ("Bool", "false", "true", NO),
    ("BinaryEquals", "QUJD", "QUJD", YES),
    ("IpAddress", "203.0.113.0/24", "203.0.113.77", YES),
    ("IpAddress", "203.0.113.9", "203.0.113.9", YES),
    ("IpAddress", "2001:db8::/32", "2001:db8::1", YES),
    ("IpAddress", "203.0.113.0/24", "2001:db8::1", NO),
    ("NotIpAddress", "203.0.113.0/24", "198.51.100.1", YES),
    ("ArnEquals", "arn:aws:iam::*:role/ops/*", ROLE, YES),
    ("ArnLike", "arn:aws:iam::*:role/ops/*", ROLE, YES),
    ("ArnLike", "arn:aws:iam::*", ROLE, MAYBE),
    ("ArnLike", "arn:aws:*:*:role/ops/*:x", ROLE, NO),
    ("ArnNotLike", "arn:aws:iam::*:user/*", ROLE, YES),
    ("ArnNotEquals", "arn:aws:iam::*:role/ops/*", ROLE, NO),
]


@pytest.mark.parametrize(("operator", "value", "found", "expected"), SINGLE)
def test_operators_compare_as_documented(operator, value, found, expected):
    """One value of the policy against one of the call."""
    assert says(operator, [value], (found,)) is expected


def test_several_values_of_a_policy_are_alternatives():
    """Any of them suffices; a negated operator wants none of them."""
    assert says("StringEquals", ["a", "b"], ("b",)) is YES
    assert says("StringNotEquals", ["a", "b"], ("b",)) is NO
    assert says("StringNotEquals", ["a", "b"], ("c",)) is YES


ABSENT = [
    ("StringEquals", NO),
    ("StringNotEquals", YES),
    ("StringEqualsIfExists", YES),
    ("StringNotEqualsIfExists", YES),
    ("ForAllValues:StringEquals", YES),
    ("ForAllValues:StringNotEquals", YES),
    ("ForAnyValue:StringEquals", NO),
    ("ForAnyValue:StringNotEquals", NO),
    ("ForAnyValue:StringEqualsIfExists", MAYBE),
]


@pytest.mark.parametrize(("operator", "expected"), ABSENT)
def test_a_key_that_the_call_does_not_have(operator, expected):
    """Negated operators and IfExists hold, ForAllValues holds, ForAnyValue doesn't."""
    assert says(operator, ["a"], ()) is expected


@pytest.mark.parametrize("operator", [operator for operator, _ in ABSENT] + ["Null", "Bool", "NoSuchOperator"])
def test_a_key_that_nobody_told_us_is_unknown(operator):
    """Whatever the operator: it is not known."""
    assert says(operator, ["true"], UNKNOWN) is MAYBE


def test_set_operators_take_several_values():
    """All of the call's values must match one of the policy's, or one of them."""
    assert says("ForAllValues:StringEquals", ["a", "b"], ("a", "b")) is YES
    assert says("ForAllValues:StringEquals", ["a", "b"], ("a", "c")) is NO
    assert says("ForAnyValue:StringLike", ["a*"], ("x", "ab")) is YES
    assert says("ForAnyValue:StringNotEquals", ["a"], ("a", "b")) is YES
    assert says("ForAllValues:StringNotEquals", ["a"], ("a", "b")) is NO


def test_several_values_without_a_set_operator_are_unknown():
    """AWS says to use a set operator, not what happens without one."""
    assert says("StringEquals", ["a"], ("a", "b")) is MAYBE


def test_null_asks_whether_the_key_is_there():
    """true: it must be absent; false: it must be there."""
    assert (says("Null", ["true"], ()), says("Null", ["true"], ("x",))) == (YES, NO)
    assert (says("Null", ["false"], ()), says("Null", ["false"], ("x",))) == (NO, YES)


def test_variables_take_the_values_of_the_call():
    """Also within a pattern; wildcards in a value are ordinary characters."""
    assert says("StringEquals", ["${aws:username}"], ("ann",), aws__username=("ann",)) is YES
    assert says("StringLike", ["home/${aws:username}/*"], ("home/ann/x",), aws__username=("ann",)) is YES
    assert says("StringLike", ["${aws:username}"], ("ann",), aws__username=("*",)) is NO
    assert says("ArnLike", ["${aws:PrincipalArn}"], (ROLE,), aws__principalarn=(ROLE,)) is YES


def test_variables_without_a_value():
    """The default stands in; without one nothing is equal and everything differs."""
    assert says("StringEquals", ["${aws:PrincipalTag/team, 'none'}"], ("none",)) is YES
    assert says("StringEquals", ["${aws:username}"], ("ann",)) is NO
    assert says("StringNotEquals", ["${aws:username}"], ("ann",)) is YES
    assert says("StringEquals", ["${aws:username}"], ("ann",), aws__username=UNKNOWN) is MAYBE
    assert says("StringEquals", ["${aws:username}", "ann"], ("ann",), aws__username=UNKNOWN) is YES


def test_escapes_are_ordinary_characters():
    """${*}, ${?} and ${$} stand for themselves."""
    assert says("StringLike", ["a${*}"], ("a*",)) is YES
    assert says("StringLike", ["a${*}"], ("ab",)) is NO
    assert says("StringEquals", ["${$}${?}"], ("$?",)) is YES


def test_policies_of_2008_have_no_variables():
    """Their text is taken literally."""
    assert says("StringEquals", ["${aws:username}"], ("ann",), variables=False, aws__username=("ann",)) is NO
    assert says("StringEquals", ["${aws:username}"], ("${aws:username}",), variables=False) is YES
