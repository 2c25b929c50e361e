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
from strongroom.domain.names import ResourceType, RetentionDays, partition_of
from strongroom.semantics import locks
from strongroom.semantics.locks import Lock

AWS: Final = "AWS"
CUSTOMER: Final = "CUSTOMER"
UNKNOWN_KEY: Final = "UNKNOWN"
_COPIED_UNENCRYPTED: Final = frozenset({ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE})

_NOT_ACROSS_ACCOUNTS_IN_OPT_IN_REGIONS: Final = frozenset({ResourceType.CLOUDFORMATION, ResourceType.NEPTUNE, ResourceType.TIMESTREAM})


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
    same_organization: bool = True
    source_region: str = ""  # empty: of no interest to the question
    destination_region: str = ""
    multi_az_cluster: bool = False  # RDS: a Multi-AZ DB cluster, not an instance
    cold: bool = False  # the recovery point is in cold storage or in the archive
    continuous: bool = False  # the recovery point is continuous
    on_demand: bool = False  # StartCopyJob, not a copy action of a rule
    marketplace_image: bool = False  # EC2: made from an image of AWS Marketplace
    images_restricted: bool | None = False  # EC2: the destination lists allowed images; None: could not be read
    keep: RetentionDays | None = None  # of the copy (`lifecycle.at_destination`); None: not asked
    destination_lock: Lock | None = None  # the destination vault's lock, if `keep` is asked


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
        message, failure_mode = failure
        return Verdict(outcome=Outcome.FAILS, message=message, failure_mode=failure_mode)
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


def stays_unencrypted(resource_type: ResourceType, *, encrypted: bool) -> bool:
    """Return whether a copy is not encrypted because its source isn't; other types get the destination vault's key then.

    Example:
        >>> stays_unencrypted(ResourceType.AURORA, encrypted=False), stays_unencrypted(ResourceType.EBS, encrypted=False)
        (True, False)
    """
    return not encrypted and resource_type in _COPIED_UNENCRYPTED


def makes_snapshot(case: CopyCase) -> bool:
    """Return whether the copy is a snapshot though its source is continuous: a copy action always makes one.

    Example:
        >>> makes_snapshot(CopyCase(type=ResourceType.S3, same_account=True, same_region=True, key_manager=None, continuous=True))
        True
    """
    return case.continuous and not case.on_demand


def _failures(case: CopyCase) -> Iterator[tuple[str, str]]:
    """Yield (message, failure mode), in the order in which AWS evaluates."""
    if not _supported(case):
        yield facts.message("unsupported_type"), "FM14"
    if _leaves_partition(case):
        yield "a copy can't leave its partition, and China and GovCloud copy between their own two Regions only", "FM14"
    if not case.same_account and not case.same_organization:
        yield facts.message("not_same_organization"), "FM23"
    if not case.same_account and case.cross_account_enabled is False:
        yield facts.message("cross_account_off"), "FM23"
    yield from _key_failures(case)
    if case.keep is not None and (message := locks.fails(case.destination_lock, case.keep, copy=True)):
        yield message, "FM03"
    yield from _state_failures(case)


def _key_failures(case: CopyCase) -> Iterator[tuple[str, str]]:
    if case.type is ResourceType.STORAGE_GATEWAY and case.destination_key_manager == AWS:
        yield facts.message("copy_storage_gateway_key"), "FM02"
    if case.destination_key_manager == AWS and (not case.same_account or _needs_service_key(case)):
        yield facts.message("copy_default_key_vault"), "FM02"
    if not case.same_account and not _own_key(case) and case.key_manager == AWS:
        yield facts.message("copy_aws_managed_key"), "FM01"


def _state_failures(case: CopyCase) -> Iterator[tuple[str, str]]:
    if case.cold:
        yield "a recovery point in cold storage or in the archive can't be copied", "FM14"
    if case.continuous and case.on_demand:
        yield "a continuous recovery point can't be copied on demand, only by a rule", "FM13"
    if case.type is ResourceType.EC2 and case.marketplace_image and not case.same_account:
        yield facts.message("copy_marketplace_image"), "FM18"


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
    if case.type is ResourceType.EC2 and not case.same_account and case.images_restricted is not False:
        yield "whether the destination's allowed images admit the source account isn't known", "FM18"


def _supported(case: CopyCase) -> bool:
    can = facts.capabilities(case.type)
    if case.type is ResourceType.DYNAMODB and not case.advanced_dynamodb:
        return False
    if case.type is ResourceType.RDS and case.multi_az_cluster:
        return False
    if not case.same_account and case.type in _NOT_ACROSS_ACCOUNTS_IN_OPT_IN_REGIONS:
        opt_in = facts.opt_in_regions()
        if case.source_region in opt_in or case.destination_region in opt_in:
            return False
    anywhere = can.cross_region or can.cross_account  # without either mark not even a copy to the vault next door works
    return anywhere and (case.same_account or can.cross_account) and (case.same_region or can.cross_region)


def _leaves_partition(case: CopyCase) -> bool:
    if not case.source_region or not case.destination_region:
        return False
    return partition_of(case.source_region) != partition_of(case.destination_region)


def _own_key(case: CopyCase) -> bool:
    return fully_managed(case.type, advanced_dynamodb=case.advanced_dynamodb)


def _needs_service_key(case: CopyCase) -> bool:
    """Whether the destination's key may not be aws/backup although the account is the same.

    That is so for types that keep their source's key, copied to another Region; an unencrypted cluster stays unencrypted.
    """
    return not case.same_region and not _own_key(case) and not stays_unencrypted(case.type, encrypted=case.key_manager is not None)
