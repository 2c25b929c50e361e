"""The operations of AWS Resource Access Manager that shares of backup vaults need.

Source: AWS RAM API reference and user guide, "Sharing your AWS resources"; AWS Backup developer guide, "Share a logically air-gapped
vault", which takes accounts alone (read 2026-11).
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from moto.moto_api._internal import mock_random
from moto.ram.models import ram_backends

from strongroom.twin.ports import ApiError, OrganizationView
from strongroom.twin.sharing.share import (
    ACCEPTED,
    ACTIVE,
    DELETED,
    PENDING,
    REJECTED,
    Invitation,
    Share,
    associations,
    described,
    described_invitation,
)

if TYPE_CHECKING:
    from strongroom.twin.organizations import Organizations

TRUSTED = "ram.amazonaws.com"
_ACCOUNT = re.compile(r"[0-9]{12}")
_ORGANIZATION = re.compile(r"arn:aws:organizations::[0-9]{12}:organization/(o-[a-z0-9]+)")
_UNIT = re.compile(r"arn:aws:organizations::[0-9]{12}:ou/o-[a-z0-9]+/(ou-[a-z0-9-]+)")
_RESOURCE = re.compile(r"arn:aws:[a-z0-9-]+:[a-z0-9-]*:[0-9]{12}:.+")
_VAULT = ":backup-vault:"
_PERMISSION = "arn:aws:ram::aws:permission/AWSRAMDefaultPermission"
_DEFAULT_PERMISSIONS = {_VAULT: f"{_PERMISSION}BackupVault"}  # by a part of the resource's ARN


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request: who asks, where, and with which parameters."""

    account: str
    region: str
    organization: "Organizations"
    parameters: Mapping[str, Any]

    def listed(self, name: str) -> list[str]:
        """A parameter that is a list."""
        return list(self.parameters.get(name) or ())


def shares_of(account: str, region: str) -> list[Share]:
    """The shares that an account owns in a Region."""
    shares: list[Share] = ram_backends[account][region].resource_shares
    return shares


def shared_with(account: str, region: str, organization: OrganizationView) -> Iterator[Share]:
    """Yield the shares of others that an account sees in a Region."""
    line = tuple(organization.path_of(account).split("/")) if account in organization.accounts() else ()
    for owner in list(ram_backends):
        if owner == account or region not in ram_backends[owner]:
            continue
        for share in shares_of(owner, region):
            if share.status == ACTIVE and _reaches(share, account, line, organization.organization_id):
                yield share


def is_shared_with(arn: str, account: str, organization: OrganizationView) -> bool:
    """Whether an account may use a resource of another one."""
    region = arn.split(":")[3]
    return any(arn in share.resources for share in shared_with(account, region, organization))


def _reaches(share: Share, account: str, line: tuple[str, ...], organization_id: str) -> bool:
    for principal in share.principals:
        if principal == account:
            invitation = share.invitation(account)
            return invitation is None or invitation.status == ACCEPTED
        if (unit := _UNIT.fullmatch(principal)) and unit[1] in line:
            return True
        if (found := _ORGANIZATION.fullmatch(principal)) and line and found[1] == organization_id:
            return True
    return False


def create_share(ask: Ask) -> dict[str, Any]:
    """CreateResourceShare."""
    now = datetime.now(tz=UTC)
    share = Share(
        arn=f"arn:aws:ram:{ask.region}:{ask.account}:resource-share/{mock_random.uuid4()}",
        name=str(ask.parameters["name"]),
        owner=ask.account,
        region=ask.region,
        external=ask.parameters.get("allowExternalPrincipals") is not False,
        created_at=now,
        changed_at=now,
        tags={tag["key"]: tag["value"] for tag in ask.parameters.get("tags") or ()},
    )
    _associate(ask, share, ask.listed("principals"), ask.listed("resourceArns"))
    share.permissions = ask.listed("permissionArns") or [
        arn for part, arn in _DEFAULT_PERMISSIONS.items() if any(part in each for each in share.resources)
    ]
    shares_of(ask.account, ask.region).append(share)
    return {"resourceShare": described(share)}


