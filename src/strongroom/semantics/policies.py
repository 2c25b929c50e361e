"""Backup policies of AWS Organizations: how they are inherited, and the plans they become in an account.

The merge is in `policytree`, the typed plans and their documents in `policyplans`; this is the door to both.

Source: https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_inheritance_mgmt.html,
https://docs.aws.amazon.com/organizations/latest/userguide/policy-operators.html and
https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_backup_syntax.html
"""

from strongroom.semantics.policygrammar import malformed
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
    selection_documents,
)
from strongroom.semantics.policytree import Merged, effective

__all__ = [
    "Merged",
    "PolicyCopy",
    "PolicyError",
    "PolicyPlan",
    "PolicyProblem",
    "PolicyRule",
    "PolicySelection",
    "effective",
    "malformed",
    "plan_document",
    "plan_problems",
    "plans",
    "problems",
    "selection_documents",
]
