"""What stands around healthy chains and is not what it looks like: locks, legal holds, tags. Planted, named, repaired."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.shuffling import Resource, Shuffled, shuffled

from strongroom.api.verify import coverage
from strongroom.proof import Verification
from strongroom.twin import client as control

DRAWN = 31


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """The one finding of a code, and the failure modes that come with it."""

    code: str
    says: str
    fix: str
    count: int
    modes: frozenset[str]


Plant = Callable[[World, Shuffled], AbstractContextManager[Expected]]


@contextmanager
def _locked(world: World, it: Shuffled, most: int) -> Iterator[str]:
    region, name = it.central_vaults[1]
    backup = world.client("backup", it.central, region)
    lock = {"MinRetentionDays": 1, "MaxRetentionDays": most, "ChangeableForDays": 3}
    backup.put_backup_vault_lock_configuration(BackupVaultName=name, **lock)
    hardens_at = backup.describe_backup_vault(BackupVaultName=name)["LockDate"]
    yield f"the compliance lock of vault {name} in {region}, 1 to {most} days, hardens on {hardens_at:%Y-%m-%d} and "
    backup.delete_backup_vault_lock_configuration(BackupVaultName=name)


@contextmanager
def lock_that_nobody_declared(world: World, it: Shuffled) -> Iterator[Expected]:
    """A central vault gets a compliance lock that suits all rules; in three days it is for ever."""
    with _locked(world, it, 36500) as said:
        fix = "backup delete-backup-vault-lock-configuration"
        yield Expected(code="VRF150", says=f"{said}is not declared", fix=fix, count=1, modes=frozenset({"FM04"}))


@contextmanager
def lock_that_refuses_what_is_declared(world: World, it: Shuffled) -> Iterator[Expected]:
    """A central vault gets a compliance lock below the retention of its copies: there are three days to take it back."""
    with _locked(world, it, 100) as said:
        fix = "backup delete-backup-vault-lock-configuration"
        yield Expected(code="VRF150", says=f"{said}refuses {it.plans[0]}", fix=fix, count=1, modes=frozenset({"FM03", "FM04"}))


@contextmanager
def _hold(world: World, account: str, region: str, title: str, **selection: Any) -> Iterator[None]:
    backup = world.client("backup", account, region)
    made = backup.create_legal_hold(Title=title, Description="-", RecoveryPointSelection=selection)
    control.move_clock(world.endpoint, advance="10m")
    yield
    backup.cancel_legal_hold(LegalHoldId=made["LegalHoldId"], CancelDescription="-")
    control.move_clock(world.endpoint, advance="10m")


def _table_arn(table: Resource) -> str:
    return f"arn:aws:dynamodb:{table.region}:{table.account}:table/{table.name}"


def _unmeant_table(it: Shuffled) -> Resource:
    """A table of a governed account that no plan is meant for."""
    outside = {it.central, it.bystander}
    return next(each for each in it.resources if each.tier < 0 and each.kind == "dynamodb" and each.account not in outside)


@contextmanager
def hold_without_recovery_points(world: World, it: Shuffled) -> Iterator[Expected]:
    """A hold names a table that nobody has ever backed up."""
    table = _unmeant_table(it)
    with _hold(world, table.account, table.region, "case 1", ResourceIdentifiers=[_table_arn(table)]):
        says = "holds nothing of 1 that it names"
        yield Expected(code="VRF160", says=says, fix="start-backup-job", count=1, modes=frozenset({"FM29"}))


@contextmanager
def hold_on_a_continuous_recovery_point(world: World, it: Shuffled) -> Iterator[Expected]:
    """A hold names a database and a vault that has its continuous recovery point, and no other."""
    database = _continuous(it)
    client = world.client("rds", database.account, database.region)
    arn = client.describe_db_instances(DBInstanceIdentifier=database.name)["DBInstances"][0]["DBInstanceArn"]
    with _hold(world, database.account, database.region, "case 2", ResourceIdentifiers=[arn], VaultNames=["continuous"]):
        says = "there are continuous recovery points, which a hold leaves out"
        yield Expected(code="VRF160", says=says, fix="start-backup-job", count=1, modes=frozenset({"FM29"}))


@contextmanager
def hold_that_leaves_copies_out(world: World, it: Shuffled) -> Iterator[Expected]:
    """A hold in the account of a table; the older history of that table lies in the central account."""
    table = it.pick("dynamodb", 1)
    region, name = it.central_vaults[0]
    with _hold(world, table.account, table.region, "case 3", ResourceIdentifiers=[_table_arn(table)]):
        says = f"copies in vault {name} in {region} of account {it.central} that are older than all it holds"
        yield Expected(code="VRF161", says=says, fix="create-legal-hold", count=_older(world, it, table), modes=frozenset({"FM29"}))


def _older(world: World, it: Shuffled, table: Resource) -> int:
    """How many copies of a table are older than its oldest local recovery point."""
    region, name = it.central_vaults[0]
    places = ((table.account, table.region, it.local_vault), (it.central, region, name))
    local, copies = (
        [
            point["CreationDate"]
            for point in world.client("backup", account, where).list_recovery_points_by_backup_vault(
                BackupVaultName=vault, ByResourceArn=_table_arn(table)
            )["RecoveryPoints"]
        ]
        for account, where, vault in places
    )
    return sum(at < min(local) for at in copies)


@contextmanager
def holds_near_the_limit(world: World, it: Shuffled) -> Iterator[Expected]:
    """Forty-five holds of fifty that an account may have."""
    backup = world.client("backup", it.central, it.home_region)
    selection = {"VaultNames": [it.central_vaults[0][1]]}
    holds = [
        backup.create_legal_hold(Title=f"{number}", Description="-", RecoveryPointSelection=selection)["LegalHoldId"]
        for number in range(45)
    ]
    control.move_clock(world.endpoint, advance="10m")
    says = f"account {it.central} has 45 legal holds in {it.home_region}, 50 are allowed"
    yield Expected(code="VRF162", says=says, fix="cancel-legal-hold", count=45, modes=frozenset({"FM29"}))
    for hold in holds:
        backup.cancel_legal_hold(LegalHoldId=hold, CancelDescription="-")
    control.move_clock(world.endpoint, advance="10m")


@contextmanager
def tagged_types_that_nobody_backs_up(world: World, it: Shuffled) -> Iterator[Expected]:
    """A secret of two accounts carries the tag of production, one more a tag that means nothing."""
    places = sorted({(each.account, each.region) for each in it.resources if each.tier >= 0})[:2]
    for number, (account, region) in enumerate(places):
        secrets = world.client("secretsmanager", account, region)
        tags = [{"Key": it.tag_key, "Value": it.tag_values[0]}]
        secrets.create_secret(Name=f"meant-{number}", SecretString="-", Tags=tags)
        secrets.create_secret(Name=f"unmeant-{number}", SecretString="-", Tags=[{"Key": it.tag_key, "Value": "nobody"}])
    says = "and resources of it carry the tags of a plan"
    yield Expected(code="VRF170", says=says, fix="replicate the secret", count=2, modes=frozenset({"FM32"}))
    for number, (account, region) in enumerate(places):
        for name in (f"meant-{number}", f"unmeant-{number}"):
            world.client("secretsmanager", account, region).delete_secret(SecretId=name, ForceDeleteWithoutRecovery=True)


SHORT: tuple[Plant, ...] = (lock_that_refuses_what_is_declared, hold_that_leaves_copies_out, tagged_types_that_nobody_backs_up)
LONG: tuple[Plant, ...] = (
    lock_that_nobody_declared,
    hold_without_recovery_points,
    hold_on_a_continuous_recovery_point,
    holds_near_the_limit,
)


@pytest.fixture(scope="module")
def drawn() -> Shuffled:
    return shuffled(DRAWN, accounts=3)


def _continuous(it: Shuffled) -> Resource:
    return it.pick("rds", 0)


@pytest.fixture(scope="module")
def healthy(deployed, drawn, tmp_path_factory) -> Iterator[World]:
    """A shuffled organization of ten days, in which somebody also has a continuous backup of one database; all is well."""
    folder = tmp_path_factory.mktemp("shuffled")
    drawn.write(folder)
    with deployed(folder, 0) as world:
        database = _continuous(drawn)
        backup = world.client("backup", database.account, database.region)
        backup.create_backup_vault(BackupVaultName="continuous")
        rule = {
            "RuleName": "log",
            "TargetBackupVaultName": "continuous",
            "ScheduleExpression": "cron(0 10 * * ? *)",
            "EnableContinuousBackup": True,
            "Lifecycle": {"DeleteAfterDays": 14},
        }
        plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": "log", "Rules": [rule]})["BackupPlanId"]
        instances = world.client("rds", database.account, database.region).describe_db_instances(DBInstanceIdentifier=database.name)
        role = f"arn:aws:iam::{database.account}:role/{drawn.backup_role}"
        selection = {"SelectionName": "one", "IamRoleArn": role, "Resources": [instances["DBInstances"][0]["DBInstanceArn"]]}
        backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
        world.let_pass(10)
        yield world


def _codes(found: Verification, expected: Expected) -> list[Any]:
    return [each for each in found.faults if each.finding.code == expected.code]


@pytest.mark.parametrize(
    "plant",
    [
        *(pytest.param(plant, id=plant.__name__) for plant in SHORT),
        *(pytest.param(plant, id=plant.__name__, marks=pytest.mark.long) for plant in LONG),
    ],
)
def test_it_is_named_once_and_nothing_else_is(healthy, drawn, told, plant):
    """One finding with its code, cause, fix and number, and none of a failure mode that does not belong to it."""
    with plant(healthy, drawn) as expected:
        found = healthy.verify()
    named = _codes(found, expected)
    assert len(named) == 1, f"no error found, the checker is broken: {told(found)}"
    assert expected.says in named[0].finding.message, told(found)
    assert expected.fix in named[0].finding.help
    assert (named[0].finding.count, expected.count > 0) == (expected.count, True)
    assert {each.finding.failure_mode for each in found.faults} == expected.modes, told(found)
    assert found.unknown == 0


def test_all_of_it_repaired_there_is_nothing(healthy, told):
    """Before, between and after: nothing is found."""
    found = healthy.verify()
    assert (told(found), found.unknown) == ([], 0)


@contextmanager
def _plans_for(world: World, it: Shuffled, table: Resource, selections: dict[str, dict[str, Any]]) -> Iterator[None]:
    """Plans in an account itself, each with a selection."""
    backup, made = world.client("backup", table.account, table.region), []
    for name, selection in selections.items():
        rule = {"RuleName": "rule", "TargetBackupVaultName": it.local_vault, "ScheduleExpression": "cron(0 5 ? * SAT *)"}
        plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [rule]})["BackupPlanId"]
        role = f"arn:aws:iam::{table.account}:role/{it.backup_role}"
        chosen = {"SelectionName": "one", "IamRoleArn": role, **selection}
        made.append((plan, backup.create_backup_selection(BackupPlanId=plan, BackupSelection=chosen)["SelectionId"]))
    yield
    for plan, selection in made:
        backup.delete_backup_selection(BackupPlanId=plan, SelectionId=selection)
        backup.delete_backup_plan(BackupPlanId=plan)


@pytest.mark.long
def test_a_plan_that_names_a_resource_and_drops_it_is_no_coverage(healthy, drawn, tmp_path):
    """FM31: conditions and exclusions decide, not the names in a plan; one that really selects the table counts."""
    table = _unmeant_table(drawn)
    arn = _table_arn(table)
    nobody = {"StringEquals": [{"ConditionKey": f"aws:ResourceTag/{drawn.tag_key}", "ConditionValue": "nobody"}]}
    decoys = {"condition": {"Resources": [arn], "Conditions": nobody}, "exclusion": {"Resources": ["*"], "NotResources": [arn]}}
    seen = []
    for selections in (decoys, decoys | {"genuine": {"Resources": [arn]}}):
        home = tmp_path / str(len(selections))
        with _plans_for(healthy, drawn, table, selections):
            healthy.verify(home)
        place = (table.account, table.region, "DynamoDB")
        [found] = [each for each in coverage(home=home).accounts if (each.account_id, each.region, each.type) == place]
        seen.append((found.resources - found.selected, "condition" in found.plans, "genuine" in found.plans))
    assert seen == [(1, False, False), (0, False, True)]
