"""A name is outside the pattern that AWS accepts

Why:     AWS refuses the name when the stack, the StackSet or the plan is made; a plan from an Organizations policy fails
         in the accounts only, where nobody looks.
Fix:     Use letters, digits and hyphens, and keep plan and rule names below 50 characters, vault names between 2 and 50.
Limits:  Rule names are held to what guide and API both accept: letters, digits and hyphens.
Source:  https://docs.aws.amazon.com/aws-backup/latest/devguide/API_CreateBackupVault.html, read 2026-11-21;
         facts.limit("vault_name_pattern"), facts.limit("plan_name_pattern"), facts.limit("rule_name_safe_pattern")
Failure: FM07
"""

import re
from collections.abc import Iterator

from strongroom.checks.check import Problem, check
from strongroom.checks.inventory import Inventory
from strongroom.checks.walk import rules
from strongroom.domain.estate import Estate, Source
from strongroom.domain.finding import Severity
from strongroom.domain.origin import Origin
from strongroom.facts import limit

STACK_SET = "[a-zA-Z][a-zA-Z0-9-]{0,127}"  # CloudFormation, CreateStackSet.StackSetName
ROLE = "[a-zA-Z0-9+=,.@_-]{1,64}"  # IAM, CreateRole.RoleName


@check("NAM001", severity=Severity.ERROR)
def name_refused(estate: Estate, _: Inventory | None) -> Iterator[Problem]:
    """Match every name that goes to AWS with AWS's own pattern."""
    for what, name, pattern, origin in _names(estate):
        if not re.fullmatch(pattern, name):
            yield Problem(
                subject=f"{what} {name}",
                message=f"{name!r} ({len(name)} characters) can't be the name of a {what}: {pattern} expected",
                why="AWS refuses it when it is deployed, or each account when the policy arrives there: no job that needs it ever starts",
                help="rename it",
                origin=origin,
            )


def _names(estate: Estate) -> Iterator[tuple[str, str, str, Origin]]:
    whole = estate.organization.origin
    for stack_set in estate.stack_sets:
        yield "StackSet", stack_set.name, STACK_SET, whole
    for stack in sorted({stack.name for stack in estate.stacks}):
        yield "stack", stack, STACK_SET, whole
    for role in (estate.roles.read, estate.roles.deploy, *estate.roles.assumed_by_backup):
        yield "role", role, ROLE, whole
    for made in estate.roles.made:
        yield "role", made.name, ROLE, made.origin
    for vault in estate.vaults:
        yield "vault", vault.name, str(limit("vault_name_pattern").value), vault.origin
    for plan in estate.plans:
        yield "plan", plan.name, str(limit("plan_name_pattern").value), plan.origin
    # the guide and the API disagree on rule names: what we deploy keeps to both, what others deployed only has to be accepted
    pattern = limit("rule_name_pattern" if estate.source is Source.OBSERVED else "rule_name_safe_pattern")
    for plan, rule in rules(estate):
        if not plan.adopted:
            yield "rule", rule.name, str(pattern.value), rule.origin
