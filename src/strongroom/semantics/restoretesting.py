"""Restore testing: what a plan and a selection may say, which recovery point a test takes, and with which metadata.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing.html and
https://docs.aws.amazon.com/aws-backup/latest/devguide/restore-testing-inferred-metadata.html
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Final

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import schedule
from strongroom.semantics.cron import CronError, parse_cron

EVERYTHING: Final = ("*",)
NAME_PREFIX: Final = "awsbackup-restore-test"  # plans ignore resources with such a name too
TAG_PREFIX: Final = "aws:ResourceTag/"  # consoles and templates write keys of conditions with it
_PLACE: Final = re.compile(r"\{([^{}]+)\}")


class Algorithm(StrEnum):
    """Which of the eligible recovery points a test takes."""

    LATEST = "LATEST_WITHIN_WINDOW"
    RANDOM = "RANDOM_WITHIN_WINDOW"


class PointType(StrEnum):
    """Which kinds of recovery points a test takes."""

    SNAPSHOT = "SNAPSHOT"
    CONTINUOUS = "CONTINUOUS"


class Validation(StrEnum):
    """Where the validation of a restore test stands."""

    VALIDATING = "VALIDATING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"
    TIMED_OUT = "TIMED_OUT"


class Deletion(StrEnum):
    """Where the clean-up of a restore test stands."""

    DELETING = "DELETING"
    SUCCESSFUL = "SUCCESSFUL"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSelection:
    """RecoveryPointSelection of a plan."""

    algorithm: Algorithm
    types: tuple[PointType, ...]
    include_vaults: tuple[str, ...]  # "*", ARNs, ARNs with wildcards
    exclude_vaults: tuple[str, ...]
    window_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """What a selection of a plan tests."""

    type: ResourceType
    arns: tuple[str, ...]  # EVERYTHING or ARNs
    equals: tuple[tuple[str, str], ...]  # tags of the latest recovery point
    not_equals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A recovery point that a test may take."""

    arn: str
    at: datetime  # created; of a continuous one, the last instant that can be restored to
    continuous: bool
    restorable: bool


def plan_problem(
    *, name: str, cron: str, timezone: str, start_window_hours: int, types: Sequence[str], include_vaults: Sequence[str], window_days: int
) -> str:
    """Return why a restore testing plan is refused, empty if it isn't; the texts are our own, the bounds AWS's.

    Example:
        >>> plan = {"cron": "cron(0 5 ? * * *)", "timezone": "UTC", "types": ["SNAPSHOT"], "include_vaults": ["*"], "window_days": 30}
        >>> plan_problem(name="weekly-test", start_window_hours=1, **plan)
        'Invalid restore testing plan name weekly-test: 1 to 50 letters, digits and underscores are allowed'
        >>> plan_problem(name="weekly", start_window_hours=169, **plan)
        'StartWindowHours is 169, 1 to 168 allowed'
    """
    if not re.fullmatch(facts.limit("restore_testing_plan_name_pattern").value, name):
        return f"Invalid restore testing plan name {name}: 1 to 50 letters, digits and underscores are allowed"
    try:
        parse_cron(cron)
        schedule.zone(timezone)
    except CronError as error:
        return error.message
    if not types:
        return "RecoveryPointTypes is empty, SNAPSHOT or CONTINUOUS expected"
    most = facts.limit("restore_testing_vault_selectors_max").value
    if not 1 <= len(include_vaults) <= most:
        return f"IncludeVaults has {len(include_vaults)} entries, 1 to {most} allowed"
    for wrong in (each for each in include_vaults if each != "*" and ":backup-vault:" not in each):
        return f"{wrong} is not the ARN of a backup vault"
    return _outside("StartWindowHours", start_window_hours, "restore_testing_start_hours") or _outside(
        "SelectionWindowDays", window_days, "restore_testing_window_days"
    )


