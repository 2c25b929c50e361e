"""The preventive controls that come with a baseline: a service control policy on its OU.

Source: https://docs.aws.amazon.com/controltower/latest/controlreference/ct-backup-pv-3.html
"""

import json
from typing import Any

from strongroom import facts
from strongroom.twin.controltower.equipment import Tower
from strongroom.twin.ports import ApiError


def attach(tower: Tower, baseline: str, unit: str) -> None:
    """Attach the control policy of a baseline to an OU; raises ApiError, also where there is no room for one more."""
    state = tower.state
    known = {each["Id"] for each in _all(tower, "ListPolicies", "Policies", Filter="SERVICE_CONTROL_POLICY")}
    if state.controls.get(baseline) not in known:
        content = json.dumps({"Version": "2012-10-17", "Statement": _statements(baseline)}, separators=(",", ":"))
        made = tower.organize(
            "CreatePolicy",
            Type="SERVICE_CONTROL_POLICY",
            Name=f"aws-guardrails-{state.suffix()[:6]}",
            Description="Managed by AWS Control Tower",
            Content=content,
        )
        state.controls[baseline] = made["Policy"]["PolicySummary"]["Id"]
    attached = {each["Id"] for each in _all(tower, "ListPoliciesForTarget", "Policies", TargetId=unit, Filter="SERVICE_CONTROL_POLICY")}
    if state.controls[baseline] in attached:
        return
    try:
        tower.organize("AttachPolicy", PolicyId=state.controls[baseline], TargetId=unit)
    except ApiError as refusal:
        if refusal.code != "ConstraintViolationException":
            raise
        raise ApiError(refusal.code, facts.message("control_tower_scp_headroom").format(unit=unit)) from refusal


def detach(tower: Tower, baseline: str, unit: str) -> None:
    """Detach the control policy of a baseline from an OU."""
    policy = tower.state.controls.get(baseline)
    attached = {each["Id"] for each in _all(tower, "ListPoliciesForTarget", "Policies", TargetId=unit, Filter="SERVICE_CONTROL_POLICY")}
    if policy in attached:
        tower.organize("DetachPolicy", PolicyId=policy, TargetId=unit)


def _all(tower: Tower, operation: str, member: str, **parameters: Any) -> list[Any]:
    found: list[Any] = []
    token: dict[str, Any] = {}
    while True:
        answer = tower.organize(operation, **parameters, **token)
        found += answer[member]
        if "NextToken" not in answer:
            return found
        token = {"NextToken": answer["NextToken"]}


def _statements(baseline: str) -> list[dict[str, Any]]:
    """The preventive controls that come with a baseline: nobody but Control Tower changes what is its own."""
    key, value = facts.fact("control_tower_resources", "resource_tag").value
    execution, role = facts.fact("control_tower_resources", "execution_role").value, facts.fact("control_tower_resources", "role").value
    unless = {"ArnNotLike": {"aws:PrincipalArn": f"arn:aws:iam::*:role/{execution}"}}
    own = ("Delete", "Attach", "Detach", "Put", "Update")
    roles = [f"iam:{verb}Role{what}" for verb in own for what in ("", "Policy")]
    if baseline != "BackupBaseline":
        return [
            {"Sid": "GRIAMROLES", "Effect": "Deny", "Action": roles, "Resource": f"arn:aws:iam::*:role/{execution}", "Condition": unless}
        ]
    vaults = ["backup:DeleteBackupVault", "backup:DeleteBackupVaultAccessPolicy", "backup:PutBackupVaultAccessPolicy"]
    plans = [f"backup:{verb}Backup{what}" for verb in ("Update", "Delete") for what in ("Plan", "Selection")]
    tagged = {**unless, "StringEquals": {f"aws:ResourceTag/{key}": value}}
    return [
        {"Sid": "CTBACKUPPV1", "Effect": "Deny", "Action": plans, "Resource": "*", "Condition": tagged},
        {
            "Sid": "CTBACKUPPV3",
            "Effect": "Deny",
            "Action": vaults,
            "Resource": "arn:aws:backup:*:*:backup-vault:aws-controltower-*",
            "Condition": unless,
        },
        {"Sid": "CTIAMPV1", "Effect": "Deny", "Action": roles, "Resource": f"arn:aws:iam::*:role/{role}", "Condition": unless},
    ]
