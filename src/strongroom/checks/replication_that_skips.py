"""A bucket's replication does not replicate what it seems to

Why:     Replication needs versioning and an enabled rule, and skips objects encrypted with KMS keys unless the rule selects
         them. Nothing tells: the destination bucket just stays behind.
Fix:     Enable the rule and versioning on both sides, add SourceSelectionCriteria for KMS-encrypted objects, and replicate
         what was there before with S3 Batch Replication.
Limits:  Needs an inventory with the columns replication, versioned, replication_enabled and replicates_encrypted; what it
         leaves out is not claimed. Keys and roles of the replication are for `verify`.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/userguide/replication-what-is-isnot-replicated.html, read 2026-11-21
Failure: FM33
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Replication, Resource
from strongroom.checks.walk import grouped, listed, resources_named
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType

_FIXES = {
    "its versioning is off or suspended": "enable versioning on both buckets",
    "its replication rules are disabled": "enable the replication rule",
    "its rules leave out objects encrypted with KMS keys": "add SourceSelectionCriteria.SseKmsEncryptedObjects to the rule",
}


@check("BKT003", severity=Severity.WARNING, needs_inventory=True)
def replication_that_skips(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at every bucket that says it is replicated."""
    skipping = (each for each in (inventory.resources if inventory else ()) if _reason(each))
    for reason, buckets in grouped(skipping, _reason):
        yield Problem(
            subject=resources_named(buckets, ResourceType.S3),
            message=f"{listed(each.arn for each in buckets)} replicates less than it seems: {reason}",
            why="S3 skips what the rules don't take and says nothing; what is not there can't be recovered from there",
            help=_FIXES[reason],
            origin=estate.organization.origin,
            count=len(buckets),
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
