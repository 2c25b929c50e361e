"""Whether an event matches an EventBridge pattern.

A pattern names fields; each of them has to have one of the values listed, or to fulfil one of the comparisons. What this release does
not understand is not decided: neither matched nor missed.
Source: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html (read 2026-11-21)
"""

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

OR: Final = "$or"
_ABSENT: Final = object()
_NUMBERS: Final[Mapping[str, Callable[[float, float], bool]]] = {
    "=": lambda value, bound: value == bound,
    "<": lambda value, bound: value < bound,
    "<=": lambda value, bound: value <= bound,
    ">": lambda value, bound: value > bound,
    ">=": lambda value, bound: value >= bound,
}


def matches(pattern: Any, event: Mapping[str, Any]) -> bool | None:
    """Return whether an event matches; None where that depends on an operator that is not understood.

    Example:
        >>> event = {"source": "aws.backup", "detail": {"state": "FAILED", "resourceType": "EBS"}}
        >>> matches({"source": ["aws.backup"], "detail": {"state": ["FAILED", "ABORTED"]}}, event)
        True
        >>> matches({"source": [{"prefix": "aws."}], "detail": {"resourceType": [{"anything-but": "EBS"}]}}, event)
        False
        >>> matches({"detail": {"resourceType": [{"cidr": "10.0.0.0/8"}], "state": ["FAILED"]}}, event) is None
        True
    """
    return _fields(pattern, event) if isinstance(pattern, Mapping) and pattern else None


def _fields(pattern: Mapping[str, Any], value: Any) -> bool | None:
    answers = []
    for name, wanted in pattern.items():
        if name == OR and isinstance(wanted, Sequence):
            answers.append(_any(_fields(each, value) for each in wanted))
            continue
        found = value.get(name, _ABSENT) if isinstance(value, Mapping) else _ABSENT
        answers.append(_fields(wanted, found) if isinstance(wanted, Mapping) else _listed(wanted, found))
    return _all(answers)


def _listed(wanted: Any, found: Any) -> bool | None:
    """Return whether a field has one of the values of a list; of a field with several values one is enough."""
    if not isinstance(wanted, Sequence) or isinstance(wanted, str):
        return None
    values = found if isinstance(found, list) else [found]
    return _any(_one(each, value) for each in wanted for value in values)


def _one(wanted: Any, value: Any) -> bool | None:
    if not isinstance(wanted, Mapping):
        return value is not _ABSENT and type(value) is type(wanted) and bool(value == wanted)
    if len(wanted) != 1:
        return None
    operator, operand = next(iter(wanted.items()))
    if operator == "exists":
        return (value is not _ABSENT) is bool(operand)
    if value is _ABSENT:
        return False
    return _compared(operator, operand, value)


def _compared(operator: str, operand: Any, value: Any) -> bool | None:
    text = value if isinstance(value, str) else None
    match operator:
        case "anything-but":
            return _anything_but(operand, value)
        case "prefix" | "suffix" | "wildcard" | "equals-ignore-case":
            return text is not None and _text(operator, operand, text)
        case "numeric":
            return _numeric(operand, value)
    return None


def _anything_but(operand: Any, value: Any) -> bool | None:
    if isinstance(operand, Mapping):
        if len(operand) != 1:
            return None
        operator, operands = next(iter(operand.items()))
        inner = _any(_compared(operator, each, value) for each in (operands if isinstance(operands, list) else [operands]))
        return None if inner is None else not inner
    return value not in (operand if isinstance(operand, list) else [operand])


def _text(operator: str, operand: Any, text: str) -> bool | None:
    if isinstance(operand, Mapping) and set(operand) == {"equals-ignore-case"}:  # prefix and suffix take it
        operand, text = str(operand["equals-ignore-case"]).lower(), text.lower()
    if not isinstance(operand, str):
        return None
    match operator:
        case "prefix":
            return text.startswith(operand)
        case "suffix":
            return text.endswith(operand)
        case "wildcard":
            parts = re.split(r"(?<!\\)\*", operand)
            return re.fullmatch(".*".join(re.escape(re.sub(r"\\(.)", r"\1", part)) for part in parts), text, re.DOTALL) is not None
        case _:
            return text.lower() == operand.lower()


def _numeric(operand: Any, value: Any) -> bool | None:
    if not isinstance(operand, list) or len(operand) % 2:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    terms = [(symbol, bound) for index, (symbol, bound) in enumerate(pairwise(operand)) if index % 2 == 0]
    return _all(_NUMBERS[symbol](value, bound) if symbol in _NUMBERS else None for symbol, bound in terms)


def _any(answers: Any) -> bool | None:
    known = list(answers)
    return True if True in known else None if None in known else False


def _all(answers: Any) -> bool | None:
    known = list(answers)
    return False if False in known else None if None in known else True
