"""Guard rails: service control policies that keep backups, their locks and their keys from everybody but a few named roles.

A service control policy reaches every principal of an account, its root too, but neither service-linked roles nor the management
account. So AWS Backup's own roles go on expiring recovery points, and guard rails can always be taken off again from there.

Whoever is exempt is so by `aws:PrincipalArn`. `ArnNotLike` also holds where the key is absent, so a call without it is denied. Because an
exemption is a name, the roles with these names are guarded themselves: nobody else may make, change or delete one of them.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from strongroom.compiler.canonical import canonical_json
from strongroom.compiler.roles.enrol import enrol_role_name
from strongroom.compiler.template import Json
from strongroom.domain.estate import OWNER_TAG, Estate, OrganizationPolicy
from strongroom.domain.governance import Forbidden, GuardRails
from strongroom.domain.names import PolicyType, partition_of
from strongroom.facts import limit

# Service-managed StackSets act in member accounts through roles of this name, which a service-linked role makes
# (AWS's policy CloudFormationStackSetsOrgMemberServiceRolePolicy).
STACK_SETS: Final = "stacksets-exec-*"
CONTROL_TOWER: Final = "AWSControlTowerExecution"
CONSOLE: Final = "service-role/AWSBackupDefaultServiceRole"  # what it made in an account, it must be able to expire there

_BY_BACKUP: Final = {"Null": {"aws:ResourceTag/aws:backup:source-resource": "false"}}  # snapshots and images that AWS Backup made
_ROLE_CHANGES: Final = (
    "iam:AttachRolePolicy",
    "iam:CreateRole",
    "iam:DeleteRole",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DetachRolePolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateRole",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rail:
    """Some actions that are denied."""

    sid: str
    actions: tuple[str, ...]
    resources: tuple[str, ...] = ("*",)  # with {partition}
    condition: Json | None = None
    absolute: bool = False  # nobody is exempt
    roles_too: bool = False  # the roles that AWS Backup assumes are exempt: they delete and share natively what they made


_RAILS: Final[dict[Forbidden, tuple[_Rail, ...]]] = {
    Forbidden.LEAVE_ORGANIZATION: (_Rail(sid="NobodyLeaves", actions=("organizations:LeaveOrganization",), absolute=True),),
    Forbidden.CLOSE_ACCOUNT: (_Rail(sid="NobodyClosesAnAccount", actions=("account:CloseAccount", "organizations:CloseAccount")),),
    Forbidden.DELETE_KEYS: (
        _Rail(
            sid="KeysOfBackupsStay",
            actions=(
                "kms:DeleteImportedKeyMaterial",
                "kms:DisableKey",
                "kms:PutKeyPolicy",
                "kms:RevokeGrant",
                "kms:ScheduleKeyDeletion",
                "kms:TagResource",  # the tag is what the keys are known by
                "kms:UntagResource",
            ),
            condition={"Null": {f"aws:ResourceTag/{OWNER_TAG}": "false"}},
        ),
    ),
    Forbidden.REMOVE_LOCKS: (
        _Rail(
            sid="LocksStay",
            actions=(
                "backup:CancelLegalHold",
                "backup:DeleteBackupVaultAccessPolicy",
                "backup:DeleteBackupVaultLockConfiguration",
                "backup:PutBackupVaultAccessPolicy",
                "backup:PutBackupVaultLockConfiguration",
            ),
        ),
    ),
    Forbidden.DELETE_BACKUPS: (
        _Rail(
            sid="RecoveryPointsStay",
            actions=(
                "backup:DeleteBackupVault",
                "backup:DeleteRecoveryPoint",
                "backup:DisassociateRecoveryPoint",
                "backup:DisassociateRecoveryPointFromParent",
                "backup:UpdateRecoveryPointLifecycle",
            ),
        ),
        _Rail(
            sid="SnapshotsOfBackupsStay",
            actions=("ec2:DeleteSnapshot", "ec2:DeregisterImage"),
            condition=_BY_BACKUP,
            roles_too=True,
        ),
        _Rail(
            sid="DatabaseSnapshotsOfBackupsStay",
            actions=("rds:DeleteDBClusterSnapshot", "rds:DeleteDBSnapshot", "redshift:DeleteClusterSnapshot"),
            resources=(
                "arn:{partition}:rds:*:*:cluster-snapshot:awsbackup:*",
                "arn:{partition}:rds:*:*:snapshot:awsbackup:*",
                "arn:{partition}:redshift:*:*:snapshot:*/awsbackup:*",
            ),
            roles_too=True,
        ),
        # nothing in their ARNs tells backups of AWS Backup from others: all of them stay
        _Rail(sid="BackupsOfServicesStay", actions=("dynamodb:DeleteBackup", "fsx:DeleteBackup"), roles_too=True),
    ),
    Forbidden.COPY_OUT: (
        _Rail(
            sid="CopiesStayInTheOrganization",
            actions=("backup:CopyFromBackupVault",),
            # without the first condition a call that names no target would be denied: of nothing, ForAllValues says yes
            condition={
                "Null": {"backup:CopyTargetOrgPaths": "false"},
                "ForAllValues:StringNotLike": {"backup:CopyTargetOrgPaths": "${aws:PrincipalOrgID}/*"},
            },
            absolute=True,
        ),
        _Rail(
            sid="SnapshotsOfBackupsAreNotShared",
            actions=("ec2:ModifyImageAttribute", "ec2:ModifySnapshotAttribute"),
            condition=_BY_BACKUP,
            roles_too=True,
        ),
        _Rail(
            sid="DatabaseSnapshotsOfBackupsAreNotShared",
            actions=("rds:ModifyDBClusterSnapshotAttribute", "rds:ModifyDBSnapshotAttribute"),
            resources=("arn:{partition}:rds:*:*:cluster-snapshot:awsbackup:*", "arn:{partition}:rds:*:*:snapshot:awsbackup:*"),
            roles_too=True,
        ),
        _Rail(sid="VaultsAreNotShared", actions=("backup:PutBackupVaultSharingPolicy",)),
    ),
    Forbidden.DISABLE_AMIS: (
        _Rail(sid="ImagesOfBackupsStay", actions=("ec2:DeregisterImage", "ec2:DisableImage"), condition=_BY_BACKUP, roles_too=True),
    ),
    Forbidden.CHANGE_PLANS: (
        _Rail(
            sid="PlansStay",
            actions=("backup:DeleteBackupPlan", "backup:DeleteBackupSelection", "backup:StopBackupJob", "backup:UpdateBackupPlan"),
        ),
    ),
    Forbidden.CHANGE_SETTINGS: (_Rail(sid="SettingsStay", actions=("backup:UpdateGlobalSettings", "backup:UpdateRegionSettings")),),
}


def with_guard_rails(estate: Estate) -> Estate:
    """Return the estate with service control policies `<name>-guard-rails`, as few as fit into AWS's limit of characters."""
    rails = estate.guard_rails
    if rails is None:
        return estate
    packed = tuple(_packed(tuple(_statements(estate, rails))))
    policies = tuple(
        OrganizationPolicy(
            type=PolicyType.SERVICE_CONTROL,
            name=f"{estate.name}-guard-rails" + (f"-{number}" if number > 1 else ""),
            content=_document(statements),
            targets=rails.attach_to,
        )
        for number, statements in enumerate(packed, start=1)
    )
    return replace(estate, rails=policies)


