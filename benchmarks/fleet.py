"""Time `verify`, `survive` and `prove` over a generated ledger of 5,000 accounts, 1 M resources and 50 M recovery points.

`python -m benchmarks.fleet [SHARE]`: 1 is the whole, 0.02 a fiftieth. Prints seconds, peak memory and budget of each whole command;
the exit code is 1 when one is exceeded.
"""

import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from strongroom import compiler, facts, ledger, strategyfile
from strongroom.domain.tables import RECOVERY_POINTS, RESOURCES, TABLES
from strongroom.semantics import policies

ACCOUNTS, RESOURCES_EACH, DAYS = 5_000, 200, 25  # a recovery point and a copy a day: 50 M
REGION, NOW = "eu-west-2", datetime(2026, 11, 21, 12, tzinfo=UTC)
BORN = NOW - timedelta(days=90)
MANAGEMENT, CENTRAL, ORGANIZATION = "111111111111", "333333333333", "o-exampleorg1"
ROLE_POLICIES = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForS3Backup")
STRATEGY = f"""\
strongroom: 1
name: fleet
organization:
  home_region: {REGION}
  accounts: {{management: "{MANAGEMENT}", central: "{CENTRAL}"}}
  governs: [Workloads]
  opt_in: [dynamodb]
vaults:
  local: {{in: every-account}}
  central: {{in: central, region: {REGION}}}
plans:
  production:
    select: {{tags: {{environment: prod}}}}
    rules: {{daily: {{at: "02:00", keep: {DAYS}d, copy: central}}}}
objectives:
  - {{select: {{tags: {{environment: prod}}}}, rpo: 36h}}
"""
BUDGETS = {"verify": (60.0, 4.0), "survive": (60.0, 4.0), "prove": (1.0, 4.0)}  # seconds, GiB


def main(share: float) -> int:
    """Make a ledger of a share of the fleet and run the commands over it."""
    accounts = max(int(ACCOUNTS * share), 3)
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
        started = time.perf_counter()
        example = write_ledger(home, accounts)
        points = accounts * RESOURCES_EACH * DAYS * 2
        print(f"{accounts:,} accounts, {points:,} recovery points, made in {time.perf_counter() - started:.0f}s", flush=True)
        strategy = str(home / "strategy.yaml")
        for name, arguments in (("verify", [strategy]), ("survive", []), ("prove", [example, "--strategy", strategy])):
            seconds, gib, said = timed(home, [name, *arguments, "--format", "json"])
            seconds_max, gib_max = BUDGETS[name]
            late = seconds > seconds_max or gib > gib_max
            over += late
            measured = f"{name:<10}{seconds:>8.2f}s{seconds_max:>8.2f}s{gib:>7.2f} GiB{gib_max:>6.1f} GiB"
            print(f"{measured}{'  over budget' if late else ''}  {said}", flush=True)
    return 1 if over else 0


def timed(home: Path, arguments: list[str]) -> tuple[float, float, str]:
    """Return seconds and peak memory in GiB of a command, and what it found in a few words."""
    command = [str(Path(sys.executable).with_name("strongroom")), *arguments]
    started = time.perf_counter()
    with subprocess.Popen(command, env={**os.environ, "STRONGROOM_HOME": str(home)}, stdout=subprocess.PIPE, text=True) as process:
        text = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in {0, 1, 3}:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: this measures nothing")
    return seconds, usage.ru_maxrss / 2**20, _found(json.loads(text))


def _found(document: dict[str, Any]) -> str:
    if document["verb"] == "verify":
        return str(document["chains"])
    if document["verb"] == "survive":
        return str(document["by_size"])
    return ", ".join(chain["state"] for chain in document["chains"])


def write_ledger(home: Path, accounts: int) -> str:
    """Write a snapshot in which every chain is proven, and return the ARN of one resource."""
    parsed = strategyfile.parse(STRATEGY, file="strategy.yaml").strategy
    if parsed is None:
        sys.exit("the benchmark's own strategy is wrong")
    estate = compiler.compile_strategy(parsed)
    ids = [f"{600_000_000_000 + number}" for number in range(accounts)]
    rows: dict[str, list[dict[str, Any]]] = {table.name: [] for table in TABLES}
    levels = [[json.loads(policy.content) for policy in estate.policies]]
    for account in (MANAGEMENT, CENTRAL, *ids):
        _add_account(rows, account, json.dumps(policies.effective(levels, account)) if account in ids[:1] else "", account in ids)
    text = rows["effective_policies"][2]["content"]
    for row in rows["effective_policies"][2:]:
        row["content"] = text.replace(ids[0], row["account_id"])
    _add_organization(rows, ids)
    tables = {
        table.name: ledger.from_rows(table, [[row.get(column.name) for column in table.columns] for row in rows[table.name]])
        for table in TABLES
        if table.name not in {"resources", "recovery_points"}
    }
    snapshot = ledger.write(home, tables, observed_at=NOW, source={"verb": "benchmark"})
    _stream(snapshot.path, "resources", (_resources(account) for account in ids))
    _stream(snapshot.path, "recovery_points", (points for account in ids for points in _points(account)))
    return _arns(ids[0])[0].as_py()  # type: ignore[no-any-return]


