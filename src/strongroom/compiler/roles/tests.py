"""What restore tests need beside restores: marking what they made as theirs, reading it, and deleting it again.

What has a name of ours is named: nothing else can be read or deleted. Volumes, instances and file systems get ids from AWS: they can be
marked as a test's only where they carry none of the tags that plans select by, and be deleted only once they are marked. So nobody who
has this role can mark a protected resource and delete it.
"""

from collections.abc import Iterator
from typing import Final

from strongroom.compiler.roles.grants import Grant
from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate
from strongroom.domain.recovery import EXAMINES_TAG, TEST_NAME, TEST_TAG

_ACCOUNT: Final = "${AWS::Partition}:{service}:*:${AWS::AccountId}"
_MARKED: Final[Json] = {"StringLike": {f"aws:ResourceTag/{TEST_TAG}": "*"}}


def testing(estate: Estate) -> Iterator[Grant]:
    """Yield what a role that tests restores may do to what it has restored."""
    tables = _arn("dynamodb", f"table/{TEST_NAME}*")
    databases = (_arn("rds", f"db:{TEST_NAME}*"), _arn("rds", f"cluster:{TEST_NAME}*"))
    buckets, objects = sub(f"arn:${{AWS::Partition}}:s3:::{TEST_NAME}*"), sub(f"arn:${{AWS::Partition}}:s3:::{TEST_NAME}*/*")
    named = (tables, *databases, buckets)
    disks = (_arn("ec2", "volume/*"), _arn("ec2", "instance/*"))
    systems = _arn("elasticfilesystem", "file-system/*")
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
        sid="MarkTestsById",
        why="the same where AWS chooses the names: only what no plan selects by a tag",
        actions=("ec2:CreateTags", "elasticfilesystem:TagResource"),
        resources=(*disks, systems),
        condition=_unprotected(estate),
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
        resources=(tables, buckets, objects),
    )
    yield Grant(
        sid="ReadTestsDisks",
        why="blocks are read through a snapshot of the restored volume",
        actions=("ec2:CreateSnapshot",),
        resources=(disks[0], sub("arn:${AWS::Partition}:ec2:*::snapshot/*")),
    )
    yield Grant(
        sid="MarkTestsSnapshots",
        why="that snapshot says whose it is from its first moment on, so that it can be deleted",
        actions=("ec2:CreateTags",),
        resources=(sub("arn:${AWS::Partition}:ec2:*::snapshot/*"),),
        condition={"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}},
    )
    yield Grant(
        sid="ReadAndDeleteTestsSnapshots",
        why="its blocks are read, then it goes again",
        actions=("ebs:GetSnapshotBlock", "ebs:ListSnapshotBlocks", "ec2:DeleteSnapshot"),
        resources=(sub("arn:${AWS::Partition}:ec2:*::snapshot/*"),),
        condition={"StringLike": {f"aws:ResourceTag/{EXAMINES_TAG}": "*"}},
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
    yield Grant(
        sid="DeleteTestsById",
        why="the same for what is marked as a test's",
        actions=(
            "ec2:DeleteVolume",
            "ec2:ModifyInstanceAttribute",
            "ec2:TerminateInstances",
            "elasticfilesystem:DeleteFileSystem",
            "elasticfilesystem:DeleteMountTarget",
        ),
        resources=(*disks, systems),
        condition=_MARKED,
    )


def _unprotected(estate: Estate) -> Json:
    """Return the condition that a resource carries none of the tags by which plans select, and no other tag is put onto it."""
    keys = sorted({term.key for plan in estate.plans for term in plan.select.tags})
    condition: Json = {"ForAllValues:StringLike": {"aws:TagKeys": ["strongroom:*"]}}
    return {**condition, "Null": {f"aws:ResourceTag/{key}": "true" for key in keys}} if keys else condition


def _arn(service: str, resource: str) -> Json:
    return sub(f"arn:{_ACCOUNT.replace('{service}', service)}:{resource}")
