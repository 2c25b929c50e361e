"""What can be backed up in an account and Region, read in-process from moto's backends.

A backend that doesn't exist is not made: reading must not cost what nobody asked for (82 ms for each of EC2).
"""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType, partition_of
from strongroom.semantics.restoretesting import NAME_PREFIX
from strongroom.twin.backup.state import Inventory, Resource, World

_GIB = 1024**3
_CAPACITIES = ("ReadCapacityUnits", "WriteCapacityUnits")
_ENGINES = {"docdb": ResourceType.DOCUMENTDB, "neptune": ResourceType.NEPTUNE}
_RESTORE_TEST_TAG = facts.limit("restore_testing_tag").value  # plans ignore what restore testing made


def backend_of(service: str, account: str, region: str) -> Any | None:
    """Return moto's backend of a service in an account and Region, or None where nobody has used it yet."""
    module = sys.modules.get(f"moto.{service}.models")
    if module is None:
        return None
    accounts: dict[str, dict[str, Any]] = getattr(module, f"{service}_backends")
    regions = dict.get(accounts, account)
    return None if regions is None else dict.get(regions, region)


def inventory(world: World, account: str, region: str) -> tuple[Mapping[str, Resource], int]:
    """Return the resources of an account and Region by ARN, and the edition of that answer; read once while the clock moves."""
    known = world.inventories.get((account, region))
    if known is None or known.moves != world.moves:
        found = {resource.arn: resource for resource in read(account, region)}
        if known is None:
            known = world.inventories[account, region] = Inventory(resources=found, edition=1, moves=world.moves)
        elif known.resources != found:
            known.resources, known.edition = found, known.edition + 1
        known.moves = world.moves
    return known.resources, known.edition


def read(account: str, region: str) -> Iterator[Resource]:
    """Read the resources of all types that the twin can back up, in a fixed order of types."""
    for service, reader in _READERS:
        backend = backend_of(service, account, partition_of(region) if service == "s3" else region)
        if backend is not None:
            yield from (resource for resource in reader(backend, account, region) if not _of_a_restore_test(resource))
    stacks = _all_stacks()
    if stacks is not None:
        yield from _stacks(stacks, account, region)


def _all_stacks() -> Any | None:
    """Return the twin's CloudFormation, which stands beside moto, or None where there is none."""
    module = sys.modules.get("strongroom.twin.cloudformation.wire")
    service = None if module is None else vars(module.CloudFormationResponse).get("cloudformation")
    return None if service is None else service.stacks


def changed(world: World, account: str, region: str) -> None:
    """Read the resources of an account and Region anew when they are needed next: a restore made or removed one."""
    known = world.inventories.get((account, region))
    if known is not None:
        known.moves = -1


def _of_a_restore_test(resource: Resource) -> bool:
    return _RESTORE_TEST_TAG in resource.tags or resource.name.startswith(NAME_PREFIX)


def _tables(backend: Any, _account: str, _region: str) -> Iterator[Resource]:
    for table in list(backend.tables.values()):
        sse = table.sse_specification or {}
        items = sum(len(rows) if table.range_key_attr else 1 for rows in list(table.items.values()))
        yield Resource(
            arn=table.table_arn,
            type=ResourceType.DYNAMODB,
            name=table.name,
            tags=_tags(table.tags),
            size_bytes=items * 400,
            encrypted=True,
            key_arn=sse.get("KMSMasterKeyId"),
            details={
                "schema": table.schema,
                "attributes": table.attr,
                "billing": table.billing_mode,
                "indexes": [index.describe() for index in table.indexes],
                "global_indexes": [index.describe() for index in table.global_indexes],
                "throughput": {name: table.throughput.get(name) for name in _CAPACITIES},
            },
        )


def _ec2(backend: Any, account: str, region: str) -> Iterator[Resource]:
    partition = partition_of(region)
    for volume in list(backend.volumes.values()):
        tags = _tags(volume.get_tags())
        yield Resource(
            arn=f"arn:{partition}:ec2:{region}:{account}:volume/{volume.id}",
            type=ResourceType.EBS,
            name=tags.get("Name", volume.id),
            tags=tags,
            size_bytes=int(volume.size) * _GIB,
            encrypted=bool(volume.encrypted),
            key_arn=volume.kms_key_id if volume.encrypted else None,
            details=_known(
                availabilityZone=volume.zone.name, volumeType=volume.volume_type, iops=volume.iops, throughput=volume.throughput
            ),
        )
    for reservation in list(backend.reservations.values()):
        for instance in reservation.instances:
            tags = _tags(instance.get_tags())
            if instance.state in ("running", "stopped"):
                volumes = [(name, device.volume_id) for name, device in instance.block_device_mapping.items()]
                devices = [(name, backend.volumes[each]) for name, each in volumes if each in backend.volumes]
                disks = [disk for _, disk in devices]
                yield Resource(
                    arn=f"arn:{partition}:ec2:{region}:{account}:instance/{instance.id}",
                    type=ResourceType.EC2,
                    name=tags.get("Name", instance.id),
                    tags=tags,
                    size_bytes=sum(int(disk.size) for disk in disks) * _GIB,
                    encrypted=any(disk.encrypted for disk in disks),
                    key_arn=next((disk.kms_key_id for disk in disks if disk.encrypted), None),
                    details={
                        **_known(
                            InstanceType=instance.instance_type,
                            SubnetId=instance.subnet_id,
                            VpcId=instance.vpc_id,
                            SecurityGroupIds=json.dumps([group.id for group in instance.security_groups]),
                            IamInstanceProfileName=_profile(backend, instance.id),
                        ),
                        "devices": tuple((name, disk.id, int(disk.size)) for name, disk in devices),
                    },
                )


