"""What a recovery point knows of its source: the metadata that a restore takes, and what restore testing infers from it.

All values are texts. What the inventory can't tell (option groups, file system policies…) is not among them.
"""

import json
from collections.abc import Mapping
from typing import Any

from strongroom.domain.names import ResourceType
from strongroom.semantics import restoretesting as rules
from strongroom.semantics.restores import CLUSTERS
from strongroom.twin.backup.chance import Chance, chance
from strongroom.twin.backup.errors import invalid_parameter
from strongroom.twin.backup.points import find
from strongroom.twin.backup.state import RecoveryPoint, Resource, World
from strongroom.twin.backup.wire import Call

_GIB = 1024**3
_ZONES = "abc"


def is_cluster(resource: Resource) -> bool:
    """Whether a database is a cluster, Multi-AZ ones of RDS included."""
    return resource.type in CLUSTERS or resource.multi_az_cluster


def zones(region: str) -> tuple[str, ...]:
    """Return the Availability Zones of a Region as the twin has them."""
    return tuple(f"{region}{letter}" for letter in _ZONES)


def metadata_of(point: RecoveryPoint) -> dict[str, str]:
    """Return the restore metadata of a recovery point, by AWS's keys for its type."""
    resource = point.resource
    details = {name: text for name, text in resource.details.items() if isinstance(text, str)}
    encrypted = str(resource.encrypted).lower()
    identifier = "DBClusterIdentifier" if is_cluster(resource) else "DBInstanceIdentifier"
    own = {
        ResourceType.EBS: {"volumeSize": str(resource.size_bytes // _GIB), "encrypted": encrypted},
        ResourceType.EC2: {},
        ResourceType.EFS: {"file-system-id": resource.arn.rpartition("/")[2], "Encrypted": encrypted},
        ResourceType.DYNAMODB: {"originalTableName": resource.name, "encryptionType": "Default"},
        ResourceType.S3: {"DestinationBucketName": resource.name, "RestoreLatestVersionsUpTo": "1"},
        **{type_: {identifier: resource.name} for type_ in (ResourceType.RDS, *CLUSTERS)},
    }.get(resource.type, {"resource": resource.arn})
    return (details if resource.type is not ResourceType.DYNAMODB else {}) | own


def inferred_metadata(point: RecoveryPoint, region: str, luck: Chance) -> dict[str, str]:
    """Return what restore testing would restore a recovery point with; names and zones are those of `luck`."""
    places = zones(region)
    first = int(luck.fraction(0) * len(places))
    known = {
        **metadata_of(point),
        "name": f"{rules.NAME_PREFIX}-{luck.hexadecimal(16)}",
        "zone": places[first],
        "zones": json.dumps(places[first:] + places[:first]),
    }
    return rules.inferred(point.resource.type, known, cluster=is_cluster(point.resource))


def get_restore_metadata(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRecoveryPointRestoreMetadata."""
    vault, point = find(world, call, parameters)
    return {
        "BackupVaultArn": vault.arn,
        "RecoveryPointArn": point.arn,
        "RestoreMetadata": metadata_of(point),
        "ResourceType": point.resource.type.value,
    }


def get_inferred_metadata(world: World, call: Call, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """GetRestoreTestingInferredMetadata: a preview; a test draws names and zones of its own."""
    _, point = find(world, call, parameters)
    if not rules.testable(point.resource.type):
        raise invalid_parameter(f"Restore testing does not support {point.resource.type}")
    return {"InferredMetadata": inferred_metadata(point, call.region, chance(world.seed, "inferred", point.arn))}
