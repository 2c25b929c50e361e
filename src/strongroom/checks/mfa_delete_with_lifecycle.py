"""A bucket has MFA delete and lifecycle rules

Why:     S3 refuses a lifecycle configuration on a bucket with MFA delete: versions are never ended, and whoever planned
         both gets only one of them.
Fix:     Choose one. Against deletion, AWS Backup with a locked vault or Object Lock do what MFA delete is meant to do.
Limits:  Buckets that `native: buckets` declares, and an inventory's with the columns mfa_delete and lifecycle_rules; what it
         leaves out is not claimed.
Source:  https://docs.aws.amazon.com/AmazonS3/latest/userguide/lifecycle-and-other-bucket-config.html, read 2026-11-21
Failure: FM39
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType


@check("BKT002", severity=Severity.ERROR)
def mfa_delete_with_lifecycle(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at every bucket, declared or found, protected or not."""
    for declared in estate.native.buckets:
        if declared.mfa_delete and declared.has_lifecycle:
            yield Problem(
                subject=f"native buckets {declared.name}",
                message=f"native buckets {declared.name} declare MFA delete and lifecycle rules",
                why="S3 refuses lifecycle rules on a bucket with MFA delete, so that only one of the two would be there",
                help="drop mfa_delete, or what moves and ends objects",
                origin=declared.origin,
            )
    buckets = sorted(
        (
            each
            for each in (inventory.resources if inventory else ())
            if each.bucket and each.bucket.mfa_delete and each.bucket.lifecycle_rules
        ),
        key=lambda each: each.arn,
    )
    if buckets:
        yield Problem(
            subject=resources_named(buckets, ResourceType.S3),
            message=f"{named(buckets)} {'has' if total(buckets) == 1 else 'have'} MFA delete and lifecycle rules",
            why="S3 refuses lifecycle rules on a bucket with MFA delete, so no version is ever ended or moved",
            help="switch MFA delete off and lock the vault that holds the bucket's recovery points",
            origin=estate.organization.origin,
            count=total(buckets),
        )
