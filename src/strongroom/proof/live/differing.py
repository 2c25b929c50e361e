"""What differs from a declaration under `native`, as what a live check says."""

from collections.abc import Iterable, Iterator

from strongroom.proof.live.check import Lack
from strongroom.proof.native.comparing import Difference
from strongroom.proof.readings import Unreadable


def lacks(found: Iterable[Difference | Unreadable]) -> Iterator[Lack | Unreadable]:
    """Yield a lack for each difference; what nobody could read stays what it is."""
    for each in found:
        if isinstance(each, Unreadable):
            yield each
            continue
        first = each.rows[0]
        yield Lack(
            subject=each.subject,
            message=each.message,
            help=each.seen.fix,
            account_id=first["account_id"],
            region=first["region"],
            arn=first["arn"],
            state=each.seen.state,
            resources=len(each.rows),
            arns=each.arns,
            count=len(each.rows),
            severity=each.seen.severity,
        )
