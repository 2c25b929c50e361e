"""What a strategy's alerts ask for: where events arise, what they look like, and which metric counts them.

Events look as AWS's page shows them; jobs of backups and copies have a `state`, restores and recovery points a `status`.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/eventbridge.html (read 2026-11-21)
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from strongroom.compiler.watch_places import bus_name, topic_name, topic_region, watching_account
from strongroom.domain.estate import BackupPlan, Estate
from strongroom.domain.governance import AlertEvent, Alerts
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, partition_of
from strongroom.proof.scope import Scope

Event = Mapping[str, Any]
# Metrics of AWS/Backup that count what alerts are about, by the vault.
METRICS: Final[Mapping[AlertEvent, tuple[str, ...]]] = {
    AlertEvent.FAILED: ("NumberOfBackupJobsFailed", "NumberOfBackupJobsAborted"),
    AlertEvent.EXPIRED: ("NumberOfBackupJobsExpired",),
    AlertEvent.COPY_FAILED: ("NumberOfCopyJobsFailed",),
    AlertEvent.RESTORE_FAILED: ("NumberOfRestoreJobsFailed",),
}
NO_EVENT: Final = frozenset({AlertEvent.MISSING, AlertEvent.REPLICATION_LATE, AlertEvent.REPLICATION_FAILED})
_JOBS: Final[Mapping[AlertEvent, tuple[tuple[str, str, str], ...]]] = {  # detail-type, field, value
    AlertEvent.STARTED: (("Backup Job", "state", "RUNNING"),),
    AlertEvent.COMPLETED: (("Backup Job", "state", "COMPLETED"),),
    AlertEvent.FAILED: (("Backup Job", "state", "FAILED"), ("Backup Job", "state", "ABORTED")),
    AlertEvent.EXPIRED: (("Backup Job", "state", "EXPIRED"),),
    AlertEvent.WITH_ISSUES: (("Backup Job", "state", "COMPLETED"), ("Recovery Point", "status", "PARTIAL")),
    AlertEvent.COPY_FAILED: (("Copy Job", "state", "FAILED"),),
    AlertEvent.RESTORE_STARTED: (("Restore Job", "status", "RUNNING"),),
    AlertEvent.RESTORE_COMPLETED: (("Restore Job", "status", "COMPLETED"),),
    AlertEvent.RESTORE_FAILED: (("Restore Job", "status", "FAILED"),),
    AlertEvent.LOCK: (("Backup Vault", "state", "MODIFIED"), ("Backup Vault", "state", "DELETED")),
}
_OF_VAULTS: Final = frozenset(
    {AlertEvent.RESTORE_STARTED, AlertEvent.RESTORE_COMPLETED, AlertEvent.RESTORE_FAILED, AlertEvent.LOCK, AlertEvent.KEY}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Center:
    """The account to which events come, and what is there."""

    account: AccountId
    partition: str
    bus: str  # name
    topic: str  # name
    given_topic: str | None  # ARN of a topic that the strategy names

    def bus_arn(self, region: str) -> str:
        """Return the ARN of its bus in a Region."""
        return f"arn:{self.partition}:events:{region}:{self.account}:event-bus/{self.bus}"

    def topic_arn(self, region: str) -> str:
        """Return the ARN of its topic in a Region."""
        return self.given_topic or f"arn:{self.partition}:sns:{region}:{self.account}:{self.topic}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """An account and Region where something of the strategy happens."""

    account: str
    region: str
    vaults: tuple[str, ...]  # names of its own vaults that the strategy uses, sorted
    backed_into: tuple[str, ...]  # of them those that backup jobs go to
    copied_to: tuple[str, ...]  # names of vaults that its copies go to

    def vaults_of(self, event: AlertEvent) -> tuple[str, ...]:
        """Return the vaults that a kind of event is about here; none: it can't arise here."""
        if event is AlertEvent.COPY_FAILED:
            return self.copied_to
        return self.vaults if event in _OF_VAULTS else self.backed_into


def center(estate: Estate, alerts: Alerts) -> Center | None:
    """Return where events come to; None where the strategy doesn't say or its alerts are not deployed."""
    account = watching_account(estate)
    if account is None or any(each.subject == "alerts" for each in estate.undeployed):
        return None
    return Center(
        account=account,
        partition=partition_of(estate.organization.home_region),
        bus=bus_name(estate),
        topic=topic_name(estate),
        given_topic=alerts.topic,
    )


def told_events(alerts: Alerts) -> tuple[AlertEvent, ...]:
    """Return the kinds of events that alerts ask for and AWS Backup sends."""
    return tuple(event for event in alerts.events if event not in NO_EVENT)


def told_regions(estate: Estate, alerts: Alerts) -> tuple[str, ...]:
    """Return the Regions in which people can be told: those of a topic that exists, or all."""
    only = topic_region(alerts)
    return tuple(str(region) for region in estate.organization.regions if only in (None, region))


def places(estate: Estate, scope: Scope, regions: tuple[str, ...]) -> Iterator[Place]:
    """Yield the governed places, and those of other accounts with vaults or plans of their own."""
    governed = frozenset(account.id for account in scope.accounts)
    others = {each.account for each in estate.vaults if isinstance(each.account, AccountId)}
    for account in sorted({*governed, *others, *(each.id for each in scope.own)}):
        owners = {None, account} if account in governed else {account}
        plans = [plan for plan in estate.plans if plan.account in owners]
        into = {name for plan in plans for rule in plan.rules for name in (rule.vault_name, rule.air_gapped_name)}
        copied = _copied(plans)
        for region in regions:
            vaults = _vaults(estate, account, region, everywhere=account in governed)
            if vaults:
                used = tuple(vault for vault in vaults if vault in into)
                yield Place(account=account, region=region, vaults=vaults, backed_into=used, copied_to=copied)


def _copied(plans: Iterable[BackupPlan]) -> tuple[str, ...]:
    return tuple(sorted({name for plan in plans for rule in plan.rules for name in rule.copied_to}))


def _vaults(estate: Estate, account: str, region: str, *, everywhere: bool) -> tuple[str, ...]:
    """Return the names of the vaults in an account and Region."""
    owners = {account, EVERY_ACCOUNT} if everywhere else {account}
    return tuple(sorted({each.name for each in estate.vaults if each.account in owners and region in each.regions}))


def samples(place: Place, event: AlertEvent, types: tuple[str, ...]) -> Iterator[Event]:
    """Yield events of a kind as they arise in a place: for each vault and type of resource, so that a narrow pattern shows."""
    if event is AlertEvent.KEY:
        for name in ("DisableKey", "ScheduleKeyDeletion"):
            yield _event(place, "aws.kms", "AWS API Call via CloudTrail", {"eventSource": "kms.amazonaws.com", "eventName": name})
        return
    for kind, field, value in _JOBS[event]:
        for vault in place.vaults_of(event):
            for resource_type in types if kind != "Backup Vault" else types[:1]:
                detail = {field: value, "resourceType": resource_type, **_about(place, kind, vault)}
                if event is AlertEvent.WITH_ISSUES and kind == "Backup Job":
                    detail["statusMessage"] = "a message"
                yield _event(place, "aws.backup", f"{kind} State Change", detail)


def _about(place: Place, kind: str, vault: str) -> dict[str, str]:
    if kind == "Copy Job":
        return {}
    return {"backupVaultName": vault, "backupVaultArn": f"arn:aws:backup:{place.region}:{place.account}:backup-vault:{vault}"}


def _event(place: Place, source: str, kind: str, detail: dict[str, Any]) -> Event:
    return {"source": source, "detail-type": kind, "account": place.account, "region": place.region, "detail": detail}
