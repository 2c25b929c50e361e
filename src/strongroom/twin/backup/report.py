"""What there is: numbers for people, everything for tests."""

from collections import Counter
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.twin.backup.holds import described as described_hold
from strongroom.twin.backup.jobs import rendered_backup, rendered_copy
from strongroom.twin.backup.points import rendered
from strongroom.twin.backup.reportplans import rendered as rendered_report
from strongroom.twin.backup.restorejobs import rendered as rendered_restore
from strongroom.twin.backup.restoretesting import described_plan
from strongroom.twin.backup.state import Place, World
from strongroom.twin.backup.vaults import described


def status(world: World) -> dict[str, Any]:
    """Return the numbers of all accounts and Regions together."""
    places = world.places.values()
    oldest = _oldest(world)
    backup_jobs = Counter(job.state.value for place in places for job in place.backup_jobs.values() if job.created_at >= oldest)
    copy_jobs = Counter(job.state.value for place in places for job in place.copy_jobs.values() if job.created_at >= oldest)
    restore_jobs = Counter(job.state.value for place in places for job in place.restore_jobs.values() if job.created_at >= oldest)
    points = Counter(point.status.value for place in places for vault in place.vaults.values() for point in vault.points.values())
    return {
        "backup_jobs": dict(sorted(backup_jobs.items())),
        "copy_jobs": dict(sorted(copy_jobs.items())),
        "restore_jobs": dict(sorted(restore_jobs.items())),
        "recovery_points": dict(sorted(points.items())),
        "vaults": sum(len(place.vaults) for place in places),
        "plans": sum(plan.deleted_at is None for place in places for plan in place.plans.values()),
        "totals": dict(sorted(world.counts.items())),
    }


def dump(world: World) -> dict[str, Any]:
    """Return everything as AWS Backup would show it, by account and Region."""
    oldest = _oldest(world)
    return {
        f"{account}/{region}": {
            "vaults": {vault.name: described(vault, world.at) for vault in place.vaults.values()},
            "points": {vault.name: [rendered(vault, point) for point in vault.points.values()] for vault in place.vaults.values()},
            "plans": {
                plan.plan_id: {"versions": [version.document for version in plan.versions], "executed_at": plan.executed_at}
                for plan in place.plans.values()
            },
            "backup_jobs": [rendered_backup(job) for job in place.backup_jobs.values() if job.created_at >= oldest],
            "copy_jobs": [rendered_copy(job) for job in place.copy_jobs.values() if job.created_at >= oldest],
            "restore_jobs": [rendered_restore(job) for job in place.restore_jobs.values() if job.created_at >= oldest],
            "legal_holds": [described_hold(hold) for hold in place.holds.values()],
            "report_jobs": [rendered_report(job) for job in place.report_jobs.values()],
            "restore_testing_plans": {plan.name: described_plan(plan) for plan in place.testing_plans.values()},
        }
        | _kept(place)
        for (account, region), place in sorted(world.places.items())
    }


def _kept(place: Place) -> dict[str, Any]:
    """Return what an account and Region holds beside vaults, plans and jobs."""
    points = [point for vault in place.vaults.values() for point in vault.points.values()]
    stores = ("frameworks", "report_plans", "tiering", "scan_jobs", "restore_access", "access_points")
    return {name: [asdict(each) for each in getattr(place, name).values()] for name in stores} | {
        "settings": {"opt_in": dict(place.opt_in), "management": dict(place.management)},
        "approvals": {vault.name: asdict(vault.approval) for vault in place.vaults.values() if vault.approval},
        "indexes": {point.arn: asdict(point.index) for point in points if point.index},
    }


def _oldest(world: World) -> datetime:
    return world.at - timedelta(days=facts.limit("job_history_days").value)
