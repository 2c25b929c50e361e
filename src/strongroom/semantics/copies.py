"""Whether a copy action can work, as far as it doesn't depend on permissions.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html,
https://docs.aws.amazon.com/aws-backup/latest/devguide/encryption.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/backup-feature-availability.html
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType

AWS: Final = "AWS"
CUSTOMER: Final = "CUSTOMER"
UNKNOWN_KEY: Final = "UNKNOWN"
_COPIED_UNENCRYPTED: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE})


class Outcome(StrEnum):
    """What will come of a copy."""

    COPIES = "copies"
    FAILS = "fails"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyCase:
    """A copy of one resource's recovery points to one vault."""

    type: ResourceType
    same_account: bool
    same_region: bool
    key_manager: str | None  # of the resource: AWS, CUSTOMER, UNKNOWN; None: not encrypted
    advanced_dynamodb: bool = True
    cross_account_enabled: bool | None = None  # AWS Backup's global setting; None: could not be read
    destination_key_manager: str | None = None  # of the destination vault's key: AWS, CUSTOMER; None or UNKNOWN: could not be read


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What will come of it; `message` is AWS's text for FAILS, what could not be known for UNKNOWN, empty for COPIES."""

    outcome: Outcome
    message: str
    failure_mode: str  # FM01…; empty for COPIES


def verdict(case: CopyCase) -> Verdict:
    """Return what will come of a copy: a certain failure first, then what is unknown, else it copies.

    Example:
        >>> verdict(CopyCase(type=ResourceType.EBS, same_account=False, same_region=True, key_manager="AWS",
        ...     cross_account_enabled=True, destination_key_manager="CUSTOMER")).failure_mode
        'FM01'
    """
    failure = next(_failures(case), None)
    if failure:
        name, failure_mode = failure
        return Verdict(outcome=Outcome.FAILS, message=facts.message(name), failure_mode=failure_mode)
    unknown = next(_unknowns(case), None)
    if unknown:
        reason, failure_mode = unknown
        return Verdict(outcome=Outcome.UNKNOWN, message=reason, failure_mode=failure_mode)
    return Verdict(outcome=Outcome.COPIES, message="", failure_mode="")


def fully_managed(resource_type: ResourceType, *, advanced_dynamodb: bool = True) -> bool:
    """Return whether the vault's key encrypts recovery points of a type, whatever the resource is encrypted with.

    Example:
        >>> fully_managed(ResourceType.DYNAMODB), fully_managed(ResourceType.DYNAMODB, advanced_dynamodb=False)
        (True, False)
    """
    return facts.capabilities(resource_type).fully_managed and (advanced_dynamodb or resource_type is not ResourceType.DYNAMODB)


def _failures(case: CopyCase) -> Iterator[tuple[str, str]]:
    """Yield (name of AWS's message, failure mode), in the order in which AWS evaluates."""
    if not _supported(case):
        yield "unsupported_type", "FM14"
    if not case.same_account and case.cross_account_enabled is False:
        yield "cross_account_off", "FM23"
    if case.type is ResourceType.STORAGE_GATEWAY and case.destination_key_manager == AWS:
        yield "copy_storage_gateway_key", "FM02"
    if case.destination_key_manager == AWS and (not case.same_account or _needs_service_key(case)):
        yield "copy_default_key_vault", "FM02"
    if not case.same_account and not _own_key(case) and case.key_manager == AWS:
        yield "copy_aws_managed_key", "FM01"


def _unknowns(case: CopyCase) -> Iterator[tuple[str, str]]:
    if facts.capabilities(case.type).disputed & {"cross_region", "cross_account"}:
        yield f"AWS's pages contradict each other on copies of {case.type}", "FM14"
    if not case.same_account and case.cross_account_enabled is None:
        yield "whether cross-account backup is enabled in the organization could not be read", "FM23"
    if case.destination_key_manager not in {AWS, CUSTOMER} and (
        not case.same_account or _needs_service_key(case) or case.type is ResourceType.STORAGE_GATEWAY
    ):
        yield "the key of the destination vault could not be read", "FM02"
    if not case.same_account and not _own_key(case) and case.key_manager not in {AWS, CUSTOMER, None}:
        yield "the key that encrypts the resource could not be read", "FM01"


def _supported(case: CopyCase) -> bool:
    can = facts.capabilities(case.type)
    if case.type is ResourceType.DYNAMODB and not case.advanced_dynamodb:
        return False
    anywhere = can.cross_region or can.cross_account  # without either mark not even a copy to the vault next door works
    return anywhere and (case.same_account or can.cross_account) and (case.same_region or can.cross_region)


def _own_key(case: CopyCase) -> bool:
    return fully_managed(case.type, advanced_dynamodb=case.advanced_dynamodb)


def _needs_service_key(case: CopyCase) -> bool:
    """Whether the destination's key may not be aws/backup although the account is the same.

    That is so for types that keep their source's key, copied to another Region; an unencrypted cluster stays unencrypted.
    """
    stays_unencrypted = case.key_manager is None and case.type in _COPIED_UNENCRYPTED
    return not case.same_region and not _own_key(case) and not stays_unencrypted
