"""Validation of a whole file by the grammar: pydantic's errors become problems with places, in our own words."""

from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from strongroom.strategyfile.examinations import installed
from strongroom.strategyfile.models import StrategyPart
from strongroom.strategyfile.nearmiss import did_you_mean
from strongroom.strategyfile.nodes import ListNode, MappingNode, Node, Path, Place, ScalarNode, entries, items, key_place, nearest, plain
from strongroom.strategyfile.problem import SHOWN_MAX, Problem, ValueProblem, dotted, named, shown
from strongroom.strategyfile.validationparts import ValidatorsPart
from strongroom.strategyfile.values import described

# pydantic's names of errors about shape, and what we say is expected
_SHAPES = {
    "model_type": ("keys with values expected", "indent its keys below it"),
    "dict_type": ("keys with values expected", "indent its keys below it"),
    "list_type": ("a list expected", "write its items in square brackets"),
    "tuple_type": ("a list expected", "write its items in square brackets"),
}


def validate(root: MappingNode) -> tuple[StrategyPart | None, tuple[Problem, ...]]:
    """Return the file in the types of the grammar, or all the problems why not."""
    nothing = tuple(_nothing_written(root, (), root.place))
    try:
        part = StrategyPart.model_validate(plain(root))
    except ValidationError as error:
        details = (detail for detail in error.errors(include_url=False, include_input=False) if not _is_reported(root, detail))
        first = sorted(details, key=lambda detail: key_place(root, detail["loc"]))[: SHOWN_MAX + 1]
        return None, (*nothing, *(_problem(root, detail) for detail in first))
    return (None if nothing else part), nothing


def _nothing_written(node: Node, path: Path, place: Place) -> Iterator[Problem]:
    """Yield a problem for each key or item without a value: what looks declared would silently be the default."""
    if isinstance(node, MappingNode):
        for key, entry in node.entries.items():
            yield from _nothing_written(entry.value, (*path, key), entry.key_place)
    elif isinstance(node, ListNode):
        for position, item in enumerate(node.items):
            yield from _nothing_written(item, (*path, position), item.place)
    elif node.value is None:
        yield Problem(
            code="STR005", place=place, subject=dotted(path), message=f"{_key(path)} has no value", help="write a value, or remove it"
        )


def _is_reported(root: Node, detail: ErrorDetails) -> bool:
    """Whether an error repeats another: no value at all, or a list that is only short because its items are wrong."""
    if detail["type"] in {"missing", "extra_forbidden"}:
        return False
    node = nearest(root, detail["loc"])
    if detail["type"] == "too_short":
        return bool(items(node) if isinstance(node, ListNode) else entries(node) or isinstance(node, ScalarNode))
    return isinstance(node, ScalarNode) and node.value is None


def _problem(root: MappingNode, detail: ErrorDetails) -> Problem:
    path, kind = detail["loc"], detail["type"]
    if kind == "extra_forbidden":
        return _unknown(root, path)
    if kind == "missing":
        return _missing(root, path)
    if path[-1:] == ("[key]",):  # pydantic's mark for an error in a key itself
        return _refused(detail, path[:-1], key_place(root, path[:-1]), "key")
    if kind == "too_short":
        fix = f"write, for example, {path[-1]}: {_example(path)}"
        return Problem(
            code="STR004",
            place=key_place(root, path),
            subject=dotted(path),
            message=f"{_key(path)} is empty: at least one expected",
            help=fix,
        )
    place = nearest(root, path).place
    if kind in _SHAPES:
        expected, fix = _SHAPES[kind]
        message = f"{_key(path)} {described(plain(nearest(root, path)))}: {expected}"
        return Problem(code="STR005", place=place, subject=dotted(path), message=message, help=fix)
    return _refused(detail, path, place, _key(path))


def _refused(detail: ErrorDetails, path: Path, place: Place, key: str) -> Problem:
    """Return the problem that one of the functions in `values` found."""
    refused: ValueProblem = detail["ctx"]["problem"]
    return Problem(code=refused.code, place=place, subject=dotted(path), message=f"{key} {refused.message}", help=refused.fix)


def _unknown(root: MappingNode, path: Path) -> Problem:
    key = str(path[-1])
    part = _part(path[:-1])
    known = (*_keys(part), *(sorted(installed()) if part is ValidatorsPart else ()))
    fix = did_you_mean(key, known, otherwise=f"keys that are known here: {', '.join(known)}")
    message = f"unknown key {shown(key)} in {dotted(path[:-1])}"
    return Problem(code="STR003", place=key_place(root, path), subject=dotted(path), message=message, help=fix)


def _missing(root: MappingNode, path: Path) -> Problem:
    code = "STR002" if path == ("strongroom",) else "STR004"
    message = f"{dotted(path[:-1])} lacks the key {path[-1]}"
    return Problem(
        code=code, place=key_place(root, path[:-1]), subject=dotted(path), message=message, help=f"add: {path[-1]}: {_example(path)}"
    )


def _key(path: Path) -> str:
    """Return the key that a message starts with: the last one of the path."""
    return named(next((step for step in reversed(path) if isinstance(step, str)), "the strategy"))


def _keys(part: type[BaseModel]) -> tuple[str, ...]:
    return tuple(field.alias or name for name, field in part.model_fields.items())


def _example(path: Path) -> str:
    """Return how a value may look, from the grammar's own examples."""
    key = path[-1]
    for name, field in _part(path[:-1]).model_fields.items():
        if key == (field.alias or name) and field.examples:
            return _flow(field.examples[0])
    return "[value]" if "tags" in path else "…"


def _flow(value: Any) -> str:
    """Return an example as YAML in one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(item) for item in value) + "]"
    return f'"{value}"' if ":" in str(value) else str(value)


def _part(path: Path) -> type[BaseModel]:
    """Return the model that governs a place; names of plans, rules, vaults and keys, and positions in lists, are passed over."""
    part: type[BaseModel] = StrategyPart
    steps = iter(path)
    for step in steps:
        annotation = next((field.annotation for name, field in part.model_fields.items() if step == (field.alias or name)), None)
        part = _model_in(annotation) or part
        if get_origin(annotation) is dict:
            next(steps, None)
    return part


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model inside an annotation such as `dict[Name, PlanPart]` or `LockPart | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for found in map(_model_in, get_args(annotation)) if found), None)
