"""Operations on the organization itself, its units and its accounts."""

import re
from datetime import datetime, timedelta
from typing import Any

from strongroom import facts
from strongroom.twin.organizations import fullaccess
from strongroom.twin.organizations.calls import Call, invalid, page, seconds, violates
from strongroom.twin.organizations.state import Account, State, Unit
from strongroom.twin.ports import ApiError

DEPTH_MAX = 5  # OUs below the root: orgs_reference_limits
_PARENT = re.compile(r"r-[0-9a-z]{4,32}|ou-[0-9a-z]{4,32}-[a-z0-9]{8,32}")


def described(state: State, account: Account) -> dict[str, Any]:
    """An account as AWS describes it."""
    return {
        "Id": account.id,
        "Arn": state.arn("account", account.id),
        "Email": account.email,
        "Name": account.name,
        "Status": account.status,
        "State": account.status,
        "Paths": [f"{state.path(account.id)}{account.id}/"],
        "JoinedMethod": account.joined_method,
        "JoinedTimestamp": seconds(account.joined_at),
    }


def described_unit(state: State, unit: Unit) -> dict[str, Any]:
    """An organizational unit as AWS describes it."""
    return {"Id": unit.id, "Arn": state.arn("ou", unit.id), "Name": unit.name}


def described_root(state: State) -> dict[str, Any]:
    """The root as AWS describes it."""
    return {
        "Id": state.root_id,
        "Arn": state.arn("root", state.root_id),
        "Name": "Root",
        "PolicyTypes": [{"Type": name, "Status": "ENABLED"} for name in state.policy_types],
    }


def describe_organization(state: State, _call: Call) -> dict[str, Any]:
    """DescribeOrganization, for every member."""
    return {
        "Organization": {
            "Id": state.id,
            "Arn": f"arn:aws:organizations::{state.management}:organization/{state.id}",
            "FeatureSet": state.feature_set,
            "MasterAccountArn": state.arn("account", state.management),
            "MasterAccountId": state.management,
            "MasterAccountEmail": state.accounts[state.management].email,
            "AvailablePolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}],
        }
    }


def list_roots(state: State, call: Call) -> dict[str, Any]:
    """ListRoots: there is one."""
    return page(call, "Roots", [described_root(state)])


