"""A global setting of AWS Backup is off that the delegation needs

Why:     isDelegatedAdministratorEnabled keeps AWS Backup's permissions of the administrator in step with Organizations. While it is off,
         the registered account sees its own jobs alone, and the dashboard of the organization stays empty.
Fix:     strongroom apply, or backup update-global-settings --global-settings isDelegatedAdministratorEnabled=true
Limits:  Settings that DescribeGlobalSettings tells. That jobs of all accounts are collected centrally has no API of its own.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/API_UpdateGlobalSettings.html, read 2026-11-21 (05 §5.6)
Failure: FM23
"""

from collections.abc import Iterator

from strongroom.domain.finding import Severity
from strongroom.proof.engine import Judgement
from strongroom.proof.live.check import Lack, live
from strongroom.proof.organized import unread
from strongroom.proof.readings import Unreadable

DELEGATED = "isDelegatedAdministratorEnabled"


@live("VRF127", severity=Severity.ERROR)
def global_setting_off(judgement: Judgement) -> Iterator[Lack | Unreadable]:
    """Look at the setting where the strategy has a backup administrator; cross-account backup is a link's business."""
    if judgement.estate.settings.delegated_administrator is None or unread(judgement, "settings"):
        return  # unread settings are told by the links that depend on them
    settings = judgement.observed.settings.get((judgement.scope.management, "", "global"), {})
    if DELEGATED in settings and settings[DELEGATED] != "true":
        yield Lack(
            subject="global settings of AWS Backup", message=f"{DELEGATED} is {settings[DELEGATED]}", account_id=judgement.scope.management
        )
