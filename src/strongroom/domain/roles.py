"""The IAM roles of a strategy: which of them Strongroom makes, and who may assume those of people."""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import AccountId
from strongroom.domain.origin import Origin


class RolePurpose(StrEnum):
    """What a role that people or programs assume is for, as a strategy writes it."""

    READ = "read"  # what sync reads, in every account
    RECOVERY = "recovery"  # restores, and copies back from the account that keeps copies
    TESTER = "tester"  # restores as a test, examines what came back, and deletes what a test has made
    BACKUP_TEAM = "backup_team"  # operates backups: sees jobs and plans, backs up and restores by hand
    WORKLOAD_TEAM = "workload_team"  # sees and restores the backups of its own account


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Who may assume a role."""

    accounts: tuple[AccountId, ...] = ()  # whoever IAM lets there
    same_account: bool = False  # whoever IAM lets in the account of the role itself
    principals: tuple[str, ...] = ()  # ARNs of roles and users, with * behind the account
    mfa: bool  # only with multi-factor authentication


@dataclass(frozen=True, slots=True, kw_only=True)
class MadeRole:
    """A role that Strongroom makes because the strategy says who may assume it."""

    purpose: RolePurpose
    name: str
    trust: Trust
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Roles:
    """Names of IAM roles: Strongroom assumes the first two, AWS Backup the next three; `made` are for people and programs."""

    read: str
    deploy: str
    backup: str  # backups and copies
    restore: str = "strongroom-AWSBackup-restore"
    restore_test: str = "strongroom-AWSBackup-restore-test"
    made: tuple[MadeRole, ...] = ()
    adopted: bool = False  # the role for backups and copies is somebody else's: it is used, and never made, changed or destroyed

    @property
    def assumed_by_backup(self) -> tuple[str, ...]:
        """Names of the roles that AWS Backup assumes."""
        return (self.backup, self.restore, self.restore_test)
