"""Time `who-can` as a user runs it, from a ledger of 1,000 accounts with 20 roles each. `python -m benchmarks.who_can [NAME…]`.

Each prints the seconds of the whole command and its budget; the exit code is 1 when one is exceeded.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks import table
from strongroom import ledger
from strongroom.domain.tables import TABLES

ACCOUNTS, ROLES = 1_000, 20
REGION = "eu-west-2"
MANAGEMENT, CENTRAL = "111111111111", "333333333333"
ORGANIZATION = "o-exampleorg1"
NOW = datetime(2026, 11, 21, tzinfo=UTC)
ADMINISTRATOR = {"Effect": "Allow", "Action": "*", "Resource": "*"}
SUBJECTS = ("vaults", "recovery_points", "backup_plans", "keys", "grants")
SECONDS_MAX = 10.0
SECONDS_MAX_BY_CHANGES = 20.0

BENCHMARKS = {
    "delete_central": ("who-can", "delete", f"vault:central@{CENTRAL}"),
    "delete": ("who-can", "delete"),
    "decrypt": ("who-can", "decrypt"),
    "restore": ("who-can", "restore"),
    "delete_by_changes": ("who-can", "delete", "--escalations"),
    "decrypt_by_changes": ("who-can", "decrypt", "--escalations"),
    "restore_by_changes": ("who-can", "restore", "--escalations"),
    "can": ("can", f"audit-3@{CENTRAL}", "backup:DeleteRecoveryPoint", f"vault:central@{CENTRAL}"),
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all, over one ledger."""
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        write_ledger(Path(folder))
        for name, arguments in BENCHMARKS.items():
            if names and name not in names:
                continue
            command = [str(Path(sys.executable).with_name("strongroom")), *arguments, "--format", "json"]
            started = time.perf_counter()
            done = subprocess.run(command, env={**os.environ, "STRONGROOM_HOME": folder}, capture_output=True, text=True, check=False)
            seconds = time.perf_counter() - started
            if done.returncode not in {0, 1, 3} or len(done.stdout) < 200:
                sys.exit(f"{' '.join(command)} ended with {done.returncode}: this measures nothing\n{done.stdout}{done.stderr}")
            seconds_max = SECONDS_MAX_BY_CHANGES if "--escalations" in arguments else SECONDS_MAX
            over += table.seen(name, seconds, seconds_max)
    return 1 if over else 0


def write_ledger(home: Path, *, accounts: int = ACCOUNTS) -> None:
    """Write a snapshot: administrators everywhere, one of which the management account may assume, readers, builders, job roles."""
    ids = [MANAGEMENT, CENTRAL, *(f"{600_000_000_000 + number}" for number in range(accounts - 2))]
    texts: dict[str, str] = {}
    rows: dict[str, list[tuple[Any, ...]]] = {table.name: [] for table in TABLES}
    rows["settings"].append((MANAGEMENT, "", "organization", "id", ORGANIZATION))
    for number, account in enumerate(ids):
        unit = ["r-ab12"] if account == MANAGEMENT else ["r-ab12", f"ou-ab12-{number % 20:08}"]
        rows["accounts"].append((account, f"account-{number}", "ACTIVE", "", unit, account == MANAGEMENT, NOW))
        for where, subject in (*((REGION, each) for each in SUBJECTS), ("", "principals"), ("", "policies"), ("", "control_policies")):
            rows["reads"].append((account, where, subject, True, "", ""))
        for role in range(ROLES):
            _add_role(rows, texts, account, role)
        _add_backups(rows, account, "central" if account == CENTRAL else "local", number)
    for name, statement in (("FullAWSAccess", ADMINISTRATOR), ("Rails", _deny("organizations:LeaveOrganization"))):
        targets = ["r-ab12"] if name == "Rails" else ["r-ab12", *(f"ou-ab12-{number:08}" for number in range(20)), *ids]
        rows["control_policies"] += [
            (MANAGEMENT, f"p-{name}", "SERVICE_CONTROL_POLICY", name, _document(statement), target) for target in targets
        ]
    rows["policy_texts"] = list(texts.items())
    tables = {table.name: ledger.from_rows(table, rows[table.name]) for table in TABLES}
    ledger.write(home, tables, observed_at=NOW, source={"verb": "benchmark"})


