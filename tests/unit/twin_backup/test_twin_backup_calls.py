"""What tests/conformance/calls.json says of the conformance suite: each operation is done, read back and refused there."""

import json
from pathlib import Path

from strongroom.twin.backup import wire
from strongroom.twin.backup.operations import OPERATIONS

CALLS = json.loads((Path(__file__).parents[2] / "conformance" / "calls.json").read_text(encoding="utf-8"))
READS = ("Describe", "Export", "Get", "List")
NEVER_REFUSED = {"DescribeGlobalSettings", "DescribeRegionSettings", "GetSupportedResourceTypes"}  # they take no parameters
OF_THE_TWIN = {"NotImplemented", "ThrottlingException", "ServiceUnavailable", "ServiceUnavailableException"}  # asked for, or gaps


def _tests(operation, *, done):
    """The tests that did an operation, or in which AWS's refusal of it came."""
    found = {test: set(calls.get(operation, ())) for test, calls in CALLS.items()}
    return {test for test, codes in found.items() if ("" in codes if done else codes - OF_THE_TWIN - {""})}


def test_every_operation_is_done_by_a_test():
    """No operation without a test that called it with success."""
    assert [each for each in OPERATIONS if not _tests(each, done=True)] == []


def test_every_write_is_read_back():
    """What changes something is called by a test that also reads with success."""
    reading = {test for test, calls in CALLS.items() if any("" in codes for name, codes in calls.items() if name.startswith(READS))}
    writes = [each for each in OPERATIONS if not each.startswith(READS)]
    assert [each for each in writes if not _tests(each, done=True) & reading] == []


def test_every_operation_is_refused_by_a_test():
    """Each operation that takes anything has a test with one of AWS's refusals."""
    assert [each for each in OPERATIONS if each not in NEVER_REFUSED and not _tests(each, done=False)] == []
    shapes = [wire.model().operation_model(each).input_shape for each in NEVER_REFUSED]
    assert [shape for shape in shapes if shape is not None and shape.members] == []
