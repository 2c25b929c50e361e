"""The organization's resource policy, which belongs to everybody: the strategy's own statements are merged into it."""

import json

import pytest
from botocore.exceptions import ClientError

from strongroom.errors import ExitCode

APPLY = ("apply", "--yes", "--no-drift")
FOREIGN = {
    "Sid": "TagTeam",
    "Effect": "Allow",
    "Principal": {"AWS": "arn:aws:iam::666666666666:root"},
    "Action": "organizations:ListTagsForResource",
    "Resource": "*",
}
ADMIN = {"aws_access_key_id": "AKIATWINBACKUPADMIN1", "aws_secret_access_key": "local-backup-admin"}
POLICY = '{"plans":{}}'


def statements(organizations):
    """The statements of the resource policy by their ids."""
    content = json.loads(organizations.describe_resource_policy()["ResourcePolicy"]["Content"])
    return {each["Sid"]: each for each in content["Statement"]}


def test_statements_of_others_stay_and_the_strategy_s_own_are_put_back(own_world):
    """Before, beside and after: somebody else's statement is never touched; one of ours that was changed is mended alone."""
    organizations = own_world.client("organizations")
    organizations.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": [FOREIGN]}))
    own_world.shell.strategy("tiers")
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    made = statements(organizations)
    assert made["TagTeam"] == FOREIGN
    assert len(made) == 6

    changed = [{**each, "Resource": "*"} if sid == "StrongroomTiersAttaches" else each for sid, each in made.items()]
    organizations.put_resource_policy(Content=json.dumps({"Version": "2012-10-17", "Statement": changed}))
    after = own_world.last_call()
    assert "let account 222222222222 manage the backup policies of Workloads" in own_world.shell.run("plan", "--no-drift").out
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    assert [each["operation"] for each in own_world.writes(after)] == ["PutResourcePolicy"]
    assert statements(organizations) == made


def test_the_backup_administrator_may_attach_policies_to_the_governed_ous_alone(own_world):
    """It makes a backup policy and attaches it to Workloads; the root, another OU and other types are refused."""
    own_world.shell.strategy("tiers")
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    mine, theirs = own_world.client("organizations"), own_world.client("organizations", **ADMIN)
    root = mine.list_roots()["Roots"][0]["Id"]
    units = {each["Name"]: each["Id"] for each in mine.list_organizational_units_for_parent(ParentId=root)["OrganizationalUnits"]}
    policy = theirs.create_policy(Name="by-admin", Type="BACKUP_POLICY", Description="", Content=POLICY)["Policy"]["PolicySummary"]["Id"]
    theirs.attach_policy(PolicyId=policy, TargetId=units["Workloads"])
    theirs.detach_policy(PolicyId=policy, TargetId=units["Workloads"])
    for target in (root, units["Security"]):
        with pytest.raises(ClientError, match="AccessDenied"):
            theirs.attach_policy(PolicyId=policy, TargetId=target)
    with pytest.raises(ClientError, match="AccessDenied"):
        theirs.create_policy(Name="scp", Type="SERVICE_CONTROL_POLICY", Description="", Content='{"Statement":[]}')
    theirs.delete_policy(PolicyId=policy)


@pytest.mark.long
def test_a_lost_answer_to_the_resource_policy_is_not_taken_for_a_failure(own_world):
    """The SDK sends it again: the same statements, once."""
    own_world.shell.strategy("tiers")
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    own_world.client("organizations").delete_resource_policy()
    own_world.fault("cut-after-write", after=1, times=1)
    assert own_world.shell.run(*APPLY).code == ExitCode.PROVEN
    assert own_world.hits() == 1
    assert len(statements(own_world.client("organizations"))) == 5
