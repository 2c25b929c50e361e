"""What the controls of a framework find in an account and Region now.

Without a recorder of AWS Config nothing is evaluated. A resource that was never restored does not meet a restore time.
Source: AWS Backup developer guide, controls-and-remediation (read 2026-11).
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from strongroom.domain.names import Arn
from strongroom.semantics import controls, schedule
from strongroom.semantics.controls import Compliance
from strongroom.semantics.jobs import RestoreJobState
from strongroom.twin.backup.audited import Framework
from strongroom.twin.backup.copying import find_vault
from strongroom.twin.backup.frameworks import parameters_of, status
from strongroom.twin.backup.inventory import inventory
from strongroom.twin.backup.plandocument import meant
from strongroom.twin.backup.state import Place, Plan, RecoveryPoint, Resource, Rule, Vault, World
from strongroom.twin.backup.timetable import matched

_DELETION = {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:PutBackupVaultAccessPolicy"}
_RESTORE_MINUTES = "720"  # the console's proposal


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a control says of one thing."""

    control: str
    arn: str
    name: str
    type: str
    compliance: Compliance


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """A control asks about an account and Region."""

    world: World
    place: Place
    at: datetime
    parameters: Mapping[str, str]
    scope: Mapping[str, Any]

    def takes(self, arn: str, type_: str, tags: Mapping[str, str]) -> bool:
        """Return whether something is in the scope."""
        ids, types, wanted = (self.scope.get(name) for name in ("ComplianceResourceIds", "ComplianceResourceTypes", "Tags"))
        own = {arn, arn.rpartition(":")[2], arn.rpartition("/")[2]}
        tagged = all(key in tags and value in ("", tags[key]) for key, value in (wanted or {}).items())
        return tagged and (not types or type_ in types) and (not ids or bool(own & set(ids)))


_Judged = tuple[str, str, str, bool]  # ARN, name, type, as it should be


def evaluate(world: World, at: datetime, place: Place, framework: Framework) -> list[Finding]:
    """Return what the controls of a framework find, in the order of the controls."""
    if status(place.account, place.region) == "INACTIVE":
        return []
    findings = []
    for control in framework.controls:
        name = control["ControlName"]
        scope = control.get("ControlScope") or {}
        asked = _Asked(world=world, place=place, at=at, parameters=parameters_of(control), scope=scope)
        findings += [
            Finding(control=name, arn=arn, name=title, type=type_, compliance=controls.found(good))
            for arn, title, type_, good in _CONTROLS[name](asked)
        ]
    return findings


def _plans(asked: _Asked) -> Iterator[_Judged]:
    for plan in _alive(asked.place):
        if asked.takes(plan.arn, "AWS::Backup::BackupPlan", plan.tags):
            yield plan.arn, plan.current.name, "AWS::Backup::BackupPlan", controls.frequent_and_kept(_kept(plan), asked.parameters)


def _alive(place: Place) -> list[Plan]:
    return [plan for plan in place.plans.values() if plan.deleted_at is None]


def _kept(plan: Plan) -> list[controls.Kept]:
    return [
        controls.Kept(
            interval_minutes=schedule.interval_minutes_max(schedule.parse_cron(rule.cron), rule.timezone), keep=meant(rule.lifecycle).keep
        )
        for rule in plan.current.rules
    ]


def _vaults(asked: _Asked) -> Iterator[_Judged]:
    for vault in asked.place.vaults.values():
        if asked.takes(vault.arn, "AWS::Backup::BackupVault", vault.tags):
            yield vault.arn, vault.name, "AWS::Backup::BackupVault", _nobody_deletes(vault)


def _nobody_deletes(vault: Vault) -> bool:
    """Return whether a vault's policy denies everybody to delete, to shorten, and to change the policy."""
    denied: set[str] = set()
    statements = json.loads(vault.access_policy or "{}").get("Statement", [])
    for statement in [statements] if isinstance(statements, dict) else statements:
        if statement["Effect"] == "Deny" and statement.get("Principal") in ("*", {"AWS": "*"}, {"AWS": ["*"]}):
            actions = statement.get("Action", [])
            denied |= {actions} if isinstance(actions, str) else set(actions)
    return denied >= _DELETION


def _points(good: Callable[[_Asked, Vault, RecoveryPoint], bool]) -> Callable[[_Asked], Iterator[_Judged]]:
    def judge(asked: _Asked) -> Iterator[_Judged]:
        for vault in asked.place.vaults.values():
            for point in vault.points.values():
                if asked.takes(point.arn, "AWS::Backup::RecoveryPoint", point.tags):
                    yield point.arn, point.resource.name, "AWS::Backup::RecoveryPoint", good(asked, vault, point)

    return judge


def _encrypted(_asked: _Asked, vault: Vault, point: RecoveryPoint) -> bool:
    return point.key_arn is not None or vault.air_gapped


def _retained(asked: _Asked, _vault: Vault, point: RecoveryPoint) -> bool:
    return controls.kept_long_enough(
        meant(point.lifecycle).keep, int(asked.parameters.get("requiredRetentionDays", controls.RETENTION_DAYS))
    )


