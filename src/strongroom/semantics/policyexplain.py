"""Which policy set each value of an effective backup policy, and what was written in vain.

The merge is the one of `policytree`; this only listens to it.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html and
https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from strongroom.semantics.policytree import APPEND, ASSIGN, OPERATORS, REMOVE, Leaf, Merged, filled

_Place = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachedPolicy:
    """A policy that is attached to a root, OU or account."""

    id: str  # p-… or the file's name
    document: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyLevel:
    """The policies of one entity on the way from the root to an account, in order of attachment."""

    name: str  # Root, an OU's name or path, the account id
    policies: tuple[AttachedPolicy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Contribution:
    """What one policy did to a value."""

    policy_id: str
    level: str
    operator: str
    items: tuple[Any, ...] = ()  # of a list: what it put in, as far as it is still there, or took out


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainedValue:
    """A value of the effective policy and who made it what it is; who was overruled stands in `ineffective`."""

    path: str  # plans/Production/rules/daily/schedule_expression
    value: Any
    set_by: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ineffective:
    """An operator or element that changed nothing, or that a policy further down undid."""

    path: str
    policy_id: str
    level: str
    operator: str  # empty: a whole new element
    reason: str
    by_policy_id: str = ""  # whose control, or whose value, stands in its way
    by_level: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenPoint:
    """A place where AWS's pages leave the result open; the effective policy shows the likely one."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """An effective policy with its provenance; `document` is None when no policy reaches the account."""

    document: dict[str, Any] | None
    values: tuple[ExplainedValue, ...]
    ineffective: tuple[Ineffective, ...]
    open: tuple[OpenPoint, ...]


def explain(levels: Sequence[PolicyLevel], account_id: str) -> Explanation:
    """Return the effective policy of an account with the policy and level that set each value.

    `ineffective` lists the operators that a control of a parent forbids, a value that a policy attached earlier to the same
    entity assigns too, values that a level further down replaces, and removals of what isn't there.

    Example:
        >>> root = AttachedPolicy(id="p-root", document={"plans": {"P": {"regions": {"@@assign": ["eu-west-2"]}}}})
        >>> found = explain([PolicyLevel(name="Root", policies=(root,))], "111122223333")
        >>> [(value.path, value.set_by[0].policy_id) for value in found.values]
        [('plans/P/regions', 'p-root')]
    """
    merged, trace = Merged(), _Trace()
    for level in levels:
        trace.level = level
        merged = merged.with_level([policy.document for policy in level.policies], trace)
    places = list(merged.places())
    printed = {folded: tuple(filled(name, account_id) for name in names) for folded, names, _ in places}
    values = tuple(
        ExplainedValue(
            path="/".join(printed[folded]), value=_shown(filled(value, account_id)), set_by=tuple(_still(trace.made.get(folded, ()), value))
        )
        for folded, _, value in places
        if value != ()
    )
    return Explanation(
        document=merged.document(account_id),
        values=values,
        ineffective=tuple(each.at("/".join(printed.get(place, place))) for place, each in trace.vain),
        open=tuple(OpenPoint(path="/".join(printed.get(place, place)), reason=reason) for place, reason in trace.unsaid.items()),
    )


