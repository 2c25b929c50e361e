"""The readers that `fleet` calls alike: what each asks for, and of what it is asked.

Beside them stand those that need each other's answers: settings and DynamoDB, vaults and their recovery points, buckets, keys, roles.
"""

from collections.abc import Callable
from dataclasses import dataclass

from strongroom.aws.readers import deployed, masses, readiness, resources, safeguards, testing
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.native import read_database_snapshots
from strongroom.aws.readers.networks import read_default_vpcs
from strongroom.aws.readers.others import OTHERS_SUBJECT, read_others
from strongroom.aws.readers.principals import read_principals
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.tagged import DESCRIBED_TYPES, TAGGED_TYPES, read_tagged
from strongroom.aws.readers.watching import WATCHING_SUBJECTS, read_watching
from strongroom.domain.names import ResourceType


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """A function that fills a harvest, and the subjects of `reads` that it settles, each exactly once whatever AWS answers."""

    subjects: tuple[str, ...]
    read: Callable[[Scope, Harvest], None]


_DATABASES = (ResourceType.RDS, ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE)


def _listed(*kinds: ResourceType) -> tuple[str, ...]:
    return tuple(resources.subject_of(kind) for kind in kinds)


REGIONAL = (  # of each account in each Region
    Reader(subjects=("backup_jobs",), read=masses.read_backup_jobs),
    Reader(subjects=("copy_jobs",), read=masses.read_copy_jobs),
    Reader(subjects=("restore_jobs",), read=masses.read_restore_jobs),
    Reader(subjects=testing.SUBJECTS, read=testing.read_restore_testing),
    Reader(subjects=safeguards.HOLD_SUBJECTS, read=safeguards.read_legal_holds),
    Reader(subjects=("frameworks",), read=safeguards.read_frameworks),
    Reader(subjects=("config_recorders",), read=safeguards.read_recorders),
    Reader(subjects=("report_plans",), read=safeguards.read_report_plans),
    Reader(subjects=("db_subnet_groups",), read=readiness.read_subnet_groups),
    Reader(subjects=("default_vpcs",), read=read_default_vpcs),
    Reader(subjects=("quotas",), read=readiness.read_quotas),
    Reader(subjects=("allowed_images", "disabled_images"), read=readiness.read_images),
    Reader(subjects=_listed(ResourceType.EBS, ResourceType.EC2), read=resources.read_ec2),
    Reader(subjects=(*_listed(*_DATABASES), resources.details_of(ResourceType.RDS)), read=resources.read_rds),
    Reader(subjects=("database_snapshots",), read=read_database_snapshots),
    Reader(subjects=_listed(ResourceType.EFS), read=resources.read_efs),
    Reader(subjects=(*_listed(*TAGGED_TYPES), *map(resources.details_of, DESCRIBED_TYPES)), read=read_tagged),
    Reader(subjects=(OTHERS_SUBJECT,), read=read_others),
    Reader(subjects=WATCHING_SUBJECTS, read=read_watching),
)
PER_ACCOUNT = (Reader(subjects=("principals",), read=read_principals),)  # of each account once, in the home Region
ORGANIZATION: tuple[Reader, ...] = (  # of the management account once, in the home Region, as the caller
    Reader(subjects=("policy_errors",), read=deployed.read_policy_errors),
    Reader(subjects=("tag_policies",), read=deployed.read_tag_policies),
    Reader(subjects=("resource_policies",), read=deployed.read_resource_policy),
    Reader(subjects=deployed.STACK_SET_SUBJECTS, read=deployed.read_stack_sets),
    Reader(subjects=deployed.TOWER_SUBJECTS, read=deployed.read_control_tower),
)
