"""What is known of runs, without AWS: identity of subjects, files that are no database, what is stored with a run."""

import sqlite3
from dataclasses import replace

import pytest

from strongroom.aws.deployment.watched import Watched
from strongroom.domain.changeplan import (
    ActivateStackSetsAccess,
    AttachPolicy,
    CreateStackInstances,
    DeletePolicy,
    DetachPolicy,
    EnablePolicyType,
    EnableServiceAccess,
    PutPolicy,
    PutStack,
    PutStackSet,
    RegisterDelegatedAdministrator,
    UpdateGlobalSettings,
    UpdateOptIn,
)
from strongroom.domain.deployment import DeployedPolicy, DeployedStack, DeployedStackSet, Deployment
from strongroom.domain.names import AccountId, PolicyType, Region
from strongroom.errors import AwsRefused, BadInput, NoCredentials, WorldMoved
from strongroom.workflows import runs
from strongroom.workflows.planning import moved, objects_read, subject_of

HOME, CENTRAL = Region("eu-west-2"), AccountId("333333333333")
POLICY = DeployedPolicy(type=PolicyType.BACKUP, policy_id="p-1", name="n", content="{}", owner="tiers", targets=("ou-1",))
STACK = DeployedStack(account=CENTRAL, region=HOME, name="n", status="CREATE_COMPLETE", template="{}", parameters=(), owner="tiers")
STACK_SET = DeployedStackSet(name="n", template="{}", parameters=(), owner="tiers", deployed_to=(), failed=())

# an action, and what of a deployment it changes
ACTIONS = {
    EnablePolicyType(type=PolicyType.BACKUP, root_id="r-1"): {"policy_types": (PolicyType.BACKUP,)},
    EnableServiceAccess(service="backup.amazonaws.com"): {"trusted_services": ("backup.amazonaws.com",)},
    ActivateStackSetsAccess(): {"stack_sets_trusted": True},
    RegisterDelegatedAdministrator(account=CENTRAL, service="backup.amazonaws.com"): {"delegated_administrators": (CENTRAL,)},
    UpdateGlobalSettings(values=(("a", "true"),)): {"global_settings": (("a", "true"),)},
    UpdateOptIn(region=HOME, opt_in=()): {"opt_in": ((HOME, (("S3", True),)),)},
    PutStack(account=CENTRAL, region=HOME, name="n", template="{}", parameters=(), creates=True): {"stacks": (STACK,)},
    PutStackSet(name="n", description="", template="{}", parameters=(), creates=True): {"stack_sets": (STACK_SET,)},
    CreateStackInstances(name="n", ou_ids=("ou-1",), regions=(HOME,)): {"stack_sets": (replace(STACK_SET, deployed_to=(("ou-1", HOME),)),)},
    PutPolicy(type=PolicyType.BACKUP, name="n", content="{}", creates=True): {"policies": (POLICY,)},
    AttachPolicy(type=PolicyType.BACKUP, name="n", target_id="ou-1"): {"policies": (POLICY,)},
    DetachPolicy(type=PolicyType.BACKUP, name="n", target_id="ou-1"): {"policies": (replace(POLICY, targets=()),)},
    DeletePolicy(type=PolicyType.BACKUP, name="n"): {"policies": (POLICY,)},
}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: type(action).__name__)
def test_the_subject_of_an_action_is_what_moves_when_it_is_done(empty_deployment: Deployment, empty_plan, action):
    """`resume` tells what the run itself has changed from what somebody else has: both go by the same subject."""
    done = replace(empty_deployment, **ACTIONS[action])
    assert moved(replace(empty_plan, reads=objects_read(empty_deployment)), done) == (subject_of(action),)


def test_what_is_watched_survives_storing():
    """The names stored with a run are read back as they were."""
    watched = Watched(
        strategy="tiers",
        home_region=HOME,
        regions=(HOME, Region("eu-west-1")),
        policies=((PolicyType.BACKUP, "tiers-a"),),
        stacks=((CENTRAL, HOME, "tiers-central"),),
        stack_sets=("tiers-local",),
    )
    assert Watched.from_json(watched.to_json()) == watched


def test_a_home_without_runs_has_none_to_resume(tmp_path):
    """No file, and an empty database: nothing to resume, any plan may run under its own name."""
    for home in (tmp_path / "nowhere", tmp_path):
        assert runs.unfinished_runs(home) == ()
        assert runs.free_id("tiers-1", home) == "tiers-1"
        with pytest.raises(BadInput, match="there is no run 'tiers-1'"):
            runs.unfinished_run("tiers-1", home)
        sqlite3.connect(tmp_path / "workflows.sqlite").close()


def test_a_file_that_is_no_database_is_named(tmp_path):
    """What is not SQLite is bad input with a way out, never a traceback."""
    (tmp_path / "workflows.sqlite").write_text("no database at all, but long enough to be looked at " * 50)
    with pytest.raises(BadInput, match=r"workflows\.sqlite: file is not a database") as caught:
        runs.unfinished_runs(tmp_path)
    assert "move it away" in caught.value.hint


@pytest.mark.parametrize(
    "error", [AwsRefused("m", hint="h", code="c"), NoCredentials("m", hint="h"), WorldMoved("m"), BadInput("m", hint="h")]
)
def test_what_a_step_raises_can_be_stored(error):
    """DBOS stores a step's error by pickling: message, hint and code come back."""
    import pickle

    restored = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes
    assert (type(restored), vars(restored), str(restored)) == (type(error), vars(error), str(error))
