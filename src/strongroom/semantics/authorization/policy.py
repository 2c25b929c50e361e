"""Reading a policy: JSON text -> statements, compiled once however often the text occurs, and what AWS would refuse in it.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from strongroom.semantics.authorization.reading import PolicyProblem, Reader
from strongroom.semantics.authorization.statement import Effect, Statement, statement
from strongroom.semantics.authorization.truth import NO, YES, Truth

__all__ = ["Body", "Effect", "Policy", "PolicyProblem", "Statement", "parse"]

Acting = tuple[Statement, Truth]  # a statement and whether it is about the action


class About(NamedTuple):
    """The statements of a policy that are, or may be, about an action."""

    denies: tuple[Acting, ...]
    allows: tuple[Acting, ...]


class Body:
    """The statements of one policy text, shared by all policies that have it; remembers which statements are about an action."""

    __slots__ = ("_about", "problems", "statements", "text")

    def __init__(self, text: str, statements: tuple[Statement, ...], problems: tuple[PolicyProblem, ...]) -> None:
        self.text = text
        self.statements = statements
        self.problems = problems
        self._about: dict[str, About] = {}

    def about(self, action: str) -> About:
        """Return the statements that may deny and those that may allow an action (lower case)."""
        found = self._about.get(action)
        if found is None:
            asked = [(each, truth) for each in self.statements if (truth := each.acts_on(action)) is not NO]
            found = self._about[action] = About(
                denies=tuple(pair for pair in asked if pair[0].effect is not Effect.ALLOW),
                allows=tuple(pair for pair in asked if pair[0].effect is not Effect.DENY),
            )
        return found


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Policy:
    """A policy under the name that people know it by; `parse` gives the same one for the same text, name and origin."""

    name: str
    origin: str = ""
    body: Body = field(repr=False)

    @property
    def statements(self) -> tuple[Statement, ...]:
        """Its statements, also malformed ones: those match nothing for certain."""
        return self.body.statements

    @property
    def problems(self) -> tuple[PolicyProblem, ...]:
        """What AWS would refuse."""
        return self.body.problems


def parse(text: str, *, name: str, origin: str = "") -> Policy:
    """Return a policy; never raises: what is malformed is in its problems.

    Example:
        >>> policy = parse('{"Statement": {"Effect": "Allow", "Action": "s3:*"}}', name="p")
        >>> policy.statements[0].effect, policy.problems
        (<Effect.ALLOW: 'Allow'>, ())
        >>> [problem.message for problem in parse('{"Statement": {"Effect": "Maybe", "Action": "s3:*"}}', name="p").problems]
        ["Effect is 'Maybe': Allow or Deny expected"]
    """
    return _parsed(text, name, origin)


@lru_cache(maxsize=65536)
def _parsed(text: str, name: str, origin: str) -> Policy:
    return Policy(name=name, origin=origin, body=_body(text))


def unread(reason: str, *, name: str, origin: str = "") -> Policy:
    """Return a policy whose text could not be read: it isn't known what it denies or allows."""
    problem = PolicyProblem(path=(), message=f"not read: {reason}", help="read it with the rights that the error names")
    return Policy(name=name, origin=origin, body=Body("", (statement(position=0, sound=False),), (problem,)))


@lru_cache(maxsize=65536)
def _body(text: str) -> Body:
    reader = Reader()
    try:
        document = json.loads(text, object_pairs_hook=reader.object, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        return _broken(text, f"not JSON: {error.msg} at line {error.lineno}, column {error.colno}")
    except ValueError as error:
        return _broken(text, f"not JSON: {error}")
    except RecursionError:
        return _broken(text, "not a policy: nested too deeply")
    statements = reader.statements(document)
    return Body(text, statements, tuple(reader.problems))


def _broken(text: str, message: str) -> Body:
    problem = PolicyProblem(path=(), message=message, help="write one JSON object with Version and Statement")
    return Body(text, (statement(position=0, sound=False),), (problem,))


class Together(NamedTuple):
    """The statements of several policies about an action, as a layer asks them: with what action and form say of each."""

    denies: tuple[tuple[Policy, Statement, Truth], ...]
    allows: tuple[tuple[Policy, Statement, Truth], ...]  # one where that one always allows

    @property
    def always_allow(self) -> bool:
        """Whether the action is allowed on everything and nothing may deny it."""
        return not self.denies and len(self.allows) == 1 and self.allows[0][2] is YES and _is_free(self.allows[0][1])


@lru_cache(maxsize=65536)
def together(policies: tuple[Policy, ...], action: str, form: Callable[[Statement], Truth]) -> Together:
    """Return the statements about an action (lower case); `form` says whether a statement is one of the layer's kind."""
    abouts = [(policy, policy.body.about(action)) for policy in policies]
    denies = tuple((policy, each, min(acts, form(each))) for policy, about in abouts for each, acts in about.denies)
    allows = tuple((policy, each, min(acts, form(each))) for policy, about in abouts for each, acts in about.allows)
    free = next((acting for acting in allows if acting[2] is YES and _is_free(acting[1])), None)
    return Together(denies, allows if free is None else (free,))


def _is_free(each: Statement) -> bool:
    return each.sound and not each.conditions and each.resource is not None and each.resource.anything


def _no_constant(constant: str) -> Any:
    raise ValueError(f"{constant} is no value of JSON")
