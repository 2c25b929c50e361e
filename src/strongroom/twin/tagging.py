"""Which tags a wire call writes, on resources of which type: what tag policies are enforced on, whether IAM is or not.

Calls of services that AWS Backup protects; what else is tagged isn't looked at.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_supported-resources-enforcement.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree as ET

from strongroom.twin.wire import Call

# Operation -> resource type as tag policies name it; empty: an ARN or id in the call says.
_CALLS: Mapping[tuple[str, str], str] = {
    ("backup", "CreateBackupVault"): "backup:backup-vault",
    ("backup", "CreateLogicallyAirGappedBackupVault"): "backup:backup-vault",
    ("backup", "CreateBackupPlan"): "backup:backup-plan",
    ("dynamodb", "CreateTable"): "dynamodb:table",
    ("dynamodb", "TagResource"): "dynamodb:table",
    ("ec2", "CreateTags"): "",
    ("ec2", "CreateVolume"): "ec2:volume",
    ("ec2", "RunInstances"): "ec2:instance",
    ("elasticfilesystem", "CreateFileSystem"): "elasticfilesystem:file-system",
    ("elasticfilesystem", "TagResource"): "elasticfilesystem:file-system",
    ("rds", "AddTagsToResource"): "",
    ("rds", "CreateDBCluster"): "rds:cluster",
    ("rds", "CreateDBInstance"): "rds:db",
    ("s3", "PutBucketTagging"): "s3:bucket",
}
_IDS: Mapping[str, str] = {"i": "ec2:instance", "snap": "ec2:snapshot", "vol": "ec2:volume", "ami": "ec2:image"}
_PAIR = re.compile(r"(.*Tags?\..*)\.(Key|Value)")
_MEMBERS = ("Tags", "BackupVaultTags", "BackupPlanTags")


def writes(call: Call, service: str, operation: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield resource types with the tags that a call writes on them; nothing for a call that can't be read."""
    kind = _CALLS.get((service, operation))
    if kind is None:
        return
    try:
        tags = dict(_tags(call, service))
    except (ValueError, ET.ParseError, AttributeError, KeyError, TypeError):  # the service says itself what is wrong with it
        return
    for each in (kind,) if kind else _named(call):
        yield each, tags


def _tags(call: Call, service: str) -> Iterator[tuple[str, str]]:
    if service == "s3":
        for tag in ET.fromstring(call.body).iter():  # noqa: S314 - a local emulator reads what its own clients send
            if tag.tag.rpartition("}")[2] == "Tag":
                found = {each.tag.rpartition("}")[2]: each.text or "" for each in tag}
                yield found["Key"], found.get("Value", "")
    elif call.form:
        pairs: dict[str, dict[str, str]] = {}
        for name, value in call.form.items():
            found_pair = _PAIR.fullmatch(name)
            if found_pair:
                pairs.setdefault(found_pair[1], {})[found_pair[2]] = value
        yield from ((pair["Key"], pair.get("Value", "")) for pair in pairs.values() if "Key" in pair)
    else:
        body = json.loads(call.body or b"{}")
        for member in _MEMBERS:
            yield from _pairs(body.get(member) or ())


def _pairs(tags: Any) -> Iterator[tuple[str, str]]:
    if isinstance(tags, Mapping):
        yield from ((str(key), str(value)) for key, value in tags.items())
    else:
        yield from ((str(each["Key"]), str(each.get("Value", ""))) for each in tags if "Key" in each)


def _named(call: Call) -> Iterator[str]:
    """Yield the types of the resources that a form names: EC2's by their ids, RDS' by an ARN."""
    for name, value in call.form.items():
        if name.startswith("ResourceId."):
            yield _IDS.get(value.partition("-")[0], "")
        elif name == "ResourceName":
            yield f"rds:{(value.split(':') + [''] * 6)[5]}"
