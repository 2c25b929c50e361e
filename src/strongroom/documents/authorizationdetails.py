"""What `aws iam get-account-authorization-details` prints of an account: users and roles with all their policies.

Source: IAM API reference, GetAccountAuthorizationDetails.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from strongroom.documents import iampolicy
from strongroom.documents.fields import Fields
from strongroom.documents.nodes import Items, Members, Node, child, items, text
from strongroom.documents.notes import Notes
from strongroom.domain.access import PolicyText, Principal, PrincipalKind
from strongroom.domain.names import Arn
from strongroom.domain.origin import Unread

_ABSENT = Unread("the document does not have its text")


def principals(root: Members, notes: Notes) -> tuple[Principal, ...]:
    """Return the users and roles of an account, with what is wrong with their policies noted at its place."""
    details = _Details(notes)
    whole = Fields(root, "authorization details", notes)
    for policy in _objects(whole, "Policies", "policy"):
        details.add_policy(policy)
    for group in _objects(whole, "GroupDetailList", "group"):
        details.groups[str(group.text("GroupName") or "")] = group
    users = [details.principal(user, PrincipalKind.USER, "User") for user in _objects(whole, "UserDetailList", "user")]
    roles = [details.principal(role, PrincipalKind.ROLE, "Role") for role in _objects(whole, "RoleDetailList", "role")]
    return tuple(each for each in (*users, *roles) if each is not None)


def is_partial(root: Members) -> bool:
    """Return whether the document is one page of several, so that it lacks principals."""
    return _is_true(child(root, "IsTruncated")) or any(text(child(root, name)) for name in ("NextToken", "Marker"))


@dataclass(slots=True)
class _Details:
    notes: Notes
    groups: dict[str, Fields] = field(default_factory=dict)
    managed: dict[str, PolicyText] = field(default_factory=dict)  # by ARN

    def add_policy(self, policy: Fields) -> None:
        """Remember the default version of a managed policy."""
        arn, name = policy.text("Arn", required=True), policy.text("PolicyName")
        for version in items(policy.value("PolicyVersionList")):
            if isinstance(arn, str) and isinstance(version, Members) and _is_true(child(version, "IsDefaultVersion")):
                self.managed[arn] = self._text(child(version, "Document"), f"managed policy {name or arn}", iampolicy.IDENTITY, policy)

    def principal(self, detail: Fields, kind: PrincipalKind, prefix: str) -> Principal | None:
        """Return a user or role; None when it has no ARN."""
        arn = detail.text("Arn", required=True)
        try:
            account = Arn.parse(arn).account if isinstance(arn, str) else ""
        except ValueError as error:
            detail.wrong("Arn", str(error)[:200], "write the ARN of a user or role")
            account = ""
        if not isinstance(arn, str) or not account:
            return None
        detail.subject = f"{kind} {arn.rpartition('/')[2]}"
        unique_id = detail.text(f"{prefix}Id")
        trust = self._text(detail.value("AssumeRolePolicyDocument"), f"trust policy of {detail.subject}", iampolicy.TRUST, detail)
        return Principal(
            kind=kind,
            account=account,
            arn=arn,
            unique_id=unique_id if isinstance(unique_id, str) else "",
            identity=tuple(self._identity(detail, f"{prefix}PolicyList")),
            boundary=self._boundary(detail),
            trust=trust if kind is PrincipalKind.ROLE else None,
            tags=_tags(detail),
            origin=detail.origin,
        )

    def _identity(self, detail: Fields, inline: str) -> Iterator[PolicyText]:
        yield from self._policies(detail, inline, f" of {detail.subject}")
        for entry in items(detail.value("GroupList")):
            name = text(entry) or ""
            if name in self.groups:
                yield from self._policies(self.groups[name], "GroupPolicyList", f" of group {name}")
            else:
                yield PolicyText(name=f"policies of group {name}", text=_ABSENT, origin=self.notes.origin(entry.place))

    def _policies(self, holder: Fields, inline: str, whose: str) -> Iterator[PolicyText]:
        for policy in _objects(holder, inline, "policy"):
            yield self._text(
                policy.value("PolicyDocument"), f"inline policy {policy.text('PolicyName') or ''}{whose}", iampolicy.IDENTITY, policy
            )
        for policy in _objects(holder, "AttachedManagedPolicies", "policy"):
            arn, name = policy.text("PolicyArn"), policy.text("PolicyName")
            yield self._named(arn if isinstance(arn, str) else "", f"managed policy {name or arn}", policy)

    def _boundary(self, detail: Fields) -> PolicyText | Unread | None:
        if (boundary := detail.object("PermissionsBoundary")) is None:
            return None
        arn = boundary.text("PermissionsBoundaryArn") if isinstance(boundary, Fields) else None
        return self._named(arn, f"permissions boundary {arn}", detail) if isinstance(arn, str) else Unread("its ARN is not there")

    def _named(self, arn: str, name: str, holder: Fields) -> PolicyText:
        return self.managed.get(arn) or PolicyText(name=name, text=_ABSENT, origin=holder.origin)

    def _text(self, node: Node | None, name: str, shape: iampolicy.Shape, holder: Fields) -> PolicyText:
        if node is None:
            return PolicyText(name=name, text=_ABSENT, origin=holder.origin)
        return PolicyText(name=name, text=iampolicy.written(node, shape, name, self.notes), origin=self.notes.origin(node.place))


def _objects(holder: Fields, key: str, subject: str) -> tuple[Fields, ...]:
    found = holder.objects(key, subject)
    return () if isinstance(found, Unread) else found


def _is_true(node: Node | None) -> bool:
    return getattr(node, "value", None) is True


def _tags(detail: Fields) -> tuple[tuple[str, str], ...] | Unread:
    """Return the tags; AWS leaves the list out where there are none."""
    found = detail.value("Tags")
    if found is None:
        return ()
    if not isinstance(found, Items):
        return Unread("its tags can't be read")
    return tuple(sorted((text(child(each, "Key")) or "", text(child(each, "Value")) or "") for each in found.items))