def update_share(ask: Ask) -> dict[str, Any]:
    """UpdateResourceShare."""
    share = _own(ask)
    share.name = str(ask.parameters.get("name") or share.name)
    if ask.parameters.get("allowExternalPrincipals") is not None:
        share.external = bool(ask.parameters["allowExternalPrincipals"])
    share.changed_at = datetime.now(tz=UTC)
    return {"resourceShare": described(share)}


def delete_share(ask: Ask) -> dict[str, Any]:
    """DeleteResourceShare: nobody sees its resources from now on."""
    share = _own(ask)
    share.status, share.changed_at = DELETED, datetime.now(tz=UTC)
    return {"returnValue": True}


def associate(ask: Ask) -> dict[str, Any]:
    """AssociateResourceShare."""
    share = _own(ask)
    _associate(ask, share, ask.listed("principals"), ask.listed("resourceArns"))
    return {"resourceShareAssociations": _associations_of(share, ask)}


def disassociate(ask: Ask) -> dict[str, Any]:
    """DisassociateResourceShare."""
    share = _own(ask)
    answer = {"resourceShareAssociations": [{**each, "status": "DISASSOCIATING"} for each in _associations_of(share, ask)]}
    for principal in ask.listed("principals"):
        share.principals.pop(principal, None)
        share.invitations = [each for each in share.invitations if each.account != principal]
    for arn in ask.listed("resourceArns"):
        share.resources.pop(arn, None)
    return answer


def associate_permission(ask: Ask) -> dict[str, Any]:
    """AssociateResourceSharePermission."""
    share, arn = _own(ask), str(ask.parameters["permissionArn"])
    if ask.parameters.get("replace"):
        share.permissions = []
    if arn not in share.permissions:
        share.permissions.append(arn)
    return {"returnValue": True}


def list_permissions_of(ask: Ask) -> dict[str, Any]:
    """ListResourceSharePermissions."""
    share = _visible(ask)
    shown = [
        {"arn": arn, "name": arn.rpartition("/")[2], "version": "1", "defaultVersion": True, "status": "ASSOCIATED"}
        for arn in share.permissions
    ]
    return {"permissions": shown}


def get_shares(ask: Ask) -> dict[str, Any]:
    """GetResourceShares: one's own, or those of others that one sees."""
    names, status = ask.listed("resourceShareArns"), ask.parameters.get("resourceShareStatus")
    found = [
        share
        for share in _shares(ask)
        if (not names or share.arn in names)
        and status in (None, share.status)
        and ask.parameters.get("name") in (None, share.name)
        and all(share.tags.get(each["tagKey"]) in each["tagValues"] for each in ask.parameters.get("tagFilters") or ())
    ]
    missing = [arn for arn in names if arn not in {share.arn for share in found}]
    if missing and len(names) == len(missing):
        raise ApiError("UnknownResourceException", f"ResourceShare {missing[0]} could not be found.")
    return {"resourceShares": [described(share) for share in found]}


def get_associations(ask: Ask) -> dict[str, Any]:
    """GetResourceShareAssociations, of one's own shares."""
    kind, names = ask.parameters.get("associationType"), ask.listed("resourceShareArns")
    if kind not in {"PRINCIPAL", "RESOURCE"}:
        raise ApiError(
            "InvalidParameterException", f"{kind} is not a valid association type. Specify either PRINCIPAL or RESOURCE and try again."
        )
    entity = ask.parameters.get("principal" if kind == "PRINCIPAL" else "resourceArn")
    found = [
        each
        for share in shares_of(ask.account, ask.region)
        if share.status == ACTIVE and (not names or share.arn in names)
        for each in associations(share, kind)
        if entity in (None, each["associatedEntity"]) and ask.parameters.get("associationStatus") in (None, each["status"])
    ]
    return {"resourceShareAssociations": found}


def list_resources(ask: Ask) -> dict[str, Any]:
    """ListResources: that one shares, or that others share with one."""
    names, arns = ask.listed("resourceShareArns"), ask.listed("resourceArns")
    found = [
        {"arn": arn, "type": _type(arn), "resourceShareArn": share.arn, "creationTime": at.timestamp(), "resourceRegionScope": "REGIONAL"}
        for share in _shares(ask)
        if share.status == ACTIVE and (not names or share.arn in names)
        for arn, at in share.resources.items()
        if (not arns or arn in arns) and ask.parameters.get("resourceType") in (None, _type(arn))
    ]
    return {"resources": found}


