"""Faults to plant over the wire, as a careless administrator or an attacker would; each is repaired when its `with` ends."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from tests.detect.conftest import World
from tests.detect.shuffling import Resource, Shuffled


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """What `verify` must say about a planted fault: this, once, and nothing else."""

    mode: str  # FM01…FM39
    says: str  # part of the cause
    fix: str  # part of the help
    touched: int  # resources
    later: tuple[str, ...] = ()  # failure modes that follow from it in time and need a fix of their own


Fault = Callable[[World, Shuffled], AbstractContextManager[Expected]]
BACKUP_POLICY = "arn:aws:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
_KEY_FIX = "kms cancel-key-deletion and kms enable-key"


def _count(it: Shuffled, touched: Callable[[Resource], bool]) -> int:
    return sum(touched(resource) for resource in it.resources if resource.tier >= 0)


def _victim(it: Shuffled) -> str:
    """An account with something in production."""
    return it.pick("dynamodb", 0).account


@contextmanager
def role_deleted(world: World, it: Shuffled) -> Iterator[Expected]:
    """The role of AWS Backup is deleted in one account."""
    account, name = _victim(it), it.backup_role
    iam = world.client("iam", account, it.home_region)
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    attached = [each["PolicyArn"] for each in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]]
    for arn in attached:
        iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.delete_role(RoleName=name)
    touched = _count(it, lambda resource: resource.account == account)
    yield Expected(mode="FM07", says=f"role {name} does not exist", fix="strongroom apply", touched=touched, later=("FM27",))
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
    for arn in attached:
        iam.attach_role_policy(RoleName=name, PolicyArn=arn)


@contextmanager
def role_trusts_somebody_else(world: World, it: Shuffled) -> Iterator[Expected]:
    """The trust policy of the role in one account names another service."""
    account, name = _victim(it), it.backup_role
    iam = world.client("iam", account, it.home_region)
    trust = iam.get_role(RoleName=name)["Role"]["AssumeRolePolicyDocument"]
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust).replace("backup.amazonaws.com", "ec2.amazonaws.com"))
    touched = _count(it, lambda resource: resource.account == account)
    says = f"role {name} can't be assumed by AWS Backup"
    yield Expected(mode="FM07", says=says, fix="backup.amazonaws.com in the trust policy", touched=touched, later=("FM27",))
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=json.dumps(trust))


@contextmanager
def local_key_disabled(world: World, it: Shuffled) -> Iterator[Expected]:
    """The key of one account's local vault is disabled."""
    at = it.pick("dynamodb", 0)
    with _key_disabled(world, at.account, at.region, it.local_vault):
        touched = _count(it, lambda resource: (resource.account, resource.region) == (at.account, at.region))
        says = f"the key of vault {it.local_vault} in {at.region} is Disabled"
        yield Expected(mode="FM05", says=says, fix=_KEY_FIX, touched=touched)


@contextmanager
def local_key_to_be_deleted(world: World, it: Shuffled) -> Iterator[Expected]:
    """The key of one account's local vault is scheduled for deletion."""
    at = it.pick("dynamodb", 0)
    kms, key = world.client("kms", at.account, at.region), _vault_key(world, at.account, at.region, it.local_vault)
    kms.schedule_key_deletion(KeyId=key, PendingWindowInDays=30)
    touched = _count(it, lambda resource: (resource.account, resource.region) == (at.account, at.region))
    says = f"the key of vault {it.local_vault} in {at.region} is PendingDeletion"
    yield Expected(mode="FM05", says=says, fix=_KEY_FIX, touched=touched)
    kms.cancel_key_deletion(KeyId=key)
    kms.enable_key(KeyId=key)


@contextmanager
def central_key_disabled(world: World, it: Shuffled) -> Iterator[Expected]:
    """The key of a vault that copies go to is disabled."""
    region, name = it.central_vaults[1]
    with _key_disabled(world, it.central, region, name):
        touched = _count(it, lambda resource: resource.tier == 0)
        yield Expected(mode="FM05", says=f"the key of vault {name} in {region} is Disabled", fix=_KEY_FIX, touched=touched)