def _add_role(rows: dict[str, list[tuple[Any, ...]]], texts: dict[str, str], account: str, number: int) -> None:
    statements: list[dict[str, Any]]
    trust: dict[str, Any] = {"Service": "ec2.amazonaws.com"}
    managed = ""
    if number == 0:
        name, statements, trust, managed = (
            "OrganizationAccountAccessRole",
            [ADMINISTRATOR],
            {"AWS": f"arn:aws:iam::{MANAGEMENT}:root"},
            "Admin",
        )
    elif number == 1:
        name, statements, trust = "backup", [_allow("backup:*", "kms:*")], {"Service": "backup.amazonaws.com"}
    elif number == 2:
        name, statements, managed = "sso-admin", [ADMINISTRATOR], "Admin"
    elif number < 5:
        hop = _allow("sts:AssumeRole") | {"Resource": f"arn:aws:iam::{CENTRAL}:role/breaker-*"}
        name, statements = f"deploy-{number}", [_allow("cloudformation:*", "s3:*"), hop]
    elif number < 7:
        name, statements = f"breaker-{number}", [_allow("backup:Delete*", "kms:Decrypt")]
        trust = {"AWS": "*"} if account == CENTRAL else trust
    else:
        name, statements = f"audit-{number - 7}", [_allow("backup:List*", "backup:Describe*", f"ec2:Describe{number}*")]
    condition = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}} if trust == {"AWS": "*"} else {}
    trusted = {"Effect": "Allow", "Principal": trust, "Action": "sts:AssumeRole", **({"Condition": condition} if condition else {})}
    arn = f"arn:aws:iam::{account}:role/{name}"
    identifier = f"AROA{account}{number:04d}"
    rows["principals"].append((account, "", arn, "role", identifier, _kept(texts, trusted), None, {"team": f"t{number}"}, NOW))
    policy = "arn:aws:iam::aws:policy/AdministratorAccess" if managed else None
    kind, title = ("attached", "AdministratorAccess") if managed else ("inline", "own")
    rows["principal_policies"].append((account, arn, kind, title, policy, _kept(texts, *statements)))


def _add_backups(rows: dict[str, list[tuple[Any, ...]]], account: str, vault: str, number: int) -> None:
    arn, key = f"arn:aws:backup:{REGION}:{account}:backup-vault:{vault}", f"arn:aws:kms:{REGION}:{account}:key/mrk-{number}"
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    copies = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    rows["keys"].append((account, REGION, key, "CUSTOMER", "Enabled", _document(root), "NONE", None, None))
    rows["vaults"].append((account, REGION, vault, arn, "BACKUP_VAULT", key, False, None, None, None, _document(copies), NOW))
    for each in range(20):
        own = f"arn:aws:backup:{REGION}:{account}:recovery-point:{number}-{each}"
        point = own if each % 2 else f"arn:aws:ec2:{REGION}::snapshot/snap-{number:08}{each:03}"
        resource = f"arn:aws:dynamodb:{REGION}:{account}:table/t{each}"
        rows["recovery_points"].append(
            (
                account,
                REGION,
                vault,
                point,
                resource,
                "DynamoDB",
                "COMPLETED",
                None,
                NOW,
                NOW,
                None,
                None,
                1,
                None,
                key,
                True,
                None,
                None,
                None,
            )
        )


def _kept(texts: dict[str, str], *statements: dict[str, Any]) -> str:
    text = _document(*statements)
    digest = hashlib.sha256(text.encode()).hexdigest()
    texts[digest] = text
    return digest


def _allow(*actions: str) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": list(actions), "Resource": "*"}


def _deny(*actions: str) -> dict[str, Any]:
    return _allow(*actions) | {"Effect": "Deny"}


def _document(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
