"""The resources that checks may look at, where somebody has read them: a small typed view, no table."""

from dataclasses import dataclass

from strongroom.domain.names import AccountId, Region, ResourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource that AWS Backup can protect."""

    arn: str
    type: ResourceType
    account: AccountId
    region: Region
    tags: tuple[tuple[str, str], ...]
    encrypted: bool | None  # None: unknown
    key_manager: str | None  # AWS or CUSTOMER; None: not encrypted, or unknown


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreadPart:
    """Something of one account and Region that could not be read, and why."""

    account: AccountId
    region: str  # empty for global things
    subject: str  # "resources:EBS"
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """Resources, and what could not be read of them."""

    resources: tuple[Resource, ...]
    unread: tuple[UnreadPart, ...] = ()
