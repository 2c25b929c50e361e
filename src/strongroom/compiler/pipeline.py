"""The pipeline: resolve the strategy once, then run each pass over the estate."""

from strongroom.compiler.account_plans import with_account_plans
from strongroom.compiler.central import with_central_stacks
from strongroom.compiler.frameworks import with_frameworks
from strongroom.compiler.guard_rails import with_guard_rails
from strongroom.compiler.local import with_local_stack_set
from strongroom.compiler.organization_policies import with_policies
from strongroom.compiler.reports import with_reports
from strongroom.compiler.resolve import resolve
from strongroom.compiler.restore_tests import with_restore_tests
from strongroom.compiler.roles.stacks import with_roles
from strongroom.compiler.settings import with_settings
from strongroom.compiler.sharedkeys import with_shared_keys
from strongroom.compiler.split import with_split_plans
from strongroom.compiler.tag_policy import with_tag_policy
from strongroom.compiler.undeployed import with_undeployed
from strongroom.compiler.watching import with_watch_stack_set, with_watch_stacks
from strongroom.domain.estate import Estate
from strongroom.domain.strategy import Strategy

PASSES = (
    with_settings,  # switches of the organization
    with_split_plans,  # plans that fit AWS's limits for one plan
    with_undeployed,  # what is declared and not deployed, and why
    with_shared_keys,  # multi-Region keys and their replicas
    with_watch_stacks,  # events and alerts in the account that watches
    with_local_stack_set,  # vault, key and role of every governed account
    with_roles,  # of people, restores and restore tests
    with_central_stacks,  # vaults of single accounts
    with_account_plans,  # plans of single accounts
    with_policies,  # backup policies of AWS Organizations
    with_tag_policy,  # tag policies
    with_guard_rails,  # service control policies
    with_watch_stack_set,  # events and alarms of every governed account
    with_reports,  # of AWS Backup, and their bucket
    with_frameworks,  # of AWS Backup Audit Manager
    with_restore_tests,  # plans and selections of restore testing
)


def compile_strategy(strategy: Strategy) -> Estate:
    """Return the estate that a strategy asks for.

    Never fails on a strategy that `strategyfile` accepted: what AWS would refuse is for `checks` to say.
    """
    estate = resolve(strategy)
    for run in PASSES:
        estate = run(estate)
    return estate
