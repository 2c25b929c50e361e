"""Who may use the keys of vaults, by the policies that are written."""

import json

import pytest

from strongroom.compiler.keys import central_key_policy, local_key_policy, shared_key_policy
from strongroom.domain.roles import Roles

ROLES = Roles(read="read", deploy="deploy", backup="backup", restore="restore", restore_test="restore-test")


def everywhere(policy):
    """The roles of any account of the organization that may use the key."""
    text = json.dumps([each for each in policy["Statement"] if each["Sid"].startswith("CopiesFromTheOrganization")])
    return {name for name in ROLES.assumed_by_backup if f'::*:role/{name}"' in text.replace("${AWS::Partition}:iam", "")}


def test_restores_in_every_account_may_use_a_key_that_all_vaults_share():
    """The vaults of workload accounts are encrypted with it: who restores there has to decrypt."""
    assert everywhere(shared_key_policy(roles=ROLES)) == set(ROLES.assumed_by_backup)


def test_of_a_key_of_copies_alone_other_accounts_have_no_more_than_copies_need():
    """Copies are restored where they lie, or copied back first."""
    assert everywhere(central_key_policy(roles=ROLES)) == {"backup"}


@pytest.mark.parametrize(
    "policy", [shared_key_policy(roles=ROLES), central_key_policy(roles=ROLES), local_key_policy(roles=ROLES, copied_to=())]
)
def test_the_account_of_a_key_can_always_administer_it(policy):
    """The first statement has no condition: else the key is lost."""
    assert (policy["Statement"][0]["Action"], "Condition" in policy["Statement"][0]) == ("kms:*", False)
