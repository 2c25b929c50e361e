"""What each layer of policies says about one call: whether it denies, whether it allows, and by which statement."""

from collections.abc import Callable, Iterator, Mapping
from functools import cache, lru_cache
from typing import Final, NamedTuple

from strongroom import facts
from strongroom.domain.access import KeyGrant, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.model import Layer, Level
from strongroom.semantics.authorization.naming import Narrowness, excluded, named, session_arn
from strongroom.semantics.authorization.policy import Policy, Together, together
from strongroom.semantics.authorization.request import NO_IDENTITY, Request
from strongroom.semantics.authorization.statement import Statement
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth
from strongroom.semantics.authorization.variables import UNKNOWN

At = tuple[Policy, Statement]

_UNREACHED: Final = "kms:retiregrant"  # https://docs.aws.amazon.com/kms/latest/developerguide/resource-control-policies.html
# https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteBucketPolicy.html: lest the owner shut itself out
_OF_BUCKET_OWNERS: Final = frozenset({"s3:getbucketpolicy", "s3:putbucketpolicy", "s3:deletebucketpolicy"})
_OWN_SERVICES: Final = frozenset({"kms", "s3", "sns", "sqs"})  # their policies are about their own actions alone

_EVERYONE: Final = {Narrowness.EVERYONE: YES}
_PERHAPS_EVERYONE: Final = {Narrowness.EVERYONE: MAYBE}
_NOWHERE: Final = (NO, NO, NO, NO)
_UNCERTAIN: Final = (MAYBE, MAYBE, MAYBE, MAYBE)


class Voice(NamedTuple):
    """What one layer, or one level of it, says."""

    layer: Layer
    deny: Truth
    denier: At | None
    allow: Truth
    allower: At | None
    place: str = ""  # of control policies: root, OU or account
    unread: str = ""  # why it isn't known what the layer says
    by: tuple[Truth, Truth, Truth, Truth] = _NOWHERE  # of a resource policy: whether it allows, by how narrowly it names
    allowers: tuple[At | None, ...] = ()  # … the statements
    policies: tuple[Policy, ...] = ()
    grant: KeyGrant | None = None


def voices(request: Request) -> list[Voice]:
    """Return what the layers say that matters for the verdict; the list ends where one denies for certain."""
    found: list[Voice] = []
    actor = request.actor
    if actor.controls and _reached(request):
        _levels(Layer.SCP, actor.controls, request, found, everything=False)
    if request.target.controls and _resource_reached(request):
        _levels(Layer.RCP, request.target.controls, request, found, everything=False)
    if found and found[-1].deny is YES:
        return found
    for voice in _others(request):
        found.append(voice)
        if voice.deny is YES:
            break
    return found


def all_voices(request: Request) -> list[Voice]:
    """Return what every layer says that has a say."""
    found: list[Voice] = []
    if request.actor.controls and _reached(request):
        _levels(Layer.SCP, request.actor.controls, request, found, everything=True)
    if request.target.controls and _resource_reached(request):
        _levels(Layer.RCP, request.target.controls, request, found, everything=True)
    return [*found, *_others(request)]


def _others(request: Request) -> Iterator[Voice]:
    actor, target = request.actor, request.target
    if target.policy is not None and guards(request) and not _by_owning(request):
        yield _resource(target.policy, request)
    if target.grants and request.service == "kms":
        yield _grants(target.grants, request)
    if actor.kind is PrincipalKind.ROOT or actor.kind in NO_IDENTITY:
        return
    yield _identity(Layer.IDENTITY, actor.identity, request)
    if actor.boundary is not None:
        yield _identity(Layer.BOUNDARY, actor.boundary if isinstance(actor.boundary, Unread) else (actor.boundary,), request)
    for policy in actor.session_policies:
        yield _identity(Layer.SESSION, (policy,), request)


def _reached(request: Request) -> bool:
    return request.actor.kind not in NO_IDENTITY and not request.actor.service_linked


