"""Wherever an apply stops: what the old and the new strategy both protect is protected on every day in between."""

from datetime import datetime

import pytest

from strongroom.api.plan import apply, plan
from strongroom.errors import BadInput
from strongroom.twin import client as control

CENTRAL = {"aws_access_key_id": "AKIATWINCENTRAL00001", "aws_secret_access_key": "local-central"}
PAYMENTS = {"aws_access_key_id": "AKIATWINPAYMENTS0001", "aws_secret_access_key": "local-payments"}
CHANGES = (
    # another plan in front, a longer retention, a copy more, a new vault in another Region, an alias of the rule
    ("vaults:\n", "vaults:\n  dr: {in: central, region: eu-west-1}\n"),
    (
        'daily: {at: "02:00", keep: 30d, copy: {to: central, keep: 1y}}',
        'daily: {at: "02:00", keep: 40d, copy: [{to: central, keep: 1y}, dr]}',
    ),
    ("plans:\n", 'plans:\n  monthly:\n    select: {tags: {environment: prod}}\n    rules: {first: {at: "day 1 06:00", keep: 90d}}\n'),
)


@pytest.fixture
def program(own_world, monkeypatch):
    """The environment of the world's shell in this process."""
    for name, value in own_world.shell._environment({}).items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(own_world.shell.folder)
    return own_world


def newest(world, vault, region="eu-west-2", **keys):
    """The creation of the newest completed recovery point in a vault."""
    pages = world.client("backup", region, **keys).get_paginator("list_recovery_points_by_backup_vault").paginate(BackupVaultName=vault)
    return max(point["CreationDate"] for page in pages for point in page["RecoveryPoints"] if point["Status"] in {"COMPLETED", "AVAILABLE"})


def now(world):
    return datetime.fromisoformat(control.clock(world.endpoint)["now"])


def test_every_stop_leaves_yesterday_s_protection(program):
    """One step a day, each followed by a crash: every night brings its backup and its copy to the vault that was there before."""
    home = program.shell.folder / "home"
    strategy = program.shell.strategy("tiers")
    made = plan(strategy)
    apply(made, made.plan, home=home, on_step=lambda _step, _total: None)
    control.move_clock(program.endpoint, advance="2d")
    program.shell.strategy("tiers", *CHANGES)
    days = 0
    while (made := plan(strategy)).plan.steps:

        def crash(step, _total):
            if step.number == 2:
                raise BadInput("the machine is gone")

        if len(made.plan.steps) > 1:
            with pytest.raises(BadInput, match="the machine is gone"):
                apply(made, made.plan, home=home, on_step=crash)
        else:
            apply(made, made.plan, home=home, on_step=crash)
        control.move_clock(program.endpoint, advance="1d")
        days += 1
        for vault, keys in (("tiers-local", PAYMENTS), ("tiers-central", CENTRAL)):
            age = now(program) - newest(program, vault, **keys)
            assert age.total_seconds() < 27 * 3600, f"day {days}, after {made.plan.steps[0].title}: {vault} is {age} behind"
        assert days < 30
    assert days > 3
    control.move_clock(program.endpoint, advance="2d")
    assert (now(program) - newest(program, "tiers-dr", "eu-west-1", **CENTRAL)).total_seconds() < 27 * 3600