def list_principals(ask: Ask) -> dict[str, Any]:
    """ListPrincipals: whom one shares with, or who shares with one."""
    found = [
        {
            "id": who,
            "resourceShareArn": share.arn,
            "creationTime": at.timestamp(),
            "external": share.invitation(who) is not None,
        }
        for share in _shares(ask)
        if share.status == ACTIVE
        for who, at in (share.principals.items() if share.owner == ask.account else [(share.owner, share.created_at)])
    ]
    return {"principals": found}


def get_invitations(ask: Ask) -> dict[str, Any]:
    """GetResourceShareInvitations: those that one received."""
    wanted, names = ask.listed("resourceShareInvitationArns"), ask.listed("resourceShareArns")
    found = [
        described_invitation(share, invitation)
        for share, invitation in _invitations(ask)
        if (not wanted or invitation.arn in wanted) and (not names or share.arn in names)
    ]
    return {"resourceShareInvitations": found}


def answer_invitation(status: str) -> Callable[[Ask], dict[str, Any]]:
    """AcceptResourceShareInvitation, or RejectResourceShareInvitation."""

    def answer(ask: Ask) -> dict[str, Any]:
        wanted = ask.parameters["resourceShareInvitationArn"]
        for share, invitation in _invitations(ask):
            if invitation.arn == wanted:
                if invitation.status != PENDING:
                    code = f"ResourceShareInvitationAlready{invitation.status.capitalize()}Exception"
                    raise ApiError(code, f"The invitation {wanted} is {invitation.status} already.")
                invitation.status = status
                return {"resourceShareInvitation": described_invitation(share, invitation)}
        raise ApiError("ResourceShareInvitationArnNotFoundException", f"ResourceShareInvitation {wanted} could not be found.")

    return answer


def enable_organization(ask: Ask) -> dict[str, Any]:
    """EnableSharingWithAwsOrganization, by the management account."""
    if not ask.account or ask.account != ask.organization.management_account:
        raise ApiError(
            "OperationNotPermittedException",
            "Unable to enable sharing with AWS Organizations. Received AccessDeniedException from AWSOrganizations "
            "with the following error message: You don't have permissions to access this resource.",
        )
    ask.organization.trust(TRUSTED, on=True)
    return {"returnValue": True}


def tag(ask: Ask) -> dict[str, Any]:
    """TagResource."""
    _own(ask).tags.update({each["key"]: each["value"] for each in ask.parameters["tags"]})
    return {}


def untag(ask: Ask) -> dict[str, Any]:
    """UntagResource."""
    share = _own(ask)
    for key in ask.listed("tagKeys"):
        share.tags.pop(key, None)
    return {}


def _associate(ask: Ask, share: Share, principals: list[str], resources: list[str]) -> None:
    """Check everything before anything is written; raises ApiError."""
    for arn in resources:
        if not _RESOURCE.fullmatch(arn):
            raise ApiError("MalformedArnException", f"The specified resource ARN {arn} is not valid. Verify the ARN and try again.")
        if arn.split(":")[4] != ask.account or arn.split(":")[3] not in {"", ask.region}:
            raise ApiError("OperationNotPermittedException", f"The resource {arn} is not owned by account {ask.account} in {ask.region}.")
    vaults = [arn for arn in {*share.resources, *resources} if _VAULT in arn]
    for principal in principals:
        _check_principal(ask, share, principal, vaults)
    now = datetime.now(tz=UTC)
    for principal in principals:
        if principal not in share.principals and _needs_invitation(ask, principal):
            arn = f"arn:aws:ram:{ask.region}:{ask.account}:resource-share-invitation/{mock_random.uuid4()}"
            share.invitations.append(Invitation(arn=arn, account=principal, sent_at=now))
        share.principals.setdefault(principal, now)
    for arn in resources:
        share.resources.setdefault(arn, now)
    share.changed_at = now


