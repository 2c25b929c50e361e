"""What a wire call asks for, as IAM sees it: action, resources by ARN, and what the call says of itself for conditions.

Where IAM's actions are not called like the operations of the API, this says so; a resource that the twin doesn't know of is ANY.
Source: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

ANY: Final = "*"

_PREFIXES: Final = {"monitoring": "cloudwatch", "tagging": "tag"}  # signing names that are not those of actions
_FREE: Final = frozenset({"sts:GetCallerIdentity", "sts:GetSessionToken"})  # need no permission
_S3: Final[Mapping[str, str]] = {
    "CompleteMultipartUpload": "PutObject",
    "CopyObject": "PutObject",
    "CreateMultipartUpload": "PutObject",
    "DeleteBucketEncryption": "PutEncryptionConfiguration",
    "DeleteBucketLifecycle": "PutLifecycleConfiguration",
    "DeleteBucketReplication": "PutReplicationConfiguration",
    "DeleteBucketTagging": "PutBucketTagging",
    "DeleteObjects": "DeleteObject",
    "DeletePublicAccessBlock": "PutBucketPublicAccessBlock",
    "GetBucketEncryption": "GetEncryptionConfiguration",
    "GetBucketInventoryConfiguration": "GetInventoryConfiguration",
    "GetBucketLifecycle": "GetLifecycleConfiguration",
    "GetBucketLifecycleConfiguration": "GetLifecycleConfiguration",
    "GetBucketNotificationConfiguration": "GetBucketNotification",
    "GetBucketReplication": "GetReplicationConfiguration",
    "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "GetPublicAccessBlock": "GetBucketPublicAccessBlock",
    "HeadBucket": "ListBucket",
    "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets",
    "ListMultipartUploads": "ListBucketMultipartUploads",
    "ListObjectVersions": "ListBucketVersions",
    "ListObjects": "ListBucket",
    "ListObjectsV2": "ListBucket",
    "ListParts": "ListMultipartUploadParts",
    "PutBucketEncryption": "PutEncryptionConfiguration",
    "PutBucketLifecycleConfiguration": "PutLifecycleConfiguration",
    "PutBucketNotificationConfiguration": "PutBucketNotification",
    "PutBucketReplication": "PutReplicationConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "PutPublicAccessBlock": "PutBucketPublicAccessBlock",
    "UploadPart": "PutObject",
}
# Members of requests that name a resource, with the form of its ARN; a value that is an ARN is taken as it is.
_FORMS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "cloudformation": (
        ("StackSetName", "arn:aws:cloudformation:{region}:{account}:stackset/{value}:*"),
        ("StackName", "arn:aws:cloudformation:{region}:{account}:stack/{value}/*"),
    ),
    "dynamodb": (("ResourceArn", "{value}"), ("TableName", "arn:aws:dynamodb:{region}:{account}:table/{value}")),
    "ebs": (("SnapshotId", "arn:aws:ec2:{region}::snapshot/{value}"),),
    "ec2": (
        ("VolumeId", "arn:aws:ec2:{region}:{account}:volume/{value}"),
        ("SnapshotId", "arn:aws:ec2:{region}::snapshot/{value}"),
        ("ImageId", "arn:aws:ec2:{region}::image/{value}"),
        ("InstanceId", "arn:aws:ec2:{region}:{account}:instance/{value}"),
        ("InstanceId.1", "arn:aws:ec2:{region}:{account}:instance/{value}"),
    ),
    "elasticfilesystem": (("FileSystemId", "arn:aws:elasticfilesystem:{region}:{account}:file-system/{value}"),),
    "iam": (
        ("RoleName", "arn:aws:iam::{account}:role/{value}"),
        ("UserName", "arn:aws:iam::{account}:user/{value}"),
        ("GroupName", "arn:aws:iam::{account}:group/{value}"),
        ("InstanceProfileName", "arn:aws:iam::{account}:instance-profile/{value}"),
        ("PolicyArn", "{value}"),
    ),
    "kms": (("KeyId", "arn:aws:kms:{region}:{account}:key/{value}"),),
    "rds": (
        ("ResourceName", "{value}"),
        ("DBSnapshotIdentifier", "arn:aws:rds:{region}:{account}:snapshot:{value}"),
        ("DBClusterSnapshotIdentifier", "arn:aws:rds:{region}:{account}:cluster-snapshot:{value}"),
        ("DBInstanceIdentifier", "arn:aws:rds:{region}:{account}:db:{value}"),
        ("DBClusterIdentifier", "arn:aws:rds:{region}:{account}:cluster:{value}"),
    ),
    "secretsmanager": (("SecretId", "arn:aws:secretsmanager:{region}:{account}:secret:{value}"),),
    "sns": (("TopicArn", "{value}"), ("ResourceArn", "{value}"), ("Name", "arn:aws:sns:{region}:{account}:{value}")),
    "sts": (("RoleArn", "{value}"),),
}
_FORM_TAG: Final = re.compile(r"(TagSpecification\.\d+\.)?Tags?(\.(Tag|member))?\.\d+\.Key")
_GLOBAL: Final = frozenset({"iam", "organizations"})  # whose calls all go to us-east-1
_OF_VAULTS: Final = "arn:aws:backup:{region}:{account}:backup-vault:{value}"
_BACKUP_KEYS: Final = ("ChangeableForDays", "MinRetentionDays", "MaxRetentionDays")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """An action on a resource."""

    action: str
    resource: str  # ARN, or ANY
    guard: str = ""  # ARN of the vault whose policy stands before a recovery point
    context: tuple[tuple[str, tuple[str, ...]], ...] = ()


def asked(service: str, operation: str, parameters: Mapping[str, Any], *, account: str, region: str) -> tuple[Asked, ...]:
    """Return what a call needs permission for, in order; none for what everybody may do.

    Example:
        >>> [each.resource for each in asked("dynamodb", "DescribeTable", {"TableName": "t"}, account="111122223333", region="eu-west-2")]
        ['arn:aws:dynamodb:eu-west-2:111122223333:table/t']
    """
    action = f"{_PREFIXES.get(service, service)}:{_S3.get(operation, operation) if service == 's3' else operation}"
    if action in _FREE:
        return ()
    words = {"account": account, "region": region}
    where = (("aws:RequestedRegion", ("us-east-1" if service in _GLOBAL else region,)), *_tags(parameters))
    if service == "backup":
        return tuple(_backup(operation, action, parameters, words, where))
    resource = _OF_SERVICE[service](operation, parameters) if service in _OF_SERVICE else _named(service, parameters, words)
    return (Asked(action=action, resource=resource, context=where),)


def _named(service: str, parameters: Mapping[str, Any], words: Mapping[str, str]) -> str:
    for member, form in _FORMS.get(service, ()):
        value = parameters.get(member)
        if isinstance(value, str) and value:
            return value if value.startswith("arn:") else form.format(value=value, **words)
    return ANY


def _s3(operation: str, parameters: Mapping[str, Any]) -> str:
    bucket, key = parameters.get("Bucket"), parameters.get("Key")
    if not bucket:
        return ANY
    if operation == "DeleteObjects":
        return f"arn:aws:s3:::{bucket}/*"
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


def _backup(
    operation: str, action: str, parameters: Mapping[str, Any], words: Mapping[str, str], where: tuple[tuple[str, tuple[str, ...]], ...]
) -> Iterator[Asked]:
    named = parameters.get("BackupVaultName") or parameters.get("SourceBackupVaultName")
    vault = _OF_VAULTS.format(value=named, **words) if named else ""
    point = parameters.get("RecoveryPointArn")
    plan = parameters.get("BackupPlanId") or parameters.get("backupPlanId")
    context = [*where]
    context += [(f"backup:{name}", (str(parameters[name]),)) for name in _BACKUP_KEYS if name in parameters]
    if "DestinationBackupVaultArn" in parameters:
        context.append(("backup:CopyTargets", (parameters["DestinationBackupVaultArn"],)))
    resource = point or parameters.get("ResourceArn", "") if operation != "StartBackupJob" else ""
    resource = resource if operation != "ListRecoveryPointsByResource" else ""
    if not resource:
        resource = vault or (f"arn:aws:backup:{words['region']}:{words['account']}:backup-plan:{plan}" if plan else ANY)
    yield Asked(action=action, resource=resource, guard=vault if point else "", context=tuple(context))
    role = parameters.get("IamRoleArn") or (parameters.get("BackupSelection") or {}).get("IamRoleArn")
    if role:
        passed = ("iam:PassedToService", ("backup.amazonaws.com",))
        yield Asked(action="iam:PassRole", resource=role, context=(*where, passed))


def _tags(parameters: Mapping[str, Any]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield the context keys of the tags that a call brings."""
    found: dict[str, str] = {}
    for name in ("Tags", "BackupVaultTags", "BackupPlanTags", "RecoveryPointTags"):
        tags = parameters.get(name)
        if isinstance(tags, Mapping):
            found |= {str(key): str(value) for key, value in tags.items()}
        elif isinstance(tags, list):
            pairs = (each for each in tags if isinstance(each, Mapping))
            found |= {str(each.get("Key", each.get("TagKey"))): str(each.get("Value", each.get("TagValue"))) for each in pairs}
    for name, key in parameters.items():  # of the query protocols
        if _FORM_TAG.fullmatch(name):
            found[str(key)] = str(parameters.get(f"{name.removesuffix('Key')}Value", ""))
    yield from ((f"aws:RequestTag/{key}", (value,)) for key, value in found.items())
    if found:
        yield "aws:TagKeys", tuple(found)


_OF_SERVICE: Final[Mapping[str, Callable[[str, Mapping[str, Any]], str]]] = {"s3": _s3}
