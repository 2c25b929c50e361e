"""Faults that nobody sees before the day of a restore: jobs stay green while each of them is planted by API calls."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

from tests.detect.conftest import World
from tests.detect.faults import Expected
from tests.detect.shuffling import Shuffled

RESTORES = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForRestores"
MACHINES = 3  # the tier of instances, beside those of the example
ALL = (0, 1, 2, MACHINES)
Fault = Callable[[World, Shuffled], AbstractContextManager[Expected]]


def restore_role(it: Shuffled) -> str:
    """The role that the strategy's stacks make for restores."""
    return f"{it.strategy}-AWSBackup-restore"


def touched(it: Shuffled, *tiers: int, kinds: tuple[str, ...] = (), account: str = "", region: str = "") -> int:
    """How many resources of some tiers there are."""
    return sum(
        each.tier in tiers and (not kinds or each.kind in kinds) and account in ("", each.account) and region in ("", each.region)
        for each in it.resources
    )


@contextmanager
def key_of_copies_without_the_role(world: World, it: Shuffled) -> Iterator[Expected]:
    """The key of the copies in the other Region lets them in, and the role that restores not use it."""
    region, name = it.central_vaults[1]
    kms = world.client("kms", it.central, region)
    arn = world.client("backup", it.central, region).describe_backup_vault(BackupVaultName=name)["EncryptionKeyArn"]
    key = arn.rpartition("/")[2]
    before = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    document = json.loads(before)
    whom = {"ArnLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{restore_role(it)}"}}
    denied = {"Effect": "Deny", "Principal": {"AWS": "*"}, "Action": ["kms:CreateGrant", "kms:Decrypt"], "Resource": "*", "Condition": whom}
    document["Statement"].append(denied)
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    says = f"the policy of the key of vault {name} in {region} (account {it.central}, {arn}) refuses what restores need"
    yield Expected(mode="FM15", says=says, fix="kms put-key-policy", touched=touched(it, 0))
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)


@contextmanager
def role_without_its_policy(world: World, it: Shuffled) -> Iterator[Expected]:
    """AWS's managed policy for restores is detached from the role of one account."""
    account, role = it.pick("dynamodb", 0).account, restore_role(it)
    iam = world.client("iam", account, it.home_region)
    iam.detach_role_policy(RoleName=role, PolicyArn=RESTORES)
    count = touched(it, *ALL, kinds=("dynamodb", "rds", "ebs", "efs", "ec2"), account=account)
    says = f"role {role} lacks permissions that restores need"
    # AWS's pages don't say what restores of buckets call: whether they miss the policy is a doubt, of no failure mode
    yield Expected(mode="FM17", says=says, fix="ForRestores again", touched=count, later=("",))
    iam.attach_role_policy(RoleName=role, PolicyArn=RESTORES)


@contextmanager
def restores_denied_by_control_policy(world: World, it: Shuffled) -> Iterator[Expected]:
    """A service control policy on the root denies the start of restores."""
    organizations = world.client("organizations", it.management, it.home_region)
    content = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "backup:StartRestoreJob", "Resource": "*"}]}
    made = organizations.create_policy(Name="no-restores", Description="-", Type="SERVICE_CONTROL_POLICY", Content=json.dumps(content))
    policy, root = made["Policy"]["PolicySummary"]["Id"], organizations.list_roots()["Roots"][0]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=root)
    says = "SCP no-restores denies what restores need: backup:StartRestoreJob"
    yield Expected(mode="FM17", says=says, fix="detach the policy", touched=touched(it, *ALL))
    organizations.detach_policy(PolicyId=policy, TargetId=root)
    organizations.delete_policy(PolicyId=policy)