def exempt_roles(estate: Estate) -> tuple[str, ...]:
    """Return patterns of the ARNs of roles that guard rails let through, sorted: those declared, and those that deploy."""
    names = [estate.roles.deploy, enrol_role_name(estate.name), STACK_SETS]
    names += [CONTROL_TOWER] if estate.organization.control_tower is not None else []
    names += estate.guard_rails.exempt if estate.guard_rails else ()
    return tuple(sorted({_role_arn(estate, name) for name in names}))


def _statements(estate: Estate, rails: GuardRails) -> Iterator[Json]:
    """Yield the statements in the order of `Forbidden`, so that equal declarations are equal text."""
    exempt = exempt_roles(estate)
    backup = tuple(_role_arn(estate, name) for name in (estate.roles.backup, CONSOLE))
    chosen = [rail for each in Forbidden if each in rails.deny for rail in _RAILS[each]]
    for rail in chosen:
        free = () if rail.absolute else (*exempt, *backup) if rail.roles_too else exempt
        yield _statement(estate, rail, tuple(sorted(set(free))))
    if any(not rail.absolute for rail in chosen):
        named = tuple(sorted({*exempt, *backup}))
        yield _statement(estate, _Rail(sid="NobodyBecomesExempt", actions=_ROLE_CHANGES, resources=named), exempt)


def _statement(estate: Estate, rail: _Rail, free: Sequence[str]) -> Json:
    partition = partition_of(estate.organization.home_region)
    statement: Json = {
        "Sid": rail.sid,
        "Effect": "Deny",
        "Action": list(rail.actions),
        "Resource": [each.replace("{partition}", partition) for each in rail.resources],
    }
    condition = dict(rail.condition or {})
    if free:
        condition["ArnNotLike"] = {"aws:PrincipalArn": list(free)}
    return {**statement, "Condition": condition} if condition else statement


def _role_arn(estate: Estate, role: str) -> str:
    return role if role.startswith("arn:") else f"arn:{partition_of(estate.organization.home_region)}:iam::*:role/{role}"


def _packed(statements: Sequence[Json]) -> Iterator[tuple[Json, ...]]:
    """Yield the statements in order, each group within the limit where that is possible at all."""
    bound = int(limit("scp_characters").value)
    group: tuple[Json, ...] = ()
    for statement in statements:
        if group and len(_document((*group, statement))) > bound:
            yield group
            group = ()
        group = (*group, statement)
    if group:
        yield group


def _document(statements: Sequence[Json]) -> str:
    return canonical_json({"Version": "2012-10-17", "Statement": list(statements)})