def _databases(backend: Any, _account: str, _region: str) -> Iterator[Resource]:
    for database in list(backend.databases.values()):
        if not getattr(database, "db_cluster_identifier", None):  # a member of a cluster is backed up with its cluster
            yield _database(database, ResourceType.RDS, database.db_instance_arn, database.db_instance_identifier)
    for cluster in list(backend.clusters.values()):
        engine = str(cluster.engine)
        type_ = _ENGINES.get(engine, ResourceType.AURORA if engine.startswith("aurora") else ResourceType.RDS)
        of_rds = type_ is ResourceType.RDS
        yield _database(cluster, type_, cluster.db_cluster_arn, cluster.db_cluster_identifier, multi_az_cluster=of_rds)


def _database(database: Any, type_: ResourceType, arn: str, name: str, *, multi_az_cluster: bool = False) -> Resource:
    encrypted = bool(database.storage_encrypted)
    return Resource(
        arn=arn,
        type=type_,
        name=name,
        tags=_tags(database.tags),
        size_bytes=int(database.allocated_storage or 1) * _GIB,
        encrypted=encrypted,
        key_arn=(database.kms_key_id or "default_kms_key_id") if encrypted else None,
        maintenance=getattr(database, "preferred_maintenance_window", None),
        multi_az_cluster=multi_az_cluster,
        details=_known(
            Engine=database.engine,
            EngineVersion=database.engine_version,
            DBInstanceClass=getattr(database, "db_instance_class", None) or getattr(database, "db_cluster_instance_class", None),
            Port=database.port,
        )
        | {"master": _master(database)},
    )


def _master(database: Any) -> tuple[str, str, str]:
    """Return the master user, its password, and the first database; a restored database has them too."""
    name = getattr(database, "db_name", None) or getattr(database, "database_name", None)
    return database.master_username or "", getattr(database, "_master_user_password", None) or "", name or ""


def _buckets(backend: Any, _account: str, region: str) -> Iterator[Resource]:
    for bucket in list(backend.buckets.values()):
        if bucket.region_name == region:
            yield Resource(
                arn=bucket.arn,
                type=ResourceType.S3,
                name=bucket.name,
                tags=backend.tagger.get_tag_dict_for_resource(bucket.arn),
                size_bytes=sum(int(getattr(key, "size", 0)) for key in list(bucket.keys.values())),
                encrypted=True,
                key_arn=None,
                continuous_ready=bucket.is_versioned,
            )


def _file_systems(backend: Any, _account: str, _region: str) -> Iterator[Resource]:
    for system in list(backend.file_systems_by_id.values()):
        tags = _tags(backend.list_tags_for_resource(system.file_system_id))
        yield Resource(
            arn=system.file_system_arn,
            type=ResourceType.EFS,
            name=tags.get("Name", system.file_system_id),
            tags=tags,
            size_bytes=int(system.size_in_bytes["Value"]) or 6144,  # what EFS meters for an empty file system
            encrypted=bool(system.encrypted),
            key_arn=system.kms_key_id if system.encrypted else None,
            details={"PerformanceMode": system.performance_mode, "file-system-id": system.file_system_id},
        )


def _stacks(backend: Any, account: str, region: str) -> Iterator[Resource]:
    for stack in list(backend.stacks.get((account, region), {}).values()):
        if stack.deleted_at is None and stack.usable:
            yield Resource(
                arn=stack.id,
                type=ResourceType.CLOUDFORMATION,
                name=stack.name,
                tags=dict(stack.tags),
                size_bytes=len(stack.template.text),
                encrypted=True,
                key_arn=None,
                details={"members": tuple((name, _arn(live, account, region)) for name, live in stack.live.items())},
            )


def _arn(live: Any, account: str, region: str) -> str:
    """Return the ARN of a stack's resource of a type that can be backed up, else empty."""
    form = _ARNS.get(live.type, "")
    return form.format(partition=partition_of(region), region=region, account=account, id=live.physical_id)


def _profile(backend: Any, instance_id: str) -> str | None:
    association = backend.iam_instance_profile_associations.get(instance_id)
    return None if association is None else association.iam_instance_profile.name


def _known(**details: Any) -> dict[str, str]:
    return {name: str(value) for name, value in details.items() if value is not None}


def _tags(pairs: Iterable[Any]) -> dict[str, str]:
    # RDS and DynamoDB write Key/Value, EC2 key/value
    return {pair.get("Key", pair.get("key", "")): pair.get("Value", pair.get("value", "")) or "" for pair in pairs or ()}


_ARNS: Mapping[str, str] = {
    "AWS::DynamoDB::Table": "arn:{partition}:dynamodb:{region}:{account}:table/{id}",
    "AWS::EC2::Instance": "arn:{partition}:ec2:{region}:{account}:instance/{id}",
    "AWS::EC2::Volume": "arn:{partition}:ec2:{region}:{account}:volume/{id}",
    "AWS::EFS::FileSystem": "arn:{partition}:elasticfilesystem:{region}:{account}:file-system/{id}",
    "AWS::RDS::DBCluster": "arn:{partition}:rds:{region}:{account}:cluster:{id}",
    "AWS::RDS::DBInstance": "arn:{partition}:rds:{region}:{account}:db:{id}",
    "AWS::S3::Bucket": "arn:{partition}:s3:::{id}",
}
_READERS: tuple[tuple[str, Callable[[Any, str, str], Iterator[Resource]]], ...] = (
    ("dynamodb", _tables),
    ("ec2", _ec2),
    ("rds", _databases),
    ("s3", _buckets),
    ("efs", _file_systems),
)
