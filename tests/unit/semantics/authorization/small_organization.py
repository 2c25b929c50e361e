"""A small organization: two accounts with roles, a key and vaults, control policies at root and OU."""

import json

from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.origin import LiveOrigin

WORKLOAD, CENTRAL, MANAGEMENT = "111122223333", "444455556666", "777788889999"


def document(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions, resource="*", **others):
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **others}


def deny(*actions, resource="*", **others):
    return allow(*actions, resource=resource, **others) | {"Effect": "Deny"}


def written(name, *statements):
    return PolicyText(name=name, text=document(*statements), origin=LiveOrigin(WORKLOAD, "", name))


def role(account, name, *statements, trusts=("ec2.amazonaws.com",), **others):
    """A role that an account, a principal or a service (by ARN, id or name) may assume."""
    principal = {"AWS": [who for who in trusts if ".amazonaws" not in who], "Service": [who for who in trusts if ".amazonaws" in who]}
    trust = allow("sts:AssumeRole", Principal={kind: who for kind, who in principal.items() if who})
    del trust["Resource"]
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=f"arn:aws:iam::{account}:role/{name}",
        unique_id=f"AROA{name.upper()}",
        identity=(written(f"inline policy of role {name}", *statements),) if statements else (),
        trust=written(f"trust policy of role {name}", trust),
        origin=LiveOrigin(account, "", name),
        **others,
    )


def user(account, name, *statements, **others):
    return Principal(
        kind=PrincipalKind.USER,
        account=account,
        arn=f"arn:aws:iam::{account}:user/{name}",
        identity=(written(f"inline policy of user {name}", *statements),) if statements else (),
        origin=LiveOrigin(account, "", name),
        **others,
    )


def vault(account, name="local", *statements):
    arn = f"arn:aws:backup:eu-west-2:{account}:backup-vault:{name}"
    policy = written(f"policy of vault {name}", *statements) if statements else None
    return GuardedResource(arn=arn, account=account, policy=policy, origin=LiveOrigin(account, "eu-west-2", arn))


def key(account, *statements, name="k1", **others):
    arn = f"arn:aws:kms:eu-west-2:{account}:key/{name}"
    policy = written(f"key policy of {name}", *statements)
    return GuardedResource(arn=arn, account=account, policy=policy, origin=LiveOrigin(account, "eu-west-2", arn), **others)


def control(name, *statements, at, kind=ControlType.SCP):
    return ControlPolicy(id=f"p-{name.lower()}", name=name, type=kind, policy=written(name, *statements), targets=tuple(at))


def full(kind=ControlType.SCP):
    """AWS's own policy, attached everywhere from the start."""
    everywhere = ("r-1", "ou-1", WORKLOAD, CENTRAL, MANAGEMENT)
    statement = allow("*") if kind is ControlType.SCP else allow("*", Principal="*")
    return control("FullAWSAccess" if kind is ControlType.SCP else "RCPFullAWSAccess", statement, at=everywhere, kind=kind)


def organization(principals=(), resources=(), controls=None, **others):
    """An Access of principals, resources and control policies."""
    return Access(
        **{
            "organization_id": "o-abc",
            "accounts": (
                AccessAccount(id=MANAGEMENT, parents=("r-1",), management=True),
                AccessAccount(id=WORKLOAD, parents=("r-1", "ou-1")),
                AccessAccount(id=CENTRAL, parents=("r-1", "ou-1")),
            ),
            "principals": tuple(principals),
            "resources": tuple(resources),
            "controls": (full(),) if controls is None else controls,
            **others,
        }
    )
