"""Whether policies let the jobs of a chain do what they do: every call behind a backup and a copy, asked of the evaluator.

Resources that no policy can tell apart are judged together, and accounts whose policies differ by nothing but the account's own id
share their answers: an organization that was deployed alike is judged once. Policies of buckets are not synced and not asked.
Source: https://docs.aws.amazon.com/aws-backup/latest/devguide/security-iam-awsmanpol.html
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import NamedTuple, Protocol

import pyarrow as pa

from strongroom.domain.access import ControlType, PolicyText
from strongroom.domain.names import ResourceType, vault_arn
from strongroom.domain.origin import Unread
from strongroom.proof.access import Rights
from strongroom.proof.declared import DeclaredPlan, Leg
from strongroom.proof.groups import Group
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Observed, ObservedVault
from strongroom.proof.targets import aimed, not_known
from strongroom.proof.verdicts import PROVEN, Verdict, broken, doubtful, worst
from strongroom.semantics.airgapped import AirGapped, Way
from strongroom.semantics.authorization.calls import Judged, Maker, Operation, Places, When, calls_of, judge, unsupported
from strongroom.semantics.authorization.model import Layer
from strongroom.semantics.authorization.model import Verdict as Answer
from strongroom.semantics.authorization.places import Key

PERMISSIONS = pa.schema(
    [
        ("group_no", pa.int32()),
        ("leg_no", pa.int32()),
        ("state", pa.string()),
        ("code", pa.string()),
        ("cause", pa.string()),
        ("doubt", pa.bool_()),
    ]
)

ACCOUNT, SOURCE_KEY, VAULT_KEY = "$account", "$source", "$vault"  # stand for an account's own, so that equal policies are equal texts
SHOWN = 3  # actions named in a cause
_OURS = frozenset({Maker.SERVICE_LINKED, Maker.DESTINATION_LINKED})
# Parts of account ids or ids of keys that only some accounts would match: then nothing is shared between accounts.
_PARTIAL = re.compile(r"[0-9][*?]|[*?][0-9]|:key/[^*\"$]")


class Refusal(NamedTuple):
    """Why calls of an operation would be refused, or why that isn't known; the same for all resources and accounts it is true of."""

    code: str  # VRF028: not known
    reason: str
    certain: bool = False  # not known, and no recovery point proves the contrary


class Asked(NamedTuple):
    """The first refusal of an operation on a group, and the actions that are refused for the same reason."""

    refusal: Refusal
    actions: tuple[str, ...]
    type: str


