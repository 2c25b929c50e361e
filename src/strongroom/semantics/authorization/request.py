"""The context keys of a call: those that the caller of the evaluator knows, and those that follow from who asks for what.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html
"""

from collections.abc import Callable, Mapping
from typing import Final

from strongroom.domain.access import PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.model import Actor, Context, Target
from strongroom.semantics.authorization.variables import UNKNOWN, Value

NO_IDENTITY: Final = frozenset({PrincipalKind.SERVICE, PrincipalKind.FEDERATED})  # who has no policies of its own and is in no account
_PRINCIPAL_TYPES: Final = {PrincipalKind.ROOT: "Account", PrincipalKind.USER: "User", PrincipalKind.ROLE: "AssumedRole"}
_RESOURCE_TAGS: Final = ("aws:resourcetag/", "iam:resourcetag/", "ec2:resourcetag/", "secretsmanager:resourcetag/")
_CALLED_WITH: Final = {"aws:sourcearn", "aws:sourceaccount", "aws:sourceorgid", "aws:sourceorgpaths"}  # only services' own calls have them
_GLOBAL: Final = {"iam", "organizations"}  # services whose calls all go to us-east-1
_OTHER_REGION: Final = {"backup:copyintobackupvault"}  # asked for in the Region that the copy comes from


class Request:
    """One call: who asks what of which resource, with the values of its context keys as they are looked up."""

    __slots__ = ("_given", "_known", "action", "actor", "arn", "asked", "context", "service", "target")

    def __init__(self, actor: Actor, action: str, target: Target, context: Context) -> None:
        self.actor = actor
        self.asked = action  # as written
        self.action = action.lower()
        self.service = self.action.partition(":")[0]
        self.target = target
        self.arn = target.arn or "*"
        self.context = context
        self._given: Mapping[str, tuple[str, ...]] | None = None
        self._known: dict[str, Value] = {}

    def lookup(self, key: str) -> Value:
        """Return the values of a context key (lower case); (): the call doesn't have it; UNKNOWN: nobody told us."""
        found = self._known.get(key)
        if found is None:
            found = self._known[key] = self._find(key)
        return found

    def looked_up(self) -> tuple[str, ...]:
        """Return the context keys that were asked for so far."""
        return tuple(self._known)

    def _find(self, key: str) -> Value:
        if self._given is None:
            self._given = {name.lower(): values for name, values in self.context.values.items()}
            self._given |= {name.lower(): () for name in self.context.absent}
        given = self._given.get(key)
        if given is not None:
            return given
        follows = self._follows(key)
        return () if follows is UNKNOWN and self.context.complete else follows

    def _follows(self, key: str) -> Value:
        """Return what follows from actor, action and target."""
        if key.startswith("aws:principaltag/"):
            return _tag(self.actor.tags, key.partition("/")[2])
        if key.startswith(_RESOURCE_TAGS):
            return _tag(self.target.tags, key.partition("/")[2])
        if key in _CALLED_WITH:
            return UNKNOWN if self.actor.kind is PrincipalKind.SERVICE else ()
        derive = _DERIVED.get(key)
        return UNKNOWN if derive is None else derive(self)


def _tag(tags: Mapping[str, str] | Unread, key: str) -> Value:
    if isinstance(tags, Unread):
        return UNKNOWN
    return next(((value,) for name, value in tags.items() if name.lower() == key), ())


def _certain(name: str) -> Value:
    """Return the name of who asks; * stands for somebody of whom no more is known."""
    return UNKNOWN if name.endswith("*") else (name,)


def _text(value: str | Unread | None) -> Value:
    if isinstance(value, Unread):
        return UNKNOWN
    return (value,) if value else ()


def _of_person(find: Callable[[Request], Value], *, service: Value) -> Callable[[Request], Value]:
    """Return what finds a key that says who asks, with the value that it has for a service or an identity provider."""
    return lambda request: service if request.actor.kind in NO_IDENTITY else find(request)


def _user_id(request: Request) -> Value:
    actor = request.actor
    if actor.kind is PrincipalKind.ROOT:
        return (actor.account,)
    if not actor.unique_id or (actor.kind is PrincipalKind.ROLE and not actor.session):
        return UNKNOWN
    return (f"{actor.unique_id}:{actor.session}",) if actor.kind is PrincipalKind.ROLE else (actor.unique_id,)


def _user_name(request: Request) -> Value:
    return (request.actor.arn.rpartition("/")[2],) if request.actor.kind is PrincipalKind.USER else ()


def _services(request: Request) -> Value:
    return (request.actor.arn,) if request.actor.kind is PrincipalKind.SERVICE else ()


def _region(request: Request) -> Value:
    if request.service in _GLOBAL:
        return ("us-east-1",) if request.arn.startswith(("arn:aws:", "*")) else UNKNOWN
    parts = request.arn.split(":", 4)
    return (parts[3],) if len(parts) == 5 and parts[3] and request.action not in _OTHER_REGION else UNKNOWN


def _resource_account(request: Request) -> Value:
    return (request.target.account,) if request.target.account and request.arn != "*" else UNKNOWN


_DERIVED: Final[Mapping[str, Callable[[Request], Value]]] = {
    "aws:principalarn": _of_person(lambda request: _certain(request.actor.arn), service=UNKNOWN),
    "aws:principalaccount": _of_person(lambda request: _certain(request.actor.account), service=UNKNOWN),
    "aws:principalorgid": _of_person(lambda request: _text(request.actor.organization_id), service=()),
    "aws:principalorgpaths": _of_person(lambda request: _text(request.actor.organization_path), service=()),
    "aws:principaltype": _of_person(lambda request: (_PRINCIPAL_TYPES[request.actor.kind],), service=UNKNOWN),
    "aws:userid": _of_person(_user_id, service=UNKNOWN),
    "aws:username": _user_name,
    "aws:principalisawsservice": lambda request: ("true" if request.actor.kind is PrincipalKind.SERVICE else "false",),
    "aws:principalservicename": _services,
    "aws:principalservicenameslist": _services,
    "aws:requestedregion": _region,
    "aws:resourceaccount": _resource_account,
    "aws:resourceorgid": lambda request: _text(request.target.organization_id),
    "aws:resourceorgpaths": lambda request: _text(request.target.organization_path),
    "aws:federatedprovider": lambda request: (request.actor.arn,) if request.actor.kind is PrincipalKind.FEDERATED else UNKNOWN,
    "kms:calleraccount": _of_person(lambda request: _certain(request.actor.account), service=UNKNOWN),
}
