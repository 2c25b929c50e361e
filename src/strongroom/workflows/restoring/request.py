"""What somebody wants back, and whether it can be meant at all."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from strongroom import facts
from strongroom.domain.names import AccountId, Arn, Region, ResourceType, partition_of
from strongroom.domain.recovery import PointRef
from strongroom.errors import BadInput
from strongroom.workflows.restoring.metadata import ITEMS_MAX, NAMES, name_problem

COPY_IT_WHOLE: Final = "copy the ARN whole, as strongroom coverage prints it"


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreRequest:
    """What somebody wants back."""

    resource_arn: str  # what was backed up
    at: datetime | None = None  # the newest recovery point until then, or that very instant of a continuous one; None: the newest
    point: PointRef | None = None  # a recovery point that is known by its key: nothing is chosen
    point_arn: str = ""  # the same by its ARN: it is looked for
    vault: str = ""  # label of the strategy, name or ARN: only recovery points there
    account: AccountId | None = None  # where to restore into; None: the resource's own
    region: Region | None = None  # None: the recovery point's
    overrides: Mapping[str, str] = field(default_factory=dict)  # restore metadata
    name: str = ""  # of what is made; empty: derived from the resource's
    overwrite: str = ""  # the name once more: something existing may be written into
    job_role: str = ""  # ARN of the role that AWS Backup assumes; empty: the strategy's, else AWS Backup's default role
    items: tuple[str, ...] = ()  # S3 and EFS: only these keys or paths, at most five; empty: everything
    tags: Mapping[str, str] = field(default_factory=dict)  # put onto what is made
    test_run: str = ""  # id of the test that it belongs to
    accept_cold: bool = False  # a recovery point in cold storage may be taken, which lasts hours


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A request whose ARN was understood."""

    request: RestoreRequest
    account: AccountId | None  # of the resource; None: neither its ARN nor the request tells
    region: Region | None
    now: datetime  # AWS's time


# What the ARNs of resources end with, by service; of the last four types the recovery point says more.
_FORMS: Final[tuple[tuple[str, str, ResourceType], ...]] = (
    ("dynamodb", r"table/[^/]+", ResourceType.DYNAMODB),
    ("ec2", r"instance/[^/]+", ResourceType.EC2),
    ("ec2", r"volume/[^/]+", ResourceType.EBS),
    ("elasticfilesystem", r"file-system/[^/]+", ResourceType.EFS),
    ("rds", r"db:[^:]+", ResourceType.RDS),
    ("s3", r"[^/]+", ResourceType.S3),
    ("rds", r"cluster:[^:]+", ResourceType.AURORA),
    ("fsx", r"(file-system|volume)/.+", ResourceType.FSX),
    ("redshift", r"(cluster|namespace):.+", ResourceType.REDSHIFT),
    ("timestream", r"database/.+", ResourceType.TIMESTREAM),
)
_TOLD_BY_THE_POINT: Final = frozenset({ResourceType.AURORA, ResourceType.FSX, ResourceType.REDSHIFT, ResourceType.TIMESTREAM})
_WITH_ITEMS: Final = frozenset({ResourceType.EFS, ResourceType.S3})  # of which single items come back, and which take what is restored in
_ROLE: Final = r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}"
_VAULT: Final = r"arn:aws[a-z-]*:backup:[a-z0-9-]+:[0-9]{12}:backup-vault:[A-Za-z0-9_-]{2,50}"


def kind_of(arn: Arn) -> ResourceType | None:
    """Return the type of a resource as its ARN tells it, of a cluster Aurora; None: AWS Backup restores no such thing."""
    return next((kind for service, form, kind in _FORMS if service == arn.service and re.fullmatch(form, arn.resource)), None)


def type_of(arn: Arn) -> ResourceType | None:
    """Return the type of a resource, None where its ARN doesn't tell.

    Example:
        >>> type_of(Arn.parse("arn:aws:rds:eu-west-2:111122223333:db:ledger")).value
        'RDS'
    """
    kind = kind_of(arn)
    return None if kind in _TOLD_BY_THE_POINT else kind