@contextmanager
def _key_disabled(world: World, account: str, region: str, vault: str) -> Iterator[None]:
    kms, key = world.client("kms", account, region), _vault_key(world, account, region, vault)
    kms.disable_key(KeyId=key)
    yield
    kms.enable_key(KeyId=key)


def _vault_key(world: World, account: str, region: str, vault: str) -> str:
    arn = world.client("backup", account, region).describe_backup_vault(BackupVaultName=vault)["EncryptionKeyArn"]
    return str(arn).rpartition("/")[2]  # moto takes no ARN here


@contextmanager
def role_without_its_policy(world: World, it: Shuffled) -> Iterator[Expected]:
    """AWS's managed policy for backups is detached from the role in one account."""
    account, name = _victim(it), it.backup_role
    iam = world.client("iam", account, it.home_region)
    iam.detach_role_policy(RoleName=name, PolicyArn=BACKUP_POLICY)
    # a bucket that isn't copied needs nothing but the policy for buckets
    touched = _count(it, lambda resource: resource.account == account and (resource.kind != "s3" or resource.tier in {0, 1}))
    says = f"role {name} lacks permissions that jobs need"
    yield Expected(mode="FM07", says=says, fix="AWSBackupServiceRolePolicyForBackup", touched=touched, later=("FM27",))
    iam.attach_role_policy(RoleName=name, PolicyArn=BACKUP_POLICY)


@contextmanager
def copies_denied_by_control_policy(world: World, it: Shuffled) -> Iterator[Expected]:
    """A service control policy on the root denies copies."""
    organizations = world.client("organizations", it.management, it.home_region)
    deny = {"Effect": "Deny", "Action": ["backup:StartCopyJob", "backup:CopyIntoBackupVault"], "Resource": "*"}
    content = json.dumps({"Version": "2012-10-17", "Statement": [deny]})
    made = organizations.create_policy(Name="no-copies", Description="-", Type="SERVICE_CONTROL_POLICY", Content=content)
    policy, root = made["Policy"]["PolicySummary"]["Id"], organizations.list_roots()["Roots"][0]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=root)
    touched = _count(it, lambda resource: resource.tier in {0, 1})
    says = "SCP no-copies denies what jobs need: backup:CopyIntoBackupVault"
    yield Expected(mode="FM07", says=says, fix="detach the policy", touched=touched)
    organizations.detach_policy(PolicyId=policy, TargetId=root)
    organizations.delete_policy(PolicyId=policy)


@contextmanager
def central_key_without_its_statements(world: World, it: Shuffled) -> Iterator[Expected]:
    """The policy of a central vault's key was replaced by one that lets its account administer the key, and nobody use it."""
    region, name = it.central_vaults[1]
    kms, key = world.client("kms", it.central, region), _vault_key(world, it.central, region, name)
    arn = kms.describe_key(KeyId=key)["KeyMetadata"]["Arn"]
    with _key_policy(kms, key, it.central):
        touched = _count(it, lambda resource: resource.tier == 0)  # what jobs can still encrypt, nobody could restore
        says = f"the policy of the key of vault {name} in {region} (account {it.central}, {arn}) refuses what jobs need"
        yield Expected(mode="FM05", says=says, fix="kms put-key-policy", touched=touched)


@contextmanager
def _key_policy(kms: Any, key: str, account: str) -> Iterator[None]:
    before = kms.get_key_policy(KeyId=key, PolicyName="default")["Policy"]
    actions = ["kms:Describe*", "kms:Enable*", "kms:Get*", "kms:List*", "kms:Put*", "kms:ScheduleKeyDeletion", "kms:CancelKeyDeletion"]
    administer = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{account}:root"}, "Action": actions, "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [administer]}
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=json.dumps(document))
    yield
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=before)


