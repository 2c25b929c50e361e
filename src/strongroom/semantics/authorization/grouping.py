"""Verdicts remembered by what they depend on: equal policies, the same naming, and the values of the context keys that were asked for.

A decision asks the same keys in the same order as long as their values are the same. So what one actor is told holds for every
other with the same policies whose keys have the values that were asked for.
"""

from collections.abc import Iterable
from typing import Any, Final

from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.evaluate import verdict_of
from strongroom.semantics.authorization.model import Actor, Context, Level, Target
from strongroom.semantics.authorization.policy import Policy
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.truth import Truth

_OF_ACTOR: Final = ("aws:principal", "aws:userid", "aws:username", "kms:calleraccount")  # keys whose values follow from who asks

_Table = dict[tuple[str, ...], dict[tuple[Any, ...], Truth]]  # by the keys that were asked for: by their values


class Groups:
    """What was found out, for actors, targets and contexts that live as long as this."""

    def __init__(self) -> None:
        self._standings: dict[tuple[Any, ...], int] = {}
        self._of: dict[int, tuple[int, Actor]] = {}  # by the actor's identity
        self._named: dict[int, tuple[frozenset[str], Target]] = {}  # by the target's identity
        self._tables: dict[tuple[Any, ...], _Table] = {}
        self._kept: list[Context] = []

    def truth(self, actor: Actor, action: str, target: Target, context: Context) -> Truth:
        """Return whether AWS would let the actor make a call."""
        named = self._names(target)
        key = (
            self._standing(actor),
            action,
            id(target),
            id(context),
            actor.account == target.account,
            actor.account if actor.account in named else "",
            actor.arn if named and (actor.arn in named or actor.unique_id in named or _role_name(actor.arn) in named) else "",
        )
        table = self._tables.get(key)
        if table is None:
            table = self._tables[key] = {}
            self._kept.append(context)  # its id must not be given to another one
        if table:
            request = Request(actor, action, target, context)
            for keys, known in table.items():
                found = known.get(tuple(request.lookup(each) for each in keys))
                if found is not None:
                    return found
        request = Request(actor, action, target, context)
        truth = verdict_of(request)
        keys = tuple(each for each in request.looked_up() if each.startswith(_OF_ACTOR))
        table.setdefault(keys, {})[tuple(request.lookup(each) for each in keys)] = truth
        return truth

    def _standing(self, actor: Actor) -> int:
        """Return a number that actors with the same policies share."""
        found = self._of.get(id(actor))
        if found is None:
            standing = (
                actor.kind,
                bool(actor.session),
                _bodies(actor.identity),
                _bodies((actor.boundary,) if isinstance(actor.boundary, Policy) else actor.boundary or ()),
                _bodies(actor.session_policies),
                _levels(actor.controls),
                actor.service_linked,
            )
            found = self._of[id(actor)] = (self._standings.setdefault(standing, len(self._standings)), actor)
        return found[0]

    def _names(self, target: Target) -> frozenset[str]:
        """Return the accounts, ARNs, ids and names of roles with sessions that a target's policy and grants name."""
        found = self._named.get(id(target))
        if found is None:
            texts = set(_named_in(target.policy)) if isinstance(target.policy, Policy) else set()
            if not isinstance(target.grants, Unread):
                texts |= {grant.grantee for grant in target.grants}
            texts |= {_role_name(text) for text in texts if text.startswith("arn:")}
            found = self._named[id(target)] = (frozenset(texts), target)
        return found[0]


def _named_in(policy: Policy) -> Iterable[str]:
    for statement in policy.statements:
        if statement.principals is not None:
            yield from statement.principals.accounts
            yield from statement.principals.names
            yield from statement.principals.services
            yield from statement.principals.federated


def _role_name(arn: str) -> str:
    """Return what the ARNs of a role and of its sessions have in common: account and name."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        return ""
    resource = parts[5].split("/")
    return f"{parts[4]}/{resource[1] if resource[0] == 'assumed-role' and len(resource) > 1 else resource[-1]}"


def _bodies(policies: tuple[Policy, ...] | Unread) -> tuple[Any, ...]:
    return (policies,) if isinstance(policies, Unread) else tuple(policy.body for policy in policies)


def _levels(levels: tuple[Level, ...] | Unread) -> tuple[Any, ...]:
    return (levels,) if isinstance(levels, Unread) else tuple(_bodies(level.policies) for level in levels)
