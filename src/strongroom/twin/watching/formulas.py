"""Metric math: expressions over the values of metrics, each by the instant at which its period begins.

What works: numbers, ids, + - * / ** and comparisons, SUM, AVG, MIN, MAX, FILL, IF, ABS, CEIL, FLOOR, METRICS.
Source: CloudWatch user guide, using-metric-math (read 2026-11).
"""

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

Values = dict[int, float]  # epoch second -> value
Result = float | Values | list[Values]


class BadExpression(Exception):
    """An expression that can't be read, or that the twin can't compute."""


_BINARY: Final[Mapping[type, Callable[[float, float], float]]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_OVER: Final[Mapping[str, Callable[[Sequence[float]], float]]] = {
    "SUM": sum,
    "MIN": min,
    "MAX": max,
    "AVG": lambda values: sum(values) / len(values),
}
_OF_ONE: Final[Mapping[str, Callable[[float], float]]] = {"ABS": abs, "CEIL": math.ceil, "FLOOR": math.floor}


def compute(expression: str, series: Mapping[str, Values], grid: Iterable[int]) -> Values:
    """Return the values of an expression over series by id, at the instants of a grid; raises BadExpression.

    Example:
        >>> compute("SUM([m1, m2]) * 2", {"m1": {0: 1.0}, "m2": {0: 2.0, 60: 5.0}}, (0, 60))
        {0: 6.0, 60: 10.0}
    """
    instants = tuple(grid)
    try:
        tree = ast.parse(expression.strip().replace("&&", " and ").replace("||", " or "), mode="eval")
        result = _Reader(series, instants).value(tree.body)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadExpression(f"Error in expression '{expression}'") from error
    if isinstance(result, list):
        raise BadExpression(f"the expression '{expression}' gives more than one time series")
    return dict.fromkeys(instants, result) if isinstance(result, float) else result


class _Reader:
    def __init__(self, series: Mapping[str, Values], grid: tuple[int, ...]) -> None:
        self._series = series
        self._grid = grid

    def value(self, node: ast.expr) -> Result:  # noqa: PLR0911 - one for each form of an expression
        """Return the value of a part of an expression."""
        match node:
            case ast.Constant(value=bool() | int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._series:
                return self._series[name]
            case ast.List(elts=parts):
                return [self._single(part) for part in parts]
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _each(lambda one, _: -one, self.value(operand), 0.0)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return _each(_BINARY[type(op)], self.value(left), self.value(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _BINARY:
                return _each(_BINARY[type(op)], self.value(left), self.value(right))
            case ast.BoolOp(op=op, values=[first, *rest]):
                both = isinstance(op, ast.And)
                found = self.value(first)
                for part in rest:
                    found = _each(lambda a, b: float(bool(a and b) if both else bool(a or b)), found, self.value(part))
                return found
            case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]):
                return self._called(name, arguments)
        raise BadExpression(f"the twin can't compute '{ast.unparse(node)}'")

    def _single(self, node: ast.expr) -> Values:
        found = self.value(node)
        if isinstance(found, list):
            raise BadExpression(f"'{ast.unparse(node)}' is not a single time series")
        return dict.fromkeys(self._grid, found) if isinstance(found, float) else found

    def _called(self, name: str, arguments: list[ast.expr]) -> Result:  # noqa: PLR0911 - one for each function
        match name, arguments:
            case "METRICS", []:
                return list(self._series.values())
            case "METRICS", [ast.Constant(value=str() as part)]:
                return [values for key, values in self._series.items() if part in key]
            case (("SUM" | "MIN" | "MAX" | "AVG"), [over]):
                return _over(_OVER[name], self.value(over))
            case (("ABS" | "CEIL" | "FLOOR"), [over]):
                return _each(lambda one, _: _OF_ONE[name](one), self.value(over), 0.0)
            case "FILL", [over, filling]:
                return self._filled(self.value(over), filling)
            case "IF", [condition, yes]:
                return _chosen(self._single(condition), self._single(yes), {})
            case "IF", [condition, yes, no]:
                return _chosen(self._single(condition), self._single(yes), self._single(no))
        raise BadExpression(f"the twin can't compute {name} of {len(arguments)} arguments")

    def _filled(self, over: Result, filling: ast.expr) -> Result:
        if isinstance(over, list):
            return [self._fill(each, filling) for each in over]
        return over if isinstance(over, float) else self._fill(over, filling)

    def _fill(self, values: Values, filling: ast.expr) -> Values:
        repeat = isinstance(filling, ast.Name) and filling.id == "REPEAT"
        other = {} if repeat else self._single(filling)
        filled: Values = {}
        last: float | None = None
        for at in self._grid:
            last = values.get(at, last)
            found = values.get(at, last if repeat else other.get(at))
            if found is not None:
                filled[at] = found
        return filled


def _each(action: Callable[[float, float], Any], left: Result, right: Result) -> Result:
    """Return an operation on each value; where one side has none, neither has the result."""
    if isinstance(left, list):
        return [_series(action, each, right) for each in left]
    if isinstance(right, list):
        return [_series(action, left, each) for each in right]
    if isinstance(left, float) and isinstance(right, float):
        return _applied(action, left, right) or 0.0
    return _series(action, left, right)


def _series(action: Callable[[float, float], Any], left: float | Values, right: Result) -> Values:
    if isinstance(right, list):
        raise BadExpression("two arrays of time series have no common result")
    instants = sorted((left if isinstance(left, dict) else right if isinstance(right, dict) else {}).keys())
    found: Values = {}
    for at in instants:
        one = left.get(at) if isinstance(left, dict) else left
        other = right.get(at) if isinstance(right, dict) else right
        value = None if one is None or other is None else _applied(action, one, other)
        if value is not None:
            found[at] = value
    return found


def _applied(action: Callable[[float, float], Any], one: float, other: float) -> float | None:
    try:
        return float(action(one, other))
    except (ZeroDivisionError, OverflowError, TypeError):  # TypeError: a complex number
        return None  # no data point


def _over(action: Callable[[Sequence[float]], float], over: Result) -> Result:
    """Return what an array is at each instant as one series, or what a series is in all."""
    if isinstance(over, float):
        return over
    if isinstance(over, dict):
        return float(action(list(over.values()))) if over else 0.0
    instants = sorted({at for each in over for at in each})
    return {at: float(action([each[at] for each in over if at in each])) for at in instants}


def _chosen(condition: Values, yes: Values, no: Values) -> Values:
    chosen = {at: (yes if truth else no).get(at) for at, truth in condition.items()}
    return {at: value for at, value in chosen.items() if value is not None}
