"""Time what `survive` asks where every account may leave the organization and no two of them are alike. `python -m benchmarks.leavers`.

Guard rails protect every vault and key, so that for each of them somebody has to leave first. Prints seconds and budget; the exit code
is 1 when it is exceeded.
"""

import json
import sys
import time
from typing import Any

from benchmarks import table
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
from strongroom.proof.survival.deeds import Target
from strongroom.proof.survival.powers import Powerful

ACCOUNTS, ROLES = 1_000, 10
SECONDS_MAX = 30.0
REGION, MANAGEMENT, ORGANIZATION = "eu-west-2", "111111111111", "o-exampleorg1"
STAYING = ("backup:Delete*", "backup:Disassociate*", "backup:UpdateRecoveryPoint*", "kms:DisableKey", "kms:PutKeyPolicy", "kms:Schedule*")


def main() -> int:
    """Ask about a vault in each account."""
    ids = [f"{600_000_000_000 + number}" for number in range(ACCOUNTS)]
    access = organization(ids)
    started = time.perf_counter()
    powerful = Powerful(access)
    for account in ids:
        found = powerful.over(target(account))
        if found.by_points != {account: True, ids[0]: True}:  # its own administrator, and that of the account which all trust
            sys.exit(f"{account}: {found}: this measures nothing")
    return 1 if table.seen("leavers", time.perf_counter() - started, SECONDS_MAX) else 0


def organization(ids: list[str]) -> Access:
    """Return accounts whose roles have names of their own; the first may act in all others."""
    principals = [
        _role(account, f"app-{role}-{account}", "s3:*", {"Service": "ec2.amazonaws.com"}) for account in ids for role in range(ROLES)
    ]
    principals += [_role(account, f"tool-{account}", "*", {"AWS": ids[0]}) for account in ids]
    everywhere = ("r-ab12", "ou-ab12-work0000", *ids)
    return Access(
        organization_id=ORGANIZATION,
        accounts=(
            AccessAccount(id=MANAGEMENT, parents=("r-ab12",), management=True),
            *(AccessAccount(id=each, parents=("r-ab12", "ou-ab12-work0000")) for each in ids),
        ),
        principals=tuple(principals),
        resources=tuple(made for account in ids for made in _guarded(account)),
        controls=(
            _control("full", {"Effect": "Allow", "Action": "*", "Resource": "*"}, everywhere),
            _control("rails", {"Effect": "Deny", "Action": list(STAYING), "Resource": "*"}, ("r-ab12",)),
        ),
    )


def target(account: str) -> Target:
    """Return the vault of an account."""
    example = f"arn:aws:backup:{REGION}:{account}:recovery-point:1"
    return Target(account=account, vault_arn=_vault(account), example=example, key_arn=_key(account), locked=False, hardened=False)


def _role(account: str, name: str, action: str, trusted: dict[str, str]) -> Principal:
    arn = f"arn:aws:iam::{account}:role/{name}"
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=arn,
        identity=(_text("own", {"Effect": "Allow", "Action": action, "Resource": "*"}),),
        trust=_text("trust", {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": trusted}),
        origin=LiveOrigin(account, "", arn),
    )


def _guarded(account: str) -> tuple[GuardedResource, GuardedResource]:
    inside = {"Condition": {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}}
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    used = {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "kms:Decrypt", "Resource": "*", **inside}
    copies = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*", **inside}
    origin = LiveOrigin(account, REGION, account)
    return (
        GuardedResource(arn=_vault(account), account=account, policy=_text("vault", copies), origin=origin),
        GuardedResource(arn=_key(account), account=account, policy=_text("key", root, used), origin=origin),
    )


def _control(name: str, statement: dict[str, Any], targets: tuple[str, ...]) -> ControlPolicy:
    return ControlPolicy(id=f"p-{name}", name=name, type=ControlType.SCP, policy=_text(name, statement), targets=targets)


def _text(name: str, *statements: dict[str, Any]) -> PolicyText:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return PolicyText(name=name, text=text, origin=LiveOrigin(MANAGEMENT, "", name))


def _key(account: str) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/backup"


def _vault(account: str) -> str:
    return f"arn:aws:backup:{REGION}:{account}:backup-vault:local"


if __name__ == "__main__":
    sys.exit(main())
