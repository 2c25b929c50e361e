"""The calls, policies and deeds among the facts: complete, consistent with the other facts, and nothing that AWS doesn't know."""

import json
import re
from functools import cache
from itertools import product

import botocore.session
import pytest
from moto.iam.aws_managed_policies import aws_managed_policies_data

from strongroom import facts
from strongroom.domain.names import ResourceType
from strongroom.semantics.authorization.places import Maker, Operation, When

MODELS = {  # prefixes of actions whose service model has another name
    "elasticfilesystem": ["efs"],
    "tag": ["resourcegroupstaggingapi"],
    "timestream": ["timestream-write", "timestream-query"],
}
COPIES = {"copy to another Region": "cross_region", "copy to another account": "cross_account"}
CONDITIONS = {*map(str, When), "by hand", "air-gapped", "instance profile", "destination alias"}


SESSION = botocore.session.get_session()  # one for all: it remembers which services there are
SERVICES = frozenset(SESSION.get_available_services())


@cache
def operations(prefix):
    names = [name for name in MODELS.get(prefix, [prefix]) if name in SERVICES]
    return frozenset(each.lower() for name in names for each in SESSION.get_service_model(name).operation_names)


def exists(action):
    prefix, _, name = action.partition(":")
    own = facts.fact("permissions", prefix).value if prefix in facts.names("permissions") else []
    return name in own or name.lower() in operations(prefix)


def actions():
    asked = {action for row in facts.calls() for action in row.actions}
    changing = {action for each in facts.escalations() for action in each.actions}
    return asked | changing | {need.action for deed in facts.deeds() for way in deed.ways for need in way.needs}


def test_every_action_is_an_operation_or_a_permission_with_a_source():
    """An action that AWS doesn't know would never be allowed, or denied, by any policy."""
    assert sorted(action for action in actions() if not exists(action)) == []
    assert not exists("backup:DeleteEverything")


def test_every_permission_is_needed():
    """The list of actions without an operation holds those that we name and that have none."""
    listed = {f"{prefix}:{name}" for prefix in facts.names("permissions") for name in facts.fact("permissions", prefix).value}
    assert sorted(listed - actions()) == []
    assert sorted(action for action in listed if action.partition(":")[2].lower() in operations(action.partition(":")[0])) == []


@pytest.mark.parametrize(("resource_type", "operation"), list(product(ResourceType, [*map(str, Operation), *COPIES])))
def test_every_type_and_operation_has_calls_or_is_unsupported(resource_type, operation):
    """Nothing is allowed because nobody wrote it down: beside the taking on of the role, which is the same for all, something is said."""
    rows = [row for row in facts.calls() if operation in row.operations and row.covers(resource_type)]
    told = [row for row in rows if row.unsupported or row.actions != ("sts:AssumeRole",)]
    assert told or (operation == "expire" and facts.capabilities(resource_type).fully_managed)  # AWS Backup deletes what it keeps itself
    assert rows


@pytest.mark.parametrize("resource_type", ResourceType)
def test_what_is_unsupported_agrees_with_the_matrix(resource_type):
    """What AWS Backup can't do with a type, by its matrix of features, is what the calls call unsupported."""
    barred = {name for row in facts.calls() if row.unsupported and row.covers(resource_type) for name in row.operations}
    can = facts.capabilities(resource_type)
    assert ("restore test" in barred) is not can.restore_testing
    assert ("copy to another Region" in barred) is not can.cross_region
    assert ("copy to another account" in barred) is not can.cross_account
    assert ("copy back" in barred) is not can.cross_account
    assert ("copy" in barred) is not (can.cross_region or can.cross_account)
    assert barred <= {"copy", "copy back", "restore test", *COPIES}


def test_calls_name_only_what_exists():
    """Operations, makers, conditions, types and messages are known, and every refusal's failure mode is one of the list."""
    for row in facts.calls():
        assert set(row.operations) <= {*map(str, Operation), *COPIES}, row.name
        assert row.unsupported or row.actor in set(Maker), row.name
        assert {*row.when, *row.unless} <= CONDITIONS, row.name
        assert row.types in {("every",), ("fully managed",), ("not fully managed",)} or set(row.types) <= set(ResourceType), row.name
        assert not row.message or row.message in facts.names("messages"), row.name
        assert re.fullmatch(r"(FM[0-3][0-9])?", row.failure_mode), row.name
        assert row.unsupported or (row.actions and row.on), row.name
        assert row.why, row.name


def test_every_call_to_kms_says_through_whom():
    """kms:ViaService is known of every call to a key that a service makes for somebody."""
    silent = {row.name for row in facts.calls() if any(a.startswith("kms:") for a in row.actions) and "kms:ViaService" not in row.context}
    by_itself = {row.name for row in facts.calls() if row.actor in {Maker.SERVICE, Maker.STORAGE}}
    assert silent - by_itself == {"copy_key_describe_aliased"}


def test_grants_are_only_for_aws():
    """Every kms:CreateGrant says that the grant is for an AWS resource."""
    rows = [row for row in facts.calls() if "kms:CreateGrant" in row.actions]
    assert rows
    assert [row.name for row in rows if row.context["kms:GrantIsForAWSResource"] != ("true",)] == []


@cache
def moto_policies():
    return json.loads(aws_managed_policies_data)


def canonical(document):
    """Return a policy's document without what AWS may print in any order."""
    found = document["Statement"]
    statements = found if isinstance(found, list) else [found]
    return document["Version"], [json.dumps(statement, sort_keys=True) for statement in statements]


@pytest.mark.parametrize("name", facts.names("managed_policies"))
def test_a_managed_policy_is_as_aws_publishes_it(name):
    """Our copy, its version and its dates equal those that moto ships, so that drift shows."""
    published = moto_policies()[name]
    ours = facts.managed_policy(name)
    assert canonical(json.loads(ours.text)) == canonical(published["Document"])
    assert ours.version == published["DefaultVersionId"]
    assert ours.arn == f"arn:aws:iam::aws:policy{published['Path']}{name}"
    assert (str(ours.created), str(ours.updated)) == (published["CreateDate"][:10], published["UpdateDate"][:10])
    assert facts.managed_policies()[ours.arn] is ours


@pytest.mark.parametrize("resource_type", ResourceType)
def test_every_type_has_arns(resource_type):
    """Recovery points of fully managed types have AWS Backup's own form, others their service's."""
    forms = facts.arn_forms(resource_type)
    assert forms.recovery_point.startswith("arn:{partition}:backup:") is facts.capabilities(resource_type).fully_managed
    filled = forms.source.format(partition="aws", region="eu-west-2", account="111122223333")
    assert filled.count(":") >= 5
    assert "{" not in filled
    assert facts.arn_forms(ResourceType.DYNAMODB, basic=True).recovery_point.startswith("arn:{partition}:dynamodb:")
