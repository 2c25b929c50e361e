"""Backup policies of AWS Organizations: how they are inherited, and the plans they become in an account.

The merge is in `policytree`, who set what in `policyexplain`, the text in `policytext`, the typed plans and their documents
in `policyplans`; this is the door to them.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html,
https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html and
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

from strongroom.semantics.policyexplain import (
    AttachedPolicy,
    Contribution,
    ExplainedValue,
    Explanation,
    Ineffective,
    OpenPoint,
    PolicyLevel,
    explain,
)
from strongroom.semantics.policygrammar import malformed, malformed_tags
from strongroom.semantics.policyplans import (
    PolicyCopy,
    PolicyError,
    PolicyPlan,
    PolicyProblem,
    PolicyRule,
    PolicySelection,
    plan_document,
    plan_problems,
    plans,
    problems,
    rule_refusals,
    selection_documents,
    window_refusals,
)
from strongroom.semantics.policytext import InForce, PolicyText, in_force, read
from strongroom.semantics.policytree import Merged, effective

__all__ = [
    "AttachedPolicy",
    "Contribution",
    "ExplainedValue",
    "Explanation",
    "InForce",
    "Ineffective",
    "Merged",
    "OpenPoint",
    "PolicyCopy",
    "PolicyError",
    "PolicyLevel",
    "PolicyPlan",
    "PolicyProblem",
    "PolicyRule",
    "PolicySelection",
    "PolicyText",
    "effective",
    "explain",
    "in_force",
    "malformed",
    "malformed_tags",
    "plan_document",
    "plan_problems",
    "plans",
    "problems",
    "read",
    "rule_refusals",
    "selection_documents",
    "window_refusals",
]
