"""Moto's EBS volumes, found without making a backend that nobody has used."""

import sys
from collections.abc import Iterator
from typing import Any

from strongroom.domain.names import Arn, partition_of
from strongroom.twin.backup.inventory import backend_of


def found_volume(volume: str) -> Any | None:
    """Return moto's volume of an ARN, None where there is none."""
    parsed = Arn.parse(volume)
    backend = backend_of("ec2", parsed.account, parsed.region)
    return None if backend is None else backend.volumes.get(parsed.resource.rpartition("/")[2])


def volume_arn(backend: Any, volume_id: str) -> str:
    """Return the ARN of a volume of one of moto's backends."""
    return f"arn:{partition_of(backend.region_name)}:ec2:{backend.region_name}:{backend.account_id}:volume/{volume_id}"


def backends() -> Iterator[Any]:
    """Return moto's EC2 of every account and Region where somebody has used it."""
    module = sys.modules.get("moto.ec2.models")
    if module is not None:
        for regions in list(dict.values(module.ec2_backends)):
            yield from list(dict.values(regions))
