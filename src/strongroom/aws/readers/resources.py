"""Resources that AWS Backup can protect, in one account and Region: DynamoDB, EBS, EC2, RDS and its clusters, EFS.

Each service is a subject of its own (`resources:<type>`), so that one denied service leaves the others known.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from strongroom.aws.readers import particulars
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.native import add_database_protection, read_table_protection, still_there
from strongroom.aws.readers.particulars import NOTHING, Particulars
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import key_arn, tags
from strongroom.domain.names import ResourceType
from strongroom.domain.tables import RESOURCES

GIB = 2**30
LEAVING = frozenset({"deleting", "deleted", "DELETING", "shutting-down", "terminated"})


def subject_of(kind: ResourceType) -> str:
    """Return the subject of `reads` under which resources of a type are read."""
    return f"resources:{kind.value}"


def details_of(kind: ResourceType) -> str:
    """Return the subject of `reads` under which more than the listing tells of a type is read.

    It is a subject of its own: where the details are denied the resources are known all the same.
    """
    return f"details:{kind.value}"


def locks_of(kind: ResourceType) -> str:
    """Return the subject of `reads` under which Object Lock of a type is read: a role of an earlier release may not ask for it."""
    return f"locks:{kind.value}"


def add_resource(
    scope: Scope,
    harvest: Harvest,
    kind: ResourceType,
    *,
    arn: str,
    name: str,
    tagged: Mapping[str, str],
    created_at: datetime | None,
    encrypted: bool | None,
    key: str | None,
    size_bytes: int | None,
    more: Particulars = NOTHING,
) -> None:
    """Add a resource, and the key it uses to the wanted ones; the key's manager is filled in when the keys are known."""
    wanted = key_arn(scope.partition, scope.region, scope.account, key) if key else None
    if wanted:
        harvest.keys.add((scope.account, scope.region, wanted))
    place = (scope.account, scope.region, arn, kind.value, name, tagged, created_at, encrypted, wanted, None, size_bytes)
    harvest.add(RESOURCES, *place, *particulars.values(more))


def read_dynamodb(scope: Scope, harvest: Harvest, *, advanced: bool | None) -> None:
    """Add DynamoDB tables; `advanced`: AWS Backup's advanced features are on here, None where that could not be read."""
    names: list[str] | None = None
    with harvest.subject(scope.account, scope.region, subject_of(ResourceType.DYNAMODB)) as subject:
        names = list(scope.items("dynamodb", "list_tables", "TableNames"))
        for name in names:
            with subject.item(), still_there():
                _add_table(scope, harvest, name, advanced=advanced)
    read_table_protection(scope, harvest, names, details_of(ResourceType.DYNAMODB))


def _add_table(scope: Scope, harvest: Harvest, name: str, *, advanced: bool | None) -> None:
    table = scope.call("dynamodb", "describe_table", TableName=name)["Table"]
    if table.get("TableStatus") in LEAVING:
        return
    arn = table["TableArn"]
    listed = list(scope.items("dynamodb", "list_tags_of_resource", "Tags", ResourceArn=arn))
    encryption = table.get("SSEDescription") or {}
    add_resource(
        scope,
        harvest,
        ResourceType.DYNAMODB,
        arn=arn,
        name=name,
        tagged=tags(listed),
        created_at=table.get("CreationDateTime"),
        encrypted=True,  # always: without SSEDescription under a key that AWS owns
        key=encryption.get("KMSMasterKeyArn") if encryption.get("Status") in {"ENABLED", "UPDATING"} else None,
        size_bytes=table.get("TableSizeBytes"),
        more=particulars.of_table(table, advanced=advanced),
    )


def read_ec2(scope: Scope, harvest: Harvest) -> None:
    """Add EBS volumes and EC2 instances; an instance is as encrypted as its volumes."""
    volumes: dict[str, dict[str, Any]] = {}
    with harvest.subject(scope.account, scope.region, subject_of(ResourceType.EBS)):
        for volume in scope.items("ec2", "describe_volumes", "Volumes", MaxResults=500):
            if volume.get("State") not in LEAVING:
                volumes[volume["VolumeId"]] = volume
                _add_volume(scope, harvest, volume)
    with harvest.subject(scope.account, scope.region, subject_of(ResourceType.EC2)):
        for reservation in scope.items("ec2", "describe_instances", "Reservations", MaxResults=500):
            for instance in reservation["Instances"]:
                if instance.get("State", {}).get("Name") not in LEAVING:
                    _add_instance(scope, harvest, instance, volumes)


def _add_volume(scope: Scope, harvest: Harvest, volume: dict[str, Any]) -> None:
    add_resource(
        scope,
        harvest,
        ResourceType.EBS,
        arn=f"arn:{scope.partition}:ec2:{scope.region}:{scope.account}:volume/{volume['VolumeId']}",
        name=volume["VolumeId"],
        tagged=tags(volume.get("Tags")),
        created_at=volume.get("CreateTime"),
        encrypted=volume.get("Encrypted"),
        key=volume.get("KmsKeyId") if volume.get("Encrypted") else None,
        size_bytes=volume["Size"] * GIB if volume.get("Size") is not None else None,
    )


