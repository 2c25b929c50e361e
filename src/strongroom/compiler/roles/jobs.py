"""The roles that AWS Backup assumes: one for backups and copies, one for restores, one for restore tests.

They hold AWS's own policies, because what a job calls changes with AWS Backup and AWS keeps them up to date; each only those of the
types in use. Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
"""

from collections.abc import Iterable

from strongroom.compiler.roles.grants import role_resource
from strongroom.compiler.template import Json, sub
from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import Selection

_BACKUP = "service-role/AWSBackupServiceRolePolicyForBackup"
_RESTORES = "service-role/AWSBackupServiceRolePolicyForRestores"
_S3_BACKUP = "AWSBackupServiceRolePolicyForS3Backup"  # S3 needs its own pair (aws/01 §1.11, Roles)
_S3_RESTORE = "AWSBackupServiceRolePolicyForS3Restore"
_HANA_RESTORE = "AWSBackupRestoreAccessForSAPHANA"  # the policy for restores lacks it


def backup_role(estate: Estate, *, condition: str | None = None) -> Json:
    """Return the role of backups and copies.

    It is retained: without it AWS Backup can't delete expired recovery points either (FM27).
    """
    policies = (_BACKUP, _S3_BACKUP) if ResourceType.S3 in types_in_use(estate) else (_BACKUP,)
    return _role(estate, estate.roles.backup, "backups and copies", policies, condition=condition, retained=True)


def restore_role(estate: Estate, *, condition: str | None = None) -> Json:
    """Return the role of restores."""
    return _role(estate, estate.roles.restore, "restores", _restoring(types_in_use(estate)), condition=condition)


def restore_test_role(estate: Estate, *, condition: str | None = None) -> Json:
    """Return the role of restore tests: what they restore is deleted by AWS Backup's own role, not by this one."""
    types = _types(estate, (test.select for test in estate.restore_tests))
    return _role(estate, estate.roles.restore_test, "restore tests", _restoring(types), condition=condition)


def types_in_use(estate: Estate) -> frozenset[ResourceType]:
    """Return the types that plans may select: those they name, else all that are opted in."""
    return _types(estate, (plan.select for plan in estate.plans))


def _types(estate: Estate, selections: Iterable[Selection]) -> frozenset[ResourceType]:
    found = {kind for select in selections for kind in set(select.types or estate.organization.opt_in) - set(select.not_types)}
    return frozenset(found)


def _restoring(types: frozenset[ResourceType]) -> tuple[str, ...]:
    more = ((ResourceType.S3, _S3_RESTORE), (ResourceType.SAP_HANA, _HANA_RESTORE))
    return (_RESTORES, *(name for kind, name in more if kind in types))


def _role(estate: Estate, name: str, work: str, policies: tuple[str, ...], *, condition: str | None, retained: bool = False) -> Json:
    trust: Json = {
        "Effect": "Allow",
        "Principal": {"Service": "backup.amazonaws.com"},
        "Action": "sts:AssumeRole",
        # AWS Backup of another account can't be talked into using the role
        "Condition": {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}},
    }
    return role_resource(
        name=name,
        description=f"Assumed by AWS Backup for {work} of strategy {estate.name}",
        strategy=estate.name,
        trust=[trust],
        managed=[sub(f"arn:${{AWS::Partition}}:iam::aws:policy/{each}") for each in policies],
        condition=condition,
        retained=retained,
    )
