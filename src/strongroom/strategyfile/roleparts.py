"""The grammar of IAM roles: names of those that exist or are always made, and who may assume those of people and programs."""

from typing import Annotated

from pydantic import Field

from strongroom.strategyfile import values
from strongroom.strategyfile.fields import BackupRoleName, OneOrMany, RoleName, Shorthand, Trusted, Truth
from strongroom.strategyfile.parts import Part

Trusting = Annotated[tuple[Trusted, ...], Field(min_length=1), OneOrMany()]


def _named(value: object) -> object:
    return {"name": value} if isinstance(value, str) else value


class ReadRolePart(Part):
    """The role that reads."""

    name: RoleName = "strongroom-read"
    """Its name. Default: strongroom-read."""
    trust: Trusting | None = Field(default=None, examples=[["management", "backup_admin"]])
    """Who may assume it, as `trust` of other roles. Default: Strongroom doesn't make it, you do: see `strongroom render --read-role`."""
    mfa: Truth = False
    """Ask whoever assumes it for multi-factor authentication. Default: false, programs read."""


class TeamRolePart(Part):
    """A role of people: made in every governed account because it says who may assume it."""

    trust: Trusting = Field(examples=[["backup_admin"]])
    """Who may assume it: a role of organization.accounts, an account id, same-account for the account that the role is in, or the ARN of a
    role or user, with * behind the account. IAM of the account named decides which of its people may."""
    name: RoleName | None = None
    """Its name. Default: the strategy's name with -recovery, -tester, -backup-team or -workload-team."""
    mfa: Truth = True
    """Ask for multi-factor authentication. Sessions of IAM Identity Center and roles that assume roles never carry it: false for
    them. Default: true."""


class RolesPart(Part):
    """IAM roles: names, and who may assume those of people."""

    read: Annotated[ReadRolePart, Shorthand(_named, values.ROLE_PATTERN)] = Field(default_factory=ReadRolePart)
    """The read-only role that Strongroom assumes in every account: its name, or a mapping with `trust`. Default: strongroom-read, which
    you make."""
    deploy: RoleName = "strongroom-deploy"
    """The role that Strongroom assumes to deploy into single accounts; `strongroom render` writes its template. Default:
    strongroom-deploy."""
    backup: BackupRoleName | None = None
    """The role that AWS Backup assumes in every account for backups and copies; its name must contain AWSBackup. Default:
    <strategy>-AWSBackup."""
    adopt: RoleName | None = None
    """The name of the role for backups and copies where it exists and somebody else keeps it, instead of `backup`: it is never made,
    changed or destroyed. Default: Strongroom makes the role."""
    restore: BackupRoleName | None = None
    """The role that AWS Backup assumes for restores. Default: <strategy>-AWSBackup-restore."""
    restore_test: BackupRoleName | None = None
    """The role that AWS Backup assumes for restore tests. Default: <strategy>-AWSBackup-restore-test."""
    recovery: TeamRolePart | None = None
    """Starts restores, and copies back from the account that keeps copies. Default: not made."""
    tester: TeamRolePart | None = None
    """What `strongroom test` acts through: restores, reads and deletes what its tests have made, and nothing else. Default: not made."""
    backup_team: TeamRolePart | None = None
    """Sees jobs, plans and recovery points, backs up and restores by hand; deletes nothing. Default: not made."""
    workload_team: TeamRolePart | None = None
    """Sees and restores the backups of its own account, and nothing of other accounts. Default: not made."""
