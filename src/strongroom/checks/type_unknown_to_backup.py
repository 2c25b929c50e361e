"""The inventory has resources that AWS Backup can't protect

Why:     AWS Backup has no jobs for these types. Tags and plans change nothing about it, and no message says so: the coverage
         only looks complete.
Fix:     Protect their data with the service's own means, their definitions as code, and what they hold in the types that
         AWS Backup knows.
Limits:  Needs an inventory that lists such types; `strongroom sync` reads only what AWS Backup knows.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html, read 2026-11-21 (08 §8.8)
Failure: FM32
"""

from collections.abc import Iterator
from typing import Final

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory, UnsupportedResource
from strongroom.checks.walk import named, resources_named, total
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.strategy import Selection

# What helps instead, by a word that the type contains.
_INSTEAD: Final = (
    ("secret", "replicate the secret to another Region, and be able to issue it again"),  # before ecr, which is part of the word
    ("elasticache", "export its own snapshots to S3 and protect that bucket"),
    ("opensearch", "register a snapshot repository in S3 and protect that bucket"),
    ("ecs", "keep task and service definitions as code, and their state in EFS, EBS, S3 or RDS"),
    ("ecr", "replicate the registry, and keep the builds repeatable"),
    ("lambda", "keep the function as code"),
)
_NAMES: Final = {
    "ecr": "ECR",
    "ecs": "ECS",
    "elasticache": "ElastiCache",
    "es": "OpenSearch",
    "kafka": "MSK",
    "lambda": "Lambda",
    "secretsmanager": "Secrets Manager",
    "sqs": "SQS",
    "ssm": "Systems Manager",
}
_OTHERWISE: Final = "keep its definition as code, and export its data to S3"


@check("TYP001", severity=Severity.WARNING, needs_inventory=True)
def type_unknown_to_backup(estate: Estate, inventory: Inventory | None) -> Iterator[Problem]:
    """Count the resources of each type that AWS Backup does not know."""
    groups: dict[str, list[UnsupportedResource]] = {}
    for resource in inventory.unsupported if inventory else ():
        groups.setdefault(resource.type, []).append(resource)
    for kind, resources in sorted(groups.items()):
        meant = total(each for each in resources if any(_tagged(plan.select, each) for plan in estate.plans))
        tagged = f", {meant} of them tagged for a plan" if meant else ""
        yield Problem(
            subject=resources_named(resources, kind),
            message=f"AWS Backup can't protect {kind}: {named(resources)}{tagged}",
            why="no job is ever made for the type, and nothing says so",
            help=instead(kind),
            origin=estate.organization.origin,
            count=total(resources),
        )


def instead(kind: str) -> str:
    """Return what helps for a type that AWS Backup does not know."""
    return next((fix for word, fix in _INSTEAD if word in kind.lower()), _OTHERWISE)


def service_name(service: str) -> str:
    """Return how people call the service of an ARN."""
    return _NAMES.get(service, service)


def _tagged(select: Selection, resource: UnsupportedResource) -> bool:
    tags = dict(resource.tags)
    return bool(select.tags) and all(tags.get(term.key) in term.values for term in select.tags)
