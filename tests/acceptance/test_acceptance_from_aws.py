"""An organization that others built with the AWS CLI: read, written down, checked, proven; and what goes wrong is named."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.detect import by_hand

from strongroom.errors import ExitCode

DRAWN = 41


@dataclass
class Read:
    """The organization, and a user in its management account who has run `init --from-aws`."""

    org: by_hand.ByHand
    user: Any  # a Shell
    said: str


@pytest.fixture(scope="module")
def read(shell_in, tmp_path_factory) -> Iterator[Read]:
    """A first sync and `init --from-aws` in an empty folder."""
    home = tmp_path_factory.mktemp("others")
    with by_hand.built(home, DRAWN) as org:
        user = shell_in(tmp_path_factory.mktemp("adopted"))
        user.variables = {**user.variables, **org.environment(org.it.management, org.it.home)}
        answer = user.strongroom("init", "--from-aws", "--region", org.it.home, "--region", org.it.second)
        yield Read(org, user, answer.out)


def strategy(read):
    return (read.user.folder / "strategy.yaml").read_text(encoding="utf-8")


def test_the_strategy_says_what_is_there(read):
    """Plans, vaults, the role and the central account by their names in AWS, at most 15 lines a plan, times in human units."""
    it, text = read.org.it, strategy(read)
    assert "3 plans" in read.said
    for name in (*it.plans, it.own_plan, it.vault, it.own_vault, it.copies, it.far, it.role):
        assert f"adopt: {name}" in text
    assert f'central: "{it.central}"' in text
    assert "keep: 35d" in text
    assert "keep: 1y" in text
    plans = re.split(r"\n  (?=[a-z])", text.partition("plans:")[2])
    assert max(plan.count("\n") for plan in plans) <= 15


def test_check_accepts_it(read):
    """It is a strategy like any other."""
    read.user.strongroom("check", "--fail-on", "error")


def test_plan_finds_nothing_to_do(read):
    """Everything in it is somebody else's, and there."""
    answer = read.user.strongroom("plan", "--format", "json").json
    assert answer["plan"]["steps"] == []


def test_verify_proves_it(read):
    """Every chain of every plan, the one that was made by hand included; nothing was installed but a role that reads."""
    read.user.strongroom("sync")
    answer = read.user.strongroom("verify", "--format", "json").json
    assert answer["faults"] == []
    assert (answer["chains"]["broken"], answer["chains"]["unknown"]) == (0, 0)
    assert answer["chains"]["proven"] >= 3 * 3 + 1  # orders with two copies in three accounts, and the ledger


def test_an_existing_file_is_never_overwritten(read):
    """Not by what AWS shows either."""
    answer = read.user.strongroom("init", "--from-aws", code=ExitCode.BAD_INPUT)
    assert "exists already" in answer.err


def test_options_of_the_other_way_are_refused(read):
    """A template needs no Region, and AWS no template."""
    assert "--from-aws" in read.user.strongroom("init", "other.yaml", "--region", "eu-west-2", code=ExitCode.BAD_INPUT).err
    both = read.user.strongroom("init", "other.yaml", "--from-aws", "--template", "dora", code=ExitCode.BAD_INPUT)
    assert "leave out --template" in both.err


def faults(read):
    read.user.strongroom("sync")
    return read.user.run("strongroom", "verify", "--format", "json").json["faults"]


@contextmanager
def then(read, *repair):
    """Plant something inside, and repair it with a command of the AWS CLI whatever comes of it."""
    try:
        yield
    finally:
        read.org.aws(*repair)


def only(read, mode):
    found = faults(read)
    assert [fault["failure_mode"] for fault in found] == [mode], f"no error found, the checker is broken: {found}"
    return found[0]


def test_a_vault_policy_that_was_removed_is_named(read):
    """FM21: no copy gets in any more."""
    it = read.org.it
    vault = ("--backup-vault-name", it.far)
    policy = read.org.aws(it.central, it.second, "backup", "get-backup-vault-access-policy", *vault)["Policy"]
    with then(read, it.central, it.second, "backup", "put-backup-vault-access-policy", *vault, "--policy", policy):
        read.org.aws(it.central, it.second, "backup", "delete-backup-vault-access-policy", *vault)
        fault = only(read, "FM21")
    assert it.far in fault["cause"]
    assert fault["resources"] == 3


@pytest.mark.long
def test_a_lock_that_is_too_short_is_named(read):
    """FM03 or FM04: copies ask for more than the lock allows, and the lock is not the one that was written down."""
    it = read.org.it
    lock = ("backup", "put-backup-vault-lock-configuration", "--backup-vault-name", it.copies, "--min-retention-days", "7")
    with then(read, it.central, it.home, *lock, "--max-retention-days", "400"):
        read.org.aws(it.central, it.home, *lock, "--max-retention-days", "100")
        found = faults(read)
    assert {fault["failure_mode"] for fault in found} <= {"FM03", "FM04"}
    assert any("is locked to 7 to 100 days, the retention is 366 days" in fault["cause"] for fault in found), found


@pytest.mark.long
def test_a_tag_with_a_typo_is_named(read):
    """FM10: the table is in no plan any more."""
    it, account = read.org.it, read.org.it.workloads[0]
    arn = f"arn:aws:dynamodb:{it.home}:{account}:table/orders-0"
    tag = ("dynamodb", "tag-resource", "--resource-arn", arn, "--tags")
    with then(read, account, it.home, *tag, f"Key={it.key},Value={it.values[0]}"):
        read.org.aws(account, it.home, *tag, f"Key={it.key},Value={it.values[0].swapcase()}")
        fault = only(read, "FM10")
    assert f"is almost {it.key}: {it.values[0]}" in fault["cause"]


@pytest.mark.long
def test_a_plan_that_somebody_edited_is_named(read):
    """FM35: an adopted plan is compared with what was written down of it, its selection too."""
    it = read.org.it
    organizations = ("organizations",)
    listed = read.org.aws(it.management, it.home, *organizations, "list-policies", "--filter", "BACKUP_POLICY")["Policies"]
    policy = next(each["Id"] for each in listed if each["Name"] == "corporate-backups")
    before = read.org.aws(it.management, it.home, *organizations, "describe-policy", "--policy-id", policy)["Policy"]["Content"]
    edit = (*organizations, "update-policy", "--policy-id", policy, "--content")
    with then(read, it.management, it.home, *edit, before):
        read.org.aws(it.management, it.home, *edit, before.replace(f'["{it.values[1]}"]', '["nobody"]'))
        fault = only(read, "FM35")
    assert "selects other resources than the strategy" in fault["cause"]
