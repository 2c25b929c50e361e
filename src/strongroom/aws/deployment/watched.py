"""What a strategy's plans are computed from."""

import json
from collections.abc import Iterator, Mapping
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
    attaching: tuple[tuple[PolicyType, str], ...] = ()  # (type, OU as the strategy writes it)
    vaults: tuple[tuple[AccountId, Region, str], ...] = ()  # of single accounts: (account, Region, name)
    buckets: tuple[tuple[AccountId, Region, str], ...] = ()  # that stacks make: (account, Region, name)
    control_tower: bool = False
    key_arn: str = ""  # of Control Tower's vaults, where the strategy knows it
    central: AccountId | None = None  # where stacks may be that the strategy no longer declares
    others: tuple[AccountId, ...] = ()  # the same, but seldom: without a role to deploy with, they have none

    @classmethod
    def of(cls, estate: Estate) -> Self:
        """Return what to watch for an estate; where it makes nothing there may be no role to deploy with, and nothing has to be there."""
        central = estate.organization.accounts.central
        if central is not None and not estate.looks_into(central):
            central = None
        return cls(
            strategy=estate.name,
            home_region=estate.organization.home_region,
            regions=estate.organization.regions,
            policies=tuple((policy.type, policy.name) for policy in estate.organization_policies),
            stacks=tuple((stack.account, stack.region, stack.name) for stack in estate.stacks),
            stack_sets=tuple(stack_set.name for stack_set in estate.stack_sets),
            attaching=tuple(sorted(set(_attaching(estate)))),
            vaults=tuple(
                (vault.account, region, vault.name)
                for vault in estate.vaults
                if isinstance(vault.account, AccountId) and (not vault.adopted or estate.looks_into(vault.account))
                for region in vault.regions
            ),
            buckets=tuple(_buckets(estate)),
            control_tower=estate.organization.control_tower is not None,
            key_arn=_key_arn(estate),
            central=central,
            others=_others(estate, central),
        )

    @property
    def places(self) -> tuple[tuple[AccountId, Region], ...]:
        """Accounts and Regions in which stacks of the strategy may be: every governed Region of an account that has or had one."""
        accounts = {account for account, _, _ in self.stacks} | ({self.central} if self.central else set()) | set(self.others)
        return tuple(
            sorted(
                {(account, region) for account, region, _ in self.stacks} | {(each, region) for each in accounts for region in self.regions}
            )
        )

    def is_named_like_ours(self, name: str) -> bool:
        """Tell whether a name is one that the strategy gives: only then is it worth a call to ask for the owner's tag."""
        return name.startswith(f"{self.strategy}-")

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
            attaching=tuple((PolicyType(kind), unit) for kind, unit in document["attaching"]),
            vaults=tuple((AccountId(account), Region(region), name) for account, region, name in document["vaults"]),
            buckets=tuple((AccountId(account), Region(region), name) for account, region, name in document["buckets"]),
            control_tower=document["control_tower"],
            key_arn=document["key_arn"],
            central=AccountId(document["central"]) if document["central"] else None,
            others=tuple(map(AccountId, document["others"])),
        )


def _attaching(estate: Estate) -> Iterator[tuple[PolicyType, str]]:
    for policy in estate.organization_policies:
        yield from ((policy.type, unit) for unit in policy.targets)
    if estate.organization.control_tower is not None:  # its baseline brings service control policies of its own
        yield from ((PolicyType.SERVICE_CONTROL, unit) for unit in estate.organization.control_tower.enabled_on)


def _others(estate: Estate, central: AccountId | None) -> tuple[AccountId, ...]:
    accounts = estate.organization.accounts
    named = (accounts.management, accounts.backup_admin, accounts.central, accounts.log_archive)
    return tuple(sorted({account for account in named if account is not None and account != central}))


def _buckets(estate: Estate) -> Iterator[tuple[AccountId, Region, str]]:
    for stack in estate.stacks:
        for resource in json.loads(stack.template)["Resources"].values():
            if resource["Type"] == "AWS::S3::Bucket":
                yield stack.account, stack.region, resource["Properties"]["BucketName"]


def _key_arn(estate: Estate) -> str:
    tower = estate.organization.control_tower
    return next((key.arn or "" for key in estate.keys if tower is not None and key.name == tower.key), "")
