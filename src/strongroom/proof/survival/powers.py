"""Whose administrator could destroy what is in a vault: of which accounts, by the recovery points, or by the key.

For every account an intruder is made up, a user with all permissions; who may then do what is for the evaluator of
`semantics.authorization` to say, with all roles that it may assume, policies that it may change, and control policies above it.
Accounts that differ in nothing but their id are asked about once.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

from strongroom.domain.access import Access, GuardedResource, PolicyText, Principal, PrincipalKind
from strongroom.domain.origin import LiveOrigin, Unread
from strongroom.semantics.authorization import operations
from strongroom.semantics.authorization.access import Authorizer
from strongroom.semantics.authorization.model import Verdict
from strongroom.semantics.authorization.reach import Asked, Reacher
from strongroom.semantics.survival import ANYBODY

INTRUDER: Final = "strongroom-survive-intruder"
_EVERYTHING: Final = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}'
_LEAVE: Final = "organizations:LeaveOrganization"
_CANCEL: Final = "backup:CancelLegalHold"
_UNLOCK: Final = "backup:DeleteBackupVaultLockConfiguration"
_KEY_CHANGES: Final = ("kms:DisableKey", "kms:PutKeyPolicy", "kms:ScheduleKeyDeletion")
_OWN: Final = "its own"  # stands for the id of an account

Likely = Mapping[str, bool]  # account id -> whether it is certain


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A vault with a key that its recovery points are encrypted with."""

    account: str
    vault_arn: str
    example: str  # ARN of a recovery point in it
    key_arn: str  # of a key that somebody could change; empty: none
    locked: bool  # by a lock that could still be removed
    hardened: bool  # a compliance lock after its grace time, or an air-gapped vault: nobody deletes anything through AWS Backup
    hold_arn: str = ""  # of a legal hold that keeps the recovery points; empty: none. Whoever cancels one is taken to cancel all


@dataclass(frozen=True, slots=True, kw_only=True)
class Powers:
    """The accounts whose administrator could destroy it."""

    by_points: Likely
    by_key: Likely


