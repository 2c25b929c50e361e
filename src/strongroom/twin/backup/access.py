"""Who may copy into a vault, what its access policy denies, and who may use a key: the one evaluator answers.

Only the policy of the vault or key is asked here; what callers and roles may do by their own policies is `permissions`' question.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType

from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target, Verdict
from strongroom.semantics.authorization.policy import parse
from strongroom.twin.trust import trusting

COPY_INTO = "backup:CopyIntoBackupVault"
_SESSION = re.compile(r"arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks."""

    account: str
    principal: str  # ARN
    organization_id: str
    path: str  # aws:PrincipalOrgPaths; empty outside the organization
    service: str = ""  # kms:ViaService, where a service asks for somebody


def may_copy_into(policy: str | None, vault_arn: str, caller: Caller) -> bool:
    """Whether a vault's policy lets another account copy into it: nothing is allowed unless a statement says so."""
    return _asked(policy, COPY_INTO, vault_arn, caller) is Verdict.ALLOWED


def denies(policy: str | None, action: str, resource_arn: str, caller: Caller) -> bool:
    """Whether a vault's policy denies an action to a caller of the vault's own account."""
    return policy is not None and _asked(policy, action, resource_arn, caller, owner=caller.account) is Verdict.DENIED


def may_use_key(policy: str, key_arn: str, caller: Caller) -> bool:
    """Whether a key's policy lets another account's AWS Backup read what the key encrypts: decrypt, and grant that on."""
    return all(_asked(policy, action, key_arn, caller) is Verdict.ALLOWED for action in ("kms:Decrypt", "kms:CreateGrant"))


def _asked(policy: str | None, action: str, arn: str, caller: Caller, *, owner: str = "") -> Verdict:
    target = Target(arn=arn, account=owner or arn.split(":")[4], policy=None if policy is None else parse(policy, name="policy"))
    values = {"kms:ViaService": (caller.service,)} if caller.service else {}
    if action == "kms:CreateGrant":
        values["kms:GrantIsForAWSResource"] = ("true",)
    context = Context(values=MappingProxyType(values), complete=True)
    return decide(_actor(caller), action, target, context).verdict


@lru_cache(maxsize=4096)
def _actor(caller: Caller) -> Actor:
    found = _SESSION.fullmatch(caller.principal)
    arn, session = (f"arn:{found[1]}:iam::{found[2]}:role/{found[3]}", found[4]) if found else (caller.principal, "")
    member = caller.organization_id if caller.path else ""
    return trusting(arn, session, organization_id=member, organization_path=caller.path)
