"""Values of validations: counts, expectations, addresses, names of variables and secrets; as `values`, each says what to type."""

import math
import re
from collections.abc import Collection, Mapping
from enum import StrEnum
from functools import cache
from typing import Final

from strongroom.domain.names import ResourceType
from strongroom.strategyfile import awsnames
from strongroom.strategyfile.nodes import Plain
from strongroom.strategyfile.problem import ValueProblem, shown
from strongroom.strategyfile.values import described, text

GROUP: Final = "strongroom.validators"  # of the entry points
_DATABASES: Final = frozenset({ResourceType.RDS, ResourceType.AURORA})
_CONTENT: Final = frozenset({ResourceType.DYNAMODB, ResourceType.S3, ResourceType.EBS, ResourceType.EFS})
# What the validators of this release can examine; None: anything.
SHIPPED: Final[Mapping[str, frozenset[ResourceType] | None]] = {
    "sql": _DATABASES | {ResourceType.DYNAMODB},
    "rows": _DATABASES,
    "checksum": _DATABASES,
    "manifest": _DATABASES | _CONTENT,
    "http": None,
    "command": None,
}


class Differing(StrEnum):
    """What a difference from a manifest means."""

    FAILED = "failed"
    UNKNOWN = "unknown"


BUILT_IN: Final = frozenset({"connection", "encryption"})  # examined without being asked for
_VARIABLE: Final = "[A-Za-z_][A-Za-z0-9_]{0,127}"
_SECRET_ARN: Final = r"arn:aws[a-z-]*:secretsmanager:[a-z0-9-]+:[0-9]{12}:secret:[A-Za-z0-9/_+=.@-]{1,519}"  # noqa: S105 - no password, a pattern of ARNs
_TABLE: Final = r"[^\x00-\x1f\"]{1,63}"


@cache
def installed() -> frozenset[str]:
    """Return the names of the validators that other packages bring."""
    from importlib.metadata import entry_points  # noqa: PLC0415 - few strategies name a validator of another package, all are checked

    return frozenset(each.name for each in entry_points(group=GROUP)) - SHIPPED.keys() - BUILT_IN


def count(value: object) -> int:
    """Return a number of rows, zero or more."""
    if isinstance(value, Plain) and not isinstance(value.value, bool) and math.isfinite(value.value):
        whole = int(value.value)
        if whole == value.value and whole >= 0:
            return whole
    raise ValueProblem("STR005", f"{described(value)}: a whole number of 0 or more expected", "write a number, such as 1000")


def number(value: object) -> float:
    """Return a number."""
    if isinstance(value, Plain) and not isinstance(value.value, bool) and math.isfinite(value.value):
        return value.value
    raise ValueProblem("STR005", f"{described(value)}: a number expected", "write a number, such as 1000")


def scalar(value: object) -> str | bool | float:
    """Return a text, number or truth value as it is."""
    if isinstance(value, Plain):
        return value.value if isinstance(value.value, bool) else number(value)
    return text(value)


def status(value: object) -> int:
    """Return a status of HTTP."""
    found = count(value)
    if not 100 <= found <= 599:
        raise ValueProblem("STR005", f"{found} is not a status of HTTP: 100 to 599 expected", "write something like 200")
    return found


def url(value: object) -> str:
    """Return an address of HTTP, in which {address} and {port} stand for those of what was restored."""
    written = text(value)
    filled = written.replace("{address}", "restored.internal").replace("{port}", "80")
    if not re.fullmatch(r"https?://[A-Za-z0-9._-]+(:[0-9]{1,5})?(/[^\s{}]*)?", filled):
        fix = 'write something like "http://{address}:{port}/health"'
        raise ValueProblem(
            "STR005", f"{shown(written)} is not an address of HTTP with nothing but {{address}} and {{port}} to fill in", fix
        )
    return written


def pattern(value: object) -> str:
    """Return a regular expression."""
    written = text(value)
    try:
        re.compile(written)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueProblem("STR005", f"{shown(written)} is not a regular expression: {error}", "correct it, or escape it with \\") from None
    return written


def query(value: object) -> str:
    """Return a query in SQL."""
    written = text(value).strip()
    if not written:
        raise ValueProblem("STR005", "is empty: a query expected", "write something like SELECT count(*) > 0 FROM orders")
    return written


def argument(value: object) -> str:
    """Return an argument of a command; numbers and truth values as they are written."""
    written = value.text if isinstance(value, Plain) else text(value)
    if "\x00" in written:
        raise ValueProblem("STR005", f"{shown(written)} is no argument of a command", "remove the NUL character")
    return written


def table(value: object) -> str:
    """Return the name of a table, with its schema before a dot where it is not in the search path."""
    written = text(value)
    parts = written.split(".")
    if len(parts) > 2 or not all(re.fullmatch(_TABLE, part) for part in parts):
        raise ValueProblem("STR006", f"{shown(written)} is not the name of a table", "write something like orders, or sales.orders")
    return written


