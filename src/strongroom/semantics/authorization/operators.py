"""Condition operators: what each compares, which contradict themselves (Not…), how IfExists and the set operators change it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html
"""

import ipaddress
import operator
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from enum import Enum
from functools import lru_cache
from typing import Any, Final

from strongroom.semantics.authorization.patterns import Piece, Test, Wild, arn_glob, glob


class Quantifier(Enum):
    """How the values of a key with several ones are taken together."""

    ONE = ""  # the key has one value
    ALL = "ForAllValues"
    ANY = "ForAnyValue"


Build = Callable[[tuple[Piece, ...]], Test | None]  # from a policy's value to a test of the call's; None: the value makes no sense


@dataclass(frozen=True, slots=True, kw_only=True)
class Operator:
    """A condition operator."""

    name: str  # as the policy writes it
    base: str  # without quantifier and IfExists
    build: Build | None  # None: Null
    negated: bool = False
    quantifier: Quantifier = Quantifier.ONE
    if_exists: bool = False
    variables: bool = False  # policy variables are replaced in its values


def read(name: str) -> Operator | None:
    """Return an operator; None: there is no such.

    Example:
        >>> found = read("ForAnyValue:StringNotLikeIfExists")
        >>> found.base, found.negated, found.quantifier.name, found.if_exists
        ('StringNotLike', True, 'ANY', True)
        >>> read("StringLikes") is None
        True
    """
    prefix, colon, rest = name.rpartition(":")
    if colon and prefix not in {"ForAllValues", "ForAnyValue"}:
        return None
    quantifier = Quantifier(prefix)
    base = rest.removesuffix("IfExists")
    if_exists = base != rest
    if base == "Null":
        return None if if_exists or colon else Operator(name=name, base=base, build=None)
    if base not in _OPERATORS:
        return None
    build, negated = _OPERATORS[base]
    variables = base.startswith(("String", "Arn"))
    return Operator(name=name, base=base, build=build, negated=negated, quantifier=quantifier, if_exists=if_exists, variables=variables)


def names() -> tuple[str, ...]:
    """Return the operators without quantifiers and IfExists."""
    return (*_OPERATORS, "Null")


def _exactly(value: tuple[Piece, ...]) -> Test:
    return glob((_text(value),) if value else ())


def _in_any_case(value: tuple[Piece, ...]) -> Test:
    expected = _text(value).casefold()
    return lambda text: text.casefold() == expected


def _boolean(value: tuple[Piece, ...]) -> Test | None:
    expected = _text(value).lower()
    return (lambda text: text.lower() == expected) if expected in {"true", "false"} else None


def _address(value: tuple[Piece, ...]) -> Test | None:
    try:
        network = ipaddress.ip_network(_text(value), strict=False)
    except ValueError:
        return None

    def inside(text: str) -> bool:
        address = _ip(text)
        return address is not None and address.version == network.version and address in network

    return inside


def _compared(parse: Callable[[str], Any], compare: Callable[[Any, Any], bool]) -> Build:
    def build(value: tuple[Piece, ...]) -> Test | None:
        bound = parse(_text(value))
        if bound is None:
            return None

        def test(text: str) -> bool:
            found = parse(text)
            return found is not None and compare(found, bound)

        return test

    return build


def _text(value: tuple[Piece, ...]) -> str:
    """Return a policy's value for operators to which a wildcard is an ordinary character."""
    return "".join(piece.value if isinstance(piece, Wild) else piece for piece in value)


@lru_cache(maxsize=4096)
def _ip(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _number(text: str) -> Decimal | None:
    try:
        found = Decimal(text)
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


@lru_cache(maxsize=4096)
def _instant(text: str) -> datetime | None:
    """Return an instant written in ISO 8601 (a day, or a time with its zone) or as seconds since 1970."""
    try:
        if re.fullmatch(r"[0-9]{5,}(\.[0-9]+)?", text):
            return datetime.fromtimestamp(float(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError, OSError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


_OPERATORS: Final[dict[str, tuple[Build, bool]]] = {
    "StringEquals": (_exactly, False),
    "StringNotEquals": (_exactly, True),
    "StringEqualsIgnoreCase": (_in_any_case, False),
    "StringNotEqualsIgnoreCase": (_in_any_case, True),
    "StringLike": (glob, False),
    "StringNotLike": (glob, True),
    "NumericEquals": (_compared(_number, operator.eq), False),
    "NumericNotEquals": (_compared(_number, operator.eq), True),
    "NumericLessThan": (_compared(_number, operator.lt), False),
    "NumericLessThanEquals": (_compared(_number, operator.le), False),
    "NumericGreaterThan": (_compared(_number, operator.gt), False),
    "NumericGreaterThanEquals": (_compared(_number, operator.ge), False),
    "DateEquals": (_compared(_instant, operator.eq), False),
    "DateNotEquals": (_compared(_instant, operator.eq), True),
    "DateLessThan": (_compared(_instant, operator.lt), False),
    "DateLessThanEquals": (_compared(_instant, operator.le), False),
    "DateGreaterThan": (_compared(_instant, operator.gt), False),
    "DateGreaterThanEquals": (_compared(_instant, operator.ge), False),
    "Bool": (_boolean, False),
    "BinaryEquals": (_exactly, False),
    "IpAddress": (_address, False),
    "NotIpAddress": (_address, True),
    "ArnEquals": (arn_glob, False),  # the same as ArnLike, AWS says
    "ArnNotEquals": (arn_glob, True),
    "ArnLike": (arn_glob, False),
    "ArnNotLike": (arn_glob, True),
}
