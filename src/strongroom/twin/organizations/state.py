"""What an organization is made of: units, accounts, policies and their attachments, handshakes, trusted services.

Plain mutable records; every rule about them lives in the modules of operations beside this one.
"""

import random
import string
from dataclasses import dataclass, field
from datetime import datetime

from strongroom.twin.ports import ApiError

_LETTERS = string.ascii_lowercase + string.digits


@dataclass(slots=True, kw_only=True)
class Unit:
    """The root or an organizational unit."""

    id: str  # r-… or ou-…
    name: str
    parent_id: str  # empty for the root
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def is_root(self) -> bool:
        """Whether this is the root."""
        return not self.parent_id


@dataclass(slots=True, kw_only=True)
class Account:
    """A member of the organization, or its management account."""

    id: str
    name: str
    email: str
    parent_id: str
    joined_method: str  # INVITED or CREATED
    joined_at: datetime
    status: str = "ACTIVE"  # or SUSPENDED, after CloseAccount
    closed_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Policy:
    """A policy of any type."""

    id: str
    name: str
    description: str
    type: str  # BACKUP_POLICY, SERVICE_CONTROL_POLICY …
    content: str  # JSON text as it was sent
    aws_managed: bool = False
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Handshake:
    """An invitation of an account."""

    id: str
    account: str
    state: str  # OPEN, ACCEPTED, DECLINED, CANCELED, EXPIRED
    requested_at: datetime
    expires_at: datetime
    notes: str
    tags: dict[str, str]


@dataclass(slots=True, kw_only=True)
class State:
    """One organization with everything in it."""

    id: str
    root_id: str
    management: str
    feature_set: str
    created_at: datetime
    ids: random.Random
    units: dict[str, Unit] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    policies: dict[str, Policy] = field(default_factory=dict)
    attachments: dict[str, list[str]] = field(default_factory=dict)  # target -> policies in order of attachment
    policy_types: list[str] = field(default_factory=list)  # enabled on the root
    services: dict[str, datetime] = field(default_factory=dict)  # trusted service -> enabled at
    delegations: dict[str, dict[str, datetime]] = field(default_factory=dict)  # account -> service -> enabled at
    handshakes: dict[str, Handshake] = field(default_factory=dict)
    creations: dict[str, str] = field(default_factory=dict)  # car-… -> account
    resource_policy: tuple[str, str] | None = None  # id, content
    resource_policy_tags: dict[str, str] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)  # accounts that were closed, and are gone for good

    @classmethod
    def begin(cls, management: str, feature_set: str, now: datetime) -> "State":
        """A new organization; its ids follow from the management account, so that runs can be compared."""
        ids = random.Random(f"organization of {management}")
        root_id = "r-" + "".join(ids.choices(_LETTERS, k=4))
        state = cls(
            id="o-" + "".join(ids.choices(_LETTERS, k=10)),
            root_id=root_id,
            management=management,
            feature_set=feature_set,
            created_at=now,
            ids=ids,
        )
        state.units[root_id] = Unit(id=root_id, name="Root", parent_id="")
        return state

    def new_id(self, prefix: str, length: int = 8) -> str:
        """A fresh id such as p-k2av4a8a."""
        return prefix + "".join(self.ids.choices(_LETTERS, k=length))

    def arn(self, kind: str, *parts: str) -> str:
        """ARN of something in the organization: `kind` is "account", "ou", "root", "policy" …"""
        return f"arn:aws:organizations::{self.management}:{kind}/" + "/".join((self.id, *parts))

    def account(self, account: str) -> Account:
        """A member by its id; AccountNotFoundException if there is none."""
        if account not in self.accounts:
            raise ApiError("AccountNotFoundException", "You specified an account that doesn't exist.")
        return self.accounts[account]

    def unit(self, unit: str) -> Unit:
        """An organizational unit by its id; the root is none."""
        found = self.units.get(unit)
        if found is None or found.is_root:
            raise ApiError("OrganizationalUnitNotFoundException", "You specified an organizational unit that doesn't exist.")
        return found

    def parent(self, parent: str) -> Unit:
        """The root or a unit by its id; ParentNotFoundException if there is none."""
        if parent not in self.units:
            raise ApiError("ParentNotFoundException", "You specified parent that doesn't exist.")
        return self.units[parent]

    def policy(self, policy: str) -> Policy:
        """A policy by its id; PolicyNotFoundException if there is none."""
        if policy not in self.policies:
            raise ApiError("PolicyNotFoundException", "We can't find a policy with the PolicyId that you specified.")
        return self.policies[policy]

    def target(self, target: str) -> Unit | Account:
        """Root, unit or account by its id; TargetNotFoundException if there is none."""
        found = self.units.get(target) or self.accounts.get(target)
        if found is None:
            raise ApiError("TargetNotFoundException", "You specified a target that doesn't exist.")
        return found

    def line(self, target: str) -> tuple[str, ...]:
        """Ids from the root down to a unit or account, itself included."""
        ids = [target]
        node: Unit | Account = self.target(target)
        while node.parent_id:
            ids.append(node.parent_id)
            node = self.units[node.parent_id]
        return tuple(reversed(ids))

    def below(self, target: str) -> tuple[str, ...]:
        """Ids of all accounts in a unit and its nested units; of an account: itself."""
        if target in self.accounts:
            return (target,)
        return tuple(account for account in self.accounts if target in self.line(account))

    def path(self, account: str) -> str:
        """The account's path as in aws:PrincipalOrgPaths: `o-…/r-…/ou-…/`."""
        return "/".join((self.id, *self.line(account)[:-1])) + "/"
