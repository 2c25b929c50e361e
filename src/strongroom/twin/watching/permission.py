"""May a service send something there? Topics, queues and buses are asked, and the keys that encrypt them.

EventBridge gives topic and key policies no conditions to judge by. Source: SNS developer guide, sns-key-management; SQS developer guide,
sqs-key-management; EventBridge user guide, eb-use-resource-based (read 2026-11).
"""

from types import MappingProxyType

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.backup.state import World
from strongroom.twin.backup.surroundings import key_of
from strongroom.twin.watching.letters import CLOUDWATCH, EVENTS, Sender

_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")


def allows(world: World, sender: Sender, action: str, arn: str, policy: str | None) -> bool:
    """Return whether the policy of a resource lets a service do something; what isn't certain is no."""
    key = ("may send", sender, action, arn, policy)
    allowed: bool = world.once(key, lambda: _allows(world, sender, action, arn, policy))
    return allowed


def opens(world: World, sender: Sender, reference: str, resource_arn: str) -> bool:
    """Return whether a service can use the key of a topic or queue; the policy of a key that AWS manages lets no service in."""
    _, _, service, region, account, _ = resource_arn.split(":", 5)
    key = key_of(world, reference, account, region)
    if key.manager != "CUSTOMER" or key.state != "Enabled":
        return False

    def ask() -> bool:
        return all(_allows(world, sender, action, key.arn, key.policy, encrypts=(service, resource_arn)) for action in _KEY_ACTIONS)

    opened: bool = world.once(("may open", sender, key.arn, key.policy, resource_arn), ask)
    return opened


def _allows(world: World, sender: Sender, action: str, arn: str, policy: str | None, *, encrypts: tuple[str, str] | None = None) -> bool:
    if policy is None:
        return False
    values: dict[str, tuple[str, ...]] = {"aws:SecureTransport": ("true",)}
    if sender.service != EVENTS or action == "sqs:SendMessage":  # EventBridge tells topics and keys nothing of its rule
        values |= _source(world, sender)
    if sender.service == CLOUDWATCH:  # what the policy asks for that SNS gives to new topics
        values["aws:SourceOwner"] = (sender.account,)
    if encrypts is not None:
        service, resource_arn = encrypts
        kind = {"sns": "topicArn", "sqs": "queueArn"}.get(service, "arn")
        values[f"kms:EncryptionContext:aws:{service}:{kind}"] = (resource_arn,)
        values["kms:ViaService"] = (f"{service}.{arn.split(':')[3]}.amazonaws.com",)
    actor = Actor(kind=PrincipalKind.SERVICE, arn=sender.service, account="")
    target = Target(arn=arn, account=arn.split(":")[4], policy=parse(policy, name="resource policy"))
    return decide(actor, action, target, Context(values=MappingProxyType(values), complete=True)).verdict is Verdict.ALLOWED


def _source(world: World, sender: Sender) -> dict[str, tuple[str, ...]]:
    """Return the context keys that say for what a service acts."""
    values: dict[str, tuple[str, ...]] = {"aws:SourceAccount": (sender.account,), "aws:SourceArn": (sender.arn,)}
    organization, path = world.organization.organization_id, world.organization.path_of(sender.account)
    return values | ({"aws:SourceOrgID": (organization,), "aws:SourceOrgPaths": (path,)} if path and organization else {})
