"""IAM users and roles with every policy that says what they may do, asked once of each account.

Source: IAM API reference, GetAccountAuthorizationDetails.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from strongroom.aws.readers.harvest import Harvest
from strongroom.aws.readers.scope import Scope
from strongroom.aws.readers.values import tags
from strongroom.domain.access import PrincipalKind
from strongroom.domain.changeplan import canonical
from strongroom.domain.tables import POLICY_TEXTS, PRINCIPAL_POLICIES, PRINCIPALS

PAGE = 1000  # MaxItems; AWS may answer with fewer


@dataclass(slots=True)
class _Details:
    """The lists of all pages: a policy may stand on another page than the role that it is attached to."""

    users: list[Mapping[str, Any]] = field(default_factory=list)
    roles: list[Mapping[str, Any]] = field(default_factory=list)
    groups: dict[str, Mapping[str, Any]] = field(default_factory=dict)  # by name
    documents: dict[str, Any] = field(default_factory=dict)  # default version of managed policies, by ARN

    def take(self, page: Mapping[str, Any]) -> None:
        """Add a page."""
        self.users.extend(page.get("UserDetailList") or ())
        self.roles.extend(page.get("RoleDetailList") or ())
        self.groups |= {group["GroupName"]: group for group in page.get("GroupDetailList") or ()}
        for policy in page.get("Policies") or ():
            for version in policy.get("PolicyVersionList") or ():
                if version.get("IsDefaultVersion"):
                    self.documents[policy["Arn"]] = version.get("Document")


def read_principals(scope: Scope, harvest: Harvest) -> None:
    """Add the users and roles of an account with their policies; what came before a refused page stays.

    `scope.region` is only where IAM is asked; principals have no Region.
    """
    with harvest.subject(scope.account, "", "principals") as subject:
        details = _Details()
        with subject.item():
            for page in _pages(scope):
                details.take(page)
        home = _Home(scope, harvest, details)
        for user in details.users:
            home.add_user(user)
        for role in details.roles:
            home.add_role(role)


def _pages(scope: Scope) -> Iterator[Mapping[str, Any]]:
    """Yield whole answers: each has four lists."""
    marker: dict[str, Any] = {}
    while True:
        page = scope.call("iam", "get_account_authorization_details", MaxItems=PAGE, **marker)
        yield page
        following = page.get("Marker") if page.get("IsTruncated") else None
        if not following or following == marker.get("Marker"):
            return
        marker = {"Marker": following}


class _Home:
    """Where the principals of one account go."""

    def __init__(self, scope: Scope, harvest: Harvest, details: _Details) -> None:
        self._scope = scope
        self._harvest = harvest
        self._details = details
        self._brought: set[str] = set()

    def add_user(self, user: Mapping[str, Any]) -> None:
        """Add a user with the policies of its groups."""
        self._add(user, PrincipalKind.USER, user["UserId"], None)
        self._policies(user["Arn"], user.get("UserPolicyList"), user.get("AttachedManagedPolicies"))
        for name in user.get("GroupList") or ():
            group = self._details.groups.get(name)
            if group is None:  # what it allows is not known, so that it must not look like a user without groups
                self._row(user["Arn"], "group", name, None, None)
                continue
            for inline in group.get("GroupPolicyList") or ():
                self._row(user["Arn"], "group", f"{name}/{inline['PolicyName']}", None, self._digest(inline.get("PolicyDocument")))
            for policy in group.get("AttachedManagedPolicies") or ():
                self._managed(user["Arn"], "group", f"{name}/{policy['PolicyName']}", policy["PolicyArn"])

    def add_role(self, role: Mapping[str, Any]) -> None:
        """Add a role with its trust policy."""
        self._add(role, PrincipalKind.ROLE, role["RoleId"], self._digest(role.get("AssumeRolePolicyDocument")))
        self._policies(role["Arn"], role.get("RolePolicyList"), role.get("AttachedManagedPolicies"))

    def _add(self, detail: Mapping[str, Any], kind: PrincipalKind, unique_id: str, trust: str | None) -> None:
        boundary = (detail.get("PermissionsBoundary") or {}).get("PermissionsBoundaryArn")
        self._harvest.add(
            PRINCIPALS,
            self._scope.account,
            "",
            detail["Arn"],
            str(kind),
            unique_id,
            trust,
            boundary,
            tags(detail.get("Tags")),
            detail.get("CreateDate"),
        )
        if boundary:
            self._managed(detail["Arn"], "boundary", boundary.rpartition("/")[2], boundary)

    def _policies(self, principal: str, inline: Iterable[Mapping[str, Any]] | None, attached: Iterable[Mapping[str, Any]] | None) -> None:
        for policy in inline or ():
            self._row(principal, "inline", policy["PolicyName"], None, self._digest(policy.get("PolicyDocument")))
        for policy in attached or ():
            self._managed(principal, "attached", policy["PolicyName"], policy["PolicyArn"])

    def _managed(self, principal: str, kind: str, name: str, arn: str) -> None:
        self._row(principal, kind, name, arn, self._digest(self._details.documents.get(arn)))

    def _row(self, principal: str, kind: str, name: str, arn: str | None, digest: str | None) -> None:
        self._harvest.add(PRINCIPAL_POLICIES, self._scope.account, principal, kind, name, arn, digest)

    def _digest(self, document: Any) -> str | None:
        """Return the digest of a document, which botocore has decoded; bring its text unless it is home already."""
        if document is None:
            return None
        text = document if isinstance(document, str) else canonical(document)
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest not in self._scope.reading.texts and digest not in self._brought:
            self._brought.add(digest)
            self._harvest.add(POLICY_TEXTS, digest, text)
        return digest
