"""The grammar as a JSON Schema, for completion and checks in editors."""

import ast
import inspect
from itertools import pairwise
from typing import Any

from strongroom.strategyfile.models import StrategyPart
from strongroom.strategyfile.parts import Part

_DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema (draft 2020-12) of a strategy file.

    It knows keys, shapes and patterns; what parts say about each other is only found by `parse`.
    """
    written = StrategyPart.model_json_schema(by_alias=True)
    for part in Part.__subclasses__():
        definition = written if part is StrategyPart else written["$defs"][part.__name__]
        for name, words in _field_docstrings(part).items():
            definition["properties"][part.model_fields[name].alias or name]["description"] = words
    schema = _cleaned(written)
    return {"$schema": _DIALECT, **schema, "title": "Strongroom strategy", "examples": [_EXAMPLE]}


_EXAMPLE = {
    "strongroom": 1,
    "organization": {"home_region": "eu-west-2", "governs": ["Workloads"]},
    "plans": {"production": {"select": {"tags": {"environment": "prod"}}, "rules": {"daily": {"at": "02:00", "keep": "30d"}}}},
}


def _field_docstrings(part: type[Part]) -> dict[str, str]:
    """Return the text below each field of a part."""
    (written,) = ast.parse(inspect.getsource(part)).body
    assert isinstance(written, ast.ClassDef)  # noqa: S101 - the source of a class is a class
    return {
        field.target.id: inspect.cleandoc(text.value.value)
        for field, text in pairwise(written.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(text, ast.Expr)
        and isinstance(text.value, ast.Constant)
        and isinstance(text.value.value, str)
    }


def _cleaned(value: Any) -> Any:
    """Return a schema without what is only Python's: null for optional keys, generated titles, names of classes."""
    if isinstance(value, list):
        return [_cleaned(item) for item in value]
    if not isinstance(value, dict):
        return value.replace("Part", "") if isinstance(value, str) and value.startswith("#/$defs/") else value
    found = {key: _cleaned(item) for key, item in value.items() if not _pythonic(key, item)}
    if "$defs" in found:
        found["$defs"] = {name.removesuffix("Part"): definition for name, definition in found["$defs"].items()}
    if "patternProperties" in found:  # names that don't fit are refused
        found["additionalProperties"] = False
    choices = [choice for choice in found.get("anyOf", []) if choice != {"type": "null"}]
    if len(choices) == 1:
        del found["anyOf"]
        return {**choices[0], **found}
    return {**found, "anyOf": choices} if choices else found


def _pythonic(key: str, item: Any) -> bool:
    return (key == "title" and isinstance(item, str)) or (key == "default" and item is None)
