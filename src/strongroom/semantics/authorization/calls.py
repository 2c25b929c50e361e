"""The calls that an operation of AWS Backup is made of, and which of them would be refused.

Calls that AWS's pages don't document are never a refusal, only a doubt. Where a page asks a key's policy for more than AWS's own
managed policy for the calling role holds, the role can't be the one who calls: then the key's policy alone is asked.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from types import MappingProxyType
from typing import Final

from strongroom import facts
from strongroom.domain.access import KeyGrant
from strongroom.domain.names import ResourceType
from strongroom.domain.origin import Unread
from strongroom.facts import Asked, CallFact, Status
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Context, Decision, Ground, Layer, Verdict
from strongroom.semantics.authorization.places import Maker, Operation, Places, Scene, When
from strongroom.semantics.authorization.policy import parse

_ANYTHING: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_KEY_OPERATIONS: Final = ("Decrypt", "GenerateDataKey", "RetireGrant")


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One call: who asks what of which resource, why, and what its refusal does."""

    maker: Maker
    principal: str  # ARN, or a service principal; empty: not known
    action: str
    resource: str | Unread  # ARN
    on: str  # which of the places it is: vault, source key …
    owner: str  # account of the resource; empty: not known
    guard: str  # ARN of the vault whose policy stands before a recovery point; empty: the resource's own policy does
    new: bool  # it doesn't exist before the call
    context: Context
    asked: Asked
    why: str
    status: Status
    failure_mode: str  # FM…; empty: none of the list
    message: str  # AWS's own text for the refusal; empty: not known
    effect: str  # what a refusal does; empty: nothing more than the refusal
    source: str  # AWS's page

    @property
    def on_key(self) -> bool:
        """Whether it uses a key."""
        return self.action.startswith("kms:")


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A call and what AWS would answer; the verdict of a call that isn't documented is never a denial."""

    call: Call
    decision: Decision

    @property
    def verdict(self) -> Verdict:
        """What it means for the operation."""
        doubted = self.call.status is not Status.DOCUMENTED and self.decision.verdict is Verdict.DENIED
        return Verdict.UNKNOWN if doubted else self.decision.verdict


def unsupported(operation: Operation, resource_type: ResourceType, places: Places) -> str:
    """Return why AWS Backup doesn't do an operation with a type at all; empty: it does.

    Example:
        >>> unsupported(Operation.RESTORE_TEST, ResourceType.EKS, Places(job_role="", vault="arn:aws:backup:eu-west-2:1:backup-vault:a"))
        "restore testing doesn't know this type"
    """
    scene = Scene(operation, resource_type, places)
    copies = operation in {Operation.COPY, Operation.COPY_BACK}
    if copies and resource_type is ResourceType.DYNAMODB and scene.basic:
        return "AWS Backup copies no recovery points of DynamoDB without advanced features"
    return next((row.why for row in _rows(scene.named, resource_type, scene.basic) if row.unsupported), "")


def calls_of(operation: Operation, resource_type: ResourceType, places: Places) -> tuple[Call, ...]:
    """Return the calls of an operation, in the order of the facts; raises ValueError for what AWS Backup doesn't do (`unsupported`).

    Example:
        >>> places = Places(job_role="arn:aws:iam::111122223333:role/backup", vault="arn:aws:backup:eu-west-2:111122223333:backup-vault:a")
        >>> [call.action for call in calls_of(Operation.BACKUP, ResourceType.EFS, places)][:3]
        ['sts:AssumeRole', 'backup:DescribeBackupVault', 'tag:GetResources']
    """
    reason = unsupported(operation, resource_type, places)
    if reason:
        raise ValueError(reason)
    scene = Scene(operation, resource_type, places)
    rows = (row for row in _rows(scene.named, resource_type, scene.basic) if scene.holds.issuperset(row.when))
    found = (call for row in rows if scene.holds.isdisjoint(row.unless) for call in _calls(row, scene))
    made: dict[tuple[object, ...], Call] = {}
    for call in found:
        same = (call.principal, call.action, call.resource, call.asked, frozenset(call.context.values.items()))
        if same not in made or call.status is Status.DOCUMENTED:
            made[same] = call
    return tuple(made.values())


def judge(authorizer: Authorizer, calls: Iterable[Call]) -> tuple[Judged, ...]:
    """Return what AWS would answer to each call."""
    return tuple(Judged(call=call, decision=_decide(authorizer, call)) for call in calls)


def refused(judged: Iterable[Judged]) -> Judged | None:
    """Return the first call that would be refused for certain."""
    return next((each for each in judged if each.verdict is Verdict.DENIED), None)


def verdict(judged: Iterable[Judged]) -> Verdict:
    """Return what the answers mean for the operation: one refusal stops it, one doubt leaves it unknown; no call proves nothing."""
    found = {each.verdict for each in judged}
    if Verdict.DENIED in found:
        return Verdict.DENIED
    return Verdict.ALLOWED if found == {Verdict.ALLOWED} else Verdict.UNKNOWN


@cache
def _rows(named: str, resource_type: ResourceType, basic: bool) -> tuple[CallFact, ...]:  # noqa: FBT001 - cached by position
    return tuple(row for row in facts.calls() if named in row.operations and row.covers(resource_type, basic=basic))


def _calls(row: CallFact, scene: Scene) -> Iterator[Call]:
    maker = Maker(row.actor)
    for action in row.actions:
        for place in row.on:
            resource = scene.resource(place, action)
            if resource is None:
                continue
            yield Call(
                maker=maker,
                principal=scene.principal(maker),
                action=action,
                resource=resource,
                on=place,
                owner=scene.owner(resource, place),
                guard=scene.guard(place, action),
                new=scene.is_new(place),
                context=Context(values=MappingProxyType(dict(scene.filled(row.context, resource, place)))),
                asked=row.asked,
                why=row.why,
                status=row.status,
                failure_mode=row.failure_mode,
                message=facts.message(row.message) if row.message else "",
                effect=row.effect,
                source=row.source,
            )


def _decide(authorizer: Authorizer, call: Call) -> Decision:
    if not call.principal:
        return _undecided(Layer.IDENTITY, "who asks isn't known", "principal")
    if isinstance(call.resource, Unread):
        return _undecided(Layer.RESOURCE, f"the {call.on} could not be read: {call.resource.reason}", call.on)
    actor, target = authorizer.actor(call.principal), authorizer.target(call.resource, owner=call.owner or _own(call), guard=call.guard)
    if call.new:
        target = replace(target, policy=None, tags=MappingProxyType({}))
    if call.asked is Asked.RESOURCE:
        actor = replace(actor, identity=(parse(_ANYTHING, name="whatever its own policies say"),), boundary=None)
    elif call.asked is Asked.GRANTED:
        target = replace(target, grants=(KeyGrant(id="made with the vault", grantee=call.principal, operations=_KEY_OPERATIONS),))
    return decide(actor, call.action, target, call.context)


def _own(call: Call) -> str:
    """Of what has no owner the caller's account is asked."""
    return call.principal.split(":")[4] if call.principal.startswith("arn:") else ""


def _undecided(layer: Layer, because: str, missing: str) -> Decision:
    return Decision(verdict=Verdict.UNKNOWN, ground=Ground(layer=layer, policy=""), because=because, missing=(missing,))


__all__ = ["Call", "Judged", "Maker", "Operation", "Places", "When", "calls_of", "judge", "refused", "unsupported", "verdict"]
