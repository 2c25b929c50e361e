"""Restore testing: a StackSet tests what is in the vaults of every account, a stack in other accounts what came there as copies.

A selection is about one resource type and takes tags of recovery points, or ARNs (aws/04 §4.2). Its conditions all hold at once, so that
several values of a tag are several selections.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import product
from typing import Final

from strongroom.compiler.awsidentifiers import aws_identifier
from strongroom.compiler.template import Json, Template, logical_id, owner_tags, render_template, sub
from strongroom.domain.estate import Estate, Stack, StackSet, Undeployed
from strongroom.domain.names import EVERY_ACCOUNT, AccountId, Region, ResourceType
from strongroom.domain.strategy import Pick, RestoreTest, Selection, TagTerm, Vault
from strongroom.facts import capabilities, limit

NAME_CHARACTERS_MAX = 50  # CreateRestoreTestingPlan, and its selections
TAG_PREFIX = "aws:ResourceTag/"
ALGORITHMS: Final = {Pick.LATEST: "LATEST_WITHIN_WINDOW", Pick.RANDOM: "RANDOM_WITHIN_WINDOW"}


def with_restore_tests(estate: Estate) -> Estate:
    """Return the estate with the StackSet `<name>-tests`, and with stacks of that name where vaults of single accounts are tested."""
    problems = {test.name: _obstacle(estate, test) for test in estate.restore_tests}
    tests = tuple(test for test in estate.restore_tests if not problems[test.name])
    missing = tuple(
        Undeployed(subject=f"restore test {test.name}", reason=problems[test.name], origin=test.origin)
        for test in estate.restore_tests
        if problems[test.name]
    )
    return replace(
        estate,
        stacks=(*estate.stacks, *_stacks(estate, tests)),
        stack_sets=(*estate.stack_sets, *_stack_sets(estate, tests)),
        undeployed=(*estate.undeployed, *missing),
    )


def tested_types(estate: Estate, test: RestoreTest) -> tuple[ResourceType, ...]:
    """Return the types of the selections: those named, else those that plans write into the vaults, else all that are opted in."""
    kinds = test.select.types or _types_of_arns(test) or _written_types(estate, test) or estate.organization.opt_in
    return tuple(kind for kind in sorted(set(kinds)) if kind not in test.select.not_types and capabilities(kind).restore_testing)


def _types_of_arns(test: RestoreTest) -> set[ResourceType]:
    return {kind for kind in ResourceType for arn in test.select.arns if _is_of(arn, kind)}


def _written_types(estate: Estate, test: RestoreTest) -> set[ResourceType]:
    writing = [
        plan
        for plan in estate.plans
        for rule in plan.rules
        if {rule.label, rule.air_gapped, *(copy.label for copy in rule.copies)} & set(test.vaults)
    ]
    everything = any(not plan.select.types for plan in writing)
    return set() if everything else {kind for plan in writing for kind in plan.select.types}


def _is_of(arn: str, kind: ResourceType) -> bool:
    return any(fnmatchcase(arn, pattern) for pattern in capabilities(kind).policy_pattern)


def _obstacle(estate: Estate, test: RestoreTest) -> str:
    """Return why a test is not deployed, empty when it is: rather none than one that restores something else."""
    return _unspeakable(test.select) or _uncountable(estate, test)


def _unspeakable(select: Selection) -> str:
    if select.arns and (select.tags or select.not_tags):
        return "restore testing selects by tags or by ARNs, not by both"
    if select.not_arns:
        return "restore testing has no exclusion by ARN: exclude a tag"
    wild = next((arn for arn in select.arns if "*" in arn or "?" in arn), "")
    return f"restore testing takes whole ARNs, and {wild} is a pattern" if wild else ""


def _uncountable(estate: Estate, test: RestoreTest) -> str:
    number, most = len(list(_scopes(estate, test))), int(limit("restore_testing_selections_per_plan").value)
    if number > most:
        return f"it needs {number} selections, one for each type and combination of tag values, and restore testing has {most}"
    return "" if number else "restore testing knows none of its types"


def _vaults(estate: Estate, test: RestoreTest) -> tuple[Vault, ...]:
    return tuple(vault for vault in estate.vaults if vault.label in test.vaults)


def _stack_sets(estate: Estate, tests: Sequence[RestoreTest]) -> Iterator[StackSet]:
    everywhere = {test.name: tuple(each for each in _vaults(estate, test) if each.account is EVERY_ACCOUNT) for test in tests}
    regions = {region for vaults in everywhere.values() for vault in vaults for region in vault.regions}
    if not regions:
        return
    resources: Json = {}
    for test in tests:
        if everywhere[test.name]:
            resources |= _resources(
                estate, test, everywhere[test.name], name=aws_identifier(estate.name, test.name, longest=NAME_CHARACTERS_MAX)
            )
    yield StackSet(
        name=f"{estate.name}-tests",
        description=f"Restore tests of strategy {estate.name} in every governed account",
        template=render_template(_template(estate, resources)),
        parameters=(),
        targets=estate.organization.governs,
        regions=tuple(region for region in estate.organization.regions if region in regions),
        protects=False,
    )


def _stacks(estate: Estate, tests: Sequence[RestoreTest]) -> Iterator[Stack]:
    places: dict[tuple[AccountId, Region], Json] = {}
    for test in tests:
        vaults = [each for each in _vaults(estate, test) if isinstance(each.account, AccountId)]
        # another name than that of the StackSet: the account may be a governed one
        name = aws_identifier(estate.name, test.name, "copies", longest=NAME_CHARACTERS_MAX)
        for place in sorted({(each.account, region) for each in vaults for region in each.regions if isinstance(each.account, AccountId)}):
            here = [each for each in vaults if each.account == place[0] and place[1] in each.regions]
            places.setdefault(place, {}).update(_resources(estate, test, here, name=name))
    for (account, region), resources in sorted(places.items()):
        yield Stack(
            name=f"{estate.name}-tests",
            account=account,
            region=region,
            template=render_template(_template(estate, resources)),
            parameters=(),
            protects=False,
        )


def _template(estate: Estate, resources: Json) -> Template:
    return Template(description=f"Strongroom: restore tests of strategy {estate.name} in one account and Region", resources=resources)


def _resources(estate: Estate, test: RestoreTest, vaults: Sequence[Vault], *, name: str) -> Json:
    plan_id = logical_id("test", test.name)
    include = [sub(f"arn:${{AWS::Partition}}:backup:${{AWS::Region}}:${{AWS::AccountId}}:backup-vault:{vault.name}") for vault in vaults]
    plan: Json = {
        "Type": "AWS::Backup::RestoreTestingPlan",
        "Properties": {
            "RestoreTestingPlanName": name,
            "ScheduleExpression": test.schedule,
            "ScheduleExpressionTimezone": test.timezone,
            "StartWindowHours": test.start_within_hours,
            "RecoveryPointSelection": {
                "Algorithm": ALGORITHMS[test.pick],
                "IncludeVaults": include,
                "RecoveryPointTypes": ["CONTINUOUS", "SNAPSHOT"],
                "SelectionWindowDays": test.within_days,
            },
            "Tags": owner_tags(estate.name),
        },
    }
    return {plan_id: plan} | {
        f"{plan_id}{logical_id(selection)}": {
            "Type": "AWS::Backup::RestoreTestingSelection",
            "Properties": {
                "RestoreTestingPlanName": {"Ref": plan_id},
                "RestoreTestingSelectionName": selection,
                **_selection(estate, test, kind),
                **scope,
            },
        }
        for selection, kind, scope in _scopes(estate, test)
    }


def _selection(estate: Estate, test: RestoreTest, kind: ResourceType) -> Json:
    properties: Json = {
        "ProtectedResourceType": kind.value,
        "IamRoleArn": sub(f"arn:${{AWS::Partition}}:iam::${{AWS::AccountId}}:role/{estate.roles.restore_test}"),
        "ValidationWindowHours": test.validate_within_hours,
    }
    overrides = {key: value for each in test.overrides if each.type is kind for key, value in each.values}
    return properties | ({"RestoreMetadataOverrides": overrides} if overrides else {})


def _scopes(estate: Estate, test: RestoreTest) -> Iterator[tuple[str, ResourceType, Json]]:
    """Yield the name, the type and the scope of each selection."""
    for kind in tested_types(estate, test):
        word = kind.keyword.replace("-", "_")
        scopes = list(_arn_scopes(test, kind) if test.select.arns else _tag_scopes(test))
        for number, scope in enumerate(scopes, 1):
            yield word if len(scopes) == 1 else f"{word}_{number}", kind, scope


def _arn_scopes(test: RestoreTest, kind: ResourceType) -> Iterator[Json]:
    arns = [arn for arn in test.select.arns if _is_of(arn, kind)]
    most = int(limit("restore_testing_arns_max").value)
    for start in range(0, len(arns), most):
        yield {"ProtectedResourceArns": arns[start : start + most]}


def _tag_scopes(test: RestoreTest) -> Iterator[Json]:
    excluded = [pair for term in test.select.not_tags for pair in _pairs(term)]
    for chosen in product(*(_pairs(term) for term in test.select.tags)):
        conditions: Json = {}
        if chosen:
            conditions["StringEquals"] = list(chosen)
        if excluded:
            conditions["StringNotEquals"] = excluded
        yield {"ProtectedResourceArns": ["*"]} | ({"ProtectedResourceConditions": conditions} if conditions else {})


def _pairs(term: TagTerm) -> list[Json]:
    return [{"Key": f"{TAG_PREFIX}{term.key}", "Value": value} for value in term.values]
