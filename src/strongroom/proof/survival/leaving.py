"""Who gains a deed by making accounts leave the organization.

Whoever could do it if nothing above an account counted, and all that asks for the organization were fulfilled, is looked at more
closely: accounts leave one by one (`departures`) in the part of the organization that this intruder could act in. Intruders to
whom everything there looks the same are looked at once.
"""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Final

from strongroom.domain.access import Access, AccessAccount, ControlPolicy, GuardedResource, Principal, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.proof.survival.deeds import Deed
from strongroom.proof.survival.departures import LEAVE, Departures, leaving
from strongroom.proof.survival.kinds import Kinds
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.crowd import named_in
from strongroom.semantics.authorization.policy import Policy
from strongroom.semantics.authorization.reach import ASSUME, Asked, Reacher
from strongroom.semantics.authorization.truth import MAYBE, NO, YES

_NOWHERE: Final[frozenset[str]] = frozenset()


class Leaving:
    """Answers for many deeds in one organization; `intruders`: ARN of the one in each account that counts."""

    def __init__(self, access: Access, reacher: Reacher, kinds: Kinds, intruders: Mapping[str, str]) -> None:
        self._access = access
        self._reacher = reacher
        self._kinds = kinds
        self._intruders = intruders
        self._accounts_of = {arn: account for account, arn in intruders.items()}
        self._cones: dict[tuple[tuple[str, ...], ...], tuple[frozenset[str], frozenset[str]]] = {}
        self._near: dict[str, frozenset[str]] = {}
        self._judged: dict[tuple[object, ...], bool | None] = {}
        self._latest: tuple[tuple[str, frozenset[str]], Departures] = ("", _NOWHERE), Departures(access, movable=())

    def gained(self, deed: Deed, settled: Collection[str], possible: Collection[str]) -> Iterator[tuple[str, bool]]:
        """Yield the accounts whose intruder could do it once accounts have left, each with whether that is certain.

        `settled` and `possible`: accounts whose intruder certainly or perhaps could anyway; only what is new is yielded.
        """
        if not self._movable:
            return
        cones = [self._cone((each,)) for each in deed.first] + [self._cone(deed.then)]
        likely = frozenset.intersection(*(principals for principals, _ in cones))
        for account in sorted(self._accounts_of[arn] for arn in likely if arn in self._accounts_of):
            if account in settled:
                continue
            around = self._around(account, deed, frozenset().union(*(accounts for _, accounts in cones)))
            if around.isdisjoint(self._movable):
                continue
            alike = (account in possible, *self._alike(account, around, deed))
            if alike not in self._judged:
                self._judged[alike] = self._judge(account, around, deed, account in possible)
            certain = self._judged[alike]
            if certain is not None:
                yield account, certain

    def _judge(self, account: str, around: frozenset[str], deed: Deed, possible: bool) -> bool | None:  # noqa: FBT001
        """Return whether it is certain that somebody could do it; None: they can't, or not more than they can anyway."""
        if self._latest[0] != (account, around):  # one after the other is asked about, by recovery points and by key
            self._latest = (account, around), Departures(self._part(account, around), movable=around & self._movable)
        intruder = (self._intruders[account],)
        if self._latest[1].carried_out(deed, intruder, YES) is YES:
            return True
        return None if possible or self._latest[1].carried_out(deed, intruder, MAYBE) is NO else False

    @cached_property
    def _movable(self) -> frozenset[str]:
        """Accounts that somebody in them may make leave; the management account and delegated administrators can't."""
        able = self._reacher.able((Asked(action=LEAVE, resource="*"),), MAYBE)
        found = {arn.split(":")[4] for arn in able if arn.startswith("arn:")}
        accounts = (each for each in self._access.accounts if each.parents and not each.management and not each.registered)
        return frozenset(each.id for each in accounts if each.id in found)

    @cached_property
    def _freest(self) -> Reacher:
        """Asks about an organization of which it isn't known who has left it: nobody can do more in any other."""
        return Reacher(Authorizer(self._access, unsure=self._movable))

    def _cone(self, alternatives: tuple[Asked, ...]) -> tuple[frozenset[str], frozenset[str]]:
        """Return who could do something at best, and in which accounts they are."""
        key = tuple((each.action, each.resource, each.owner, each.guard) for each in alternatives)
        if key not in self._cones:
            able = self._freest.able(alternatives, MAYBE)
            self._cones[key] = able, frozenset(arn.split(":")[4] for arn in able if arn.startswith("arn:"))
        return self._cones[key]

    def _around(self, account: str, deed: Deed, cone: frozenset[str]) -> frozenset[str]:
        """Return the accounts that matter to what an intruder could do: where he could act, on a way to the deed or to a leaving."""
        near = self._reached(account)
        found = {account, *deed.owners, *(near & cone)}
        new = found & self._movable
        while new:
            wider = {each for moved in new for each in near & self._cone((leaving(moved),))[1]} - found
            found |= wider
            new = wider & self._movable
        return frozenset(found)

    def _reached(self, account: str) -> frozenset[str]:
        """Return the accounts with roles that trust an account, or those that do, and so on."""
        if account not in self._near:
            self._near[account] = self._follow({account}) | self._open_to_all
        return self._near[account]

    def _follow(self, accounts: set[str]) -> frozenset[str]:
        found, edge = set(accounts), accounts
        while edge:
            edge = {other for each in edge for other in self._trusting.get(each, _NOWHERE)} - found
            found |= edge
        return frozenset(found)

    @cached_property
    def _open_to_all(self) -> frozenset[str]:
        return self._follow(set(self._trusting.get("*", _NOWHERE)))

    @cached_property
    def _trusting(self) -> Mapping[str, frozenset[str]]:
        """Which accounts have roles that trust an account; *: any."""
        ids = {each.unique_id: each.account for each in self._access.principals if each.unique_id}
        named: dict[str, frozenset[str]] = {}
        found: dict[str, set[str]] = {}
        for role in self._access.principals:
            if role.kind is not PrincipalKind.ROLE:
                continue
            text = role.trust if role.trust is None or isinstance(role.trust, Unread) else role.trust.text
            trusted = named.get(text) if isinstance(text, str) else None
            if trusted is None:
                trusted = _trusted(self._reacher.authorizer.target(role.arn).policy, ids)
                if isinstance(text, str):
                    named[text] = trusted
            for each in trusted:
                found.setdefault(each, set()).add(role.account)
        return {each: frozenset(accounts) for each, accounts in found.items()}

    def _alike(self, account: str, around: frozenset[str], deed: Deed) -> tuple[object, ...]:
        """Return everything that decides, without the id of the intruder's account and those of accounts that nobody names."""
        kinds = self._kinds
        asked = tuple((each.action, kinds.number(f"{each.resource} {each.owner} {each.guard}", account)) for each in deed.first)
        then = tuple((each.action, kinds.number(f"{each.resource} {each.owner} {each.guard}", account)) for each in deed.then)
        others = Counter(
            each if each in kinds.named or each in deed.owners else str(kinds.kind(each)) for each in around if each != account
        )
        return (
            kinds.kind(account),
            account if account in kinds.named else "",
            asked,
            then,
            tuple(kinds.guarded(arn, account) for arn in deed.resources),
            frozenset(others.items()),
        )

    def _part(self, account: str, around: frozenset[str]) -> Access:
        """Return the organization without anything that doesn't matter."""
        intruders = frozenset(self._intruders.values()) - {self._intruders[account]}
        principals = [each for one in sorted(around) for each in self._principals.get(one, ()) if each.arn not in intruders]
        return replace(
            self._access,
            accounts=tuple(self._accounts[each] for each in sorted(around) if each in self._accounts),
            principals=tuple(principals),
            resources=tuple(each for one in sorted(around) for each in self._resources.get(one, ())),
            controls=self._controls(around),
            unread=tuple(each for each in self._access.unread if each[0] in around),
        )

    def _controls(self, around: frozenset[str]) -> tuple[ControlPolicy, ...] | Unread:
        if isinstance(self._access.controls, Unread):
            return self._access.controls
        places = {*around, *(parent for each in around if each in self._accounts for parent in self._accounts[each].parents)}
        found = (replace(control, targets=tuple(places & targets)) for control, targets in self._attached)
        return tuple(each for each in found if each.targets)

    @cached_property
    def _attached(self) -> Sequence[tuple[ControlPolicy, frozenset[str]]]:
        controls = () if isinstance(self._access.controls, Unread) else self._access.controls
        return [(each, frozenset(each.targets)) for each in controls]

    @cached_property
    def _accounts(self) -> Mapping[str, AccessAccount]:
        return {each.id: each for each in self._access.accounts}

    @cached_property
    def _principals(self) -> Mapping[str, Sequence[Principal]]:
        found: dict[str, list[Principal]] = {}
        for each in self._access.principals:
            found.setdefault(each.account, []).append(each)
        return found

    @cached_property
    def _resources(self) -> Mapping[str, Sequence[GuardedResource]]:
        found: dict[str, list[GuardedResource]] = {}
        for each in self._access.resources:
            found.setdefault(each.account, []).append(each)
        return found


def _trusted(policy: Policy | Unread | None, ids: Mapping[str, str]) -> frozenset[str]:
    """Return the accounts that a trust policy may allow; *: any."""
    if not isinstance(policy, Policy):
        return frozenset("*" if isinstance(policy, Unread) else ())
    accounts, names, everyone = named_in(policy, ASSUME.lower())
    named = (name.split(":")[4] if name.count(":") >= 5 else ids.get(name, "") for name in names)
    return frozenset({*accounts, *(each for each in named if each), *("*" if everyone else ())})