@contextmanager
def policy_detached(world: World, it: Shuffled) -> Iterator[Expected]:
    """A backup policy is detached from its OUs."""
    organizations, policy = world.client("organizations", it.management, it.home_region), _policy(world, it)
    targets = [each["TargetId"] for each in organizations.list_targets_for_policy(PolicyId=policy)["Targets"]]
    for target in targets:
        organizations.detach_policy(PolicyId=policy, TargetId=target)
    touched = _count(it, lambda resource: resource.tier == 0)
    yield Expected(mode="FM35", says=f"the effective backup policy lacks plan {it.plans[0]}", fix="plan and apply", touched=touched)
    for target in targets:
        organizations.attach_policy(PolicyId=policy, TargetId=target)


@contextmanager
def retention_edited(world: World, it: Shuffled) -> Iterator[Expected]:
    """A backup policy keeps recovery points for a shorter time than the strategy."""

    def edit(rule: dict[str, Any], _plan: dict[str, Any]) -> None:
        rule["lifecycle"]["delete_after_days"] = {"@@assign": "3"}

    with _policy_edited(world, it, edit):
        touched = _count(it, lambda resource: resource.tier == 0)
        yield Expected(mode="FM35", says="keeps 3 days instead of 30 days", fix="plan and apply", touched=touched, later=("FM36",))


@contextmanager
def copy_edited_out(world: World, it: Shuffled) -> Iterator[Expected]:
    """A backup policy has lost one of its copy actions."""
    region, _ = it.central_vaults[1]

    def edit(rule: dict[str, Any], _plan: dict[str, Any]) -> None:
        copies = rule["copy_actions"]
        del copies[next(arn for arn in copies if f":{region}:" in arn)]

    with _policy_edited(world, it, edit):
        touched = _count(it, lambda resource: resource.tier == 0)
        yield Expected(mode="FM35", says="does not copy to vault", fix="plan and apply", touched=touched)


@contextmanager
def selection_edited(world: World, it: Shuffled) -> Iterator[Expected]:
    """A backup policy selects another tag value than the strategy."""

    def edit(_rule: dict[str, Any], plan: dict[str, Any]) -> None:
        for selection in plan["selections"]["tags"].values():
            selection["tag_value"] = {"@@assign": ["nobody"]}

    with _policy_edited(world, it, edit):
        touched = _count(it, lambda resource: resource.tier == 0)
        yield Expected(mode="FM35", says="selects other resources than the strategy", fix="plan and apply", touched=touched)


@contextmanager
def _policy_edited(world: World, it: Shuffled, edit: Callable[[dict[str, Any], dict[str, Any]], None]) -> Iterator[None]:
    organizations, policy = world.client("organizations", it.management, it.home_region), _policy(world, it)
    text = organizations.describe_policy(PolicyId=policy)["Policy"]["Content"]
    document = json.loads(text)
    plan = document["plans"][it.plans[0]]
    edit(next(iter(plan["rules"].values())), plan)
    organizations.update_policy(PolicyId=policy, Content=json.dumps(document))
    yield
    organizations.update_policy(PolicyId=policy, Content=text)


def _policy(world: World, it: Shuffled) -> str:
    """The id of the policy with the production plan."""
    organizations = world.client("organizations", it.management, it.home_region)
    policies = organizations.list_policies(Filter="BACKUP_POLICY")["Policies"]
    return str(next(each["Id"] for each in policies if each["Name"] == f"{it.strategy}-{it.plans[0]}"))


@contextmanager
def overridden_in_one_account(world: World, it: Shuffled) -> Iterator[Expected]:
    """A second policy on one account changes the retention there."""
    organizations, account = world.client("organizations", it.management, it.home_region), _victim(it)
    text = organizations.describe_policy(PolicyId=_policy(world, it))["Policy"]["Content"]
    rule = next(iter(json.loads(text)["plans"][it.plans[0]]["rules"]))
    patch = {"plans": {it.plans[0]: {"rules": {rule: {"lifecycle": {"delete_after_days": {"@@assign": "2"}}}}}}}
    made = organizations.create_policy(Name="hotfix", Description="-", Type="BACKUP_POLICY", Content=json.dumps(patch))
    policy = made["Policy"]["PolicySummary"]["Id"]
    organizations.attach_policy(PolicyId=policy, TargetId=account)
    touched = _count(it, lambda resource: (resource.tier, resource.account) == (0, account))
    yield Expected(mode="FM35", says="keeps 2 days instead of 30 days", fix="plan and apply", touched=touched, later=("FM36",))
    organizations.detach_policy(PolicyId=policy, TargetId=account)
    organizations.delete_policy(PolicyId=policy)


