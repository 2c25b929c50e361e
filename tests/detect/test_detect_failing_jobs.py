"""Jobs that fail, end too late or end with a remark, each for a reason of its own: planted by API calls, named days later."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest
from tests.detect.conftest import World
from tests.detect.faults import BACKUP_POLICY, without_policy
from tests.detect.shuffling import Resource, Shuffled, shuffled

from strongroom.proof import Fault, Verification
from strongroom.twin import client as control

DRAWN = 21
BY_HAND = "by-hand"  # role of backups that somebody made by hand


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """What somebody did, and how `verify` has to name it."""

    mode: str
    code: str
    says: str  # part of the cause
    fix: str  # part of the help
    arns: frozenset[str]  # resources that it touches; empty: it is not about resources
    also: tuple[str, str] = ("", "")  # code and words of what the configuration alone tells of it


def _place(resource: Resource) -> tuple[str, str]:
    return resource.account, resource.region


def _role(it: Shuffled, account: str) -> str:
    return f"arn:aws:iam::{account}:role/{it.backup_role}"


def _hour(it: Shuffled, tier: int) -> str:
    """The hour at which the rule of a tier runs: 02:15."""
    rules = json.loads(it.strategy_yaml)["plans"][it.plans[tier]]["rules"]
    return str(next(iter(rules.values()))["at"]).rpartition(" ")[2]


def _arn(world: World, resource: Resource) -> str:
    """The ARN of a resource, asked of its service."""
    client = {"ebs": "ec2"}.get(resource.kind, resource.kind)
    service = world.client(client, *_place(resource))
    if resource.kind == "ebs":
        found = service.describe_volumes(Filters=[{"Name": "tag:Name", "Values": [resource.name]}])["Volumes"]
        return f"arn:aws:ec2:{resource.region}:{resource.account}:volume/{found[0]['VolumeId']}"
    if resource.kind == "rds":
        return str(service.describe_db_instances(DBInstanceIdentifier=resource.name)["DBInstances"][0]["DBInstanceArn"])
    if resource.kind == "efs":
        return str(
            next(each["FileSystemArn"] for each in service.describe_file_systems()["FileSystems"] if each.get("Name") == resource.name)
        )
    names = {"s3": "arn:aws:s3:::{0.name}", "dynamodb": "arn:aws:dynamodb:{0.region}:{0.account}:table/{0.name}"}
    return names[resource.kind].format(resource)


def volume_on_the_aws_managed_key(world: World, it: Shuffled) -> Planted:
    """Somebody makes a volume on the key that EBS itself manages, in a plan that copies to another account."""
    at = it.pick("ebs", 1)
    tags = [{"Key": it.tag_key, "Value": it.tag_values[1]}]
    made = world.client("ec2", *_place(at)).create_volume(
        AvailabilityZone=f"{at.region}a", Size=8, Encrypted=True, TagSpecifications=[{"ResourceType": "volume", "Tags": tags}]
    )
    arn = f"arn:aws:ec2:{at.region}:{at.account}:volume/{made['VolumeId']}"
    says = "Snapshots encrypted with the AWS managed key can't be shared"
    return Planted(mode="FM01", code="VRF026", says=says, fix="customer-managed key", arns=frozenset({arn}))


def destination_on_the_aws_managed_key(world: World, it: Shuffled) -> Planted:
    """A central vault is made anew, without a key of its own, before anything is in it."""
    region, name = it.central_vaults[1]
    backup = world.client("backup", it.central, region)
    with without_policy(backup, name):
        backup.delete_backup_vault(BackupVaultName=name)
        backup.create_backup_vault(BackupVaultName=name)
    arns = frozenset(_arn(world, each) for each in it.resources if each.tier == 0)
    says = "the destination Backup vault is encrypted with the default Backup service managed key"
    return Planted(mode="FM02", code="VRF026", says=says, fix="customer-managed key", arns=arns, also=("VRF047", "uses an AWS-managed key"))


def runs_in_the_maintenance_window(world: World, it: Shuffled) -> Planted:
    """The maintenance window of a database is moved onto the hour of its backups."""
    database, hour = it.pick("rds", 1), _hour(it, 1)
    now = datetime.fromisoformat(control.clock(world.endpoint)["now"])
    begin = datetime.strptime(f"{now + timedelta(days=2):%Y-%m-%d} {hour}", "%Y-%m-%d %H:%M") + timedelta(minutes=5)  # noqa: DTZ007
    window = f"{begin:%a:%H:%M}-{begin + timedelta(hours=1):%a:%H:%M}".lower()
    world.client("rds", *_place(database)).modify_db_instance(
        DBInstanceIdentifier=database.name, PreferredMaintenanceWindow=window, ApplyImmediately=True
    )
    says, fix = "inside or too close to the weekly maintenance window", "remove the reason that AWS names"
    return Planted(mode="FM19", code="VRF031", says=says, fix=fix, arns=frozenset({_arn(world, database)}))


def another_job_is_running(world: World, it: Shuffled) -> Planted:
    """A backup by hand runs so long that the start window of the rule is over before the resource is free."""
    volume = it.pick("ebs", 1)
    control.add_fault(world.endpoint, "slow-jobs", factor=500.0, account=volume.account, region=volume.region, type="EBS")
    arn = _arn(world, volume)
    world.client("backup", *_place(volume)).start_backup_job(
        BackupVaultName=it.local_vault, ResourceArn=arn, IamRoleArn=_role(it, volume.account), Lifecycle={"DeleteAfterDays": 7}
    )
    control.move_clock(world.endpoint, advance="10m")
    control.clear_faults(world.endpoint)
    says, fix = "there was a running job for the same resource", "remove the reason that AWS names"
    return Planted(mode="FM19", code="VRF031", says=says, fix=fix, arns=frozenset({arn}))


def _own_plan(world: World, it: Shuffled, resource: Resource, name: str, **rule: Any) -> str:
    """Make a plan for one resource in its account, as somebody does who knows nothing of the strategy; return the resource's ARN."""
    backup, arn = world.client("backup", *_place(resource)), _arn(world, resource)
    whole = {"RuleName": "rule", "Lifecycle": {"DeleteAfterDays": 14}, **rule}
    plan = backup.create_backup_plan(BackupPlan={"BackupPlanName": name, "Rules": [whole]})["BackupPlanId"]
    selection = {"SelectionName": "one", "IamRoleArn": _role(it, resource.account), "Resources": [arn]}
    backup.create_backup_selection(BackupPlanId=plan, BackupSelection=selection)
    return arn


