"""CloudFormation templates: built from plain data, rendered as canonical JSON, unknown resource types refused."""

from dataclasses import dataclass, field
from typing import Any

from strongroom.compiler.canonical import canonical_json
from strongroom.domain.estate import OWNER_TAG

Json = dict[str, Any]

# cfn-lint passes resource types that it doesn't know silently enough, and so does the twin's base; a type is added here
# together with its first template, once cfn-lint has a schema for it (the tests check that).
RESOURCE_TYPES = frozenset(
    {
        "AWS::Backup::BackupVault",
        "AWS::Backup::LogicallyAirGappedBackupVault",
        "AWS::IAM::Role",
        "AWS::KMS::Alias",
        "AWS::KMS::Key",
        "AWS::KMS::ReplicaKey",
    }
)

ORGANIZATION_ID = "OrganizationId"  # not known offline: whoever deploys fills it in


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
            "Description": "Id of the organization whose accounts may copy into the vaults",
            "AllowedPattern": "^o-[a-z0-9]{10,32}$",
        }
    }


def logical_id(*words: str) -> str:
    """Return a logical id made of words: letters and digits only.

    Example:
        >>> logical_id("vault", "long-term_2")
        'VaultLongTerm2'
    """
    parts = "".join(char if char.isalnum() else " " for char in " ".join(words)).split()
    return "".join(part[:1].upper() + part[1:] for part in parts)


def owner_tags(strategy: str) -> list[Json]:
    """Return the tags of what Strongroom owns, as a list of Key and Value."""
    return [{"Key": OWNER_TAG, "Value": strategy}]


def sub(text: str) -> Json:
    """Return a string with CloudFormation's placeholders in it."""
    return {"Fn::Sub": text}