def _resource_reached(request: Request) -> bool:
    return not request.actor.service_linked and request.service in _rcp_services() and request.action != _UNREACHED


@cache
def _rcp_services() -> frozenset[str]:
    return frozenset(facts.fact("limits", "rcp_services").value)


def denies(policy: Policy, request: Request) -> Truth:
    """Return whether a service control policy denies a call, wherever it is attached."""
    return _ask(together((policy,), request.action, _for_identity), request)[0]


def guards(request: Request) -> bool:
    """Return whether the resource's policy is about the action: a trust policy is about assuming the role and nothing else."""
    service = request.arn.split(":", 3)[2] if request.arn.startswith("arn:") else ""
    if service == "iam":
        return request.service == "sts"
    return service not in _OWN_SERVICES or service == request.service


def _by_owning(request: Request) -> bool:
    """Return whether the root user of a bucket's account asks for what no bucket policy takes from it."""
    actor = request.actor
    return actor.kind is PrincipalKind.ROOT and request.action in _OF_BUCKET_OWNERS and actor.account == request.target.account


def form(statement: Statement, request: Request, layer: Layer) -> Truth:
    """Return whether a statement may be about who asks: it has the form of its layer's statements, and names them where it must."""
    if layer is Layer.RCP:
        return _for_everyone(statement)
    if layer is Layer.RESOURCE:
        return min(max(_named(statement, request).values(), default=NO), statement.for_resource)
    return statement.for_identity


def _unread(layer: Layer, unread: Unread, place: str = "") -> Voice:
    return Voice(layer, MAYBE, None, MAYBE, None, place, unread.reason or "not read", _UNCERTAIN, (None, None, None, None))


def _levels(layer: Layer, levels: tuple[Level, ...] | Unread, request: Request, found: list[Voice], *, everything: bool) -> None:
    """Add what the levels say, without those that always allow if those don't matter; stop at one that denies for certain."""
    if isinstance(levels, Unread):
        found.append(_unread(layer, levels))
        return
    formed = _for_everyone if layer is Layer.RCP else _for_identity
    for level in levels if everything else _speaking(levels, request.action, formed):
        voice = Voice(layer, *_ask(together(level.policies, request.action, formed), request), level.place, policies=level.policies)
        found.append(voice)
        if voice.deny is YES and not everything:
            return


@lru_cache(maxsize=65536)
def _speaking(levels: tuple[Level, ...], action: str, formed: Callable[[Statement], Truth]) -> tuple[Level, ...]:
    """Return the levels that don't just allow an action: most have nothing but FullAWSAccess."""
    return tuple(level for level in levels if not together(level.policies, action, formed).always_allow)


def _identity(layer: Layer, policies: tuple[Policy, ...] | Unread, request: Request) -> Voice:
    if isinstance(policies, Unread):
        return _unread(layer, policies)
    return Voice(layer, *_ask(together(policies, request.action, _for_identity), request), policies=policies)


def _ask(statements: Together, request: Request) -> tuple[Truth, At | None, Truth, At | None]:
    """Return whether policies deny and allow, each with the statement; a certain denial ends the search."""
    arn, lookup = request.arn, request.lookup
    deny = allow = NO
    denier: At | None = None
    allower: At | None = None
    for policy, statement, start in statements.denies:
        found = statement.applies(start, arn, lookup)
        if found > deny:
            # a statement without a readable effect may be a denial, but never is one for certain
            deny, denier = found, (policy, statement)
            if deny is YES:
                return deny, denier, allow, allower
    for policy, statement, start in statements.allows:
        found = statement.applies(start, arn, lookup)
        if found > allow:
            allow, allower = found, (policy, statement)
            if allow is YES:
                break
    return deny, denier, allow, allower


def _for_identity(statement: Statement) -> Truth:
    return statement.for_identity


def _for_everyone(statement: Statement) -> Truth:
    """Return the form of a statement of a resource control policy: its Principal must be *."""
    return statement.for_resource if statement.principals is not None and statement.principals.everyone else MAYBE


