"""How each link of a chain is checked by hand: calls of the AWS CLI with real names, quoted for a shell.

Source: https://docs.aws.amazon.com/cli/latest/reference/backup/ (and iam, kms, organizations), read 2026-11-21
"""

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from strongroom.domain.names import Arn
from strongroom.proof.links import LinkName, Recheck

POINTS = "RecoveryPoints[].[CreationDate,Status,CalculatedLifecycle.DeleteAt,EncryptionKeyArn,RecoveryPointArn]"
LOCK = "[Locked,LockDate,MinRetentionDays,MaxRetentionDays,EncryptionKeyArn]"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """What calls about a chain name."""

    resource_arn: str
    account: str
    region: str
    management: str
    plan_id: str  # empty: no plan of that name was found in the account and Region
    of_policy: bool  # the plan comes from an organization policy
    local_vault: str
    vault: str
    owner: str  # account of the vault of this destination
    vault_region: str
    copy: bool
    target: bool  # the air-gapped vault that the rule writes into
    keys: tuple[str, ...]  # ARNs: of the vault, and of the recovery points
    role: str
    restore_role: str
    point_arn: str  # the newest recovery point; empty: there is none
    testing_plans: tuple[str, ...]  # restore testing plans that take the vault
    restore_jobs: tuple[tuple[str, str, str], ...] = ()  # that records of tests rest on: account, Region, id


def rechecks(name: LinkName, place: Place) -> tuple[Recheck, ...]:
    """Return the calls that show what a link rests on, each with the account whose credentials it needs."""
    return tuple(_CALLS[name](place))


def _selected(place: Place) -> Iterator[Recheck]:
    if place.of_policy:
        yield _call(place.management, "organizations", "describe-effective-policy", policy_type="BACKUP_POLICY", target_id=place.account)
    if place.plan_id:
        yield _call(place.account, "backup", "get-backup-plan", backup_plan_id=place.plan_id, region=place.region)
        yield _call(place.account, "backup", "list-backup-selections", backup_plan_id=place.plan_id, region=place.region)
    yield _call(place.account, "resourcegroupstaggingapi", "get-resources", resource_arn_list=place.resource_arn, region=place.region)
    deciding = place.management if place.of_policy else place.account
    yield _call(deciding, "backup", "describe-region-settings", region=place.region)


def _equipped(place: Place) -> Iterator[Recheck]:
    yield _call(place.account, "iam", "get-role", role_name=place.role)
    yield from _policies(place.account, place.role, place.management)
    if place.copy:
        where = {"backup_vault_name": place.local_vault, "region": place.region}
        yield _call(place.account, "backup", "describe-backup-vault", **where, query=LOCK)
    yield from _vault(place)
    yield from _keys(place)
    if place.owner != place.account:
        yield _call(place.management, "backup", "describe-global-settings")


def _backed_up(place: Place) -> Iterator[Recheck]:
    yield _points(place.account, place.local_vault, place.region, place.resource_arn)
    if place.target:
        yield _points(place.account, place.vault, place.region, place.resource_arn)
    yield _call(place.account, "backup", "list-backup-jobs", by_resource_arn=place.resource_arn, region=place.region)


def _copied(place: Place) -> Iterator[Recheck]:
    if place.copy:
        yield _points(place.owner, place.vault, place.vault_region, place.resource_arn)
        yield _call(place.account, "backup", "list-copy-jobs", by_resource_arn=place.resource_arn, region=place.region)


def _sealed(place: Place) -> Iterator[Recheck]:
    yield _describe(place)
    yield _points(place.owner, place.vault, place.vault_region, place.resource_arn)
    yield from _keys(place)


def _kept(place: Place) -> Iterator[Recheck]:
    yield _points(place.owner, place.vault, place.vault_region, place.resource_arn)


def _restorable(place: Place) -> Iterator[Recheck]:
    yield _call(place.owner, "iam", "get-role", role_name=place.restore_role)
    yield from _policies(place.owner, place.restore_role, place.management)
    yield from _vault(place)
    yield from _keys(place)
    if place.point_arn:
        yield _call(
            place.owner,
            "backup",
            "get-recovery-point-restore-metadata",
            backup_vault_name=place.vault,
            recovery_point_arn=place.point_arn,
            region=place.vault_region,
        )


def _restored(place: Place) -> Iterator[Recheck]:
    yield _call(
        place.owner, "backup", "list-restore-jobs-by-protected-resource", resource_arn=place.resource_arn, region=place.vault_region
    )
    for name in place.testing_plans:
        yield _call(place.owner, "backup", "get-restore-testing-plan", restore_testing_plan_name=name, region=place.vault_region)
    for account, region, job in place.restore_jobs:
        yield _call(account, "backup", "describe-restore-job", restore_job_id=job, region=region)


def _vault(place: Place) -> Iterator[Recheck]:
    yield _describe(place)
    yield _call(place.owner, "backup", "get-backup-vault-access-policy", backup_vault_name=place.vault, region=place.vault_region)


def _describe(place: Place) -> Recheck:
    where = {"backup_vault_name": place.vault, "region": place.vault_region}
    return _call(place.owner, "backup", "describe-backup-vault", **where, query=LOCK)


def _points(account: str, vault: str, region: str, resource_arn: str) -> Recheck:
    where = {"backup_vault_name": vault, "by_resource_arn": resource_arn, "region": region}
    return _call(account, "backup", "list-recovery-points-by-backup-vault", **where, query=POINTS)


def _keys(place: Place) -> Iterator[Recheck]:
    for arn in place.keys:
        account, region = _owner(arn)
        yield _call(account or place.owner, "kms", "describe-key", key_id=arn, region=region or place.vault_region)
        yield _call(account or place.owner, "kms", "get-key-policy", key_id=arn, policy_name="default", region=region or place.vault_region)


def _policies(account: str, role: str, management: str) -> Iterator[Recheck]:
    """Yield what bounds a role; `iam simulate-principal-policy` leaves out control policies and the policies of keys."""
    yield _call(account, "iam", "list-attached-role-policies", role_name=role)
    yield _call(account, "iam", "list-role-policies", role_name=role)
    yield _call(management, "organizations", "list-policies-for-target", target_id=account, filter="SERVICE_CONTROL_POLICY")


def _owner(arn: str) -> tuple[str, str]:
    try:
        parsed = Arn.parse(arn)
    except ValueError:
        return "", ""
    return parsed.account, parsed.region


def _call(account: str, service: str, operation: str, **options: str) -> Recheck:
    """Return a call with its options, in the order given.

    Example:
        >>> _call("111122223333", "kms", "describe-key", key_id="alias/our key").command
        "aws kms describe-key --key-id 'alias/our key'"
    """
    words: Sequence[str] = [word for name, value in options.items() for word in (f"--{name.replace('_', '-')}", shlex.quote(value))]
    return Recheck(account_id=account, command=" ".join(("aws", service, operation, *words)))


_CALLS = {
    LinkName.SELECTED: _selected,
    LinkName.EQUIPPED: _equipped,
    LinkName.BACKED_UP: _backed_up,
    LinkName.COPIED: _copied,
    LinkName.SEALED: _sealed,
    LinkName.KEPT: _kept,
    LinkName.RESTORABLE: _restorable,
    LinkName.RESTORED: _restored,
}