def _outside(what: str, number: int, limit: str) -> str:
    low, high = facts.limit(f"{limit}_min").value, facts.limit(f"{limit}_max").value
    return "" if low <= number <= high else f"{what} is {number}, {low} to {high} allowed"


def selection_problem(
    *, name: str, resource_type: str, arns: Sequence[str], condition_keys: Sequence[str], validation_hours: int, role_arn: str
) -> str:
    """Return why a selection of a restore testing plan is refused, empty if it isn't; the texts are our own, the bounds AWS's.

    Example:
        >>> rest = {"validation_hours": 0, "role_arn": "arn:aws:iam::111122223333:role/restore"}
        >>> selection_problem(name="all", resource_type="Redshift", arns=["*"], condition_keys=[], **rest)
        'Restore testing does not support Redshift'
        >>> selection_problem(name="all", resource_type="EBS", arns=["arn:aws:ec2:::volume/v"], condition_keys=["environment"], **rest)
        'A selection has protected resource ARNs or conditions, not both'
    """
    if not re.fullmatch(facts.limit("restore_testing_plan_name_pattern").value, name):
        return f"Invalid restore testing selection name {name}: 1 to 50 letters, digits and underscores are allowed"
    if not testable(resource_type):
        return f"Restore testing does not support {resource_type}"
    unclear = _protected_problem(arns, condition_keys)
    if unclear:
        return unclear
    if not re.fullmatch(r"arn:[^:]+:iam::\d{12}:role/.+", role_arn):
        return f"Invalid IamRoleArn: {role_arn}"
    longest = facts.limit("restore_testing_validation_hours_max").value
    return "" if 0 <= validation_hours <= longest else f"ValidationWindowHours is {validation_hours}, 0 to {longest} allowed"


def _protected_problem(arns: Sequence[str], condition_keys: Sequence[str]) -> str:
    if not arns and not condition_keys:
        return "A selection needs ProtectedResourceArns or ProtectedResourceConditions"
    if "*" in arns and len(arns) > 1:
        return "ProtectedResourceArns has * or ARNs, not both"
    if condition_keys and arns and tuple(arns) != EVERYTHING:
        return "A selection has protected resource ARNs or conditions, not both"
    for what, number, limit in (
        ("ProtectedResourceArns", len(arns), "restore_testing_arns_max"),
        ("ProtectedResourceConditions", len(condition_keys), "restore_testing_conditions_max"),
    ):
        if number > facts.limit(limit).value:
            return f"{what} has {number} entries, {facts.limit(limit).value} at most"
    reserved = (key for key in condition_keys if key.lower().startswith("aws:") and not key.startswith(TAG_PREFIX))
    return next((f"The tag key {key} can't start with aws:" for key in reserved), "")


def testable(resource_type: str) -> bool:
    """Return whether restore testing takes a resource type.

    Example:
        >>> testable("S3"), testable("Timestream"), testable("teapot")
        (True, False, False)
    """
    return resource_type in facts.names("restores")


def at_once_max(resource_type: ResourceType) -> int:
    """Return how many restore tests of a type run at once; the others wait until the start window is over.

    Example:
        >>> at_once_max(ResourceType.RDS), at_once_max(ResourceType.EBS), at_once_max(ResourceType.S3)
        (40, 100, 30)
    """
    group = {ResourceType.EBS: "ec2", ResourceType.EC2: "ec2", ResourceType.EFS: "files", ResourceType.S3: "files"}
    return int(facts.limit(f"restore_tests_at_once_{group.get(resource_type, 'databases')}").value)


def takes_vault(selection: PointSelection, vault_arn: str) -> bool:
    """Return whether recovery points of a vault may be tested.

    Example:
        >>> wild = "arn:aws:backup:*:*:backup-vault:prod-*"
        >>> plan = PointSelection(algorithm=Algorithm.LATEST, types=(), include_vaults=(wild,), exclude_vaults=(), window_days=30)
        >>> [takes_vault(plan, f"arn:aws:backup:eu-west-2:111122223333:backup-vault:{name}") for name in ("prod-1", "dev")]
        [True, False]
    """
    included = any(fnmatchcase(vault_arn, pattern) for pattern in selection.include_vaults)
    return included and not any(fnmatchcase(vault_arn, pattern) for pattern in selection.exclude_vaults)


