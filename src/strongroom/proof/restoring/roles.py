"""Who restores: the role that AWS Backup takes on, and who may start it, in each account.

A strategy whose stacks make a role for restores needs it wherever they make it. One that makes none is held to what it promises: with an
RTO or a restore test the role of its backups has to restore, as AWS Backup's default role does; without either nothing is asked.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/iam-service-roles.html
"""

from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType

from strongroom.domain.estate import Estate
from strongroom.domain.roles import RolePurpose
from strongroom.proof.access import BACKUP_SERVICE, Rights
from strongroom.proof.links import LinkState
from strongroom.proof.verdicts import PROVEN, Verdict, broken, doubtful, unknown
from strongroom.semantics.authorization.model import Context
from strongroom.semantics.authorization.model import Verdict as Answer

NOBODY = Verdict(LinkState.NOT_REQUIRED, cause="the strategy makes no role that restores, and promises no restore")


def recovery_role(estate: Estate) -> str:
    """Return the name of the role of people who start restores; empty: the strategy makes none."""
    return next((each.name for each in estate.roles.made if each.purpose is RolePurpose.RECOVERY), "")


@dataclass(frozen=True, slots=True)
class Recoverer:
    """The role by which something is restored or copied back in an account."""

    name: str
    arn: str  # empty: there is none
    verdict: Verdict  # PROVEN: it exists and AWS Backup can take it on


@dataclass(frozen=True)  # without slots: what is derived is kept
class RecoveryRoles:
    """Finds who restores in accounts."""

    estate: Estate
    rights: Rights

    @cached_property
    def declared(self) -> bool:
        """Whether the strategy's own stacks make a role for restores in every account that it has vaults in."""
        name = f'"{self.estate.roles.restore}"'
        return any(name in each.template for each in self.estate.stack_sets)

    @cached_property
    def promised(self) -> bool:
        """Whether the strategy promises that something can be restored."""
        return bool(self.estate.restore_tests) or any(each.rto_minutes is not None for each in self.estate.objectives)

    @cached_property
    def person(self) -> str:
        """The name of the role of people who start restores; empty: the strategy makes none."""
        return recovery_role(self.estate)

    def restoring(self, account: str, *, named: bool = False) -> Recoverer:
        """Return the role that AWS Backup restores with in an account; `named`: say whose it is."""
        restore, backup = self.estate.roles.restore, self.estate.roles.backup
        fallback = not self.declared and (account, restore) not in self.rights.principals
        if fallback and not self.promised:
            return Recoverer(restore, "", NOBODY)
        return self._found(account, backup if fallback else restore, code="VRF090", work="restores", named=named)

    def copying(self, account: str) -> Recoverer:
        """Return the role that copies back from an account."""
        return self._found(account, self.estate.roles.backup, code="VRF095", work="copies back", named=True)

    def _found(self, account: str, name: str, *, code: str, work: str, named: bool) -> Recoverer:
        whose = f" (account {account})" if named else ""
        unread = self.rights.unread(account)
        if unread:
            return Recoverer(name, "", unknown(unread))
        arn = self.rights.principals.get((account, name), "")
        if not arn:
            return Recoverer(name, "", broken(code, f"role {name}, which {work}, does not exist{whose}"))
        context = Context(values=MappingProxyType({"aws:SourceAccount": (account,)}))
        found = self.rights.authorizer.decide(BACKUP_SERVICE, "sts:AssumeRole", arn, context)
        if found.verdict is Answer.UNKNOWN:
            needed = ", ".join(found.missing)
            return Recoverer(name, arn, doubtful(f"whether role {name} can be assumed by AWS Backup depends on {needed}{whose}"))
        if found.verdict is Answer.DENIED:
            return Recoverer(name, arn, broken(code, f"role {name}, which {work}, can't be assumed by AWS Backup{whose}"))
        return Recoverer(name, arn, PROVEN)
