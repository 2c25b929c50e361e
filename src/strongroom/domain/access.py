"""Who may do what, as it was read or declared: principals, resources with policies, and what an organization forbids.

Policies are JSON texts as AWS returns them; `semantics.authorization` compiles and evaluates them. What could not be read is
`Unread`, never an empty policy.
"""

from dataclasses import dataclass
from enum import StrEnum

from strongroom.domain.origin import Origin, Unread


class PrincipalKind(StrEnum):
    """Who can make a call."""

    USER = "user"
    ROLE = "role"
    ROOT = "root"  # the root user of an account
    SERVICE = "service"  # backup.amazonaws.com
    FEDERATED = "federated"  # whom an identity provider signs in


class ControlType(StrEnum):
    """Policies of an organization that bound what its accounts can do."""

    SCP = "SERVICE_CONTROL_POLICY"  # of the principals in an account
    RCP = "RESOURCE_CONTROL_POLICY"  # of the resources in an account, whoever asks


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyText:
    """A policy with the name that people know it by."""

    name: str  # "inline policy backup of role ops", "key policy of …"
    text: str | Unread  # JSON
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyGrant:
    """A grant on a KMS key."""

    id: str
    grantee: str  # ARN of a principal, or a service principal
    operations: tuple[str, ...]  # Decrypt, CreateGrant …
    encryption_context: tuple[tuple[str, str], ...] = ()  # must be equal to that of the call, or part of it
    exact_context: bool = False  # equal, not only part of it


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """A user, a role or the root of an account, with the policies that decide what it may do."""

    kind: PrincipalKind
    account: str
    arn: str
    unique_id: str = ""  # AROA…, AIDA…; what aws:userid starts with
    identity: tuple[PolicyText, ...] | Unread = ()  # inline and attached ones, also those of a user's groups
    boundary: PolicyText | Unread | None = None
    trust: PolicyText | Unread | None = None  # roles only: who may assume it
    tags: tuple[tuple[str, str], ...] | Unread = ()
    origin: Origin

    @property
    def service_linked(self) -> bool:
        """A role that only its service can assume and that no control policy reaches."""
        return self.kind is PrincipalKind.ROLE and ":role/aws-service-role/" in self.arn


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardedResource:
    """A resource with a policy of its own: a vault, key, bucket, topic, queue."""

    arn: str
    account: str
    policy: PolicyText | Unread | None = None  # None: it has none
    grants: tuple[KeyGrant, ...] | Unread = ()  # keys only
    tags: tuple[tuple[str, str], ...] | Unread = ()
    air_gapped: bool | None = None  # vaults only: such a vault can be shared with other accounts; None: not known
    origin: Origin


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPolicy:
    """A service or resource control policy and the root, OUs and accounts that it is attached to."""

    id: str
    name: str
    type: ControlType
    policy: PolicyText
    targets: tuple[str, ...]  # ids: r-…, ou-…, account ids


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessAccount:
    """An account and its place in the organization."""

    id: str
    name: str = ""
    parents: tuple[str, ...] = ()  # ids from the root to its OU; () outside an organization
    management: bool = False  # control policies don't reach it
    registered: bool = False  # as delegated administrator of a service: so long it can't leave the organization


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Everything that decides who may do what in some accounts.

    `controls` Unread: the control policies could not be read; () : the organization has none, or there is no organization.
    A service principal or a principal of an account outside has no `Principal`.
    """

    organization_id: str | Unread | None  # None: there is no organization
    accounts: tuple[AccessAccount, ...]
    principals: tuple[Principal, ...]
    resources: tuple[GuardedResource, ...]
    controls: tuple[ControlPolicy, ...] | Unread = ()
    unread: tuple[tuple[str, str], ...] = ()  # account id and reason: its principals could not be read at all
