"""A service's own restore to an instant, by its own log: tables and database instances, in their own account and Region.

Source: https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_RestoreDBInstanceToPointInTime.html and
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_RestoreTableToPointInTime.html
"""

from collections.abc import Mapping
from typing import Any

from strongroom.aws.recovery.describing import identifier
from strongroom.aws.sessions import Sessions
from strongroom.domain.finding import Finding
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import LiveOrigin
from strongroom.domain.recovery import ApiCall
from strongroom.errors import AwsRefused, NoCredentials
from strongroom.workflows.catalogue import finding
from strongroom.workflows.restoring.metadata import NAMES, made_name
from strongroom.workflows.restoring.preflight import Intended

# What may be overridden, and what AWS's model makes of the text.
_DATABASE: Mapping[str, type] = {
    "AvailabilityZone": str,
    "DBInstanceClass": str,
    "DBParameterGroupName": str,
    "DBSubnetGroupName": str,
    "DeletionProtection": bool,
    "EnableIAMDatabaseAuthentication": bool,
    "Iops": int,
    "MultiAZ": bool,
    "OptionGroupName": str,
    "Port": int,
    "PubliclyAccessible": bool,
    "StorageType": str,
}
_TABLE: Mapping[str, type] = {"BillingModeOverride": str}


def own_call(intended: Intended, sessions: Sessions, tags: Mapping[str, str], found: list[Finding]) -> ApiCall:
    """Return the call that restores by the service's own log; what can't be overridden is added to `found`."""
    arn, instant = intended.request.resource_arn, intended.choice.instant
    name = made_name(intended.type, intended.metadata, cluster=False)
    at = f"{instant:%Y-%m-%dT%H:%M:%SZ}"
    if intended.type is ResourceType.DYNAMODB:
        given = _given(intended, _TABLE, found)
        parameters = {"SourceTableArn": arn, "TargetTableName": name, "RestoreDateTime": at, **given}
        return _call(intended, "dynamodb", "RestoreTableToPointInTime", parameters)
    parameters = {
        "SourceDBInstanceIdentifier": identifier(arn),
        "TargetDBInstanceIdentifier": name,
        "RestoreTime": at,
        "Tags": [{"Key": key, "Value": text} for key, text in tags.items()],
        **_network(intended, sessions, found),
        **_given(intended, _DATABASE, found),
    }
    return _call(intended, "rds", "RestoreDBInstanceToPointInTime", parameters)


def _call(intended: Intended, service: str, operation: str, parameters: Mapping[str, Any]) -> ApiCall:
    return ApiCall(account=intended.account, region=intended.region, service=service, operation=operation, parameters=parameters)


def _given(intended: Intended, known: Mapping[str, type], found: list[Finding]) -> dict[str, Any]:
    """Return overrides as the call takes them."""
    spelling = {name.lower(): name for name in known}
    given: dict[str, Any] = {}
    for name, text in intended.request.overrides.items():
        if name.lower() == NAMES[intended.type].lower():
            continue
        spelled = spelling.get(name.lower())
        value = _typed(known[spelled], text) if spelled else None
        if spelled is None or value is None:
            what = f"{name}={text} is no setting of {intended.type}'s own restore"
            fix = f"one of {', '.join(sorted(known))}; or restore a recovery point with --point"
            found.append(finding("RCV007", name, what, LiveOrigin(intended.account, intended.region, ""), fix=fix))
        else:
            given[spelled] = value
    return given


def _typed(kind: type, text: str) -> Any | None:
    """Return a text as a value of a kind; None: it is none.

    Example:
        >>> _typed(bool, "True"), _typed(int, "5432"), _typed(int, "many")
        (True, 5432, None)
    """
    if kind is bool:
        return {"true": True, "false": False}.get(text.lower())
    if kind is int:
        return int(text) if text.isdigit() else None
    return text


def _network(intended: Intended, sessions: Sessions, found: list[Finding]) -> dict[str, Any]:
    """Return subnet group and security groups of the source: RDS would take the default VPC and its default group."""
    arn = intended.request.resource_arn
    try:
        answer = sessions.call(
            "rds", intended.region, "describe_db_instances", account=intended.account, DBInstanceIdentifier=identifier(arn)
        )
    except NoCredentials:
        raise
    except AwsRefused as error:
        message = f"the network of the database could not be read: {error.message}"
        found.append(finding("RCV016", arn, message, LiveOrigin(intended.account, intended.region, arn)))
        return {}
    source = answer["DBInstances"][0]
    group = (source.get("DBSubnetGroup") or {}).get("DBSubnetGroupName")
    security = [each["VpcSecurityGroupId"] for each in source.get("VpcSecurityGroups") or ()]
    return {**({"DBSubnetGroupName": group} if group else {}), **({"VpcSecurityGroupIds": security} if security else {})}
