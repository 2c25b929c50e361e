"""CloudFormation templates: text to sections, with the refusals of AWS for what is malformed."""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml  # type: ignore[import-untyped]

from strongroom.twin.ports import ApiError

BODY_BYTES_MAX = 51_200  # TemplateBody; larger ones come from S3. CloudFormation quotas
URL_BYTES_MAX = 1_000_000
_SECTIONS = frozenset(
    {
        "AWSTemplateFormatVersion",
        "Description",
        "Metadata",
        "Parameters",
        "Rules",
        "Mappings",
        "Conditions",
        "Transform",
        "Resources",
        "Outputs",
        "Hooks",
    }
)
_ATTRIBUTES = frozenset(
    {"Type", "Properties", "Condition", "DependsOn", "DeletionPolicy", "UpdateReplacePolicy", "Metadata", "CreationPolicy", "UpdatePolicy"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One resource of a template, with its intrinsic functions still in it."""

    type: str
    properties: Mapping[str, Any]
    condition: str | None
    depends_on: tuple[str, ...]
    deletion_policy: str  # Delete, Retain, RetainExceptOnCreate, Snapshot
    replace_policy: str = "Delete"  # UpdateReplacePolicy: Delete, Retain, Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template whose outer structure is right."""

    text: str
    description: str
    parameters: Mapping[str, Mapping[str, Any]]
    mappings: Mapping[str, Any]
    conditions: Mapping[str, Any]
    resources: Mapping[str, Resource]
    outputs: Mapping[str, Mapping[str, Any]]


def refuse(message: str) -> ApiError:
    """A ValidationError."""
    return ApiError("ValidationError", message)


@lru_cache(maxsize=256)
def parse(text: str) -> Template:
    """Read a template's text; ValidationError says what AWS would."""
    document = _document(text)
    if not isinstance(document, dict):
        raise refuse("Template format error: unsupported structure.")
    unknown = sorted(map(str, set(document) - _SECTIONS))
    if unknown:
        raise refuse(f"Invalid template property or properties [{', '.join(unknown)}]")
    resources = document.get("Resources")
    if not isinstance(resources, dict) or not resources:
        raise refuse("Template format error: At least one Resources member must be defined.")
    if document.get("Transform"):
        raise refuse("the twin runs no transforms")
    return Template(
        text=text,
        description=str(document.get("Description") or ""),
        parameters=_mapping(document, "Parameters"),
        mappings=_mapping(document, "Mappings"),
        conditions=_mapping(document, "Conditions"),
        resources={name: _resource(name, body) for name, body in resources.items()},
        outputs=_mapping(document, "Outputs"),
    )


def check_types(template: Template, known: Collection[str]) -> None:
    """Refuse resource types that CloudFormation does not know."""
    unknown = sorted({resource.type for resource in template.resources.values()} - set(known))
    if unknown:
        raise refuse(f"Template format error: Unrecognized resource types: [{', '.join(unknown)}]")


def parameter_values(template: Template, given: Mapping[str, str]) -> dict[str, Any]:
    """Values of all parameters: those given, else their defaults; lists are split."""
    surplus = sorted(set(given) - set(template.parameters))
    if surplus:
        raise refuse(f"Parameters: [{', '.join(surplus)}] do not exist in the template")
    missing = [name for name, body in template.parameters.items() if name not in given and "Default" not in body]
    if missing:
        raise refuse(f"Parameters: [{', '.join(missing)}] must have values")
    return {name: _parameter(name, body, given.get(name, body.get("Default"))) for name, body in template.parameters.items()}


def _parameter(name: str, body: Mapping[str, Any], value: object) -> Any:
    text = ",".join(map(str, value)) if isinstance(value, list) else _text(value)
    allowed = [_text(each) for each in body.get("AllowedValues", ())]
    kind = str(body.get("Type", "String"))
    parts = [part.strip() for part in text.split(",")] if kind == "CommaDelimitedList" or kind.startswith("List<") else [text]
    for part in parts:
        if allowed and part not in allowed:
            raise refuse(f"Parameter '{name}' must be one of AllowedValues")
        if "AllowedPattern" in body and not re.fullmatch(str(body["AllowedPattern"]), part):
            raise refuse(f"Parameter '{name}' must match pattern {body['AllowedPattern']}")
    if len(text) < int(body.get("MinLength", 0)):
        raise refuse(f"Parameter '{name}' must contain at least {body['MinLength']} characters")
    if kind == "Number" and not re.fullmatch(r"-?\d+(\.\d+)?", text):
        raise refuse(f"Parameter '{name}' must be a number.")
    return text if parts == [text] and kind != "CommaDelimitedList" and not kind.startswith("List<") else parts


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _mapping(document: Mapping[str, Any], section: str) -> Mapping[str, Any]:
    value = document.get(section, {})
    if value is None:
        raise refuse(f"[/{section}] 'null' values are not allowed in templates")
    if not isinstance(value, dict):
        raise refuse(f"Template format error: {section} section must be an object")
    return value


def _resource(name: str, body: object) -> Resource:
    if not re.fullmatch(r"[A-Za-z0-9]+", name):
        raise refuse(f"Template format error: Resource name {name} is non alphanumeric.")
    if not isinstance(body, dict) or not isinstance(body.get("Type"), str):
        raise refuse(f"Template format error: [/Resources/{name}] Every Resources object must contain a Type member.")
    unknown = sorted(set(body) - _ATTRIBUTES)
    if unknown:
        raise refuse(f"Invalid template resource property '{unknown[0]}'")
    depends = body.get("DependsOn", ())
    return Resource(
        type=body["Type"],
        properties=body.get("Properties") or {},
        condition=body.get("Condition"),
        depends_on=(depends,) if isinstance(depends, str) else tuple(depends),
        deletion_policy=body.get("DeletionPolicy", "Delete"),
        replace_policy=body.get("UpdateReplacePolicy", "Delete"),
    )


def _document(text: str) -> Any:
    if text.lstrip().startswith("{"):
        try:
            return json.loads(text)
        except json.JSONDecodeError as error:
            raise refuse(f"Template format error: JSON not well-formed. (line {error.lineno}, column {error.colno})") from error
    try:
        return yaml.load(text, Loader=_Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        place = f" (line {mark.line + 1}, column {mark.column + 1})" if mark else ""
        raise refuse(f"Template format error: YAML not well-formed.{place}") from error


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's short forms of functions; dates stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _short_form(loader: Any, tag: str, node: Any) -> dict[str, Any]:
    if isinstance(node, yaml.ScalarNode):
        value: Any = loader.construct_scalar(node)
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    if tag == "GetAtt" and isinstance(value, str):
        value = value.split(".", 1)
    return {tag if tag in {"Ref", "Condition"} else f"Fn::{tag}": value}


_Loader.add_multi_constructor("!", _short_form)
