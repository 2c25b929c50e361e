"""The laws of what is not known, over every spec with an inventory."""

import importlib.util
from dataclasses import fields, replace
from pathlib import Path

import pytest

from strongroom import checks, compiler, strategyfile
from strongroom.domain.names import AccountId

_spec = importlib.util.spec_from_file_location("specs_of_checks", Path(__file__).with_name("test_specs.py"))
_specs = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(_specs)

CASES = [pytest.param(*case.values[2:], id=case.id) for case in _specs._cases() if case.values[3]]
UNREAD = checks.UnreadPart(account=AccountId("777777777777"), region="", subject="resources:RDS", reason="AccessDenied")
KEPT = {"arn", "type", "account", "region", "tags", "bucket", "count", "more"}  # what a resource is; the rest may be unknown


def _estate(strategy):
    return compiler.compile_strategy(strategyfile.parse(strategy, file="strategy.yaml").strategy)


@pytest.mark.parametrize(("strategy", "inventory"), CASES)
def test_adding_an_unread_part_removes_no_finding(strategy, inventory):
    """It adds its own, and nothing else changes."""
    estate, known = _estate(strategy), _specs._inventory(inventory)
    before = set(checks.run(estate, known))
    after = set(checks.run(estate, replace(known, unread=(*known.unread, UNREAD))))
    assert before < after
    assert {finding.code for finding in after - before} == {"UNK001"}


def _forgetting(resource):
    for field in fields(resource):
        if field.name not in KEPT and getattr(resource, field.name) is not None:
            yield field.name, replace(resource, **{field.name: None})
    for field in fields(resource.bucket) if resource.bucket else ():
        if getattr(resource.bucket, field.name) is not None:
            yield field.name, replace(resource, bucket=replace(resource.bucket, **{field.name: None}))


@pytest.mark.parametrize(("strategy", "inventory"), CASES)
def test_forgetting_something_never_turns_a_finding_into_a_pass(strategy, inventory):
    """Where a finding goes because something is not known any more, another one says that it isn't.

    UNK002 itself may go: what decides only together with something else is not asked when neither is known.
    """
    estate, known = _estate(strategy), _specs._inventory(inventory)
    before = set(checks.run(estate, known))
    for position, resource in enumerate(known.resources):
        for name, forgotten in _forgetting(resource):
            resources = (*known.resources[:position], forgotten, *known.resources[position + 1 :])
            after = set(checks.run(estate, replace(known, resources=resources)))
            new = {finding.code for finding in after - before}
            gone = {finding.code for finding in before - after} - {"UNK002"}
            assert not gone or {"UNK001", "UNK002"} & new, name
