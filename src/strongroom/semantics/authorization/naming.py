"""Whom a statement of a resource policy names, and how narrowly.

How narrowly decides what else is needed: a policy that names an account leaves the rest to that account's own policies, one that
names a user or a session gives the permission itself.
Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html and
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html
"""

from enum import IntEnum

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.model import Actor
from strongroom.semantics.authorization.principals import Principals
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth


class Narrowness(IntEnum):
    """How a statement names somebody, from the widest to the narrowest."""

    ACCOUNT = 0  # the account: its own policies decide
    EVERYONE = 1  # *
    PRINCIPAL = 2  # the user, the role or the service
    SESSION = 3  # the session of an assumed role


def named(principals: Principals, actor: Actor) -> dict[Narrowness, Truth]:
    """Return the ways in which a Principal element names somebody, none where it doesn't."""
    found: dict[Narrowness, Truth] = {}
    if principals.everyone:
        found[Narrowness.EVERYONE] = YES
    if actor.kind is PrincipalKind.SERVICE:
        if actor.arn in principals.services:
            found[Narrowness.PRINCIPAL] = YES
        return found
    if actor.kind is PrincipalKind.FEDERATED:
        return {Narrowness.PRINCIPAL: YES} if actor.arn in principals.federated else {}
    if actor.account in principals.accounts:
        found[Narrowness.ACCOUNT] = YES
    if principals.names:
        if actor.arn in principals.names or (actor.unique_id and actor.unique_id in principals.names):
            found[Narrowness.PRINCIPAL] = YES
        if actor.kind is PrincipalKind.ROLE and (session := _session(principals, actor)):
            found[Narrowness.SESSION] = session
    if principals.canonical:  # an id that says nothing about the account
        found.setdefault(Narrowness.ACCOUNT, MAYBE)
    return found


def excluded(principals: Principals, actor: Actor) -> Truth:
    """Return whether a NotPrincipal element is about somebody, that is, doesn't name them.

    AWS wants the account, the user or role and the session all named, and says that leaving one out "might" deny; those with a
    permissions boundary are always meant.
    """
    if actor.boundary is not None:
        return YES
    found = named(principals, actor)
    if not found:
        return YES
    if Narrowness.EVERYONE in found or actor.kind is PrincipalKind.SERVICE:
        return NO
    wanted = {Narrowness.ACCOUNT}
    if actor.kind is not PrincipalKind.ROOT:
        wanted.add(Narrowness.PRINCIPAL)
    if actor.kind is PrincipalKind.ROLE:
        wanted.add(Narrowness.SESSION)
    return NO if all(found.get(narrowness) is YES for narrowness in wanted) else MAYBE


def session_arn(actor: Actor) -> str:
    """Return the ARN of a role's session; without a session name, what the ARNs of all of its sessions begin with."""
    head, _, path = actor.arn.partition(":role/")
    return f"{head.replace(':iam:', ':sts:', 1)}:assumed-role/{path.rpartition('/')[2]}/{actor.session}"


def _session(principals: Principals, actor: Actor) -> Truth:
    arn = session_arn(actor)
    if actor.session:
        return YES if arn in principals.names else NO
    # who may choose the session's name can choose the one that is named
    return MAYBE if any(name.startswith(arn) for name in principals.names) else NO
