"""What a strategy's plans are computed from."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from strongroom.domain.estate import Estate
from strongroom.domain.names import AccountId, PolicyType, Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The objects that a strategy's plans are computed from, by name; small enough to be stored with a run."""

    strategy: str
    home_region: Region
    regions: tuple[Region, ...]
    policies: tuple[tuple[PolicyType, str], ...]
    stacks: tuple[tuple[AccountId, Region, str], ...]  # (account, Region, name)
    stack_sets: tuple[str, ...]

    @classmethod
    def of(cls, estate: Estate) -> Self:
        """Return what to watch for an estate."""
        return cls(
            strategy=estate.name,
            home_region=estate.organization.home_region,
            regions=estate.organization.regions,
            policies=tuple((policy.type, policy.name) for policy in estate.organization_policies),
            stacks=tuple((stack.account, stack.region, stack.name) for stack in estate.stacks),
            stack_sets=tuple(stack_set.name for stack_set in estate.stack_sets),
        )

    def to_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {field: getattr(self, field) for field in self.__slots__}

    @classmethod
    def from_json(cls, document: Mapping[str, Any]) -> Self:
        """Return what `to_json` wrote."""
        return cls(
            strategy=document["strategy"],
            home_region=Region(document["home_region"]),
            regions=tuple(Region(region) for region in document["regions"]),
            policies=tuple((PolicyType(kind), name) for kind, name in document["policies"]),
            stacks=tuple((AccountId(account), Region(region), name) for account, region, name in document["stacks"]),
            stack_sets=tuple(document["stack_sets"]),
        )
