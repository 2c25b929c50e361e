"""CloudFormation's intrinsic functions: what a node refers to, and its value."""

import base64
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Protocol

from strongroom.twin.cloudformation.template import Template, refuse

_VARIABLE = re.compile(r"\$\{([^!{}][^{}]*)\}")
_LITERAL = re.compile(r"\$\{!([^{}]*)\}")
PSEUDO = frozenset(
    {
        "AWS::AccountId",
        "AWS::NoValue",
        "AWS::NotificationARNs",
        "AWS::Partition",
        "AWS::Region",
        "AWS::StackId",
        "AWS::StackName",
        "AWS::URLSuffix",
    }
)


class Physical(Protocol):
    """A resource that exists."""

    @property
    def physical_id(self) -> str:
        """What Ref returns."""

    def attribute(self, name: str) -> Any:
        """What Fn::GetAtt returns; ApiError if the type has no such attribute."""


class _NoValue:
    """AWS::NoValue: whatever holds it is left out."""


NO_VALUE: Final = _NoValue()


@dataclass(slots=True, kw_only=True)
class Scope:
    """Everything that functions of one stack can see."""

    template: Template
    parameters: Mapping[str, Any]
    pseudo: Mapping[str, Any]
    resources: Mapping[str, Physical]
    exports: Mapping[str, str]
    decided: dict[str, bool] = field(default_factory=dict)

    def condition(self, name: str) -> bool:
        """Whether a condition of the template holds."""
        if name not in self.template.conditions:
            raise refuse(f"Template format error: Unresolved condition dependency {name}")
        if name not in self.decided:
            self.decided[name] = self._holds(self.template.conditions[name])
        return self.decided[name]

    def value(self, node: Any) -> Any:
        """A node with all its functions replaced by their values."""
        if isinstance(node, list):
            return [value for value in map(self.value, node) if value is not NO_VALUE]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            (name, argument), *_ = node.items()
            if name in _FUNCTIONS:
                return _FUNCTIONS[name](self, argument)
            if name.startswith("Fn::"):
                raise refuse(f"Template error: the twin does not know the function {name}")
        values = {key: self.value(inner) for key, inner in node.items()}
        return {key: value for key, value in values.items() if value is not NO_VALUE}

    def _holds(self, node: Any) -> bool:
        if not isinstance(node, dict) or len(node) != 1:
            raise refuse("Template format error: Every Conditions member must be an intrinsic function.")
        (name, argument), *_ = node.items()
        match name:
            case "Condition":
                return self.condition(argument)
            case "Fn::Not":
                return not self._holds(argument[0])
            case "Fn::And":
                return all(self._holds(each) for each in argument)
            case "Fn::Or":
                return any(self._holds(each) for each in argument)
            case "Fn::Equals":
                first, second = (self.value(each) for each in argument)
                return as_text(first) == as_text(second)
        raise refuse(f"Template error: every condition must be a boolean function, not {name}")

    def _ref(self, name: Any) -> Any:
        if name == "AWS::NoValue":
            return NO_VALUE
        for known in (self.pseudo, self.parameters):
            if name in known:
                return known[name]
        if name in self.resources:
            return self.resources[name].physical_id
        raise refuse(f"Template format error: Unresolved resource dependencies [{name}] in the Resources block of the template")

    def _get_att(self, argument: Any) -> Any:
        logical, attribute = argument.split(".", 1) if isinstance(argument, str) else (argument[0], self.value(argument[1]))
        if logical not in self.resources:
            raise refuse(f"Template error: instance of Fn::GetAtt references undefined resource {logical}")
        return self.resources[logical].attribute(attribute)

    def _sub(self, argument: Any) -> str:
        text, local = (argument, {}) if isinstance(argument, str) else argument

        def replacement(match: re.Match[str]) -> str:
            name = match[1].strip()
            if name in local:
                return as_text(self.value(local[name]))
            return as_text(self._get_att(name) if "." in name else self._ref(name))

        return _LITERAL.sub(r"${\1}", _VARIABLE.sub(replacement, text))

    def _if(self, argument: Any) -> Any:
        name, yes, no = argument
        return self.value(yes if self.condition(name) else no)

    def _find_in_map(self, argument: Any) -> Any:
        name, first, second = (self.value(each) for each in argument[:3])
        try:
            return self.value(self.template.mappings[name][first][second])
        except KeyError as error:
            raise refuse(f"Template error: Unable to get mapping for {name}::{first}::{second}") from error

    def _import(self, argument: Any) -> str:
        name = self.value(argument)
        if name not in self.exports:
            raise refuse(f"No export named {name} found.")
        return self.exports[name]


def references(node: Any) -> Iterator[str]:
    """Names that a node refers to with Ref, Fn::GetAtt and Fn::Sub: parameters, pseudo parameters and resources."""
    if isinstance(node, list):
        for inner in node:
            yield from references(inner)
    elif isinstance(node, dict):
        for name, argument in node.items():
            if name == "Ref":
                yield str(argument)
            elif name == "Fn::GetAtt":
                yield argument.split(".", 1)[0] if isinstance(argument, str) else str(argument[0])
            elif name == "Fn::Sub":
                yield from _sub_references(argument)
            else:
                yield from references(argument)


def _sub_references(argument: Any) -> Iterator[str]:
    text, local = (argument, {}) if isinstance(argument, str) else argument
    for match in _VARIABLE.finditer(text):
        name = match[1].strip().split(".", 1)[0]
        if name not in local:
            yield name
    yield from references(local)


def as_text(value: Any) -> str:
    """A value as CloudFormation writes it where text is wanted."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def _join(scope: Scope, argument: Any) -> str:
    return str(argument[0]).join(as_text(each) for each in scope.value(argument[1]))


def _split(scope: Scope, argument: Any) -> list[str]:
    return str(scope.value(argument[1])).split(argument[0])


def _select(scope: Scope, argument: Any) -> Any:
    index, items = int(scope.value(argument[0])), scope.value(argument[1])
    if not 0 <= index < len(items):
        raise refuse(f"Template error: Fn::Select cannot select nonexistent value at index {index}")
    return items[index]


def _zones(scope: Scope, argument: Any) -> list[str]:
    region = scope.value(argument) or scope.pseudo["AWS::Region"]
    return [f"{region}{zone}" for zone in "abc"]


_FUNCTIONS = {
    "Ref": Scope._ref,
    "Fn::GetAtt": Scope._get_att,
    "Fn::Sub": Scope._sub,
    "Fn::If": Scope._if,
    "Fn::FindInMap": Scope._find_in_map,
    "Fn::ImportValue": Scope._import,
    "Fn::Join": _join,
    "Fn::Split": _split,
    "Fn::Select": _select,
    "Fn::GetAZs": _zones,
    "Fn::Base64": lambda scope, argument: base64.b64encode(str(scope.value(argument)).encode()).decode(),
    "Fn::ToJsonString": lambda scope, argument: json.dumps(scope.value(argument)),
}
