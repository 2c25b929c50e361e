"""AWS Backup in Control Tower's landing zone is not as the strategy says

Why:     The landing zone decides in which accounts and Regions Control Tower keeps vaults for backups, and with which key. While it has
         failed, has drifted or says something else, its baseline can't be enabled or updated, or copies go to another account.
Fix:     strongroom apply, or controltower update-landing-zone with the manifest's backup settings
Limits:  What GetLandingZone says; Control Tower looks for drift by itself, and not at once.
Source:  https://docs.aws.amazon.com/controltower/latest/userguide/enable-backup.html, read 2026-11-21 (06 §6.1)
Failure: FM24
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import rows, unread, was_asked
from strongroom.proof.readings import Unreadable
from strongroom.proof.tower import zone_lacks


@live("VRF140", severity=Severity.ERROR)
def landing_zone_differs(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Hold the landing zone against the strategy's accounts and Regions."""
    estate = judgement.estate
    if estate.organization.control_tower is None or not was_asked(judgement, "landing_zones"):
        return
    missing = unread(judgement, "landing_zones")
    yield from missing
    if missing:
        return
    zones = rows(judgement, "landing_zones")
    lacks = zone_lacks(judgement, zones[0]) if zones else [("Control Tower has no landing zone", None)]
    for message, severity in lacks:
        yield Lack(
            subject="landing zone",
            message=message,
            account_id=judgement.scope.management,
            region=estate.organization.home_region,
            arn=zones[0]["arn"] if zones else "",
            severity=severity,
        )
