"""Finding the policies of a question: an Authorizer over what was read or declared (`domain.access.Access`).

Of a resource nobody told us about it isn't known what its policy says, if it is of a kind whose policies are read (vault, key,
bucket, topic, queue) or belongs to an account outside; any other resource has none. Of a principal of an account outside, and of
one that wasn't found in an account that wasn't read, it isn't known what its policies say.
Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_evaluation.html
"""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import cached_property
from types import MappingProxyType
from typing import Final

from strongroom.domain.access import (
    Access,
    AccessAccount,
    ControlPolicy,
    ControlType,
    GuardedResource,
    PolicyText,
    Principal,
    PrincipalKind,
)
from strongroom.domain.origin import Unread
from strongroom.errors import BadInput
from strongroom.semantics.authorization.evaluate import NO_CONTEXT, decide, explain
from strongroom.semantics.authorization.model import Actor, Context, Decision, Level, Target
from strongroom.semantics.authorization.policy import Policy, parse, unread

_SESSION: Final = re.compile(r"arn:([a-z-]+):sts::([0-9]{12}):assumed-role/([^/]+)/(.+)")
_IDENTITY: Final = re.compile(r"arn:([a-z-]+):iam::([0-9]{12}):(?:(root)|(user|role)/.+)")
_SERVICE: Final = re.compile(r"[a-z0-9.-]+\.(?:amazonaws\.com(?:\.cn)?|aws\.internal|amazon\.com)")
_PROVIDER: Final = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:(?:saml|oidc)-provider/.+")
_READ_KINDS: Final = re.compile(r"arn:[^:]*:(?:backup:[^:]*:[^:]*:(?:backup-vault|recovery-point):|kms:[^:]*:[^:]*:key/|s3:|sns:|sqs:)")

_NO_TAGS: Final[Mapping[str, str]] = MappingProxyType({})
_NOBODYS: Final = Unread("it isn't known which account owns it")
_UNSURE: Final = Unread("the account may have left the organization")


