"""Whose administrator could destroy what is in a vault: of which accounts, by the recovery points, or by the key.

For every account an intruder is made up, a user with all permissions; who may then do what is for the evaluator of
`semantics.authorization` to say, with all roles that it may assume, policies that it may change, and control policies above it;
and once more with the accounts that it can make leave the organization. Accounts that differ in nothing but their id are asked
about once.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from strongroom.domain.access import Access, PolicyText, Principal, PrincipalKind
from strongroom.domain.origin import LiveOrigin
from strongroom.proof.survival.deeds import Deed, Target, deletions, key_changes
from strongroom.proof.survival.kinds import OWN, Kinds
from strongroom.proof.survival.leaving import Leaving
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.reach import Reacher
from strongroom.semantics.authorization.truth import MAYBE, YES, Truth
from strongroom.semantics.survival import ANYBODY

INTRUDER: Final = "strongroom-survive-intruder"
_EVERYTHING: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'

Likely = Mapping[str, bool]  # account id -> whether it is certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The accounts whose administrator could destroy it."""

    by_points: Likely
    by_key: Likely


class Powerful:
    """Answers for many targets of one organization."""

    def __init__(self, access: Access) -> None:
        members = {each.id: intruder(each.id).arn for each in access.accounts if not each.management}
        self._members = {arn: account for account, arn in members.items()}
        whole = replace(access, principals=(*access.principals, *(intruder(account.id) for account in access.accounts)))
        self._kinds = Kinds(access)
        self._reacher = Reacher(Authorizer(whole))
        self._leaving = Leaving(whole, self._reacher, self._kinds, members)
        self._answers: dict[tuple[object, ...], Powers] = {}

    def over(self, target: Target) -> Powers:
        """Return whose administrators could destroy what a target holds; the management account's could anyway."""
        alike = self._alike(target)
        if alike in self._answers:
            return _renamed(self._answers[alike], OWN, target.account)
        found = self._ask(target)
        kind = self._kinds.kind(target.account)
        others = {*found.by_points, *found.by_key} - {target.account, ANYBODY.subject}
        if not any(self._kinds.kind(each) == kind for each in others):  # else those that are alike would be named by their ids
            self._answers[alike] = _renamed(found, target.account, OWN)
        return found

    def _ask(self, target: Target) -> Powers:
        by_points: dict[str, bool] = {}
        by_key: dict[str, bool] = {}
        for certain in (True, False):
            self._add(by_points, deletions(target, certain=certain), certain=certain)
        self._add(by_key, key_changes(target), certain=True)
        return Powers(by_points=self._collapsed(by_points), by_key=self._collapsed(by_key))

    def _add(self, found: dict[str, bool], deeds: Iterable[Deed], *, certain: bool) -> None:
        for deed in deeds:
            sure, possible = self._able(deed, YES), self._able(deed, MAYBE)
            gained = self._leaving.gained(deed, sure, possible)
            for account, known in (*((each, True) for each in sure), *((each, False) for each in possible), *gained):
                found[account] = found.get(account, False) or (known and certain)

    def _able(self, deed: Deed, least: Truth) -> frozenset[str]:
        """Return the accounts whose intruder could do it in the organization as it is."""
        able = [self._reacher.able(each, least) for each in (*((first,) for first in deed.first), deed.then)]
        return frozenset(self._members[arn] for arn in frozenset.intersection(*able) if arn in self._members)

    def _collapsed(self, found: Mapping[str, bool]) -> Likely:
        everybody = len(self._members) > 1 and found.keys() >= set(self._members.values())
        if not everybody:
            return dict(found)
        certain = all(found.values())
        return {ANYBODY.subject: certain, **({} if certain else {account: True for account, sure in found.items() if sure})}

    def _alike(self, target: Target) -> tuple[object, ...]:
        """Return everything that decides about a target, without the id of its account."""
        keeper = target.key_arn.split(":")[4] if target.key_arn else ""
        return (
            self._kinds.kind(target.account),
            self._kinds.guarded(target.vault_arn, target.account),
            self._kinds.guarded(target.key_arn, target.account),
            target.key_arn if keeper != target.account else bool(target.key_arn),
            target.example.split(":")[2],
            target.example.split(":")[5].partition("/")[0],
            target.locked,
            target.hardened,
            bool(target.hold_arn),
        )


def intruder(account: str) -> Principal:
    """Return somebody with all permissions in an account."""
    arn = f"arn:aws:iam::{account}:user/{INTRUDER}"
    policy = PolicyText(name="all permissions", text=_EVERYTHING, origin=LiveOrigin(account, "", INTRUDER))
    return Principal(kind=PrincipalKind.USER, account=account, arn=arn, identity=(policy,), origin=policy.origin)


def _renamed(powers: Powers, old: str, new: str) -> Powers:
    def renamed(found: Likely) -> Likely:
        return {new if each == old else each: certain for each, certain in found.items()}

    return Powers(by_points=renamed(powers.by_points), by_key=renamed(powers.by_key))
