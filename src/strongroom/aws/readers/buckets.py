"""S3 buckets: listed once for an account, then looked at in their Region."""

from typing import Any

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.resources import add_resource, still_there, subject_of
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.readers.values import tags
from strongroom.domain.names import ResourceType, partition_of
from strongroom.errors import AwsRefused

PAGE = 1000
SUBJECT = subject_of(ResourceType.S3)
# GetBucketLocation's names for two Regions; source: S3 API reference, GetBucketLocation.
LOCATIONS = {"": "us-east-1", "EU": "eu-west-1"}


def read_buckets(reading: Reading, account: str, regions: tuple[str, ...], harvest: Harvest) -> None:
    """Add the buckets of an account that are in the given Regions; the subject is read, or not, for each Region."""
    home = Scope(reading, account, reading.home_region)
    missed: dict[str, list[AwsRefused]] = {region: [] for region in regions}
    try:
        # A page size makes ListBuckets tell each bucket's Region.
        for bucket in home.items("s3", "list_buckets", "Buckets", MaxBuckets=PAGE):
            _read_bucket(home, bucket, missed, harvest)
    except AwsRefused as error:
        for each in missed.values():
            each.append(error)
    for region, errors in missed.items():
        harvest.read(account, region, SUBJECT, errors)


def _read_bucket(home: Scope, bucket: dict[str, Any], missed: dict[str, list[AwsRefused]], harvest: Harvest) -> None:
    try:
        with still_there():
            region = bucket.get("BucketRegion") or _location(home, bucket["Name"])
            if region in missed:
                try:
                    _add_bucket(Scope(home.reading, home.account, region), bucket, harvest)
                except AwsRefused as error:
                    if error.code == "NoSuchBucket":
                        raise
                    missed[region].append(error)
    except AwsRefused as error:  # its Region is unknown: it may be in any
        for each in missed.values():
            each.append(error)


def _location(scope: Scope, name: str) -> str:
    found = scope.call("s3", "get_bucket_location", Bucket=name).get("LocationConstraint") or ""
    return LOCATIONS.get(found, found)


def _add_bucket(scope: Scope, bucket: dict[str, Any], harvest: Harvest) -> None:
    name = bucket["Name"]
    encrypted, key = _encryption(scope, name)
    add_resource(
        scope,
        harvest,
        ResourceType.S3,
        arn=f"arn:{partition_of(scope.region)}:s3:::{name}",
        name=name,
        tagged=_tags(scope, name),
        created_at=bucket.get("CreationDate"),
        encrypted=encrypted,
        key=key,
        size_bytes=None,
    )


def _tags(scope: Scope, name: str) -> dict[str, str]:
    try:
        return tags(scope.call("s3", "get_bucket_tagging", Bucket=name)["TagSet"])
    except AwsRefused as error:
        if error.code == "NoSuchTagSet":
            return {}
        raise


def _encryption(scope: Scope, name: str) -> tuple[bool, str | None]:
    """Return whether new objects are encrypted, and the KMS key; None: a key of S3's own."""
    try:
        rules = scope.call("s3", "get_bucket_encryption", Bucket=name)["ServerSideEncryptionConfiguration"]["Rules"]
    except AwsRefused as error:
        if error.code == "ServerSideEncryptionConfigurationNotFoundError":
            return False, None
        raise
    defaults = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules if "ApplyServerSideEncryptionByDefault" in rule]
    default: dict[str, str] = next(iter(defaults), {})
    if str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
        return True, default.get("KMSMasterKeyID") or "alias/aws/s3"
    return True, None
