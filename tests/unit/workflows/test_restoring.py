"""Restore plans without AWS: what they are asked with, how long a log reaches, what is stored of them."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from strongroom.api.explain import explain
from strongroom.aws.recovery.carrying import COPIED_POINT, RESTORED, filled
from strongroom.aws.recovery.points import Candidate
from strongroom.domain.finding import Severity
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import LiveOrigin
from strongroom.domain.recovery import ApiCall, PointRef, RestorePlan, RestoreStep, StepKind
from strongroom.errors import BadInput
from strongroom.semantics.jobs import RecoveryPointStatus
from strongroom.semantics.restores import merged, missing, value
from strongroom.workflows.catalogue import HINDRANCES, finding
from strongroom.workflows.restore import is_refused, read_stored, stored
from strongroom.workflows.restoring import metadata as texts
from strongroom.workflows.restoring.choosing import unusable, window
from strongroom.workflows.restoring.request import RestoreRequest, Wanted

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
SHOP, HOME = AccountId("555555555555"), Region("eu-west-2")
POINT = PointRef(account=SHOP, region=HOME, vault="local", arn="arn:aws:backup:eu-west-2:555555555555:recovery-point:1", created_at=NOW)
RECORDED = {
    "availabilityZone": "eu-west-2a",
    "DBSubnetGroupName": "data",
    "kmsKeyId": "arn:aws:kms:eu-west-2:555555555555:key/1",
    "KmsKeyId": "arn:aws:kms:eu-west-2:555555555555:key/1",
    "kmsMasterKeyArn": "arn:aws:kms:eu-west-2:555555555555:key/1",
    "SecurityGroupIds": '["sg-1"]',
    "SubnetId": "subnet-1",
    "VpcSecurityGroupIds": '["sg-1"]',
    "IamInstanceProfileName": "web",
    "file-system-id": "fs-1",
}


def situation(kind, *, here=True, cluster=False, instant=None):
    return texts.Situation(type=kind, cluster=cluster, name="made-2", here=here, instant=instant, zones=("eu-west-1a", "eu-west-1b"))


def continuous(kind, status, **members):
    usual = {"delete_at": None, "delete_after_days": 35, "key_arn": None, "encrypted": True, "parent": False, "air_gapped": False}
    point = replace(POINT, created_at=NOW - timedelta(days=10, microseconds=1), continuous=True)
    known = {"point": point, "resource_arn": "arn", "type": kind, "status": status, "completed_at": NOW - timedelta(days=1)}
    return Candidate(**(usual | known | members))


def plan(**members):
    call = ApiCall(account=SHOP, region=HOME, service="backup", operation="StartRestoreJob", parameters={"RecoveryPointArn": COPIED_POINT})
    step = RestoreStep(number=1, kind=StepKind.RESTORE, title="restore", call=call)
    usual = {
        "plan_id": "restore-1",
        "strategy": "bring",
        "role": "strongroom-deploy",
        "home_region": HOME,
        "resource_arn": "arn:aws:dynamodb:eu-west-2:555555555555:table/orders",
        "type": ResourceType.DYNAMODB,
        "point": POINT,
        "instant": None,
        "account": SHOP,
        "region": HOME,
        "job_role": "arn:aws:iam::555555555555:role/restore",
        "metadata": {"targetTableName": "made-2"},
        "inferred": {"targetTableName": "made-2"},
        "overrides": {},
        "creates": "made-2",
        "steps": (step,),
        "findings": (finding("RCV014", "orders", "it takes long", LiveOrigin(SHOP, HOME, "")),),
        "rto_seconds": 60,
        "made_at": NOW,
    }
    return RestorePlan(**(usual | members))


@pytest.mark.parametrize("kind", texts.RESTORED_TYPES)
@pytest.mark.parametrize("here", [True, False])
def test_inferred_metadata_are_enough_for_every_type(kind, here):
    """Nothing that AWS Backup needs is missing, and what was recorded as the name is never restored over."""
    found = texts.inferred(RECORDED, situation(kind, here=here, instant=NOW if kind is ResourceType.S3 else None))
    assert missing(kind, found, continuous=kind is ResourceType.S3) == ""
    assert texts.written_into(kind, found) == ""
    if kind in texts.NAMES:
        assert texts.made_name(kind, found, cluster=False) == "made-2"


@pytest.mark.parametrize("kind", texts.RESTORED_TYPES)
def test_what_is_of_one_account_or_region_names_nothing_elsewhere(kind):
    """Subnets, groups, keys, profiles and zones of the source are left out where something else is restored."""
    found = texts.inferred(RECORDED, situation(kind, here=False))
    assert not {text for text in found.values() if text in {"subnet-1", '["sg-1"]', "data", "web", "eu-west-2a"} or ":key/" in text}
    here = texts.inferred(RECORDED, situation(kind))
    assert value(here, "DBSubnetGroupName") == "data"


def test_an_instance_profile_is_the_backed_up_one_or_none():
    """AWS Backup attaches no other: where it was it is named by AWS's own word, elsewhere there is none."""
    assert value(texts.inferred(RECORDED, situation(ResourceType.EC2)), "IamInstanceProfileName") == "UseBackedUpValue"
    assert value(texts.inferred(RECORDED, situation(ResourceType.EC2, here=False)), "IamInstanceProfileName") is None


