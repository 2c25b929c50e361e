"""An account has almost as many legal holds as it may have

Why:     The next hold is refused, on the day on which somebody has to make one.
Fix:     Cancel holds that are over with backup cancel-legal-hold, or ask for a higher quota.
Limits:  Nine tenths of the default quota; a raised quota is not known.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/aws-backup-limits.html, read 2026-11-21; facts.limit("legal_holds_max")
Failure: FM29
"""

from collections import Counter
from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.facts import limit
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable


@live("VRF162", severity=Severity.WARNING)
def legal_holds_near_limit(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Count the holds of each account and Region that are not given up."""
    most = int(limit("legal_holds_max").value)
    rows = judgement.snapshot.table("legal_holds").select(["account_id", "region", "status"]).to_pylist()
    counts = Counter((row["account_id"], row["region"]) for row in rows if row["status"] != "CANCELED")
    for (account, region), number in sorted(counts.items()):
        if number * 10 >= most * 9:
            yield Lack(
                subject=f"account {account} in {region}",
                message=f"account {account} has {number} legal holds in {region}, {most} are allowed",
                help=f"backup list-legal-holds --region {region}, then backup cancel-legal-hold for those that are over",
                account_id=account,
                region=region,
                count=number,
            )
