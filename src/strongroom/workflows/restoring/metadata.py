"""With what a restore is asked for: what AWS Backup recorded, what a type needs beside it, and what somebody overrides.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restoring-a-backup.html and the pages of the types below it.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from strongroom.domain.names import ResourceType
from strongroom.semantics import restores as rules
from strongroom.semantics.restores import CLUSTERS

ITEMS_MAX = 5  # objects or paths that one job restores
_LENGTHS = {ResourceType.DYNAMODB: 255, ResourceType.RDS: 63, ResourceType.S3: 63, **dict.fromkeys(CLUSTERS, 63)}
# What is of one account or one Region: where something else is restored it would name nothing, or somebody else's.
_OF_ACCOUNT = frozenset(
    {
        "dbclusterparametergroupname",
        "dbparametergroupname",
        "dbsubnetgroupname",
        "iaminstanceprofilename",
        "kmskey",
        "kmskeyid",
        "kmsmasterkeyarn",
        "networkinterfaces",
        "optiongroupname",
        "securitygroupids",
        "subnetid",
        "vpcid",
        "vpcsecuritygroupids",
    }
)
_OF_REGION = frozenset({"availabilityzone", "availabilityzones"})
# By type: the metadata key that names what is made; of the others AWS chooses the id.
NAMES: Mapping[ResourceType, str] = {
    ResourceType.DYNAMODB: "targetTableName",
    ResourceType.RDS: "DBInstanceIdentifier",
    ResourceType.S3: "DestinationBucketName",
    **dict.fromkeys(CLUSTERS, "DBClusterIdentifier"),
}
RESTORED_TYPES = (
    ResourceType.AURORA,
    ResourceType.DOCUMENTDB,
    ResourceType.DYNAMODB,
    ResourceType.EBS,
    ResourceType.EC2,
    ResourceType.EFS,
    ResourceType.NEPTUNE,
    ResourceType.RDS,
    ResourceType.S3,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What the metadata of a restore depend on."""

    type: ResourceType
    cluster: bool  # an RDS Multi-AZ DB cluster
    name: str  # of what is made
    here: bool  # in the account and Region of the resource: what it used is there
    instant: datetime | None  # of a continuous recovery point
    zones: Sequence[str]  # Availability Zones of the target
    items: Sequence[str] = ()


def restored_name(kind: ResourceType, source: str, at: datetime, *, ending: str = "restored") -> str:
    """Return the name of what is made from a resource: `<name>-restored-<yyyymmddhhmm>`, as long as a type allows.

    Example:
        >>> from datetime import UTC
        >>> restored_name(ResourceType.RDS, "ledger", datetime(2027, 3, 1, 4, 5, tzinfo=UTC))
        'ledger-restored-202703010405'
    """
    tail = f"-{ending}-{at:%Y%m%d%H%M}"
    longest = _LENGTHS.get(kind, 255)
    return f"{source[: longest - len(tail)].rstrip('-.')}{tail}"


def inferred(recorded: Mapping[str, str], situation: Situation) -> dict[str, str]:
    """Return the metadata of a restore before overrides.

    Example:
        >>> here = Situation(type=ResourceType.DYNAMODB, cluster=False, name="orders-2", here=True, instant=None, zones=())
        >>> inferred({"originalTableName": "orders", "encryptionType": "Default"}, here)
        {'encryptionType': 'Default', 'targetTableName': 'orders-2'}
    """
    dropped = {"originaltablename"} | (frozenset() if situation.here else _OF_ACCOUNT | _OF_REGION)
    kept = {name: text for name, text in recorded.items() if name.lower() not in dropped}
    return rules.merged(kept, _needed(kept, situation))


def _needed(kept: Mapping[str, str], situation: Situation) -> dict[str, str]:
    """Return what a type needs beside what was recorded."""
    kind, found = situation.type, _at(situation) | _items(situation)
    named = "DBClusterIdentifier" if situation.cluster else NAMES.get(kind)
    if named:
        found[named] = situation.name
    if kind is ResourceType.S3:
        found |= {"NewBucket": "true", "Encrypted": "true"} | _unless(kept, "EncryptionType", "SSE-S3")
    if kind is ResourceType.EFS:
        found |= {"newFileSystem": "true", "Encrypted": "true", "CreationToken": situation.name}
        found |= _unless(kept, "KmsKeyId", "alias/aws/elasticfilesystem") | _unless(kept, "PerformanceMode", "generalPurpose")
    if kind is ResourceType.EBS and situation.zones:
        found |= _unless(kept, "availabilityZone", situation.zones[0])
    if kind is ResourceType.EC2 and rules.value(kept, "IamInstanceProfileName"):
        found["IamInstanceProfileName"] = rules.BACKED_UP_PROFILE
    return found


def _unless(kept: Mapping[str, str], key: str, text: str) -> dict[str, str]:
    return {} if rules.value(kept, key) else {key: text}


def _at(situation: Situation) -> dict[str, str]:
    return {} if situation.instant is None else {"RestoreTime": f"{situation.instant:%Y-%m-%dT%H:%M:%SZ}"}


def _items(situation: Situation) -> dict[str, str]:
    return {"ItemsToRestore": json.dumps(list(situation.items))} if situation.items else {}


def says_yes(metadata: Mapping[str, str], key: str) -> bool:
    """Return whether a metadata key is true."""
    return (rules.value(metadata, key) or "").lower() == "true"


def made_name(kind: ResourceType, metadata: Mapping[str, str], *, cluster: bool) -> str:
    """Return the name of what metadata ask for, empty where AWS chooses it.

    Example:
        >>> made_name(ResourceType.S3, {"destinationBucketName": "papers-2"}, cluster=False)
        'papers-2'
    """
    key = "DBClusterIdentifier" if cluster else NAMES.get(kind)
    return (rules.value(metadata, key) or "") if key else ""


def written_into(kind: ResourceType, metadata: Mapping[str, str]) -> str:
    """Return the existing bucket or file system that metadata ask to write into, empty for something new.

    Example:
        >>> written_into(ResourceType.EFS, {"file-system-id": "fs-1", "newFileSystem": "false"})
        'fs-1'
    """
    if kind is ResourceType.S3 and not says_yes(metadata, "NewBucket"):
        return rules.value(metadata, "DestinationBucketName") or ""
    if kind is ResourceType.EFS and not says_yes(metadata, "newFileSystem"):
        return rules.value(metadata, "file-system-id") or ""
    return ""


_NAMES_TAKEN = {
    ResourceType.DYNAMODB: re.compile(r"[A-Za-z0-9_.-]{3,255}"),
    ResourceType.RDS: re.compile(r"[A-Za-z](?!.*--)[A-Za-z0-9-]{0,62}(?<!-)"),
    ResourceType.S3: re.compile(r"[a-z0-9](?!.*\.\.)[a-z0-9.-]{1,61}[a-z0-9]"),
}


def name_problem(kind: ResourceType, name: str) -> str:
    """Return why a name can't be the name of what is made, empty if it can.

    Source: API references of DynamoDB (TableName), RDS (DBInstanceIdentifier) and S3 (bucket naming rules).

    Example:
        >>> name_problem(ResourceType.S3, "Papers")
        "'Papers' is no name for S3"
        >>> name_problem(ResourceType.RDS, "ledger-2")
        ''
    """
    pattern = _NAMES_TAKEN.get(ResourceType.RDS if kind in CLUSTERS else kind)
    return "" if pattern is None or pattern.fullmatch(name) else f"{name!r} is no name for {kind}"
