"""The grammar of validations: how restored resources are examined, and how validators log in to them.

The validators themselves are plugins of the group `strongroom.validators`; those of this release have their settings here, so that
a mistake in one is found when the strategy is checked and not when a restore waits to be examined.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Annotated, Any

from pydantic import ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from strongroom.domain.strategy import Tls
from strongroom.strategyfile import awsnames, examinations, quantities, values
from strongroom.strategyfile.fields import OneOrMany, SqlFile, Truth
from strongroom.strategyfile.parts import Part
from strongroom.strategyfile.problem import ValueProblem


def _told(check: Callable[[object], Any]) -> Callable[[object], Any]:
    """Let the problems of a check travel through pydantic with their code and fix."""

    def checked(value: object) -> Any:
        try:
            return check(value)
        except ValueProblem as problem:
            raise PydanticCustomError(problem.code, "not used", {"problem": problem}) from problem

    return checked


def _value(check: Callable[[object], Any]) -> PlainValidator:
    return PlainValidator(_told(check))


@dataclass(frozen=True, slots=True)
class Short:
    """A mapping that may be written shorter; `expand` turns that into the mapping and finds what its keys say about each other."""

    expand: Callable[[object], object]
    kinds: tuple[str, ...] = ()  # of JSON, for editors

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_before_validator_function(_told(self.expand), handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        whole = handler(schema)
        return {"anyOf": [*({"type": kind} for kind in self.kinds), whole]} if self.kinds else whole


_TEXT = WithJsonSchema({"type": "string"})
_COUNT = WithJsonSchema({"type": "integer", "minimum": 0})
_NUMBER = WithJsonSchema({"type": "number"})
_DURATION = WithJsonSchema({"type": "string", "pattern": f"^{values.DURATION_PATTERN}$"})

Count = Annotated[int, _value(examinations.count), _COUNT]
Number = Annotated[float, _value(examinations.number), _NUMBER]
Scalar = Annotated[Any, _value(examinations.scalar), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Status = Annotated[int, _value(examinations.status), WithJsonSchema({"type": "integer", "minimum": 100, "maximum": 599})]
Url = Annotated[str, _value(examinations.url), _TEXT]
Regex = Annotated[str, _value(examinations.pattern), WithJsonSchema({"type": "string", "format": "regex"})]
Query = Annotated[str, _value(examinations.query), _TEXT]
TableName = Annotated[str, _value(examinations.table), _TEXT]
ColumnName = Annotated[str, _value(examinations.column), _TEXT]
Digest = Annotated[str, _value(examinations.digest), WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Argument = Annotated[str, _value(examinations.argument), WithJsonSchema({"type": ["string", "number", "boolean"]})]
Arguments = Annotated[tuple[Argument, ...], Field(min_length=1), OneOrMany()]
Variable = Annotated[str, _value(examinations.variable), _TEXT]
FilePath = Annotated[str, _value(awsnames.file), _TEXT]
DatabaseName = Annotated[str, _value(examinations.column), _TEXT]
UserName = Annotated[str, _value(examinations.column), _TEXT]
SecretArn = Annotated[str, _value(examinations.secret), _TEXT]
PasswordVariable = Annotated[
    str,
    _value(examinations.password),
    WithJsonSchema({"type": "object", "properties": {"env": {"type": "string"}}, "required": ["env"], "additionalProperties": False}),
]
Deadline = Annotated[int, _value(quantities.deadline), _DURATION]
Reach = Annotated[int, _value(quantities.manifest_reach), _DURATION]
TlsWord = Annotated[Tls, _value(partial(values.word, Tls)), WithJsonSchema({"enum": list(Tls)})]
DifferingWord = Annotated[str, _value(partial(values.word, examinations.Differing)), WithJsonSchema({"enum": list(examinations.Differing)})]


class SqlPart(Part):
    """Queries that must say true."""

    file: SqlFile | None = None
    """A file of queries beside the strategy; each is asked."""
    query: Query | None = Field(default=None, examples=["SELECT count(*) > 0 FROM orders"])
    """A query, instead of a file."""
    equals: Scalar = None
    """The one value that is expected. Default: every value of every row is true."""
    at_least: Number | None = None
    """The one value is a number, and not smaller."""
    at_most: Number | None = None
    """The one value is a number, and not larger."""
    rows: Count | None = None
    """How many rows are expected, whatever is in them."""
    database: DatabaseName | None = None
    """The database on the server. Default: the one of `login`, else of the resource, else postgres."""
    deadline: Deadline | None = None
    """Ended after this time, and unknown then. Default: 10m."""


class CountPart(Part):
    """How many rows a table has to have."""

    exactly: Count | None = None
    """So many, and no other number."""
    at_least: Count | None = None
    """So many or more."""
    at_most: Count | None = None
    """So many or fewer."""


class ChecksumPart(Part):
    """The SHA-256 of rows in their order."""

    table: TableName | None = Field(default=None, examples=["orders"])
    """The table."""
    query: Query | None = None
    """A query with an order of its own, instead of a table."""
    sha256: Digest | None = None
    """What is expected. Default: what the manifest of the table says."""
    within: Reach = Field(default="1h", validate_default=True)
    """Take a manifest that is at most so much older than the recovery point. Default: 1h."""
    database: DatabaseName | None = None
    """The database on the server. Default: the one of `login`, else of the resource, else postgres."""
    deadline: Deadline | None = None
    """Ended after this time, and unknown then. Default: 10m."""


class ManifestPart(Part):
    """Content compared with what `strongroom manifest` read before the backup."""

    within: Reach = Field(default="1h", validate_default=True)
    """Take a manifest that is at most so much older than the recovery point. Default: 1h."""
    differs: DifferingWord = examinations.Differing.FAILED
    """What a difference means: failed, or unknown for resources that are written to all the time. Default: failed."""
    folder: FilePath | None = None
    """The folder of the manifests beside the strategy. Default: manifests in the folder of the state."""
    mount: Arguments | None = Field(default=None, examples=[["checks/mount.sh"]])
    """A command that mounts a file system and prints the folder; efs needs it."""
    unmount: Arguments | None = Field(default=None, examples=[["checks/unmount.sh"]])
    """A command that is run with that folder afterwards. Default: none."""
    deadline: Deadline | None = None
    """Ended after this time, and unknown then. Default: 10m."""


class HttpPart(Part):
    """An answer over HTTP."""

    url: Url = Field(examples=["http://{address}:{port}/health"])
    """The address; {address} and {port} are those of what was restored."""
    status: Annotated[tuple[Status, ...], Field(min_length=1), OneOrMany()] = (200,)
    """The status that is expected, or several of which any is. Default: 200."""
    body: Regex | None = Field(default=None, examples=["^ok"])
    """A regular expression that must be found in the answer. Default: anything."""
    ca: FilePath | None = None
    """A file of certificates to trust, beside the strategy. Default: those of this machine."""
    wait: Deadline | None = None
    """Ask again for so long, where a machine still starts. Default: ask once."""
    verify: Truth = True
    """Whether the certificate is checked; what was restored often has another name than its certificate. Default: true."""
    deadline: Deadline | None = None
    """Ended after this time, and unknown then. Default: 10m."""


class CommandPart(Part):
    """A command that ends with 0 where all is well."""

    run: Arguments = Field(examples=[["checks/look.sh"]])
    """The command and its arguments, run in the folder of the strategy."""
    password: Variable | None = Field(default=None, examples=["PGPASSWORD"])
    """The environment variable in which it gets the password of `login`. Default: it gets none."""
    deadline: Deadline | None = None
    """Ended after this time with all that it started, and unknown then. Default: 10m."""


class ValidatorsPart(Part):
    """Validators with their settings."""

    model_config = ConfigDict(json_schema_extra={"additionalProperties": True})  # validators of other packages, by their name

    sql: Annotated[SqlPart, Short(examinations.sql, ("string",))] | None = Field(default=None, examples=["checks/ledger.sql"])
    """A file of queries, or a query, that must say true. For rds and aurora with PostgreSQL, and as PartiQL for dynamodb."""
    rows: Annotated[dict[TableName, Annotated[CountPart, Short(examinations.rows, ("integer",))]], Field(min_length=1)] | None = Field(
        default=None, examples=[{"orders": {"at_least": 1000}}]
    )
    """Tables with the number of their rows: exact, or `at_least` and `at_most`."""
    checksum: Annotated[ChecksumPart, Short(examinations.checksum, ("string",))] | None = Field(default=None, examples=["orders"])
    """The SHA-256 of a table's rows in their order."""
    manifest: ManifestPart | None = Field(default=None, examples=[{"within": "2h"}])
    """Everything, compared with the manifest taken at backup time: rds, aurora, dynamodb, s3, ebs, efs."""
    http: Annotated[HttpPart, Short(examinations.http, ("string",))] | None = Field(default=None, examples=["http://{address}/health"])
    """An address that must answer."""
    command: Annotated[CommandPart, Short(examinations.command, ("string", "array"))] | None = Field(
        default=None, examples=[["checks/look.sh"]]
    )
    """A command of your own."""
    plugins: dict[str, Any] = Field(default_factory=dict, examples=[{"balances": {"currency": "EUR"}}])
    """Validators of other packages that need not be installed where the strategy is checked; installed ones are written by their name."""


Validators = Annotated[tuple[Annotated[ValidatorsPart, Short(examinations.validators, ("string",))], ...], Field(min_length=1), OneOrMany()]


class LoginPart(Part):
    """How validators log in to a restored database; where the password is, never the password."""

    user: UserName | None = None
    """The user. Default: the one in the secret, else the master user."""
    password: PasswordVariable | None = Field(default=None, examples=[{"env": "LEDGER_PASSWORD"}])
    """The environment variable that holds the password."""
    secret: SecretArn | None = None
    """The secret in Secrets Manager, a password or JSON with username and password; read when it is needed."""
    database: DatabaseName | None = None
    """The database on the server. Default: the one that the resource was made with, else postgres."""
    tls: TlsWord = Tls.PREFER
    """prefer: TLS where it is offered; require: TLS or nothing; verify: the certificate too. Default: prefer; what was used is reported."""
    ca: FilePath | None = None
    """A file of certificates to trust, beside the strategy; for `tls: verify`. Default: those of this machine."""


Login = Annotated[LoginPart, Short(examinations.login)]
