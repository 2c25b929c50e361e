"""What changed since an earlier `verify`: hand-made faults, compared with the JSON of others."""

import json

import pytest

from strongroom.domain.finding import Finding, Severity
from strongroom.domain.origin import LiveOrigin
from strongroom.errors import ExitCode
from strongroom.proof.baseline import since
from strongroom.proof.findings import Fault
from strongroom.proof.links import LinkName, LinkState
from strongroom.proof.verification import fault_json


def fault(code, cause, arns, *, state=LinkState.BROKEN):
    finding = Finding(
        code=code,
        severity=Severity.ERROR,
        subject=arns[0],
        message=cause,
        why="",
        help="",
        origin=LiveOrigin("111122223333", "eu-west-2", arns[0]),
        count=len(arns),
    )
    return Fault(finding=finding, state=state, link=LinkName.EQUIPPED, resources=len(arns), chains=len(arns), arns=tuple(arns))


def document(*faults):
    return json.loads(json.dumps({"observed_at": "2026-11-01T00:00:00+00:00", "faults": [fault_json(each) for each in faults]}))


KEY = fault("VRF023", "the key is Disabled", ["a", "b"])
LATE = fault("VRF032", "no recovery point at 2026-11-01 02:00 UTC", ["c"])


def test_equal_answers_have_no_difference():
    found = since(document(KEY, LATE), [LATE, KEY])
    assert (found.new, found.changed, found.gone) == ((), (), ())
    assert found.exit_code is ExitCode.PROVEN


def test_a_new_fault_is_a_finding_and_a_mended_one_is_not():
    found = since(document(KEY), [LATE])
    assert [each.finding.code for each in found.new] == ["VRF032"]
    assert [each.code for each in found.gone] == ["VRF023"]
    assert found.exit_code is ExitCode.FINDINGS
    assert since(document(KEY), []).exit_code is ExitCode.PROVEN


def test_the_same_code_for_the_same_resource_is_the_same_fault_whatever_the_date():
    later = fault("VRF032", "no recovery point at 2026-11-09 02:00 UTC", ["c"])
    found = since(document(LATE), [later])
    assert [(each.before.cause, each.now.finding.message) for each in found.changed] == [(LATE.finding.message, later.finding.message)]
    assert (found.new, found.gone, found.exit_code) == ((), (), ExitCode.PROVEN)


@pytest.mark.parametrize(("arns", "code"), [(["a"], ExitCode.PROVEN), (["a", "b", "d"], ExitCode.FINDINGS)])
def test_a_fault_counts_again_when_it_touches_more(arns, code):
    found = since(document(KEY), [fault("VRF023", KEY.finding.message, arns)])
    assert [(each.before.resources, each.now.resources) for each in found.changed] == [(2, len(arns))]
    assert found.exit_code is code


def test_what_is_newly_unknown_outranks_what_is_newly_broken():
    unread = fault("VRF001", "account could not be read", ["x"], state=LinkState.UNKNOWN)
    assert since(document(), [KEY, unread]).exit_code is ExitCode.COULD_NOT_VERIFY
