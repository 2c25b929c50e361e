"""Read what of a strategy is deployed: the organization's switches, policies, StackSets, central stacks.

Only objects that the strategy names or owns are read, so the cost doesn't grow with the organization.
"""

from strongroom.aws.deployment.buckets import read_buckets
from strongroom.aws.deployment.control_tower import read_control_tower
from strongroom.aws.deployment.delegation import resource_policy
from strongroom.aws.deployment.organization import stack_sets_trusted
from strongroom.aws.deployment.policies import list_policies, read_attached, read_policies
from strongroom.aws.deployment.settings import global_settings, region_settings
from strongroom.aws.deployment.stack_sets import read_stack_sets
from strongroom.aws.deployment.stacks import read_stacks
from strongroom.aws.deployment.vaults import read_vaults
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
    settings = {region: region_settings(sessions, region) for region in watched.regions}
    listing = list_policies(sessions, home)
    stacks, unread = read_stacks(sessions, watched, accounts)
    return Deployment(
        observed_at=sessions.observed_at(),
        organization_id=tree.organization_id,
        management_account=tree.management_account,
        root_id=tree.root_id,
        units=tree.units,
        accounts=accounts,
        ou_paths=tuple((account.id, account.ou_path) for account in tree.accounts),
        policy_types=tuple(sorted(kind for kind in PolicyType if kind in tree.enabled_policy_types)),
        trusted_services=tuple(sorted(tree.trusted_services)),
        stack_sets_trusted=stack_sets_trusted(sessions, home),
        delegated_administrators=tuple(sorted(tree.backup_administrators)),
        global_settings=global_settings(sessions, home),
        opt_in=tuple((region, opted) for region, (opted, _) in settings.items()),
        managed=tuple((region, preferred) for region, (_, preferred) in settings.items()),
        resource_policy=resource_policy(sessions, home),
        policies=tuple(read_policies(sessions, watched, listing)),
        attached=tuple(read_attached(sessions, watched, tree.units)),
        policy_counts=tuple((kind, len(found)) for kind, found in listing.items()),
        stacks=stacks,
        unread=unread,
        stack_sets=tuple(read_stack_sets(sessions, watched, tree)),
        vaults=tuple(read_vaults(sessions, (place for place in watched.vaults if place[0] in accounts))),
        buckets=tuple(read_buckets(sessions, (place for place in watched.buckets if place[0] in accounts))),
        control_tower=read_control_tower(sessions, home, watched.key_arn) if watched.control_tower else None,
    )
