"""From the grammar of roles to the domain."""

from collections.abc import Iterator

from strongroom.domain.names import AccountId
from strongroom.domain.roles import MadeRole, RolePurpose, Roles, Trust
from strongroom.domain.strategy import Accounts
from strongroom.strategyfile import roleparts as parts
from strongroom.strategyfile.placed import Source
from strongroom.strategyfile.values import ROLES_OF_ACCOUNTS, SAME_ACCOUNT


def roles(part: parts.RolesPart, accounts: Accounts, source: Source, *, name: str) -> Roles:
    """Return the roles of a strategy with its name in those that it doesn't name."""
    backup = part.adopt or part.backup or f"{name}-AWSBackup"
    return Roles(
        read=part.read.name,
        deploy=part.deploy,
        backup=backup,
        restore=part.restore or f"{name}-AWSBackup-restore",
        restore_test=part.restore_test or f"{name}-AWSBackup-restore-test",
        made=tuple(_made(part, accounts, source, name)),
        adopted=part.adopt is not None,
    )


def _made(part: parts.RolesPart, accounts: Accounts, source: Source, name: str) -> Iterator[MadeRole]:
    for purpose, role in (
        (RolePurpose.READ, part.read),
        (RolePurpose.RECOVERY, part.recovery),
        (RolePurpose.TESTER, part.tester),
        (RolePurpose.BACKUP_TEAM, part.backup_team),
        (RolePurpose.WORKLOAD_TEAM, part.workload_team),
    ):
        if role is None or role.trust is None:
            continue
        default = f"{name}-{purpose.replace('_', '-')}"
        yield MadeRole(
            purpose=purpose,
            name=role.name or default,
            trust=_trust(role.trust, accounts, mfa=role.mfa),
            origin=source.key("roles", purpose.value),
        )


def _trust(written: tuple[str, ...], accounts: Accounts, *, mfa: bool) -> Trust:
    named = dict.fromkeys(getattr(accounts, each) if each in ROLES_OF_ACCOUNTS else each for each in written)
    return Trust(
        accounts=tuple(AccountId(each) for each in named if each != SAME_ACCOUNT and not each.startswith("arn:")),
        same_account=SAME_ACCOUNT in named,
        principals=tuple(each for each in named if each.startswith("arn:")),
        mfa=mfa,
    )