def air_gapped_vault_not_reached(world: World, it: Shuffled) -> Planted:
    """A plan sends a database to an air-gapped vault, which does not take databases of its type."""
    database = it.pick("rds", 2)
    made = world.client("backup", *_place(database)).create_logically_air_gapped_backup_vault(
        BackupVaultName="air-gapped", MinRetentionDays=7, MaxRetentionDays=35
    )
    arn = _own_plan(
        world,
        it,
        database,
        "to-the-air-gapped-vault",
        TargetBackupVaultName=it.local_vault,
        TargetLogicallyAirGappedBackupVaultArn=made["BackupVaultArn"],
        ScheduleExpression="cron(0 10 * * ? *)",
    )
    says = f"recovery points of RDS stay in vault {it.local_vault} instead of the air-gapped vault"
    return Planted(mode="FM28", code="VRF154", says=says, fix="customer-managed key", arns=frozenset({arn}))


def two_continuous_rules(world: World, it: Shuffled) -> Planted:
    """Two plans want a continuous backup of one database in two vaults: the second gets snapshots, and a remark."""
    database = next(each for each in it.resources if (each.kind, each.tier) == ("rds", 0))
    arn = ""
    for name, hour in (("first", 9), ("second", 11)):
        world.client("backup", *_place(database)).create_backup_vault(BackupVaultName=name)
        schedule = f"cron(0 {hour} * * ? *)"
        arn = _own_plan(world, it, database, name, TargetBackupVaultName=name, ScheduleExpression=schedule, EnableContinuousBackup=True)
    says, also = "backup jobs are completed with issues: Enabling continuous backup failed", ("CNT001", "competes with the continuous rule")
    return Planted(mode="FM20", code="VRF153", says=says, fix="start-backup-job", arns=frozenset({arn}), also=also)


