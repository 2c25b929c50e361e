"""Time the promises of the design about semantics and checks. `python -m benchmarks.semantics [NAME…]`.

Each prints its seconds and its budget; the exit code is 1 when one is exceeded.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from benchmarks import table
from strongroom.semantics import policies
from strongroom.semantics.schedule import count, parse_cron, upcoming

NOW = datetime(2026, 11, 21, tzinfo=UTC)
TYPES = ("EBS", "EC2", "S3", "RDS", "DynamoDB", "EFS")


def effective_policies() -> None:
    """Merge for 10,000 accounts on 500 distinct paths, each account with a policy of its own."""
    paths = [policies.Merged().with_level([_plan("Base")]).with_level([_regions("Base", f"r{path}")]) for path in range(500)]
    for account in range(10_000):
        own = {"plans": {"Base": {"selections": {"tags": {"s": {"tag_value": {"@@append": [f"v{account}"]}}}}}}}
        paths[account % 500].with_level([own]).document(f"{account:012}")


def cron() -> None:
    """Parse 10,000 distinct expressions, and give the next 100 runs and the count of a year of each."""
    until = NOW.replace(year=NOW.year + 1)
    zones = ("UTC", "Europe/London", "America/New_York")
    for number in range(10_000):
        minute, hour = number % 60, number // 60 % 24
        day = ("* * ?", "? * MON-FRI", "L * ?", "? * 6#2")[number // 1440 % 4]
        expression = parse_cron(f"cron({minute} {hour} {day} {'*' if number < 5760 else '2026-2199'})")
        upcoming(expression, zones[number % 3], NOW, 100)
        count(expression, zones[number % 3], NOW, until)


def selection(table: Any) -> None:
    """Ask 20 selections (tags, types, two wildcards, two conditions each) of a million resources."""
    from strongroom.semantics.selection import PlanSelection  # noqa: PLC0415 - pyarrow is loaded for this benchmark alone
    from strongroom.semantics.selection_columns import Tags, plan_mask  # noqa: PLC0415

    tags, opt_in = Tags(table), dict.fromkeys(TYPES, True)
    for number in range(20):
        plan_mask(PlanSelection.parse(_selection(number)), table, opt_in, tags)


def _timed_checks() -> Callable[[], None]:
    """Prepare the checks of 20 plans over a million resources: reading their columns is measured, making them isn't."""
    from strongroom import checks, compiler, strategyfile  # noqa: PLC0415
    from strongroom.checks.inventory_table import inventory  # noqa: PLC0415

    plans = "".join(
        f"  p{number}:\n    select: {{tags: {{environment: e{number % 11}, team: t{number % 9}}}}}\n    rules:\n"
        f'      daily: {{at: "{number:02}:10", start_within: 1h, keep: 30d, copy: central}}\n'
        for number in range(20)
    )
    head = "strongroom: 1\norganization: {home_region: eu-west-2, accounts: {central: '333333333333'}, governs: [Workloads]}\n"
    parsed = strategyfile.parse(
        f"{head}vaults:\n  local: {{in: every-account}}\n  central: {{in: central}}\nplans:\n{plans}", file="s.yaml"
    )
    if parsed.strategy is None:
        raise ValueError(parsed.findings)
    estate, table = compiler.compile_strategy(parsed.strategy), _resources(1_000_000, region="eu-west-2", account="111122223333")
    return lambda: (checks.run(estate, inventory(table)), None)[1]


def _timed_selection() -> Callable[[], None]:
    table = _resources(1_000_000)  # what a ledger would have; making it isn't measured
    return lambda: selection(table)


BENCHMARKS: dict[str, tuple[Callable[[], Callable[[], None]], float]] = {  # what prepares the run, and its budget in seconds
    "effective_policies": (lambda: effective_policies, 2.0),
    "cron": (lambda: cron, 2.0),
    "selection": (_timed_selection, 10.0),
    "checks": (_timed_checks, 10.0),
}


def main(names: list[str]) -> int:
    """Run the named benchmarks, or all."""
    over = 0
    for name, (prepare, seconds_max) in BENCHMARKS.items():
        if names and name not in names:
            continue
        run = prepare()
        started = time.perf_counter()
        run()
        seconds = time.perf_counter() - started
        over += table.seen(name, seconds, seconds_max)
    return 1 if over else 0


def _assign(value: Any) -> dict[str, Any]:
    return {"@@assign": value}


def _regions(plan: str, region: str) -> dict[str, Any]:
    return {"plans": {plan: {"regions": {"@@append": [region]}}}}


def _plan(name: str) -> dict[str, Any]:
    arn = "arn:aws:backup:eu-west-1:$account:backup-vault:dr"
    rule = {
        "schedule_expression": _assign("cron(0 2 * * ? *)"),
        "target_backup_vault_name": _assign("local"),
        "start_backup_window_minutes": _assign("60"),
        "lifecycle": {"delete_after_days": _assign("30")},
        "copy_actions": {arn: {"target_backup_vault_arn": _assign(arn), "lifecycle": {"delete_after_days": _assign("365")}}},
    }
    selected = {"iam_role_arn": _assign("arn:aws:iam::$account:role/AWSBackup"), "tag_key": _assign("env"), "tag_value": _assign(["prod"])}
    body = {"regions": _assign(["eu-west-2"]), "rules": {"Daily": rule, "Weekly": rule}, "selections": {"tags": {"s": selected}}}
    return {"plans": {name: body}}


def _selection(number: int) -> dict[str, Any]:
    return {
        "SelectionName": f"s{number}",
        "Resources": [f"arn:aws:s3:::bucket-{number}*", "arn:aws:ec2:*:*:volume/*", "arn:aws:dynamodb:eu-west-2:111122223333:table/*"],
        "ListOfTags": [{"ConditionType": "STRINGEQUALS", "ConditionKey": "environment", "ConditionValue": f"e{number % 7}"}],
        "Conditions": {
            "StringNotEquals": [{"ConditionKey": "aws:ResourceTag/stage", "ConditionValue": "test"}],
            "StringLike": [{"ConditionKey": "aws:ResourceTag/team", "ConditionValue": f"t{number % 5}*"}],
        },
    }


def _resources(rows: int, **same: str) -> Any:
    import pyarrow as pa  # noqa: PLC0415

    shapes = ("ec2:eu-west-2:111122223333:volume/vol-", "ec2:eu-west-2:111122223333:instance/i-", "s3:::bucket-")
    others = ("rds:eu-west-2:111122223333:db:d", "dynamodb:eu-west-2:111122223333:table/t", "elasticfilesystem:eu-west-2:111122223333:fs/f")
    arns = [f"arn:aws:{(*shapes, *others)[row % 6]}{row}" for row in range(rows)]
    tags = [[("environment", f"e{row % 11}"), ("team", f"t{row % 9}"), ("stage", "test" if row % 3 else "live")] for row in range(rows)]
    types = pa.array([TYPES[row % 6] for row in range(rows)], pa.string())
    columns = {"arn": pa.array(arns, pa.string()), "type": types, "tags": pa.array(tags, pa.map_(pa.string(), pa.string()))}
    return pa.table(columns | {name: pa.repeat(pa.scalar(value), rows) for name, value in same.items()})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