@contextmanager
def account_moved_out(world: World, it: Shuffled) -> Iterator[Expected]:
    """An account with plans, vaults and recovery points is moved out of the governed OUs."""
    organizations, account = world.client("organizations", it.management, it.home_region), _victim(it)
    home = organizations.list_parents(ChildId=account)["Parents"][0]["Id"]
    away = organizations.list_parents(ChildId=it.bystander)["Parents"][0]["Id"]
    organizations.move_account(AccountId=account, SourceParentId=home, DestinationParentId=away)
    yield Expected(mode="FM35", says=account, fix="organization.governs", touched=_count(it, lambda resource: resource.account == account))
    organizations.move_account(AccountId=account, SourceParentId=away, DestinationParentId=home)


@contextmanager
def access_policy_removed(world: World, it: Shuffled) -> Iterator[Expected]:
    """The access policy of a central vault is removed, so that no copy gets in."""
    with _access_policy(world, it, None) as where, _not_let_in(it, where) as expected:
        yield expected


@contextmanager
def access_policy_of_a_stranger(world: World, it: Shuffled) -> Iterator[Expected]:
    """The access policy of a central vault lets another organization in."""
    statement = {"Effect": "Allow", "Principal": "*", "Action": "backup:CopyIntoBackupVault", "Resource": "*"}
    stranger = {**statement, "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-notyours00"}}}
    with _access_policy(world, it, stranger) as where, _not_let_in(it, where) as expected:
        yield expected


@contextmanager
def _not_let_in(it: Shuffled, where: str) -> Iterator[Expected]:
    touched = _count(it, lambda resource: resource.tier == 0)
    yield Expected(mode="FM21", says=f"the access policy of vault {where} does not let copies in", fix="strongroom apply", touched=touched)


@contextmanager
def _access_policy(world: World, it: Shuffled, statement: dict[str, Any] | None) -> Iterator[str]:
    region, name = it.central_vaults[1]
    backup = world.client("backup", it.central, region)
    before = backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    if statement is None:
        backup.delete_backup_vault_access_policy(BackupVaultName=name)
    else:
        document = {"Version": "2012-10-17", "Statement": [statement]}
        backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=json.dumps(document))
    yield f"{name} in {region}"
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=before)


@contextmanager
def central_vault_locked_short(world: World, it: Shuffled) -> Iterator[Expected]:
    """A lock on a central vault allows less than the copies ask for."""
    region, name = it.central_vaults[1]
    backup = world.client("backup", it.central, region)
    backup.put_backup_vault_lock_configuration(BackupVaultName=name, MinRetentionDays=1, MaxRetentionDays=100)
    says = f"vault {name} in {region} is locked to 1 to 100 days, the retention is 2557 days"
    yield Expected(mode="FM03", says=says, fix="the lock's range", touched=_count(it, lambda resource: resource.tier == 0))
    backup.delete_backup_vault_lock_configuration(BackupVaultName=name)


@contextmanager
def cross_account_switched_off(world: World, it: Shuffled) -> Iterator[Expected]:
    """Cross-account backup is switched off in the organization."""
    backup = world.client("backup", it.management, it.home_region)
    backup.update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "false"})
    says, touched = "isCrossAccountBackupEnabled is off", _count(it, lambda resource: resource.tier in {0, 1})
    yield Expected(mode="FM23", says=says, fix="update-global-settings", touched=touched)
    backup.update_global_settings(GlobalSettings={"isCrossAccountBackupEnabled": "true"})


