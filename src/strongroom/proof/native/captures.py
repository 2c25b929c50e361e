"""What `native: ecs` declares, as far as AWS shows it: the bucket of the captures."""

import json
from collections.abc import Iterator

import pyarrow.compute as pc

from strongroom.domain.finding import Severity
from strongroom.domain.names import Forever
from strongroom.domain.strategy import NativeContainers
from strongroom.proof.links import LinkState
from strongroom.proof.native.buckets import command
from strongroom.proof.native.comparing import Difference, Ground, Row, Seen, switch
from strongroom.proof.readings import Unreadable


def found(given: Ground) -> Iterator[Difference | Unreadable]:
    """Yield what is wrong with the buckets that captures go to, whichever account has them."""
    wanted = given.estate.native.containers
    if not wanted:
        return
    table = given.tables.table("resources")
    buckets = {row["name"]: row for row in table.filter(pc.equal(table["type"], "S3")).to_pylist()}
    for declared in wanted:
        row = buckets.get(declared.bucket)
        yield from _of_one(declared, row) if row else [_nowhere(given, declared)]


def _of_one(declared: NativeContainers, row: Row) -> Iterator[Difference | Unreadable]:
    versioned, rules = row["versioned"], row["lifecycle"]
    if versioned is None or rules is None:
        reason = f"the snapshot does not tell versioning and lifecycle rules of the bucket of {_title(declared)}"
        yield Unreadable(account_id=row["account_id"], region=row["region"], subject="details:S3", reason=reason)
    if versioned is False:
        fix = command(row, "put-bucket-versioning", "--versioning-configuration Status=Enabled")
        yield _difference(declared, row, "versioning", switch(on=True), Seen(value=switch(on=False), fix=fix))
    ends = [rule["Expiration"]["Days"] for rule in json.loads(rules or "[]") if (rule.get("Expiration") or {}).get("Days")]
    kept = None if isinstance(declared.keep, Forever) else declared.keep
    if ends and (kept is None or min(ends) < kept):
        fix = command(row, "get-bucket-lifecycle-configuration", "shows the rule that ends captures early: take it out")
        seen = Seen(value=f"after {min(ends)} days", fix=fix)
        yield _difference(declared, row, "the end of captures", "forever" if kept is None else f"{kept} days", seen)


def _title(declared: NativeContainers) -> str:
    return f"native ecs {declared.name}"


def _nowhere(given: Ground, declared: NativeContainers) -> Difference:
    """Return that nobody has seen the bucket: it may be in an account or Region that nobody reads."""
    arn = f"arn:aws:s3:::{declared.bucket}"
    row = {"arn": arn, "account_id": given.scope.management, "region": "", "name": declared.bucket}
    fix = f"s3api head-bucket --bucket {declared.bucket} shows whether it is there"
    seen = Seen(value="not among the buckets that were read", fix=fix, state=LinkState.UNKNOWN, severity=Severity.WARNING)
    return _difference(declared, row, f"bucket {declared.bucket}", "it", seen)


def _difference(declared: NativeContainers, row: Row, what: str, wanted: str, seen: Seen) -> Difference:
    return Difference(part=_title(declared), trait=what, declared=wanted, seen=seen, rows=(row,))