def test_overrides_are_not_case_sensitive():
    """Whoever overrides a key needs not spell it as AWS recorded it."""
    found = texts.inferred(RECORDED, situation(ResourceType.RDS))
    assert merged(found, {"dbinstanceidentifier": "other"})["DBInstanceIdentifier"] == "other"


@pytest.mark.parametrize(("kind", "longest"), [(ResourceType.RDS, 63), (ResourceType.S3, 63), (ResourceType.DYNAMODB, 255)])
def test_derived_names_fit_and_are_allowed(kind, longest):
    """A long name is cut before the ending that tells the time."""
    name = texts.restored_name(kind, "a" + "b-" * 150, NOW)
    assert len(name) <= longest
    assert name.endswith("b-restored-202703011200")
    assert texts.name_problem(kind, name) == ""


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (ResourceType.DYNAMODB, "ab"),
        (ResourceType.RDS, "1st"),
        (ResourceType.RDS, "a--b"),
        (ResourceType.RDS, "ends-"),
        (ResourceType.AURORA, "under_score"),
        (ResourceType.S3, "UPPER"),
        (ResourceType.S3, "two..dots"),
    ],
)
def test_names_that_aws_refuses_are_refused_before(kind, name):
    """The job would fail at its end."""
    assert texts.name_problem(kind, name) == f"{name!r} is no name for {kind}"


def test_a_log_reaches_back_to_its_begin_and_to_a_few_minutes_ago():
    """In whole seconds, that AWS takes; a stopped one ends where it stopped."""
    first, last = window(continuous(ResourceType.RDS, RecoveryPointStatus.AVAILABLE), NOW)
    assert (first, last) == (NOW - timedelta(days=10), NOW - timedelta(minutes=5))
    assert window(continuous(ResourceType.S3, RecoveryPointStatus.STOPPED), NOW)[1] == NOW - timedelta(days=1)
    assert window(continuous(ResourceType.S3, RecoveryPointStatus.AVAILABLE, delete_after_days=3), NOW)[0] == NOW - timedelta(days=3)


@pytest.mark.parametrize("status", RecoveryPointStatus)
def test_only_whole_recovery_points_can_be_restored(status):
    """What is expired, partial, going or still being made is refused with its status and date; composite ones always are."""
    wanted = Wanted(request=RestoreRequest(resource_arn="arn"), account=SHOP, region=HOME, now=NOW)
    each = continuous(ResourceType.EBS, status, cold=False)
    found = unusable(each, wanted)
    whole = status in {RecoveryPointStatus.COMPLETED, RecoveryPointStatus.AVAILABLE, RecoveryPointStatus.STOPPED}
    assert (found is None) is whole
    assert whole or (found.code == "RCV002" and f"that is {status} cannot be restored" in found.message and "2027-02-19" in found.message)
    assert unusable(replace(each, parent=True), wanted).code == "RCV002"
    cold = unusable(replace(each, cold=True), wanted)
    assert cold.code == ("RCV003" if whole else "RCV002")
    assert not whole or cold.message == "it is in cold storage: AWS takes 24 hours to 72 hours to bring it back"


def test_a_stored_plan_is_the_plan_without_its_findings():
    """A run goes on after an upgrade that added members; what is no plan is said to be none."""
    assert read_stored(stored(plan())) == plan(findings=())
    older = {name: each for name, each in stored(plan()).items() if name not in {"reason", "test_run", "tags"}}
    assert read_stored(older) == plan(findings=())
    with pytest.raises(BadInput, match="can't be read"):
        read_stored({"plan_id": "restore-1"})


def test_a_plan_with_an_error_or_without_steps_is_refused():
    """Warnings don't keep anybody from a restore."""
    error = finding("RCV008", "orders", "made-2 exists already", LiveOrigin(SHOP, HOME, ""))
    assert (error.severity, is_refused(plan())) == (Severity.ERROR, False)
    assert (is_refused(plan(findings=(error,))), is_refused(plan(steps=()))) == (True, True)


def test_calls_are_filled_with_what_the_steps_before_have_found():
    """The copy of the recovery point takes the place that the plan shows for it."""
    call = plan().steps[0].call
    assert filled(call, {"copied_point_arn": "arn:copy"}) == {"RecoveryPointArn": "arn:copy"}
    assert filled(replace(call, parameters={"TableName": RESTORED, "n": 1}), {"resource_arn": "arn:new"}) == {
        "TableName": "arn:new",
        "n": 1,
    }


@pytest.mark.parametrize("code", [each.code for each in HINDRANCES])
def test_every_code_of_a_restore_is_explained(code):
    """`strongroom explain` knows it, with why and what to do."""
    text = explain(code)
    assert text.startswith(f"{code} (")
    assert all(f"\n{heading}:" in text for heading in ("Why", "Fix"))
