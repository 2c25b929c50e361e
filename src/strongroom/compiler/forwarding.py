"""How an account's events come to the account that watches: rules on its default bus, and the role that they use.

A bus that lets a whole organization in is reached with a role only
(https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html). There is a role for each Region, so that no Region
waits for another one.
"""

from collections.abc import Sequence

from strongroom.compiler.alert_events import BACKUP_EVENTS, COMPLETED_JOBS, KEY_EVENTS
from strongroom.compiler.template import Json, any_of, owner_tags
from strongroom.compiler.watch_places import bus_arn
from strongroom.domain.estate import Estate
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import AccountId

AWAY = "IsAnotherRegion"
ALONE = "HasNoStackOfItsOwn"  # that forwards: an event is sent once
ALONE_AND_AWAY = "HasNoStackOfItsOwnInAnotherRegion"
ROLE = "ForwardRole"


def forwarding(estate: Estate, alerts: Alerts, account: AccountId, *, in_home: bool | None) -> Json:
    """Return the rules and their role; `in_home` None: the template is for every account and Region and has `forwarding_conditions`."""
    home = bus_arn(estate, account, estate.organization.home_region)
    here = bus_arn(estate, account)
    resources: Json = {
        ROLE: _role(estate, [here] if in_home else [here, home]),
        "ForwardRule": _rule(f"Every event of AWS Backup goes to account {account}", BACKUP_EVENTS, here),
    }
    if AlertEvent.KEY in alerts.events:
        resources["ForwardKeyRule"] = _rule(f"What endangers keys goes to account {account}", KEY_EVENTS, here)
    if in_home is not True:
        words = f"Completed backup jobs are counted in {estate.organization.home_region}"
        resources["ForwardHeartbeatRule"] = _rule(words, COMPLETED_JOBS, home)
    if in_home is None:
        for name, resource in resources.items():
            resource["Condition"] = ALONE_AND_AWAY if name == "ForwardHeartbeatRule" else ALONE
    return resources


def forwarding_conditions(estate: Estate, apart: Sequence[AccountId]) -> Json:
    """Return the conditions of a template for every account and Region; `apart` are accounts with a stack of their own that forwards."""
    away = {"Fn::Not": [{"Fn::Equals": [{"Ref": "AWS::Region"}, estate.organization.home_region]}]}
    alone = {"Fn::Not": [any_of([{"Fn::Equals": [{"Ref": "AWS::AccountId"}, account]} for account in apart])]}
    return {AWAY: away, ALONE: alone, ALONE_AND_AWAY: {"Fn::And": [{"Condition": AWAY}, {"Condition": ALONE}]}}


def _rule(description: str, pattern: Json, bus: Json) -> Json:
    return {
        "Type": "AWS::Events::Rule",
        "Properties": {
            "Description": description,
            "EventPattern": pattern,
            "State": "ENABLED",
            "Targets": [{"Id": "Bus", "Arn": bus, "RoleArn": {"Fn::GetAtt": [ROLE, "Arn"]}}],
        },
    }


def _role(estate: Estate, buses: list[Json]) -> Json:
    allowed: Json = {"Effect": "Allow", "Action": "events:PutEvents", "Resource": buses}
    trusted: Json = {"Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"}, "Action": "sts:AssumeRole"}
    return {
        "Type": "AWS::IAM::Role",
        "Properties": {
            "Description": f"EventBridge sends events of strategy {estate.name} to the account that watches",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trusted]},
            "Policies": [{"PolicyName": "send", "PolicyDocument": {"Version": "2012-10-17", "Statement": [allowed]}}],
            "Tags": owner_tags(estate.name),
        },
    }