@contextmanager
def profiles_not_passed_on(world: World, it: Shuffled) -> Iterator[Expected]:
    """The role that restores in one account may not pass on the roles of instances."""
    account, role = it.pick("ec2", MACHINES).account, restore_role(it)
    iam = world.client("iam", account, it.home_region)
    document = {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "iam:PassRole", "Resource": "*"}]}
    iam.put_role_policy(RoleName=role, PolicyName="no-passing", PolicyDocument=json.dumps(document))
    yield Expected(mode="FM17", says=f"role {role} may not pass on the roles of instances", fix="allow iam:PassRole", touched=1)
    iam.delete_role_policy(RoleName=role, PolicyName="no-passing")


@contextmanager
def no_network_for_databases(world: World, it: Shuffled) -> Iterator[Expected]:
    """The account of the copies has no default VPC in the other Region any more, and no DB subnet group."""
    region, _ = it.central_vaults[1]
    ec2 = world.client("ec2", it.central, region)
    vpc = ec2.describe_vpcs(Filters=[{"Name": "is-default", "Values": ["true"]}])["Vpcs"][0]["VpcId"]
    for subnet in ec2.describe_subnets(Filters=[{"Name": "vpc-id", "Values": [vpc]}])["Subnets"]:
        ec2.delete_subnet(SubnetId=subnet["SubnetId"])
    ec2.delete_vpc(VpcId=vpc)
    says = f"{region} has no DB subnet group and no default VPC for the databases of copies there (account {it.central})"
    yield Expected(mode="FM34", says=says, fix="rds create-db-subnet-group", touched=touched(it, 0, kinds=("rds",)))
    ec2.create_default_vpc()


@contextmanager
def restores_denied_by_vault(world: World, it: Shuffled) -> Iterator[Expected]:
    """The access policy of one local vault denies restores to everybody."""
    at = it.pick("dynamodb", 0)
    denied = {"Effect": "Deny", "Principal": "*", "Action": "backup:StartRestoreJob", "Resource": "*"}
    with _vault_policy(world, at.account, at.region, it.local_vault, denied):
        says = f"the access policy of vault {it.local_vault} in {at.region} denies restores: backup:StartRestoreJob"
        count = touched(it, *ALL, account=at.account, region=at.region)
        yield Expected(mode="FM17", says=says, fix="exempt the roles that restore", touched=count)


@contextmanager
def copies_kept_in(world: World, it: Shuffled) -> Iterator[Expected]:
    """The access policy of a central vault lets nothing out."""
    region, name = it.central_vaults[0]
    denied = {"Effect": "Deny", "Principal": "*", "Action": "backup:CopyFromBackupVault", "Resource": "*"}
    with _vault_policy(world, it.central, region, name, denied):
        says = f"the access policy of vault {name} in {region} denies copies back out of it (account {it.central})"
        yield Expected(mode="FM16", says=says, fix="strongroom apply", touched=touched(it, 0, 1))


@contextmanager
def _vault_policy(world: World, account: str, region: str, name: str, statement: dict[str, Any]) -> Iterator[None]:
    backup = world.client("backup", account, region)
    before = backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    document = json.loads(before)
    document["Statement"].append(statement)
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=json.dumps(document))
    yield
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=before)


@contextmanager
def opted_out_where_copies_are(world: World, it: Shuffled) -> Iterator[Expected]:
    """Volumes are not opted in any more in the Region that the accounts' own copies go to."""
    backup = world.client("backup", it.management, it.other_region)
    before = backup.describe_region_settings()["ResourceTypeOptInPreference"]
    backup.update_region_settings(ResourceTypeOptInPreference={**before, "EC2": False})
    says = f"EC2 is not opted in in {it.other_region} of the management account"
    yield Expected(mode="FM34", says=says, fix="backup update-region-settings", touched=1)
    backup.update_region_settings(ResourceTypeOptInPreference=before)


FAULTS: tuple[Fault, ...] = (
    key_of_copies_without_the_role,
    role_without_its_policy,
    restores_denied_by_control_policy,
    profiles_not_passed_on,
    no_network_for_databases,
    restores_denied_by_vault,
    copies_kept_in,
    opted_out_where_copies_are,
)
