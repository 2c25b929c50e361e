"""Which resource types the ARNs of a selection can be about, as far as their service and kind of resource tell."""

from functools import cache

from strongroom.domain.names import ResourceType
from strongroom.facts import capabilities


@cache
def types_of(arn: str) -> tuple[ResourceType, ...]:
    """Return the types that an ARN, or a pattern of ARNs, can be about; nothing for what AWS Backup does not know.

    Example:
        >>> [str(kind) for kind in types_of("arn:aws:rds:*:*:db:ledger")], types_of("arn:aws:ecs:*:*:cluster/shop")
        (['RDS'], ())
    """
    return tuple(kind for kind in ResourceType if any(_alike(arn, known) for known in capabilities(kind).policy_pattern))


def _alike(arn: str, known: str) -> bool:
    service, resource = _parts(arn)
    known_service, known_resource = _parts(known)
    named, whole = resource.partition("*")[0], known_resource.rstrip("*")
    same_service = service == known_service or ("*" in service and known_service.startswith(service.partition("*")[0]))
    return same_service and (named.startswith(whole) or ("*" in resource and whole.startswith(named)))


def _parts(arn: str) -> tuple[str, str]:
    """Return service and resource of an ARN; a pattern that ends before them may have any."""
    parts = arn.split(":", 5)
    if len(parts) < 6:
        parts += ["*"] * (6 - len(parts))
    return parts[2], parts[5]
