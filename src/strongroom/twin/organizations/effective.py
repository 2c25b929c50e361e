"""The effective backup policy of each account, kept up to date with every change.

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
from strongroom.twin.organizations.policies import BACKUP, check_type
from strongroom.twin.organizations.state import State
from strongroom.twin.organizations.tree import described
from strongroom.twin.ports import ApiError


@dataclass(frozen=True, slots=True, kw_only=True)
class Effective:
    """What an account has: its last valid policy, and what is wrong with the newest one."""

    valid: Mapping[str, Any] | None
    problems: tuple[semantics.PolicyProblem, ...]
    updated_at: datetime  # of the valid policy
    evaluated_at: datetime


@dataclass(slots=True)
class EffectivePolicies:
    """Effective backup policies by account."""

    entries: dict[str, Effective] = field(default_factory=dict)

    def refresh(self, state: State, accounts: Iterable[str], now: datetime) -> None:
        """Evaluate some accounts again; those that left are forgotten."""
        for account in accounts:
            if account in state.accounts:
                self.entries[account] = self._evaluate(state, account, now)
            else:
                self.entries.pop(account, None)

    def valid(self, account: str) -> Mapping[str, Any] | None:
        """The last valid effective policy, or None."""
        entry = self.entries.get(account)
        return entry.valid if entry else None

    def _evaluate(self, state: State, account: str, now: datetime) -> Effective:
        before = self.entries.get(account)
        merged = semantics.effective(levels(state, account), account)
        problems = semantics.problems(merged) if merged is not None else ()
        valid = merged if not problems else before.valid if before else None
        unchanged = before is not None and before.valid == valid
        return Effective(
            valid=valid,
            problems=tuple(problems),
            updated_at=before.updated_at if before is not None and unchanged else now,
            evaluated_at=now,
        )


def levels(state: State, account: str) -> list[list[dict[str, Any]]]:
    """Backup policies from the root down to an account, each level in order of attachment."""
    if BACKUP not in state.policy_types:
        return []
    return [[json.loads(state.policies[each].content) for each in _attached(state, node)] for node in state.line(account)]


def describe_effective_policy(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """DescribeEffectivePolicy of an account; operators are gone from its content."""
    _need_backup(call)
    target = call.parameters.get("TargetId") or call.account
    if target in state.units:
        raise invalid("You specified an invalid value.", "INVALID_PATTERN_TARGET_ID")
    state.target(target)
    entry = known.entries.get(target)
    if entry is None or entry.valid is None:
        raise _none()
    return {
        "EffectivePolicy": {
            "PolicyContent": json.dumps(entry.valid),
            "LastUpdatedTimestamp": seconds(entry.updated_at),
            "TargetId": target,
            "PolicyType": BACKUP,
        }
    }


def list_accounts_with_invalid_policy(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """ListAccountsWithInvalidEffectivePolicy."""
    _need_backup(call)
    found = [described(state, state.accounts[account]) for account, entry in known.entries.items() if entry.problems]
    return page(call, "Accounts", found) | {"PolicyType": BACKUP}


def list_validation_errors(state: State, call: Call, known: EffectivePolicies) -> dict[str, Any]:
    """ListEffectivePolicyValidationErrors of an account."""
    _need_backup(call)
    account = state.account(call.text("AccountId"))
    entry = known.entries.get(account.id)
    if entry is None or (entry.valid is None and not entry.problems):
        raise _none()
    contributing = [each for node in state.line(account.id) for each in _attached(state, node)]
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
        "PolicyType": BACKUP,
        "Path": state.path(account.id) + account.id + "/",
        "EvaluationTimestamp": seconds(entry.evaluated_at),
    }


def _attached(state: State, node: str) -> list[str]:
    return [each for each in state.attachments.get(node, []) if state.policies[each].type == BACKUP]


def _need_backup(call: Call) -> None:
    if check_type(call.text("PolicyType")) != BACKUP:
        raise _none()


def _none() -> ApiError:
    return ApiError(
        "EffectivePolicyNotFoundException",
        "If you ran this action on the management account, this policy type is not enabled. "
        "If you ran the action on a member account, the account doesn't have an effective policy of this type. "
        "Contact the administrator of your organization about attaching a policy of this type to the account.",
    )
