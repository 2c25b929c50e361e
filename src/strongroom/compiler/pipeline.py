"""The pipeline: resolve the strategy once, then run each pass over the estate."""

from strongroom.compiler.central import with_central_stacks
from strongroom.compiler.guard_rails import with_guard_rails
from strongroom.compiler.local import with_local_stack_set
from strongroom.compiler.organization_policies import with_policies
from strongroom.compiler.resolve import resolve
from strongroom.compiler.settings import with_settings
from strongroom.compiler.sharedkeys import with_shared_keys
from strongroom.compiler.split import with_split_plans
from strongroom.compiler.undeployed import with_undeployed
from strongroom.domain.estate import Estate
from strongroom.domain.strategy import Strategy

PASSES = (
    with_settings,  # switches of the organization
    with_split_plans,  # plans that fit AWS's limits for one plan
    with_undeployed,  # what is declared and not deployed, and why
    with_shared_keys,  # multi-Region keys and their replicas
    with_local_stack_set,  # vault, key and role of every governed account
    with_central_stacks,  # vaults of single accounts
    with_policies,  # backup policies of AWS Organizations
    with_guard_rails,  # service control policies
)


def compile_strategy(strategy: Strategy) -> Estate:
    """Return the estate that a strategy asks for.

    Never fails on a strategy that `strategyfile` accepted: what AWS would refuse is for `checks` to say.
    """
    estate = resolve(strategy)
    for run in PASSES:
        estate = run(estate)
    return estate