def expired_point_stays(world: World, it: Shuffled) -> Planted:
    """A backup by hand is kept for a day, and its role deleted before that is over."""
    system = next(each for each in it.resources if each.kind == "efs" and each.tier > 0)
    iam = world.client("iam", system.account, it.home_region)
    trust = iam.get_role(RoleName=it.backup_role)["Role"]["AssumeRolePolicyDocument"]
    iam.create_role(RoleName=BY_HAND, AssumeRolePolicyDocument=json.dumps(trust))
    iam.attach_role_policy(RoleName=BY_HAND, PolicyArn=BACKUP_POLICY)
    world.client("backup", *_place(system)).start_backup_job(
        BackupVaultName=it.local_vault,
        ResourceArn=_arn(world, system),
        IamRoleArn=f"arn:aws:iam::{system.account}:role/{BY_HAND}",
        Lifecycle={"DeleteAfterDays": 1},
    )
    control.move_clock(world.endpoint, advance="3h")
    iam.detach_role_policy(RoleName=BY_HAND, PolicyArn=BACKUP_POLICY)
    iam.delete_role(RoleName=BY_HAND)
    says = f"1 recovery points in vault {it.local_vault} are past their retention"
    return Planted(mode="FM27", code="VRF060", says=says, fix="delete-recovery-point", arns=frozenset())


def local_vault_locked_short(world: World, it: Shuffled) -> Planted:
    """Somebody locks one account's vault in one Region to five days; every rule keeps for longer."""
    others = {_place(it.pick(kind, tier)) for kind, tier in (("ebs", 1), ("rds", 1), ("rds", 2), ("rds", 0))}
    others.add(next(_place(each) for each in it.resources if each.kind == "efs" and each.tier > 0))
    place = next(place for place in sorted({_place(each) for each in it.resources if each.tier >= 0}) if place not in others)
    world.client("backup", *place).put_backup_vault_lock_configuration(BackupVaultName=it.local_vault, MaxRetentionDays=5)
    arns = frozenset(_arn(world, each) for each in it.resources if _place(each) == place and each.tier >= 0)
    says = f"vault {it.local_vault} in {place[1]} is locked to 1 to 5 days"
    return Planted(mode="FM03", code="VRF027", says=says, fix="during its grace time", arns=arns)


PLANTS: tuple[Callable[[World, Shuffled], Planted], ...] = (
    volume_on_the_aws_managed_key,
    destination_on_the_aws_managed_key,
    local_vault_locked_short,
    runs_in_the_maintenance_window,
    air_gapped_vault_not_reached,
    two_continuous_rules,
    expired_point_stays,
    another_job_is_running,
)


@pytest.fixture(scope="module")
def seen(deployed, tmp_path_factory) -> Iterator[tuple[Verification, dict[str, Planted]]]:
    """A shuffled organization in which all of it was planted on its first day, three days later."""
    it, folder = shuffled(DRAWN, accounts=4), tmp_path_factory.mktemp("shuffled")
    it.write(folder)
    with deployed(folder, 0) as world:
        planted = {plant.__name__: plant(world, it) for plant in PLANTS}
        world.let_pass(4)
        yield world.verify(), planted


def _named(found: Verification, planted: Planted) -> list[Fault]:
    return [each for each in found.faults if each.finding.code == planted.code and planted.says in each.finding.message]


@pytest.mark.parametrize("plant", [each.__name__ for each in PLANTS])
def test_a_reason_is_named_with_its_failure_mode(seen, told, plant):
    """Found by its code, told with AWS's message, a fix, and the resources that it touches."""
    found, planted = seen[0], seen[1][plant]
    named = _named(found, planted)
    assert named, f"no error found, the checker is broken: {told(found)}"
    assert {each.finding.failure_mode for each in named} == {planted.mode}
    assert all(planted.fix in each.finding.help for each in named)
    touched = {arn for each in named for arn in each.arns}
    assert touched <= planted.arns
    assert touched or not planted.arns


def test_each_is_named_and_nothing_else(seen, told):
    """Every finding belongs to something that was planted; nothing is unknown."""
    found, planted = seen
    also = [one.also for one in planted.values() if one.also[0]]
    expected = [each for one in planted.values() for each in _named(found, one)]
    expected += [each for each in found.faults for code, words in also if each.finding.code == code and words in each.finding.message]
    rest = [line for each, line in zip(found.faults, told(found), strict=True) if each not in expected]
    assert rest == [], "\n".join(rest)
    assert (found.unknown, found.unread) == (0, ())
