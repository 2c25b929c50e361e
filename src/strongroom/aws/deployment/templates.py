"""How CloudFormation takes and returns templates and parameters."""

import json
from typing import Any

from strongroom.domain.changeplan import canonical

# CloudFormation needs this to create IAM roles with names of our own.
CAPABILITIES = ["CAPABILITY_NAMED_IAM"]


def parameter_list(parameters: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    """Return parameters as CloudFormation takes them."""
    return [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters]


def parameter_pairs(parameters: list[dict[str, str]]) -> tuple[tuple[str, str], ...]:
    """Return parameters as CloudFormation returns them, sorted by name."""
    return tuple(sorted((each["ParameterKey"], each["ParameterValue"]) for each in parameters))


def canonical_document(document: Any) -> str:
    """Return a template or policy as canonical JSON, however boto3 hands it over."""
    # boto3 hands JSON templates over as mappings, policies as text; what somebody wrote in YAML stays as it is.
    if not isinstance(document, str):
        return canonical(document)
    try:
        return canonical(json.loads(document))
    except ValueError:
        return document
