"""Our evaluator: a case in its words, and its answer."""

import json
from collections.abc import Sequence

from tests.rival import world
from tests.rival.cases import FULL_ACCESS_OF_RESOURCES, Case, Json, Named

from strongroom.domain.access import KeyGrant, PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Decision, Level, Target
from strongroom.semantics.authorization.policy import Policy, parse


def answer(case: Case) -> Decision:
    """Ask for a case; keys that follow from who asks for what are left to the evaluator."""
    return decide(_actor(case), case.action, _target(case), Context(values=case.values, complete=True))


def _actor(case: Case) -> Actor:
    who = case.who
    inside = bool(who.account)
    return Actor(
        kind=PrincipalKind(who.kind),
        arn=who.arn,
        account=who.account,
        session=who.session,
        unique_id=who.unique_id,
        identity=tuple(_policy(f"identity {number}", each) for number, each in enumerate(case.identity)),
        boundary=None if case.boundary is None else _policy("boundary", case.boundary),
        session_policies=() if case.session is None else (_policy("session", case.session),),
        controls=_levels(case.scps, ()),
        service_linked=who.service_linked,
        organization_id=world.organization(who.account) if inside else None,
        organization_path=world.organization_path(who.account) if inside else None,
        tags=who.tags,
    )


def _target(case: Case) -> Target:
    thing = case.thing
    inside = thing.arn != "*"
    return Target(
        arn=thing.arn,
        account=thing.account if inside else "",
        policy=None if case.resource is None else _policy("resource", case.resource),
        grants=tuple(KeyGrant(id=f"grant {number}", grantee=who, operations=what) for number, (who, what) in enumerate(case.grants)),
        controls=_levels(case.rcps, (("RCPFullAWSAccess", FULL_ACCESS_OF_RESOURCES),)),
        organization_id=world.organization(thing.account) if inside else None,
        organization_path=world.organization_path(thing.account) if inside else None,
        tags=thing.tags,
        air_gapped=False,  # no vault of this world: the rival doesn't know what AWS RAM shares
    )


def _levels(levels: Sequence[tuple[str, Sequence[Named]]], always: Sequence[Named]) -> tuple[Level, ...]:
    return tuple(
        Level(place=place, policies=tuple(_policy(name, each) for name, each in (*always, *policies))) for place, policies in levels
    )


def _policy(name: str, document: Json) -> Policy:
    return parse(json.dumps(document), name=name)
