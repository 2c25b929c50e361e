"""What a restore made, as its own service describes it: endpoint, encryption, tags; and putting tags onto it.

Source: API references of RDS, DynamoDB, S3, EC2 and EFS.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Final

from strongroom.aws.sessions import Sessions
from strongroom.domain.names import AccountId, Arn, Region, ResourceType
from strongroom.domain.recovery import Endpoint
from strongroom.errors import AwsRefused
from strongroom.semantics.restores import CLUSTERS

Ask = Callable[..., dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What is known of a resource."""

    endpoint: Endpoint | None = None
    encrypted: bool | None = None  # None: the service doesn't tell
    key_arn: str | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    state: str = ""  # the service's own word


def described(sessions: Sessions, kind: ResourceType, arn: str, *, account: AccountId, region: Region) -> Description:
    """Return what the service of a resource says of it; raises AwsRefused, also when it isn't there."""
    describe = _cluster if is_cluster(kind, arn) else _DESCRIBED.get(kind)
    if describe is None:
        return Description()
    return describe(partial(_ask, sessions, account, region), arn)


def tag(sessions: Sessions, kind: ResourceType, arn: str, tags: Mapping[str, str], *, account: AccountId, region: Region) -> None:
    """Put tags onto a resource beside those that it has; raises AwsRefused."""
    ask, name = partial(_ask, sessions, account, region), identifier(arn)
    pairs = [{"Key": key, "Value": text} for key, text in tags.items()]
    if kind is ResourceType.S3:
        ask("s3", "put_bucket_tagging", Bucket=name, Tagging={"TagSet": _pairs({**_bucket_tags(ask, name), **tags})})
    elif kind is ResourceType.DYNAMODB:
        ask("dynamodb", "tag_resource", ResourceArn=arn, Tags=pairs)
    elif kind in {ResourceType.EBS, ResourceType.EC2}:
        ask("ec2", "create_tags", Resources=[name, *(_volumes(ask, name) if kind is ResourceType.EC2 else ())], Tags=pairs)
    elif kind is ResourceType.EFS:
        ask("efs", "tag_resource", ResourceId=name, Tags=pairs)
    else:
        ask("rds", "add_tags_to_resource", ResourceName=arn, Tags=pairs)


def is_cluster(kind: ResourceType, arn: str) -> bool:
    """Return whether a database is a cluster, Multi-AZ ones of RDS included.

    Example:
        >>> is_cluster(ResourceType.RDS, "arn:aws:rds:eu-west-2:111122223333:cluster:ledger")
        True
    """
    return kind in CLUSTERS or (kind is ResourceType.RDS and Arn.parse(arn).resource.startswith("cluster:"))


def identifier(arn: str) -> str:
    """Return the name or id that a service calls a resource by.

    Example:
        >>> identifier("arn:aws:ec2:eu-west-2:111122223333:volume/vol-0a"), identifier("arn:aws:s3:::papers")
        ('vol-0a', 'papers')
    """
    return Arn.parse(arn).resource.rpartition("/")[2].rpartition(":")[2]


def pairs_of(tags: Iterable[Mapping[str, str]] | None) -> dict[str, str]:
    """Return tags as a mapping."""
    return {each["Key"]: each["Value"] for each in tags or ()}


def _ask(sessions: Sessions, account: AccountId, region: Region, service: str, operation: str, **parameters: Any) -> dict[str, Any]:
    return sessions.call(service, region, operation, account=account, **parameters)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": name, "Value": text} for name, text in tags.items()]


def _volumes(ask: Ask, instance_id: str) -> list[str]:
    instance = ask("ec2", "describe_instances", InstanceIds=[instance_id])["Reservations"][0]["Instances"][0]
    return [each["Ebs"]["VolumeId"] for each in instance.get("BlockDeviceMappings") or () if "Ebs" in each]


def _database(ask: Ask, arn: str) -> Description:
    found = ask("rds", "describe_db_instances", DBInstanceIdentifier=identifier(arn))["DBInstances"][0]
    where = found.get("Endpoint") or {}
    return Description(
        endpoint=_endpoint(where.get("Address"), where.get("Port"), found),
        encrypted=bool(found.get("StorageEncrypted")),
        key_arn=found.get("KmsKeyId"),
        tags=pairs_of(found.get("TagList")),
        state=found.get("DBInstanceStatus") or "",
    )


