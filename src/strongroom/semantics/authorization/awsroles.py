"""Roles that AWS defines: AWS Backup's service-linked roles, which are the same in every account, and its default service role.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/using-service-linked-roles.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
"""

import json
from typing import Final

from strongroom import facts
from strongroom.domain.access import PolicyText, Principal, PrincipalKind
from strongroom.domain.origin import BuiltIn

DEFAULT_ROLE: Final = "service-role/AWSBackupDefaultServiceRole"
DEFAULT_POLICIES: Final = ("AWSBackupServiceRolePolicyForBackup", "AWSBackupServiceRolePolicyForRestores")
S3_POLICIES: Final = ("AWSBackupServiceRolePolicyForS3Backup", "AWSBackupServiceRolePolicyForS3Restore")  # the default role lacks them

_LINKED: Final = (
    ("backup.amazonaws.com", "AWSServiceRoleForBackup", "AWSBackupServiceLinkedRolePolicyForBackup"),
    ("reports.backup.amazonaws.com", "AWSServiceRoleForBackupReports", "AWSServiceRolePolicyForBackupReports"),
    ("restore-testing.backup.amazonaws.com", "AWSServiceRoleForBackupRestoreTesting", "AWSServiceRolePolicyForBackupRestoreTesting"),
)


def service_linked_roles(account: str, partition: str = "aws") -> tuple[Principal, ...]:
    """Return AWS Backup's service-linked roles as every account that uses it has them; nobody can change what they may do.

    Example:
        >>> service_linked_roles("111122223333")[0].arn
        'arn:aws:iam::111122223333:role/aws-service-role/backup.amazonaws.com/AWSServiceRoleForBackup'
    """
    return tuple(
        role(f"arn:{partition}:iam::{account}:role/aws-service-role/{service}/{name}", (policy,), trusts=service)
        for service, name, policy in _LINKED
    )


def default_role(account: str, partition: str = "aws") -> Principal:
    """Return the role that AWS Backup's console makes; it can't back up or restore buckets.

    Example:
        >>> default_role("111122223333").arn
        'arn:aws:iam::111122223333:role/service-role/AWSBackupDefaultServiceRole'
    """
    return role(f"arn:{partition}:iam::{account}:role/{DEFAULT_ROLE}", DEFAULT_POLICIES)


def role(arn: str, policies: tuple[str, ...], *, trusts: str = "backup.amazonaws.com") -> Principal:
    """Return a role with managed policies of AWS that a service may assume; raises UnknownFact for a policy that isn't known."""
    statement = {"Effect": "Allow", "Principal": {"Service": trusts}, "Action": "sts:AssumeRole"}
    trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    return Principal(
        kind=PrincipalKind.ROLE,
        account=arn.split(":")[4],
        arn=arn,
        identity=tuple(PolicyText(name=name, text=facts.managed_policy(name).text, origin=BuiltIn()) for name in policies),
        trust=PolicyText(name=f"trust policy of {arn.rpartition('/')[2]}", text=trust, origin=BuiltIn()),
        origin=BuiltIn(),
    )