def restorable(text: str) -> Arn:
    """Return the ARN of something that AWS Backup restores; raises BadInput.

    Example:
        >>> restorable("arn:aws:s3:::papers").resource
        'papers'
    """
    try:
        arn = Arn.parse(text)
    except ValueError as error:
        raise BadInput(str(error), hint="name the resource by its ARN, as strongroom coverage prints it") from None
    if kind_of(arn) is None:
        bucket, _, key = arn.resource.partition("/")
        of_a_bucket = arn.service == "s3" and bucket
        hint = f"name the bucket, arn:{arn.partition}:s3:::{bucket}, and the object with --item {key}" if of_a_bucket else ""
        raise BadInput(f"{text} is of no type that AWS Backup restores", hint=hint or "name the resource, not its recovery point")
    if not arn.partition.startswith("aws"):
        raise BadInput(f"{text}: there is no partition {arn.partition!r}", hint=COPY_IT_WHOLE)
    if arn.service != "s3":
        _require_place(arn)
    return arn


def judge(request: RestoreRequest) -> None:
    """Raise BadInput for what nobody can mean, whatever is in AWS: nothing is asked of AWS or of the ledger for it."""
    kind = kind_of(restorable(request.resource_arn))
    if request.items and kind not in _WITH_ITEMS:
        raise BadInput("single items can be restored from buckets and file systems alone", hint="leave out --item")
    if len(request.items) > ITEMS_MAX:
        raise BadInput(f"{len(request.items)} items are named, AWS Backup restores {ITEMS_MAX} in one job", hint="restore in turns")
    if request.overwrite:
        _require_named_twice(request, kind)
    problem = name_problem(kind, request.name) if kind is not None and kind in NAMES and request.name else ""
    if problem:
        raise BadInput(problem, hint="choose another one with --name, or leave it out: one is made from the resource's own")
    if request.point_arn:
        _require_point(request.point_arn)
    if request.vault.startswith("arn:") and not re.fullmatch(_VAULT, request.vault):
        raise BadInput(f"{request.vault!r} is not the ARN of a vault", hint="name the vault by its ARN or by its label in the strategy")
    if request.job_role and not re.fullmatch(_ROLE, request.job_role):
        hint = "write its ARN, such as: --role arn:aws:iam::111122223333:role/restores; the role that is assumed is --assume"
        raise BadInput(f"{request.job_role!r} is not the ARN of a role", hint=hint)


def _require_place(arn: Arn) -> None:
    try:
        AccountId.parse(arn.account)
        region = Region.parse(arn.region)
    except ValueError as error:
        raise BadInput(f"{arn}: {error}", hint=COPY_IT_WHOLE) from None
    if region not in facts.regions():
        raise BadInput(f"{arn}: there is no AWS Region {region}", hint=COPY_IT_WHOLE)
    if arn.partition != partition_of(region):
        raise BadInput(f"{arn}: {region} is in partition {partition_of(region)}", hint=COPY_IT_WHOLE)


def _require_named_twice(request: RestoreRequest, kind: ResourceType | None) -> None:
    if kind not in _WITH_ITEMS:
        raise BadInput(f"AWS restores no {kind} into one that exists", hint="leave out --overwrite; the name of what is made is --name")
    if request.overwrite != request.name:
        raise BadInput(
            f"--overwrite {request.overwrite} and --name {request.name or '(none)'} differ",
            hint=f"name it twice if something existing is meant: --name {request.overwrite} --overwrite {request.overwrite}",
        )


def _require_point(text: str) -> None:
    try:
        arn = Arn.parse(text)
    except ValueError as error:
        raise BadInput(str(error), hint="name the recovery point by its ARN, or leave out --point for the newest data") from None
    if kind_of(arn) is not None:
        raise BadInput(f"{text} is a resource, and no recovery point", hint="leave out --point for the newest data")