@dataclass
class Permissions:
    """Judges what policies say about the legs of groups of resources."""

    rights: Rights
    observed: Observed
    role: str
    plans: Sequence[DeclaredPlan]
    answers: dict[tuple[object, ...], Asked | None] = field(default_factory=dict)
    causes: dict[Refusal, Verdict] = field(default_factory=dict)  # of `table`: `restorable` has the same for the same fault

    def table(self, groups: Sequence[Group], selected: Iterable[tuple[int, int]]) -> pa.Table:
        """Return a row for each leg of a group that isn't proven; `selected` are numbers of groups and of plans that select in them."""
        found: list[tuple[int, int, Asked]] = []
        for group_no, plan_no in selected:
            group = groups[group_no]
            for rule in self.plans[plan_no].rules:
                aim = aimed(group, rule, basic=self.is_basic(group))
                source = rule.target.vault_name if rule.target and aim and aim.way is Way.DIRECT else rule.rule.vault_name
                backup = self._asked(group, source, None)
                for leg in rule.legs:
                    every = (backup, *self._copies(group, source, leg, aim))
                    found += [(group_no, leg.number, each) for each in every if each is not None]
        self.causes = causes = causes_of(asked for _, _, asked in found)
        verdicts: dict[tuple[int, int], Verdict] = {}
        for group_no, leg_no, asked in found:
            place = (group_no, leg_no)
            verdicts[place] = worst(verdicts.get(place, PROVEN), causes[asked.refusal])
        rows = [(*place, str(each.state), each.code, each.cause, each.doubt) for place, each in verdicts.items()]
        columns = list(zip(*rows, strict=True)) or [()] * len(PERMISSIONS)
        return pa.Table.from_arrays(
            [pa.array(values, each.type) for values, each in zip(columns, PERMISSIONS, strict=True)], schema=PERMISSIONS
        )

    def _copies(self, group: Group, source: str, leg: Leg, aim: AirGapped | None) -> Iterator[Asked | None]:
        """Yield what keeps the copy of a leg from working; into an air-gapped target only what passes the standard vault is copied."""
        if not leg.copy or (leg.target and aim is not None and aim.way in {Way.DIRECT, Way.FALLS_BACK}):
            return
        yield self._asked(group, source, leg)
        if leg.target and aim is not None and aim.way is Way.UNKNOWN:
            yield Asked(Refusal("VRF028", not_known(group, aim)), (), group.type)

    def _asked(self, group: Group, vault_name: str, leg: Leg | None) -> Asked | None:
        """Return what keeps the backup of a group (or the copy of a leg) from working; None: nothing, or the place says what."""
        role = self.rights.roles.get((group.account, self.role))
        vault = self.observed.vaults.get((group.account, group.region, vault_name))
        there = leg.place(group.account, group.region) if leg else ("", "")
        destination = self.observed.vaults.get((*there, leg.vault_name)) if leg else None
        if role is None or vault is None or (leg is not None and destination is None):
            return None
        same = (self._likeness(group, vault), vault_name, leg.number if leg else -1, self._destination_text(group, leg, destination))
        if same not in self.answers:
            places = Places(
                job_role=role,
                vault=vault_arn(group.account, group.region, vault_name),
                source=group.arn,
                source_key=self.key(group.key),
                vault_key=self.key(vault.key_arn),
                destination_vault=vault_arn(*there, leg.vault_name) if leg else "",
                destination_path=self.path(there[0]) if leg else "",
                destination_key=self.key(destination.key_arn) if destination else None,
                situation=self._situation(group, vault, destination),
            )
            self.answers[same] = self._judged(group, vault_name, leg, places)
        return self.answers[same]

    def _situation(self, group: Group, vault: ObservedVault, destination: ObservedVault | None) -> frozenset[When]:
        found = {When.INTO_AIR_GAPPED} if destination is not None and destination.air_gapped else set()
        if destination is not None and vault.air_gapped:
            found.add(When.OUT_OF_AIR_GAPPED)
        return frozenset(found | ({When.BASIC_DYNAMODB} if self.is_basic(group) else set()))

    def is_basic(self, group: Group) -> bool:
        """Return whether tables of a group are backed up without AWS Backup's advanced features."""
        managed = self.observed.settings.get((group.account, group.region, "management"), {})
        return group.type == ResourceType.DYNAMODB and managed.get(str(ResourceType.DYNAMODB)) == "false"

    def _judged(self, group: Group, vault_name: str, leg: Leg | None, places: Places) -> Asked | None:
        operation = Operation.COPY if leg else Operation.BACKUP
        resource_type = ResourceType(group.type)
        if unsupported(operation, resource_type, places):
            return None  # `copy_states` says so
        if leg is None and group.key and (unusable := self.unusable(group.key)):
            return Asked(Refusal("VRF076", f"the key of the resource is {unusable}"), (), group.type)
        judged = judge(self.rights.authorizer, calls_of(operation, resource_type, places))
        told = _Told(self, operation, group, vault_name, leg)
        return first_refusal(told, judged, group.type)

    def key(self, arn: str | None) -> Key:
        """Return a key as calls ask for it; None: one of AWS's own, which needs no permission."""
        if not arn:
            return None
        known = self.observed.keys.get(arn)
        if known is None:
            return Unread(f"key {arn} was not found")
        return arn if known[0] == "CUSTOMER" else None

    def unusable(self, arn: str) -> str:
        """Return the state of a customer's key in which nobody can use it; empty: it can be used, or isn't known."""
        manager, state = self.observed.keys.get(arn, ("", ""))
        return state if manager == "CUSTOMER" and state != "Enabled" else ""

    def path(self, account: str) -> str:
        """Return where an account is in the organization, as conditions on copies have it; empty: not known."""
        found = self.rights.authorizer.actor(account).organization_path
        return found if isinstance(found, str) else ""

    def is_odd_replica(self, arn: str | None) -> bool:
        """Return whether a key is a replica whose policy differs from its primary's."""
        primary = self.observed.primaries.get(arn or "")
        if not primary or primary == arn:
            return False
        policies = self.rights.authorizer.resources
        texts = [policies[each].policy if each in policies else None for each in (arn or "", primary)]
        return len({each.text for each in texts if isinstance(each, PolicyText)}) > 1

    def _destination_text(self, group: Group, leg: Leg | None, destination: ObservedVault | None) -> str:
        """Return what the destination of a leg says, as far as that is an account's own; of others every account asks the same."""
        if leg is None or leg.account is not None or destination is None:
            return ""
        own = {ACCOUNT: group.account, VAULT_KEY: destination.key_arn or ""}
        text = _alike(f"{destination.access_policy} {self.key_text(destination.key_arn)}", own)
        return f"{text} {group.account}" if is_partial(text) else text

    def _likeness(self, group: Group, vault: ObservedVault) -> tuple[object, ...]:
        """Return what decides: groups for which it is equal have the same answer."""
        keys = {ACCOUNT: group.account, SOURCE_KEY: group.key or "", VAULT_KEY: vault.key_arn or ""}
        own = (
            self._role_text(group.account),
            vault.access_policy or "",
            self.key_text(group.key),
            self.key_text(vault.key_arn),
        )
        texts = tuple(_alike(text, keys) for text in own)
        apart = group.account in self._shared or any(map(is_partial, texts)) or self._partial
        where = self.rights.authorizer.accounts.get(group.account)
        return (
            texts,
            group.type,
            group.region,
            group.signature,
            self.is_basic(group),
            where.parents if where else (),
            self._controls(group.account),
            group.account if apart else "",
            group.arn if apart and group.signature else "",
        )

    def _role_text(self, account: str) -> str:
        return self._texts.get(account, "")

    def key_text(self, arn: str | None) -> str:
        """Return all that decides about the use of a key, as one text."""
        if not arn:
            return ""
        known = self.rights.authorizer.resources.get(arn)
        state = self.observed.keys.get(arn)
        if known is None:
            return f"{state}"
        policy = known.policy.text if isinstance(known.policy, PolicyText) else known.policy
        grants = known.grants if isinstance(known.grants, Unread) else [(each.grantee, each.operations) for each in known.grants]
        return f"{state} {policy} {grants} {self.is_odd_replica(arn)}"

    @cached_property
    def _texts(self) -> Mapping[str, str]:
        """All that the policies of an account's role say, as one text."""
        found = {}
        for (account, name), arn in self.rights.roles.items():
            if name == self.role:
                role = self.rights.authorizer.principals[arn]
                identity = role.identity if isinstance(role.identity, Unread) else [(each.name, each.text) for each in role.identity]
                boundary = role.boundary.text if isinstance(role.boundary, PolicyText) else role.boundary
                found[account] = f"{arn} {identity} {boundary} {role.tags}"
        return found

    def _controls(self, account: str) -> tuple[object, ...]:
        """Return the control policies that reach an account, level by level."""
        return tuple(
            str(levels) if isinstance(levels, Unread) else tuple(tuple(id(each.body) for each in level.policies) for level in levels)
            for levels in (self.rights.authorizer.levels(account, kind) for kind in ControlType)
        )

    @cached_property
    def _shared(self) -> str:
        """The texts that are not an account's own: they may name accounts one by one."""
        access = self.rights.authorizer.access
        controls = () if isinstance(access.controls, Unread) else access.controls
        return " ".join(str(each.policy.text) for each in controls) + " ".join(self._destinations)

    @cached_property
    def _destinations(self) -> tuple[str, ...]:
        """Policies of the vaults that copies of all accounts go to, and of their keys."""
        legs = [leg for plan in self.plans for rule in plan.rules for leg in rule.legs if leg.account is not None]
        found = {self.observed.vaults.get((*leg.place("", ""), leg.vault_name)) for leg in legs}
        return tuple(sorted(f"{vault.access_policy} {self.key_text(vault.key_arn)}" for vault in found if vault))

    @cached_property
    def _partial(self) -> bool:
        return is_partial(self._shared)