def takes_resource(scope: Scope, resource_type: ResourceType, resource_arn: str, tags: Mapping[str, str]) -> bool:
    """Return whether a protected resource is tested; `tags` are those of its latest recovery point, not its own.

    Example:
        >>> scope = Scope(type=ResourceType.EBS, arns=EVERYTHING, equals=(("environment", "prod"),), not_equals=(("tier", "scratch"),))
        >>> [takes_resource(scope, ResourceType.EBS, "arn:1", {"environment": "prod", "tier": tier}) for tier in ("gold", "scratch")]
        [True, False]
    """
    if resource_type is not scope.type:
        return False
    if scope.arns and scope.arns != EVERYTHING:
        return resource_arn in scope.arns
    holds = all(tags.get(key.removeprefix(TAG_PREFIX)) == text for key, text in scope.equals)
    return holds and not any(tags.get(key.removeprefix(TAG_PREFIX)) == text for key, text in scope.not_equals)


def pick(selection: PointSelection, candidates: Sequence[Candidate], at: datetime, dice: float) -> Candidate | None:
    """Return the recovery point that a test takes at the instant at which it really starts, None when none is eligible.

    The window is counted back from that instant, not from the schedule. `dice` (0 <= dice < 1) decides where chance does.

    Example:
        >>> from datetime import UTC
        >>> days = [datetime(2027, 1, day, tzinfo=UTC) for day in (1, 8, 9)]
        >>> points = [Candidate(arn=f"p{day.day}", at=day, continuous=False, restorable=True) for day in days]
        >>> latest, random = (
        ...     PointSelection(algorithm=each, types=tuple(PointType), include_vaults=EVERYTHING, exclude_vaults=(), window_days=7)
        ...     for each in Algorithm
        ... )
        >>> [pick(plan, points, datetime(2027, 1, 10, tzinfo=UTC), 0.0).arn for plan in (latest, random)]
        ['p9', 'p8']
    """
    since = at - timedelta(days=selection.window_days)
    eligible = [
        each
        for each in candidates
        if each.restorable
        and since <= each.at <= at
        and (PointType.CONTINUOUS if each.continuous else PointType.SNAPSHOT) in selection.types
    ]
    if not eligible:
        return None
    if selection.algorithm is Algorithm.LATEST:
        return max(eligible, key=lambda each: each.at)
    return eligible[int(dice * len(eligible))]


def inferred(resource_type: ResourceType, known: Mapping[str, str], *, cluster: bool = False) -> dict[str, str]:
    """Return the restore metadata that AWS Backup infers for a test.

    `known` has the random `name`, `zone` and `zones` and what the recovery point knows of its source; what it doesn't know is
    left out. `cluster`: an RDS Multi-AZ DB cluster.

    Example:
        >>> inferred(ResourceType.EBS, {"zone": "eu-west-2b"})
        {'availabilityZone': 'eu-west-2b', 'encrypted': 'true'}
    """
    if not testable(resource_type):
        return {}
    row = ResourceType.AURORA if cluster else resource_type
    templates: Mapping[str, str] = facts.fact("restores", row).value["inferred"]
    found = {}
    for key, template in templates.items():
        place = _PLACE.fullmatch(template)
        text = template if place is None else known.get(place[1], "")
        if text:
            found[key] = text
    return found


def validation_refused(current: Validation | None) -> str:
    """Return why a validation result is refused, empty if it isn't: once there is one it can't be changed.

    Example:
        >>> validation_refused(Validation.VALIDATING), validation_refused(Validation.FAILED)
        ('', 'the validation is FAILED and cannot be changed')
    """
    if current is None:
        return "the restore job awaits no validation"
    return "" if current is Validation.VALIDATING else f"the validation is {current} and cannot be changed"