def _cluster(ask: Ask, arn: str) -> Description:
    found = ask("rds", "describe_db_clusters", DBClusterIdentifier=identifier(arn))["DBClusters"][0]
    return Description(
        endpoint=_endpoint(found.get("Endpoint"), found.get("Port"), found),
        encrypted=bool(found.get("StorageEncrypted")),
        key_arn=found.get("KmsKeyId"),
        tags=pairs_of(found.get("TagList")),
        state=found.get("Status") or "",
    )


def _endpoint(address: str | None, port: int | None, found: Mapping[str, Any]) -> Endpoint | None:
    if not address or not port:
        return None
    user, database = found.get("MasterUsername") or "", found.get("DBName") or found.get("DatabaseName") or ""
    return Endpoint(address=address, port=int(port), engine=found.get("Engine") or "", user=user, database=database)


def _table(ask: Ask, arn: str) -> Description:
    found = ask("dynamodb", "describe_table", TableName=identifier(arn))["Table"]
    key = (found.get("SSEDescription") or {}).get("KMSMasterKeyArn")
    tags = ask("dynamodb", "list_tags_of_resource", ResourceArn=arn).get("Tags")
    return Description(encrypted=True, key_arn=key, tags=pairs_of(tags), state=found.get("TableStatus") or "")  # tables always are


def _bucket(ask: Ask, arn: str) -> Description:
    name = identifier(arn)
    try:
        rules = ask("s3", "get_bucket_encryption", Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    except AwsRefused as error:
        if error.code != "ServerSideEncryptionConfigurationNotFoundError":
            raise
        rules = []
    default = rules[0].get("ApplyServerSideEncryptionByDefault") or {} if rules else {}
    # since 2023-01-05 S3 encrypts every new object, whatever the bucket says
    return Description(encrypted=True, key_arn=default.get("KMSMasterKeyID"), tags=_bucket_tags(ask, name), state="available")


def _bucket_tags(ask: Ask, name: str) -> dict[str, str]:
    try:
        return pairs_of(ask("s3", "get_bucket_tagging", Bucket=name).get("TagSet"))
    except AwsRefused as error:
        if error.code == "NoSuchTagSet":
            return {}
        raise


def _volume(ask: Ask, arn: str) -> Description:
    found = ask("ec2", "describe_volumes", VolumeIds=[identifier(arn)])["Volumes"][0]
    return Description(
        encrypted=bool(found.get("Encrypted")),
        key_arn=found.get("KmsKeyId"),
        tags=pairs_of(found.get("Tags")),
        state=found.get("State") or "",
    )


def _instance(ask: Ask, arn: str) -> Description:
    found = ask("ec2", "describe_instances", InstanceIds=[identifier(arn)])["Reservations"][0]["Instances"][0]
    volumes = _volumes(ask, identifier(arn))
    disks = ask("ec2", "describe_volumes", VolumeIds=volumes)["Volumes"] if volumes else []
    keys = {each.get("KmsKeyId") for each in disks} - {None}
    return Description(
        encrypted=all(each.get("Encrypted") for each in disks) if disks else None,
        key_arn=keys.pop() if len(keys) == 1 else None,
        tags=pairs_of(found.get("Tags")),
        state=(found.get("State") or {}).get("Name") or "",
    )


def _file_system(ask: Ask, arn: str) -> Description:
    found = ask("efs", "describe_file_systems", FileSystemId=identifier(arn))["FileSystems"][0]
    return Description(
        encrypted=found.get("Encrypted"),
        key_arn=found.get("KmsKeyId"),
        tags=pairs_of(found.get("Tags")),
        state=found.get("LifeCycleState") or "",
    )


_DESCRIBED: Final[Mapping[ResourceType, Callable[[Ask, str], Description]]] = {
    ResourceType.DYNAMODB: _table,
    ResourceType.EBS: _volume,
    ResourceType.EC2: _instance,
    ResourceType.EFS: _file_system,
    ResourceType.RDS: _database,
    ResourceType.S3: _bucket,
}
