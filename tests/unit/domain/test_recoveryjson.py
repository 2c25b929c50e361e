"""Values of recovery as JSON: what was written is read again, and nothing else is taken for it."""

import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from tests.unit.evidence.examples import BEGUN, RECORD, record

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.names import AccountId, Region, ResourceType
from strongroom.domain.origin import BuiltIn, FileOrigin, LiveOrigin
from strongroom.domain.recovery import ApiCall, RestorePlan, RestoreStep, StepKind, TestRecord
from strongroom.domain.recoveryjson import decode, encode

ORIGINS = (BuiltIn(), FileOrigin("strategy.yaml", 3, 5), LiveOrigin("111122223333", "eu-west-2", "arn:x"))


def plan(origin):
    finding = Finding(code="RST001", severity=Severity.WARNING, subject="s", message="m", why="", help="h", origin=origin)
    call = ApiCall(
        account=AccountId("111122223333"), region=Region("eu-west-2"), service="backup", operation="StartRestoreJob", parameters={"a": [1]}
    )
    return RestorePlan(
        plan_id="1",
        strategy="shop",
        role="r",
        home_region=Region("eu-west-2"),
        resource_arn="arn:x",
        type=ResourceType.EBS,
        point=None,
        instant=BEGUN,
        account=AccountId("111122223333"),
        region=Region("eu-west-2"),
        job_role="",
        metadata={"k": "v"},
        inferred={},
        overrides={},
        creates="",
        steps=(RestoreStep(number=1, kind=StepKind.RESTORE, title="t", call=call),),
        findings=(finding,),
        rto_seconds=None,
    )


@pytest.mark.parametrize("value", [RECORD, record(restored=None, next_at=None, seconds=None), *(plan(origin) for origin in ORIGINS)])
def test_what_is_written_is_read_again(value):
    """Through JSON text, whatever the kind of the origin."""
    assert decode(type(value), json.loads(json.dumps(encode(value)))) == value


def test_instants_are_written_in_utc():
    """The same instant is the same text, whatever the zone it was told in."""
    elsewhere = BEGUN.astimezone(timezone(timedelta(hours=9)))
    assert encode(record(started_at=elsewhere)) == encode(record(started_at=BEGUN))


def test_members_that_are_newer_than_the_text_have_their_defaults():
    """A record from before a member was added stays readable."""
    text = encode(RECORD)
    del text["left_because"]
    assert decode(TestRecord, text) == RECORD


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"outcome": "maybe"}, "maybe"),
        ({"rto_seconds": "soon"}, "'soon' is not a int"),
        ({"rto_seconds": True}, "True is not a int"),
        ({"colour": "red"}, "unknown member 'colour' of TestRecord"),
        ({"point": None}, "None is not a dict"),
    ],
)
def test_another_text_is_refused(change, says):
    """With the member or the value that is wrong."""
    with pytest.raises(ValueError, match=says):
        decode(TestRecord, encode(RECORD) | change)
    absent = encode(RECORD)
    del absent["tester"]
    with pytest.raises(KeyError, match="TestRecord has no tester"):
        decode(TestRecord, absent)


def test_integers_are_taken_for_seconds():
    """JSON writes 3 and 3.0 alike."""
    assert decode(TestRecord, encode(record(seconds=3.0)) | {"seconds": 3}) == replace(RECORD, seconds=3.0)
