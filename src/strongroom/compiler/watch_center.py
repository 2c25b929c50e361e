"""What the account that watches has in a Region: a bus for the events of all accounts, a queue of them, and alerts.

A member's event comes to the bus of its own Region, and a completed job to that of the home Region too, where the heartbeat counts:
EventBridge sends nothing on from a bus that got it from another one. Rules here look at their own Region only, so that no
event is told twice.
"""

from collections.abc import Iterable
from typing import Any, Final

from strongroom.compiler.alarms import HEARTBEAT_HOURS_MAX, heartbeat_alarm, heartbeat_hours, job_alarms, lost_events_alarm
from strongroom.compiler.alert_events import BACKUP_EVENTS, COMPLETED_JOBS, TOLD, Told
from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.dashboards import dashboard
from strongroom.compiler.forwarding import forwarding
from strongroom.compiler.keys import key_parameters
from strongroom.compiler.template import ORGANIZATION_ID, Json, Template, logical_id, organization_id_parameter, owner_tags, sub
from strongroom.compiler.topics import subscriptions, topic_keys, topic_resources
from strongroom.compiler.watch_places import bus_name, tls_only, topic_arn, topic_region
from strongroom.domain.estate import Estate
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import AccountId, Arn, Region

BUS, QUEUE, LOST = "Bus", "EventsQueue", "EventsLost"
HEARTBEAT = "HeartbeatRule"
RETENTION_SECONDS: Final = 1_209_600  # 14 days, the longest that SQS keeps a message


def center_template(estate: Estate, alerts: Alerts, account: AccountId, region: Region) -> Template:
    """Return the template of the stack `<name>-watch-central` in a Region."""
    told_here = topic_region(alerts) in (None, region)
    topic = topic_arn(estate, alerts, account) if alerts.topic else {"Ref": "AlertsTopic"}
    actions = [topic] if told_here else []
    in_home = region == estate.organization.home_region
    resources: Json = {
        **_bus(estate),
        **_queues(estate),
        **_forwarding(estate, alerts, account, in_home=in_home),
        **{logical_id("rule", each.name): _rule(estate, alerts, each, topic if told_here else None) for each in TOLD},
        **job_alarms(estate, alerts, account, prefix=f"{estate.name}-watch", actions=actions, region=region),
        "LostEventsAlarm": lost_events_alarm(estate, queue={"Fn::GetAtt": [LOST, "QueueName"]}, actions=actions),
    }
    if alerts.topic is None:
        resources |= topic_resources(estate, alerts)
    elif told_here and Arn.parse(alerts.topic).account == account:
        resources |= subscriptions(alerts.emails, alerts.topic)
    if in_home:
        resources |= _heartbeat(estate, alerts, actions)
        alarms = [each["Properties"]["AlarmName"] for each in resources.values() if each["Type"] == "AWS::CloudWatch::Alarm"]
        resources |= {"Dashboard": dashboard(estate, account, alarms=alarms)}
    return Template(
        description=f"Strongroom: events and alerts of strategy {estate.name} in one Region",
        resources=resources,
        parameters={**organization_id_parameter(), **key_parameters(topic_keys(estate, alerts))},
    )


def watched_silence_hours(estate: Estate, alerts: Alerts) -> int | None:
    """Return after how many hours of silence the heartbeat alarm goes off, None where it is not asked for or nothing beats."""
    return heartbeat_hours(estate) if AlertEvent.MISSING in alerts.events else None


def _forwarding(estate: Estate, alerts: Alerts, account: AccountId, *, in_home: bool) -> Json:
    """Return the rules for the account's own events; EventBridge refuses a bus of the same account that isn't there."""
    resources = forwarding(estate, alerts, account, in_home=in_home)
    return {name: each if each["Type"] == "AWS::IAM::Role" else {**each, "DependsOn": [BUS]} for name, each in resources.items()}


def _bus(estate: Estate) -> Json:
    organization: Json = {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "events:PutEvents",
        "Resource": {"Fn::GetAtt": [BUS, "Arn"]},
        "Condition": {"StringEquals": {"aws:PrincipalOrgID": {"Ref": ORGANIZATION_ID}}},
    }
    return {
        BUS: {"Type": "AWS::Events::EventBus", "Properties": {"Name": bus_name(estate), "Tags": owner_tags(estate.name)}},
        "BusPolicy": {
            "Type": "AWS::Events::EventBusPolicy",
            "Properties": {"EventBusName": {"Ref": BUS}, "StatementId": "EventsOfTheOrganization", "Statement": organization},
        },
    }


