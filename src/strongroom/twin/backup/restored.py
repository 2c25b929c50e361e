"""The resources that restores make, and that the clean-up of restore tests removes: state in moto's backends; `contents` fills it.

Refusals of the other services (a name that is taken, a zone that doesn't exist) are theirs, in moto's rendering of their words.
"""

import importlib
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from strongroom import facts
from strongroom.domain.names import ResourceType, partition_of
from strongroom.semantics.restores import BACKED_UP_PROFILE, value
from strongroom.twin.backup.chance import Chance
from strongroom.twin.backup.inventory import backend_of, changed
from strongroom.twin.backup.restoremetadata import is_cluster, zones
from strongroom.twin.backup.state import RestoreJob, World
from strongroom.twin.backup.surroundings import key_of

_GIB = 1024**3
_TAG: str = facts.limit("restore_testing_tag").value


class NotRestored(Exception):
    """The service of the resource refused to make it, in these words."""


def make(world: World, at: datetime, job: RestoreJob) -> str:
    """Make what a restore job asks for, and return its ARN; raises NotRestored."""
    from moto.core.exceptions import ServiceException
    from werkzeug.exceptions import HTTPException

    maker = _cluster if is_cluster(job.resource) else _MAKERS.get(job.resource.type)
    if maker is None:
        raise NotRestored(facts.message("unsupported_type"))
    try:
        with _drawing(job.chance):
            arn = maker(world, at, job)
    except (HTTPException, ServiceException) as error:
        raise NotRestored(getattr(error, "message", None) or error.args[0]) from None
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # what moto raises where AWS would look first
        raise NotRestored(f"Invalid restore metadata: {error}") from None
    changed(world, job.account, job.region)
    return arn


@contextmanager
def _drawing(luck: Chance) -> Iterator[None]:
    """Let moto draw ids from a job's chance, so that the same run makes the same ids; afterwards it draws what nobody drew yet."""
    from moto.moto_api._internal import mock_random

    afterwards = mock_random.getrandbits(256)
    mock_random.seed(luck.digest)
    try:
        yield
    finally:
        mock_random.seed(afterwards)


def _backend(service: str, job: RestoreJob) -> Any:
    backends = getattr(importlib.import_module(f"moto.{service}.models"), f"{service}_backends")
    return backends[job.account][partition_of(job.region) if service == "s3" else job.region]


def _tags(job: RestoreJob) -> dict[str, str]:
    copied = {name: text for name, text in job.point.tags.items() if not name.startswith("aws:")} if job.copy_tags else {}
    return copied if job.test is None else copied | {_TAG: job.test.plan_name}


def _pairs(job: RestoreJob) -> list[dict[str, str]]:
    return [{"Key": name, "Value": text} for name, text in _tags(job).items()]


def _asked(job: RestoreJob, key: str) -> str | None:
    """Return what the metadata say, else what the source had."""
    return value(job.metadata, key) or value({name: str(text) for name, text in job.resource.details.items()}, key)


def _says_yes(job: RestoreJob, key: str) -> bool:
    return (value(job.metadata, key) or "").lower() == "true"


def _encryption(world: World, job: RestoreJob, key_name: str = "kmsKeyId") -> tuple[bool, str | None]:
    """Return whether a restored resource is encrypted, and with which key; None: the service's own."""
    asked = value(job.metadata, key_name)
    if asked:
        return True, key_of(world, asked, job.account, job.region).arn
    if not (_says_yes(job, "encrypted") or job.point.key_arn is not None):
        return False, None
    key_arn = job.point.key_arn
    own = key_arn is not None and f":kms:{job.region}:{job.account}:" in key_arn
    return True, key_arn if own else None


def _volume(world: World, at: datetime, job: RestoreJob) -> str:
    backend, zone = _backend("ec2", job), value(job.metadata, "availabilityZone") or ""
    if zone not in zones(job.region):
        raise NotRestored(f"The zone '{zone}' does not exist.")
    snapshot, least = job.point.arn.rpartition("/")[2], job.resource.size_bytes // _GIB
    size = least if value(job.metadata, "volumeSize") is None else _number(value(job.metadata, "volumeSize")) or 0
    if size < least:
        raise NotRestored(f"Volume of {size}GiB is smaller than snapshot '{snapshot}', expect size >= {least}GiB")
    encrypted, key = _encryption(world, job)
    volume = backend.create_volume(
        size,
        zone,
        encrypted=encrypted,
        kms_key_id=key,
        volume_type=_asked(job, "volumeType"),
        iops=_number(value(job.metadata, "iops")),
        throughput=_number(value(job.metadata, "throughput")),
    )
    volume.snapshot_id = snapshot  # moto doesn't know the snapshots that AWS Backup made
    volume.create_time = at.replace(tzinfo=None)
    volume.add_tags(_tags(job))
    return f"arn:{partition_of(job.region)}:ec2:{job.region}:{job.account}:volume/{volume.id}"


