"""Time compile and plan for 1,000 accounts in four Regions against a generated ledger of 400,000 resources.

`python -m benchmarks.plan_size [ACCOUNTS]` prints seconds and peak memory beside their budget, and how many write calls `apply` would
make, which must not grow with the accounts; it ends with 1 when something is exceeded. What AWS needs to answer is no part of it.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks import table
from strongroom import compiler, ledger
from strongroom.api.strategy import load_strategy
from strongroom.domain.deployment import DeployedPolicy, DeployedStackSet, Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.domain.organization import OrganizationalUnit
from strongroom.domain.tables import ACCOUNTS, READS, RESOURCES, SETTINGS
from strongroom.workflows.planning import plan_changes
from strongroom.workflows.planning.accounts import account_findings
from strongroom.workflows.planning.meaning import meanings

SECONDS_MAX, GIB_MAX = 30.0, 2.0
REGIONS = ("eu-west-2", "eu-west-1", "eu-central-1", "us-east-1")
RESOURCES_EACH = 100  # in an account and Region
FAILED = 10  # accounts whose stack instances have failed
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
MANAGEMENT, CENTRAL = AccountId("111111111111"), AccountId("333333333333")
STRATEGY = f"""\
strongroom: 1
name: large
organization:
  home_region: {REGIONS[0]}
  regions: [{", ".join(REGIONS)}]
  accounts: {{management: "{MANAGEMENT}", central: "{CENTRAL}"}}
  governs: [Workloads]
  opt_in: [dynamodb, s3]
vaults:
  local: {{in: every-account}}
  central: {{in: central, region: {REGIONS[0]}}}
  dr: {{in: central, region: {REGIONS[1]}}}
plans:
  production:
    select: {{tags: {{environment: prod}}}}
    rules:
      daily: {{at: "02:00", keep: KEEPd, copy: [central, DR]}}
  staging:
    select: {{tags: {{environment: staging}}}}
    rules: {{weekly: {{at: "Sunday 03:00", keep: 60d}}}}
"""


def main(accounts: int) -> int:
    """Make a ledger, measure a process of its own that plans against it, and compare."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        write_ledger(home, [f"{600_000_000_000 + number}" for number in range(accounts)])
        command = [sys.executable, "-m", "benchmarks.plan_size", "measure", folder, str(accounts)]
        started = time.perf_counter()
        done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
        seconds, gib = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 2**20
    if done.returncode:
        return done.returncode
    print(done.stdout.strip())
    return 1 if table.seen("plan_size", seconds, SECONDS_MAX, gib=gib, gib_max=GIB_MAX) else 0


def measure(home: Path, accounts: int) -> int:
    """Compile and plan a change of the strategy in an organization where its former version is deployed, and print what came out."""
    (home / "before.yaml").write_text(STRATEGY.replace("KEEP", "30").replace(", DR", ""), encoding="utf-8")
    (home / "after.yaml").write_text(STRATEGY.replace("KEEP", "60").replace("DR", "dr"), encoding="utf-8")
    before = compiler.compile_strategy(load_strategy(home / "before.yaml"))
    estate = compiler.compile_strategy(load_strategy(home / "after.yaml"))
    small, large = (planned(estate, deployment(before, number)) for number in (10, accounts))
    if small != large:
        print(f"a plan for {accounts} accounts has other steps than one for 10: {large} instead of {small}", file=sys.stderr)
        return 1
    snapshot = ledger.latest(home)
    findings = account_findings(estate, snapshot)
    found = meanings(estate, deployment(before, accounts), snapshot)
    words = "; ".join(row.sentence for row in found.rows[:2])
    print(f"{len(large)} steps for {accounts} accounts as for 10; {len(findings)} findings; {words}")
    return 0


def planned(estate: Estate, deployed: Deployment) -> list[str]:
    """Return the kinds of the steps of a plan: each is a bounded number of write calls."""
    found = plan_changes(estate, deployed, plan_id="large-1")
    if found.plan is None:
        sys.exit(f"the benchmark's own organization is wrong: {found.findings}")
    return [type(step.action).__name__ for step in found.plan.steps]


def deployment(before: Estate, accounts: int) -> Deployment:
    """Return an organization in which a strategy is deployed but for a few stack instances that failed."""
    ids = tuple(AccountId(f"{600_000_000_000 + number}") for number in range(accounts))
    regions = tuple(Region(region) for region in REGIONS)
    stack_sets = tuple(
        DeployedStackSet(
            name=each.name,
            template=each.template,
            parameters=each.parameters,
            owner=before.name,
            deployed_to=tuple(("ou-work", region) for region in each.regions),
            failed=tuple((account, regions[0], "no") for account in ids[:FAILED]),
        )
        for each in before.stack_sets
    )
    policies = tuple(
        DeployedPolicy(
            type=PolicyType.BACKUP,
            policy_id=f"p-{number}",
            name=each.name,
            content=each.content,
            owner=before.name,
            targets=("ou-work",),
        )
        for number, each in enumerate(before.policies)
    )
    return Deployment(
        observed_at=NOW,
        organization_id="o-exampleorg1",
        management_account=MANAGEMENT,
        root_id="r-ab12",
        units=(OrganizationalUnit(id="ou-work", name="Workloads", path="Workloads"),),
        accounts=(MANAGEMENT, CENTRAL, *ids),
        policy_types=tuple(PolicyType),
        trusted_services=("backup.amazonaws.com",),
        stack_sets_trusted=True,
        delegated_administrators=(),
        global_settings=(("isCrossAccountBackupEnabled", "true"),),
        opt_in=tuple((region, ()) for region in regions),
        policies=policies,
        stacks=(),
        stack_sets=stack_sets,
        ou_paths=tuple((account, "Workloads") for account in ids),
    )


def write_ledger(home: Path, ids: list[str]) -> None:
    """Write a snapshot of accounts with resources in every Region, and settings that were read."""
    accounts = [(each, f"a-{each}", "ACTIVE", "Workloads", ["r-ab12", "ou-work"], False, None) for each in ids]
    reads = [(account, region, "settings", True, "", "") for account in ids for region in REGIONS]
    settings = [(account, region, "opt_in", kind, "true") for account in ids for region in REGIONS for kind in ("DynamoDB", "S3")]
    tables = {
        "accounts": ledger.from_rows(ACCOUNTS, accounts),
        "reads": ledger.from_rows(READS, reads),
        "settings": ledger.from_rows(SETTINGS, settings),
        "resources": pa.concat_tables([resources(each) for each in ids]),
    }
    ledger.write(home, tables, observed_at=NOW, source={"verb": "benchmark"})


def resources(account: str) -> pa.Table:
    """Return the resources of one account: a third of them production, a third staging."""
    environments = ("prod", "staging", "dev")
    places = [(region, number) for region in REGIONS for number in range(RESOURCES_EACH)]
    known: dict[str, list[Any]] = {
        "account_id": [account] * len(places),
        "region": [region for region, _ in places],
        "arn": [f"arn:aws:dynamodb:{region}:{account}:table/t-{number}" for region, number in places],
        "type": ["DynamoDB"] * len(places),
        "name": [f"t-{number}" for _, number in places],
        "tags": [[("environment", environments[number % 3])] for _, number in places],
    }
    schema = ledger.schema(RESOURCES)
    return pa.table([pa.array(known.get(field.name, [None] * len(places)), field.type) for field in schema], schema=schema)


if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        sys.exit(measure(Path(sys.argv[2]), int(sys.argv[3])))
    sys.exit(main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000))