def create_organizational_unit(state: State, call: Call) -> dict[str, Any]:
    """CreateOrganizationalUnit; names are unique among siblings, nesting is limited."""
    parent, name = state.parent(call.text("ParentId")), call.text("Name")
    if any(unit.parent_id == parent.id and unit.name == name for unit in state.units.values()):
        raise ApiError("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
    if len(state.line(parent.id)) > DEPTH_MAX:
        raise violates("You have exceeded the maximum depth of organizational units.", "OU_DEPTH_LIMIT_EXCEEDED")
    unit = Unit(id=state.new_id(f"ou-{state.root_id[2:]}-"), name=name, parent_id=parent.id, tags=call.tags())
    state.units[unit.id] = unit
    state.attachments[unit.id] = fullaccess.attached_to_new(state)
    return {"OrganizationalUnit": described_unit(state, unit)}


def update_organizational_unit(state: State, call: Call) -> dict[str, Any]:
    """UpdateOrganizationalUnit: a new name."""
    unit = state.unit(call.text("OrganizationalUnitId"))
    name = call.parameters.get("Name") or unit.name
    if any(other.parent_id == unit.parent_id and other.name == name and other is not unit for other in state.units.values()):
        raise ApiError("DuplicateOrganizationalUnitException", "An OU with the same name already exists.")
    unit.name = name
    return {"OrganizationalUnit": described_unit(state, unit)}


def delete_organizational_unit(state: State, call: Call) -> dict[str, Any]:
    """DeleteOrganizationalUnit: only an empty one; its attachments go with it."""
    unit = state.unit(call.text("OrganizationalUnitId"))
    parents = {node.parent_id for node in state.units.values()} | {account.parent_id for account in state.accounts.values()}
    if unit.id in parents:
        raise ApiError(
            "OrganizationalUnitNotEmptyException",
            "The specified OU is not empty. Move all accounts to another root or to other OUs, remove all child OUs, and try again.",
        )
    del state.units[unit.id]
    state.attachments.pop(unit.id, None)
    return {}


def describe_organizational_unit(state: State, call: Call) -> dict[str, Any]:
    """DescribeOrganizationalUnit."""
    return {"OrganizationalUnit": described_unit(state, state.unit(call.text("OrganizationalUnitId")))}


def list_organizational_units_for_parent(state: State, call: Call) -> dict[str, Any]:
    """ListOrganizationalUnitsForParent: direct children only."""
    parent = state.parent(call.text("ParentId"))
    units = [described_unit(state, unit) for unit in state.units.values() if unit.parent_id == parent.id]
    return page(call, "OrganizationalUnits", units)


def list_accounts(state: State, call: Call) -> dict[str, Any]:
    """ListAccounts in the order in which they joined."""
    return page(call, "Accounts", [described(state, account) for account in state.accounts.values()])


def list_accounts_for_parent(state: State, call: Call) -> dict[str, Any]:
    """ListAccountsForParent: direct children only."""
    parent = state.parent(call.text("ParentId"))
    return page(call, "Accounts", [described(state, each) for each in state.accounts.values() if each.parent_id == parent.id])


def describe_account(state: State, call: Call) -> dict[str, Any]:
    """DescribeAccount."""
    return {"Account": described(state, state.account(call.text("AccountId")))}


def list_parents(state: State, call: Call) -> dict[str, Any]:
    """ListParents: the one parent of an account or unit."""
    child = call.text("ChildId")
    node: Unit | Account | None = state.accounts.get(child) or state.units.get(child)
    if node is None or not node.parent_id:
        raise ApiError("ChildNotFoundException", "You specified a child that doesn't exist.")
    parent = state.units[node.parent_id]
    return page(call, "Parents", [{"Id": parent.id, "Type": "ROOT" if parent.is_root else "ORGANIZATIONAL_UNIT"}])


def list_children(state: State, call: Call) -> dict[str, Any]:
    """ListChildren of one type."""
    parent, kind = state.parent(call.text("ParentId")), call.text("ChildType")
    if kind not in {"ACCOUNT", "ORGANIZATIONAL_UNIT"}:
        raise invalid("You specified an invalid value.", "INVALID_ENUM")
    nodes: tuple[Unit | Account, ...] = tuple(state.accounts.values()) if kind == "ACCOUNT" else tuple(state.units.values())
    return page(call, "Children", [{"Id": node.id, "Type": kind} for node in nodes if node.parent_id == parent.id])


def move_account(state: State, call: Call) -> dict[str, Any]:
    """MoveAccount between the root and units."""
    account = state.account(call.text("AccountId"))
    source, destination = call.text("SourceParentId"), call.text("DestinationParentId")
    for parent in (source, destination):
        if not _PARENT.fullmatch(parent):
            raise invalid("You specified an invalid value.", "INVALID_PATTERN")
    if source not in state.units or account.parent_id != source:
        raise ApiError("SourceParentNotFoundException", "You specified a source parent that doesn't exist.")
    if destination not in state.units:
        raise ApiError("DestinationParentNotFoundException", "You specified a destination container that doesn't exist.")
    if source == destination:
        raise ApiError("DuplicateAccountException", "The specified account is already present in the specified destination.")
    account.parent_id = destination
    return {}


def join(state: State, account: Account) -> None:
    """Let an account in, with the policies that every account gets."""
    state.accounts[account.id] = account
    state.attachments[account.id] = fullaccess.attached_to_new(state)


def create_account(state: State, call: Call) -> dict[str, Any]:
    """CreateAccount: the id is chosen here; done at once."""
    account = Account(
        id="".join(state.ids.choices("0123456789", k=12)),
        name=call.text("AccountName"),
        email=call.text("Email"),
        parent_id=state.root_id,
        joined_method="CREATED",
        joined_at=call.now,
        tags=call.tags(),
    )
    join(state, account)
    request = state.new_id("car-")
    state.creations[request] = account.id
    return {"CreateAccountStatus": _creation(state, request)}


def describe_create_account_status(state: State, call: Call) -> dict[str, Any]:
    """DescribeCreateAccountStatus."""
    request = call.text("CreateAccountRequestId")
    if request not in state.creations:
        raise ApiError(
            "CreateAccountStatusNotFoundException", "We can't find an create account request with the CreateAccountRequestId you specified."
        )
    return {"CreateAccountStatus": _creation(state, request)}


def list_create_account_status(state: State, call: Call) -> dict[str, Any]:
    """ListCreateAccountStatus; every request has succeeded."""
    states = call.parameters.get("States") or ["SUCCEEDED"]
    found = [_creation(state, request) for request in state.creations] if "SUCCEEDED" in states else []
    return page(call, "CreateAccountStatuses", found)


def close_account(state: State, call: Call) -> dict[str, Any]:
    """CloseAccount: the account stays as SUSPENDED."""
    account = state.account(call.text("AccountId"))
    if account.id == state.management:
        raise violates("You can't close the management account.", "CANNOT_CLOSE_MANAGEMENT_ACCOUNT")
    if account.status != "ACTIVE":
        raise ApiError("AccountAlreadyClosedException", "You attempted to close an account that is already closed.")
    since = call.now - timedelta(days=facts.limit("account_closures_window_days").value)
    closed = sum(each.closed_at is not None and each.closed_at > since for each in state.accounts.values())
    share = (len(state.accounts) - 1) * facts.limit("account_closures_percent").value // 100
    if closed >= min(max(share, facts.limit("account_closures_min").value), facts.limit("account_closures_max").value):
        raise violates("You have exceeded the number of accounts that you can close in 30 days.", "CLOSE_ACCOUNT_QUOTA_EXCEEDED")
    account.status, account.closed_at = "SUSPENDED", call.now
    return {}


def end_closed(state: State, now: datetime) -> tuple[str, ...]:
    """Let accounts go that were closed long enough ago: they are members no more, and nobody reopens them. Returns which."""
    kept = timedelta(days=facts.limit("account_closure_days").value)
    gone = tuple(each.id for each in state.accounts.values() if each.closed_at is not None and each.closed_at + kept <= now)
    for account in gone:
        del state.accounts[account]
        state.attachments.pop(account, None)
        state.delegations.pop(account, None)
        state.ended.add(account)
    return gone


def remove_account(state: State, call: Call) -> dict[str, Any]:
    """RemoveAccountFromOrganization, by the management account."""
    account = state.account(call.text("AccountId"))
    if account.id == state.management:
        raise ApiError(
            "MasterCannotLeaveOrganizationException",
            "You can't remove a management account from an organization. "
            "If you want the management account to become a member account in another organization, "
            "you must first delete the current organization of the management account.",
        )
    if account.id in state.delegations:
        raise violates(
            "You can't remove a delegated administrator from the organization. Deregister it for every service first.",
            "CANNOT_REMOVE_DELEGATED_ADMINISTRATOR_FROM_ORG",
        )
    least = timedelta(days=facts.limit("created_account_removal_days").value)
    if account.joined_method == "CREATED" and call.now < account.joined_at + least:
        raise violates(
            "You must wait until at least seven days after the account was created before it can leave the organization.",
            "WAIT_PERIOD_ACTIVE",
        )
    del state.accounts[account.id]
    state.attachments.pop(account.id, None)
    return {}


def leave_organization(state: State, call: Call) -> dict[str, Any]:
    """LeaveOrganization, by the member itself."""
    return remove_account(state, Call(account=state.management, now=call.now, parameters={"AccountId": call.account}))


def _creation(state: State, request: str) -> dict[str, Any]:
    account = state.accounts.get(state.creations[request])
    answer: dict[str, Any] = {"Id": request, "State": "SUCCEEDED", "AccountId": state.creations[request]}
    if account is not None:
        at = seconds(account.joined_at)
        answer |= {"AccountName": account.name, "RequestedTimestamp": at, "CompletedTimestamp": at}
    return answer
