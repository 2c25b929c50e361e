"""Time the evaluator's promises: decisions a second, and who-can over a large organization. `python -m benchmarks.authorization [NAME…]`.

Each prints its seconds of processor time (one core) and its budget; the exit code is 1 when one is exceeded.
"""

import json
import sys
import time
from collections.abc import Callable
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
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Target
from strongroom.semantics.authorization.policy import parse
from strongroom.semantics.authorization.reach import ways

DECISIONS = 100_000
ACCOUNTS, ROLES = 1_000, 20
CENTRAL = "444455556666"
ORGANIZATION = {"StringEquals": {"aws:PrincipalOrgID": "o-abc"}}
CONTEXT = Context(values={"aws:MultiFactorAuthPresent": ("true",), "kms:ViaService": ("backup.eu-west-2.amazonaws.com",)})
CALLS = ("kms:Decrypt", "kms:ScheduleKeyDeletion", "backup:StartBackupJob", "backup:DeleteRecoveryPoint", "backup:CopyIntoBackupVault")


def _timed_decisions() -> Callable[[], None]:
    access = _organization(accounts=4)
    authorizer = Authorizer(access)
    cases: list[tuple[Actor, str, Target]] = [
        (authorizer.actor(principal.arn, session="ann"), action, authorizer.target(_arn(principal.account, action)))
        for principal in access.principals
        for action in CALLS
    ]

    def run() -> None:
        for _ in range(DECISIONS // len(cases)):
            for actor, action, target in cases:
                decide(actor, action, target, CONTEXT)

    return run


def _timed_reach(action: str, resource: str, *, escalations: bool = False) -> Callable[[], Callable[[], None]]:
    def prepare() -> Callable[[], None]:
        access = _organization(accounts=ACCOUNTS)
        rails = [parse(_document(_rail(name)), name=name) for name in ("s3:*", "kms:ScheduleKeyDeletion", action)]

        def run() -> None:
            found = ways(Authorizer(access), [action], resource, rails=rails, escalations=escalations)
            if len(found.certain) < 2 or {route.rail for route in found.certain} == {""}:
                sys.exit("nobody was found: this measures nothing")

        return run

    return prepare


BENCHMARKS: dict[str, tuple[Callable[[], Callable[[], None]], float]] = {  # what prepares the run, and its budget in seconds
    "decisions": (_timed_decisions, DECISIONS / 50_000),
    "who_can_delete": (_timed_reach("backup:DeleteBackupVault", f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:local"), 10.0),
    "who_can_delete_by_changes": (
        _timed_reach("backup:DeleteBackupVault", f"arn:aws:backup:eu-west-2:{CENTRAL}:backup-vault:local", escalations=True),
        10.0,
    ),
    "who_can_decrypt_by_changes": (_timed_reach("kms:Decrypt", f"arn:aws:kms:eu-west-2:{CENTRAL}:key/k", escalations=True), 10.0),
    "who_can_decrypt": (_timed_reach("kms:Decrypt", f"arn:aws:kms:eu-west-2:{CENTRAL}:key/k"), 10.0),
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    over = 0
    for name, (prepare, seconds_max) in BENCHMARKS.items():
        if names and name not in names:
            continue
        run = prepare()
        started = time.process_time()
        run()
        seconds = time.process_time() - started
        over += table.seen(name, seconds, seconds_max)
    return 1 if over else 0


def _organization(accounts: int) -> Access:
    """Return accounts with the roles that a real one has: readers, builders, an administrator, a deployment that is trusted across."""
    ids = [CENTRAL, *(f"{1000 + number:012d}" for number in range(accounts - 1))]
    return Access(
        organization_id="o-abc",
        accounts=tuple(AccessAccount(id=each, parents=("r-1", f"ou-{number % 20}")) for number, each in enumerate(ids)),
        principals=tuple(_role(each, number) for each in ids for number in range(ROLES)),
        resources=tuple(resource for each in ids for resource in (_vault(each), _key(each))),
        controls=(
            _control("FullAWSAccess", {"Effect": "Allow", "Action": "*", "Resource": "*"}, ("r-1", *(f"ou-{n}" for n in range(20)), *ids)),
            _control("Rails", _rail("organizations:LeaveOrganization"), ("r-1",)),
        ),
    )


def _role(account: str, number: int) -> Principal:
    arn = f"arn:aws:iam::{account}:role/r{number}"
    trust: dict[str, Any] = {"Service": "ec2.amazonaws.com"}
    if number == 0:
        trust = {"AWS": f"arn:aws:iam::{CENTRAL}:root"}  # the administrator, trusted by the central account
    elif number == 1:
        trust = {"AWS": f"arn:aws:iam::{account}:root"}
    elif number == 2:
        trust = {"AWS": "*"}
    statement = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole", "Condition": ORGANIZATION if number == 2 else {}}
    texts = [_statements(account, number, part) for part in range(3)]
    return Principal(
        kind=PrincipalKind.ROLE,
        account=account,
        arn=arn,
        unique_id=f"AROA{account}{number:04d}",
        identity=tuple(_text(f"policy {part} of {arn}", *texts[part]) for part in range(3)),
        trust=_text(f"trust policy of {arn}", statement),
        origin=LiveOrigin(account, "", arn),
    )


def _statements(account: str, number: int, part: int) -> list[dict[str, Any]]:
    """Return a third of a role's twenty statements."""
    reads = [
        _allow([f"s{part}{each}:Get*", f"s{part}{each}:List*", "s3:GetObject"], f"arn:aws:s3:::data-{part}-{each}/*") for each in range(5)
    ]
    if part == 0 and number < 3:
        return [*reads, _allow(["*"] if number == 0 else ["backup:*", "kms:*"], "*")]
    if part == 1 and number < 10:
        keys = [f"arn:aws:kms:*:{account}:key/*", f"arn:aws:backup:*:{account}:backup-vault:*"]
        return [*reads, _allow(["kms:Decrypt", "kms:GenerateDataKey*", "backup:Start*"], *keys) | {"Condition": ORGANIZATION}]
    if part == 2 and number % 5 == 0:
        return [*reads, _allow(["sts:AssumeRole"], "arn:aws:iam::*:role/r1", "arn:aws:iam::*:role/r2")]
    mfa = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}, "Bool": {"aws:MultiFactorAuthPresent": "false"}}
    return [*reads, _allow(["ec2:*"], "*"), _allow(["iam:Delete*"], "*") | {"Effect": "Deny", "Condition": mfa}]


def _vault(account: str) -> GuardedResource:
    copies = _allow(["backup:CopyIntoBackupVault"], "*") | {"Principal": "*", "Condition": ORGANIZATION}
    shut = _allow(["backup:DeleteRecoveryPoint"], "*") | {"Effect": "Deny", "Principal": "*"}
    arn = _arn(account, "backup:")
    return GuardedResource(arn=arn, account=account, policy=_text(f"policy of {arn}", copies, shut), origin=LiveOrigin(account, "", arn))


def _key(account: str) -> GuardedResource:
    root = _allow(["kms:*"], "*") | {"Principal": {"AWS": f"arn:aws:iam::{account}:root"}}
    shared = _allow(["kms:Decrypt", "kms:CreateGrant"], "*") | {"Principal": "*", "Condition": ORGANIZATION}
    arn = _arn(account, "kms:")
    return GuardedResource(
        arn=arn, account=account, policy=_text(f"key policy of {arn}", root, shared), origin=LiveOrigin(account, "", arn)
    )


def _arn(account: str, action: str) -> str:
    service = action.partition(":")[0]
    return f"arn:aws:{service}:eu-west-2:{account}:{'key/k' if service == 'kms' else 'backup-vault:local'}"


def _control(name: str, statement: dict[str, Any], targets: tuple[str, ...]) -> ControlPolicy:
    return ControlPolicy(id=name, name=name, type=ControlType.SCP, policy=_text(name, statement), targets=targets)


def _rail(action: str) -> dict[str, Any]:
    exempt = {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/break-glass"}}
    return _allow([action], "*") | {"Effect": "Deny", "Condition": exempt}


def _allow(actions: list[str], *resources: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _text(name: str, *statements: dict[str, Any]) -> PolicyText:
    trust = [{key: value for key, value in each.items() if value} for each in statements]
    return PolicyText(name=name, text=_document(*trust), origin=LiveOrigin("", "", name))


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
