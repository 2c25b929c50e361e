"""Quotas that a restore can hit, by the codes under which Service Quotas tells them."""

from dataclasses import dataclass
from functools import cache

from strongroom.facts.catalogue import fact, names


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota of an account in a Region."""

    service: str  # as Service Quotas writes it
    code: str
    name: str  # as AWS prints it
    default: int
    unit: str  # what is counted


@cache
def quotas() -> tuple[Quota, ...]:
    """Return the quotas that a restore can hit.

    Example:
        >>> [quota.name for quota in quotas() if quota.service == "dynamodb"]
        ['Maximum number of tables']
    """
    found = [fact("quotas", name) for name in names("quotas")]
    return tuple(
        Quota(service=each.value["service"], code=each.name, name=each.value["name"], default=each.value["default"], unit=each.unit)
        for each in found
    )