class Powerful:
    """Answers for many targets of one organization."""

    def __init__(self, access: Access) -> None:
        intruders = tuple(_principal(account.id) for account in access.accounts)
        self._access = replace(access, principals=(*access.principals, *intruders))
        self._reacher = Reacher(Authorizer(self._access))
        self._principals: dict[str, list[Principal]] = {}
        for principal in access.principals:
            self._principals.setdefault(principal.account, []).append(principal)
        self._accounts = {account.id: account for account in access.accounts}
        self._members = frozenset(account.id for account in access.accounts if not account.management)
        self._resources = {resource.arn: resource for resource in access.resources}
        self._numbers: dict[str, int] = {}  # of texts without the id of their account
        self._kinds: dict[str, tuple[object, ...]] = {}
        self._answers: dict[tuple[object, ...], Powers] = {}

    def over(self, target: Target) -> Powers:
        """Return whose administrators could destroy what a target holds; the management account's could anyway."""
        alike = self._alike(target)
        if alike in self._answers:
            return _renamed(self._answers[alike], _OWN, target.account)
        found = self._ask(target)
        kind = self._kind(target.account)
        others = {*found.by_points, *found.by_key} - {target.account, ANYBODY.subject}
        if not any(self._kind(each) == kind for each in others):  # else those that are alike would be named by their ids
            self._answers[alike] = _renamed(found, target.account, _OWN)
        return found

    def _ask(self, target: Target) -> Powers:
        by_points: dict[str, bool] = {}
        by_key: dict[str, bool] = {}
        for reacher in (self._reacher, *([self._free] if self._leavers else [])):
            for certain in (True, False):
                self._add(by_points, reacher, tuple(_deletions(target, certain=certain)), certain=certain)
            if target.key_arn:
                changes = tuple((Asked(action=each, resource=target.key_arn),) for each in _KEY_CHANGES)
                self._add(by_key, reacher, changes, certain=True)
        return Powers(by_points=self._collapsed(by_points), by_key=self._collapsed(by_key))

    def _add(self, found: dict[str, bool], reacher: Reacher, ways: Sequence[Sequence[Asked]], *, certain: bool) -> None:
        if not ways:
            return
        reach = reacher.ask_any(ways, escalations=True)
        for routes, sure in ((reach.certain, certain), (reach.unknown, False)):
            for route in routes:
                account = route.principal.split(":")[4] if route.principal.endswith(f":user/{INTRUDER}") else ""
                if account in self._members:
                    found[account] = found.get(account, False) or sure

    def _collapsed(self, found: Mapping[str, bool]) -> Likely:
        everybody = len(self._members) > 1 and found.keys() >= self._members
        if not everybody:
            return dict(found)
        certain = all(found.values())
        return {ANYBODY.subject: certain, **({} if certain else {account: True for account, sure in found.items() if sure})}

    @cached_property
    def _leavers(self) -> frozenset[str]:
        """Accounts whose administrator may leave the organization, and so all of its control policies."""
        return frozenset(
            account.id
            for account in self._access.accounts
            if account.parents
            and not account.management
            and self._reacher.authorizer.decide(_arn(account.id), _LEAVE, "*").verdict is not Verdict.DENIED
        )

    @cached_property
    def _free(self) -> Reacher:
        """Asks about the organization that everybody has left who may."""
        accounts = tuple(replace(each, parents=()) if each.id in self._leavers else each for each in self._access.accounts)
        return Reacher(Authorizer(replace(self._access, accounts=accounts)))

    def _alike(self, target: Target) -> tuple[object, ...]:
        """Return everything that decides about a target, without the id of its account."""
        keeper = target.key_arn.split(":")[4] if target.key_arn else ""
        return (
            self._kind(target.account),
            self._guarded(target.vault_arn, target.account),
            self._guarded(target.key_arn, target.account),
            target.key_arn if keeper != target.account else bool(target.key_arn),
            target.example.split(":")[2],
            target.example.split(":")[5].partition("/")[0],
            target.locked,
            target.hardened,
            bool(target.hold_arn),
        )

    def _kind(self, account: str) -> tuple[object, ...]:
        """Return what an account's administrator and roles may do, as far as it differs between accounts."""
        if account not in self._kinds:
            known = self._accounts.get(account)
            controls = () if isinstance(self._access.controls, Unread) else self._access.controls
            principals = sorted(self._principals.get(account, ()), key=lambda each: each.arn)
            self._kinds[account] = (
                known.parents if known else (),
                tuple(control.id for control in controls if account in control.targets),
                self._access.unread and dict(self._access.unread).get(account),
                tuple(self._number(each.arn, account) for each in principals),
                tuple(number for each in principals for number in self._texts(each, account)),
            )
        return self._kinds[account]

    def _texts(self, principal: Principal, account: str) -> Iterator[int]:
        identity = (principal.identity,) if isinstance(principal.identity, Unread) else principal.identity
        for each in (principal.trust, principal.boundary, *identity):
            yield self._number(_text(each), account)

    def _guarded(self, arn: str, account: str) -> tuple[object, ...]:
        found: GuardedResource | None = self._resources.get(arn)
        if found is None:
            return ()
        grants = (
            found.grants
            if isinstance(found.grants, Unread)
            else tuple((self._number(each.grantee, account), each.operations, each.encryption_context) for each in found.grants)
        )
        return (self._number(_text(found.policy), account), grants, self._number(repr(found.tags), account), found.air_gapped)

    def _number(self, text: str, account: str) -> int:
        return self._numbers.setdefault(text.replace(account, _OWN), len(self._numbers))


def _deletions(target: Target, *, certain: bool) -> Iterator[tuple[Asked, ...]]:
    """Yield the ways to delete recovery points that certainly work, or the others; lock and hold are removed first where they can be.

    Both stop AWS Backup's own calls; whether they also stop those of the service that keeps a snapshot, AWS doesn't say.
    """
    unlocking = (
        *((Asked(action=_UNLOCK, resource=target.vault_arn),) if target.locked else ()),
        *((Asked(action=_CANCEL, resource=target.hold_arn),) if target.hold_arn else ()),
    )
    for way in operations.deed("delete").ways:
        (need,) = way.needs
        native = not need.action.startswith("backup:")
        works = operations.certain(way) and not (native and (target.locked or target.hardened or target.hold_arn))
        if works is not certain or not operations.concerns(need, target.example) or (target.hardened and not native):
            continue
        guard = "" if native else target.vault_arn
        asked = Asked(action=need.action, resource=target.example, owner=target.account, guard=guard)
        yield (asked,) if native else (*unlocking, asked)


def _principal(account: str) -> Principal:
    policy = PolicyText(name="all permissions", text=_EVERYTHING, origin=LiveOrigin(account, "", INTRUDER))
    return Principal(kind=PrincipalKind.USER, account=account, arn=_arn(account), identity=(policy,), origin=policy.origin)


def _arn(account: str) -> str:
    return f"arn:aws:iam::{account}:user/{INTRUDER}"


def _text(policy: PolicyText | Unread | None) -> str:
    if policy is None:
        return ""
    text = policy if isinstance(policy, Unread) else policy.text
    return f"not read: {text.reason}" if isinstance(text, Unread) else text


def _renamed(powers: Powers, old: str, new: str) -> Powers:
    def renamed(found: Likely) -> Likely:
        return {new if each == old else each: certain for each, certain in found.items()}

    return Powers(by_points=renamed(powers.by_points), by_key=renamed(powers.by_key))
