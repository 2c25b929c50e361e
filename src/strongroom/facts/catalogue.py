"""Reading the facts: one TOML file a subject, parsed once, every entry complete or refused."""

import difflib
import tomllib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import Any, Final

from strongroom.domain.names import ResourceType

FILES: Final = (
    "arns",
    "calls",
    "control_tower",
    "control_tower_resources",
    "controls",
    "escalations",
    "limits",
    "managed_policies",
    "messages",
    "operations",
    "other_services",
    "permissions",
    "policy_types",
    "quotas",
    "regions",
    "report_columns",
    "resource_types",
    "restores",
    "storage",
    "tag_policies",
    "type_lists",
)


class Status(StrEnum):
    """How far a fact can be trusted."""

    DOCUMENTED = "documented"  # AWS says so on the page named
    UNVERIFIED = "unverified"  # field reports, contradictory pages, or a text only seen in the wild


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One fact about AWS."""

    name: str
    value: Any  # an integer, a text, a list or a table, as the unit says
    unit: str  # "days", "characters", "text", "regular expression" …
    source: str  # page it was read on
    read: date
    status: Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What AWS Backup can do with a resource type; DynamoDB is meant with its advanced features on."""

    cross_region: bool  # recovery points can be copied to another Region
    cross_account: bool  # … to another account
    fully_managed: bool  # encrypted by the vault's key, ARN of AWS Backup's own
    cold_storage: bool
    point_in_time: bool  # continuous backup
    air_gapped: bool  # can be kept in a logically air-gapped vault
    restore_testing: bool
    disputed: frozenset[str]  # names of the above on which AWS's pages contradict each other or kinds of the type differ
    named_bypasses_opt_in: bool  # naming the type in a selection backs it up even when it is not opted in
    policy_pattern: tuple[str, ...]  # ARN patterns for `resource_types` of a backup policy
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """How recovery points of a resource type are stored."""

    cold: str  # none, cold, archive (EBS, by opt-in) or disputed (AWS's pages contradict each other)
    moved: str  # what a recovery point becomes in cold storage: full, incremental; empty: nothing moves, or no page says
    later: str  # what the backups after the first one are: full or incremental
    chain: str  # where an earlier backup must lie for an incremental one: in the same vault, or anywhere in the region


class UnknownFact(KeyError):
    """A fact was asked for by a name that no file has: a mistake of ours, never of a user."""

    def __str__(self) -> str:
        return str(self.args[0])


def fact(file: str, name: str) -> Fact:
    """Return one fact of a file (`FILES`); raises UnknownFact.

    Example:
        >>> fact("limits", "copies_per_rule").unit
        'copy actions'
    """
    try:
        return _load(file)[name]
    except KeyError:
        close = difflib.get_close_matches(name, _load(file), n=1)
        hint = f", did you mean {close[0]!r}?" if close else ""
        raise UnknownFact(f"facts/{file}.toml has no {name!r}{hint}") from None


def names(file: str) -> tuple[str, ...]:
    """Return the names of all facts in a file, in the file's order."""
    return tuple(_load(file))


def limit(name: str) -> Fact:
    """Return a limit or default of AWS; raises UnknownFact.

    Example:
        >>> limit("policy_characters").value
        10000
    """
    return fact("limits", name)


def message(name: str) -> str:
    """Return the text that AWS itself shows for a failure; raises UnknownFact.

    Example:
        >>> message("expired_before_completion")
        'Backup job expired before completion.'
    """
    return str(fact("messages", name).value)


@cache
def capabilities(resource_type: ResourceType) -> Capabilities:
    """Return what AWS Backup supports for a resource type.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html

    Example:
        >>> capabilities(ResourceType.EBS).fully_managed, capabilities(ResourceType.S3).fully_managed
        (False, True)
    """
    found = fact("resource_types", str(resource_type))
    can = frozenset(found.value["can"])
    return Capabilities(
        cross_region="cross_region" in can,
        cross_account="cross_account" in can,
        fully_managed="fully_managed" in can,
        cold_storage="cold_storage" in can,
        point_in_time="point_in_time" in can,
        air_gapped="air_gapped" in can,
        restore_testing="restore_testing" in can,
        disputed=frozenset(found.value["disputed"]),
        named_bypasses_opt_in=found.value["named_bypasses_opt_in"],
        policy_pattern=tuple(found.value["policy_pattern"]),
        source=found.source,
    )


@cache
def storage(resource_type: ResourceType) -> Storage:
    """Return how recovery points of a resource type are stored.

    Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html

    Example:
        >>> storage(ResourceType.EBS).cold, storage(ResourceType.DYNAMODB).moved
        ('archive', 'full')
    """
    found = fact("storage", str(resource_type)).value
    return Storage(cold=found["cold"], moved=found["moved"], later=found["later"], chain=found["chain"])


@cache
def types(name: str) -> frozenset[ResourceType]:
    """Return the resource types that have something in common; raises UnknownFact.

    Example:
        >>> ResourceType.EBS in types("not_stoppable")
        False
    """
    return frozenset(map(ResourceType, fact("type_lists", name).value))


@cache
def regions() -> frozenset[str]:
    """Return the codes of all AWS Regions, of every partition."""
    return frozenset(fact("regions", "all").value)


@cache
def opt_in_regions() -> frozenset[str]:
    """Return the codes of the Regions that an account has to enable before it can use them."""
    return frozenset(fact("regions", "opt_in").value)


@cache
def _load(file: str) -> dict[str, Fact]:
    if file not in FILES:
        raise UnknownFact(f"there is no facts/{file}.toml, only {', '.join(FILES)}")
    text = files("strongroom.facts").joinpath(f"{file}.toml").read_text(encoding="utf-8")
    return {name: _parse(name, entry) for name, entry in tomllib.loads(text).items()}


def _parse(name: str, entry: dict[str, Any]) -> Fact:
    return Fact(
        name=name,
        value=entry["value"],
        unit=entry["unit"],
        source=entry["source"],
        read=entry["read"],
        status=Status(entry["status"]),
    )
