"""Principals that nobody read: somebody in an account, and anyone on AWS at all."""

from strongroom.domain.access import ControlType, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Actor
from strongroom.semantics.authorization.policy import parse

_EVERYTHING = parse(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', name="what strangers give to themselves"
)

# Whoever has an account of their own gives themselves every permission there; they are in no organization that we know.
ANYONE = Actor(kind=PrincipalKind.ROLE, arn="*", account="*", identity=(_EVERYTHING,), tags=Unread("anyone"))

# Somebody in an account that an air-gapped vault is shared with; what else they need they give themselves there.
SHARED_WITH = Actor(
    kind=PrincipalKind.ROLE,
    arn="arn:aws:iam::*:role/*",
    account="*",
    identity=(_EVERYTHING,),
    tags=Unread("anyone"),
    organization_id=Unread("anyone"),
)


def signed_in(provider: str) -> Actor:
    """Return whoever an identity provider signs in."""
    return Actor(kind=PrincipalKind.FEDERATED, arn=provider, account="", organization_id=None, tags=Unread(f"{provider} says them"))


def somebody(authorizer: Authorizer, account: str, reason: str) -> Actor:
    """Return some role or user of an account whose principals weren't read."""
    root = authorizer.actor(account)
    return Actor(
        kind=PrincipalKind.ROLE,
        arn=f"arn:aws:iam::{account}:role/*",
        account=account,
        identity=Unread(reason),
        controls=authorizer.levels(account, ControlType.SCP),
        organization_id=root.organization_id,
        organization_path=root.organization_path,
        tags=Unread(reason),
    )
