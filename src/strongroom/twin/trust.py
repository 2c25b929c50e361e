"""Trust policies of IAM roles: may this principal assume that role?

The one evaluator answers. Without `--enforce-iam` the caller's own policies are not asked: users may do whatever a trust policy lets them.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from strongroom.domain.access import PrincipalKind
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse

ANYTHING = parse(
    '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}', name="whatever its own policies say"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """What a trust policy can see of a caller."""

    account: str
    arn: str  # as GetCallerIdentity shows it
    policy_arn: str  # the role's ARN for a session of a role, else the same as `arn`
    organization_id: str  # empty outside an organization
    organization_path: str  # "o-…/r-…/ou-…/"
    external_id: str  # empty when the call has none


def allows(policy: Mapping[str, Any], action: str, asker: Asker, role_arn: str = "") -> bool:
    """Return whether a trust policy lets `asker` do `action` such as `sts:AssumeRole`; what isn't certain is no.

    Example:
        >>> asker = Asker(account="111111111111", arn="arn:aws:iam::111111111111:user/admin",
        ...     policy_arn="arn:aws:iam::111111111111:user/admin", organization_id="", organization_path="", external_id="")
        >>> statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "111111111111"}}
        >>> allows({"Statement": [statement]}, "sts:AssumeRole", asker)
        True
    """
    arn = role_arn or f"arn:aws:iam::{asker.account}:role/assumed"
    target = Target(arn=arn, account=arn.split(":")[4], policy=parse(json.dumps(dict(policy)), name="trust policy"))
    values = {"sts:ExternalId": (asker.external_id,)} if asker.external_id else {}
    context = Context(values=MappingProxyType(values), complete=True)
    return decide(_actor(asker), action, target, context).verdict is Verdict.ALLOWED


def _actor(asker: Asker) -> Actor:
    return trusting(
        asker.policy_arn,
        asker.arn.rpartition("/")[2] if asker.policy_arn != asker.arn else "",
        organization_id=asker.organization_id,
        organization_path=asker.organization_path,
    )


def trusting(arn: str, session: str = "", *, organization_id: str = "", organization_path: str = "") -> Actor:
    """Return a principal whose own policies allow everything, so that only the other side decides."""
    return Actor(
        kind=kind_of(arn),
        arn=arn,
        account=arn.split(":")[4],
        session=session,
        identity=(ANYTHING,),
        organization_id=organization_id or None,
        organization_path=organization_path or None,
    )


def kind_of(arn: str) -> PrincipalKind:
    """Return what a principal is by its ARN.

    Example:
        >>> kind_of("arn:aws:iam::111111111111:user/admin")
        <PrincipalKind.USER: 'user'>
    """
    name = arn.rpartition(":")[2]
    return PrincipalKind.ROOT if name == "root" else PrincipalKind(name.partition("/")[0])