def _shown(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _still(made: Sequence[Contribution], value: Any) -> Iterator[Contribution]:
    """Yield the contributions that are left in a value: items that went away again are no contribution, removals stay."""
    for one in made:
        if not isinstance(value, tuple) or one.operator == REMOVE:
            yield one
            continue
        items = tuple(item for item in one.items if item in value)
        if items:
            yield Contribution(policy_id=one.policy_id, level=one.level, operator=one.operator, items=items)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Vain:
    """An ineffective operator whose place isn't printed yet."""

    policy_id: str
    level: str
    operator: str
    reason: str
    by: tuple[str, str] = ("", "")  # policy id and level

    def at(self, path: str) -> Ineffective:
        return Ineffective(
            path=path,
            policy_id=self.policy_id,
            level=self.level,
            operator=self.operator,
            reason=self.reason,
            by_policy_id=self.by[0],
            by_level=self.by[1],
        )


@dataclass(slots=True)
class _Trace:
    """What the merge tells, level after level."""

    level: PolicyLevel = field(default_factory=lambda: PolicyLevel(name="", policies=()))
    made: dict[_Place, list[Contribution]] = field(default_factory=dict)
    controls: dict[_Place, list[tuple[frozenset[str], str, str]]] = field(default_factory=dict)
    names: dict[_Place, str] = field(default_factory=dict)
    vain: list[tuple[_Place, _Vain]] = field(default_factory=list)
    unsaid: dict[_Place, str] = field(default_factory=dict)

    def value(self, place: _Place, before: Leaf, operations: Sequence[Mapping[str, Any]], sources: Sequence[int]) -> None:
        """Follow one level's operators as the merge applies them: the first assign, every append, every remove."""
        value = before.value
        for operator in (ASSIGN, APPEND, REMOVE):
            written = [
                (operation[operator], source) for operation, source in zip(operations, sources, strict=True) if operator in operation
            ]
            if written and operator not in before.allowed:
                for _, source in written:
                    self._forbidden(place, operator, source)
            elif written and operator == ASSIGN:
                value = self._assigned(place, written)
            elif written and operator == APPEND:
                value = self._appended(place, value, written)
            elif written:
                self._removed(place, value, written)
        if len(set(sources)) > 1 and sum(len(operation.keys() & OPERATORS) for operation in operations) > 1:
            self._mixed(place, operations)

    def control(self, place: _Place, allowed: frozenset[str], source: int) -> None:
        """Remember a control, in order: the first that excludes an operator is the one to blame."""
        policy = self.level.policies[source]
        self.controls.setdefault(place, []).append((allowed, policy.id, self.level.name))

    def refused(self, place: _Place, at: _Place, sources: Sequence[int]) -> None:
        """Note a new element in a locked place."""
        by = self._blamed(at, {ASSIGN, APPEND})
        for source in sources:
            reason = "a parent's control allows no new elements here"
            self._vain(place, source, "", reason, by)
        if at != ("plans",):
            self.unsaid[place] = "AWS documents that a locked plans takes no new plans; for elements further inside no page says it"

    def named(self, place: _Place, written: str, source: int) -> None:
        """Note names that differ in case only: AWS prints them in lower case, that they are merged isn't documented."""
        first = self.names.setdefault(place, written)
        if first != written:
            policy = self.level.policies[source].id
            self.unsaid[place] = f"policy {policy} writes {written} for {first}: that names are merged without their case isn't documented"

    def _assigned(self, place: _Place, written: Sequence[tuple[Any, int]]) -> Any:
        for old in self.made.get(place, ()):
            if old.operator != REMOVE and old.level != self.level.name:
                by = (self.level.policies[written[0][1]].id, self.level.name)
                reason = "a policy further down assigns another value"
                found = _Vain(policy_id=old.policy_id, level=old.level, operator=old.operator, reason=reason, by=by)
                self.vain.append((place, found))
        (value, source), *rest = written
        self.made[place] = [self._contribution(source, ASSIGN, value)]
        for _, other in rest:
            by = (self.level.policies[source].id, self.level.name)
            self._vain(place, other, ASSIGN, "a policy attached earlier to the same entity assigns the value", by)
        return value

    def _appended(self, place: _Place, value: Any, written: Sequence[tuple[Any, int]]) -> Any:
        if value is not None and not isinstance(value, list | tuple):
            for _, source in written:
                self._vain(place, source, APPEND, "a single value can't be appended to", ("", ""))
            return value
        present = list(value or ())
        for items, source in written:
            doubled = [item for item in _listed(items) if item in present]
            added = [item for item in _listed(items) if item not in present]
            if doubled:
                self.unsaid[place] = f"{', '.join(map(str, doubled))} is appended twice: that duplicates collapse isn't documented"
            if added:
                self.made.setdefault(place, []).append(self._contribution(source, APPEND, added))
            present += added
        return present

    def _removed(self, place: _Place, value: Any, written: Sequence[tuple[Any, int]]) -> None:
        present = set(_listed(value))
        for items, source in written:
            gone = [item for item in _listed(items) if item in present]
            if gone and isinstance(value, list | tuple):
                self.made.setdefault(place, []).append(self._contribution(source, REMOVE, gone))
            else:
                self._vain(place, source, REMOVE, "nothing of it is there to be removed", ("", ""))

    def _mixed(self, place: _Place, operations: Sequence[Mapping[str, Any]]) -> None:
        """Note several policies of one entity with different operators at a list: their order is documented for assigns only."""
        used = {operator for operation in operations for operator in operation.keys() & OPERATORS}
        if used not in ({ASSIGN}, {APPEND}, {REMOVE}):
            self.unsaid[place] = "policies of one entity use different operators here; no page says in which order they count"

    def _forbidden(self, place: _Place, operator: str, source: int) -> None:
        self._vain(place, source, operator, f"a parent's control doesn't allow {operator} here", self._blamed(place, {operator}))

    def _blamed(self, place: _Place, operators: set[str]) -> tuple[str, str]:
        """Return policy and level of the control after which none of the operators is allowed."""
        left = set(OPERATORS)
        for allowed, policy, level in self.controls.get(place, ()):
            left &= allowed
            if not left & operators:
                return policy, level
        return "", ""

    def _contribution(self, source: int, operator: str, value: Any) -> Contribution:
        items = tuple(value) if isinstance(value, list | tuple) else ()
        return Contribution(policy_id=self.level.policies[source].id, level=self.level.name, operator=operator, items=items)

    def _vain(self, place: _Place, source: int, operator: str, reason: str, by: tuple[str, str]) -> None:
        found = _Vain(policy_id=self.level.policies[source].id, level=self.level.name, operator=operator, reason=reason, by=by)
        self.vain.append((place, found))


def _listed(value: Any) -> Sequence[Any]:
    items = value if isinstance(value, list | tuple) else [] if value is None else [value]
    return [item for item in items if not isinstance(item, list | dict)]