class Authorizer:
    """Answers questions about one set of accounts; actors and targets are made once and kept.

    `unsure`: accounts that may have left the organization: nothing above them forbids anything, and what asks for it isn't known.
    """

    def __init__(self, access: Access, *, unsure: Collection[str] = ()) -> None:
        self.access = access
        self._unsure = frozenset(unsure)
        self._actors: dict[str, Actor] = {}
        self._targets: dict[tuple[str, str, str], Target] = {}
        self._levels: dict[tuple[str, ControlType], tuple[Level, ...] | Unread] = {}

    def decide(
        self,
        principal_arn: str,
        action: str,
        resource_arn: str,
        context: Context = NO_CONTEXT,
        session_policies: tuple[Policy, ...] = (),
        *,
        owner: str = "",
        guard: str = "",
    ) -> Decision:
        """Return whether a principal may make a call; see `actor` and `target` for what may stand for them."""
        actor = self.actor(principal_arn, session_policies=session_policies)
        return decide(actor, action, self.target(resource_arn, owner=owner or actor.account, guard=guard), context)

    def explain(
        self,
        principal_arn: str,
        action: str,
        resource_arn: str,
        context: Context = NO_CONTEXT,
        session_policies: tuple[Policy, ...] = (),
        *,
        owner: str = "",
        guard: str = "",
    ) -> Decision:
        """Return the same decision with what every layer says."""
        actor = self.actor(principal_arn, session_policies=session_policies)
        return explain(actor, action, self.target(resource_arn, owner=owner or actor.account, guard=guard), context)

    def actor(self, arn: str, session: str = "", *, session_policies: tuple[Policy, ...] = ()) -> Actor:
        """Return who asks.

        The ARN of a role, user, root, assumed role or identity provider, an account id (its root user), or a service's name.
        Raises BadInput for anything else. A principal that an account which was read doesn't have has no policies that are known.
        """
        if found := _SESSION.fullmatch(arn):
            partition, account, role, session = found.groups()
            arn = self._roles.get((account, role), f"arn:{partition}:iam::{account}:role/{role}")
        elif re.fullmatch(r"[0-9]{12}", arn):
            arn = f"arn:aws:iam::{arn}:root"
        known = self._actors.get(arn)
        if known is None:
            known = self._actors[arn] = self._actor(arn)
        if not session and not session_policies:
            return known
        return _with_session(known, session, session_policies)

    def target(self, arn: str, *, owner: str = "", guard: str = "") -> Target:
        """Return what is asked for.

        `owner` is the account of a resource whose ARN names none (bucket, snapshot); `guard` the ARN of the resource whose policy
        stands before it: the vault of a recovery point.
        """
        key = (arn, owner, guard)
        found = self._targets.get(key)
        if found is None:
            found = self._targets[key] = self._target(arn, owner, guard)
        return found

    @cached_property
    def principals(self) -> Mapping[str, Principal]:
        """The principals that were read, by ARN."""
        return {principal.arn: principal for principal in self.access.principals}

    @cached_property
    def accounts(self) -> Mapping[str, AccessAccount]:
        """The accounts, by id."""
        return {account.id: account for account in self.access.accounts}

    @cached_property
    def resources(self) -> Mapping[str, GuardedResource]:
        """The resources with policies, by ARN."""
        return {resource.arn: resource for resource in self.access.resources}

    def levels(self, account: str, type: ControlType) -> tuple[Level, ...] | Unread:  # noqa: A002 - the policies' own word
        """Return the control policies above an account, from the root down; () where none reach it."""
        key = (account, type)
        if key not in self._levels:
            self._levels[key] = self._levels_of(account, type)
        return self._levels[key]

    def _levels_of(self, account: str, type: ControlType) -> tuple[Level, ...] | Unread:  # noqa: A002 - the policies' own word
        known = self.accounts.get(account)
        if self.access.organization_id is None or account in self._unsure:
            return ()
        if known is None:
            return Unread(f"account {account} is not among those read")
        if known.management or not known.parents:
            organization = self.access.organization_id  # unread: nobody said whether the account is in one at all
            return organization if isinstance(organization, Unread) and not known.parents else ()
        if isinstance(self.access.controls, Unread):
            return self.access.controls
        policies = [control for control in self.access.controls if control.type is type]
        if not policies:
            return ()
        return tuple(_level(place, policies) for place in (*known.parents, account))

    @cached_property
    def _roles(self) -> Mapping[tuple[str, str], str]:
        """ARNs of roles by account and name: the ARN of a session doesn't have the role's path."""
        roles = (principal for principal in self.access.principals if principal.kind is PrincipalKind.ROLE)
        return {(role.account, role.arn.rpartition("/")[2]): role.arn for role in roles}

    @cached_property
    def _unread(self) -> Mapping[str, str]:
        return dict(self.access.unread)

    def _actor(self, arn: str) -> Actor:
        principal = self.principals.get(arn)
        if principal is not None:
            return self._principal(principal)
        if _SERVICE.fullmatch(arn):
            return Actor(kind=PrincipalKind.SERVICE, arn=arn, account="")
        if _PROVIDER.fullmatch(arn):
            return Actor(kind=PrincipalKind.FEDERATED, arn=arn, account="")
        found = _IDENTITY.fullmatch(arn)
        if not found:
            raise BadInput(
                f"{arn!r} is no principal",
                hint="write the ARN of a role, user, root or assumed role, an account id, a service's name, or an identity provider's ARN",
            )
        _, account, root, kind = found.groups()
        if root:
            return self._made(PrincipalKind.ROOT, arn, account, identity=())
        reason = self._unread.get(account) or (
            f"{arn} is not among the principals read" if account in self.accounts else f"account {account} is not among those read"
        )
        return self._made(PrincipalKind(kind), arn, account, identity=Unread(reason))

    def _principal(self, principal: Principal) -> Actor:
        return self._made(
            principal.kind,
            principal.arn,
            principal.account,
            unique_id=principal.unique_id,
            identity=principal.identity if isinstance(principal.identity, Unread) else _policies(principal.identity),
            boundary=_policy(principal.boundary),
            service_linked=principal.service_linked,
            tags=_session_tags(principal),
        )

    def _made(
        self,
        kind: PrincipalKind,
        arn: str,
        account: str,
        *,
        identity: tuple[Policy, ...] | Unread,
        unique_id: str = "",
        boundary: Policy | Unread | None = None,
        service_linked: bool = False,
        tags: Mapping[str, str] | Unread | None = None,
    ) -> Actor:
        organization, path = self._place(account)
        unknown_tags: Mapping[str, str] | Unread = identity if isinstance(identity, Unread) else _NO_TAGS
        return Actor(
            kind=kind,
            arn=arn,
            account=account,
            unique_id=unique_id,
            identity=identity,
            boundary=boundary,
            controls=() if service_linked else self.levels(account, ControlType.SCP),
            service_linked=service_linked or ":role/aws-service-role/" in arn,
            organization_id=organization,
            organization_path=path,
            tags=unknown_tags if tags is None else tags,
        )

    def _target(self, arn: str, owner: str, guard: str) -> Target:
        known = self._resource(guard or arn)
        role = self.principals.get(arn)
        account = role.account if role else known.account if known else _account_of(guard or arn) or owner
        policy: PolicyText | Unread | None
        if role is not None and role.kind is PrincipalKind.ROLE:
            policy = role.trust if role.trust is not None else Unread(f"the trust policy of {arn} wasn't read")
        elif known is not None:
            policy = known.policy
            if policy is None and ":kms:" in known.arn:  # every key has one
                policy = Unread(f"the policy of {known.arn} wasn't read")
        else:
            policy = self._policy_of_stranger(arn, account)
        tags = (known.tags if known is not None and not guard else role.tags if role else None) if known or role else None
        organization, path = self._place(account) if account else (_NOBODYS, _NOBODYS)
        return Target(
            arn=arn,
            account=account,
            policy=_policy(policy),
            grants=known.grants if known else self._grants_of_stranger(arn),
            controls=self.levels(account, ControlType.RCP) if account else (),
            organization_id=organization,
            organization_path=path,
            tags=Unread(f"the tags of {arn} weren't read") if tags is None else tags if isinstance(tags, Unread) else dict(tags),
            guard=guard,
            air_gapped=known.air_gapped if known else None,
        )

    def _resource(self, arn: str) -> GuardedResource | None:
        found = self.resources.get(arn)
        if found is None and arn.startswith("arn:") and arn.split(":", 3)[2] == "s3" and "/" in arn:
            found = self.resources.get(arn.partition("/")[0])  # an object is guarded by its bucket's policy
        return found

    def _policy_of_stranger(self, arn: str, account: str) -> Unread | None:
        if _READ_KINDS.match(arn) or ":role/" in arn:
            return Unread(f"the policy of {arn} wasn't read")
        return Unread(f"account {account} is not among those read") if account and account not in self.accounts else None

    def _grants_of_stranger(self, arn: str) -> tuple[()] | Unread:
        return Unread(f"the grants of {arn} weren't read") if ":kms:" in arn and ":key/" in arn else ()

    def _place(self, account: str) -> tuple[str | Unread | None, str | Unread | None]:
        """Return the organization of an account and the path of its place in it, as condition keys have them."""
        organization = self.access.organization_id
        if organization is None or isinstance(organization, Unread):
            return organization, organization
        if account in self._unsure:
            return _UNSURE, _UNSURE
        known = self.accounts.get(account)
        if known is None:
            unread = Unread(f"account {account} is not among those read")
            return unread, unread
        if not known.parents and not known.management:
            return None, None
        path = "/".join((organization, *known.parents))
        return organization, f"{path}/"


