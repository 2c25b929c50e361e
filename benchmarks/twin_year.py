"""A year of daily backups with two copies of 1,000 resources: about 1.1 million jobs, through the wire and the virtual clock.

`python -m benchmarks.twin_year [RESOURCES] [DAYS]`.
"""

import argparse
import json
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import boto3

from benchmarks import table
from benchmarks.twin_size import TRUST, cpu_seconds, memory_mib
from strongroom.twin import client, process
from strongroom.twin.state import Endpoint

SECONDS_MAX = 120
KEEP_DAYS = 35
SEED = """\
twin: 1
home_region: eu-west-2
organization:
  management: {{name: management, id: "111111111111"}}
users:
  - {{name: admin, account: management, access_key: AKIATESTMANAGEMENT01, secret: test}}
resources:
  - {{type: dynamodb, name: "table-{{n}}", count: {resources}, account: management, items: 0, tags: {{environment: prod}}}}
"""


def prepare(endpoint: Endpoint) -> None:
    """Make three vaults, a role and a daily plan with two copies."""
    session = boto3.Session(aws_access_key_id=endpoint.access_key, aws_secret_access_key=endpoint.secret, region_name=endpoint.region)
    iam, backup = (session.client(name, endpoint_url=endpoint.url) for name in ("iam", "backup"))
    role = iam.create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **TRUST}))["Role"]["Arn"]
    vaults = [backup.create_backup_vault(BackupVaultName=name)["BackupVaultArn"] for name in ("daily", "second", "third")]
    life = {"DeleteAfterDays": KEEP_DAYS}
    rule: dict[str, Any] = {
        "RuleName": "daily",
        "TargetBackupVaultName": "daily",
        "ScheduleExpression": "cron(0 2 ? * * *)",
        "Lifecycle": life,
        "CopyActions": [{"DestinationBackupVaultArn": arn, "Lifecycle": life} for arn in vaults[1:]],
    }
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "year", "Rules": [rule]})["BackupPlanId"]
    tags = [{"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": "prod"}]
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection={"SelectionName": "all", "IamRoleArn": role, "ListOfTags": tags})


def main(resources: int, days: int) -> int:
    """Measure; return 1 when the budget is exceeded."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "seed.yaml").write_text(SEED.format(resources=resources), encoding="utf-8")
        endpoint = process.up(home, 0, home / "seed.yaml")
        try:
            prepare(endpoint)
            before, idle = memory_mib(endpoint.pid), cpu_seconds(endpoint.pid)
            started = time.perf_counter()
            counts = client.move_clock(endpoint, advance=f"{days}d")["counts"]
            seconds = time.perf_counter() - started
            after, used = memory_mib(endpoint.pid), cpu_seconds(endpoint.pid) - idle
            saving = time.perf_counter()
            saved = len(client.save(endpoint))
            saving = time.perf_counter() - saving
        finally:
            process.down(home)
    jobs = counts["backup_jobs"] + counts["copy_jobs"]
    print(f"{resources} resources, {days} days: {jobs:,} jobs, {counts['expired']:,} recovery points expired")
    print(f"{used:.1f} s of a processor")
    print(f"{jobs / seconds:,.0f} jobs a second, memory {before} MiB before, {after} MiB after")
    print(f"saved in {saving:.1f} s, {saved:,} bytes")
    return 1 if table.seen("twin_year", seconds, SECONDS_MAX) else 0


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(prog="benchmarks.twin_year")
    arguments.add_argument("resources", type=int, nargs="?", default=1_000)
    arguments.add_argument("days", type=int, nargs="?", default=366)
    options = arguments.parse_args()
    sys.exit(main(options.resources, options.days))