def _add_account(rows: dict[str, list[dict[str, Any]]], account: str, effective: str, governed: bool) -> None:  # noqa: FBT001
    management = account == MANAGEMENT
    parents = ["r-ab12"] if management else ["r-ab12", "ou-ab12-vaults00" if account == CENTRAL else "ou-ab12-work0000"]
    path = "" if management else "Vaults" if account == CENTRAL else "Workloads"
    rows["accounts"].append(
        {"account_id": account, "name": f"a-{account}", "status": "ACTIVE", "ou_path": path, "ou_ids": parents, "management": management}
    )
    subjects = [
        ("", name) for name in ("roles", "effective_policies", "principals", "settings", "accounts", "policies", "control_policies")
    ]
    names = (
        "settings",
        "vaults",
        "backup_plans",
        "backup_rules",
        "copy_actions",
        "selections",
        "recovery_points",
        "backup_jobs",
        "copy_jobs",
        "keys",
        "grants",
        "resources:DynamoDB",
    )
    for region, subject in (*subjects, *((REGION, name) for name in names)):
        rows["reads"].append({"account_id": account, "region": region, "subject": subject, "read": True, "code": "", "reason": ""})
    rows["effective_policies"].append({"account_id": account, "content": effective})
    if account != MANAGEMENT:
        _add_vault(rows, account, "fleet-local" if governed else "fleet-central")
    if not governed:
        return
    role = f"arn:aws:iam::{account}:role/fleet-AWSBackup"
    trust = json.dumps({"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    rows["roles"].append({"account_id": account, "region": "", "arn": role, "exists": True, "trust_policy": trust})
    rows["principals"].append(
        {
            "account_id": account,
            "region": "",
            "arn": role,
            "kind": "role",
            "unique_id": f"AROA{account}",
            "tags": {},
            "trust_digest": "trust",
        }
    )
    for name in ROLE_POLICIES:
        granted = {"account_id": account, "principal_arn": role, "kind": "attached", "name": name, "digest": name}
        rows["principal_policies"].append({**granted, "policy_arn": facts.managed_policy(name).arn})
    plan = {"account_id": account, "region": REGION, "plan_id": f"orgs/plan-{account}"}
    rows["backup_plans"].append({**plan, "name": "production", "arn": f"arn:{account}", "version_id": "v", "created_at": BORN})
    rows["backup_rules"].append(
        {
            **plan,
            "rule_id": f"rule-{account}",
            "name": "daily",
            "vault_name": "fleet-local",
            "schedule": "cron(0 2 * * ? *)",
            "timezone": "UTC",
            "start_within_minutes": 480,
            "complete_within_minutes": 10_080,
            "delete_after_days": DAYS,
            "continuous": False,
        }
    )
    document = {"ListOfTags": [{"ConditionKey": "environment", "ConditionValue": "prod"}]}
    rows["selections"].append({**plan, "selection_id": "s", "name": "s", "role_arn": role, "document": json.dumps(document)})


def _add_vault(rows: dict[str, list[dict[str, Any]]], account: str, name: str) -> None:
    root = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": "kms:*", "Resource": "*"}
    inside = {"StringEquals": {"aws:PrincipalOrgID": ORGANIZATION}}
    used = {
        "Effect": "Allow",
        "Principal": {"AWS": "*"},
        "Action": ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*", "kms:CreateGrant"],
        "Resource": "*",
        "Condition": inside,
    }
    copies = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*", "Condition": inside}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [root, used]})
    rows["keys"].append(
        {"account_id": account, "region": REGION, "arn": _key(account), "manager": "CUSTOMER", "state": "Enabled", "policy": policy}
    )
    rows["vaults"].append(
        {
            "account_id": account,
            "region": REGION,
            "name": name,
            "arn": _vault(account, name),
            "type": "BACKUP_VAULT",
            "key_arn": _key(account),
            "locked": False,
            "access_policy": json.dumps({"Version": "2012-10-17", "Statement": [copies]}) if account == CENTRAL else None,
            "created_at": BORN,
        }
    )


def _add_organization(rows: dict[str, list[dict[str, Any]]], ids: list[str]) -> None:
    for kind, name, value in (("organization", "id", ORGANIZATION), ("global", "isCrossAccountBackupEnabled", "true")):
        rows["settings"].append({"account_id": MANAGEMENT, "region": "", "kind": kind, "name": name, "value": value})
    rows["settings"].append({"account_id": MANAGEMENT, "region": REGION, "kind": "opt_in", "name": "DynamoDB", "value": "true"})
    for account in ids:
        rows["settings"].append({"account_id": account, "region": REGION, "kind": "management", "name": "DynamoDB", "value": "true"})
    trust = {"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}
    rows["policy_texts"].append({"digest": "trust", "text": json.dumps({"Version": "2012-10-17", "Statement": [trust]})})
    rows["policy_texts"] += [{"digest": name, "text": facts.managed_policy(name).text} for name in ROLE_POLICIES]
    everything = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]})
    control = {
        "account_id": MANAGEMENT,
        "policy_id": "p-1",
        "type": "SERVICE_CONTROL_POLICY",
        "name": "FullAWSAccess",
        "content": everything,
    }
    for target in ("r-ab12", "ou-ab12-vaults00", "ou-ab12-work0000", MANAGEMENT, CENTRAL, *ids):
        rows["control_policies"].append({**control, "target_id": target})


