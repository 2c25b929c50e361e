"""A shuffled organization that watches its backups and is governed: alerts, guard rails, a tag policy; who is told has said yes."""

import json
from dataclasses import dataclass, replace

from tests.detect.conftest import World
from tests.detect.shuffling import Shuffled, shuffled

from strongroom.twin import client as control

ADDRESS = "backup-team@example.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What `verify` must say about a planted fault: this, once, and nothing else."""

    code: str
    mode: str  # FM01…FM39
    says: str  # part of the cause
    about: str = ""  # part of the subject


def watched(seed: int) -> Shuffled:
    """The organization that a seed draws, with everything that watches and forbids."""
    it = shuffled(seed, accounts=3)
    strategy = json.loads(it.strategy_yaml)
    strategy["alerts"] = {"email": ADDRESS, "on": "all"}
    strategy["guard_rails"] = {"exempt": "break-glass", "attach_to": strategy["organization"]["governs"]}
    strategy["tag_policy"] = {"tags": {it.tag_key: list(it.tag_values)}}
    return replace(it, strategy_yaml=json.dumps(strategy, indent=1))


def confirm(world: World, it: Shuffled) -> None:
    """Click the newest link in the mail of each topic that waits for it."""
    newest = {mail["topic_arn"]: mail["token"] for mail in control.mail(world.endpoint) if mail.get("token")}
    for arn, token in newest.items():
        sns = world.client("sns", it.central, arn.split(":")[3])
        states = {each["SubscriptionArn"] for each in sns.list_subscriptions_by_topic(TopicArn=arn)["Subscriptions"]}
        if "PendingConfirmation" in states:
            sns.confirm_subscription(TopicArn=arn, Token=token)


def topic(it: Shuffled, region: str) -> str:
    """The ARN of the topic of the alerts."""
    return f"arn:aws:sns:{region}:{it.central}:{it.strategy}-alerts"


def bus(it: Shuffled) -> str:
    """The name of the bus to which all events come."""
    return f"{it.strategy}-backup"


def governed(it: Shuffled) -> str:
    """A governed account."""
    return it.pick("dynamodb", 0).account