def _check_principal(ask: Ask, share: Share, principal: str, vaults: list[str]) -> None:
    organization, unit = _ORGANIZATION.fullmatch(principal), _UNIT.fullmatch(principal)
    if organization or unit:
        trusted = ask.organization.is_trusted(TRUSTED)
        if unit and not (trusted and ask.organization.has_unit(unit[1])):
            raise ApiError("UnknownResourceException", f"OrganizationalUnit {unit[1]} could not be found.")
        if organization and not (trusted and organization[1] == ask.organization.organization_id):
            raise ApiError("UnknownResourceException", f"Organization {organization[1]} could not be found.")
        if vaults:
            raise ApiError("InvalidParameterException", f"The resource {vaults[0]} can be shared with accounts only, not with {principal}.")
    elif not _ACCOUNT.fullmatch(principal):
        raise ApiError("InvalidParameterException", f"Principal ID {principal} is malformed. Verify the ID and try again.")
    elif not share.external and _needs_invitation(ask, principal):
        raise ApiError(
            "OperationNotPermittedException",
            "The resource you are attempting to share can only be shared within your AWS Organization. "
            "This error may also occur if you have not enabled sharing with your AWS organization.",
        )


def _needs_invitation(ask: Ask, principal: str) -> bool:
    """Accounts of an organization that shares within itself see what is shared with them at once."""
    if not _ACCOUNT.fullmatch(principal):
        return False
    within = {ask.account, principal} <= set(ask.organization.accounts())
    return not (within and ask.organization.is_trusted(TRUSTED))


def _associations_of(share: Share, ask: Ask) -> list[dict[str, Any]]:
    named = {*ask.listed("principals"), *ask.listed("resourceArns")}
    return [each for kind in ("PRINCIPAL", "RESOURCE") for each in associations(share, kind) if each["associatedEntity"] in named]


def _invitations(ask: Ask) -> Iterator[tuple[Share, Invitation]]:
    for owner in list(ram_backends):
        for share in shares_of(owner, ask.region) if ask.region in ram_backends[owner] else ():
            yield from ((share, each) for each in share.invitations if each.account == ask.account and share.status == ACTIVE)


def _own(ask: Ask) -> Share:
    arn = ask.parameters.get("resourceShareArn")
    for share in shares_of(ask.account, ask.region):
        if share.arn == arn and share.status == ACTIVE:
            return share
    raise ApiError("UnknownResourceException", f"ResourceShare {arn} could not be found.")


def _visible(ask: Ask) -> Share:
    arn = ask.parameters.get("resourceShareArn")
    for share in (*shares_of(ask.account, ask.region), *shared_with(ask.account, ask.region, ask.organization)):
        if share.arn == arn:
            return share
    raise ApiError("UnknownResourceException", f"ResourceShare {arn} could not be found.")


def _shares(ask: Ask) -> list[Share]:
    match ask.parameters.get("resourceOwner"):
        case "SELF":
            return shares_of(ask.account, ask.region)
        case "OTHER-ACCOUNTS":
            return list(shared_with(ask.account, ask.region, ask.organization))
        case owner:
            raise ApiError(
                "InvalidParameterException",
                f"{owner} is not a valid resource owner. Specify either SELF or OTHER-ACCOUNTS and try again.",
            )


def _type(arn: str) -> str:
    return "backup:BackupVault" if _VAULT in arn else ":".join(arn.split(":")[2:6:3])


OPERATIONS: Mapping[str, Callable[[Ask], dict[str, Any]]] = {
    "AcceptResourceShareInvitation": answer_invitation(ACCEPTED),
    "AssociateResourceShare": associate,
    "AssociateResourceSharePermission": associate_permission,
    "CreateResourceShare": create_share,
    "DeleteResourceShare": delete_share,
    "DisassociateResourceShare": disassociate,
    "EnableSharingWithAwsOrganization": enable_organization,
    "GetResourceShareAssociations": get_associations,
    "GetResourceShareInvitations": get_invitations,
    "GetResourceShares": get_shares,
    "ListPrincipals": list_principals,
    "ListResourceSharePermissions": list_permissions_of,
    "ListResources": list_resources,
    "RejectResourceShareInvitation": answer_invitation(REJECTED),
    "TagResource": tag,
    "UntagResource": untag,
    "UpdateResourceShare": update_share,
}
