"""With `--enforce-iam` every call is asked of the one evaluator before it is done, and refused in the words of its service.

Tags of resources are known for volumes, instances, snapshots and file systems. What the evaluator doesn't know is let through: the twin
refuses nothing that AWS might allow.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import unquote

from strongroom import facts
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Decision, Layer, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.asked import ANY, Asked, asked
from strongroom.twin.backup import wire as backup_wire
from strongroom.twin.entitlements import Entitlements
from strongroom.twin.identity import Caller
from strongroom.twin.ports import ApiError, Request
from strongroom.twin.wire import Call, Protocol, Scope

_LAYERS: Final = {
    Layer.SCP: "service control policy",
    Layer.RCP: "resource control policy",
    Layer.RESOURCE: "resource-based policy",
    Layer.GRANT: "resource-based policy",
    Layer.IDENTITY: "identity-based policy",
    Layer.BOUNDARY: "permissions boundary",
    Layer.SESSION: "session policy",
    Layer.ACCOUNT: "identity-based policy",
}
_CODES: Final = {Protocol.EC2: "UnauthorizedOperation", Protocol.S3: "AccessDenied", Protocol.QUERY: "AccessDenied"}
_STATUS: Final = {"dynamodb": 400, "kms": 400, "organizations": 400, "secretsmanager": 400}  # others: 403


class Guard:
    """Lets calls pass that IAM would let pass."""

    def __init__(self, entitlements: Entitlements) -> None:
        self.entitlements = entitlements

    def check(self, call: Call, scope: Scope, caller: Caller, operation: str, request: Request) -> None:
        """Refuse what the caller may not do; raises ApiError."""
        try:
            operation, parameters = _wish(call, scope, operation, request)
        except ApiError:  # the service says itself what is wrong with it
            return
        for each in asked(scope.service, operation, parameters, account=caller.account, region=scope.region):
            decision = self.decide(caller, each)
            if decision.verdict is Verdict.DENIED:
                raise _refusal(call.protocol(scope.service), scope.service, caller, each, decision)

    def decide(self, caller: Caller, each: Asked) -> Decision:
        """Return what IAM says about a caller's wish."""
        now = datetime.now(UTC)
        values: dict[str, tuple[str, ...]] = dict(each.context)
        values |= {"aws:SecureTransport": ("true",), "aws:CurrentTime": (now.strftime("%Y-%m-%dT%H:%M:%SZ"),)}
        values["aws:EpochTime"] = (str(int(now.timestamp())),)
        values |= {f"aws:ResourceTag/{key}": (text,) for key, text in _tags_of(each.resource, caller.account)}
        context = Context(values=MappingProxyType(values), complete=True)
        actor = self.actor(caller)
        found = decide(actor, each.action, self._target(caller, each), context)
        return self._anywhere(actor, each, context) or found if each.resource == ANY and found.verdict is Verdict.DENIED else found

    def actor(self, caller: Caller) -> Actor:
        """Return who calls, with the policies of the session."""
        policies = tuple(parse(text, name="session policy") for text in caller.session_policies)
        session = caller.arn.rpartition("/")[2] if caller.role_arn else ""
        found = self.entitlements.actor(caller.policy_arn, session, session_policies=policies)
        return replace(found, unique_id=caller.user_id.partition(":")[0])

    def _target(self, caller: Caller, each: Asked) -> Target:
        arn = each.resource
        if arn.startswith("arn:aws:kms:"):
            arn = _key_arn(arn)
        return self.entitlements.target(arn, owner=caller.account, guard=each.guard)

    def _anywhere(self, actor: Actor, each: Asked, context: Context) -> Decision | None:
        """Return the permission for some resource: which one the call is for, and what tags it has, the twin doesn't know."""
        context = replace(context, complete=False)
        if isinstance(actor.identity, tuple):
            for arn in _resources(actor):
                found = decide(actor, each.action, Target(arn=arn, account=actor.account), context)
                if found.verdict is not Verdict.DENIED:
                    return found
        return None


def _resources(actor: Actor) -> Iterator[str]:
    """Yield the resources that an actor's policies name, as examples of themselves."""
    for policy in actor.identity if isinstance(actor.identity, tuple) else ():
        for statement in policy.statements:
            if statement.resource is not None:
                yield from statement.resource.texts


def _key_arn(arn: str) -> str:
    """Return the ARN of a key that is named by an id or an alias."""
    from strongroom.twin.backup.inventory import backend_of

    parts = arn.split(":", 5)
    backend = backend_of("kms", parts[4], parts[3])
    name = parts[5].removeprefix("key/")
    if backend is None or name in backend.keys:
        return arn
    found = backend.get_key_id_from_alias(name) if name.startswith("alias/") else None
    return f"{':'.join(parts[:5])}:key/{found}" if found else arn


def _wish(call: Call, scope: Scope, operation: str, request: Request) -> tuple[str, Mapping[str, Any]]:
    """Return the operation of a request and the members that say what it is for; raises ApiError."""
    if scope.service == "backup":
        operation, labels = backup_wire.match(request)
        return operation, backup_wire.parameters_of(operation, labels, request)
    if scope.service == "s3":
        bucket, _, key = unquote(request.path).removeprefix("/").partition("/")
        return operation, {"Bucket": bucket, "Key": key}
    if scope.service == "elasticfilesystem":  # /2015-02-01/file-systems/fs-…, /2015-02-01/resource-tags/fs-…
        return operation, {**_json(call), "FileSystemId": next((part for part in request.path.split("/") if part.startswith("fs-")), "")}
    if scope.service == "ebs":  # /snapshots/snap-…/blocks, /snapshots/completion/snap-…
        return operation, {"SnapshotId": next((part for part in request.path.split("/") if part.startswith("snap-")), "")}
    return operation, call.form or _json(call)


def _json(call: Call) -> Mapping[str, Any]:
    try:
        found = json.loads(call.body or b"{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def _tags_of(arn: str, account: str) -> Iterable[tuple[str, str]]:
    """Return the tags of a resource that gets its id from AWS, none where it isn't there; those of named ones are not looked up."""
    from strongroom.twin.backup.inventory import backend_of

    service, region, name = (arn.split(":", 5)[place] for place in (2, 3, 5)) if arn.count(":") >= 5 else ("", "", "")
    identifier = name.rpartition("/")[2]
    if service == "ec2" and (backend := backend_of("ec2", account, region)) is not None:
        return tuple(backend.tags.get(identifier, {}).items())
    if service == "elasticfilesystem" and (backend := backend_of("efs", account, region)) is not None:
        return tuple((each["Key"], each["Value"]) for each in backend.list_tags_for_resource(identifier))
    return ()


def _refusal(protocol: Protocol, service: str, caller: Caller, each: Asked, decision: Decision) -> ApiError:
    layer, explicit = _LAYERS[decision.ground.layer], decision.ground.effect == "Deny"
    form = facts.message("access_denied_explicit" if explicit else "access_denied_implicit")
    message = form.format(principal=caller.arn, action=each.action, resource=each.resource, layer=layer, article=_article(layer))
    if protocol is Protocol.EC2:
        message = facts.message("access_denied_ec2").format(message=message)
    return ApiError(_CODES.get(protocol, "AccessDeniedException"), message, status=_STATUS.get(service, 403))


def _article(noun: str) -> str:
    return "an" if noun.startswith("i") else "a"
