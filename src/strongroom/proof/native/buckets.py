"""What `native: buckets` declares of a bucket's own switches: versioning, MFA delete, Object Lock, lifecycle rules."""

import json
from collections.abc import Iterator

from strongroom.domain.changeplan import canonical
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Severity
from strongroom.domain.names import ResourceType
from strongroom.domain.strategy import LockMode, NativeBuckets, ObjectLock
from strongroom.proof.native.comparing import Difference, Ground, Part, Row, Seen, Trait, days, differences, resources, switched
from strongroom.proof.native.lifecycles import lifecycle_traits
from strongroom.proof.readings import Unreadable

BUCKETS = (ResourceType.S3,)


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield where buckets differ from what is declared of them, but for their replication."""
    if given.estate.native.buckets:
        yield from differences(given, resources(given, BUCKETS), _parts(given.estate))


def _parts(estate: Estate) -> Iterator[Part]:
    for each in estate.native.buckets:
        traits = (*_switches(each), *_locks(each.object_lock), *lifecycle_traits(each))
        yield Part(title=title(each), select=each.select, types=BUCKETS, traits=traits)


def title(declared: NativeBuckets) -> str:
    """Return what a declaration is called."""
    return f"native buckets {declared.name}"


def command(row: Row, verb: str, *options: str) -> str:
    """Return a command about a bucket.

    Example:
        >>> command({"region": "eu-west-2", "name": "a"}, "delete-bucket-lifecycle")
        's3api delete-bucket-lifecycle --region eu-west-2 --bucket a'
    """
    return " ".join((f"s3api {verb} --region {row['region']} --bucket {row['name']}", *options))


def _switches(declared: NativeBuckets) -> Iterator[Trait]:
    wanted = declared.versioning
    if wanted is not None:
        asked = f"--versioning-configuration Status={'Enabled' if wanted else 'Suspended'}"
        yield switched("versioning", "versioned", lambda row: command(row, "put-bucket-versioning", asked), on=wanted, read="details")
    if declared.mfa_delete:
        yield switched("MFA delete", "mfa_delete", _mfa_delete, on=True, read="details")


def _mfa_delete(row: Row) -> str:
    options = ("--versioning-configuration Status=Enabled,MFADelete=Enabled", "--mfa 'SERIAL CODE'", "(as root of the account)")
    return command(row, "put-bucket-versioning", *options)


def _locks(wanted: ObjectLock | None) -> Iterator[Trait]:
    if wanted is None:
        return
    declared = f"{wanted.mode}, {days(wanted.days)}"

    def judge(row: Row) -> Seen | None:
        there = json.loads(row["object_lock"])
        mode, kept = str(there.get("Mode") or "").lower(), _lock_days(there)
        if (mode, kept) == (wanted.mode, wanted.days):
            return None
        rule = {"DefaultRetention": {"Mode": wanted.mode.upper(), "Days": wanted.days}}
        document = canonical({"ObjectLockEnabled": "Enabled", "Rule": rule})
        fix = command(row, "put-object-lock-configuration", f"--object-lock-configuration '{document}'")
        if not mode:
            return Seen(value="none", fix=fix)
        weaker = kept < wanted.days or (wanted.mode is LockMode.COMPLIANCE and mode != wanted.mode)
        return Seen(value=f"{mode}, {days(kept)}", fix=fix, severity=Severity.ERROR if weaker else Severity.WARNING)

    yield Trait(name="Object Lock's default retention", declared=declared, column="object_lock", read="locks", judge=judge)


def _lock_days(retention: dict[str, int]) -> int:
    """Return the days of a default retention; a year is what it is in a strategy, 365.25 days rounded up.

    Example:
        >>> _lock_days({"Mode": "GOVERNANCE", "Years": 7}), _lock_days({"Mode": "GOVERNANCE", "Days": 30})
        (2557, 30)
    """
    return retention.get("Days") or -(-(retention.get("Years") or 0) * 36525 // 100)
