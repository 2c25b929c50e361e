"""One statement of a policy, ready to be asked about many calls."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from strongroom.semantics.authorization.conditions import Condition
from strongroom.semantics.authorization.patterns import Test, any_of, glob, matches_anything, pieces, resource_glob
from strongroom.semantics.authorization.principals import Principals
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth, negated
from strongroom.semantics.authorization.variables import Lookup, Template, has_variables, pieces_of, substituted, template


class Effect(StrEnum):
    """What a statement does."""

    ALLOW = "Allow"
    DENY = "Deny"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Patterns:
    """An Action, NotAction, Resource or NotResource element."""

    texts: tuple[str, ...]  # as written
    negated: bool  # Not…
    fixed: Test
    templates: tuple[Template, ...] = ()  # those with policy variables
    senseless: bool = False  # one can't be read
    anything: bool = False  # it holds for whatever is asked

    def truth(self, text: str, lookup: Lookup) -> Truth:
        """Return whether the element is about an action (lower case) or resource."""
        found = YES if self.fixed(text) else MAYBE if self.senseless else NO
        if found is not YES:
            for parts in self.templates:
                found = max(found, self._with_variables(parts, text, lookup))
        return negated(found) if self.negated else found

    def _with_variables(self, parts: Template, text: str, lookup: Lookup) -> Truth:
        value = substituted(parts, lookup)
        if isinstance(value, Truth):
            return MAYBE if self.negated else value  # without a value it is no text, so that it isn't certain what "not that" means
        return YES if resource_glob(value)(text) else NO


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Statement:
    """One statement; what is malformed in it is never certain."""

    position: int  # in the policy, from 0
    sid: str
    effect: Effect | None  # None: malformed, it could be either
    action: Patterns | None  # None: malformed
    resource: Patterns | None  # None: the statement has none
    principals: Principals | None  # None: the statement has none
    conditions: tuple[Condition, ...]
    sound: bool  # False: something is malformed
    for_identity: Truth  # YES: it has the form of a statement of identity and service control policies
    for_resource: Truth  # YES: it has that of a resource policy's

    def acts_on(self, action: str) -> Truth:
        """Return whether the statement is about an action (lower case)."""
        return MAYBE if self.action is None else self.action.truth(action, _no_lookup)

    def applies(self, found: Truth, arn: str, lookup: Lookup) -> Truth:
        """Return whether the statement is about a call: `found`, what action, principal and form say, and its resource and conditions."""
        resource = self.resource
        if resource is not None and not resource.anything:
            asked = resource.truth(arn, lookup)
            if asked is NO:
                return NO
            found = min(found, asked)
        for condition in self.conditions:
            asked = condition.truth(lookup)
            if asked is NO:
                return NO
            found = min(found, asked)
        return found


def statement(
    *,
    position: int,
    sid: str = "",
    effect: Effect | None = None,
    action: Patterns | None = None,
    resource: Patterns | None = None,
    principals: Principals | None = None,
    conditions: tuple[Condition, ...] = (),
    sound: bool,
) -> Statement:
    """Return a statement with what follows from its parts."""
    return Statement(
        position=position,
        sid=sid,
        effect=effect,
        action=action,
        resource=resource,
        principals=principals,
        conditions=conditions,
        sound=sound,
        for_identity=YES if sound and principals is None and resource is not None else MAYBE,
        for_resource=YES if sound and principals is not None else MAYBE,
    )


def patterns(texts: Sequence[str], *, negated: bool, variables: bool, action: bool = False, senseless: bool = False) -> Patterns:
    """Return an element ready for many calls; `senseless`: one of its texts is none that AWS takes.

    Example:
        >>> patterns(["s3:Get*"], negated=True, variables=False, action=True).truth("s3:putobject", _no_lookup)
        <Truth.YES: 2>
    """
    tests, templates = [], []
    for text in texts:
        lowered = text.lower() if action else text
        try:
            parts: Template = template(lowered) if variables else pieces(lowered)
        except ValueError:
            senseless = True
            continue
        if has_variables(parts):
            templates.append(parts)
        else:
            tests.append(glob(pieces_of(parts)) if action else resource_glob(pieces_of(parts)))
    fixed = any_of(tests)
    return Patterns(
        texts=tuple(texts),
        negated=negated,
        fixed=fixed,
        templates=tuple(templates),
        senseless=senseless,
        anything=matches_anything(fixed) and not negated,
    )


def _no_lookup(_key: str) -> tuple[str, ...]:
    return ()
