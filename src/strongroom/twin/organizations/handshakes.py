"""Invitations: the honest way to an account with a given id."""

from datetime import timedelta
from typing import Any

from strongroom.twin.organizations import tree
from strongroom.twin.organizations.calls import Call, invalid, page, seconds
from strongroom.twin.organizations.state import Account, Handshake, State
from strongroom.twin.ports import ApiError

EXPIRES_AFTER = timedelta(days=15)
_ACCOUNT_DIGITS = 12


def described(state: State, handshake: Handshake) -> dict[str, Any]:
    """A handshake as AWS describes it."""
    management = state.accounts[state.management]
    return {
        "Id": handshake.id,
        "Arn": state.arn("handshake", "invite", handshake.id),
        "Parties": [{"Id": state.id[2:], "Type": "ORGANIZATION"}, {"Id": handshake.account, "Type": "ACCOUNT"}],
        "State": handshake.state,
        "RequestedTimestamp": seconds(handshake.requested_at),
        "ExpirationTimestamp": seconds(handshake.expires_at),
        "Action": "INVITE",
        "Resources": [
            {
                "Value": state.id,
                "Type": "ORGANIZATION",
                "Resources": [
                    {"Type": "MASTER_EMAIL", "Value": management.email},
                    {"Type": "MASTER_NAME", "Value": management.name},
                    {"Type": "ORGANIZATION_FEATURE_SET", "Value": state.feature_set},
                ],
            },
            {"Type": "ACCOUNT", "Value": handshake.account},
            {"Type": "NOTES", "Value": handshake.notes},
        ],
    }


def invite_account(state: State, call: Call) -> dict[str, Any]:
    """InviteAccountToOrganization for an account id; the twin knows no accounts by e-mail."""
    target = call.parameters.get("Target") or {}
    account = str(target.get("Id", ""))
    if target.get("Type") != "ACCOUNT":
        raise invalid("You specified an invalid value.", "INVALID_PARTY_TYPE_TARGET")
    if len(account) != _ACCOUNT_DIGITS or not account.isdigit():
        raise invalid("You specified an invalid value.", "INVALID_PATTERN_TARGET_ID")
    if account in state.accounts:
        raise ApiError(
            "HandshakeConstraintViolationException",
            "The specified account is already a member of an organization.",
            Reason="ALREADY_IN_AN_ORGANIZATION",
        )
    if any(each.account == account and each.state == "OPEN" and each.expires_at > call.now for each in state.handshakes.values()):
        raise ApiError(
            "DuplicateHandshakeException",
            "A handshake with the same action and target already exists. For example, "
            "if you invited an account to join your organization, the invited account might already have a pending invitation "
            "from this organization.",
        )
    handshake = Handshake(
        id=state.new_id("h-", 32),
        account=account,
        state="OPEN",
        requested_at=call.now,
        expires_at=call.now + EXPIRES_AFTER,
        notes=str(call.parameters.get("Notes") or ""),
        tags=call.tags(),
    )
    state.handshakes[handshake.id] = handshake
    return {"Handshake": described(state, handshake)}


def accept_handshake(state: State, call: Call, *, name: str, email: str) -> dict[str, Any]:
    """AcceptHandshake by the invited account, which joins the root.

    AWS knows the account's own name; an account of the twin that nobody introduced is called what its invitation notes.
    """
    handshake = _open(state, call)
    if handshake.account != call.account:
        raise denied()
    if call.account in state.accounts:
        raise ApiError(
            "HandshakeConstraintViolationException",
            "The specified account is already a member of an organization.",
            Reason="ALREADY_IN_AN_ORGANIZATION",
        )
    handshake.state = "ACCEPTED"
    tree.join(
        state,
        Account(
            id=call.account,
            name=name or handshake.notes or f"account-{call.account}",
            email=email,
            parent_id=state.root_id,
            joined_method="INVITED",
            joined_at=call.now,
            tags=dict(handshake.tags),
        ),
    )
    return {"Handshake": described(state, handshake)}


def decline_handshake(state: State, call: Call) -> dict[str, Any]:
    """DeclineHandshake by the invited account."""
    handshake = _open(state, call)
    if handshake.account != call.account:
        raise denied()
    handshake.state = "DECLINED"
    return {"Handshake": described(state, handshake)}


def cancel_handshake(state: State, call: Call) -> dict[str, Any]:
    """CancelHandshake by the management account."""
    handshake = _open(state, call)
    handshake.state = "CANCELED"
    return {"Handshake": described(state, handshake)}


def describe_handshake(state: State, call: Call) -> dict[str, Any]:
    """DescribeHandshake by one of its parties."""
    handshake = _find(state, call)
    if call.account not in {handshake.account, state.management}:
        raise denied()
    return {"Handshake": described(state, handshake)}


def list_handshakes_for_account(state: State, call: Call) -> dict[str, Any]:
    """ListHandshakesForAccount: those of the caller."""
    return page(call, "Handshakes", [described(state, each) for each in state.handshakes.values() if each.account == call.account])


def list_handshakes_for_organization(state: State, call: Call) -> dict[str, Any]:
    """ListHandshakesForOrganization."""
    return page(call, "Handshakes", [described(state, each) for each in state.handshakes.values()])


def denied() -> ApiError:
    """AWS's refusal of a caller who has no business here."""
    return ApiError("AccessDeniedException", "You don't have permissions to access this resource.")


def _find(state: State, call: Call) -> Handshake:
    handshake = state.handshakes.get(call.text("HandshakeId"))
    if handshake is None:
        raise ApiError("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")
    if handshake.state == "OPEN" and handshake.expires_at <= call.now:
        handshake.state = "EXPIRED"
    return handshake


def _open(state: State, call: Call) -> Handshake:
    handshake = _find(state, call)
    if handshake.state == "ACCEPTED":
        raise ApiError("HandshakeAlreadyInStateException", "The specified handshake is already in the requested state.")
    if handshake.state != "OPEN":
        raise ApiError(
            "InvalidHandshakeTransitionException",
            f"You can't perform the operation on the handshake in its current state: {handshake.state}.",
        )
    return handshake
