"""A plan selects an S3 bucket without versioning

Why:     AWS Backup backs up buckets with versioning only. Every job of the bucket fails; a continuous backup stops when
         versioning is suspended.
Fix:     Enable versioning on the bucket, with a lifecycle rule that ends noncurrent versions.
Limits:  Needs an inventory with the column versioned; where it has none, UNK002 says so. That AWS Backup may switch on the
         bucket's notifications to EventBridge is for `verify`.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/s3-backups.html, read 2026-11-21
Failure: FM25
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import jobs
from strongroom.checks.walk import named, resources_named, selected, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.semantics.continuous import interrupted


@check("BKT001", severity=Severity.ERROR, needs_inventory=True)
def bucket_without_versioning(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Look at the buckets of each plan."""
    for plan in estate.plans:
        buckets = sorted(
            (each for each in selected(plan, inventory) if each.type is ResourceType.S3 and each.bucket and each.bucket.versioned is False),
            key=lambda each: each.arn,
        )
        if buckets:
            yield Problem(
                subject=resources_named(buckets, ResourceType.S3),
                message=f"plan {plan.name} selects {named(buckets)} without versioning",
                why=f"every backup job of a bucket fails ({jobs(plan)}): {interrupted(versioning=False, notifications=True)}",
                help="enable versioning: aws s3api put-bucket-versioning --versioning-configuration Status=Enabled",
                origin=plan.select.origin,
                count=total(buckets),
            )
