"""What accounts have in common: those that differ in nothing but their id are of one kind, and asked about once."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Final

from strongroom.domain.access import Access, GuardedResource, PolicyText, Principal
from strongroom.domain.origin import Unread

OWN: Final = "its own"  # stands for the id of an account
_ACCOUNT: Final = re.compile(r"(?<![0-9])[0-9]{12}(?![0-9])")


class Kinds:
    """The kinds of the accounts of one organization, and of what they own."""

    def __init__(self, access: Access) -> None:
        self._access = access
        self._accounts = {account.id: account for account in access.accounts}
        self._principals: dict[str, list[Principal]] = {}
        for principal in access.principals:
            self._principals.setdefault(principal.account, []).append(principal)
        self._resources = {resource.arn: resource for resource in access.resources}
        self._unread = dict(access.unread)
        self._numbers: dict[str, int] = {}  # of texts without the id of their account
        self._kinds: dict[str, int] = {}  # by account
        self._known: dict[tuple[object, ...], int] = {}

    def kind(self, account: str) -> int:
        """Return a number that accounts share whose administrator and roles may do the same."""
        if account not in self._kinds:
            known = self._accounts.get(account)
            principals = sorted(self._principals.get(account, ()), key=lambda each: each.arn)
            kind = (
                known.parents if known else (),
                known.registered if known else False,
                self._controls_at.get(account, ()),
                self._unread.get(account),
                account if account in self._in_controls else "",
                tuple(self.number(each.arn, account) for each in principals),
                tuple(number for each in principals for number in self._texts(each, account)),
            )
            self._kinds[account] = self._known.setdefault(kind, len(self._known))
        return self._kinds[account]

    def guarded(self, arn: str, account: str) -> tuple[object, ...]:
        """Return the policies that stand before a vault or key, without the id of an account."""
        found: GuardedResource | None = self._resources.get(arn)
        if found is None:
            return ()
        grants = (
            found.grants
            if isinstance(found.grants, Unread)
            else tuple((self.number(each.grantee, account), each.operations, each.encryption_context) for each in found.grants)
        )
        return (self.number(_text(found.policy), account), grants, self.number(repr(found.tags), account), found.air_gapped)

    def number(self, text: str, account: str) -> int:
        """Return a number that texts share which differ in nothing but the id of an account."""
        return self._numbers.setdefault(text.replace(account, OWN), len(self._numbers))

    @cached_property
    def named(self) -> frozenset[str]:
        """The accounts that the policies of others name."""
        in_text: dict[str, frozenset[str]] = {}
        found = set(self._in_controls)
        for account, principals in self._principals.items():
            for text in (text for principal in principals for text in _texts(principal)):
                if text not in in_text:
                    in_text[text] = frozenset(_ACCOUNT.findall(text))
                found |= in_text[text] - {account}
        return frozenset(found)

    @cached_property
    def _in_controls(self) -> frozenset[str]:
        controls = () if isinstance(self._access.controls, Unread) else self._access.controls
        return frozenset(each for control in controls for each in _ACCOUNT.findall(_text(control.policy)))

    @cached_property
    def _controls_at(self) -> Mapping[str, tuple[str, ...]]:
        controls = () if isinstance(self._access.controls, Unread) else self._access.controls
        found: dict[str, list[str]] = {}
        for control in controls:
            for target in control.targets:
                found.setdefault(target, []).append(control.id)
        return {target: tuple(ids) for target, ids in found.items()}

    def _texts(self, principal: Principal, account: str) -> Iterator[int]:
        for text in _texts(principal):
            yield self.number(text, account)


def _texts(principal: Principal) -> Iterator[str]:
    identity = (principal.identity,) if isinstance(principal.identity, Unread) else principal.identity
    for each in (principal.trust, principal.boundary, *identity):
        yield _text(each)


def _text(policy: PolicyText | Unread | None) -> str:
    if policy is None:
        return ""
    text = policy if isinstance(policy, Unread) else policy.text
    return f"not read: {text.reason}" if isinstance(text, Unread) else text