def _resources(good: Callable[[_Asked, Resource], bool]) -> Callable[[_Asked], Iterator[_Judged]]:
    def judge(asked: _Asked) -> Iterator[_Judged]:
        place = asked.place
        for resource in inventory(asked.world, place.account, place.region)[0].values():
            if asked.takes(resource.arn, resource.type.value, resource.tags):
                yield resource.arn, resource.name, resource.type.value, good(asked, resource)

    return judge


def _rules_of(asked: _Asked, resource: Resource) -> list[Rule]:
    found: list[Rule] = []
    for plan in _alive(asked.place):
        if any(each.arn == resource.arn for each, _ in matched(asked.world, plan)):
            found.extend(plan.current.rules)
    return found


def _planned(asked: _Asked, resource: Resource) -> bool:
    return bool(_rules_of(asked, resource))


def _copied(part: Callable[[Arn], str], own: Callable[[_Asked], str], listed: str) -> Callable[[_Asked, Resource], bool]:
    """Return whether a plan copies a resource elsewhere: to another Region or account, or to one of those listed."""

    def judge(asked: _Asked, resource: Resource) -> bool:
        wanted = {each.strip() for each in asked.parameters.get(listed, "").split(",") if each.strip()}
        there = {part(Arn.parse(copy.vault_arn)) for rule in _rules_of(asked, resource) for copy in rule.copies} - {own(asked)}
        return bool(there & wanted if wanted else there)

    return judge


def _sealed(asked: _Asked, resource: Resource) -> bool:
    """Return whether a plan backs a resource up into a locked vault whose range lies in the one asked for."""
    low, high = (asked.parameters.get(name) for name in ("minRetentionDays", "maxRetentionDays"))
    for rule in _rules_of(asked, resource):
        beyond = find_vault(asked.world, rule.air_gapped_arn) if rule.air_gapped_arn else None
        for vault in (asked.place.vaults.get(rule.vault_name), beyond):
            if vault is not None and vault.lock is not None:
                long_enough = low is None or (vault.lock.min_days or 0) >= int(low)
                short_enough = high is None or (vault.lock.max_days is not None and vault.lock.max_days <= int(high))
                if long_enough and short_enough:
                    return True
    return False


def _recent(*, air_gapped: bool) -> Callable[[_Asked, Resource], bool]:
    def judge(asked: _Asked, resource: Resource) -> bool:
        age = controls.span(asked.parameters.get("recoveryPointAgeUnit", "days"), asked.parameters.get("recoveryPointAgeValue", "1"))
        vaults: Iterable[Vault] = asked.place.vaults.values()
        return any(
            point.status.restorable and asked.at - _fresh(point) <= age
            for vault in vaults
            if vault.air_gapped or not air_gapped
            for point in vault.points.values()
            if point.resource.arn == resource.arn
        )

    return judge


def _fresh(point: RecoveryPoint) -> datetime:
    return point.completed_at or point.created_at if point.continuous else point.created_at


def _restorable_in_time(asked: _Asked, resource: Resource) -> bool:
    done = [
        job
        for job in asked.place.restore_jobs.values()
        if job.resource.arn == resource.arn and job.state is RestoreJobState.COMPLETED and job.completed_at is not None
    ]
    if not done:
        return False
    latest = max(done, key=lambda job: job.serial)
    took = (latest.completed_at or asked.at) - latest.created_at
    return took <= timedelta(minutes=int(asked.parameters.get("maxRestoreTime", _RESTORE_MINUTES)))


_CONTROLS: Mapping[str, Callable[[_Asked], Iterator[_Judged]]] = {
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_PLAN": _resources(_planned),
    "BACKUP_PLAN_MIN_FREQUENCY_AND_MIN_RETENTION_CHECK": _plans,
    "BACKUP_RECOVERY_POINT_MANUAL_DELETION_DISABLED": _vaults,
    "BACKUP_RECOVERY_POINT_ENCRYPTED": _points(_encrypted),
    "BACKUP_RECOVERY_POINT_MINIMUM_RETENTION_CHECK": _points(_retained),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_REGION": _resources(
        _copied(lambda arn: arn.region, lambda asked: asked.place.region, "crossRegionList")
    ),
    "BACKUP_RESOURCES_PROTECTED_BY_CROSS_ACCOUNT": _resources(
        _copied(lambda arn: arn.account, lambda asked: asked.place.account, "crossAccountList")
    ),
    "BACKUP_RESOURCES_PROTECTED_BY_BACKUP_VAULT_LOCK": _resources(_sealed),
    "BACKUP_LAST_RECOVERY_POINT_CREATED": _resources(_recent(air_gapped=False)),
    "RESTORE_TIME_FOR_RESOURCES_MEET_TARGET": _resources(_restorable_in_time),
    "RESOURCES_IN_LOGICALLY_AIR_GAPPED_VAULT": _resources(_recent(air_gapped=True)),
}
