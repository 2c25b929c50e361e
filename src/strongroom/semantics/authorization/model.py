"""The terms of an authorization decision: who asks, what is asked for, in which context, and the answer with its reasons.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from strongroom.domain.access import KeyGrant, PrincipalKind
from strongroom.domain.origin import Unread
from strongroom.semantics.authorization.policy import Policy


class Verdict(StrEnum):
    """What AWS would answer."""

    ALLOWED = "allowed"
    DENIED = "denied"
    UNKNOWN = "unknown"  # a policy, or a value of the context, that decides is not known


class Layer(StrEnum):
    """The kinds of policies that have a say, in the order in which AWS's pages explain them."""

    SCP = "service control policy"
    RCP = "resource control policy"
    RESOURCE = "resource policy"  # vault, key, bucket, topic, queue policy; trust policy of a role
    GRANT = "grant"
    IDENTITY = "identity policy"
    BOUNDARY = "permissions boundary"
    SESSION = "session policy"
    ACCOUNT = "account"  # the root user, whom no identity policy limits; what vaults refuse from other accounts


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Level:
    """The control policies at one place above an account, or at the account itself; one of them must allow, none may deny."""

    place: str  # id of the root, OU or account
    policies: tuple[Policy, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Who asks: a user, a session of a role, the root of an account, or an AWS service, with what limits it."""

    kind: PrincipalKind
    arn: str  # of the user, role or root; for a service its principal, backup.amazonaws.com
    account: str  # empty for a service
    session: str = ""  # session name of an assumed role
    unique_id: str = ""
    identity: tuple[Policy, ...] | Unread = ()
    boundary: Policy | Unread | None = None
    session_policies: tuple[Policy, ...] = ()
    controls: tuple[Level, ...] | Unread = ()  # service control policies from the root down; () where none reach it
    service_linked: bool = False
    organization_id: str | Unread | None = None  # None: outside any organization
    organization_path: str | Unread | None = None  # o-…/r-…/ou-…/ with the slash at its end
    tags: Mapping[str, str] | Unread = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is asked for, with the policies on its side."""

    arn: str
    account: str  # that owns it; empty where the action has no resource
    policy: Policy | Unread | None = None  # None: it has none
    grants: tuple[KeyGrant, ...] | Unread = ()
    controls: tuple[Level, ...] | Unread = ()  # resource control policies from the root down
    organization_id: str | Unread | None = None
    organization_path: str | Unread | None = None
    tags: Mapping[str, str] | Unread = field(default_factory=lambda: MappingProxyType({}))
    guard: str = ""  # ARN of the resource whose policy it is; empty: its own
    air_gapped: bool | None = None  # of a vault, or of what is in it; None: not known


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Values of context keys that the caller of the evaluator knows; those of actor and target are added by it.

    A key is absent from the call when it is in `absent`, or when `complete` and not in `values`; otherwise it is not known.
    """

    values: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: MappingProxyType({}))  # keys in any case
    absent: frozenset[str] = frozenset()
    complete: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Ground:
    """A statement that decides, and where it stands."""

    layer: Layer
    policy: str  # name of the policy; empty: the layer has none
    statement: int | None = None  # position in the policy, from 0; None: no statement matches
    sid: str = ""
    effect: str = ""  # Allow, Deny; empty: none matches
    origin: str = ""  # of the policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """The answer: its verdict and the statement that decided; an explanation has what every layer said."""

    verdict: Verdict
    ground: Ground
    because: str  # one sentence for people: lower case, no full stop
    missing: tuple[str, ...] = ()  # UNKNOWN: context keys, operators and policies that would decide
    layers: tuple[tuple[Layer, Verdict, tuple[Ground, ...]], ...] = ()  # what each layer said: of `explain` alone
