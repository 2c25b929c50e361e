"""What guard rails stop, asked of the evaluator for an administrator whom nobody exempts."""

from collections.abc import Iterator
from types import MappingProxyType
from typing import Final

from strongroom.domain.access import PrincipalKind
from strongroom.domain.estate import OWNER_TAG, Estate
from strongroom.domain.governance import Forbidden, GuardRails
from strongroom.domain.names import partition_of
from strongroom.semantics.authorization.evaluate import decide
from strongroom.semantics.authorization.model import Actor, Context, Level, Target, Verdict
from strongroom.semantics.authorization.policy import parse

# One call of each kind, with what it is for; {partition}, {region} and {account} are filled in.
_CALLS: Final = {
    Forbidden.LEAVE_ORGANIZATION: ("organizations:LeaveOrganization", "*"),
    Forbidden.CLOSE_ACCOUNT: ("account:CloseAccount", "*"),
    Forbidden.DELETE_KEYS: ("kms:ScheduleKeyDeletion", "arn:{partition}:kms:{region}:{account}:key/example"),
    Forbidden.REMOVE_LOCKS: (
        "backup:DeleteBackupVaultLockConfiguration",
        "arn:{partition}:backup:{region}:{account}:backup-vault:example",
    ),
    Forbidden.DELETE_BACKUPS: ("backup:DeleteRecoveryPoint", "arn:{partition}:backup:{region}:{account}:recovery-point:example"),
    Forbidden.COPY_OUT: ("backup:CopyFromBackupVault", "arn:{partition}:backup:{region}:{account}:recovery-point:example"),
    Forbidden.DISABLE_AMIS: ("ec2:DisableImage", "arn:{partition}:ec2:{region}::image/ami-00000000000000000"),
    Forbidden.CHANGE_PLANS: ("backup:UpdateBackupPlan", "arn:{partition}:backup:{region}:{account}:backup-plan:example"),
    Forbidden.CHANGE_SETTINGS: ("backup:UpdateRegionSettings", "*"),
}
_ANYTHING: Final = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}'
_OWNED: Final = '{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"*","Resource":"*","Principal":{"AWS":"%s"}}}'
_ACCOUNT: Final = "555555555555"  # an example: every account below the guard rails is like it
_ORGANIZATION, _ROOT = "o-example000", "r-ex00"
_TAGS: Final = MappingProxyType({OWNER_TAG: "example", "aws:backup:source-resource": "example"})
_STRANGE: Final = Context(values=MappingProxyType({"backup:CopyTargetOrgPaths": ("o-stranger00/r-st00/",)}))


def unstopped(estate: Estate, rails: GuardRails) -> Iterator[tuple[Forbidden, str]]:
    """Yield what is denied and not stopped, with the action that an administrator of a workload account may call."""
    somebody = administrator(estate)
    for denied in rails.deny:
        if verdict(estate, somebody, denied) is Verdict.ALLOWED:
            yield denied, _CALLS[denied][0]


def administrator(estate: Estate, name: str = "Somebody") -> Actor:
    """Return a role that may do everything that its account may, below the guard rails; it stands for all that nobody exempts."""
    policies = tuple(parse(rail.content, name=rail.name) for rail in estate.rails)
    return Actor(
        kind=PrincipalKind.ROLE,
        arn=f"arn:{_partition(estate)}:iam::{_ACCOUNT}:role/{name}",
        account=_ACCOUNT,
        identity=(parse(_ANYTHING, name="AdministratorAccess"),),
        controls=(Level(place=_ROOT, policies=(parse(_ANYTHING, name="FullAWSAccess"), *policies)),),
        organization_id=_ORGANIZATION,
        organization_path=f"{_ORGANIZATION}/{_ROOT}/",
    )


def verdict(estate: Estate, actor: Actor, denied: Forbidden) -> Verdict:
    """Return what becomes of a call of a kind that guard rails deny."""
    action, form = _CALLS[denied]
    partition = _partition(estate)
    arn = form.format(partition=partition, region=estate.organization.home_region, account=_ACCOUNT)
    key = parse(_OWNED % f"arn:{partition}:iam::{_ACCOUNT}:root", name="key policy") if ":kms:" in arn else None
    return decide(actor, action, Target(arn=arn, account=_ACCOUNT, policy=key, tags=_TAGS), _STRANGE).verdict


def _partition(estate: Estate) -> str:
    return partition_of(estate.organization.home_region)
