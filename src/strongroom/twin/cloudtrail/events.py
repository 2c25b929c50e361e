"""Management calls in CloudTrail's shape.

Source: https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl, unquote

from strongroom.twin.backup import wire as backup_wire
from strongroom.twin.cloudtrail.trail import Told, event_id
from strongroom.twin.ports import ApiError, Request

_VERSION = "1.11"
_MESSAGE = re.compile(rb"<Message>(.{1,1000}?)</Message>", re.DOTALL)
_LABELLED = ("backup",)  # services whose requests name things in their path
# Members of requests that name a resource, with its type; the value is told as it was sent.
_RESOURCES: Mapping[str, str] = {
    "backupVaultName": "AWS::Backup::BackupVault",
    "backupPlanId": "AWS::Backup::BackupPlan",
    "recoveryPointArn": "AWS::Backup::RecoveryPoint",
    "bucket": "AWS::S3::Bucket",
    "keyId": "AWS::KMS::Key",
    "roleName": "AWS::IAM::Role",
    "roleArn": "AWS::IAM::Role",
    "iamRoleArn": "AWS::IAM::Role",
    "userName": "AWS::IAM::User",
    "stackName": "AWS::CloudFormation::Stack",
    "stackSetName": "AWS::CloudFormation::StackSet",
    "policyId": "AWS::Organizations::Policy",
    "tableName": "AWS::DynamoDB::Table",
    "dBInstanceIdentifier": "AWS::RDS::DBInstance",
    "topicArn": "AWS::SNS::Topic",
    "queueUrl": "AWS::SQS::Queue",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """What LookupEvents tells of one event, before anybody has looked at its details."""

    id: str
    name: str
    at: datetime
    source: str  # backup.amazonaws.com
    read_only: bool
    username: str = ""
    access_key: str = ""
    told: Told | None = None  # a call
    record: Mapping[str, Any] = field(default_factory=dict)  # of a service event
    resources: tuple[tuple[str, str], ...] = ()  # of a service event: type and name


def of_call(told: Told) -> Event:
    """Return the event of a call."""
    return Event(
        id=told.id,
        name=told.operation,
        at=told.at,
        source=f"{told.service}.amazonaws.com",
        read_only=not told.write,
        username=_username(told.arn),
        access_key=told.access_key,
        told=told,
    )


def of_service(place: tuple[str, str], subject: str, name: str, at: datetime, details: Mapping[str, Any]) -> Event:
    """Return an event of something that AWS Backup did by itself in an account and Region."""
    account, region = place
    source, identity = "backup.amazonaws.com", event_id(subject)
    record = {
        "eventVersion": _VERSION,
        "userIdentity": {"accountId": account, "invokedBy": source},
        "eventTime": _instant(at),
        "eventSource": source,
        "eventName": name,
        "awsRegion": region,
        "sourceIPAddress": source,
        "userAgent": source,
        "requestParameters": None,
        "responseElements": None,
        "eventID": identity,
        "readOnly": False,
        "eventType": "AwsServiceEvent",
        "managementEvent": True,
        "recipientAccountId": account,
        "serviceEventDetails": dict(details),
        "eventCategory": "Management",
    }
    named = tuple((kind, str(details[member])) for member, kind in _RESOURCES.items() if details.get(member))
    return Event(id=identity, name=name, at=at, source=source, read_only=False, record=record, resources=named)


def shown(event: Event) -> dict[str, Any]:
    """Return an event as LookupEvents answers it."""
    told = event.told
    record, resources = (event.record, event.resources) if told is None else _record(event, told)
    found: dict[str, Any] = {
        "EventId": event.id,
        "EventName": event.name,
        "ReadOnly": "true" if event.read_only else "false",
        "EventTime": event.at.timestamp(),
        "EventSource": event.source,
        "Resources": [{"ResourceType": kind, "ResourceName": name} for kind, name in resources],
        "CloudTrailEvent": json.dumps(record, separators=(",", ":")),
    }
    if event.username:
        found["Username"] = event.username
    if event.access_key:
        found["AccessKeyId"] = event.access_key
    return found


def resources(event: Event) -> tuple[tuple[str, str], ...]:
    """Return type and name of what an event is about."""
    return event.resources if event.told is None else _record(event, event.told)[1]


def _record(event: Event, told: Told) -> tuple[dict[str, Any], tuple[tuple[str, str], ...]]:
    parameters = _parameters(told)
    record: dict[str, Any] = {
        "eventVersion": _VERSION,
        "userIdentity": _identity(told),
        "eventTime": _instant(told.at),
        "eventSource": event.source,
        "eventName": told.operation,
        "awsRegion": told.region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": told.agent,
    }
    if told.error:
        record |= {"errorCode": told.error, "errorMessage": _message(told.answer)}
    record |= {
        "requestParameters": parameters or None,
        "responseElements": None if told.error or not told.write else _elements(told.answer),
        "requestID": event_id(f"request {told.number}"),
        "eventID": told.id,
        "readOnly": not told.write,
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": told.account,
        "eventCategory": "Management",
    }
    named = tuple((kind, str(parameters[member])) for member, kind in _RESOURCES.items() if parameters.get(member))
    return record, named


def _identity(told: Told) -> dict[str, Any]:
    if told.arn.split(":")[4] != told.account:  # somebody of another account, of whom this one knows no more
        return {"type": "AWSAccount", "principalId": told.user_id, "accountId": told.arn.split(":")[4]}
    identity: dict[str, Any] = {"type": "IAMUser", "principalId": told.user_id, "arn": told.arn, "accountId": told.account}
    identity["accessKeyId"] = told.access_key
    if told.role_arn:
        issuer = {
            "type": "Role",
            "principalId": told.user_id.partition(":")[0],
            "arn": told.role_arn,
            "accountId": told.account,
            "userName": told.role_arn.rpartition("/")[2],
        }
        return identity | {"type": "AssumedRole", "sessionContext": {"sessionIssuer": issuer}}
    if told.arn.endswith(":root"):
        return identity | {"type": "Root"}
    return identity | {"userName": _username(told.arn)}


def _username(arn: str) -> str:
    """A user's name, or that of a role's session.

    Example:
        >>> _username("arn:aws:sts::111122223333:assumed-role/deploy/ann"), _username("arn:aws:iam::111122223333:root")
        ('ann', 'root')
    """
    return re.split("[:/]", arn)[-1]


def _parameters(told: Told) -> dict[str, Any]:
    """Return the parameters of a call by the names that CloudTrail gives them."""
    return {_lower(name): value for name, value in _sent(told)}


def _sent(told: Told) -> Iterator[tuple[str, Any]]:
    if told.service == "s3":
        bucket, _, key = unquote(told.path).removeprefix("/").partition("/")
        yield from (("bucketName", bucket), ("bucket", bucket)) if bucket else ()
        yield from (("key", key),) if key else ()
    yield from ((name, value) for name, value in parse_qsl(told.query) if name not in {"Action", "Version"})
    if told.service in _LABELLED:
        yield from _labels(told).items()
    if "x-www-form-urlencoded" in told.content_type:
        yield from ((name, value) for name, value in parse_qsl(told.body.decode("utf-8", "replace")) if name not in {"Action", "Version"})
        return
    try:
        found = json.loads(told.body or b"{}")
    except ValueError:
        return
    if isinstance(found, dict):
        yield from found.items()


def _labels(told: Told) -> dict[str, str]:
    request = Request(
        account=told.account,
        region=told.region,
        principal=told.arn,
        service=told.service,
        method=told.method,
        path=told.path,
        query={name: (value,) for name, value in parse_qsl(told.query, keep_blank_values=True)},
        headers={},
        body=b"",
    )
    try:
        return backup_wire.match(request)[1]
    except ApiError:
        return {}


def _elements(answer: bytes) -> Any:
    """Return what a write answered, where it is JSON."""
    try:
        found = json.loads(answer or b"null")
    except ValueError:
        return None
    return {_lower(name): value for name, value in found.items()} if isinstance(found, dict) and found else None


def _message(answer: bytes) -> str:
    try:
        found = json.loads(answer or b"null")
    except ValueError:
        text = _MESSAGE.search(answer)
        return text[1].decode("utf-8", "replace") if text else ""
    return str(found.get("message") or found.get("Message") or "") if isinstance(found, dict) else ""


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def _instant(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")
