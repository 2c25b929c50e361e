"""Alarms on the metrics of AWS Backup, and the one that nothing but silence sets off.

`AWS/Backup` has only non-zero values, every five minutes, by vault (aws/07 §7.8): missing data is no failure. Of a run that never came
there is no metric: the heartbeat counts completed jobs of the whole organization, and takes silence for an alarm.
"""

from collections.abc import Iterator
from typing import Any, Final

from strongroom.compiler.template import Json, logical_id, owner_tags
from strongroom.compiler.undeployed import deployed_account_plans, deployed_plans
from strongroom.domain.estate import BackupRule, Estate
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, EveryAccount, Region
from strongroom.semantics.cron import CronError, parse_cron
from strongroom.semantics.schedule import interval_minutes_max

HEARTBEAT_HOURS_MAX = 168  # CloudWatch, PutMetricAlarm: a period of an hour looks back seven days at most
_HOUR_MINUTES = 60
_METRICS: Final = (
    (AlertEvent.FAILED, "backup-failed", "NumberOfBackupJobsFailed", "a backup job into vault {vault} failed"),
    (AlertEvent.FAILED, "backup-aborted", "NumberOfBackupJobsAborted", "a backup job into vault {vault} was aborted"),
    (AlertEvent.EXPIRED, "backup-expired", "NumberOfBackupJobsExpired", "a backup job into vault {vault} could not start in its window"),
)
_RESTORE: Final = (AlertEvent.RESTORE_FAILED, "restore-failed", "NumberOfRestoreJobsFailed", "a restore from vault {vault} failed")
_COPY: Final = (AlertEvent.COPY_FAILED, "copy-failed", "NumberOfCopyJobsFailed", "a copy job into vault {vault} failed")


def job_alarms(
    estate: Estate, alerts: Alerts, account: AccountId | EveryAccount, *, prefix: str, actions: Any, region: Region | None = None
) -> Json:
    """Return the alarms on jobs of an account; `region` None: of every Region, where a vault that isn't there makes no metric."""
    plans = [plan for plan in estate.plans if plan.account == (None if account is EVERY_ACCOUNT else account)]
    vaults = [each for each in estate.vaults if each.account == account and region in (None, *each.regions)]
    used = {name for plan in plans for rule in plan.rules for name in (rule.vault_name, rule.air_gapped_name)}
    copied = sorted({name for plan in plans for rule in plan.rules for name in rule.copied_to})
    wanted = [
        *((metric, each.name) for each in vaults if each.name in used for metric in _METRICS),
        *((_RESTORE, each.name) for each in vaults),
        *((_COPY, name) for name in copied),
    ]
    return {
        logical_id("alarm", kind, vault): _alarm(
            name=f"{prefix}-{kind}-{vault}",
            description=f"Strategy {estate.name}: {words.format(vault=vault)}",
            strategy=estate.name,
            actions=actions,
            Namespace="AWS/Backup",
            MetricName=metric,
            Dimensions=[{"Name": "BackupVaultName", "Value": vault}],
            Period=300,
            EvaluationPeriods=1,
            Threshold=0,
            ComparisonOperator="GreaterThanThreshold",
            TreatMissingData="notBreaching",
        )
        for (event, kind, metric, words), vault in wanted
        if event in alerts.events
    }


def heartbeat_alarm(estate: Estate, *, hours: int, bus: str, rule: str, actions: Any) -> Json:
    """Return the alarm that goes off when no backup job of the organization has completed for some hours."""
    return _alarm(
        name=f"{estate.name}-watch-no-backups",
        description=f"Strategy {estate.name}: no backup job of any account has completed for {hours} hours",
        strategy=estate.name,
        actions=actions,
        Namespace="AWS/Events",
        MetricName="MatchedEvents",
        Dimensions=[{"Name": "EventBusName", "Value": bus}, {"Name": "RuleName", "Value": rule}],
        Period=3600,
        EvaluationPeriods=hours,
        DatapointsToAlarm=hours,
        Threshold=1,
        ComparisonOperator="LessThanThreshold",
        TreatMissingData="breaching",
    )


def lost_events_alarm(estate: Estate, *, queue: Json, actions: Any) -> Json:
    """Return the alarm that goes off when EventBridge could not deliver an event to the queue or the topic."""
    return _alarm(
        name=f"{estate.name}-watch-events-lost",
        description=f"Strategy {estate.name}: EventBridge could not deliver an event, which waits in queue {estate.name}-events-lost",
        strategy=estate.name,
        actions=actions,
        Namespace="AWS/SQS",
        MetricName="ApproximateNumberOfMessagesVisible",
        Dimensions=[{"Name": "QueueName", "Value": queue}],
        Period=300,
        EvaluationPeriods=1,
        Threshold=0,
        ComparisonOperator="GreaterThanThreshold",
        TreatMissingData="notBreaching",
    )


def heartbeat_hours(estate: Estate) -> int | None:
    """Return after how many hours without a completed job something is wrong; None: no plan is deployed that could tell.

    The rule that runs most often decides: its longest gap, the time that a job may take, which is at most another gap, and an hour for
    the event, which AWS Backup sends in steps of five minutes.
    """
    spans = [
        span for plan in (*deployed_plans(estate), *deployed_account_plans(estate)) for rule in plan.rules for span in _span_minutes(rule)
    ]
    return -(-min(spans) // _HOUR_MINUTES) + 1 if spans else None


def _span_minutes(rule: BackupRule) -> Iterator[int]:
    try:
        gap = interval_minutes_max(parse_cron(rule.schedule), rule.timezone)
    except CronError:  # AWS refuses the rule, which is for `checks` to say
        return
    yield gap + min(gap, rule.complete_within_minutes)


def _alarm(*, name: str, description: str, strategy: str, actions: Any, **what: Any) -> Json:
    properties: Json = {
        "AlarmName": name,
        "AlarmDescription": description,
        "Statistic": "Sum",
        **what,
        "Tags": owner_tags(strategy),
    }
    if actions:
        properties["AlarmActions"] = actions
    return {"Type": "AWS::CloudWatch::Alarm", "Properties": properties}
