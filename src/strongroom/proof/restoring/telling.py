"""Says in words why a restore or a copy back would be refused; names no resource and, but for accounts that keep copies, no account."""

import re
from dataclasses import dataclass
from functools import lru_cache

from strongroom.domain.access import PolicyText
from strongroom.domain.origin import Unread
from strongroom.proof.groups import Group
from strongroom.proof.permitted import Permissions, Refusal
from strongroom.proof.restoring.ways import Step, Way
from strongroom.semantics.authorization.calls import Call, Judged, Maker
from strongroom.semantics.authorization.model import Ground, Layer
from strongroom.semantics.authorization.model import Verdict as Answer
from strongroom.semantics.authorization.policy import parse

_CONTROLS = frozenset({Layer.SCP, Layer.RCP})


@dataclass(frozen=True, slots=True)
class Told:
    """Tells of one step of one way.

    What keeps jobs from working too is told as `permitted` tells it, so that one fault is one finding.
    """

    permissions: Permissions
    group: Group
    way: Way
    role: str  # its name
    person: str  # name of the role that starts it; empty: the strategy names nobody

    def refusal(self, judged: Judged) -> Refusal:
        """Return the refusal of a call that is denied or not known."""
        if judged.verdict is not Answer.DENIED:
            return self._unknown(judged)
        call, ground = judged.call, judged.decision.ground
        started = call.maker is Maker.CALLER
        if started and not self.person and ground.effect and self._is_bounded(ground):
            what = f"{ground.policy} lets only some start {self._noun}, and the strategy names no recovery role"
            return Refusal("VRF028", f"{what}{self._whose}")
        if ground.layer in _CONTROLS:
            return self._control(ground)
        if call.on == "instance role":
            return Refusal("VRF096", f"role {self.role} may not pass on the roles of instances that it restores{self._whose}")
        if ground.layer not in {Layer.RESOURCE, Layer.GRANT}:
            return self._lacking(self.person if started else self.role)
        return self._key(call) if call.on_key else self._shut(call)

    @property
    def _noun(self) -> str:
        return "restores" if self.way.step is Step.RESTORE else "copies back"

    @property
    def _vault(self) -> str:
        return f"{self.way.vault_name} in {self.way.region}"

    @property
    def _whose(self) -> str:
        return f" (account {self.way.account})" if self.way.named else ""

    def _control(self, ground: Ground) -> Refusal:
        silent = f"no {ground.layer.value} of some level above the account, or of itself, allows what"
        who = f"{ground.policy} denies what" if ground.effect else silent
        return self._like_jobs(Refusal("VRF071", f"{who} jobs need")) or Refusal("VRF092", f"{who} {self._noun} need")

    def _shut(self, call: Call) -> Refusal:
        """A vault's access policy denies, or of the vault that copies come back into, doesn't allow."""
        if call.on == "destination vault":
            _, region, name = self.way.into
            return Refusal("VRF095", f"the access policy of vault {name} in {region} does not let copies back in")
        if self.way.step is Step.COPY_BACK:
            return Refusal("VRF095", f"the access policy of vault {self._vault} denies copies back out of it{self._whose}")
        return Refusal("VRF094", f"the access policy of vault {self._vault} denies restores{self._whose}")

    def _lacking(self, role: str) -> Refusal:
        if self.way.step is Step.COPY_BACK:
            return Refusal("VRF095", f"role {role} lacks permissions that copies back need{self._whose}")
        known = None if self._whose else self._like_jobs(Refusal("VRF070", f"role {role} lacks permissions that jobs need"))
        return known or Refusal("VRF091", f"role {role} lacks permissions that restores need{self._whose}")

    def _key(self, call: Call) -> Refusal:
        odd = self.permissions.is_odd_replica(str(call.resource))
        whose = self._whose_key(call)
        where = f"the {'replica key' if odd else 'key'} of {whose}" if whose else "the resource's key"
        jobs = Refusal("VRF074" if odd and whose else "VRF072", f"the policy of {where} refuses what jobs need")
        return self._like_jobs(jobs) or Refusal("VRF093", f"the policy of {where} refuses what {self._noun} need")

    def _whose_key(self, call: Call) -> str:
        """Return the vault that a key is of; empty: it is the resource's."""
        if call.on == "destination key":
            _, region, name = self.way.into
            return f"vault {name} in {region}"
        if call.on != "vault key" and not self.way.copied:
            return ""
        return f"vault {self._vault}" + (f" (account {self.way.account}, {call.resource})" if self.way.named else "")

    def _like_jobs(self, refusal: Refusal) -> Refusal | None:
        return refusal if refusal in self.permissions.causes else None

    def _unknown(self, judged: Judged) -> Refusal:
        if judged.decision.verdict is Answer.DENIED:
            return Refusal("VRF028", f"policies deny what {self._noun} may need, which AWS does not document{self._whose}")
        missing = judged.decision.missing
        keys = [each for each in missing if re.fullmatch(r"[A-Za-z0-9-]+:[^ ]+", each) and not each.startswith("arn:")]
        on = ", ".join(keys) or "what could not be read"
        return Refusal("VRF028", f"whether policies let {self._noun} work depends on {on}{self._whose}")

    def _is_bounded(self, ground: Ground) -> bool:
        """Return whether the statement that denies has conditions: somebody else might be let through."""
        text = self._text(ground)
        return ground.statement is not None and (text is None or _has_conditions(text, ground.statement))

    def _text(self, ground: Ground) -> str | None:
        access = self.permissions.rights.authorizer.access
        if ground.layer is Layer.SCP and not isinstance(access.controls, Unread):
            policies: list[object] = [each.policy for each in access.controls]
        else:
            policies = [each.policy for each in access.resources if str(each.origin) == ground.origin]
        found = (each.text for each in policies if isinstance(each, PolicyText) and each.name == ground.policy)
        return next((text for text in found if isinstance(text, str)), None)


@lru_cache(maxsize=1024)
def _has_conditions(text: str, position: int) -> bool:
    statements = parse(text, name="").statements
    return position >= len(statements) or bool(statements[position].conditions)
