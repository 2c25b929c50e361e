"""What restore tests need beside restores: marking what they made as theirs, reading it, and deleting it again.

What has a name of ours is named: nothing else can be read or deleted. Volumes, instances and file systems get ids from AWS: they can be
marked as a test's only where they carry none of the tags that plans select by, and be deleted only once they are marked. So nobody who
has this role can mark a protected resource and delete it. Where a plan selects them by type or ARN alone no tag tells them apart: there
the role can do neither, and no test of theirs begins.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.compiler.roles.grants import Grant
from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.recovery import EXAMINES_TAG, TEST_NAME, TEST_TAG
from strongroom.domain.roles import RolePurpose
from strongroom.domain.strategy import Selection
from strongroom.semantics.restoretesting import NAME_PREFIX

_ACCOUNT: Final = "${AWS::Partition}:{service}:*:${AWS::AccountId}"
_MARKED: Final[Json] = {"StringLike": {f"aws:ResourceTag/{TEST_TAG}": "*"}}
# What AWS chooses the ids of, with the service in its ARNs; an instance is marked and deleted with its volumes.
_BY_ID: Final[Mapping[ResourceType, str]] = MappingProxyType(
    {ResourceType.EBS: "ec2", ResourceType.EC2: "ec2", ResourceType.EFS: "elasticfilesystem"}
)
_ALONG: Final[Mapping[ResourceType, ResourceType]] = MappingProxyType({ResourceType.EC2: ResourceType.EBS})


def not_taken_away(estate: Estate, role: str) -> frozenset[ResourceType]:
    """Return the types of which a role of the strategy may not delete what a test restored; none of a role that it doesn't make."""
    purposes = {each.purpose for each in estate.roles.made if each.name == role}
    if RolePurpose.TESTER in purposes:
        return frozenset(kind for kind in _BY_ID if not _told_apart(estate, kind))
    return frozenset(ResourceType) if purposes else frozenset()


def testing(estate: Estate) -> Iterator[Grant]:
    """Yield what a role that tests restores may do to what it has restored, and to what AWS Backup's own tests have."""
    tables = _arn("dynamodb", f"table/{TEST_NAME}*")
    databases = (_arn("rds", f"db:{TEST_NAME}*"), _arn("rds", f"cluster:{TEST_NAME}*"))
    buckets, objects = sub(f"arn:${{AWS::Partition}}:s3:::{TEST_NAME}*"), sub(f"arn:${{AWS::Partition}}:s3:::{TEST_NAME}*/*")
    named = (tables, *databases, buckets)
    yield Grant(
        sid="MarkTests",
        why="what a test made says so, and is found again when the test was killed",
        actions=("dynamodb:TagResource", "rds:AddTagsToResource", "s3:PutBucketTagging"),
        resources=named,
    )
    yield Grant(
        sid="MarkTestsCopies",
        why="the same for a recovery point that a test has copied back; it ends by its own lifecycle",
        actions=("backup:TagResource",),
        resources=(_arn("backup", "recovery-point:*"), sub("arn:${AWS::Partition}:ec2:*::*"), _arn("rds", "*snapshot:*")),
        condition={"ForAllValues:StringLike": {"aws:TagKeys": ["strongroom:*"]}, "Null": {"aws:TagKeys": "false"}},
    )
    yield Grant(
        sid="ReadTests",
        why="validators read what came back",
        actions=(
            "dynamodb:PartiQLSelect",
            "dynamodb:Scan",
            "s3:GetBucketLocation",
            "s3:GetObject",
            "s3:GetObjectVersion",
            "s3:ListBucketVersions",
        ),
        resources=(
            *(tables, _arn("dynamodb", f"table/{NAME_PREFIX}*")),
            *(buckets, sub(f"arn:${{AWS::Partition}}:s3:::{NAME_PREFIX}*")),
            *(objects, sub(f"arn:${{AWS::Partition}}:s3:::{NAME_PREFIX}*/*")),
        ),
    )
    yield Grant(
        sid="TellAws",
        why="AWS Backup's own tests wait to hear what was found in what they restored",
        actions=("backup:PutRestoreValidationResult",),
    )
    yield Grant(
        sid="ListWhatIsThere",
        why="whether what was deleted is gone",
        actions=("ec2:DescribeSnapshots", "elasticfilesystem:DescribeMountTargets", "tag:GetResources"),
    )
    yield Grant(
        sid="DeleteTests",
        why="what a test made costs until it is gone",
        actions=(
            "dynamodb:DeleteTable",
            "rds:DeleteDBCluster",
            "rds:DeleteDBInstance",
            "s3:DeleteBucket",
            "s3:DeleteObject",
            "s3:DeleteObjectVersion",
        ),
        resources=(*named, objects),
    )
    yield from _by_id(estate, [kind for kind in _BY_ID if _told_apart(estate, kind)])