def _named(statement: Statement, request: Request) -> Mapping[Narrowness, Truth]:
    principals, actor = statement.principals, request.actor
    if principals is None:
        return _PERHAPS_EVERYONE
    if not principals.negated:
        if principals.everyone and len(principals.texts) == 1 and not _by_arn(statement):
            return _EVERYONE
        ways = named(principals, actor)
        if Narrowness.EVERYONE in ways and actor.kind is PrincipalKind.ROLE and _by_arn(statement):
            ways[Narrowness.SESSION] = YES
        return ways
    found = excluded(principals, actor)
    return {Narrowness.EVERYONE: found} if found else {}


def _by_arn(statement: Statement) -> bool:
    """Return whether a statement for everyone names by condition: AWS says that it then gives to the session itself."""
    return any(condition.lookup_key == "aws:principalarn" for condition in statement.conditions)


def _resource(policy: Policy | Unread, request: Request) -> Voice:
    if isinstance(policy, Unread):
        return _unread(Layer.RESOURCE, policy)
    arn, lookup = request.arn, request.lookup
    denies, allows = policy.body.about(request.action)
    if not denies and not allows:
        return Voice(Layer.RESOURCE, NO, None, NO, None)
    deny, denier = NO, None
    for statement, acts in denies:
        ways = _named(statement, request)
        found = statement.applies(min(acts, statement.for_resource, max(ways.values())), arn, lookup) if ways else NO
        if found > deny:
            deny, denier = found, (policy, statement)
            if deny is YES:
                return Voice(Layer.RESOURCE, deny, denier, NO, None, policies=(policy,))
    by = [NO, NO, NO, NO]
    allowers: list[At | None] = [None, None, None, None]
    for statement, acts in allows:
        ways = _named(statement, request)
        if not ways or all(by[way] is YES for way in ways):
            continue
        applies = statement.applies(min(acts, statement.for_resource), arn, lookup)
        for way, truth in ways.items():
            found = min(truth, applies)
            if found > by[way]:
                by[way], allowers[way] = found, (policy, statement)
    best = max(range(4), key=by.__getitem__)
    return Voice(Layer.RESOURCE, deny, denier, by[best], allowers[best], "", "", tuple(by), tuple(allowers), (policy,))  # type: ignore[arg-type]  # four of each


def _grants(grants: tuple[KeyGrant, ...] | Unread, request: Request) -> Voice:
    if isinstance(grants, Unread):
        return Voice(Layer.GRANT, NO, None, MAYBE, None, unread=grants.reason or "not read")
    best, by = NO, None
    operation = request.action.partition(":")[2]
    for grant in grants:
        if operation not in (name.lower() for name in grant.operations):
            continue
        found = min(_is_grantee(grant, request), _in_context(grant, request))
        if found > best:
            best, by = found, grant
    return Voice(Layer.GRANT, NO, None, best, None, grant=by)


def _is_grantee(grant: KeyGrant, request: Request) -> Truth:
    actor = request.actor
    if grant.grantee == actor.arn or (actor.unique_id and grant.grantee == actor.unique_id):
        return YES
    if actor.kind is PrincipalKind.ROLE and grant.grantee.startswith(session_arn(actor)):
        return YES if grant.grantee == session_arn(actor) else MAYBE if not actor.session else NO
    return NO


def _in_context(grant: KeyGrant, request: Request) -> Truth:
    """Return whether the call's encryption context is what the grant asks for."""
    found = YES
    for key, value in grant.encryption_context:
        given = request.lookup(f"kms:encryptioncontext:{key}".lower())
        found = min(found, MAYBE if given is UNKNOWN else YES if given == (value,) else NO)
    if grant.exact_context and found is not NO:
        keys = request.lookup("kms:encryptioncontextkeys")
        found = min(found, MAYBE if keys is UNKNOWN else YES if sorted(keys) == sorted(key for key, _ in grant.encryption_context) else NO)
    return found