@contextmanager
def administrator_deregistered(world: World, it: Shuffled) -> Iterator[Expected]:
    """The backup account is not delegated administrator any more."""
    organizations = world.client("organizations", it.management, it.home_region)
    registration = {"AccountId": it.backup_admin, "ServicePrincipal": "backup.amazonaws.com"}
    organizations.deregister_delegated_administrator(**registration)
    yield Expected(mode="FM23", says=f"account {it.backup_admin} is not delegated administrator", fix="strongroom apply", touched=0)
    organizations.register_delegated_administrator(**registration)


@contextmanager
def opted_out(world: World, it: Shuffled) -> Iterator[Expected]:
    """A resource type is not opted in any more in one Region of the management account."""
    region = it.pick("dynamodb", 0).region
    backup = world.client("backup", it.management, region)
    backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": False})
    touched = _count(it, lambda resource: (resource.kind, resource.region) == ("dynamodb", region))
    yield Expected(mode="FM09", says=f"DynamoDB is not opted in to AWS Backup in {region}", fix="opt_in", touched=touched)
    backup.update_region_settings(ResourceTypeOptInPreference={"DynamoDB": True})


@contextmanager
def tag_removed(world: World, it: Shuffled) -> Iterator[Expected]:
    """A resource with recovery points has lost the tag that selects it."""
    with _tagged(world, it, None):
        yield Expected(mode="FM10", says="no plan selects the resource any more", fix=it.tag_key, touched=1)


@contextmanager
def tag_case_changed(world: World, it: Shuffled) -> Iterator[Expected]:
    """The tag that selects a resource is written in another case."""
    value = it.tag_values[0]
    with _tagged(world, it, value.swapcase()):
        says = f"tag {it.tag_key}: {value.swapcase()} is almost {it.tag_key}: {value}"
        yield Expected(mode="FM10", says=says, fix=f"write {it.tag_key}: {value}", touched=1)


@contextmanager
def _tagged(world: World, it: Shuffled, value: str | None) -> Iterator[None]:
    table = it.pick("dynamodb", 0)
    arn = f"arn:aws:dynamodb:{table.region}:{table.account}:table/{table.name}"
    dynamodb = world.client("dynamodb", table.account, table.region)
    if value is None:
        dynamodb.untag_resource(ResourceArn=arn, TagKeys=[it.tag_key])
    else:
        dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": it.tag_key, "Value": value}])
    yield
    dynamodb.tag_resource(ResourceArn=arn, Tags=[{"Key": it.tag_key, "Value": it.tag_values[0]}])


def points_of(world: World, table: Resource, account: str, region: str, vault: str) -> list[str]:
    """The ARNs of a table's recovery points in a vault, oldest first."""
    arn = f"arn:aws:dynamodb:{table.region}:{table.account}:table/{table.name}"
    backup = world.client("backup", account, region)
    found = backup.list_recovery_points_by_backup_vault(BackupVaultName=vault, ByResourceArn=arn)["RecoveryPoints"]
    return [str(each["RecoveryPointArn"]) for each in sorted(found, key=lambda each: each["CreationDate"])]


def delete_copies(world: World, it: Shuffled, table: Resource, which: slice) -> None:
    """Delete some of a table's copies in a central vault."""
    region, name = it.central_vaults[1]
    backup = world.client("backup", it.central, region)
    with without_policy(backup, name):
        for arn in points_of(world, table, it.central, region, name)[which]:
            backup.delete_recovery_point(BackupVaultName=name, RecoveryPointArn=arn)


@contextmanager
def without_policy(backup: Any, name: str) -> Iterator[None]:
    """Take the policy of a vault away for a while, as an administrator would who wants to delete what is in it."""
    policy = backup.get_backup_vault_access_policy(BackupVaultName=name)["Policy"]
    backup.delete_backup_vault_access_policy(BackupVaultName=name)
    yield
    backup.put_backup_vault_access_policy(BackupVaultName=name, Policy=policy)
