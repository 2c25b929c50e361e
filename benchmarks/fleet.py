"""Time what reads the ledger over a generated one of 5,000 accounts, 1 M resources and 50 M recovery points.

Half of the recovery points are copies in one central vault, which AWS lists by time: the resources of all accounts are mixed there.

`python -m benchmarks.fleet [SHARE]`: 1 is the whole, 0.02 a fiftieth. Prints seconds, peak memory and budget of each whole command;
the exit code is 1 when one is exceeded.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from benchmarks import table
from strongroom import compiler, facts, ledger, strategyfile
from strongroom.aws.fleet.orders import ACCOUNT_SUBJECTS, SUBJECTS
from strongroom.aws.readers import catalogue
from strongroom.domain.tables import RECOVERY_POINTS, RESOURCES, TABLES
from strongroom.semantics import policies

ACCOUNTS, RESOURCES_EACH, DAYS = 5_000, 200, 25  # a recovery point and a copy a day: 50 M
ROWS_AT_ONCE, DAY_US = 100_000, 86_400_000_000
REGION, NOW = "eu-west-2", datetime(2026, 11, 21, 12, tzinfo=UTC)
BORN = NOW - timedelta(days=90)
MANAGEMENT, CENTRAL, ORGANIZATION = "111111111111", "333333333333", "o-exampleorg1"
RESTORE_POLICIES = ("AWSBackupServiceRolePolicyForRestores", "AWSBackupServiceRolePolicyForS3Restore")
TRUST = json.dumps(
    {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}],
    }
)
STAYING = ["backup:Delete*", "backup:Disassociate*", "backup:UpdateRecoveryPoint*", "kms:DisableKey", "kms:PutKeyPolicy", "kms:Schedule*"]
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
TESTED = "restore_tests:\n  weekly: {at: 'Sunday 10:00', select: {arns: ['arn:aws:dynamodb:*:*:table/table-0007']}, from: [central]}\n"
OF_THE_ORGANIZATION = tuple(subject for reader in catalogue.ORGANIZATION for subject in reader.subjects)


def main(share: float) -> int:
    """Make a ledger of a share of the fleet and run the commands over it."""
    accounts = max(int(ACCOUNTS * share), 3)
    budgets = tomllib.loads((Path(__file__).parent / "budget.toml").read_text(encoding="utf-8"))["fleet"]["commands"]
    over = 0
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "strategy.yaml").write_text(STRATEGY, encoding="utf-8")
        (home / "tested.yaml").write_text(STRATEGY + TESTED, encoding="utf-8")
        started = time.perf_counter()
        example = write_ledger(home, accounts)
        points = accounts * RESOURCES_EACH * DAYS * 2
        print(f"{accounts:,} accounts, {points:,} recovery points, made in {time.perf_counter() - started:.0f}s", flush=True)
        for name, arguments in commands(str(home / "strategy.yaml"), str(home / "tested.yaml"), example).items():
            seconds, gib, said = timed(home, [*arguments, "--format", "json"])
            over += table.seen(name, seconds, budgets[name]["seconds_max"], gib=gib, gib_max=budgets[name]["gib_max"])
            print(f"  {said}", flush=True)
    return 1 if over else 0


def commands(strategy: str, tested: str, example: str) -> dict[str, list[str]]:
    """Return the commands that are timed, by their names in budget.toml; restore tests cover one resource in 200."""
    return {
        "verify": ["verify", strategy],
        "survive": ["survive"],
        "coverage": ["coverage", "--by", "ou"],
        "prove": ["prove", example, "--strategy", strategy],
        "tests": ["tests", tested],
        "rpo": ["rpo", example, "--strategy", strategy],
        "survive of one": ["survive", example],
    }


def timed(home: Path, arguments: list[str]) -> tuple[float, float, str]:
    """Return seconds and peak memory in GiB of a command, and in a few words what CPU it took and what it found."""
    command = [str(Path(sys.executable).with_name("strongroom")), *arguments]
    started = time.perf_counter()
    with subprocess.Popen(command, env={**os.environ, "STRONGROOM_HOME": str(home)}, stdout=subprocess.PIPE, text=True) as process:
        text = process.stdout.read() if process.stdout else ""
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if process.returncode not in {0, 1, 3}:
        sys.exit(f"{' '.join(command)} ended with {process.returncode}: this measures nothing")
    return seconds, usage.ru_maxrss / 2**20, f"{usage.ru_utime + usage.ru_stime:.2f}s of CPU: {_found(json.loads(text))}"


def _found(document: dict[str, Any]) -> str:
    match document["verb"]:
        case "verify":
            codes = Counter(fault["code"] for fault in document["faults"])
            return f"{document['chains']}, findings {dict(codes)}"
        case "prove":
            return ", ".join(chain["state"] for chain in document["chains"])
        case "tests":
            return str(dict(Counter(test["state"] for test in document["tests"])))
        case "coverage":
            return f"{document['ever']:,} of {document['resources']:,} resources in {len(document['groups'])} groups"
        case "rpo":
            return ", ".join(f"{each['points']} points in {each['vault']}" for each in document["vaults"])
        case _:
            return str({name: document[name] for name in ("by_size", "resources") if name in document})[:120]


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
    for stack_set in estate.stack_sets:
        made = {
            "account_id": MANAGEMENT,
            "region": REGION,
            "name": stack_set.name,
            "status": "ACTIVE",
            "permission_model": "SERVICE_MANAGED",
        }
        tagged = {"auto_deployed": True, "strategy": estate.name, "template": stack_set.template, "targets": ["ou-ab12-work0000"]}
        rows["stack_sets"].append({**made, **tagged})
        stack = {"region": REGION, "stack_set": stack_set.name, "status": "CURRENT", "detail": "SUCCEEDED", "drift": "IN_SYNC"}
        rows["stack_instances"] += [{"account_id": account, **stack} for account in ids]
    tables: dict[str, Any] = {
        each.name: ledger.from_rows(each, [[row.get(column.name) for column in each.columns] for row in rows[each.name]]) for each in TABLES
    }
    tables[RESOURCES.name] = (_resources(account) for account in ids)
    tables[RECOVERY_POINTS.name] = chain((_backups(account) for account in ids), _copies(ids))
    ledger.write(home, tables, observed_at=NOW, source={"verb": "benchmark"})
    return _arns(ids[0])[0].as_py()  # type: ignore[no-any-return]


def _add_account(rows: dict[str, list[dict[str, Any]]], account: str, effective: str, governed: bool) -> None:  # noqa: FBT001
    management = account == MANAGEMENT
    parents = ["r-ab12"] if management else ["r-ab12", "ou-ab12-vaults00" if account == CENTRAL else "ou-ab12-work0000"]
    path = "" if management else "Vaults" if account == CENTRAL else "Workloads"
    rows["accounts"].append(
        {"account_id": account, "name": f"a-{account}", "status": "ACTIVE", "ou_path": path, "ou_ids": parents, "management": management}
    )
    everywhere = (*ACCOUNT_SUBJECTS, "effective_policies", "settings", "accounts", "policies", "control_policies", *OF_THE_ORGANIZATION)
    for region, subject in (*(("", name) for name in everywhere), *((REGION, name) for name in SUBJECTS)):
        rows["reads"].append({"account_id": account, "region": region, "subject": subject, "read": True, "code": "", "reason": ""})
    rows["effective_policies"].append({"account_id": account, "content": effective})
    if account != MANAGEMENT:
        _add_vault(rows, account, "fleet-local" if governed else "fleet-central")
        for name, attached in (("fleet-AWSBackup", ROLE_POLICIES), ("fleet-AWSBackup-restore", RESTORE_POLICIES)):
            _add_role(rows, account, name, attached)
    if not governed:
        return
    role = f"arn:aws:iam::{account}:role/fleet-AWSBackup"
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


def _add_role(rows: dict[str, list[dict[str, Any]]], account: str, name: str, attached: tuple[str, ...]) -> None:
    arn = f"arn:aws:iam::{account}:role/{name}"
    role = {"account_id": account, "region": "", "arn": arn}
    rows["roles"].append({**role, "exists": True, "trust_policy": TRUST})
    rows["principals"].append({**role, "kind": "role", "unique_id": f"AROA{account}", "tags": {}, "trust_digest": "trust"})
    for policy in attached:
        granted = {"account_id": account, "principal_arn": arn, "kind": "attached", "name": policy, "digest": policy}
        rows["principal_policies"].append({**granted, "policy_arn": facts.managed_policy(policy).arn})


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
            "access_policy": json.dumps({"Version": "2012-10-17", "Statement": [copies]}),  # from everywhere, and back
            "created_at": BORN,
        }
    )


def _add_organization(rows: dict[str, list[dict[str, Any]]], ids: list[str]) -> None:
    for kind, name, value in (("organization", "id", ORGANIZATION), ("global", "isCrossAccountBackupEnabled", "true")):
        rows["settings"].append({"account_id": MANAGEMENT, "region": "", "kind": kind, "name": name, "value": value})
    rows["settings"].append({"account_id": MANAGEMENT, "region": REGION, "kind": "opt_in", "name": "DynamoDB", "value": "true"})
    for account in ids:
        rows["settings"].append({"account_id": account, "region": REGION, "kind": "management", "name": "DynamoDB", "value": "true"})
    for kind, name in (("service_access", "backup.amazonaws.com"), ("stack_sets", "organizations_access")):
        rows["settings"].append({"account_id": MANAGEMENT, "region": "", "kind": kind, "name": name, "value": "true"})
    rows["policy_texts"].append({"digest": "trust", "text": TRUST})
    rows["policy_texts"] += [{"digest": name, "text": facts.managed_policy(name).text} for name in (*ROLE_POLICIES, *RESTORE_POLICIES)]
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
    kept = {"Effect": "Deny", "Action": STAYING, "Resource": "*"}  # for accounts in the organization, which any of them may leave
    rails = {**control, "policy_id": "p-2", "name": "BackupsStay", "content": json.dumps({"Version": "2012-10-17", "Statement": [kept]})}
    rows["control_policies"].append({**rails, "target_id": "r-ab12"})


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


def _backups(account: str) -> pa.Table:
    """Return the recovery points in an account's own vault."""
    number = pa.array(range(RESOURCES_EACH * DAYS), pa.int64())
    resource = pc.divide(number, DAYS)
    return _points("fleet-local", pa.repeat(account, len(number)), resource, pc.subtract(number, pc.multiply(resource, DAYS)))


