"""Each leg of a group of resources: whether its recovery points could be restored wherever the strategy may need them."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property

import pyarrow as pa

from strongroom.domain.estate import Estate
from strongroom.domain.names import ResourceType
from strongroom.facts import capabilities
from strongroom.proof.declared import DeclaredRule, Leg
from strongroom.proof.equipped import EquippedJudge
from strongroom.proof.groups import Group
from strongroom.proof.links import LinkState
from strongroom.proof.observed import Tables
from strongroom.proof.permitted import Asked, Permissions, Refusal, causes_of
from strongroom.proof.restoring.asking import Asking
from strongroom.proof.restoring.likeness import Likeness
from strongroom.proof.restoring.readiness import Readiness, readiness
from strongroom.proof.restoring.roles import NOBODY, RecoveryRoles, recovery_role
from strongroom.proof.restoring.ways import Step, Way, ways_of
from strongroom.proof.scope import Scope
from strongroom.proof.verdicts import PROVEN, Verdict, worst

RESTORABLES = pa.schema(
    [
        ("group_no", pa.int32()),
        ("leg_no", pa.int32()),
        ("state", pa.string()),  # broken, unknown, not_required, not_assessed; no row: proven
        ("code", pa.string()),  # null where nothing is wrong
        ("cause", pa.string()),
        ("doubt", pa.bool_()),  # unknown only because something isn't interpreted: a restore that succeeded lifts it
    ]
)
NOT_SYNCED = Verdict(LinkState.NOT_ASSESSED, cause="who may do what was not synced: run strongroom sync again")

Found = Asked | Verdict
Legs = tuple[tuple[int, tuple[Found, ...]], ...]  # numbers of legs, and what keeps each from being restored


def roles_asked(estate: Estate) -> tuple[str, ...]:
    """Return the names of the roles, beside that of backups, whose policies decide about restores."""
    return tuple(each for each in (estate.roles.restore, recovery_role(estate)) if each)


def restorables(
    estate: Estate,
    scope: Scope,
    tables: Tables,
    permissions: Permissions,
    *,
    groups: Sequence[Group],
    selected: Iterable[tuple[int, int]],
) -> pa.Table:
    """Return a row for each leg of a group that isn't proven to be restorable; raises CouldNotVerify for a damaged table.

    `selected` are numbers of groups and of plans that select in them, as for `permissions.table`, which has to come first: what keeps
    jobs from working as well has one code and one cause in both. The rights of `permissions` must know `roles_asked`. Snapshots from
    before principals were synced are not assessed.
    """
    judging = _Judging(estate, scope, permissions, readiness(tables, estate, scope, permissions.observed))
    found = [(group_no, judging.plan(groups[group_no], plan_no)) for group_no, plan_no in selected]
    causes = causes_of(each for legs in judging.answers for _, every in legs for each in every if isinstance(each, Asked))
    verdicts = {legs: _verdicts(legs, causes | permissions.causes) for legs in judging.answers}
    rows = [(group_no, *row) for group_no, legs in found if legs for row in verdicts[legs]]
    columns = list(zip(*rows, strict=True)) or [()] * len(RESTORABLES)
    arrays = [pa.array(values, each.type) for values, each in zip(columns, RESTORABLES, strict=True)]
    return pa.Table.from_arrays(arrays, schema=RESTORABLES)


def _verdicts(legs: Legs, causes: dict[Refusal, Verdict]) -> tuple[tuple[object, ...], ...]:
    """Return the columns of the table, but for the group."""
    found = ((leg_no, worst(*(each if isinstance(each, Verdict) else causes[each.refusal] for each in every))) for leg_no, every in legs)
    return tuple((leg_no, str(each.state), each.code or None, each.cause, each.doubt) for leg_no, each in found)


@dataclass
class _Judging:
    """Judges the legs of groups; groups that are alike to all that is asked are judged once."""

    estate: Estate
    scope: Scope
    permissions: Permissions
    ready: Readiness
    _answers: dict[tuple[Hashable, int], Legs] = field(default_factory=dict)
    _places: dict[tuple[str, str], Hashable] = field(default_factory=dict)
    _numbers: dict[Hashable, int] = field(default_factory=dict)

    @property
    def answers(self) -> frozenset[Legs]:
        """All that was found."""
        return frozenset(self._answers.values())

    def plan(self, group: Group, plan_no: int) -> Legs:
        """Return what keeps recovery points of a plan from being restored, for each leg that anything does."""
        if not self.permissions.rights.synced:
            return self._answers.setdefault((None, plan_no), tuple((leg.number, (NOT_SYNCED,)) for _, leg in self._legs(plan_no)))
        place = self._places.get((group.account, group.region))
        if place is None:
            place = self._places[group.account, group.region] = self._place(group.account, group.region)
        same = (self._alike.of(group, place), plan_no)
        found = self._answers.get(same)
        if found is None:
            legs = ((leg.number, self._leg(group, rule, leg)) for rule, leg in self._legs(plan_no))
            found = self._answers[same] = tuple((leg_no, every) for leg_no, every in legs if every)
        return found

    def _legs(self, plan_no: int) -> Iterator[tuple[DeclaredRule, Leg]]:
        return ((rule, leg) for rule in self.permissions.plans[plan_no].rules for leg in rule.legs)

    def _leg(self, group: Group, rule: DeclaredRule, leg: Leg) -> tuple[Found, ...]:
        """Return what keeps the recovery points of a leg from being restored; none: nothing does."""
        if self.roles.restoring(group.account).verdict == NOBODY:
            return (NOBODY,)
        kind = ResourceType(group.type)
        ways = ways_of(group, rule, leg, point_in_time=capabilities(kind).point_in_time)
        found = [tuple(each for step in way for each in self._step(group, step, kind)) for way in ways]
        if self.roles.declared:  # its stacks open each of the ways, and each is needed when its day comes
            return tuple(each for way in found for each in way)
        return () if () in found else tuple(each for way in found for each in way)

    def _place(self, account: str, region: str) -> Hashable:
        """Return the number of an account and Region: equal ones differ in nothing that is asked but the account's id."""
        legs = [(rule, leg) for plan in self.permissions.plans for rule in plan.rules for leg in rule.legs]
        own = {(leg.place(account, region)[1], leg.vault_name) for _, leg in legs if leg.account is None}
        own |= {(region, rule.rule.vault_name) for rule, _ in legs}
        vaults = [(account, *each) for each in sorted(own)]
        restoring = self.roles.restoring(account)
        found = (
            region,
            self._alike.account(account),
            account if any(leg.account == account for _, leg in legs) else "",
            (restoring.name, bool(restoring.arn), restoring.verdict),
            tuple((self._alike.vault(*each), self._equipped_vault(each, named=False)) for each in vaults),
            tuple(self.ready.likeness(account, each) for each in sorted({where for _, where, _ in vaults})),
        )
        return self._numbers.setdefault(found, len(self._numbers))

    @cached_property
    def roles(self) -> RecoveryRoles:
        """Who restores."""
        return RecoveryRoles(self.estate, self.permissions.rights)

    @cached_property
    def _alike(self) -> Likeness:
        return Likeness(self.permissions, (self.permissions.role, *roles_asked(self.estate)))

    @cached_property
    def _asking(self) -> Asking:
        return Asking(self.permissions, self.roles.person)

    @cached_property
    def _equipped(self) -> EquippedJudge:
        return EquippedJudge(self.estate, self.scope, self.permissions.observed, self.permissions.rights)

    def _step(self, group: Group, way: Way, kind: ResourceType) -> Iterator[Found]:
        copying = way.step is Step.COPY_BACK
        role = self.roles.copying(way.account) if copying else self.roles.restoring(way.account, named=way.named)
        if role.verdict != PROVEN:
            yield role.verdict
            if not role.arn:
                return
        vault = self._equipped_vault(way.key, named=way.named)
        if vault != PROVEN:
            yield vault
            return
        if not copying:
            yield from self._unusable(group, way, kind)
            own, here = way.account == group.account, way.region == group.region
            yield from self.ready.lacks(group.type, way, own=own, here=here)
        asked = self._asking.refusal(group, way, role)
        if asked is not None:
            yield asked

    def _equipped_vault(self, key: tuple[str, str, str], *, named: bool) -> Verdict:
        """Return whether a vault is there and its key usable, in the words of `equipped`; its lock is no matter of restores."""
        vault = self.permissions.observed.vaults.get(key)
        allowed = (vault.min_days if vault else None) or 1
        return self._equipped.vault(*key, allowed, named=named)

    def _unusable(self, group: Group, way: Way, kind: ResourceType) -> Iterator[Found]:
        """A recovery point that AWS Backup doesn't fully manage can't be read without the resource's key."""
        if way.copied or not group.key or capabilities(kind).fully_managed:
            return
        state = self.permissions.unusable(group.key)
        if state:
            yield Asked(Refusal("VRF076", f"the key of the resource is {state}"), (), group.type)
