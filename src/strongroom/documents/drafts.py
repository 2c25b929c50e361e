"""Parts of an estate as a document says them, before what is unknown is set apart.

`Unread` is what the document doesn't say (its reason was noted), None what nobody wrote.
"""

from dataclasses import dataclass

from strongroom.domain.names import RetentionDays
from strongroom.domain.origin import FileOrigin, Unread
from strongroom.domain.strategy import KeyKind, Lock

OWN_ACCOUNT = "$account"  # the account that the document is deployed into
OWN_REGION = "$region"


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftLifecycle:
    """How long something is kept."""

    keep: RetentionDays | Unread | None = None
    cold_after_days: int | Unread | None = None
    archive: bool | Unread | None = None  # EBS snapshots move to the archive


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftCopy:
    """A copy action."""

    vault_arn: str | Unread | None
    lifecycle: DraftLifecycle | Unread
    origin: FileOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRule:
    """A rule of a plan."""

    name: str | Unread | None
    schedule: str | Unread | None
    timezone: str | Unread | None
    start_within_minutes: int | Unread | None
    complete_within_minutes: int | Unread | None
    lifecycle: DraftLifecycle | Unread
    continuous: bool | Unread | None
    vault: str | Unread | None  # name
    air_gapped_arn: str | Unread | None
    copies: tuple[DraftCopy, ...] | Unread
    subject: str
    origin: FileOrigin
    schedule_origin: FileOrigin
    timezone_origin: FileOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSelection:
    """AWS's BackupSelection: ((resources or tags) and all conditions) without not_resources."""

    subject: str
    role: str | Unread | None
    resources: tuple[str, ...] | Unread
    not_resources: tuple[str, ...] | Unread
    tags: tuple[tuple[str, str], ...] | Unread  # any of them
    conditions: tuple[tuple[str, str, str], ...] | Unread  # (StringEquals, key, value), all of them
    origin: FileOrigin
    resource_origins: tuple[FileOrigin, ...] = ()  # of each resource, where the grammar writes them one by one

    @property
    def unread(self) -> Unread | None:
        """Why a part of it is unknown; None when all is known."""
        parts = (self.resources, self.not_resources, self.tags, self.conditions)
        return next((part for part in parts if isinstance(part, Unread)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftPlan:
    """A plan with its selections."""

    name: str
    rules: tuple[DraftRule, ...]
    selections: tuple[DraftSelection, ...]
    regions: tuple[str, ...]  # empty: the document doesn't say
    account: str | None
    origin: FileOrigin
    selections_unread: Unread | None = None  # why there may be more selections than these


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftVault:
    """A vault that the document declares."""

    name: str
    account: str  # OWN_ACCOUNT where the document doesn't say
    region: str  # OWN_REGION where the document doesn't say
    key: KeyKind | Unread
    lock: Lock | Unread | None
    origin: FileOrigin


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What one deployment of a document brings."""

    name: str
    plans: tuple[DraftPlan, ...] = ()
    vaults: tuple[DraftVault, ...] = ()
    account: str | None = None
    region: str | None = None
