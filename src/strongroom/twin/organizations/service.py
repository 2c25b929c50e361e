"""AWS Organizations of the twin: dispatches operations, and answers what other services ask of it."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from threading import RLock
from typing import Any

from strongroom.twin.organizations import access, delegation, effective, fullaccess, handshakes, policies, tree
from strongroom.twin.organizations.calls import Call
from strongroom.twin.organizations.state import Account, State
from strongroom.twin.organizations.syntax import TAG_POLICY
from strongroom.twin.ports import ApiError

Operation = Callable[[State, Call], dict[str, Any]]
Moved = Callable[[str, str, str], None]  # account, unit it left, unit it came to; empty: outside of the organization

READS: Mapping[str, Operation] = {
    "DescribeOrganization": tree.describe_organization,
    "ListRoots": tree.list_roots,
    "DescribeOrganizationalUnit": tree.describe_organizational_unit,
    "ListOrganizationalUnitsForParent": tree.list_organizational_units_for_parent,
    "ListAccounts": tree.list_accounts,
    "ListAccountsForParent": tree.list_accounts_for_parent,
    "DescribeAccount": tree.describe_account,
    "ListParents": tree.list_parents,
    "ListChildren": tree.list_children,
    "DescribeCreateAccountStatus": tree.describe_create_account_status,
    "ListCreateAccountStatus": tree.list_create_account_status,
    "DescribeHandshake": handshakes.describe_handshake,
    "ListHandshakesForAccount": handshakes.list_handshakes_for_account,
    "ListHandshakesForOrganization": handshakes.list_handshakes_for_organization,
    "DescribePolicy": policies.describe_policy,
    "ListPolicies": policies.list_policies,
    "ListPoliciesForTarget": policies.list_policies_for_target,
    "ListTargetsForPolicy": policies.list_targets_for_policy,
    "ListTagsForResource": policies.list_tags_for_resource,
    "ListAWSServiceAccessForOrganization": delegation.list_service_access,
    "ListDelegatedAdministrators": delegation.list_administrators,
    "ListDelegatedServicesForAccount": delegation.list_services_for_account,
    "DescribeResourcePolicy": delegation.describe_resource_policy,
}
WRITES: Mapping[str, Operation] = {
    "CreateOrganizationalUnit": tree.create_organizational_unit,
    "UpdateOrganizationalUnit": tree.update_organizational_unit,
    "DeleteOrganizationalUnit": tree.delete_organizational_unit,
    "MoveAccount": tree.move_account,
    "CreateAccount": tree.create_account,
    "CloseAccount": tree.close_account,
    "RemoveAccountFromOrganization": tree.remove_account,
    "LeaveOrganization": tree.leave_organization,
    "InviteAccountToOrganization": handshakes.invite_account,
    "DeclineHandshake": handshakes.decline_handshake,
    "CancelHandshake": handshakes.cancel_handshake,
    "CreatePolicy": policies.create_policy,
    "UpdatePolicy": policies.update_policy,
    "DeletePolicy": policies.delete_policy,
    "AttachPolicy": policies.attach_policy,
    "DetachPolicy": policies.detach_policy,
    "TagResource": policies.tag_resource,
    "UntagResource": policies.untag_resource,
    "EnableAWSServiceAccess": delegation.enable_service_access,
    "DisableAWSServiceAccess": delegation.disable_service_access,
    "RegisterDelegatedAdministrator": delegation.register,
    "DeregisterDelegatedAdministrator": delegation.deregister,
    "PutResourcePolicy": delegation.put_resource_policy,
    "DeleteResourcePolicy": delegation.delete_resource_policy,
}


class Organizations:
    """The one organization of a twin; implements `ports.OrganizationView`.

    Thread-safe. Those who listen for moved accounts are called after the lock is released, so that they may call other services.
    """

    def __init__(self) -> None:
        self.state: State | None = None
        self._effective = effective.EffectivePolicies()
        self._generation = 0
        self._lock = RLock()
        self._listeners: list[Moved] = []
        self.made: Callable[[str, str, str], None] = lambda *_: None  # called with management account, new account, role
        self._names: dict[str, tuple[str, str]] = {}
        self._controls: dict[object, Any] = {}  # of one generation

    def introduce(self, account: str, *, name: str, email: str) -> None:
        """Say what an account outside of the organization is called; it brings both along when it joins."""
        with self._lock:
            self._names[account] = (name, email)
            if self.state is not None and account in self.state.accounts:
                self.state.accounts[account].name, self.state.accounts[account].email = name, email

    def listen(self, moved: Moved) -> None:
        """Call `moved` whenever an account joins, moves or leaves."""
        self._listeners.append(moved)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self.state = None
            self._effective = effective.EffectivePolicies()
            self._generation += 1

    def call(self, account: str, operation: str, parameters: Mapping[str, Any], *, principal: str = "") -> dict[str, Any]:
        """Do one operation for a caller, of whom the principal may be known; raises ApiError."""
        call = Call(account=account, now=datetime.now(tz=UTC), parameters=parameters, principal=principal)
        self._end_closed(call.now)
        with self._lock:
            access.check(self.state, call, operation)
            before = self._places()
            answer = self._do(operation, call)
            moves = [] if operation in READS else self._moves(before)
        for move in moves:
            for listener in self._listeners:
                listener(*move)
        return answer

    @property
    def generation(self) -> int:
        """Grows with every change."""
        return self._generation

    @property
    def organization_id(self) -> str:
        """`o-…`, or an empty string."""
        return self.state.id if self.state else ""

    @property
    def management_account(self) -> str:
        """The management account, or an empty string."""
        return self.state.management if self.state else ""

    def accounts(self) -> tuple[str, ...]:
        """Ids of all ACTIVE accounts."""
        with self._lock:
            members = self.state.accounts.values() if self.state else ()
            return tuple(account.id for account in members if account.status == "ACTIVE")

    def is_closed(self, account: str) -> bool:
        """Whether an account was closed; False for strangers."""
        if self.state is None:
            return False
        known = self.state.accounts.get(account)
        return account in self.state.ended if known is None else known.status == "SUSPENDED"

    def accounts_below(self, target: str) -> tuple[str, ...]:
        """Ids of the ACTIVE accounts in a root or unit and its nested units; KeyError-free: unknown targets have none."""
        with self._lock:
            state = self.state
            if state is None or target not in state.units:
                return ()
            return tuple(each for each in state.below(target) if state.accounts[each].status == "ACTIVE")

    def accounts_in(self, unit: str) -> tuple[str, ...]:
        """Ids of the accounts directly in a root or unit, closed ones too."""
        with self._lock:
            members = self.state.accounts.values() if self.state else ()
            return tuple(account.id for account in members if account.parent_id == unit)

    def parent_of(self, unit: str) -> str:
        """The id of the root or unit above a unit; empty for the root and for strangers."""
        with self._lock:
            found = self.state.units.get(unit) if self.state else None
            return found.parent_id if found else ""

    def unit_below(self, parent: str, name: str) -> str:
        """The id of the unit of a name directly below a root or unit; empty without one."""
        with self._lock:
            units = self.state.units.values() if self.state else ()
            return next((unit.id for unit in units if unit.parent_id == parent and unit.name == name), "")

    def line_of(self, account: str) -> tuple[str, ...]:
        """Ids of root and units from the top down to the account's parent; empty for strangers."""
        with self._lock:
            if self.state is None or account not in self.state.accounts:
                return ()
            return self.state.line(account)[:-1]

    def path_of(self, account: str) -> str:
        """The account's path `o-…/r-…/ou-…/`; an empty string for strangers."""
        with self._lock:
            if self.state is None or account not in self.state.accounts:
                return ""
            return self.state.path(account)

    def controls_above(self, account: str, kind: str) -> tuple[tuple[str, tuple[tuple[str, str], ...]], ...]:
        """The control policies of a kind, by name and text, at each place from the root down to an account; () where none reach it."""
        with self._lock:
            state = self.state
            if state is None or account not in state.accounts or account == state.management or kind not in state.policy_types:
                return ()
            if self._controls.get("generation") != self._generation:
                self._controls = {"generation": self._generation}
            if (account, kind) not in self._controls:
                self._controls[account, kind] = tuple((place, _controls_at(state, place, kind)) for place in state.line(account))
            found: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = self._controls[account, kind]
            return found

    def effective_backup_policy(self, account: str) -> Mapping[str, Any] | None:
        """The last valid effective backup policy, or None."""
        with self._lock:
            return self._effective.valid(account)

    def effective_tag_policy(self, account: str) -> Mapping[str, Any] | None:
        """The effective tag policy, or None."""
        with self._lock:
            found = self._effective.of(TAG_POLICY, account)
            return found.valid if found else None

    def is_trusted(self, service: str) -> bool:
        """Whether trusted access of a service principal is on."""
        return self.state is not None and service in self.state.services

    def is_delegated_administrator(self, account: str, service: str) -> bool:
        """Whether an account administers a service."""
        return self.state is not None and service in self.state.delegations.get(account, {})

    def has_unit(self, target: str) -> bool:
        """Whether a root or unit of this id exists."""
        return self.state is not None and target in self.state.units

    def trust(self, service: str, *, on: bool) -> None:
        """Switch trusted access on behalf of a service, as CloudFormation's ActivateOrganizationsAccess does."""
        with self._lock:
            if self.state is None:
                return
            if on:
                self.state.services.setdefault(service, datetime.now(tz=UTC))
            else:
                self.state.services.pop(service, None)
            self._generation += 1

    def _end_closed(self, now: datetime) -> None:
        """Let accounts leave that were closed long ago, as if somebody had removed them."""
        with self._lock:
            before = self._places()
            gone = tree.end_closed(self.state, now) if self.state else ()
            if not gone or self.state is None:
                return
            self._generation += 1
            self._effective.refresh(self.state, gone, now)
            moves = self._moves(before)
        for move in moves:
            for listener in self._listeners:
                listener(*move)

    def _do(self, operation: str, call: Call) -> dict[str, Any]:
        if operation == "CreateOrganization":
            return self._create(call)
        if operation == "DeleteOrganization":
            return self._delete()
        if self.state is None and operation == "ListHandshakesForAccount":
            return {"Handshakes": []}
        state = self._state_for(operation)
        if operation in _EFFECTIVE:
            return _EFFECTIVE[operation](state, call, self._effective)
        if operation in READS:
            return READS[operation](state, call)
        affected = set(self._affected(state, call, operation))
        if operation == "AcceptHandshake":
            name, email = self._names.get(call.account, ("", f"account-{call.account}@example.com"))
            answer = handshakes.accept_handshake(state, call, name=name, email=email)
        elif operation in _POLICY_TYPE:
            _POLICY_TYPE[operation](state, call)
            answer = {"Root": tree.described_root(state)}
        elif operation in WRITES:
            answer = WRITES[operation](state, call)
            if operation == "CreateAccount":
                self.made(state.management, answer["CreateAccountStatus"]["AccountId"], str(call.parameters.get("RoleName") or ""))
        else:
            raise ApiError("UnknownOperationException", f"the twin does not know the operation {operation}")
        self._generation += 1
        self._effective.refresh(state, sorted(affected | set(self._affected(state, call, operation))), call.now)
        return answer

    def _state_for(self, operation: str) -> State:
        if self.state is None and operation in access.EVERYBODY:
            raise ApiError("HandshakeNotFoundException", "We can't find a handshake with the HandshakeId that you specified.")
        assert self.state is not None  # noqa: S101  access.check has refused
        return self.state

    def _create(self, call: Call) -> dict[str, Any]:
        if self.state is not None:
            if call.account in self.state.accounts:
                raise ApiError("AlreadyInOrganizationException", "The provided account is already a member of an organization.")
            raise ApiError("ConstraintViolationException", "the twin holds one organization, and it exists already")
        state = State.begin(call.account, str(call.parameters.get("FeatureSet") or "ALL"), call.now)
        name, email = self._names.get(call.account, ("management", f"account-{call.account}@example.com"))
        state.policy_types.append(fullaccess.SERVICE_CONTROL)
        fullaccess.attach_everywhere(state, fullaccess.SERVICE_CONTROL)
        tree.join(
            state,
            Account(
                id=call.account,
                name=name,
                email=email,
                parent_id=state.root_id,
                joined_method="INVITED",
                joined_at=call.now,
            ),
        )
        self.state = state
        self._generation += 1
        return tree.describe_organization(state, call)

    def _delete(self) -> dict[str, Any]:
        if self.state is not None and len(self.state.accounts) > 1:
            raise ApiError(
                "OrganizationNotEmptyException",
                "The organization isn't empty. "
                "To delete an organization, you must first remove all accounts except the management account.",
            )
        self.reset()
        return {}

    def _affected(self, state: State, call: Call, operation: str) -> tuple[str, ...]:
        """Accounts whose effective policy a write can change, as the organization is right now."""
        parameters = call.parameters
        if operation in {"AcceptHandshake", "LeaveOrganization"}:
            return (call.account,)
        if operation in {"MoveAccount", "RemoveAccountFromOrganization"}:
            return (str(parameters.get("AccountId")),)
        if operation in {"AttachPolicy", "DetachPolicy"}:
            target = str(parameters.get("TargetId"))
            return state.below(target) if target in state.units or target in state.accounts else ()
        if operation == "UpdatePolicy":
            targets = [target for target, attached in state.attachments.items() if parameters.get("PolicyId") in attached]
            return tuple(account for target in targets for account in state.below(target))
        if operation in _POLICY_TYPE or operation == "CreateAccount":
            return tuple(state.accounts)
        return ()

    def _places(self) -> dict[str, str]:
        return {account.id: account.parent_id for account in self.state.accounts.values()} if self.state else {}

    def _moves(self, before: Mapping[str, str]) -> list[tuple[str, str, str]]:
        after = self._places()
        accounts = [*before, *(account for account in after if account not in before)]
        moves = [(account, before.get(account, ""), after.get(account, "")) for account in accounts]
        return [move for move in moves if move[1] != move[2]]


def _controls_at(state: State, place: str, kind: str) -> tuple[tuple[str, str], ...]:
    attached = (state.policies[each] for each in state.attachments.get(place, ()))
    return tuple((f"{kind.lower().replace('_', ' ')} {policy.name}", policy.content) for policy in attached if policy.type == kind)


_EFFECTIVE: Mapping[str, Callable[[State, Call, effective.EffectivePolicies], dict[str, Any]]] = {
    "DescribeEffectivePolicy": effective.describe_effective_policy,
    "ListAccountsWithInvalidEffectivePolicy": effective.list_accounts_with_invalid_policy,
    "ListEffectivePolicyValidationErrors": effective.list_validation_errors,
}
_POLICY_TYPE: Mapping[str, Callable[[State, Call], None]] = {
    "EnablePolicyType": policies.enable_policy_type,
    "DisablePolicyType": policies.disable_policy_type,
}
