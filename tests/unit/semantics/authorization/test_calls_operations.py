"""What somebody can do to backups: every verb has ways, every way permissions, and none is asked of what it can't concern."""

import pytest

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.facts import Need, Status
from strongroom.semantics.authorization import operations

KINDS = {"recovery point", "vault", "key", "role", "plan", "policy", "topic", "legal hold", "account", "organization", "everything"}


@pytest.mark.parametrize("name", operations.verbs())
def test_every_verb_has_ways_with_permissions_and_sources(name):
    """Plain words, known kinds of things and a page for each."""
    deed = operations.deed(name)
    assert deed.words
    assert deed.ways
    for way in deed.ways:
        assert way.needs
        assert way.source.startswith("https://")
        assert way.words[0].islower()
    assert set(operations.kinds(deed)) <= KINDS


def test_the_verbs_that_people_ask_for_are_there():
    """Deleting, reading, unlocking, restoring, taking away, stopping, leaving, closing and breaking keys."""
    asked = {
        "delete",
        "decrypt",
        "unlock",
        "restore",
        "copy-out",
        "change-plan",
        "stop-backups",
        "leave-organization",
        "close-account",
        "change-key",
    }
    assert asked <= set(operations.verbs())


def test_an_unknown_verb_suggests_the_nearest():
    """Nothing is judged under a name that nobody wrote down."""
    with pytest.raises(facts.UnknownFact, match="nothing is known about 'delte', did you mean 'delete'"):
        operations.deed("delte")


@pytest.mark.parametrize("resource_type", [each for each in ResourceType if not facts.capabilities(each).fully_managed])
def test_what_a_service_keeps_can_be_deleted_there(resource_type):
    """Each type that AWS Backup doesn't fully manage has exactly one way around AWS Backup."""
    filled = facts.arn_forms(resource_type).recovery_point.format(partition="aws", region="eu-west-2", account="111122223333")
    needs = [need for way in operations.deed("delete").ways for need in way.needs if not need.action.startswith("backup:")]
    assert len([need for need in needs if operations.concerns(need, filled)]) == 1


@pytest.mark.parametrize("resource_type", [each for each in ResourceType if facts.capabilities(each).fully_managed])
def test_what_aws_backup_keeps_can_be_deleted_only_there(resource_type):
    """Recovery points of fully managed types are out of their services' reach."""
    filled = facts.arn_forms(resource_type).recovery_point.format(partition="aws", region="eu-west-2", account="111122223333")
    needs = {need.action for way in operations.deed("delete").ways for need in way.needs if operations.concerns(need, filled)}
    assert needs == {"backup:DeleteRecoveryPoint", "backup:UpdateRecoveryPointLifecycle", "backup:DisassociateRecoveryPoint"}


def test_a_restore_needs_both_permissions():
    """Starting the job without a role to pass is no way."""
    (way,) = operations.deed("restore").ways
    assert [need.action for need in way.needs] == ["backup:StartRestoreJob", "iam:PassRole"]


def test_a_way_that_is_only_said_to_work_is_uncertain():
    """EC2 is said to refuse the deletion of AWS Backup's snapshots."""
    uncertain = [way for name in operations.verbs() for way in operations.deed(name).ways if not operations.certain(way)]
    assert [(way.needs, way.status) for way in uncertain] == [
        ((Need(action="ec2:DeleteSnapshot", on="recovery point"),), Status.UNVERIFIED)
    ]
