"""How big a twin may get: 100 accounts in two Regions with 10 resources each, seeded, saved, loaded; pages of 1,000 recovery points.

`python -m benchmarks.twin_size [ACCOUNTS]` prints what was measured beside its budget and ends with 1 when one is exceeded.
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3

from benchmarks import table
from strongroom.twin import client, process
from strongroom.twin.state import Endpoint
from strongroom.twin.stem import Stem

REGIONS = ("eu-west-2", "eu-west-1")
POINTS = 1_000
KINDS = ("dynamodb", "dynamodb", "dynamodb", "s3", "s3", "ebs", "ebs", "ebs", "rds", "efs")
TRUST = {"Statement": [{"Effect": "Allow", "Principal": {"Service": "backup.amazonaws.com"}, "Action": "sts:AssumeRole"}]}
# seconds at 100 accounts, and at 10; memory is told, not bounded
BUDGET = {
    "seed": (90, 90),
    "save": (5, 1),
    "load": (5, 1),
    "start of a process with it": (5, 1),
    "page of 1,000 recovery points": (0.05, 0.05),
}


def seed(accounts: int) -> str:
    """Return a seed file with ten resources in each account and Region."""
    members = ", ".join(f'a{number}: "{200000000000 + number}"' for number in range(accounts - 1))
    lines = [
        "twin: 1",
        f"home_region: {REGIONS[0]}",
        f"regions: [{', '.join(REGIONS)}]",
        "organization:",
        '  management: {name: management, id: "111111111111"}',
        f"  units: {{Workloads: {{accounts: {{{members}}}}}}}",
        "users:",
        "  - {name: admin, account: management, access_key: AKIATESTMANAGEMENT01, secret: test}",
        "resources:",
    ]
    for account in ("management", *(f"a{number}" for number in range(accounts - 1))):
        for region in REGIONS:
            for number, kind in enumerate(KINDS):
                name = f"{account}-{region}-{number}"
                lines.append(f"  - {{type: {kind}, name: {name}, account: {account}, region: {region}, tags: {{environment: prod}}}}")
    return "\n".join(lines) + "\n"


def timed(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the seconds that some work took, and what it gave."""
    started = time.perf_counter()
    given = work()
    return time.perf_counter() - started, given


def memory_mib(pid: int) -> int:
    """Return the resident memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) // 1024


def cpu_seconds(pid: int) -> float:
    """Return the processor time that a process has used; others on the machine don't change it much."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def page_seconds(endpoint: Endpoint) -> float:
    """Return the median time in the server of a page of a thousand recovery points."""
    session = boto3.Session(aws_access_key_id=endpoint.access_key, aws_secret_access_key=endpoint.secret, region_name=endpoint.region)
    iam, backup = (session.client(name, endpoint_url=endpoint.url) for name in ("iam", "backup"))
    role = iam.create_role(RoleName="backups", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", **TRUST}))["Role"]["Arn"]
    backup.create_backup_vault(BackupVaultName="full")
    table = f"arn:aws:dynamodb:{endpoint.region}:{endpoint.account}:table/management-{endpoint.region}-0"
    for number in range(POINTS):
        backup.start_backup_job(BackupVaultName="full", ResourceArn=table, IamRoleArn=role, IdempotencyToken=str(number))
        if number % 50 == 49:  # jobs of a resource take turns
            client.move_clock(endpoint, advance="6h")
    scope = f"{endpoint.access_key}/20270101/{endpoint.region}/backup/aws4_request"
    url = f"{endpoint.url}/backup-vaults/full/recovery-points/?maxResults={POINTS}"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    wire = urllib.request.Request(url, headers=signed)  # noqa: S310 - our own server
    for _ in range(9):
        with urllib.request.urlopen(wire) as answer:  # noqa: S310 - our own server
            found = len(json.load(answer)["RecoveryPoints"])
    if found != POINTS:
        sys.exit(f"the vault has {found} recovery points, {POINTS} were expected")
    return statistics.median(call["duration_ms"] for call in client.calls(endpoint)[-9:]) / 1000


LOAD = """
import os, sys, time
from pathlib import Path
from strongroom.twin import saved, server
app = server._assemble()
started = time.perf_counter()
path = Path(sys.argv[1])
saved.restore(app, *saved.read(path), path)
print(time.perf_counter() - started, flush=True)
os._exit(0)
"""


def load_seconds(state: Path) -> float:
    """Return how long the state itself takes; the rest of a start is Python's imports."""
    done = subprocess.run([sys.executable, "-c", LOAD, str(state)], capture_output=True, text=True, check=True)
    return float(done.stdout)


def main(accounts: int) -> int:
    """Measure; return 1 when a budget is exceeded."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "seed.yaml").write_text(seed(accounts), encoding="utf-8")
        measured: dict[str, float] = {}
        measured["seed"], endpoint = timed(lambda: process.up(folder / "seeded", 0, folder / "seed.yaml"))
        try:
            mib = memory_mib(endpoint.pid)
            measured["save"], content = timed(lambda: client.save(endpoint))
            measured["page of 1,000 recovery points"] = page_seconds(endpoint)
        finally:
            process.down(folder / "seeded")
        (folder / "state").write_bytes(content)
        measured["load"] = load_seconds(folder / "state")
        measured["start of a process with it"], endpoint = timed(lambda: process.up(folder / "loaded", 0, state=folder / "state"))
        used = cpu_seconds(endpoint.pid)
        if client.status(endpoint)["accounts"] != accounts:
            sys.exit("the loaded twin has other accounts")
        process.down(folder / "loaded")
        with Stem(folder / "stem", state=folder / "state") as stem:
            measured["fork"], _ = timed(lambda: stem.grow(folder / "forked"))
    resources = accounts * len(REGIONS) * len(KINDS)
    print(f"{accounts} accounts, {len(REGIONS)} Regions, {resources} resources: {mib} MiB, {len(content):,} bytes saved")
    print(f"the start of a process with it used {used:.2f} s of a processor")
    over = 0
    for what, seconds in measured.items():
        over += table.seen(f"{what} ({accounts})", seconds, BUDGET.get(what, (None, None))[accounts < 100])
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100))
