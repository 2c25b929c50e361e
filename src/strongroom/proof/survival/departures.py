"""Accounts leave their organization one by one, made to by an intruder, who does at each point what he can.

An account that has left is free of the control policies above it, and loses what is given to members only; so what can be done
before and what can be done after both count. Sessions that the intruder has by then go on, and what is done stays done.
Limits: a policy that he changed before an account left counts only if he could change it afterwards too.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_accounts_leave-as-member.html (read 2026-11-21)
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from strongroom.domain.access import Access, PolicyText, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.proof.survival.deeds import Deed
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.evaluate import verdict_of
from strongroom.semantics.authorization.reach import Asked, Reacher
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth

POINTS_MAX: Final = 200  # that are looked at before it counts as not known
_WORK_MAX: Final = 100_000  # principals in all of them together: fewer points of a large organization
LEAVE: Final = "organizations:LeaveOrganization"
_ABOUT_ORGANIZATION: Final = ("orgid", "orgpath")  # in names of condition keys, in lower case


@dataclass(frozen=True, slots=True)
class _Point:
    """How far an intruder has come."""

    left: frozenset[str]  # accounts
    held: frozenset[str]  # ARNs of whom he can act as
    done: frozenset[int]  # positions in what comes first


class _World:
    """The organization when some accounts have left it."""

    def __init__(self, access: Access, left: frozenset[str]) -> None:
        accounts = tuple(replace(each, parents=()) if each.id in left else each for each in access.accounts)
        self._authorizer = Authorizer(replace(access, accounts=accounts))

    def can(self, held: Collection[str], alternatives: Sequence[Asked], least: Truth) -> bool:
        """Tell whether somebody who can act as any of those could do one of several things."""
        if any(self._directly(arn, each, least) for arn in held for each in alternatives):
            return True
        return not self.reacher.able(alternatives, least).isdisjoint(held)

    @cached_property
    def reacher(self) -> Reacher:
        """Finds ways by roles and changes of policies, which most questions don't need."""
        return Reacher(self._authorizer)

    def _directly(self, arn: str, asked: Asked, least: Truth) -> bool:
        target = self._authorizer.target(asked.resource, owner=asked.owner, guard=asked.guard)
        return verdict_of(Request(self._authorizer.actor(arn), asked.action, target, asked.context)) >= least


class Departures:
    """What intruders can do in an organization some of whose accounts can be made to leave it."""

    def __init__(self, access: Access, *, movable: Iterable[str]) -> None:
        self._access = access
        self._movable = tuple(sorted(movable))
        self._worlds: dict[frozenset[str], _World] = {}
        self._identities = [each.arn for each in access.principals if each.kind is not PrincipalKind.ROOT and not each.service_linked]
        self._order_matters = any(key in text for text in _texts(access) for key in _ABOUT_ORGANIZATION)

    def carried_out(self, deed: Deed, intruders: Collection[str], least: Truth) -> Truth:
        """Return whether intruders (ARNs) that work together could do it once an account has left; MAYBE: too many orders to try.

        `least` MAYBE: whatever isn't known to be forbidden counts as allowed.
        """
        found = self._tried(deed, intruders, least, sessions=False)  # it takes sessions that outlast their role's trust seldom
        return self._tried(deed, intruders, least, sessions=True) if found is not YES and self._order_matters else found

    def _tried(self, deed: Deed, intruders: Collection[str], least: Truth, *, sessions: bool) -> Truth:
        start = self._done(deed, _Point(frozenset(), frozenset(intruders), frozenset()), least)
        seen = {start}
        near = dict.fromkeys(deed.owners, 1) | {arn.split(":")[4]: 0 for arn in intruders}  # who most likely has to leave comes first
        order = sorted(self._movable, key=lambda each: near.get(each, 2))
        ways = [self._next(start, order, least, sessions=sessions)]
        while ways:
            point = next(ways[-1], None)
            if point is None:
                ways.pop()
                continue
            point = self._done(deed, point, least)
            if point in seen:
                continue
            if len(point.done) == len(deed.first) and self._world(point.left).can(point.held, deed.then, least):
                return YES
            if len(seen) >= min(POINTS_MAX, 1 + _WORK_MAX // (1 + len(self._access.principals))):
                return MAYBE
            seen.add(point)
            ways.append(self._next(point, order, least, sessions=sessions))
        return NO

    def _done(self, deed: Deed, point: _Point, least: Truth) -> _Point:
        world = self._world(point.left)
        new = (number for number, each in enumerate(deed.first) if number not in point.done and world.can(point.held, (each,), least))
        return replace(point, done=point.done.union(new))

    def _next(self, point: _Point, order: Sequence[str], least: Truth, *, sessions: bool) -> Iterator[_Point]:
        """Yield the points after one more account has left; after all that can be, where nobody loses anything by leaving."""
        world = self._world(point.left)
        movable = (each for each in order if each not in point.left and world.can(point.held, (leaving(each),), least))
        if not self._order_matters:
            if left := frozenset(movable):
                yield replace(point, left=point.left | left)
            return
        held: frozenset[str] | None = None if sessions else point.held
        for account in movable:
            if held is None:
                held = point.held | {each for each in self._identities if self._becomes(world, point.held, each, least)}
            yield replace(point, left=point.left | {account}, held=held)

    def _becomes(self, world: _World, held: frozenset[str], arn: str, least: Truth) -> bool:
        return arn not in held and not held.isdisjoint(world.reacher.becoming(arn, least))

    def _world(self, left: frozenset[str]) -> _World:
        if left not in self._worlds:
            self._worlds[left] = _World(self._access, left)
        return self._worlds[left]


def leaving(account: str) -> Asked:
    """Return what makes an account leave."""
    return Asked(action=LEAVE, resource="*", owner=account)


def _texts(access: Access) -> Iterator[str]:
    """Yield every policy in lower case."""
    controls = () if isinstance(access.controls, Unread) else tuple(each.policy for each in access.controls)
    held: list[PolicyText | Unread | None] = [*controls, *(each.policy for each in access.resources)]
    for principal in access.principals:
        held += [principal.trust, principal.boundary, *(() if isinstance(principal.identity, Unread) else principal.identity)]
    for policy in held:
        if isinstance(policy, PolicyText) and isinstance(policy.text, str):
            yield policy.text.lower()
