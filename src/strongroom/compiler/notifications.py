"""What a vault itself tells a topic: only what AWS Backup tells nowhere else.

The topic must be in the vault's own account and Region (aws/03 §3.3), so that vaults of the account that watches have notifications, and
those of all other accounts tell what they can through EventBridge.
"""

from typing import Final

from strongroom.compiler.template import Json
from strongroom.compiler.watch_places import topic_arn, topic_region, watching_account
from strongroom.domain.estate import Estate
from strongroom.domain.governance import AlertEvent
from strongroom.domain.names import AccountId, Arn, Region

_EVENTS: Final = {
    AlertEvent.WITH_ISSUES: ("CONTINUOUS_BACKUP_INTERRUPTED", "EKS_BACKUP_OBJECT_FAILED", "S3_BACKUP_OBJECT_FAILED"),
    AlertEvent.RESTORE_FAILED: ("EKS_RESTORE_OBJECT_FAILED", "S3_RESTORE_OBJECT_FAILED"),
}


def vault_notifications(estate: Estate, account: AccountId, region: Region) -> Json:
    """Return the property `Notifications` of vaults in an account and Region; empty where no topic is there."""
    alerts = estate.alerts
    if alerts is None:
        return {}
    watching = watching_account(estate)
    owner = Arn.parse(alerts.topic).account if alerts.topic else watching
    wanted = sorted(name for event, names in _EVENTS.items() if event in alerts.events for name in names)
    if not wanted or watching is None or account != owner or region != (topic_region(alerts) or region):
        return {}
    return {"Notifications": {"BackupVaultEvents": wanted, "SNSTopicArn": topic_arn(estate, alerts, watching)}}