def _number(text: str | None) -> int | None:
    return None if text is None or not text.isdigit() else int(text)


def _instance(world: World, at: datetime, job: RestoreJob) -> str:
    backend, tags = _backend("ec2", job), _tags(job)
    subnet = value(job.metadata, "SubnetId")
    if not subnet:
        _default_network(backend)
    encrypted, key = _encryption(world, job)
    alike = {"Encrypted": encrypted, "KmsKeyId": key, "DeleteOnTermination": True}
    devices = [(device, size_gib) for device, _, size_gib in job.resource.details.get("devices", ())]
    disks = devices or [("/dev/sda1", max(1, job.resource.size_bytes // _GIB))]
    reservation = backend.run_instances(
        job.point.arn.rpartition("/")[2],
        1,
        None,
        [],
        instance_type=_asked(job, "InstanceType") or "t3.micro",
        is_instance_type_default=False,
        region_name=job.region,
        subnet_id=subnet,
        security_group_ids=_groups(value(job.metadata, "SecurityGroupIds")),
        disable_api_termination=_says_yes(job, "disableApiTermination"),
        nics={},
        block_device_mappings=[{"DeviceName": device, "Ebs": {"VolumeSize": size_gib, **alike}} for device, size_gib in disks],
        tags={"instance": tags, "volume": tags},
    )
    instance = reservation.instances[0]
    instance.launch_time = at.replace(tzinfo=None)
    profile = value(job.metadata, "IamInstanceProfileName")
    name = job.resource.details.get("IamInstanceProfileName") if profile == BACKED_UP_PROFILE else profile
    if name and name != "null":
        backend.associate_iam_instance_profile(instance.id, iam_instance_profile_name=name)
    return f"arn:{partition_of(job.region)}:ec2:{job.region}:{job.account}:instance/{instance.id}"


def _groups(text: str | None) -> list[str]:
    """Return security groups, written as a JSON list or with commas."""
    try:
        read = json.loads(text or "[]")
    except ValueError:
        read = [each.strip() for each in (text or "").split(",")]
    return [str(each) for each in read] if isinstance(read, list) else [str(read)]


def _default_network(backend: Any) -> None:
    """Refuse what needs a default VPC where there is none, or one without subnets; raises NotRestored."""
    vpc = next((vpc for vpc in backend.vpcs.values() if vpc.is_default), None)
    if vpc is None:
        raise NotRestored(facts.message("restore_no_default_vpc"))
    if not any(subnet.vpc_id == vpc.id for zone in backend.subnets.values() for subnet in zone.values()):
        raise NotRestored(facts.message("restore_no_subnets").format(vpc=vpc.id))


def _subnet_group(job: RestoreJob) -> str | None:
    """Return the subnet group of a database; without one its Region needs a default subnet; raises NotRestored."""
    group = value(job.metadata, "DBSubnetGroupName")
    backend = backend_of("ec2", job.account, job.region)  # one that nobody has used yet has its default VPC
    if group is None and backend is not None:
        defaults = {vpc.id for vpc in backend.vpcs.values() if vpc.is_default}
        if not any(subnet.vpc_id in defaults for zone in backend.subnets.values() for subnet in zone.values()):
            raise NotRestored(facts.message("restore_no_default_subnet"))
    return group


def _database(world: World, at: datetime, job: RestoreJob) -> str:
    encrypted, key = _encryption(world, job)
    asked = {
        "db_instance_identifier": value(job.metadata, "DBInstanceIdentifier"),
        "engine": _asked(job, "Engine"),
        "engine_version": _asked(job, "EngineVersion"),
        "db_instance_class": _asked(job, "DBInstanceClass"),
        "port": _number(_asked(job, "Port")),
        "db_subnet_group_name": _subnet_group(job),
        "allocated_storage": max(1, job.resource.size_bytes // _GIB),
        "multi_az": _says_yes(job, "multiAz"),
        "publicly_accessible": _says_yes(job, "publiclyAccessible"),
        "deletion_protection": _says_yes(job, "deletionProtection"),
        "storage_encrypted": encrypted,
        "kms_key_id": key,
        **_master(job, "db_name"),
        "tags": _pairs(job),
    }
    database = _backend("rds", job).create_db_instance({name: given for name, given in asked.items() if given is not None})
    database.instance_create_time = at.replace(tzinfo=None)
    return str(database.db_instance_arn)


def _master(job: RestoreJob, name: str) -> dict[str, str | None]:
    """Return the source's master user with its password, and the source's database, under moto's name for it."""
    user, password, database = job.resource.details.get("master") or ("", "", "")
    return {"master_username": user or "restored", "master_user_password": password or "restored", name: database or None}


def _cluster(world: World, at: datetime, job: RestoreJob) -> str:
    backend, name = _backend("rds", job), value(job.metadata, "DBClusterIdentifier") or ""
    if name in backend.clusters:
        raise NotRestored("DB Cluster already exists")
    encrypted, key = _encryption(world, job)
    asked = {
        "db_cluster_identifier": name,
        "engine": _asked(job, "Engine"),
        "engine_version": _asked(job, "EngineVersion"),
        "db_cluster_instance_class": job.resource.details.get("DBInstanceClass") if job.resource.multi_az_cluster else None,
        "allocated_storage": max(100, job.resource.size_bytes // _GIB) if job.resource.multi_az_cluster else None,
        "storage_type": "io1" if job.resource.multi_az_cluster else None,
        "iops": 1000 if job.resource.multi_az_cluster else None,
        "port": _number(_asked(job, "Port")),
        "db_subnet_group_name": _subnet_group(job),
        "storage_encrypted": encrypted,
        "kms_key_id": key,
        **_master(job, "database_name"),
        "tags": _pairs(job),
    }
    cluster = backend.create_db_cluster({name: given for name, given in asked.items() if given is not None})
    cluster.cluster_create_time = at.replace(tzinfo=None)
    return str(cluster.db_cluster_arn)


def _file_system(world: World, at: datetime, job: RestoreJob) -> str:
    backend, source = _backend("efs", job), value(job.metadata, "file-system-id") or ""
    if not _says_yes(job, "newFileSystem"):  # into a directory of a file system that is there
        existing = backend.file_systems_by_id.get(source)
        if existing is None:
            raise NotRestored(f"File system '{source}' does not exist.")
        return str(existing.file_system_arn)
    encrypted, key = _encryption(world, job)
    made = backend.create_file_system(
        value(job.metadata, "CreationToken") or job.job_id,
        value(job.metadata, "PerformanceMode") or "generalPurpose",
        encrypted,
        key,
        "bursting",
        None,
        None,
        False,
        _pairs(job),
    )
    made.creation_time = at.timestamp()
    return str(made.file_system_arn)


def _table(world: World, at: datetime, job: RestoreJob) -> str:
    details = job.resource.details
    managed = (value(job.metadata, "encryptionType") or "Default") != "Default"
    _, key = _encryption(world, job, "kmsMasterKeyArn")
    table = _backend("dynamodb", job).create_table(
        value(job.metadata, "targetTableName") or "",
        schema=list(details.get("schema") or [{"AttributeName": "id", "KeyType": "HASH"}]),
        attr=list(details.get("attributes") or [{"AttributeName": "id", "AttributeType": "S"}]),
        billing_mode=details.get("billing") or "PAY_PER_REQUEST",
        throughput=dict(details["throughput"]) if details.get("billing") == "PROVISIONED" and details.get("throughput") else None,
        indexes=list(details.get("indexes") or []),
        global_indexes=list(details.get("global_indexes") or []),
        streams=None,
        sse_specification={"Enabled": True, "SSEType": "KMS", "KMSMasterKeyId": key} if managed else None,
        tags=_pairs(job) if job.test is None else [],  # a test finds its tables and buckets by their names
        deletion_protection_enabled=_says_yes(job, "deletionProtection"),
        warm_throughput=None,
    )
    table.created_at = at.replace(tzinfo=None)
    return str(table.table_arn)


def _bucket(_world: World, at: datetime, job: RestoreJob) -> str:
    backend, name = _backend("s3", job), value(job.metadata, "DestinationBucketName") or ""
    if not _says_yes(job, "newBucket"):
        existing = backend.buckets.get(name)
        if existing is None:
            raise NotRestored("The specified bucket does not exist")
        return str(existing.arn)
    bucket = backend.create_bucket(name, job.region)
    bucket.creation_date = at
    backend.put_bucket_versioning(name, "Enabled")
    if job.test is None and _tags(job):
        backend.put_bucket_tagging(name, _tags(job))
    return str(bucket.arn)


_MAKERS: Mapping[ResourceType, Callable[[World, datetime, RestoreJob], str]] = {
    ResourceType.DYNAMODB: _table,
    ResourceType.EBS: _volume,
    ResourceType.EC2: _instance,
    ResourceType.EFS: _file_system,
    ResourceType.RDS: _database,
    ResourceType.S3: _bucket,
}
