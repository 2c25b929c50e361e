"""A resource on an AWS-managed key is copied to another account

Why:     Recovery points of types that AWS Backup does not fully manage (EBS, RDS, Aurora and others) stay under the key
         of the resource. An AWS-managed key such as `aws/ebs` can't be shared with another account: backup jobs are
         green, every cross-account copy fails.
Fix:     Re-encrypt the resource with a customer-managed key that the central account may use: for a volume a snapshot
         copy with another key, for a database a restore from one.
Limits:  Needs an inventory. A resource that is encrypted with a key nobody could look up is UNK001.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html, read 2026-11-21; facts.message("copy_aws_managed_key")
Failure: FM01
"""

from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.copying import blocked
from strongroom.checks.inventory import Inventory
from strongroom.checks.timetable import often
from strongroom.checks.walk import named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.semantics.copies import Outcome


@check("CPY003", severity=Severity.ERROR, needs_inventory=True)
def source_on_aws_managed_key(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Find the resources whose own key forbids a copy that leaves their account."""
    for group in blocked(estate, inventory, Outcome.FAILS):
        rule, copy = group.placed.rule, group.placed.copy
        yield Problem(
            subject=resources_named(group.resources, group.type),
            message=f"{named(group.resources)} on an AWS-managed key can't be copied to account {copy.account}",
            why=f'every copy job to {copy.label} fails, {often(rule)} for each resource: "{group.reason}"',
            help="re-encrypt with a customer-managed key that the destination account may use",
            origin=copy.origin,
            count=total(group.resources),
        )
