"""The inventory does not say something that a check asks

Why:     What is not known is never taken for a pass. A resource whose maintenance window, versioning or kind the inventory
         leaves out was not judged by the checks that need it.
Fix:     Add the column to the inventory file, or read the resources with `strongroom sync`.
Limits:  Speaks once for each thing and type, of resources that a plan selects, of those that may be replicated and have
         no plan, and of buckets of which only half is said. Parts that could not be read at all are UNK001.
Source:  design.md §2 "unknown is never pass", 2026-11-21
Failure: none
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, Replication, Resource
from strongroom.checks.maintenance import needs_window, windows
from strongroom.checks.walk import crosses_accounts, resources_named, selected, total
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import Origin
from strongroom.facts import capabilities
from strongroom.semantics.copies import fully_managed

_REPLICATED: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.DYNAMODB, ResourceType.RDS, ResourceType.S3})


@check("UNK002", severity=Severity.INFO, needs_inventory=True)
def inventory_silent(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Name what would have been asked of resources, and could not be."""
    missing: dict[tuple[str, str, ResourceType], dict[str, Resource]] = {}
    origins: dict[tuple[str, str, ResourceType], Origin] = {}
    for resource, origin, column, asked_by in _gaps(estate, inventory):
        key = (column, asked_by, resource.type)
        missing.setdefault(key, {})[resource.arn] = resource
        origins.setdefault(key, origin)
    for (column, asked_by, kind), found in sorted(missing.items()):
        resources = tuple(found[arn] for arn in sorted(found))
        yield Problem(
            subject=resources_named(resources, kind),
            message=f"the inventory says nothing usable about {column} of {total(resources)} {kind} resources",
            why=f"{asked_by} could not be judged for them",
            help=f"give the inventory a column {column}",
            origin=origins[column, asked_by, kind],
            count=total(resources),
        )


def _gaps(estate: Estate, inventory: Inventory | None) -> Iterator[tuple[Resource, Origin, str, str]]:
    """Yield each resource with each column that it lacks, and the check that asks."""
    backed_up: set[str] = set()
    for plan in estate.plans:
        for resource in selected(plan, inventory):
            backed_up.add(resource.arn)
            for column, asked_by in (*_for_jobs(resource), *_for_copies(plan, resource), *_for_air_gapped(plan, resource)):
                yield resource, plan.select.origin, column, asked_by
    for resource in inventory.resources if inventory else ():
        if resource.type in _REPLICATED and resource.replication is None and resource.arn not in backed_up:
            yield resource, estate.organization.origin, "replication", "REP001"
        for column, asked_by in _for_bucket(resource):
            yield resource, estate.organization.origin, column, asked_by


def _for_jobs(resource: Resource) -> Iterator[tuple[str, str]]:
    if needs_window(resource) and windows(resource) is None:
        yield "maintenance_window", "MNT001"
    if resource.type is ResourceType.FSX and resource.backup_window is None:
        yield "backup_window", "MNT001"
    if resource.type is ResourceType.S3 and (resource.bucket is None or resource.bucket.versioned is None):
        yield "versioned", "BKT001"


def _for_copies(plan: BackupPlan, resource: Resource) -> Iterator[tuple[str, str]]:
    copied = [copy for rule in plan.rules for copy in rule.copies]
    leaves = any(crosses_accounts(copy) and copy.account != resource.account for copy in copied)
    if resource.type is ResourceType.RDS and copied and resource.multi_az_cluster is None:
        yield "multi_az_cluster", "CPY005"
    if resource.type is ResourceType.RDS and leaves and resource.persistent_options is None:
        yield "persistent_options", "CPY005"
    if resource.type is ResourceType.DYNAMODB and copied and resource.advanced_backup is None:
        yield "advanced_backup", "CPY005"


def _for_air_gapped(plan: BackupPlan, resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what decides whether an air-gapped vault takes a resource that it knows."""
    if not any(rule.air_gapped for rule in plan.rules):
        return
    if resource.type is ResourceType.DYNAMODB and resource.advanced_backup is None:
        yield "advanced_backup", "AGV001"
    asks = capabilities(resource.type).air_gapped and not fully_managed(resource.type)
    if asks and resource.encrypted is not False and resource.key_manager is None:
        yield "key_manager", "AGV001"


def _for_bucket(resource: Resource) -> Iterator[tuple[str, str]]:
    """Yield what decides together with something that the inventory does say."""
    bucket = resource.bucket
    if bucket is None:
        return
    if bucket.mfa_delete and bucket.lifecycle_rules is None:
        yield "lifecycle_rules", "BKT002"
    if bucket.lifecycle_rules and bucket.mfa_delete is None:
        yield "mfa_delete", "BKT002"
    if resource.replication is None and (bucket.replication_enabled, bucket.replicates_encrypted) != (None, None):
        yield "replication", "BKT003"
    if resource.replication is not Replication.BUCKET:
        return
    if bucket.versioned is None:
        yield "versioned", "BKT003"
    if bucket.replication_enabled is None:
        yield "replication_enabled", "BKT003"
    if bucket.replicates_encrypted is None and resource.encrypted is not False:
        yield "replicates_encrypted", "BKT003"
    if bucket.replicates_encrypted is False and resource.encrypted is not False and resource.key_manager is None:
        yield "key_manager", "BKT003"