def _by_id(estate: Estate, kinds: Sequence[ResourceType]) -> Iterator[Grant]:
    """Yield the same for what gets its id from AWS."""
    things = tuple(_THINGS[kind] for kind in kinds)
    if things:
        services = {_BY_ID[kind] for kind in kinds}
        yield Grant(
            sid="MarkTestsById",
            why="what a test made says so where AWS chooses the names, too: only what no plan selects by a tag",
            actions=tuple(_MARKS[service] for service in sorted(services)),
            resources=things,
            condition=_unprotected(estate),
        )
        yield Grant(
            sid="DeleteTestsById",
            why="the same for what is marked as a test's",
            actions=tuple(sorted(action for kind in kinds for action in _DELETIONS[kind])),
            resources=things,
            condition=_MARKED,
        )
    if ResourceType.EBS in kinds:
        yield from _blocks()


def _blocks() -> Iterator[Grant]:
    """Yield what reads the blocks of a restored volume."""
    snapshots = sub("arn:${AWS::Partition}:ec2:*::snapshot/*")
    yield Grant(
        sid="ReadTestsDisks",
        why="blocks are read through a snapshot of the restored volume",
        actions=("ec2:CreateSnapshot",),
        resources=(_THINGS[ResourceType.EBS], snapshots),
    )
    yield Grant(
        sid="MarkTestsSnapshots",
        why="that snapshot says whose it is from its first moment on, so that it can be deleted",
        actions=("ec2:CreateTags",),
        resources=(snapshots,),
        condition={"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}},
    )
    yield Grant(
        sid="ReadAndDeleteTestsSnapshots",
        why="its blocks are read, then it goes again",
        actions=("ebs:GetSnapshotBlock", "ebs:ListSnapshotBlocks", "ec2:DeleteSnapshot"),
        resources=(snapshots,),
        condition={"StringLike": {f"aws:ResourceTag/{EXAMINES_TAG}": "*"}},
    )


def _told_apart(estate: Estate, kind: ResourceType) -> bool:
    """Return whether a tag tells every protected resource of a type, and what is marked along with it, from what a test restored."""
    selected = all(plan.select.tags for plan in estate.plans if _may_select(plan.select, kind, estate))
    return selected and (kind not in _ALONG or _told_apart(estate, _ALONG[kind]))


def _may_select(select: Selection, kind: ResourceType, estate: Estate) -> bool:
    """Return whether resources of a type may be selected; of a pattern of ARNs its service counts."""
    types = set(select.types or estate.organization.opt_in) - set(select.not_types)
    services = {(arn.split(":") + [""] * 3)[2] for arn in select.arns}
    return kind in types and (not services or any("*" in each or each in {"", _BY_ID[kind]} for each in services))


def _unprotected(estate: Estate) -> Json:
    """Return the condition that a resource carries none of the tags by which plans select, and no other tag is put onto it."""
    keys = {term.key for plan in estate.plans for term in plan.select.tags}
    if estate.organization.control_tower is not None:  # its baseline has plans of its own
        keys |= set(facts.fact("control_tower_resources", "tags").value.values())
    condition: Json = {"ForAllValues:StringLike": {"aws:TagKeys": ["strongroom:*"]}}
    return {**condition, "Null": {f"aws:ResourceTag/{key}": "true" for key in sorted(keys)}} if keys else condition


def _arn(service: str, resource: str) -> Json:
    return sub(f"arn:{_ACCOUNT.replace('{service}', service)}:{resource}")


_THINGS: Final[Mapping[ResourceType, Json]] = MappingProxyType(
    {
        ResourceType.EBS: _arn("ec2", "volume/*"),
        ResourceType.EC2: _arn("ec2", "instance/*"),
        ResourceType.EFS: _arn("elasticfilesystem", "file-system/*"),
    }
)
_MARKS: Final[Mapping[str, str]] = MappingProxyType({"ec2": "ec2:CreateTags", "elasticfilesystem": "elasticfilesystem:TagResource"})
_DELETIONS: Final[Mapping[ResourceType, tuple[str, ...]]] = MappingProxyType(
    {
        ResourceType.EBS: ("ec2:DeleteVolume",),
        ResourceType.EC2: ("ec2:ModifyInstanceAttribute", "ec2:TerminateInstances"),
        ResourceType.EFS: ("elasticfilesystem:DeleteFileSystem", "elasticfilesystem:DeleteMountTarget"),
    }
)