def column(value: object) -> str:
    """Return the name of a column."""
    written = text(value)
    if not re.fullmatch(_TABLE, written):
        raise ValueProblem("STR006", f"{shown(written)} is not the name of a column", "write something like id")
    return written


def digest(value: object) -> str:
    """Return a SHA-256 in hexadecimal digits."""
    written = (value.text if isinstance(value, Plain) else text(value)).lower()
    if not re.fullmatch("[0-9a-f]{64}", written):
        fix = "write the one that the record of an earlier test names as measured"
        raise ValueProblem("STR005", f"{shown(written)} is not a SHA-256: 64 hexadecimal digits expected", fix)
    return written


def variable(value: object) -> str:
    """Return the name of an environment variable."""
    written = text(value)
    if not re.fullmatch(_VARIABLE, written):
        raise ValueProblem("STR006", f"{shown(written)} is not the name of an environment variable", "write something like PGPASSWORD")
    return written


def password(value: object) -> str:
    """Return the environment variable that holds a password; whatever else is written is never shown."""
    written = value.get("env") if isinstance(value, Mapping) and set(value) == {"env"} else None
    if isinstance(written, str) and re.fullmatch(_VARIABLE, written):
        return written
    fix = "write password: {env: NAME}, and put the password into that environment variable"
    raise ValueProblem("STR005", "says something else than where the password is, and a password has no place in a strategy", fix)


def secret(value: object) -> str:
    """Return the ARN of a secret in Secrets Manager."""
    example = "arn:aws:secretsmanager:eu-west-2:111122223333:secret:ledger-AbCdEf"
    return awsnames.matched(value, _SECRET_ARN, "the ARN of a secret in Secrets Manager", example)


def validators(value: object) -> object:
    """Return a validation as a mapping of validators to settings; those of other packages under `plugins`."""
    match value:
        case str() if value in SHIPPED or value in installed():
            return validators({value: {}})
        case str() if re.search(r"[./]", value):
            return {"sql": {"file": value}}
        case str():
            return {value: {}}  # unknown, and told so at its place
        case Mapping():
            others = value.keys() - SHIPPED.keys() - {"plugins"}  # what is installed takes time to look up
            foreign = {name: settings for name, settings in value.items() if name in others and name in installed()}
            if foreign:
                named = value.get("plugins")
                rest = {name: settings for name, settings in value.items() if name not in foreign}
                return {**rest, "plugins": {**(named if isinstance(named, Mapping) else {}), **foreign}}
    return value


def sql(value: object) -> object:
    """Return the settings of sql; text is a file, or a query where it has blanks."""
    settings = {"query" if re.search(r"\s", value.strip()) else "file": value} if isinstance(value, str) else value
    _one_of(settings, ("file", "query"), "sql: checks/ledger.sql, or sql: {query: SELECT count(*) > 0 FROM orders}")
    return settings


def rows(value: object) -> object:
    """Return the expectation of a number of rows; a number alone is exact."""
    settings = {"exactly": value} if isinstance(value, Plain) else value
    if isinstance(settings, Mapping) and not settings:
        raise ValueProblem("STR004", "expects nothing", "write a number, or {at_least: 1000}")
    return settings


def checksum(value: object) -> object:
    """Return the settings of checksum; text is a table."""
    settings = {"table": value} if isinstance(value, str) else value
    _one_of(settings, ("table", "query"), "checksum: orders, or checksum: {query: SELECT …, sha256: …}")
    if isinstance(settings, Mapping) and "query" in settings and "sha256" not in settings:
        raise ValueProblem("STR004", "has a query and no sha256: manifests know tables alone", "add: sha256: <64 digits>")
    return settings


def http(value: object) -> object:
    """Return the settings of http; text is the address."""
    return {"url": value} if isinstance(value, str) else value


def command(value: object) -> object:
    """Return the settings of command; text or a list is what runs."""
    return {"run": value} if isinstance(value, str | list) else value


def login(value: object) -> object:
    """Return a login: the password is in an environment variable or in a secret, not in both."""
    _one_of(value, ("password", "secret"), "password: {env: PGPASSWORD}, or secret: <ARN>")
    return value


def _one_of(settings: object, keys: Collection[str], example: str) -> None:
    if not isinstance(settings, Mapping):
        return  # told by the grammar
    written = [key for key in keys if key in settings]
    if not written:
        raise ValueProblem("STR004", f"lacks {' or '.join(keys)}", f"write, for example, {example}")
    if len(written) > 1:
        raise ValueProblem("STR030", f"has both {' and '.join(written)}: one of them expected", f"remove {written[1]}")
