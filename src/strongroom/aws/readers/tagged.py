"""Resources of the types that have no reader of their own, found by their tags: one listing for all of them.

The tagging API returns what carries a tag or once did. A resource that never had one is not seen, but no selection by tag
would see it either; a plan that selects such a type without tags can't be proven for it.
Source: Resource Groups Tagging API reference, GetResources.
"""

from strongroom import facts
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.resources import add_resource, subject_of
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


def read_tagged(scope: Scope, harvest: Harvest) -> None:
    """Add resources of TAGGED_TYPES; encryption, size and creation are left unknown."""
    with harvest.subject(scope.account, scope.region, *map(subject_of, TAGGED_TYPES)):
        listing = scope.items("resourcegroupstaggingapi", "get_resources", "ResourceTagMappingList", ResourceTypeFilters=_filters())
        for found in listing:
            arn = found["ResourceARN"]
            kind = type_of(arn)
            if kind is not None:
                add_resource(
                    scope,
                    harvest,
                    kind,
                    arn=arn,
                    name=Arn.parse(arn).resource.partition("/")[2],
                    tagged=tags(found.get("Tags")),
                    created_at=None,
                    encrypted=None,
                    key=None,
                    size_bytes=None,
                )


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
