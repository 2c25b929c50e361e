"""CloudFormation templates: built from plain data, rendered as canonical JSON, unknown resource types refused."""

import hashlib
from dataclasses import dataclass, field
from typing import Any

from strongroom.compiler.canonical import canonical_json
from strongroom.domain.estate import OWNER_TAG

Json = dict[str, Any]

# cfn-lint passes resource types that it doesn't know silently enough, and so does the twin's base; a type is added here
# together with its first template, once cfn-lint has a schema for it (the tests check that).
RESOURCE_TYPES = frozenset(
    {
        "AWS::Backup::BackupPlan",
        "AWS::Backup::BackupSelection",
        "AWS::Backup::BackupVault",
        "AWS::Backup::Framework",
        "AWS::Backup::LogicallyAirGappedBackupVault",
        "AWS::Backup::ReportPlan",
        "AWS::Backup::RestoreTestingPlan",
        "AWS::Backup::RestoreTestingSelection",
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::Dashboard",
        "AWS::Events::EventBus",
        "AWS::Events::EventBusPolicy",
        "AWS::Events::Rule",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
        "AWS::RAM::ResourceShare",
        "AWS::S3::Bucket",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::Subscription",
        "AWS::SNS::Topic",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::Queue",
        "AWS::SQS::QueuePolicy",
    }
)

ORGANIZATION_ID = "OrganizationId"  # not known offline: whoever deploys fills it in, as the next one
GOVERNED_PATHS = "GovernedPaths"
GOVERNED_UNITS = "GovernedUnits"  # the same


class UnknownResourceType(ValueError):
    """A template holds a resource type that nobody has vouched for: a bug of ours, never the user's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """The parts of a CloudFormation template."""

    description: str
    resources: Json
    parameters: Json = field(default_factory=dict)
    conditions: Json = field(default_factory=dict)
    outputs: Json = field(default_factory=dict)


def render_template(template: Template) -> str:
    """Return a template as canonical JSON; raises UnknownResourceType."""
    for name, resource in template.resources.items():
        if resource["Type"] not in RESOURCE_TYPES:
            raise UnknownResourceType(f"resource {name} has the type {resource['Type']!r}: not one of {', '.join(sorted(RESOURCE_TYPES))}")
    sections = {
        "Parameters": template.parameters,
        "Conditions": template.conditions,
        "Resources": template.resources,
        "Outputs": template.outputs,
    }
    filled = {name: section for name, section in sections.items() if section}
    return canonical_json({"AWSTemplateFormatVersion": "2010-09-09", "Description": template.description, **filled})


def organization_id_parameter() -> Json:
    """Return the parameter that takes the id of the organization."""
    return {
        ORGANIZATION_ID: {
            "Type": "String",
            "Description": "Id of the organization that the accounts belong to",
            "AllowedPattern": "^o-[a-z0-9]{10,32}$",
        }
    }


def governed_units_parameter() -> Json:
    """Return the parameter that takes the ids of the governed OUs and of all OUs below them."""
    return {
        GOVERNED_UNITS: {"Type": "CommaDelimitedList", "Description": "Ids of the governed organizational units, with those below them"}
    }


def organization_parameters() -> Json:
    """Return the parameters that take the id of the organization and the paths of its governed OUs."""
    return {
        **organization_id_parameter(),
        GOVERNED_PATHS: {
            "Type": "CommaDelimitedList",
            "Description": "Paths of the governed OUs as aws:PrincipalOrgPaths has them, such as o-example000/r-ex00/ou-ex00-11111111/*",
        },
    }


def any_of(conditions: list[Json]) -> Json:
    """Return a condition that holds when one of several does: Fn::Or takes two to ten, further ones are nested."""
    if len(conditions) == 1:
        return conditions[0]
    return {"Fn::Or": conditions if len(conditions) <= 10 else [*conditions[:9], any_of(conditions[9:])]}


def logical_id(*words: str) -> str:
    """Return a logical id made of words: letters and digits only.

    Example:
        >>> logical_id("vault", "long-term_2")
        'VaultLongTerm2'
    """
    parts = "".join(char if char.isalnum() else " " for char in " ".join(words)).split()
    return "".join(part[:1].upper() + part[1:] for part in parts)


def distinct_id(kind: str, name: str) -> str:
    """Return a logical id for a name in which other characters than letters and digits tell names apart.

    Example:
        >>> distinct_id("bucket", "acme.logs"), distinct_id("bucket", "acme-logs")
        ('BucketAcmeLogs4552', 'BucketAcmeLogsbc84')
    """
    return logical_id(kind, name) + hashlib.sha256(name.encode()).hexdigest()[:4]


def owner_tags(strategy: str) -> list[Json]:
    """Return the tags of what Strongroom owns, as a list of Key and Value."""
    return [{"Key": OWNER_TAG, "Value": strategy}]


def sub(text: str) -> Json:
    """Return a string with CloudFormation's placeholders in it."""
    return {"Fn::Sub": text}
