"""Schemas of the ledger's tables: the same columns whether they were synced, forecast or made by a test.

Every table is keyed by its first columns. Instants are UTC. `ledger` turns a schema into Arrow and Parquet.
"""

from strongroom.domain.tables.access import GRANTS, KEYS, POLICY_TEXTS, PRINCIPAL_POLICIES, PRINCIPALS, ROLES
from strongroom.domain.tables.backup import BACKUP_PLANS, BACKUP_RULES, COPY_ACTIONS, SELECTIONS, VAULTS
from strongroom.domain.tables.masses import BACKUP_JOBS, COPY_JOBS, RECOVERY_POINTS, RESOURCES
from strongroom.domain.tables.organization import ACCOUNTS, CONTROL_POLICIES, EFFECTIVE_POLICIES, POLICIES, READS, SETTINGS
from strongroom.domain.tables.restoring import RESTORE_JOBS, RESTORE_TESTING_PLANS, RESTORE_TESTING_SELECTIONS
from strongroom.domain.tables.schema import Column, ColumnType, TableSchema

TABLES = (
    READS,
    ACCOUNTS,
    RESOURCES,
    SETTINGS,
    VAULTS,
    KEYS,
    GRANTS,
    ROLES,
    PRINCIPALS,
    PRINCIPAL_POLICIES,
    POLICY_TEXTS,
    BACKUP_PLANS,
    BACKUP_RULES,
    COPY_ACTIONS,
    SELECTIONS,
    RECOVERY_POINTS,
    BACKUP_JOBS,
    COPY_JOBS,
    POLICIES,
    EFFECTIVE_POLICIES,
    CONTROL_POLICIES,
    RESTORE_JOBS,
    RESTORE_TESTING_PLANS,
    RESTORE_TESTING_SELECTIONS,
)

__all__ = [
    "ACCOUNTS",
    "BACKUP_JOBS",
    "BACKUP_PLANS",
    "BACKUP_RULES",
    "CONTROL_POLICIES",
    "COPY_ACTIONS",
    "COPY_JOBS",
    "EFFECTIVE_POLICIES",
    "GRANTS",
    "KEYS",
    "POLICIES",
    "POLICY_TEXTS",
    "PRINCIPALS",
    "PRINCIPAL_POLICIES",
    "READS",
    "RECOVERY_POINTS",
    "RESOURCES",
    "RESTORE_JOBS",
    "RESTORE_TESTING_PLANS",
    "RESTORE_TESTING_SELECTIONS",
    "ROLES",
    "SELECTIONS",
    "SETTINGS",
    "TABLES",
    "VAULTS",
    "Column",
    "ColumnType",
    "TableSchema",
]
