"""How long jobs take: plausible, by type and size, the same for the same job; no promise of AWS."""

from datetime import timedelta

from strongroom.domain.names import ResourceType
from strongroom.twin.backup.chance import Chance
from strongroom.twin.backup.state import Resource

_MIB = 1024**2
_OVERHEAD = {  # time that even an empty resource of the type takes
    ResourceType.DYNAMODB: timedelta(minutes=2),
    ResourceType.EBS: timedelta(minutes=3),
    ResourceType.EC2: timedelta(minutes=6),
    ResourceType.EFS: timedelta(minutes=5),
    ResourceType.RDS: timedelta(minutes=6),
    ResourceType.S3: timedelta(minutes=8),
}
_USUAL_OVERHEAD = timedelta(minutes=5)
_BYTES_A_SECOND = 400 * _MIB
_SETTLING = timedelta(seconds=5), timedelta(seconds=60)
JITTER = timedelta(minutes=1), timedelta(minutes=30)  # documented samples are 10 to 38 minutes late


def duration(resource: Resource, chance: Chance) -> timedelta:
    """How long a job of a resource runs."""
    usual = _OVERHEAD.get(resource.type, _USUAL_OVERHEAD) + timedelta(seconds=resource.size_bytes / _BYTES_A_SECOND)
    return chance.between(usual * 0.8, usual * 1.2, 1)


def jitter(chance: Chance, start_window: timedelta) -> timedelta:
    """How long after its slot a job is created; always well inside the start window."""
    low, high = JITTER
    return chance.between(low, min(high, start_window / 2), 0)


def settling(chance: Chance) -> timedelta:
    """How long a created job waits before it begins."""
    return chance.between(*_SETTLING, 2)
