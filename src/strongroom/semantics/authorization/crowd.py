"""Everybody who could be asked about: the principals of some accounts, strangers that policies name, and what each is told."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Final, NamedTuple

from strongroom.domain.access import PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.access import Authorizer, is_principal
from strongroom.semantics.authorization.evaluate import INTO_VAULT, shareable
from strongroom.semantics.authorization.grouping import Groups
from strongroom.semantics.authorization.model import Actor, Context, Target
from strongroom.semantics.authorization.policy import Effect, Policy
from strongroom.semantics.authorization.request import Request
from strongroom.semantics.authorization.strangers import ANYONE, SHARED_WITH, signed_in, somebody
from strongroom.semantics.authorization.truth import YES, Truth

_OUTSIDE: Final = "account {} is not among those read"

Waiting = Callable[[], list[Actor]]  # returns who may assume roles and hasn't been reached yet


class Able(NamedTuple):
    """Those who may have a permission by their own policies."""

    everybody: list[Actor]
    by_account: Mapping[str, list[Actor]]


class Crowd:
    """The principals of an `Access`, and those outside whom its policies name; what they are told is remembered."""

    def __init__(self, authorizer: Authorizer) -> None:
        self.authorizer = authorizer
        self.actors: dict[str, Actor] = {}  # by ARN; also strangers that policies name
        self.groups = Groups()
        self._by_account: dict[str, list[Actor]] = {}
        self._able: dict[str, Able] = {}
        unread = dict(authorizer.access.unread)
        for principal in authorizer.access.principals:
            self._add(authorizer.actor(principal.arn))
        for account in dict.fromkeys((*authorizer.accounts, *unread)):
            root = authorizer.actor(account)
            if root.arn not in self.actors:
                self._add(root)
            if account in unread:
                self._add(somebody(authorizer, account, unread[account]))
        self._everybody = [actor for actors in self._by_account.values() for actor in actors]

    def truth(self, actor: Actor, action: str, target: Target, context: Context) -> Truth:
        """Return whether AWS would let somebody make a call."""
        if actor is SHARED_WITH and not action.startswith("backup:"):
            return YES  # in an account of their own: there they pass a role of theirs
        return self.groups.truth(actor, action, target, context)

    def able(self, action: str) -> Able:
        """Return those whose own policies have a statement that may allow an action (lower case)."""
        if action not in self._able:
            found = [actor for actor in self._everybody if _may_allow(actor, action)]
            by_account: dict[str, list[Actor]] = {}
            for actor in found:
                by_account.setdefault(actor.account, []).append(actor)
            self._able[action] = Able(found, by_account)
        return self._able[action]

    def candidates(self, target: Target, action: str, left: Waiting | None = None) -> Iterable[Actor]:
        """Return everybody who isn't ruled out by account, naming or the lack of any statement about the action.

        `left` gives those of all accounts who matter, if not all do; it is asked only where all accounts count.
        """
        policy, grants, account, action = target.policy, target.grants, target.account, action.lower()
        able = self.able(action)
        if not account:
            return able.everybody
        shared = [self._known(SHARED_WITH)] if shareable(Request(SHARED_WITH, action, target, Context())) else []
        silent = policy is None or (isinstance(policy, Policy) and not policy.body.about(action).allows)
        if silent and not grants:
            return [*able.by_account.get(account, ()), *shared]
        if action.startswith("backup:") and action != INTO_VAULT:
            return [*self._by_account.get(account, ()), *shared]
        if isinstance(grants, Unread):
            return self._everybody
        accounts, names, everyone = (set(), set(), True) if isinstance(policy, Unread) else named_in(policy, action)
        names |= {grant.grantee for grant in grants}
        outside = [] if isinstance(policy, Unread) else self._strangers(accounts, names, everyone=everyone)
        if everyone:
            everywhere = able.everybody if left is None else left()
            return [*self._by_account.get(account, ()), *(actor for actor in everywhere if actor.account != account), *outside]
        found = {actor.arn: actor for each in {account, *accounts} for actor in able.by_account.get(each, ())}
        found |= {actor.arn: actor for name in names for actor in self._named(name)}
        return (found | {actor.arn: actor for actor in outside}).values()

    def of_account(self, account: str) -> Iterable[Actor]:
        """Return the principals of an account."""
        return self._by_account.get(account, ())

    def signed_in(self, role: Target) -> Iterable[Actor]:
        """Return whoever identity providers that a role trusts sign in."""
        found: dict[str, Actor] = {}
        for statement in role.policy.statements if isinstance(role.policy, Policy) else ():
            if statement.effect is not Effect.DENY and statement.principals is not None and not statement.principals.negated:
                found |= {provider: self._known(signed_in(provider)) for provider in statement.principals.federated}
        return found.values()

    def _add(self, actor: Actor) -> None:
        self.actors[actor.arn] = actor
        self._by_account.setdefault(actor.account, []).append(actor)

    def _known(self, actor: Actor) -> Actor:
        return self.actors.setdefault(actor.arn, actor)

    def _strangers(self, accounts: Collection[str], names: Collection[str], *, everyone: bool) -> list[Actor]:
        """Return those outside whom a policy names: somebody in an account that wasn't read, a principal or session there, anyone."""
        outside = [somebody(self.authorizer, each, _OUTSIDE.format(each)) for each in accounts if each not in self._by_account]
        for name in names:
            if is_principal(name) or ":assumed-role/" in name:
                actor = self.authorizer.actor(name)
                outside += [self.authorizer.actor(actor.arn)] if actor.arn not in self.actors else []
        outside += [ANYONE] if everyone else []
        return [self._known(actor) for actor in outside]

    def _named(self, name: str) -> list[Actor]:
        """Return whom an ARN or a unique id in a policy means."""
        if name in self.actors:
            return [self.actors[name]]
        if not name.startswith("arn:"):
            return [actor for actor in self._everybody if actor.unique_id == name]
        role = self.authorizer.actor(name).arn if ":assumed-role/" in name else ""
        return [self.actors[role]] if role in self.actors else []


def named_in(policy: Policy | None, action: str) -> tuple[set[str], set[str], bool]:
    """Return the accounts and names for whom a resource's policy may allow an action (lower case), and whether it names everyone."""
    accounts: set[str] = set()
    names: set[str] = set()
    everyone = False
    for statement, _ in policy.body.about(action).allows if policy is not None else ():
        named = statement.principals
        if named is None or named.negated or named.canonical:
            everyone = True
            continue
        accounts |= named.accounts
        names |= named.names
        everyone = everyone or named.everyone
    return accounts, names, everyone


def _may_allow(actor: Actor, action: str) -> bool:
    if actor.kind is PrincipalKind.ROOT or isinstance(actor.identity, Unread):
        return True
    return any(policy.body.about(action).allows for policy in actor.identity)
