"""A resource share and what it connects."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

ACTIVE, DELETED = "ACTIVE", "DELETED"
PENDING, ACCEPTED, REJECTED = "PENDING", "ACCEPTED", "REJECTED"


@dataclass(slots=True, kw_only=True)
class Invitation:
    """What an account outside of the organization has to accept before it sees a share."""

    arn: str
    account: str
    sent_at: datetime
    status: str = PENDING


@dataclass(slots=True, kw_only=True)
class Share:
    """Resources of one account and Region, and who may use them."""

    arn: str
    name: str
    owner: str
    region: str
    external: bool  # whether accounts outside of the organization can be principals
    created_at: datetime
    changed_at: datetime
    principals: dict[str, datetime] = field(default_factory=dict)  # account id, or ARN of a unit, organization, role or user
    resources: dict[str, datetime] = field(default_factory=dict)  # by ARN
    permissions: list[str] = field(default_factory=list)  # ARNs
    tags: dict[str, str] = field(default_factory=dict)
    invitations: list[Invitation] = field(default_factory=list)
    status: str = ACTIVE

    def invitation(self, account: str) -> Invitation | None:
        """The invitation of an account, if it needs one."""
        return next((each for each in self.invitations if each.account == account), None)


def described(share: Share) -> dict[str, Any]:
    """A share as its owner and others see it."""
    return {
        "resourceShareArn": share.arn,
        "name": share.name,
        "owningAccountId": share.owner,
        "allowExternalPrincipals": share.external,
        "status": share.status,
        "tags": [{"key": key, "value": value} for key, value in share.tags.items()],
        "creationTime": share.created_at.timestamp(),
        "lastUpdatedTime": share.changed_at.timestamp(),
        "featureSet": "STANDARD",
    }


def associations(share: Share, kind: str) -> Iterator[dict[str, Any]]:
    """Principals or resources of a share as GetResourceShareAssociations shows them."""
    for entity, at in (share.principals if kind == "PRINCIPAL" else share.resources).items():
        invited = share.invitation(entity) if kind == "PRINCIPAL" else None
        waits = invited is not None and invited.status != ACCEPTED
        yield {
            "resourceShareArn": share.arn,
            "resourceShareName": share.name,
            "associatedEntity": entity,
            "associationType": kind,
            "status": ("FAILED" if invited and invited.status == REJECTED else "ASSOCIATING") if waits else "ASSOCIATED",
            "creationTime": at.timestamp(),
            "lastUpdatedTime": at.timestamp(),
            "external": invited is not None,
        }


def described_invitation(share: Share, invitation: Invitation) -> dict[str, Any]:
    """An invitation as GetResourceShareInvitations shows it."""
    return {
        "resourceShareInvitationArn": invitation.arn,
        "resourceShareName": share.name,
        "resourceShareArn": share.arn,
        "senderAccountId": share.owner,
        "receiverAccountId": invitation.account,
        "invitationTimestamp": invitation.sent_at.timestamp(),
        "status": invitation.status,
    }
