"""Every operation of the API that the twin does; the others say so."""

from collections.abc import Callable, Mapping
from typing import Any

from strongroom.twin.backup import jobs, plans, points, settings, vaults
from strongroom.twin.backup.state import World
from strongroom.twin.backup.wire import Call

Operation = Callable[[World, Call, Mapping[str, Any]], dict[str, Any]]

OPERATIONS: Mapping[str, Operation] = {
    "CreateBackupPlan": plans.create_backup_plan,
    "CreateBackupSelection": plans.create_backup_selection,
    "CreateBackupVault": vaults.create_backup_vault,
    "DeleteBackupPlan": plans.delete_backup_plan,
    "DeleteBackupSelection": plans.delete_backup_selection,
    "DeleteBackupVault": vaults.delete_backup_vault,
    "DeleteBackupVaultAccessPolicy": vaults.delete_access_policy,
    "DeleteBackupVaultLockConfiguration": vaults.delete_lock,
    "DeleteBackupVaultNotifications": vaults.delete_notifications,
    "DeleteRecoveryPoint": points.delete_recovery_point,
    "DescribeBackupJob": jobs.describe_backup_job,
    "DescribeBackupVault": vaults.describe_backup_vault,
    "DescribeCopyJob": jobs.describe_copy_job,
    "DescribeGlobalSettings": settings.describe_global_settings,
    "DescribeProtectedResource": points.describe_protected_resource,
    "DescribeRecoveryPoint": points.describe_recovery_point,
    "DescribeRegionSettings": settings.describe_region_settings,
    "DisassociateRecoveryPoint": points.disassociate_recovery_point,
    "GetBackupPlan": plans.get_backup_plan,
    "GetBackupSelection": plans.get_backup_selection,
    "GetBackupVaultAccessPolicy": vaults.get_access_policy,
    "GetBackupVaultNotifications": vaults.get_notifications,
    "GetRecoveryPointRestoreMetadata": points.get_restore_metadata,
    "GetSupportedResourceTypes": settings.get_supported_resource_types,
    "ListBackupJobs": jobs.list_backup_jobs,
    "ListBackupPlanVersions": plans.list_backup_plan_versions,
    "ListBackupPlans": plans.list_backup_plans,
    "ListBackupSelections": plans.list_backup_selections,
    "ListBackupVaults": vaults.list_backup_vaults,
    "ListCopyJobs": jobs.list_copy_jobs,
    "ListProtectedResources": points.list_protected_resources,
    "ListProtectedResourcesByBackupVault": points.list_protected_by_vault,
    "ListRecoveryPointsByBackupVault": points.list_by_vault,
    "ListRecoveryPointsByResource": points.list_by_resource,
    "ListTags": points.list_tags,
    "PutBackupVaultAccessPolicy": vaults.put_access_policy,
    "PutBackupVaultLockConfiguration": vaults.put_lock,
    "PutBackupVaultNotifications": vaults.put_notifications,
    "StartBackupJob": jobs.start_backup_job,
    "StartCopyJob": jobs.start_copy_job,
    "StopBackupJob": jobs.stop_backup_job,
    "TagResource": points.tag_resource,
    "UntagResource": points.untag_resource,
    "UpdateBackupPlan": plans.update_backup_plan,
    "UpdateGlobalSettings": settings.update_global_settings,
    "UpdateRecoveryPointLifecycle": points.update_lifecycle,
    "UpdateRegionSettings": settings.update_region_settings,
}
