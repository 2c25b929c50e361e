"""Read what of a strategy is deployed: the organization's switches, policies, StackSets, central stacks.

Only objects that the strategy names or owns are read, so the cost doesn't grow with the organization.
"""

from strongroom.aws.deployment.organization import stack_sets_trusted
from strongroom.aws.deployment.policies import read_policies
from strongroom.aws.deployment.settings import global_settings, opt_in
from strongroom.aws.deployment.stack_sets import read_stack_set
from strongroom.aws.deployment.stacks import read_stack
from strongroom.aws.deployment.watched import Watched
from strongroom.aws.organization import read_organization
from strongroom.aws.sessions import Sessions
from strongroom.domain.deployment import Deployment
from strongroom.domain.names import AccountId, PolicyType


def read_management_account(sessions: Sessions) -> AccountId:
    """Return the organization's management account, which every account of it may ask for; raises AwsRefused."""
    described = sessions.call("organizations", sessions.region, "describe_organization")["Organization"]
    return AccountId.parse(described["MasterAccountId"])


def read_deployment(sessions: Sessions, watched: Watched) -> Deployment:
    """Return what is deployed of a strategy, read with the caller's own and the deploy role's credentials.

    Stacks in accounts outside the organization are taken for missing: planning says that those accounts are wrong.
    Raises AwsRefused when something can't be read: a change plan over unknown ground would be a guess.
    """
    home = watched.home_region
    tree = read_organization(sessions)
    accounts = tuple(account.id for account in tree.accounts)
    stacks = (read_stack(sessions, *place) for place in watched.stacks if place[0] in accounts)
    stack_sets = (read_stack_set(sessions, name, home, tree) for name in watched.stack_sets)
    return Deployment(
        observed_at=sessions.observed_at(),
        organization_id=tree.organization_id,
        management_account=tree.management_account,
        root_id=tree.root_id,
        units=tree.units,
        accounts=accounts,
        policy_types=tuple(sorted(kind for kind in PolicyType if kind in tree.enabled_policy_types)),
        trusted_services=tuple(sorted(tree.trusted_services)),
        stack_sets_trusted=stack_sets_trusted(sessions, home),
        delegated_administrators=tuple(sorted(tree.backup_administrators)),
        global_settings=global_settings(sessions, home),
        opt_in=tuple((region, opt_in(sessions, region)) for region in watched.regions),
        policies=tuple(read_policies(sessions, watched)),
        stacks=tuple(stack for stack in stacks if stack),
        stack_sets=tuple(found for found in stack_sets if found),
    )