def is_principal(name: str) -> bool:
    """Return whether a name is the ARN of a user, role or root.

    Example:
        >>> is_principal("arn:aws:iam::111122223333:role/ops"), is_principal("arn:aws:iam::111122223333:group/ops")
        (True, False)
    """
    return _IDENTITY.fullmatch(name) is not None


def _with_session(actor: Actor, session: str, policies: tuple[Policy, ...]) -> Actor:
    return Actor(
        kind=actor.kind,
        arn=actor.arn,
        account=actor.account,
        session=session,
        unique_id=actor.unique_id,
        identity=actor.identity,
        boundary=actor.boundary,
        session_policies=policies,
        controls=actor.controls,
        service_linked=actor.service_linked,
        organization_id=actor.organization_id,
        organization_path=actor.organization_path,
        tags=actor.tags,
    )


def _session_tags(principal: Principal) -> Mapping[str, str] | Unread:
    """Return the tags that sessions have: the principal's, unless whoever assumes the role may bring others.

    Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html
    """
    trust = _policy(principal.trust)
    if isinstance(principal.tags, Unread):
        return principal.tags
    if isinstance(trust, Unread):
        return Unread("its trust policy, which may let sessions bring tags, wasn't read")
    if trust is not None and trust.body.about("sts:tagsession").allows:
        return Unread("its trust policy lets sessions bring tags of their own")
    return dict(principal.tags)


def _level(place: str, controls: Iterable[ControlPolicy]) -> Level:
    return Level(place=place, policies=_policies(control.policy for control in controls if place in control.targets))


def _policies(texts: Iterable[PolicyText]) -> tuple[Policy, ...]:
    return tuple(_policy_of(text) for text in texts)


def _policy_of(text: PolicyText) -> Policy:
    if isinstance(text.text, Unread):
        return unread(text.text.reason, name=text.name, origin=str(text.origin))
    return parse(text.text, name=text.name, origin=str(text.origin))


def _policy(text: PolicyText | Unread | None) -> Policy | Unread | None:
    return _policy_of(text) if isinstance(text, PolicyText) else text


def _account_of(arn: str) -> str:
    parts = arn.split(":", 5)
    return parts[4] if len(parts) == 6 else ""
