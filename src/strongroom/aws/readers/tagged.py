"""Resources of the types that have no reader of their own, found by their tags: one listing for all of them.

The tagging API returns what carries a tag or once did. A resource that never had one is not seen, but no selection by tag
would see it either; a plan that selects such a type without tags can't be proven for it.
Source: Resource Groups Tagging API reference, GetResources.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.particulars import NOTHING, Answer, Particulars, of_file_system, of_warehouse
from strongroom.aws.readers.resources import add_resource, details_of, subject_of
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import tags
from strongroom.domain.names import Arn, ResourceType
from strongroom.semantics.selection import pattern_matches

TAGGED_TYPES = (
    ResourceType.CLOUDFORMATION,
    ResourceType.EKS,
    ResourceType.FSX,
    ResourceType.REDSHIFT,
    ResourceType.SAP_HANA,
    ResourceType.STORAGE_GATEWAY,
    ResourceType.TIMESTREAM,
    ResourceType.VIRTUAL_MACHINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Description:
    """How a service describes what the tagging API listed: the call, and the members of its answer."""

    service: str
    operation: str
    listed: str
    name: str
    created: str
    particulars: Callable[[Answer], Particulars]


# Of these the service is asked too, once it is known that there are any.
_DESCRIPTIONS: Final = MappingProxyType(
    {
        ResourceType.FSX: _Description(
            service="fsx",
            operation="describe_file_systems",
            listed="FileSystems",
            name="FileSystemId",
            created="CreationTime",
            particulars=of_file_system,
        ),
        ResourceType.REDSHIFT: _Description(
            service="redshift",
            operation="describe_clusters",
            listed="Clusters",
            name="ClusterIdentifier",
            created="ClusterCreateTime",
            particulars=of_warehouse,
        ),
    }
)
DESCRIBED_TYPES = tuple(_DESCRIPTIONS)


def read_tagged(scope: Scope, harvest: Harvest) -> None:
    """Add resources of TAGGED_TYPES; what neither the tagging API nor DESCRIBED_TYPES tell is left unknown."""
    found: list[tuple[ResourceType, str, dict[str, str]]] = []
    with harvest.subject(scope.account, scope.region, *map(subject_of, TAGGED_TYPES)):
        listing = scope.items("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", ResourceTypeFilters=_filters())
        for one in listing:
            kind = type_of(one["ResourceARN"])
            if kind is not None:
                found.append((kind, one["ResourceARN"], tags(one.get("Tags"))))
    kinds = {kind for kind, _, _ in found}
    described = {kind: _described(scope, harvest, kind, asked=kind in kinds) for kind in DESCRIBED_TYPES}
    for kind, arn, tagged in found:
        answer = described.get(kind, {}).get(_described_name(kind, arn))
        _add_tagged(scope, harvest, kind, arn, tagged=tagged, answer=answer)


def _described(scope: Scope, harvest: Harvest, kind: ResourceType, *, asked: bool) -> dict[str, Answer]:
    """Return what the service itself tells of a type, by name; it is asked only where the tagging API listed some."""
    found: dict[str, Answer] = {}
    how = _DESCRIPTIONS[kind]
    with harvest.subject(scope.account, scope.region, details_of(kind)):
        for one in scope.items(how.service, how.operation, how.listed) if asked else ():
            found[one[how.name]] = one
    return found


def _add_tagged(scope: Scope, harvest: Harvest, kind: ResourceType, arn: str, *, tagged: dict[str, str], answer: Answer | None) -> None:
    name, known = _name(arn), answer or {}
    key = known.get("KmsKeyId")
    part = name != _described_name(kind, arn)  # a volume is younger than its file system
    add_resource(
        scope,
        harvest,
        kind,
        arn=arn,
        name=name,
        tagged=tagged,
        created_at=None if answer is None or part else answer.get(_DESCRIPTIONS[kind].created),
        encrypted=known.get("Encrypted", True if key else None),
        key=key,
        size_bytes=None,
        more=NOTHING if answer is None else _DESCRIPTIONS[kind].particulars(answer),
    )


def _name(arn: str) -> str:
    """Return the name in an ARN: what stands behind the kind of thing it is.

    Example:
        >>> _name("arn:aws:redshift:eu-west-2:111122223333:cluster:sales"), _name("arn:aws:fsx:eu-west-2:111122223333:volume/fs-1/fsvol-1")
        ('sales', 'fs-1/fsvol-1')
    """
    return re.split("[/:]", Arn.parse(arn).resource, maxsplit=1)[-1]


def _described_name(kind: ResourceType, arn: str) -> str:
    """Return the name of what is described: an FSx volume has the windows and the key of its file system."""
    return _name(arn).partition("/")[0] if kind is ResourceType.FSX else _name(arn)


def type_of(arn: str) -> ResourceType | None:
    """Return which of TAGGED_TYPES an ARN belongs to, None for something AWS Backup doesn't protect.

    Example:
        >>> type_of("arn:aws:fsx:eu-west-2:111122223333:file-system/fs-0123"), type_of("arn:aws:fsx:eu-west-2:111122223333:backup/b-1")
        (<ResourceType.FSX: 'FSx'>, None)
    """
    _, _, rest = arn.partition(":aws")
    plain = f"arn:aws:{rest.partition(':')[2]}"  # patterns are written for the partition aws
    return next((kind for kind in TAGGED_TYPES if any(pattern_matches(each, plain) for each in _patterns(kind))), None)


def _patterns(kind: ResourceType) -> tuple[str, ...]:
    return facts.capabilities(kind).policy_pattern


def _filters() -> list[str]:
    return sorted({Arn.parse(pattern).service for kind in TAGGED_TYPES for pattern in _patterns(kind)})
