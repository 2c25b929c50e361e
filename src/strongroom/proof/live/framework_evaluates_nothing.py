"""A framework is in an account in which AWS Config does not record what it evaluates

Why:     AWS Backup Audit Manager evaluates what AWS Config records. Without a recorder the framework is inactive and says nothing, and a
         compliance report leaves the account out as if all were well.
Fix:     Turn recording on in the account and Region: config put-configuration-recorder for AWS::Backup::BackupPlan, BackupSelection,
         BackupVault and RecoveryPoint and for the resources themselves, put-delivery-channel, start-configuration-recorder. Strongroom
         makes no recorder: an account and Region has one, often somebody else's, and it costs by what it records.
Limits:  The account's own recorder and the four types that every framework needs; which types of resources it records is not judged.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/turning-on-resource-tracking.html, read 2026-11-21 (04 §4.5)
Failure: none
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.readings import Unreadable
from strongroom.proof.recording import recording


@live("VRF180", severity=Severity.WARNING)
def framework_evaluates_nothing(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look for the recorder of every governed account and Region, where the strategy has frameworks."""
    if not judgement.estate.frameworks:
        return
    found = recording(judgement.estate, judgement.snapshot)
    for account, region in found.unread:
        if missing := judgement.observed.readings.missing(account, region, "config_recorders"):
            yield missing
    for why in sorted({each.why for each in found.lacking}):
        alike = [each for each in found.lacking if each.why == why]
        first = alike[0]
        places = "1 account and Region" if len(alike) == 1 else f"{len(alike)} accounts and Regions"
        yield Lack(
            subject=f"frameworks in account {first.account}, {first.region}" + (f" and {len(alike) - 1} more" if len(alike) > 1 else ""),
            message=f"frameworks evaluate nothing, or not all, in {places}: there is {why}",
            account_id=first.account,
            region=first.region,
            count=len(alike),
        )
