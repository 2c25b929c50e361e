"""The key of Control Tower's vaults is missing in a governed Region

Why:     The backup baseline makes vaults in every governed Region with the replica of one multi-Region key. Where there is no replica
         the landing zone can't be updated, and vaults of that Region can't be made.
Fix:     kms replicate-key for the key named, in the Region named; then controltower update-landing-zone
Limits:  Policies of the replicas, each of its own, are judged with the vaults that use them.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/enable-backup.html, read 2026-11-21 (06 §6.2)
Failure: FM24
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.domain.names import Arn
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, was_asked
from strongroom.proof.readings import Unreadable
from strongroom.proof.tower import key_lacks, key_of


@live("VRF142", severity=Severity.ERROR)
def baseline_key_not_replicated(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the Regions of the landing zone's key against those that it governs."""
    estate = judgement.estate
    if estate.organization.control_tower is None or not was_asked(judgement, "landing_zones"):
        return
    for zone in rows(judgement, "landing_zones"):  # unread: VRF140 asks for it
        if not (key := key_of(zone)):
            continue
        arn = Arn.parse(key)
        if missing := judgement.observed.readings.missing(arn.account, arn.region, "keys"):
            yield missing
        for message in key_lacks(judgement, zone):
            yield Lack(subject=f"key {key}", message=message, account_id=arn.account, region=arn.region, arn=key)
