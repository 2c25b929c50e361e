"""What the twin only keeps, like the rest of `state`: tiering, scans, approvals, restore access, access points; nothing follows."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(slots=True, kw_only=True, eq=False)
class TieringConfiguration:
    """A tiering configuration of one vault, or of all."""

    serial: int
    name: str
    arn: str
    vault_name: str  # `*`: all vaults
    selections: tuple[Mapping[str, Any], ...]  # as they were given
    created_at: datetime
    creator_request_id: str | None
    tags: dict[str, str]
    updated_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanJob:
    """A malware scan of a recovery point."""

    serial: int
    job_id: str
    account: str
    created_at: datetime
    started_at: datetime
    completed_at: datetime
    vault_name: str
    vault_arn: str
    point_arn: str
    base_arn: str | None
    until: datetime | None  # ContinuousScanEndTime, of a continuous recovery point
    resource_arn: str
    resource_name: str
    resource_type: str
    scanner: str
    mode: str
    role_arn: str
    scanner_role_arn: str


@dataclass(slots=True, kw_only=True, eq=False)
class AccessPoint:
    """A backup access point of a recovery point."""

    serial: int
    name: str
    arn: str
    alias: str  # of the access point that S3 shows
    created_at: datetime
    available_at: datetime
    vault_name: str
    vault_arn: str
    point_arn: str
    resource_arn: str
    resource_type: str
    metadata: Mapping[str, str]  # as it was given
    tags: dict[str, str]
    deleted_at: datetime | None = None  # when its deletion, which has begun, is done


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRequest:
    """A session in which an approval team votes: in the twin nobody does, so it ends unanswered."""

    session_arn: str
    initiated_at: datetime
    expires_at: datetime


@dataclass(slots=True, kw_only=True, eq=False)
class Approval:
    """The approval team of a logically air-gapped vault."""

    team_arn: str
    update: ApprovalRequest | None = None  # the latest one, to replace or remove the team


@dataclass(slots=True, kw_only=True, eq=False)
class RestoreAccess:
    """A restore access backup vault: a way to the recovery points of a logically air-gapped one."""

    serial: int
    name: str
    arn: str
    source_vault_arn: str
    created_at: datetime
    creator_request_id: str | None
    request: ApprovalRequest
    tags: dict[str, str]
    revocation: ApprovalRequest | None = None