def _resources(account: str) -> pa.Table:
    count = RESOURCES_EACH
    tags = pa.array([[("environment", "prod"), ("app", f"app-{number % 7}")] for number in range(count)], pa.map_(pa.string(), pa.string()))
    return _table(
        RESOURCES,
        count,
        account_id=account,
        region=REGION,
        arn=_arns(account),
        type="DynamoDB",
        name=pa.array([f"table-{number:04}" for number in range(count)]),
        tags=tags,
        created_at=BORN - timedelta(days=100),
        encrypted=True,
        key_arn=_key(account),
        key_manager="CUSTOMER",
        size_bytes=10**9,
        advanced_backup=True,
    )


def _points(account: str) -> Iterator[pa.Table]:
    """Yield the recovery points of an account's vault, and their copies in the central one."""
    resource, numbers, created, deleted = _made()
    arns = _arns(account).take(resource)
    for owner, vault, source in ((account, "fleet-local", None), (CENTRAL, "fleet-central", _vault(account, "fleet-local"))):
        prefix = f"arn:aws:backup:{REGION}:{owner}:recovery-point:{account}-{vault}-"
        yield _table(
            RECOVERY_POINTS,
            len(resource),
            account_id=owner,
            region=REGION,
            vault_name=vault,
            arn=pc.binary_join_element_wise(prefix, numbers, ""),
            resource_arn=arns,
            resource_type="DynamoDB",
            status="COMPLETED",
            created_at=created,
            completed_at=created,
            delete_at=deleted,
            delete_after_days=DAYS,
            size_bytes=10**9,
            source_vault_arn=source,
            key_arn=_key(owner),
            encrypted=True,
            plan_id=f"orgs/plan-{account}",
            plan_version="v",
            rule_id=f"rule-{account}",
        )


@cache
def _made() -> tuple[pa.Array, pa.Array, pa.Array, pa.Array]:
    """Return of all recovery points of an account the number of the resource and their own, creation and deletion."""
    pairs = [(resource, day) for resource in range(RESOURCES_EACH) for day in range(DAYS)]
    at = [NOW.replace(hour=2) - timedelta(days=day) + timedelta(minutes=resource * 7 % 50) for resource, day in pairs]
    instants = pa.timestamp("us", tz="UTC")
    return (
        pa.array([resource for resource, _ in pairs], pa.int64()),
        pa.array([str(number) for number in range(len(pairs))]),
        pa.array(at, instants),
        pa.array([each + timedelta(days=DAYS) for each in at], instants),
    )


def _table(schema: Any, count: int, **columns: Any) -> pa.Table:
    """Return a table; a single value stands for a column of it, a column that isn't named is null."""
    wanted = ledger.schema(schema)
    arrays = []
    for each in wanted:
        value = columns.get(each.name)
        whole = isinstance(value, pa.Array | pa.ChunkedArray)
        arrays.append(value.cast(each.type) if whole else pa.repeat(pa.scalar(value, each.type), count))
    return pa.table(arrays, schema=wanted)


def _stream(path: Path, name: str, tables: Iterator[pa.Table]) -> None:
    """Write a table that memory wouldn't hold in place of the empty one, and its size into the manifest."""
    file, rows = path / f"{name}.parquet", 0
    writer = None
    for table in tables:
        writer = writer or pq.ParquetWriter(file, table.schema, compression="zstd")
        writer.write_table(table, row_group_size=262_144)
        rows += table.num_rows
    if writer:
        writer.close()
    manifest = path / "manifest.json"
    document = json.loads(manifest.read_text(encoding="utf-8"))
    with file.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    document["tables"][name] = {"rows": rows, "size_bytes": file.stat().st_size, "sha256": digest}
    manifest.write_text(json.dumps(document), encoding="utf-8")


def _arns(account: str) -> pa.Array:
    return pa.array([f"arn:aws:dynamodb:{REGION}:{account}:table/table-{number:04}" for number in range(RESOURCES_EACH)])


def _key(account: str) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/backup"


def _vault(account: str, name: str) -> str:
    return f"arn:aws:backup:{REGION}:{account}:backup-vault:{name}"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
