"""Where events and alarms go: the account that watches, its buses and topics."""

from collections.abc import Sequence

from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate
from strongroom.domain.governance import Alerts
from strongroom.domain.names import AccountId, Arn, Region

IN_TOPIC_REGION = "InTopicRegion"


def watching_account(estate: Estate) -> AccountId | None:
    """Return the account to which all events come: the central one, else the one that administers backups; None: not known."""
    accounts = estate.organization.accounts
    return accounts.central or accounts.backup_admin or accounts.management


def bus_name(estate: Estate) -> str:
    """Return the name of the event bus in each Region of the account that watches."""
    return f"{estate.name}-backup"


def bus_arn(estate: Estate, account: AccountId, region: str = "${AWS::Region}") -> Json:
    """Return the ARN of the bus in a Region, as a template writes it."""
    return sub(f"arn:${{AWS::Partition}}:events:{region}:{account}:event-bus/{bus_name(estate)}")


def topic_name(estate: Estate) -> str:
    """Return the name of the topic that is made in each Region of the account that watches."""
    return f"{estate.name}-alerts"


def topic_region(alerts: Alerts) -> Region | None:
    """Return the Region of a topic that exists, None where topics are made."""
    return Region(Arn.parse(alerts.topic).region) if alerts.topic else None


def topic_arn(estate: Estate, alerts: Alerts, account: AccountId) -> Json | str:
    """Return the ARN of the topic: alarms and rules reach one in their own Region only."""
    return alerts.topic or sub(f"arn:${{AWS::Partition}}:sns:${{AWS::Region}}:{account}:{topic_name(estate)}")


def actions_anywhere(estate: Estate, alerts: Alerts, account: AccountId) -> Json | list[Json | str]:
    """Return the actions of alarms in a template for every Region: none where the topic that exists isn't."""
    actions = [topic_arn(estate, alerts, account)]
    return {"Fn::If": [IN_TOPIC_REGION, actions, {"Ref": "AWS::NoValue"}]} if alerts.topic else actions


def topic_condition(alerts: Alerts) -> Json:
    """Return the condition that `actions_anywhere` needs."""
    region = topic_region(alerts)
    return {IN_TOPIC_REGION: {"Fn::Equals": [{"Ref": "AWS::Region"}, region]}} if region else {}


def tls_only(action: str, resources: Sequence[Json]) -> Json:
    """Return a statement that lets nobody in without TLS."""
    return {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": action,
        "Resource": resources[0] if len(resources) == 1 else list(resources),
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