def _copies(accounts: Sequence[str]) -> Iterator[pa.Table]:
    """Yield what the central vault lists: night by night the copies of all accounts' resources, in no order at all."""
    for day in reversed(range(DAYS)):
        mixed = pc.sort_indices(pc.random(len(accounts) * RESOURCES_EACH, initializer=day)).cast(pa.int64())
        for number in (mixed.slice(start, ROWS_AT_ONCE) for start in range(0, len(mixed), ROWS_AT_ONCE)):
            account = pc.divide(number, RESOURCES_EACH)
            resource = pc.subtract(number, pc.multiply(account, RESOURCES_EACH))
            yield _points("fleet-central", pa.array(accounts).take(account), resource, pa.repeat(pa.scalar(day), len(number)))


def _points(vault: str, account: pa.Array, resource: pa.Array, day: pa.Array) -> pa.Table:
    """Return recovery points in an account's own vault or in the central one: of resources by number, made so many days ago."""
    central = vault == "fleet-central"
    owner = CENTRAL if central else account
    created = pc.subtract(_instants().take(resource), pc.multiply(day.cast(pa.int64()), DAY_US).cast(pa.duration("us")))
    names, days = pc.utf8_lpad(resource.cast(pa.string()), 4, "0"), day.cast(pa.string())
    return _table(
        RECOVERY_POINTS,
        len(resource),
        account_id=owner,
        region=REGION,
        vault_name=vault,
        arn=_joined(f"arn:aws:backup:{REGION}:", owner, ":recovery-point:", account, f"-{vault}-", names, "-", days),
        resource_arn=_joined(f"arn:aws:dynamodb:{REGION}:", account, ":table/table-", names),
        resource_type="DynamoDB",
        status="COMPLETED",
        created_at=created,
        completed_at=created,
        delete_at=pc.add(created, pa.scalar(timedelta(days=DAYS))),
        delete_after_days=DAYS,
        size_bytes=10**9,
        source_vault_arn=_joined(f"arn:aws:backup:{REGION}:", account, ":backup-vault:fleet-local") if central else None,
        key_arn=_joined(f"arn:aws:kms:{REGION}:", owner, ":key/backup"),
        encrypted=True,
        plan_id=_joined("orgs/plan-", account),
        plan_version="v",
        rule_id=_joined("rule-", account),
    )


