"""A bucket's replication does not replicate what it seems to

Why:     Replication needs versioning and an enabled rule, and skips objects encrypted with KMS keys unless the rule selects
         them. Nothing tells: the destination bucket just stays behind.
Fix:     Enable the rule and versioning on both sides, add SourceSelectionCriteria for KMS-encrypted objects, and replicate
         what was there before with S3 Batch Replication.
Limits:  Replication that `native: buckets` declares, and an inventory's with the columns replication, versioned,
         replication_enabled and replicates_encrypted; what it leaves out is not claimed. Keys and roles of the replication are
         for `verify`.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html, read 2026-11-21
Failure: FM33
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Replication, Resource
from strongroom.checks.walk import grouped, named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType

_FIXES = {
    "its versioning is off or suspended": "enable versioning on both buckets",
    "its replication rules are disabled": "enable the replication rule",
    "its rules leave out objects encrypted with KMS keys": "add SourceSelectionCriteria.SseKmsEncryptedObjects to the rule",
}


@check("BKT003", severity=Severity.WARNING)
def replication_that_skips(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at every bucket that is declared or says it is replicated."""
    yield from _declared(estate)
    skipping = (each for each in (inventory.resources if inventory else ()) if _reason(each))
    for reason, buckets in grouped(skipping, _reason):
        yield Problem(
            subject=resources_named(buckets, ResourceType.S3),
            message=f"{named(buckets)} replicates less than it seems: {reason}",
            why="S3 skips what the rules don't take and says nothing; what is not there can't be recovered from there",
            help=_FIXES[reason],
            origin=estate.organization.origin,
            count=total(buckets),
        )


def _declared(estate: Estate) -> Iterator[Problem]:
    for buckets in estate.native.buckets:
        for replication in buckets.replications:
            lacks = (
                "its versioning is off or suspended" if buckets.versioning is False else "",
                "" if replication.encrypted_objects else "its rules leave out objects encrypted with KMS keys",
            )
            for reason in filter(None, lacks):
                yield Problem(
                    subject=f"native buckets {buckets.name}",
                    message=f"the replication of native buckets {buckets.name} to {replication.to} takes less than it seems: {reason}",
                    why="S3 skips what the rules don't take and says nothing; what is not there can't be recovered from there",
                    help="write versioning: true" if "versioning" in reason else "write encrypted_objects: true",
                    origin=replication.origin,
                )


def _reason(resource: Resource) -> str:
    bucket = resource.bucket
    if resource.replication is not Replication.BUCKET or bucket is None:
        return ""
    if bucket.versioned is False:
        return "its versioning is off or suspended"
    if bucket.replication_enabled is False:
        return "its replication rules are disabled"
    skips = bucket.replicates_encrypted is False and resource.key_manager is not None
    return "its rules leave out objects encrypted with KMS keys" if skips else ""
