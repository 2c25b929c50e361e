"""The topic of alerts in a Region, encrypted with a key that the services which publish may use (FM22).

No statement about EventBridge has a condition: it gives none to KMS, and topic policies with conditions don't work with it
(https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html). Of CloudWatch the alarm's ARN is known.
"""

from collections.abc import Iterable

from strongroom.compiler.keys import ROOT, vault_key
from strongroom.compiler.template import Json, distinct_id, owner_tags, sub
from strongroom.compiler.watch_places import tls_only, topic_name
from strongroom.domain.estate import Estate
from strongroom.domain.governance import Alerts
from strongroom.domain.strategy import Key, KeyKind

PUBLISHERS = ["backup.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
TOPIC = "AlertsTopic"
_KEY = "AlertsKey"


def topic_resources(estate: Estate, alerts: Alerts) -> Json:
    """Return a topic with its policy, its e-mail subscriptions and, where the strategy has no other key for it, its key."""
    named = next(iter(topic_keys(estate, alerts)), None)
    arn = {"Ref": TOPIC}
    topic: Json = {
        "Type": "AWS::SNS::Topic",
        "Properties": {
            "TopicName": topic_name(estate),
            "DisplayName": f"Backups of {estate.name}",
            "KmsMasterKeyId": _key_id(named),
            "Tags": owner_tags(estate.name),
        },
    }
    return {
        **_key_resources(estate, named),
        TOPIC: topic,
        "AlertsTopicPolicy": {"Type": "AWS::SNS::TopicPolicy", "Properties": {"Topics": [arn], "PolicyDocument": _topic_policy(estate)}},
        **subscriptions(alerts.emails, arn),
    }


def topic_keys(estate: Estate, alerts: Alerts) -> tuple[Key, ...]:
    """Return the key of the strategy that encrypts the topic that is made, if there is one."""
    return tuple(key for key in estate.keys if key.name == alerts.key and alerts.topic is None)


def subscriptions(addresses: Iterable[str], topic: Json | str) -> Json:
    """Return an e-mail subscription for each address; nothing arrives before its owner has confirmed it."""
    return {
        distinct_id("subscription", address): {
            "Type": "AWS::SNS::Subscription",
            "Properties": {"TopicArn": topic, "Protocol": "email", "Endpoint": address},
        }
        for address in addresses
    }


def publishing_statement() -> Json:
    """Return the statement of a key policy that lets AWS's services publish to topics that the key encrypts."""
    return {
        "Sid": "AlertsOfServices",
        "Effect": "Allow",
        "Principal": {"Service": PUBLISHERS},
        "Action": ["kms:Decrypt", "kms:GenerateDataKey*"],
        "Resource": "*",
    }


def _key_id(named: Key | None) -> Json | str:
    if named is None or named.kind is KeyKind.PER_ACCOUNT:
        return {"Fn::GetAtt": [_KEY, "Arn"]}
    return vault_key(named) or "alias/aws/sns"  # nobody publishes to a topic on that one, says check ALT002


def _key_resources(estate: Estate, named: Key | None) -> Json:
    if named is not None and named.kind is not KeyKind.PER_ACCOUNT:
        return {}
    administration = {
        "Sid": "AdministeredByThisAccount",
        "Effect": "Allow",
        "Principal": {"AWS": ROOT},
        "Action": "kms:*",
        "Resource": "*",
    }
    return {
        _KEY: {
            "Type": "AWS::KMS::Key",
            "Properties": {
                "Description": f"Alerts of strategy {estate.name}",
                "EnableKeyRotation": named.rotated if named else True,
                "KeyPolicy": {"Version": "2012-10-17", "Statement": [administration, publishing_statement()]},
                "PendingWindowInDays": 7,  # it encrypts messages under way, nothing that is kept
                "Tags": owner_tags(estate.name),
            },
        },
        f"{_KEY}Alias": {
            "Type": "AWS::KMS::Alias",
            "Properties": {"AliasName": f"alias/{topic_name(estate)}", "TargetKeyId": {"Ref": _KEY}},
        },
    }


def _topic_policy(estate: Estate) -> Json:
    arn: Json = {"Ref": TOPIC}
    alarms = sub(f"arn:${{AWS::Partition}}:cloudwatch:${{AWS::Region}}:*:alarm:{estate.name}-watch*")
    publish: Json = {"Effect": "Allow", "Action": "sns:Publish", "Resource": arn}
    return {
        "Version": "2012-10-17",
        "Statement": [
            {
                **publish,
                "Sid": "AlarmsOfTheAccounts",
                "Principal": {"Service": "cloudwatch.amazonaws.com"},
                "Condition": {"ArnLike": {"aws:SourceArn": alarms}},
            },
            {**publish, "Sid": "EventsAndVaults", "Principal": {"Service": ["backup.amazonaws.com", "events.amazonaws.com"]}},
            tls_only("sns:Publish", [arn]),
        ],
    }