def _add_instance(scope: Scope, harvest: Harvest, instance: dict[str, Any], volumes: Mapping[str, dict[str, Any]]) -> None:
    attached = [device["Ebs"]["VolumeId"] for device in instance.get("BlockDeviceMappings", ()) if device.get("Ebs")]
    known = [volumes[volume] for volume in attached if volume in volumes]
    complete = bool(attached) and len(known) == len(attached)
    states = {bool(volume.get("Encrypted")) for volume in known}
    keys = {volume.get("KmsKeyId") for volume in known if volume.get("Encrypted")}
    add_resource(
        scope,
        harvest,
        ResourceType.EC2,
        arn=f"arn:{scope.partition}:ec2:{scope.region}:{scope.account}:instance/{instance['InstanceId']}",
        name=instance["InstanceId"],
        tagged=tags(instance.get("Tags")),
        created_at=None,  # LaunchTime moves with every start
        encrypted=states.pop() if complete and len(states) == 1 else None,
        key=keys.pop() if complete and len(keys) == 1 else None,
        size_bytes=sum(volume["Size"] for volume in known) * GIB if complete else None,
        more=particulars.of_machine(instance),
    )


def read_rds(scope: Scope, harvest: Harvest) -> None:
    """Add RDS instances, Multi-AZ DB clusters, Aurora, DocumentDB and Neptune clusters; they share one API.

    Instances of a cluster are protected with it. Source: RDS API reference, DescribeDBClusters ("can also return information for
    Amazon Neptune DB instances and Amazon DocumentDB instances").
    """
    instances: list[dict[str, Any]] = []
    with harvest.subject(scope.account, scope.region, subject_of(ResourceType.RDS)):
        # what came before a refusal stays in the list
        instances.extend(scope.items("rds", "describe_db_instances", "DBInstances", MaxRecords=100))
    option_groups = _option_groups(scope, harvest, instances)
    for instance in instances:
        if not instance.get("DBClusterIdentifier") and instance.get("DBInstanceStatus") not in LEAVING:
            _add_database(scope, harvest, instance, particulars.of_instance(instance, option_groups), prefix="DBInstance")
    subjects = (ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE, ResourceType.RDS)
    with harvest.subject(scope.account, scope.region, *map(subject_of, subjects)):
        for cluster in scope.items("rds", "describe_db_clusters", "DBClusters", MaxRecords=100):
            if cluster.get("Status") not in LEAVING:
                kind = cluster_type(cluster.get("Engine") or "")
                _add_database(scope, harvest, cluster, particulars.of_cluster(kind, cluster), prefix="DBCluster", kind=kind)


def _option_groups(scope: Scope, harvest: Harvest, instances: Sequence[Mapping[str, Any]]) -> dict[str, bool]:
    """Return whether option groups have persistent options; asked only when an instance uses one that can have any."""
    found: dict[str, bool] = {}
    with harvest.subject(scope.account, scope.region, details_of(ResourceType.RDS)):
        if any(particulars.custom_option_groups(instance) for instance in instances):
            for group in scope.items("rds", "describe_option_groups", "OptionGroupsList", MaxRecords=100):
                found[group["OptionGroupName"]] = particulars.has_persistent(group)
    return found


def cluster_type(engine: str) -> ResourceType:
    """Return the resource type of a DB cluster by its engine; what is none of the three is a Multi-AZ DB cluster of RDS.

    Example:
        >>> [cluster_type(engine).value for engine in ("aurora-postgresql", "docdb", "neptune", "postgres")]
        ['Aurora', 'DocumentDB', 'Neptune', 'RDS']
    """
    if engine.startswith("aurora"):
        return ResourceType.AURORA
    return {"docdb": ResourceType.DOCUMENTDB, "neptune": ResourceType.NEPTUNE}.get(engine, ResourceType.RDS)


def _add_database(
    scope: Scope, harvest: Harvest, database: dict[str, Any], more: Particulars, *, prefix: str, kind: ResourceType = ResourceType.RDS
) -> None:
    size = database.get("AllocatedStorage")
    add_resource(
        scope,
        harvest,
        kind,
        arn=database[f"{prefix}Arn"],
        name=database[f"{prefix}Identifier"],
        tagged=tags(database.get("TagList")),
        created_at=database.get(f"{prefix.removeprefix('DB')}CreateTime"),
        encrypted=database.get("StorageEncrypted"),
        key=database.get("KmsKeyId") if database.get("StorageEncrypted") else None,
        # Aurora, DocumentDB and Neptune grow by themselves and report 1
        size_bytes=size * GIB if size is not None and kind is ResourceType.RDS else None,
        more=more,
    )
    add_database_protection(scope, harvest, database[f"{prefix}Arn"], database)


def read_efs(scope: Scope, harvest: Harvest) -> None:
    """Add EFS file systems."""
    with harvest.subject(scope.account, scope.region, subject_of(ResourceType.EFS)):
        for system in scope.items("efs", "describe_file_systems", "FileSystems"):
            if system.get("LifeCycleState") not in LEAVING:
                add_resource(
                    scope,
                    harvest,
                    ResourceType.EFS,
                    arn=system["FileSystemArn"],
                    name=system["FileSystemId"],
                    tagged=tags(system.get("Tags")),
                    created_at=system.get("CreationTime"),
                    encrypted=system.get("Encrypted"),
                    key=system.get("KmsKeyId") if system.get("Encrypted") else None,
                    size_bytes=(system.get("SizeInBytes") or {}).get("Value"),
                )
