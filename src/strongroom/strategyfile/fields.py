"""The kinds of values in a strategy file as pydantic types: how each is checked, and what an editor is told about it.

The checks are functions of `values` and `quantities`; their problems travel through pydantic with their code and fix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.domain.names import FOREVER, AccountId, Region, ResourceType, RetentionDays
from strongroom.domain.strategy import KeyKind, LockMode, Loss, RegulationName
from strongroom.strategyfile import quantities, values
from strongroom.strategyfile.problem import ValueProblem

_T = TypeVar("_T")


def _checked(check: Callable[[object], _T]) -> PlainValidator:
    def validate(value: object) -> _T:
        try:
            return check(value)
        except ValueProblem as problem:
            raise PydanticCustomError(problem.code, "not used", {"problem": problem}) from problem

    return PlainValidator(validate)


def _text(pattern: str = "", *, example: str = "") -> WithJsonSchema:
    schema: dict[str, Any] = {"type": "string"}
    if pattern:
        schema["pattern"] = f"^({pattern})$"
    if example:
        schema["examples"] = [example]
    return WithJsonSchema(schema)


def _words(*words: str) -> WithJsonSchema:
    return WithJsonSchema({"enum": list(words)})


@dataclass(frozen=True, slots=True)
class OneOrMany:
    """A list that may be written as a single value."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_listed, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [many["items"], many]}


@dataclass(frozen=True, slots=True)
class Shorthand:
    """A mapping that may be written as one text; `expand` turns such a text into the mapping and leaves everything else alone."""

    expand: Callable[[object], object]
    pattern: str  # of the text, for editors

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self.expand, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return {"anyOf": [{"type": "string", "pattern": f"^{self.pattern}$"}, handler(schema)]}


def _listed(value: object) -> object:
    return value if isinstance(value, (list, tuple)) or value is None else [value]


def _every_type(value: object) -> object:
    return list(values.TYPES) if value == values.ALL_TYPES else value


Version = Annotated[int, _checked(values.version), WithJsonSchema({"const": 1})]
Truth = Annotated[bool, _checked(values.truth), WithJsonSchema({"type": "boolean"})]
Name = Annotated[str, _checked(values.name), _text(values.NAME_PATTERN)]
StrategyName = Annotated[str, _checked(values.strategy_name), _text(values.STRATEGY_NAME_PATTERN)]
VaultName = Annotated[str, _checked(values.vault_name), _text("[a-zA-Z0-9_-]{2,50}")]
RoleName = Annotated[str, _checked(values.role_name), _text(values.ROLE_PATTERN)]
BackupRoleName = Annotated[str, _checked(values.backup_role_name), _text(values.ROLE_PATTERN)]
RegionCode = Annotated[Region, _checked(values.region), _text("[a-z]{2,4}(-[a-z]+)+-[0-9]{1,2}", example="eu-west-2")]
Account = Annotated[AccountId, _checked(values.account), _text(values.ACCOUNT_PATTERN, example="111122223333")]
Unit = Annotated[str, _checked(values.unit), _text(example="Workloads/Prod")]
TypeName = Annotated[ResourceType, _checked(values.resource_type), _words(*values.TYPES)]
TagKey = Annotated[str, _checked(values.tag_key), _text()]
TagValue = Annotated[str, _checked(values.tag_value), _text()]
Retention = Annotated[RetentionDays, _checked(quantities.retention), _text(f"{values.DAYS_PATTERN}|{FOREVER.value}", example="30d")]
Days = Annotated[int, _checked(quantities.owed), _text(values.DAYS_PATTERN, example="7y")]
ColdDays = Annotated[int, _checked(quantities.cold_after), _text(values.DAYS_PATTERN, example="30d")]
LockDays = Annotated[int, _checked(quantities.lock_days), _text(values.DAYS_PATTERN, example="30d")]
GraceDays = Annotated[int, _checked(quantities.grace_days), _text(values.DAYS_PATTERN, example="3d")]
StartWindow = Annotated[int, _checked(quantities.start_window), _text(values.DURATION_PATTERN, example="1h")]
CompletionWindow = Annotated[int, _checked(quantities.completion_window), _text(values.DURATION_PATTERN, example="5h")]
Promise = Annotated[int, _checked(quantities.promise), _text(values.DURATION_PATTERN, example="26h")]
Schedule = Annotated[str, _checked(quantities.at), _text(example="Sunday 06:00")]
Zone = Annotated[str, _checked(quantities.timezone), _text(example="Europe/London")]
Kind = Annotated[KeyKind, _checked(values.key_kind), _words(*KeyKind)]
Mode = Annotated[LockMode, _checked(values.lock_mode), _words(*LockMode)]
LossName = Annotated[Loss, _checked(values.loss), _words(*Loss)]
Law = Annotated[RegulationName, _checked(values.regulation), _words(*RegulationName)]
Where = Annotated[
    str,
    _checked(values.place),
    WithJsonSchema(
        {"anyOf": [{"enum": [values.EVERY, *values.ROLES_OF_ACCOUNTS]}, {"type": "string", "pattern": f"^{values.ACCOUNT_PATTERN}$"}]}
    ),
]
Basis = Annotated[str, _checked(values.basis), _text()]


@dataclass(frozen=True, slots=True)
class AllOrMany(OneOrMany):
    """Resource types: one, several, or the word all."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(lambda value: _listed(_every_type(value)), handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [{"const": values.ALL_TYPES}, many["items"], many]}


Regions = Annotated[tuple[RegionCode, ...], Field(min_length=1), OneOrMany()]
Units = Annotated[tuple[Unit, ...], Field(min_length=1), OneOrMany()]
Losses = Annotated[tuple[LossName, ...], Field(min_length=1), OneOrMany()]
Types = Annotated[tuple[TypeName, ...], Field(min_length=1), AllOrMany()]
Tags = dict[TagKey, Annotated[tuple[TagValue, ...], Field(min_length=1), OneOrMany()]]
