"""Desired estate and deployed state in, change plan out. Pure: nothing that could act is ever called.

The order is that of AWS's dependencies: trusted access and settings, keys and vaults (central first, so that a copy finds
its destination), roles, then the policies that start backups; what watches, reports and tests; what forbids; compliance locks when all
of that is there, and last what takes something away. Wherever it stops, what was protected before is protected as before.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from strongroom.domain.changeplan import ChangePlan
from strongroom.domain.deployment import Deployment
from strongroom.domain.estate import Estate
from strongroom.domain.finding import Finding, Severity
from strongroom.workflows.planning.change import Change, change_plan
from strongroom.workflows.planning.control_tower import baselines
from strongroom.workflows.planning.delegation import delegated_policies
from strongroom.workflows.planning.drift import drifted_stacks, locks_put_back
from strongroom.workflows.planning.kept_stacks import returned_stacks
from strongroom.workflows.planning.locks import locks_to_accept
from strongroom.workflows.planning.obstacles import obstacles
from strongroom.workflows.planning.organization import backup_settings, organization_switches
from strongroom.workflows.planning.policies import forbidding_policies, retired_policies, wanted_policies
from strongroom.workflows.planning.stacks import accompanying, compliance_locks, late_stacks, retired_stacks, single_stacks, stack_sets

SECTIONS: tuple[Callable[[Estate, Deployment], Iterator[Change]], ...] = (
    organization_switches,
    delegated_policies,
    backup_settings,
    single_stacks,
    returned_stacks,
    stack_sets,
    drifted_stacks,
    baselines,
    late_stacks,
    wanted_policies,
    accompanying,
    forbidding_policies,
    compliance_locks,
    retired_policies,
    retired_stacks,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A change plan, or None with the errors that keep it from being made; warnings may stand beside a plan."""

    plan: ChangePlan | None
    findings: tuple[Finding, ...]


def plan_changes(estate: Estate, deployed: Deployment, *, plan_id: str) -> Planned:
    """Return the steps that make AWS look like the estate, or findings about what is in the way."""
    findings = obstacles(estate, deployed)
    if any(finding.severity is Severity.ERROR for finding in findings):
        return Planned(plan=None, findings=findings)
    changes = [change for section in SECTIONS for change in section(estate, deployed)]
    locks = tuple(dict.fromkeys((*locks_to_accept(estate, deployed), *locks_put_back(estate, deployed))))
    return Planned(plan=change_plan(estate, deployed, changes, plan_id=plan_id, locks=locks), findings=findings)
