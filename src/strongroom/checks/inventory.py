"""The resources that checks may look at, where somebody has read them.

What a source doesn't say is None, and None is never a pass: UNK001 and UNK002 name it where a check would have asked.

A million resources are a few thousand kinds of resources: two that differ in nothing that a check of an estate could ask are
one here, with a count. `Interest` is what an estate asks; a `Stock` (this module's `Inventory`, or the columns of
`inventory_columns`) gives the inventory that answers it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from heapq import nsmallest
from operator import attrgetter
from typing import Final, Protocol, TypeVar

from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.semantics.selection import pattern_matches

EXAMPLES: Final = 3  # ARNs that a finding names

_R = TypeVar("_R", "Resource", "UnsupportedResource")


class Replication(StrEnum):
    """How a resource is repeated elsewhere by its own service; each of them repeats a deletion too."""

    NONE = "none"
    MULTI_AZ = "multi-az"
    READ_REPLICA = "read-replica"
    GLOBAL = "global"  # a DynamoDB global table, an Aurora global database
    BUCKET = "bucket"  # S3 replication to another bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """Switches of an S3 bucket; None: the source doesn't say."""

    versioned: bool | None = None
    mfa_delete: bool | None = None
    lifecycle_rules: bool | None = None  # it has any enabled lifecycle rule
    replication_enabled: bool | None = None  # its replication rules are enabled
    replicates_encrypted: bool | None = None  # they select objects that are encrypted with KMS keys


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that AWS Backup can protect; None: the source doesn't say."""

    arn: str
    type: ResourceType
    account: AccountId
    region: Region
    tags: tuple[tuple[str, str], ...]
    encrypted: bool | None  # None: unknown
    key_manager: str | None  # AWS or CUSTOMER; None: not encrypted, or unknown
    maintenance_window: str | None = None  # as the service prints it: mon:04:00-mon:05:00, for FSx 1:04:00
    backup_window: str | None = None  # FSx: daily time of its own automatic backups, 03:00, or off
    multi_az_cluster: bool | None = None  # RDS: a Multi-AZ DB cluster rather than an instance
    persistent_options: bool | None = None  # RDS: its option group has persistent or permanent options, such as TDE
    advanced_backup: bool | None = None  # DynamoDB: AWS Backup's advanced features are on in its account and Region
    replication: Replication | None = None
    bucket: Bucket | None = None  # S3 only
    count: int = 1  # how many resources it stands for, itself included
    more: tuple[str, ...] = ()  # ARNs of the next of them, EXAMPLES - 1 at most


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsupportedResource:
    """A resource of a type that AWS Backup can't protect."""

    arn: str
    type: str  # as its source calls it: ECS, ElastiCache, AWS::MSK::Cluster
    account: AccountId
    region: Region
    tags: tuple[tuple[str, str], ...]
    count: int = 1  # how many resources it stands for, itself included
    more: tuple[str, ...] = ()  # ARNs of the next of them, EXAMPLES - 1 at most


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """Something of one account and Region that could not be read, and why."""

    account: AccountId
    region: str  # empty for global things
    subject: str  # "resources:EBS"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Interest:
    """What the checks of one estate may ask of a resource, besides its type and its switches."""

    accounts: frozenset[str]  # that a copy's destination may be compared with
    regions: frozenset[str]  # in which plans run and copies land
    tag: Callable[[str], bool]  # whether any check looks at a tag key
    arns: tuple[str, ...]  # ARNs and patterns of selections


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inventory:
    """Resources, and what could not be read of them."""

    resources: tuple[Resource, ...]
    unread: tuple[UnreadPart, ...] = ()
    unsupported: tuple[UnsupportedResource, ...] = ()
    _taken: dict[object, tuple[Resource, ...]] = field(init=False, repr=False, default_factory=dict)

    def taken(self, by: object, takes: Callable[[Resource], bool]) -> tuple[Resource, ...]:
        """Return the resources that something takes, worked out once for each `by`."""
        if by not in self._taken:
            self._taken[by] = tuple(filter(takes, self.resources))
        return self._taken[by]

    def within(self, accounts: frozenset[str]) -> "Inventory":
        """Return what lies in some accounts."""
        return Inventory(
            resources=tuple(each for each in self.resources if each.account in accounts),
            unread=tuple(each for each in self.unread if each.account in accounts),
            unsupported=tuple(each for each in self.unsupported if each.account in accounts),
        )

    def alike(self, interest: Interest) -> "Inventory":
        """Return the same resources, those as one that an estate can't tell apart."""
        return replace(
            self, resources=tuple(_alike(self.resources, interest)), unsupported=tuple(_alike(self.unsupported, interest))
        )  # fmt: skip


class Stock(Protocol):
    """Resources as somebody keeps them."""

    def within(self, accounts: frozenset[str]) -> "Stock":
        """Return what lies in some accounts."""

    def alike(self, interest: Interest) -> Inventory:
        """Return the resources, those as one that an estate can't tell apart."""


def first_arns(resources: Sequence[Resource | UnsupportedResource]) -> list[str]:
    """Return the first ARNs of all that some resources stand for, EXAMPLES at most."""
    return nsmallest(EXAMPLES, (arn for each in resources for arn in (each.arn, *each.more)))


def _alike(resources: Iterable[_R], interest: Interest) -> Iterator[_R]:
    groups: dict[_R, list[_R]] = {}
    for resource in resources:
        groups.setdefault(_reduced(resource, interest), []).append(resource)
    for look, found in groups.items():
        names = first_arns(found)
        first = min(found, key=attrgetter("arn"))
        yield replace(first, tags=look.tags, count=sum(member.count for member in found), more=tuple(names[1:]))


def _reduced(each: _R, interest: Interest) -> _R:
    """Return a resource without what an estate doesn't ask."""
    return replace(
        each,
        arn=" ".join(pattern for pattern in interest.arns if pattern_matches(pattern, each.arn)),
        account=each.account if each.account in interest.accounts else AccountId(),
        region=each.region if each.region in interest.regions else Region(),
        tags=tuple(tag for tag in each.tags if interest.tag(tag[0])),
        count=1,
        more=(),
    )
