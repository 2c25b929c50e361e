"""What makes two legs alike to every policy that has a say about restores: accounts deployed alike are judged once."""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from functools import cached_property

from strongroom.domain.access import ControlType, PolicyText
from strongroom.domain.origin import Unread
from strongroom.proof.groups import Group
from strongroom.proof.permitted import ACCOUNT, Permissions, is_partial

_KEY = "$key"


@dataclass
class Likeness:
    """Gives numbers to texts: equal numbers mean that nothing but the account's own ids differs."""

    permissions: Permissions
    roles: tuple[str, ...]  # names of the roles that are asked about
    _numbers: dict[Hashable, int] = field(default_factory=dict)
    _accounts: dict[str, tuple[int, str]] = field(default_factory=dict)
    _keys: dict[tuple[str, str], int] = field(default_factory=dict)

    def of(self, group: Group, place: Hashable) -> tuple[Hashable, ...]:
        """Return what decides about a group, which is in a place."""
        apart = self.account(group.account)[1]
        return (
            place,
            group.type,
            group.signature,
            group.arn if apart and group.signature else "",
            group.key if apart else "",
            self.permissions.is_basic(group),
            group.profile and self._text(group.profile, group.account),
            self.key(group.key, group.account),
        )

    def account(self, account: str) -> tuple[int, str]:
        """Return the number of an account's roles and control policies, and the account itself where it may be told from others."""
        found = self._accounts.get(account)
        if found is None:
            texts = tuple(self._text(text, account) for name in self.roles for text in self._role(account, name))
            where = self.permissions.rights.authorizer.accounts.get(account)
            kind = (texts, where.parents if where else (), self._controls(account))
            apart = account in self._shared or is_partial(self._shared) or any(map(is_partial, texts))
            found = self._accounts[account] = (self._number(kind), account if apart else "")
        return found

    def vault(self, account: str, region: str, name: str) -> int:
        """Return the number of a vault of an account; 0: there is none."""
        vault = self.permissions.observed.vaults.get((account, region, name))
        if vault is None:
            return 0
        text = self._text(vault.access_policy or "", account)
        partial = f"{account} {vault.key_arn}" if is_partial(text) else ""
        return self._number(("vault", region, name, text, vault.air_gapped, self.key(vault.key_arn, account), partial))

    def key(self, arn: str | None, account: str) -> int:
        """Return the number of a key that an account uses; 0: none that needs permissions."""
        if not arn:
            return 0
        found = self._keys.get((arn, account))
        if found is None:
            alike = self._text(self.permissions.key_text(arn).replace(arn, _KEY), account)
            owner = self._text(arn.rpartition("/")[0], account)
            found = self._keys[arn, account] = self._number(("key", owner, alike, arn if is_partial(alike) else ""))
        return found

    def _role(self, account: str, name: str) -> tuple[str, ...]:
        """Return all that a role's policies say; texts that accounts share stay the same objects."""
        rights = self.permissions.rights
        arn = rights.principals.get((account, name))
        if arn is None:
            return ("",)
        role = rights.authorizer.principals[arn]
        unread = (str(role.identity),) if isinstance(role.identity, Unread) else ()
        identity = () if isinstance(role.identity, Unread) else role.identity
        boundary = str(role.boundary.text if isinstance(role.boundary, PolicyText) else role.boundary)
        return (arn, *unread, *(str(part) for each in identity for part in (each.name, each.text)), boundary, str(role.tags))

    def _controls(self, account: str) -> tuple[Hashable, ...]:
        authorizer = self.permissions.rights.authorizer
        return tuple(
            str(levels) if isinstance(levels, Unread) else tuple(tuple(id(each.body) for each in level.policies) for level in levels)
            for levels in (authorizer.levels(account, kind) for kind in ControlType)
        )

    @cached_property
    def _shared(self) -> str:
        """The texts that are not an account's own: they may name accounts one by one."""
        access = self.permissions.rights.authorizer.access
        controls = () if isinstance(access.controls, Unread) else access.controls
        return " ".join((*(str(each.policy.text) for each in controls), *self._keepers()))

    def _keepers(self) -> Iterable[str]:
        """Yield the policies of vaults that copies of all accounts go to, of their keys, and of the roles beside them."""
        legs = [leg for plan in self.permissions.plans for rule in plan.rules for leg in rule.legs if leg.account is not None]
        for account, region, name in sorted({(*leg.place("", ""), leg.vault_name) for leg in legs}):
            vault = self.permissions.observed.vaults.get((account, region, name))
            if vault is not None:
                yield f"{vault.access_policy} {self.permissions.key_text(vault.key_arn)}"
            yield from (text for role in self.roles for text in self._role(account, role))

    @staticmethod
    def _text(text: str, account: str) -> str:
        return text.replace(account, ACCOUNT)

    def _number(self, kind: Hashable) -> int:
        return self._numbers.setdefault(kind, len(self._numbers) + 1)
