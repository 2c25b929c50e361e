"""The ways in which what a leg holds comes back: restored where it lies, or copied back first and restored at home.

Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/create-cross-account-backup.html
"""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.names import ResourceType
from strongroom.proof.declared import DeclaredRule, Leg
from strongroom.proof.groups import Group
from strongroom.semantics.copies import fully_managed


class Step(StrEnum):
    """What is done."""

    RESTORE = "restore"
    COPY_BACK = "copy back"


@dataclass(frozen=True, slots=True)
class Way:
    """One step: from a vault, and into another one for a copy back."""

    step: Step
    account: str  # of the vault that the step reads from
    region: str
    vault_name: str
    copied: bool  # the recovery point is a copy
    named: bool  # the account is not the resource's own: it is told by name
    continuous: bool = False
    into: tuple[str, str, str] = ("", "", "")  # copy back: account, Region, vault name

    @property
    def key(self) -> tuple[str, str, str]:
        """Account, Region and name of the vault."""
        return self.account, self.region, self.vault_name


def ways_of(group: Group, rule: DeclaredRule, leg: Leg, *, point_in_time: bool) -> tuple[tuple[Way, ...], ...]:
    """Return the ways of a leg, each with its steps in order.

    `point_in_time`: AWS Backup restores the type to an instant. A copy in another account has two ways: home, and where it is.
    """
    account, region = leg.place(group.account, group.region)
    home = (group.account, group.region, rule.rule.vault_name)
    if not leg.copy:
        continuous = rule.rule.continuous and point_in_time
        return ((Way(Step.RESTORE, *home, copied=False, named=False, continuous=continuous),),)
    straight = leg.target and fully_managed(ResourceType(group.type))  # into an air-gapped vault: no copy, but what was made itself
    there = Way(
        Step.RESTORE,
        account,
        region,
        leg.vault_name,
        copied=not straight,
        named=account != group.account,
        continuous=straight and rule.rule.continuous and point_in_time,
    )
    if account == group.account:
        return ((there,),)
    back = Way(Step.COPY_BACK, account, region, leg.vault_name, copied=True, named=True, into=home)
    return (back, Way(Step.RESTORE, *home, copied=True, named=False)), (there,)


def is_database(type_: str) -> bool:
    """Return whether a type is restored into a DB subnet group.

    Example:
        >>> is_database("RDS"), is_database("EBS")
        (True, False)
    """
    return type_ in {ResourceType.RDS, ResourceType.AURORA, ResourceType.DOCUMENTDB, ResourceType.NEPTUNE}
