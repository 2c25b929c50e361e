"""Whether the policies of roles, keys and vaults let a job do its calls, in AWS's words; asked only where the twin enforces IAM.

Recovery points are asked for by the form of their ARN, not one by one: all of a type in a vault share an answer.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
"""

from typing import TYPE_CHECKING, Final

from strongroom import facts
from strongroom.domain.names import Arn, ResourceType
from strongroom.semantics.authorization.calls import Operation, Places, When
from strongroom.twin.backup.settings import full_management
from strongroom.twin.backup.state import BackupJob, CopyJob, RecoveryPoint, RestoreJob, Vault, World
from strongroom.twin.backup.surroundings import Key, key_of, key_of_resource

if TYPE_CHECKING:
    from strongroom.twin.entitlements import Entitlements

ENTITLEMENTS: Final = ("entitlements",)  # among what the world knows of other services; absent where nothing is enforced


def backup_refused(world: World, job: BackupJob, vault: Vault) -> str:
    """Return AWS's message where the role of a backup job may not do its part; empty: it may, or nothing is enforced."""
    if ENTITLEMENTS not in world.facts:
        return ""
    source = key_of_resource(world, job.resource, job.account, job.region)
    situation = _situation(world, job.account, job.region, job.resource.type, continuous=job.continuous)
    places = Places(
        job_role=job.role_arn,
        vault=vault.arn,
        source=job.resource.arn,
        source_key=_own(source),
        vault_key=_of(world, vault.key_arn, job.account, job.region),
        situation=situation | ({When.INTO_AIR_GAPPED} if vault.air_gapped else set()),
    )
    return _refused(world, Operation.BACKUP, job.resource.type, places)


def copy_refused(world: World, copy: CopyJob, vault: Vault) -> str:
    """Return the same for a copy job."""
    if ENTITLEMENTS not in world.facts:
        return ""
    point_key = _of(world, copy.source.key_arn, copy.account, copy.region)
    situation = _situation(world, copy.account, copy.region, copy.resource.type, continuous=copy.source.continuous)
    places = Places(
        job_role=copy.role_arn,
        vault=copy.source_vault_arn,
        destination_vault=vault.arn,
        destination_path=world.organization.path_of(vault.account),
        source_key=point_key,
        vault_key=point_key,
        destination_key=_of(world, vault.key_arn, vault.account, vault.region),
        situation=situation | _came(world, copy.source, copy.source_vault_arn) | ({When.INTO_AIR_GAPPED} if vault.air_gapped else set()),
    )
    return _refused(world, Operation.COPY, copy.resource.type, places)


def expiry_refused(world: World, vault: Vault, point: RecoveryPoint) -> str:
    """Return the same for the deletion of a recovery point at its end."""
    if ENTITLEMENTS not in world.facts:
        return ""
    situation = _situation(world, vault.account, vault.region, point.resource.type, continuous=point.continuous)
    situation |= _came(world, point, vault.arn)
    places = Places(job_role=point.role_arn, vault=vault.arn, situation=situation)
    return _refused(world, Operation.EXPIRE, point.resource.type, places)


def restore_refused(world: World, job: RestoreJob) -> str:
    """Return the same for a restore job; a restore test is one too."""
    if ENTITLEMENTS not in world.facts:
        return ""
    situation = _situation(world, job.account, job.region, job.resource.type, continuous=job.point.continuous)
    places = Places(
        job_role=job.role_arn,
        vault=job.vault.arn,
        source_key=_of(world, job.point.key_arn, job.account, job.region),
        vault_key=_of(world, job.point.key_arn, job.account, job.region),
        situation=situation | _came(world, job.point, job.vault.arn),
    )
    return _refused(world, Operation.RESTORE_TEST if job.test else Operation.RESTORE, job.resource.type, places)


def _refused(world: World, operation: Operation, resource_type: ResourceType, places: Places) -> str:
    entitlements: Entitlements = world.facts[ENTITLEMENTS]
    found = world.once((*ENTITLEMENTS, operation, resource_type, places), lambda: entitlements.refusal(operation, resource_type, places))
    return "" if found is None else found.message or facts.message("not_authorized")


def _of(world: World, arn: str | None, account: str, region: str) -> str | None:
    return None if arn is None else _own(key_of(world, arn, account, region))


def _own(key: Key | None) -> str | None:
    """Return a customer's key; AWS's own need no permission."""
    return key.arn if key is not None and key.manager == "CUSTOMER" else None


def _situation(world: World, account: str, region: str, resource_type: ResourceType, *, continuous: bool) -> frozenset[When]:
    found = {When.CONTINUOUS} if continuous else set()
    if resource_type is ResourceType.DYNAMODB and not full_management(world, account, region, resource_type):
        found.add(When.BASIC_DYNAMODB)
    return frozenset(found)


def _came(world: World, point: RecoveryPoint, vault_arn: str) -> frozenset[When]:
    """Return whether a recovery point is a copy, and whether its vault is air-gapped."""
    parsed = Arn.parse(vault_arn)
    place = world.places.get((parsed.account, parsed.region))
    vault = place.vaults.get(parsed.resource.removeprefix("backup-vault:")) if place else None
    found = {When.COPY} if point.source_vault_arn else set()
    return frozenset(found | ({When.OUT_OF_AIR_GAPPED} if vault is not None and vault.air_gapped else set()))
