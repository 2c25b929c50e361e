"""The readers that `fleet` calls alike: what each asks for, and of what it is asked.

Beside them stand those that need each other's answers: settings and DynamoDB, vaults and their recovery points, buckets, keys, roles.
"""

from collections.abc import Callable
from dataclasses import dataclass

from strongroom.aws.readers import masses, resources
from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.principals import read_principals
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.tagged import DESCRIBED_TYPES, TAGGED_TYPES, read_tagged
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
    Reader(subjects=_listed(ResourceType.EBS, ResourceType.EC2), read=resources.read_ec2),
    Reader(subjects=(*_listed(*_DATABASES), resources.details_of(ResourceType.RDS)), read=resources.read_rds),
    Reader(subjects=_listed(ResourceType.EFS), read=resources.read_efs),
    Reader(subjects=(*_listed(*TAGGED_TYPES), *map(resources.details_of, DESCRIBED_TYPES)), read=read_tagged),
)
PER_ACCOUNT = (Reader(subjects=("principals",), read=read_principals),)  # of each account once, in the home Region
ORGANIZATION: tuple[Reader, ...] = ()  # of the management account once, in the home Region, as the caller
