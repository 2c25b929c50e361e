"""S3 buckets: listed once for an account, then looked at in their Region."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from strongroom.aws.readers.harvest import Harvest, Subject
from strongroom.aws.readers.native import GONE, still_there
from strongroom.aws.readers.particulars import Particulars, of_bucket
from strongroom.aws.readers.resources import add_resource, details_of, locks_of, subject_of
from strongroom.aws.readers.scope import Reading, Scope
from strongroom.aws.readers.values import tags
from strongroom.domain.names import ResourceType, partition_of
from strongroom.errors import AwsRefused

Details = tuple[Subject, Subject]  # the switches of buckets, and their Object Lock
PAGE = 1000
SUBJECT = subject_of(ResourceType.S3)
DETAILS = details_of(ResourceType.S3)
LOCKS = locks_of(ResourceType.S3)
# How S3 says that a bucket has no such configuration, which is no failure to read; source: S3 API reference, list of error codes.
ABSENT = frozenset(
    {
        "NoSuchLifecycleConfiguration",
        "NoSuchTagSet",
        "ObjectLockConfigurationNotFoundError",
        "ReplicationConfigurationNotFoundError",
        "ServerSideEncryptionConfigurationNotFoundError",
    }
)
# GetBucketLocation's names for two Regions; source: S3 API reference, GetBucketLocation.
LOCATIONS = {"": "us-east-1", "EU": "eu-west-1"}


def read_buckets(reading: Reading, account: str, regions: tuple[str, ...], harvest: Harvest) -> None:
    """Add the buckets of an account that are in the given Regions; the subject is read, or not, for each Region."""
    home = Scope(reading, account, reading.home_region)
    missed: dict[str, list[AwsRefused]] = {region: [] for region in regions}
    details = {region: (Subject(), Subject()) for region in regions}
    try:
        # A page size makes ListBuckets tell each bucket's Region.
        for bucket in home.items("s3", "list_buckets", "Buckets", MaxBuckets=PAGE):
            _read_bucket(home, bucket, missed, details, harvest)
    except AwsRefused as error:
        for each in missed.values():
            each.append(error)
    for region, errors in missed.items():
        harvest.read(account, region, SUBJECT, errors)
        for name, subject in zip((DETAILS, LOCKS), details[region], strict=True):
            harvest.read(account, region, name, subject.missed)


def _read_bucket(
    home: Scope, bucket: dict[str, Any], missed: dict[str, list[AwsRefused]], details: dict[str, Details], harvest: Harvest
) -> None:
    try:
        with still_there():
            region = bucket.get("BucketRegion") or _location(home, bucket["Name"])
            if region in missed:
                try:
                    _add_bucket(Scope(home.reading, home.account, region), bucket, details[region], harvest)
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


def _add_bucket(scope: Scope, bucket: dict[str, Any], details: Details, harvest: Harvest) -> None:
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
        more=_particulars(scope, name, details),
    )


def _particulars(scope: Scope, name: str, subjects: Details) -> Particulars:
    """Return the switches of a bucket; what is denied is unknown, and noted."""
    details, locks = subjects
    versioning: dict[str, Any] | None = None
    lifecycle: list[dict[str, Any]] | None = None
    replication: list[dict[str, Any]] | None = None
    lock: dict[str, Any] | None = None
    with _noting(details):
        versioning = scope.call("s3", "get_bucket_versioning", Bucket=name)
    with _noting(details):
        lifecycle = _configuration(scope, "get_bucket_lifecycle_configuration", name).get("Rules") or []
    if versioning is not None and "Status" not in versioning:
        replication, lock = [], {}  # S3 takes no replication rules and no Object Lock for a bucket that never had versioning
    else:
        with _noting(details):
            found = _configuration(scope, "get_bucket_replication", name)
            replication = (found.get("ReplicationConfiguration") or {}).get("Rules") or []
        with _noting(locks):
            lock = _configuration(scope, "get_object_lock_configuration", name).get("ObjectLockConfiguration") or {}
    return of_bucket(versioning, lifecycle, replication, lock)


@contextmanager
def _noting(details: Subject) -> Iterator[None]:
    """Note what is refused and go on; a bucket that is gone meanwhile ends the look at it."""
    try:
        yield
    except AwsRefused as error:
        if error.code in GONE:
            raise
        details.missed.append(error)


def _configuration(scope: Scope, operation: str, name: str) -> dict[str, Any]:
    """Return a configuration of a bucket, an empty one when S3 answers that it has none."""
    try:
        return scope.call("s3", operation, Bucket=name)
    except AwsRefused as error:
        if error.code in ABSENT:
            return {}
        raise


def _tags(scope: Scope, name: str) -> dict[str, str]:
    return tags(_configuration(scope, "get_bucket_tagging", name).get("TagSet"))


def _encryption(scope: Scope, name: str) -> tuple[bool, str | None]:
    """Return whether new objects are encrypted, and the KMS key; None: a key of S3's own."""
    found = _configuration(scope, "get_bucket_encryption", name)
    if not found:
        return False, None
    rules = found["ServerSideEncryptionConfiguration"]["Rules"]
    defaults = [rule["ApplyServerSideEncryptionByDefault"] for rule in rules if "ApplyServerSideEncryptionByDefault" in rule]
    default: dict[str, str] = next(iter(defaults), {})
    if str(default.get("SSEAlgorithm", "")).startswith("aws:kms"):
        return True, default.get("KMSMasterKeyID") or "alias/aws/s3"
    return True, None