class Telling(Protocol):
    """Says in words why a call is refused."""

    def refusal(self, judged: Judged) -> Refusal:
        """Return the refusal of a call that is denied or not known."""


@dataclass(frozen=True, slots=True)
class _Told:
    """Says in words why calls of an operation are refused; names no resource and, but for central vaults, no account."""

    permissions: Permissions
    operation: Operation
    group: Group
    vault_name: str
    leg: Leg | None

    @property
    def _what(self) -> str:
        return "backups" if self.operation is Operation.BACKUP else "copies"

    def refusal(self, judged: Judged) -> Refusal:
        """Return the refusal of a call that is denied or not known."""
        if judged.verdict is not Answer.DENIED:
            return self._unknown(judged)
        call, ground = judged.call, judged.decision.ground
        if ground.layer in {Layer.SCP, Layer.RCP}:
            who = ground.policy if ground.effect else f"no {ground.layer.value} of some level above the account, or of itself, allows"
            return Refusal("VRF071", f"{who} denies what jobs need" if ground.effect else f"{who} what jobs need")
        if ground.layer not in {Layer.RESOURCE, Layer.GRANT}:
            return Refusal("VRF070", f"role {self.permissions.role} lacks permissions that jobs need")
        if call.on_key:
            return self._key(judged)
        if call.on == "destination vault" and self.leg is not None:
            return Refusal("VRF025", f"the access policy of {self._vault(self.leg)} does not let copies in{self._owner(self.leg)}")
        vault = f"vault {self.vault_name} in {self.group.region}"
        return Refusal("VRF075", f"the access policy of {vault} denies what jobs need")

    def _key(self, judged: Judged) -> Refusal:
        call = judged.call
        if call.on in {"source key", "recovery point key"} and call.maker is Maker.DESTINATION_LINKED and self.leg is not None:
            return Refusal("VRF073", f"the policy of the resource's key does not let account {call.principal.split(':')[4]} use it")
        if call.on == "destination key" and self.leg is not None:
            code = "VRF074" if self.permissions.is_odd_replica(str(call.resource)) else "VRF072"
            kind = "replica key" if code == "VRF074" else "key"
            where = f"{kind} of {self._vault(self.leg)}{self._owner(self.leg, str(call.resource))}"
            return Refusal(code, f"the policy of the {where} refuses what jobs need")
        if call.on == "vault key":
            odd = self.permissions.is_odd_replica(str(call.resource))
            where = f"{'replica key' if odd else 'key'} of vault {self.vault_name} in {self.group.region}"
            return Refusal("VRF074" if odd else "VRF072", f"the policy of the {where} refuses what jobs need")
        return Refusal("VRF072", "the policy of the resource's key refuses what jobs need")

    def _unknown(self, judged: Judged) -> Refusal:
        what = self._what
        if judged.decision.verdict is Answer.DENIED:
            return Refusal("VRF028", f"policies deny what {what} may need, which AWS does not document")
        keys = [each for each in judged.decision.missing if re.fullmatch(r"[A-Za-z0-9-]+:[^ ]+", each) and not each.startswith("arn:")]
        lossy = judged.call.failure_mode == "FM20"  # the job would complete, and leave out what it may not read
        if keys and judged.call.on == "destination vault" and self.leg is not None:
            where = self._vault(self.leg)
            reason = f"the access policy of {where} has conditions that are not interpreted: {', '.join(keys)}{self._owner(self.leg)}"
            return Refusal("VRF028", reason)
        on = "what could not be read" if not keys else ", ".join(keys)
        return Refusal("VRF028", f"whether policies let {what} work depends on {on}", certain=lossy)

    def _vault(self, leg: Leg) -> str:
        return f"vault {leg.vault_name} in {leg.place(self.group.account, self.group.region)[1]}"

    @staticmethod
    def _owner(leg: Leg, key: str = "") -> str:
        """Name account and key of a vault that is not every account's own."""
        if leg.account is None:
            return ""
        return f" (account {leg.account}, {key})" if key else f" (account {leg.account})"


