"""The effective policies of each account, of every type that is inherited by operators, kept up to date with every change.

An account whose new effective policy is invalid stays on its last valid one until it is repaired
(invalid-policy-alerts), so policies are evaluated when something changes, not when somebody asks.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from strongroom.semantics import policies as semantics
from strongroom.twin.organizations.calls import Call, invalid, page, seconds
from strongroom.twin.organizations.fullaccess import RESOURCE_CONTROL, SERVICE_CONTROL
from strongroom.twin.organizations.policies import BACKUP, check_type
from strongroom.twin.organizations.state import State
from strongroom.twin.organizations.tree import described
from strongroom.twin.ports import ApiError

_NOT_MERGED = frozenset({SERVICE_CONTROL, RESOURCE_CONTROL})


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What an account has: its last valid policy, and what is wrong with the newest one."""

    valid: Mapping[str, Any] | None
    problems: tuple[semantics.PolicyProblem, ...]
    updated_at: datetime  # of the valid policy
    evaluated_at: datetime


@dataclass(slots=True)
class EffectivePolicies:
    """Effective policies by type and account."""

    entries: dict[str, dict[str, Effective]] = field(default_factory=dict)

    def refresh(self, state: State, accounts: Iterable[str], now: datetime) -> None:
        """Evaluate some accounts again; those that left are forgotten."""
        kinds = {kind for kind in state.policy_types if kind not in _NOT_MERGED} | self.entries.keys()
        for account in accounts:
            for kind in sorted(kinds):
                of_kind = self.entries.setdefault(kind, {})
                if account in state.accounts:
                    of_kind[account] = _evaluated(state, kind, account, of_kind.get(account), now)
                else:
                    of_kind.pop(account, None)

    def of(self, kind: str, account: str) -> Effective | None:
        """What an account has of a type."""
        return self.entries.get(kind, {}).get(account)

    def valid(self, account: str) -> Mapping[str, Any] | None:
        """The last valid effective backup policy, or None."""
        entry = self.of(BACKUP, account)
        return entry.valid if entry else None


def _evaluated(state: State, kind: str, account: str, before: Effective | None, now: datetime) -> Effective:
    # `$account` is filled in backup policies only: elsewhere it is a text like any other.
    merged = semantics.effective(levels(state, kind, account), account if kind == BACKUP else "$account")
    problems = semantics.problems(merged) if merged is not None and kind == BACKUP else ()
    valid = merged if not problems else before.valid if before else None
    unchanged = before is not None and before.valid == valid
    return Effective(
        valid=valid,
        problems=tuple(problems),
        updated_at=before.updated_at if before is not None and unchanged else now,
        evaluated_at=now,
    )


def levels(state: State, kind: str, account: str) -> list[list[dict[str, Any]]]:
    """Policies of a type from the root down to an account, each level in order of attachment."""
    if kind not in state.policy_types:
        return []
    return [[json.loads(state.policies[each].content) for each in _attached(state, kind, node)] for node in state.line(account)]


def describe_effective_policy(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """DescribeEffectivePolicy of an account; operators are gone from its content."""
    kind = _merged_type(call)
    target = call.parameters.get("TargetId") or call.account
    if target in state.units:
        raise invalid("You specified an invalid value.", "INVALID_PATTERN_TARGET_ID")
    state.target(target)
    entry = known.of(kind, target)
    if entry is None or entry.valid is None:
        raise _none()
    return {
        "EffectivePolicy": {
            "PolicyContent": json.dumps(entry.valid),
            "LastUpdatedTimestamp": seconds(entry.updated_at),
            "TargetId": target,
            "PolicyType": kind,
        }
    }


def list_accounts_with_invalid_policy(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """ListAccountsWithInvalidEffectivePolicy."""
    kind = _merged_type(call)
    entries = known.entries.get(kind, {})
    found = [described(state, state.accounts[account]) for account, entry in entries.items() if entry.problems]
    return page(call, "Accounts", found) | {"PolicyType": kind}


def list_validation_errors(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """ListEffectivePolicyValidationErrors of an account."""
    kind = _merged_type(call)
    account = state.account(call.text("AccountId"))
    entry = known.of(kind, account.id)
    if entry is None or (entry.valid is None and not entry.problems):
        raise _none()
    contributing = [each for node in state.line(account.id) for each in _attached(state, kind, node)]
    errors = [
        {
            "ErrorCode": problem.code,
            "ErrorMessage": problem.message,
            "PathToError": problem.path,
            "ContributingPolicies": contributing,
        }
        for problem in entry.problems
    ]
    return page(call, "EffectivePolicyValidationErrors", errors) | {
        "AccountId": account.id,
        "PolicyType": kind,
        "Path": state.path(account.id) + account.id + "/",
        "EvaluationTimestamp": seconds(entry.evaluated_at),
    }


def _attached(state: State, kind: str, node: str) -> list[str]:
    return [each for each in state.attachments.get(node, []) if state.policies[each].type == kind]


def _merged_type(call: Call) -> str:
    """The policy type of a call; control policies are added up, not merged."""
    kind = check_type(call.text("PolicyType"))
    if kind in _NOT_MERGED:
        raise invalid("You specified an invalid value.", "INVALID_ENUM_POLICY_TYPE")
    return kind


def _none() -> ApiError:
    return ApiError(
        "EffectivePolicyNotFoundException",
        "If you ran this action on the management account, this policy type is not enabled. "
        "If you ran the action on a member account, the account doesn't have an effective policy of this type. "
        "Contact the administrator of your organization about attaching a policy of this type to the account.",
    )
