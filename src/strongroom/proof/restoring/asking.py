"""What policies say about a step of a restore: its calls, asked of the evaluator."""

from dataclasses import dataclass, replace

from strongroom.domain.names import Arn, ResourceType, vault_arn
from strongroom.domain.origin import Unread
from strongroom.facts import Asked as AskedOf
from strongroom.facts import capabilities
from strongroom.proof.groups import Group
from strongroom.proof.permitted import Asked, Permissions, Refusal, first_refusal
from strongroom.proof.restoring.roles import Recoverer
from strongroom.proof.restoring.telling import Told
from strongroom.proof.restoring.ways import Step, Way
from strongroom.semantics.authorization.calls import Call, Judged, Maker, Operation, Places, When, calls_of, judge, unsupported
from strongroom.semantics.authorization.model import Verdict as Answer

STARTS = frozenset({"backup:StartRestoreJob", "backup:StartCopyJob"})


@dataclass(frozen=True, slots=True)
class Asking:
    """Asks about steps."""

    permissions: Permissions
    person: str  # name of the role that starts restores; empty: the strategy makes none

    def refusal(self, group: Group, way: Way, role: Recoverer) -> Asked | None:
        """Return what keeps a step from working; None: nothing does."""
        kind = ResourceType(group.type)
        person = self.permissions.rights.principals.get((way.account, self.person), "") if self.person else ""
        if self.person and not person:
            whose = f" (account {way.account})" if way.named else ""
            return Asked(Refusal("VRF090", f"role {self.person}, which starts restores, does not exist{whose}"), (), group.type)
        operation = Operation.COPY_BACK if way.step is Step.COPY_BACK else Operation.RESTORE
        places = self._places(group, way, kind, role.arn, person or role.arn)
        if unsupported(operation, kind, places):
            return None  # `copy_states` says so
        calls = [each for call in calls_of(operation, kind, places) if (each := _started(call, person))]
        judged = [self._passed(each, role) for each in judge(self.permissions.rights.authorizer, calls)]
        return first_refusal(Told(self.permissions, group, way, role.name, self.person), judged, group.type)

    def _passed(self, judged: Judged, role: Recoverer) -> Judged:
        """Doubt that a role may not be passed on where the recovery role may pass on others: a profile's role may have another name."""
        decision = judged.decision
        if judged.call.on != "instance role" or decision.verdict is not Answer.DENIED or decision.ground.effect:
            return judged
        identity = self.permissions.rights.authorizer.actor(role.arn).identity
        if isinstance(identity, Unread) or not any(each.body.about("iam:passrole").allows for each in identity):
            return judged
        return replace(judged, decision=replace(decision, verdict=Answer.UNKNOWN, missing=("the role of the instance profile",)))

    def _places(self, group: Group, way: Way, kind: ResourceType, role: str, caller: str) -> Places:
        permissions = self.permissions
        vault, into = permissions.observed.vaults[way.key], permissions.observed.vaults.get(way.into)
        key, source = permissions.key(vault.key_arn), permissions.key(group.key)
        managed = capabilities(kind).fully_managed and not permissions.is_basic(group)
        return Places(
            job_role=role,
            vault=vault_arn(*way.key),
            source=group.arn,
            caller=caller,
            source_key=source,
            vault_key=key,
            # as it was where it was; elsewhere what keeps the key of its recovery point, and the rest under AWS's own
            restored_key=source if not way.copied else None if managed else key,
            destination_vault=vault_arn(*way.into) if into else "",
            destination_path=permissions.path(way.into[0]) if into else "",
            destination_key=permissions.key(into.key_arn) if into else None,
            instance_role=_role_of(group.profile) if way.account == group.account and group.profile else "",
            situation=self._situation(group, way, air_gapped=vault.air_gapped),
        )

    def _situation(self, group: Group, way: Way, *, air_gapped: bool) -> frozenset[When]:
        found = {
            When.COPY: way.copied,
            When.CONTINUOUS: way.continuous,
            When.OUT_OF_AIR_GAPPED: air_gapped,
            When.BASIC_DYNAMODB: self.permissions.is_basic(group),
        }
        return frozenset(when for when, holds in found.items() if holds)


def _started(call: Call, person: str) -> Call | None:
    """Return a call as it is asked: where nobody is named who starts, only that somebody may whose own policies allow everything."""
    if call.maker is not Maker.CALLER or person:
        return call
    return replace(call, asked=AskedOf.RESOURCE) if call.action in STARTS else None


def _role_of(profile: str) -> str:
    """Return the role that an instance profile most often has: the one of its name.

    Example:
        >>> _role_of("arn:aws:iam::111122223333:instance-profile/app/web")
        'arn:aws:iam::111122223333:role/app/web'
    """
    arn = Arn.parse(profile)
    return f"arn:{arn.partition}:iam::{arn.account}:role/{arn.resource.partition('/')[2]}"
