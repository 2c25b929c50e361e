"""The way of recovery points into a logically air-gapped vault: straight, or through the standard vault of the rule.

Source: AWS Backup developer guide, lag-vault-primary-backup (read 2026-11).
"""

from datetime import datetime

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics import airgapped as rules
from strongroom.semantics.airgapped import Way
from strongroom.semantics.jobs import CopyJobState
from strongroom.twin.backup.expiry import end_now
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import (
    INVALID_PARAMETERS,
    OTHER,
    BackupJob,
    CopyAction,
    CopyJob,
    Outcome,
    Passing,
    RecoveryPoint,
    Vault,
    World,
)
from strongroom.twin.backup.surroundings import Key, key_of_resource

LAST = -1  # the number of the copy that AWS Backup adds to those of a rule
_THROUGH = frozenset({Way.THROUGH_STANDARD, Way.BESIDE_CONTINUOUS, Way.UNKNOWN})  # where AWS's pages are silent, the copy shows it


def aim(world: World, job: BackupJob) -> Outcome | None:
    """Decide, when a job starts, where its recovery point will lie; returns why the job fails."""
    if job.air_gapped_arn is None:  # by its name alone nobody reaches an air-gapped vault
        vault = world.place(job.account, job.region).vaults.get(job.vault_name)
        return (facts.message("unsupported_type"), INVALID_PARAMETERS) if vault is not None and vault.air_gapped else None
    found = rules.target(_case(world, job))
    job.way, job.fallback = found.way, _remark(found)
    if found.way is Way.DIRECT:  # the standard vault stays unused
        job.vault_arn, job.vault_name = job.air_gapped_arn, job.air_gapped_arn.rpartition(":")[2]
    return (found.message, OTHER) if found.way is Way.FAILS else None


def _case(world: World, job: BackupJob) -> rules.AirGappedCase:
    key = key_of_resource(world, job.resource, job.account, job.region)
    return rules.AirGappedCase(
        type=job.resource.type,
        key_manager=_manager(key),
        continuous=job.continuous,
        continuous_elsewhere=_elsewhere(world, job),
        advanced_dynamodb=full_management(world, job.account, job.region, ResourceType.DYNAMODB),
    )


def _manager(key: Key | None) -> str | None:
    return None if key is None else key.manager


def _elsewhere(world: World, job: BackupJob) -> str:
    """Return the name of a bucket whose continuous recovery point lies in another vault, else empty."""
    for vault in world.place(job.account, job.region).vaults.values():
        known = vault.continuous.get(job.resource.arn)
        if known is not None and known.arn in vault.points and vault.arn != job.air_gapped_arn:
            return job.resource.name
    return ""


def _remark(found: rules.AirGapped) -> str:
    """Return the message of a job that will be completed with issues: its recovery point stays in the standard vault."""
    if found.way is not Way.FALLS_BACK:
        return ""
    if found.message != facts.message("air_gapped_aws_managed_key"):
        return found.message
    # only the end of this one is documented
    beginning = facts.message("air_gapped_unsupported_type").partition(".")[0]
    return f"{beginning}. This resource is {found.message}"


def mark(job: BackupJob, point: RecoveryPoint) -> None:
    """Mark a new recovery point that goes on to an air-gapped vault."""
    if job.way in _THROUGH:
        point.passing = Passing(beside_continuous=job.way is Way.BESIDE_CONTINUOUS)


def onward(job: BackupJob) -> CopyAction | None:
    """Return the copy that AWS Backup makes of a recovery point on its way, None for others."""
    if job.air_gapped_arn is None or job.way not in _THROUGH:
        return None
    return CopyAction(vault_arn=job.air_gapped_arn, lifecycle=None)


def between(world: World, copy: CopyJob, vault: Vault, source_key: Key | None, vault_key: Key | None) -> str:
    """Return why a copy can't go into or come out of an air-gapped vault, in AWS's words; empty if it can."""
    out = comes_out(world, copy)
    if vault.air_gapped and not out:
        advanced = full_management(world, copy.account, copy.region, ResourceType.DYNAMODB)
        case = rules.AirGappedCase(type=copy.resource.type, key_manager=_manager(source_key), advanced_dynamodb=advanced)
        return rules.copy_refusal(case)
    if out and not vault.air_gapped and vault_key is not None and vault_key.manager == "AWS":
        return facts.message("copy_default_key_vault")
    return ""


def comes_out(world: World, copy: CopyJob) -> bool:
    """Return whether the source of a copy lies in an air-gapped vault."""
    home = _home(world, copy)
    return home is not None and home.air_gapped


def begun(copy: CopyJob) -> None:
    """Count a copy job of a recovery point on its way."""
    if copy.source.passing is not None:
        copy.source.passing.open += 1


def over(world: World, at: datetime, copy: CopyJob, vault: Vault | None) -> None:
    """Count a copy job that is over, by hand or of a rule; the last one that is needed removes the recovery point on its way."""
    source, passing = copy.source, copy.source.passing
    if passing is None:
        return
    passing.open -= 1
    if copy.state is CopyJobState.COMPLETED and vault is not None and vault.air_gapped and copy.point_arn is not None:
        passing.landed.append((vault, vault.points[copy.point_arn]))
    there = [point for home, point in passing.landed if home.points.get(point.arn) is point]
    gone = rules.removed(
        rules.TemporaryPoint(
            copies_over=passing.open == 0,
            air_gapped_copy_completed=bool(there),
            air_gapped_keeps_as_long=any(_keeps_as_long(point, source) for point in there),
            aurora_continuous=passing.beside_continuous,
        )
    )
    home = _home(world, copy)
    if gone and home is not None and home.points.get(source.arn) is source:
        end_now(world, home, source, at)


def _home(world: World, copy: CopyJob) -> Vault | None:
    place = world.place(copy.account, copy.region)
    return place.vaults.get(copy.source_vault_arn.rpartition(":")[2])


def _keeps_as_long(copy: RecoveryPoint, source: RecoveryPoint) -> bool:
    days, wanted = copy.lifecycle.delete_days, source.lifecycle.delete_days
    return days is None or days < 0 or (wanted is not None and 0 <= wanted <= days)
