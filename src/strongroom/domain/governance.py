"""What a backup team declares around its backups: who is told, what is audited and reported, what nobody may do.

The rest of a declaration is in `domain.strategy`.
"""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import ResourceType
from strongroom.domain.origin import Origin


class AlertEvent(StrEnum):
    """What the backup team wants to be told."""

    STARTED = "started"  # of backup jobs, as the next five
    COMPLETED = "completed"
    FAILED = "failed"  # aborted jobs too
    EXPIRED = "expired"
    WITH_ISSUES = "with-issues"  # completed with a status message
    MISSING = "missing"  # a run that never came
    COPY_FAILED = "copy-failed"
    RESTORE_STARTED = "restore-started"
    RESTORE_COMPLETED = "restore-completed"
    RESTORE_FAILED = "restore-failed"  # restore tests too
    LOCK = "lock"  # a vault lock changes, or is about to harden
    KEY = "key"  # a key of backups is disabled or scheduled for deletion
    REPLICATION_LATE = "replication-late"
    REPLICATION_FAILED = "replication-failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerts:
    """Who is told about what."""

    emails: tuple[str, ...]
    topic: str | None  # ARN of an SNS topic that exists; None: one is made
    key: str | None  # name of the Key that encrypts the topic; None: one is made for it
    events: tuple[AlertEvent, ...]
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Control:
    """A control of AWS Backup Audit Manager."""

    name: str  # as AWS writes it, BACKUP_LAST_RECOVERY_POINT_CREATED
    parameters: tuple[tuple[str, str], ...]  # AWS's names; AWS takes text only
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Framework:
    """Controls that AWS Backup Audit Manager evaluates in every governed account."""

    name: str
    controls: tuple[Control, ...]
    origin: Origin


class ReportTemplate(StrEnum):
    """What a report of AWS Backup is about."""

    BACKUP_JOBS = "backup-jobs"
    COPY_JOBS = "copy-jobs"
    RESTORE_JOBS = "restore-jobs"
    RESOURCE_COMPLIANCE = "resource-compliance"
    CONTROL_COMPLIANCE = "control-compliance"


class ReportFormat(StrEnum):
    """How a report is written."""

    CSV = "csv"
    JSON = "json"  # AWS writes it for a single account and Region only


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A daily report of AWS Backup over the whole organization."""

    name: str
    template: ReportTemplate
    formats: tuple[ReportFormat, ...]
    bucket: str  # name of an S3 bucket
    prefix: str  # of the keys; empty: none
    frameworks: tuple[str, ...]  # names of Frameworks; compliance templates only
    origin: Origin


class Forbidden(StrEnum):
    """What a guard rail denies."""

    LEAVE_ORGANIZATION = "leave-organization"
    CLOSE_ACCOUNT = "close-account"
    DELETE_KEYS = "delete-keys"
    REMOVE_LOCKS = "remove-locks"
    DELETE_BACKUPS = "delete-backups"
    COPY_OUT = "copy-out"  # of the organization
    DISABLE_AMIS = "disable-amis"
    CHANGE_PLANS = "change-plans"
    CHANGE_SETTINGS = "change-settings"  # opt-in and cross-account backup


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardRails:
    """What nobody in the governed accounts may do, by service control policy."""

    deny: tuple[Forbidden, ...]
    exempt: tuple[str, ...]  # role names or ARN patterns of roles that may, such as break-glass
    attach_to: tuple[str, ...]  # OU names, paths or ids
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRule:
    """How a tag has to be written."""

    key: str  # with its capitals
    values: tuple[str, ...]  # empty: any; may end with *
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class Safeguards:
    """What whoever takes protection away has to show."""

    mfa: bool  # a code of the caller's multi-factor device


NO_SAFEGUARDS = Safeguards(mfa=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class TagPolicy:
    """A tag policy of AWS Organizations that keeps the tags of selections correct."""

    tags: tuple[TagRule, ...]
    enforced_for: tuple[ResourceType, ...]  # wrong tags are refused for these; for all others they are only reported
    attach_to: tuple[str, ...]  # OU names, paths or ids
    origin: Origin