@cache
def _instants() -> pa.Array:
    """Return when the newest recovery point of each resource of an account was made."""
    minutes = (number * 7 % 50 for number in range(RESOURCES_EACH))
    return pa.array([NOW.replace(hour=2) + timedelta(minutes=each) for each in minutes], pa.timestamp("us", tz="UTC"))


def _joined(*parts: Any) -> Any:
    return pc.binary_join_element_wise(*parts, "")


def _table(schema: Any, count: int, **columns: Any) -> pa.Table:
    """Return a table; a single value stands for a column of it, a column that isn't named is null."""
    wanted = ledger.schema(schema)
    arrays = []
    for each in wanted:
        value = columns.get(each.name)
        whole = isinstance(value, pa.Array | pa.ChunkedArray)
        arrays.append(value.cast(each.type) if whole else pa.repeat(pa.scalar(value, each.type), count))
    return pa.table(arrays, schema=wanted)


def _arns(account: str) -> pa.Array:
    return pa.array([f"arn:aws:dynamodb:{REGION}:{account}:table/table-{number:04}" for number in range(RESOURCES_EACH)])


def _key(account: str) -> str:
    return f"arn:aws:kms:{REGION}:{account}:key/backup"


def _vault(account: str, name: str) -> str:
    return f"arn:aws:backup:{REGION}:{account}:backup-vault:{name}"


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 1.0))
