"""The kinds of values in a strategy file as pydantic types: how each is checked, and what an editor is told about it.

The checks are functions of `values` and `quantities`; their problems travel through pydantic with their code and fix.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any, TypeVar

from pydantic import Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.domain.governance import AlertEvent, Forbidden, ReportFormat, ReportTemplate
from strongroom.domain.names import FOREVER, AccountId, Region, ResourceType, RetentionDays
from strongroom.domain.strategy import KeyKind, LockMode, Loss, Pick, RegulationName, StorageClass, VaultType
from strongroom.strategyfile import awsnames, quantities, values, weekwindows
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


Version = Annotated[int, _checked(values.version), WithJsonSchema({"const": 1})]
Truth = Annotated[bool, _checked(values.truth), WithJsonSchema({"type": "boolean"})]
Name = Annotated[str, _checked(values.name), _text(values.NAME_PATTERN)]
StrategyName = Annotated[str, _checked(values.strategy_name), _text(values.STRATEGY_NAME_PATTERN)]
VaultName = Annotated[str, _checked(values.vault_name), _text("[a-zA-Z0-9_-]{2,50}")]
PlanName = Annotated[str, _checked(values.plan_name), _text("[A-Za-z0-9_.-]{1,50}")]
RuleName = Annotated[str, _checked(values.rule_name), _text("[A-Za-z0-9_.-]{1,50}")]
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
Kind = Annotated[KeyKind, _checked(partial(values.word, KeyKind)), _words(*KeyKind)]
Mode = Annotated[LockMode, _checked(partial(values.word, LockMode)), _words(*LockMode)]
LossName = Annotated[Loss, _checked(partial(values.word, Loss)), _words(*Loss)]
Law = Annotated[RegulationName, _checked(partial(values.word, RegulationName)), _words(*RegulationName)]
Where = Annotated[
    str,
    _checked(values.place),
    WithJsonSchema(
        {"anyOf": [{"enum": [values.EVERY, *values.ROLES_OF_ACCOUNTS]}, {"type": "string", "pattern": f"^{values.ACCOUNT_PATTERN}$"}]}
    ),
]
Home = Annotated[
    str,
    _checked(values.home),
    WithJsonSchema({"anyOf": [{"enum": [*values.ROLES_OF_ACCOUNTS]}, {"type": "string", "pattern": f"^{values.ACCOUNT_PATTERN}$"}]}),
]
Basis = Annotated[str, _checked(values.basis), _text()]
VaultKind = Annotated[VaultType, _checked(partial(values.word, VaultType)), _words(*VaultType)]
PickedPoint = Annotated[Pick, _checked(partial(values.word, Pick)), _words(*Pick)]
EventName = Annotated[AlertEvent, _checked(partial(values.word, AlertEvent)), _words(*AlertEvent)]
Denial = Annotated[Forbidden, _checked(partial(values.word, Forbidden)), _words(*Forbidden)]
Template = Annotated[ReportTemplate, _checked(partial(values.word, ReportTemplate)), _words(*ReportTemplate)]
Format = Annotated[ReportFormat, _checked(partial(values.word, ReportFormat)), _words(*ReportFormat)]
ClassName = Annotated[StorageClass, _checked(values.storage_class), _words(*values.CLASSES)]
ArnPattern = Annotated[str, _checked(awsnames.arn), _text(awsnames.ARN_PATTERN, example="arn:aws:s3:::ledger-*")]
TopicArn = Annotated[str, _checked(awsnames.topic), _text(awsnames.ARN_PATTERN, example="arn:aws:sns:eu-west-2:111122223333:backups")]
KeyArn = Annotated[str, _checked(awsnames.multi_region_key), _text(awsnames.ARN_PATTERN)]
Trusted = Annotated[
    str,
    _checked(awsnames.trusted),
    WithJsonSchema(
        {
            "anyOf": [
                {"enum": [values.SAME_ACCOUNT, *values.ROLES_OF_ACCOUNTS]},
                {"type": "string", "pattern": f"^({values.ACCOUNT_PATTERN}|arn:.*)$"},
            ]
        }
    ),
]
ExemptRole = Annotated[str, _checked(awsnames.role_pattern), _text(example="break-glass")]
BucketName = Annotated[str, _checked(awsnames.bucket), _text(awsnames.BUCKET_PATTERN)]
Prefix = Annotated[str, _checked(awsnames.prefix), _text()]
EmailAddress = Annotated[str, _checked(awsnames.email), _text(awsnames.EMAIL_PATTERN, example="backup-team@example.com")]
SqlFile = Annotated[str, _checked(awsnames.file), _text(example="checks/ledger.sql")]
ControlName = Annotated[str, _checked(awsnames.control), _words(*awsnames.controls())]
Parameter = Annotated[str, _checked(awsnames.parameter), WithJsonSchema({"type": ["string", "number", "boolean"]})]
AutomatedDays = Annotated[int, _checked(quantities.automated_days), _text(f"{values.DAYS_PATTERN}|{quantities.OFF}", example="30d")]
TableDays = Annotated[int, _checked(quantities.table_days), _text(f"{values.DAYS_PATTERN}|{quantities.OFF}", example="35d")]
TestWindow = Annotated[int, _checked(quantities.test_window), _text(values.DAYS_PATTERN, example="30d")]
StartHours = Annotated[int, _checked(quantities.test_start_hours), _text(values.DURATION_PATTERN, example="24h")]
Hours = Annotated[int, _checked(quantities.validation_hours), _text(values.DURATION_PATTERN, example="8h")]
BackupWindow = Annotated[str, _checked(weekwindows.backup), _text(example="03:00-04:00")]
MaintenanceWindow = Annotated[str, _checked(weekwindows.maintenance), _text(example="Monday 04:00-05:00")]


@dataclass(frozen=True, slots=True)
class AllOrMany(OneOrMany):
    """Words of a choice: one, several, or the word all."""

    words: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(self._every, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        many = handler(schema)
        return {"anyOf": [{"const": values.ALL}, many["items"], many]}

    def _every(self, value: object) -> object:
        return list(self.words) if value == values.ALL else _listed(value)


@dataclass(frozen=True, slots=True)
class NamesOrMapping:
    """A mapping of names to values that may be written as a list of names, or a single one, when they have no values."""

    names: tuple[str, ...]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_mapped, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        names = {"enum": list(self.names)}
        mapping = {**handler(schema), "propertyNames": names}
        return {"anyOf": [names, {"type": "array", "items": names}, mapping]}


def _mapped(value: object) -> object:
    names = _listed(value) if isinstance(value, str) else value
    return {name: {} for name in names} if isinstance(names, list) and all(isinstance(name, str) for name in names) else value


Regions = Annotated[tuple[RegionCode, ...], Field(min_length=1), OneOrMany()]
Units = Annotated[tuple[Unit, ...], Field(min_length=1), OneOrMany()]
Losses = Annotated[tuple[LossName, ...], Field(min_length=1), OneOrMany()]
Types = Annotated[tuple[TypeName, ...], Field(min_length=1), AllOrMany(tuple(values.TYPES))]
Events = Annotated[tuple[EventName, ...], Field(min_length=1), AllOrMany(tuple(AlertEvent))]
Denials = Annotated[tuple[Denial, ...], Field(min_length=1), AllOrMany(tuple(Forbidden))]
Arns = Annotated[tuple[ArnPattern, ...], Field(min_length=1), OneOrMany()]
Controls = Annotated[dict[ControlName, dict[str, Parameter]], Field(min_length=1), NamesOrMapping(tuple(awsnames.controls()))]
Overrides = Annotated[dict[str, Parameter], Field(min_length=1)]
Tags = dict[TagKey, Annotated[tuple[TagValue, ...], Field(min_length=1), OneOrMany()]]