def first_refusal(told: Telling, judged: Sequence[Judged], type_: str) -> Asked | None:
    """Return the first refusal, or else the first doubt, with all actions that share it."""
    # Whether AWS Backup can take on the role is `role`'s question; what AWS's own roles may do is AWS's business.
    asked = [each for each in judged if each.call.action != "sts:AssumeRole" and not _of_aws(each)]
    for verdict in (Answer.DENIED, Answer.UNKNOWN):
        found = [(told.refusal(each), each.call.action) for each in asked if each.verdict is verdict]
        if found:
            first = found[0][0]
            return Asked(first, tuple(dict.fromkeys(action for refusal, action in found if refusal == first)), type_)
    return None


def _of_aws(judged: Judged) -> bool:
    decision = judged.decision
    allowed_by_aws = judged.call.maker in _OURS and decision.ground.layer is Layer.IDENTITY
    return allowed_by_aws and judged.verdict is not Answer.ALLOWED


def causes_of(asked: Iterable[Asked]) -> dict[Refusal, Verdict]:
    """Return a verdict for each refusal, with the actions and types of all resources that it touches."""
    actions: dict[Refusal, dict[str, None]] = {}
    types: dict[Refusal, set[str]] = {}
    for each in asked:
        actions.setdefault(each.refusal, {}).update(dict.fromkeys(each.actions))
        types.setdefault(each.refusal, set()).add(each.type)
    return {refusal: _verdict(refusal, sorted(actions[refusal]), sorted(types[refusal])) for refusal in actions}


def _verdict(refusal: Refusal, actions: Sequence[str], types: Sequence[str]) -> Verdict:
    more = f" and {len(actions) - SHOWN} more" if len(actions) > SHOWN else ""
    named = f": {', '.join(actions[:SHOWN])}{more} ({', '.join(types)})" if actions else f" ({', '.join(types)})"
    cause = refusal.reason if refusal.code == "VRF025" else f"{refusal.reason}{named}"
    if refusal.code != "VRF028":
        return broken(refusal.code, cause)
    return Verdict(LinkState.UNKNOWN, "VRF028", cause) if refusal.certain else doubtful(cause)


@lru_cache(maxsize=4096)
def is_partial(text: str) -> bool:
    """Return whether a text may match some accounts or keys by parts of their ids; most of the texts asked for are equal."""
    return _PARTIAL.search(text) is not None


def _alike(text: str, own: Mapping[str, str]) -> str:
    """Return a text with what is an account's own replaced, keys before the account that their ARNs contain."""
    for name in (SOURCE_KEY, VAULT_KEY, ACCOUNT):
        if own.get(name):
            text = text.replace(own[name], name)
    return text