def _queues(estate: Estate) -> Json:
    """Return the queue of all events, the one for what EventBridge can't deliver, and the rule that fills the first."""
    any_rule = sub(f"arn:${{AWS::Partition}}:events:${{AWS::Region}}:${{AWS::AccountId}}:rule/{bus_name(estate)}/*")
    return {
        **_queue(estate, QUEUE, f"{estate.name}-events", {"ArnEquals": {"aws:SourceArn": {"Fn::GetAtt": ["QueueRule", "Arn"]}}}),
        **_queue(estate, LOST, f"{estate.name}-events-lost", {"ArnLike": {"aws:SourceArn": any_rule}}),
        "QueueRule": {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "queue",
                "Description": "Every event of AWS Backup, for programs",
                "EventBusName": {"Ref": BUS},
                "EventPattern": _here(BACKUP_EVENTS),
                "State": "ENABLED",
                "Targets": [_target("Queue", {"Fn::GetAtt": [QUEUE, "Arn"]})],
            },
        },
    }


def _queue(estate: Estate, logical: str, name: str, condition: Json) -> Json:
    arn: Json = {"Fn::GetAtt": [logical, "Arn"]}
    allowed: Json = {
        "Sid": "EventsOfRules",
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": arn,
        "Condition": condition,
    }
    policy = {"Version": "2012-10-17", "Statement": [allowed, tls_only("sqs:*", [arn])]}
    return {
        logical: {
            "Type": "AWS::SQS::Queue",
            "Properties": {
                "QueueName": name,
                "MessageRetentionPeriod": RETENTION_SECONDS,
                "SqsManagedSseEnabled": True,
                "Tags": owner_tags(estate.name),
            },
        },
        f"{logical}Policy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": logical}], "PolicyDocument": policy}},
    }


def _rule(estate: Estate, alerts: Alerts, told: Told, topic: Json | str | None) -> Json:
    """Return a rule that counts its events, and tells them to the topic where the strategy asks for it."""
    properties: Json = {
        "Name": told.name,
        "Description": f"In strategy {estate.name} {told.words}",
        "EventBusName": {"Ref": BUS},
        "EventPattern": _here(told.pattern),
        "State": "ENABLED",
    }
    if topic is not None and told.event in alerts.events:
        properties["Targets"] = [_target("Topic", topic, InputTransformer=_message(estate, told))]
    return {"Type": "AWS::Events::Rule", "Properties": properties}


def _message(estate: Estate, told: Told) -> Json:
    """Return what the message says: the event's detail as it is, because its fields differ from one event to another."""
    fixed = canonical_json({"what": told.words, "strategy": estate.name}).removesuffix("}")
    paths = {name: f"$.{name}" for name in ("account", "region", "time", "detail")}
    places = ",".join(f'"{name}":<{name}>' for name in paths)
    return {"InputPathsMap": paths, "InputTemplate": f"{fixed},{places}}}"}


def _target(name: str, arn: Json | str, **more: Any) -> Json:
    return {"Id": name, "Arn": arn, "DeadLetterConfig": {"Arn": {"Fn::GetAtt": [LOST, "Arn"]}}, **more}


def _here(pattern: Json) -> Json:
    return {**pattern, "region": [{"Ref": "AWS::Region"}]}


def _heartbeat(estate: Estate, alerts: Alerts, actions: Iterable[Any]) -> Json:
    hours = watched_silence_hours(estate, alerts)
    rule: Json = {
        HEARTBEAT: {
            "Type": "AWS::Events::Rule",
            "Properties": {
                "Name": "heartbeat",
                "Description": f"Completed backup jobs of strategy {estate.name} in every Region",
                "EventBusName": {"Ref": BUS},
                "EventPattern": COMPLETED_JOBS,
                "State": "ENABLED",
            },
        }
    }
    if hours is None or hours > HEARTBEAT_HOURS_MAX:
        return rule
    alarm = heartbeat_alarm(estate, hours=hours, bus=bus_name(estate), rule="heartbeat", actions=list(actions))
    return {**rule, "HeartbeatAlarm": alarm}
