"""A condition of a statement: an operator, a context key and the values that a policy names.

Three-valued: a condition over a key that nobody told us is MAYBE, and so is one that makes no sense.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from strongroom.semantics.authorization.operators import Operator, Quantifier, read
from strongroom.semantics.authorization.patterns import Test, any_of, pieces
from strongroom.semantics.authorization.truth import MAYBE, NO, YES, Truth, negated
from strongroom.semantics.authorization.variables import (
    UNKNOWN,
    Lookup,
    Template,
    Value,
    Variable,
    has_variables,
    pieces_of,
    substituted,
    template,
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Condition:
    """One condition; its values are alternatives."""

    operator: str  # as the policy writes it
    key: str
    values: tuple[str, ...]
    lookup_key: str  # lower case
    compiled: Operator | None  # None: there is no such operator, so that nobody knows when it holds
    fixed: Test | None = None  # values that don't depend on the call
    templates: tuple[Template, ...] = ()  # values that do
    senseless: bool = False  # a value can't be read as the operator's type
    keys: tuple[str, ...] = field(default=())  # context keys that it needs, lower case

    def truth(self, lookup: Lookup) -> Truth:
        """Return whether the condition holds for a call."""
        value, operator = lookup(self.lookup_key), self.compiled
        if operator is None or self.senseless:
            return MAYBE
        if operator.build is None:
            return self._null(value)
        if value is UNKNOWN or not value:
            return MAYBE if value is UNKNOWN else _without_value(operator)
        return self._of_values(value, operator, lookup)

    def _of_values(self, value: tuple[str, ...], operator: Operator, lookup: Lookup) -> Truth:
        if operator.quantifier is Quantifier.ALL:
            return min(self._one(text, lookup) for text in value)
        if operator.quantifier is Quantifier.ANY:
            return max(self._one(text, lookup) for text in value)
        if len(value) > 1:
            return MAYBE  # AWS doesn't say what it does with several values and no set operator
        return self._one(value[0], lookup)

    def _one(self, text: str, lookup: Lookup) -> Truth:
        negative = self.compiled is not None and self.compiled.negated
        if self.fixed is not None and self.fixed(text):
            return NO if negative else YES
        if not self.templates:
            return YES if negative else NO
        found = NO
        for parts in self.templates:
            found = max(found, self._with_variables(parts, text, lookup))
        return negated(found) if negative else found

    def _with_variables(self, parts: Template, text: str, lookup: Lookup) -> Truth:
        if self.compiled is None or self.compiled.build is None:
            return MAYBE
        value = substituted(parts, lookup)
        if isinstance(value, Truth):
            return value  # without a value nothing is equal to it, and everything differs from it, AWS says
        test = self.compiled.build(value)
        return NO if test is None else YES if test(text) else NO

    def _null(self, value: Value) -> Truth:
        if value is UNKNOWN:
            return MAYBE
        return YES if ("false" if value else "true") in self.values else NO


def condition(operator: str, key: str, values: Sequence[str], *, variables: bool) -> Condition:
    """Return a condition ready for many calls; `variables`: the policy's version has policy variables.

    Example:
        >>> condition("StringLike", "aws:PrincipalOrgID", ["o-*"], variables=True).truth({"aws:principalorgid": ("o-a1",)}.__getitem__)
        <Truth.YES: 2>
    """
    compiled = read(operator)
    lookup_key, texts = key.lower(), tuple(values)
    if compiled is None:
        return Condition(operator=operator, key=key, values=texts, lookup_key=lookup_key, compiled=None, keys=(lookup_key,))
    if compiled.build is None:
        lowered = tuple(text.lower() for text in texts)
        senseless = any(text not in {"true", "false"} for text in lowered)
        return Condition(
            operator=operator, key=key, values=lowered, lookup_key=lookup_key, compiled=compiled, senseless=senseless, keys=(lookup_key,)
        )
    tests, templates, senseless = [], [], False
    for text in texts:
        try:
            parts: Template = template(text) if variables and compiled.variables else pieces(text)
        except ValueError:
            senseless = True
            continue
        if has_variables(parts):
            templates.append(parts)
            continue
        test = compiled.build(pieces_of(parts))
        senseless = senseless or test is None
        tests += [test] if test is not None else []
    asked = (part.key for parts in templates for part in parts if isinstance(part, Variable))
    return Condition(
        operator=operator,
        key=key,
        values=texts,
        lookup_key=lookup_key,
        compiled=compiled,
        fixed=any_of(tests) if tests else None,
        templates=tuple(templates),
        senseless=senseless,
        keys=(lookup_key, *asked),
    )


def _without_value(operator: Operator) -> Truth:
    """Return what a condition says of a call that doesn't have its key."""
    if operator.quantifier is Quantifier.ALL:
        return YES
    if operator.quantifier is Quantifier.ANY:
        return MAYBE if operator.if_exists else NO  # AWS's pages contradict each other on the two together
    return YES if operator.if_exists or operator.negated else NO
